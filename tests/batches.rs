//! Many presentations in one sum: each gets the answer that it would get alone.
//!
//! attacks.md, Soundness 12.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::sync::Arc;

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::presentation::Presentation;
use glimpse_circuits::relation::{Profile, Relation};
use glimpse_circuits::request::{CheckKind, Request};
use glimpse_circuits::schema::Schema;
use glimpse_fixtures::cheat::Cheat;
use glimpse_fixtures::draw::below;
use glimpse_fixtures::open::scalar;
use glimpse_fixtures::range_cheat::RangeCheat;
use glimpse_fixtures::reference::{broken, challenges, credential_mask, digits_left, digits_right};
use glimpse_fixtures::schemas::{
    all_types, all_types_values, second, second_values, unbound, unbound_values,
};
use glimpse_fixtures::stage::Setting;
use glimpse_fixtures::{NOW, World, rng};
use glimpse_prover::Credential;
use glimpse_verifier::{Cause, EmptyBatch, Item, Verdict, VerificationFailure, Verifier};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value as Json, json};

/// One answer with its question.
#[derive(Clone)]
struct Answer {
    request: Arc<Request>,
    relation: Relation,
    bytes: Vec<u8>,
}

impl Answer {
    fn item(&self) -> Item<'_> {
        Item { relation: &self.relation, presentation: &self.bytes }
    }

    /// The same with the last scalar changed: it can be read, and its proof does not hold.
    fn spoiled(&self) -> Self {
        let mut bytes = self.bytes.clone();
        let last = bytes.len() - 32;
        let scalar: [u8; 32] = bytes[last..].try_into().unwrap();
        let scalar: Scalar = Option::from(Scalar::from_canonical_bytes(scalar)).unwrap();
        bytes[last..].copy_from_slice((scalar + Scalar::ONE).as_bytes());
        Self { bytes, ..self.clone() }
    }
}

/// Two issuers, three schemas, and one answer each to many questions.
struct Hall {
    verifier: Verifier,
    answers: Vec<Answer>,
}

impl Hall {
    fn new(seed: u64, rounds: usize) -> Self {
        let schemas = [all_types(), second(), unbound()];
        let mut world = World::new(seed, &schemas);
        let wallet = world.wallet();
        let mine = world.obtain(&wallet, &schemas[0], all_types_values());
        let other = world.obtain_from_other(&wallet, &schemas[1], second_values());
        let company = world.obtain(&wallet, &schemas[2], unbound_values());
        let adult = json!({"age": {"of": "a.birth", "at_least": "18"}});
        let points = json!({"range": {"of": [{"attribute": "b.points", "coefficient": "1"}], "lo": "400", "hi": "900"}});
        type Question<'a> = (Vec<(&'a str, &'a Schema)>, Vec<&'a Credential>, Json);
        let questions: [Question<'_>; 6] = [
            (vec![("a", &schemas[0])], vec![&mine], json!([adult])),
            (vec![("b", &schemas[1])], vec![&other], json!([points, {"disclose": {"of": "b.town"}}])),
            (vec![("c", &schemas[2])], vec![&company], json!([{"disclose": {"of": "c.title"}}])),
            (vec![("a", &schemas[0])], vec![&mine], json!([])),
            (
                vec![("a", &schemas[0]), ("b", &schemas[1])],
                vec![&mine, &other],
                json!([adult, points, {"equal": {"left": "a.birth", "right": "b.born"}}]),
            ),
            (
                vec![("a", &schemas[0])],
                vec![&mine],
                json!([{"member": {"of": "a.city", "values": ["x", "上海"]}}]),
            ),
        ];
        let mut answers = Vec::new();
        for _ in 0..rounds {
            for (asked, credentials, statements) in &questions {
                for check in ["token", "keyed"] {
                    let request = world.request_for_small(asked, statements.clone(), check);
                    let relation = world.relation(&request);
                    for shown in [Some(relation.clone()), relation.compact()].into_iter().flatten() {
                        let bytes = world.present(&shown, &wallet, credentials);
                        let (request, relation) = (request.clone(), relation.clone());
                        answers.push(Answer { request, relation, bytes });
                    }
                }
            }
        }
        Self { verifier: world.keyed_verifier(), answers }
    }

    /// So many of the answers, mixed.
    fn mixed(&self, count: usize) -> Vec<Answer> {
        (0..count).map(|i| self.answers[7 * i % self.answers.len()].clone()).collect()
    }

    /// Expects exactly these to be refused.
    fn refuses(&self, answers: &[Answer], bad: &BTreeSet<usize>) {
        let items: Vec<Item<'_>> = answers.iter().map(Answer::item).collect();
        let said = self.verifier.verify_batch(&items, NOW).unwrap();
        assert_eq!(said.len(), items.len());
        for (i, said) in said.iter().enumerate() {
            match said {
                Ok(verdict) => {
                    assert!(!bad.contains(&i), "{i} of {} was accepted", items.len());
                    assert_eq!(verdict.request, *answers[i].request.digest());
                }
                Err(failure) => {
                    assert!(bad.contains(&i), "{i} of {} was refused", items.len());
                    assert_eq!(failure.cause(), &Cause::Proof);
                }
            }
        }
    }
}

fn set(bad: impl IntoIterator<Item = usize>) -> BTreeSet<usize> {
    bad.into_iter().collect()
}

#[test]
fn the_hall_is_mixed() {
    let hall = Hall::new(1, 1);
    let compact = |answer: &&Answer| answer.bytes[1] == Profile::Compact.byte();
    let keyed = |answer: &&Answer| answer.relation.credentials()[0].check == CheckKind::Keyed;
    assert_eq!(hall.answers.len(), 18);
    assert_eq!(hall.answers.iter().filter(compact).count(), 6);
    assert_eq!(hall.answers.iter().filter(keyed).count(), 9);
    hall.refuses(&hall.answers, &set([]));
    for (i, answer) in hall.answers.iter().enumerate() {
        hall.refuses(std::slice::from_ref(answer), &set([]));
        hall.refuses(&[answer.spoiled()], &set([0]));
        let mut all = hall.answers.clone();
        all[i] = answer.spoiled();
        hall.refuses(&all, &set([i]));
    }
}

/// One bad proof at every position of small batches, and at some of large ones. Every position of more sizes is
/// tried where the search is, in `verifier/src/sum.rs`.
#[test]
fn one_bad_proof_at_every_position() {
    let hall = Hall::new(2, 1);
    for size in (1..=12usize).chain([31, 32, 33, 63, 64, 65, 127, 128, 129, 130]) {
        let mut answers = hall.mixed(size);
        let step = if size <= 12 { 1 } else { size };
        let places = (0..size).step_by(step).chain([size / 2, size - 1]);
        for place in places.collect::<BTreeSet<_>>() {
            let good = answers[place].clone();
            answers[place] = good.spoiled();
            hall.refuses(&answers, &set([place]));
            answers[place] = good;
        }
    }
}

#[test]
fn several_bad_proofs() {
    let hall = Hall::new(3, 1);
    let mut random = rng(3);
    for size in [2usize, 3, 7, 16, 33, 65] {
        let honest = hall.mixed(size);
        let mut sets = vec![set(0..size), set(1..size), set(0..size - 1), set([0, size - 1])];
        sets.push(set((0..size).step_by(2)));
        sets.push((0..size).filter(|_| below(&mut random, 3) == 0).collect());
        for bad in sets {
            let mut answers = honest.clone();
            bad.iter().for_each(|i| answers[*i] = honest[*i].spoiled());
            hall.refuses(&answers, &bad);
        }
        // The same bad one many times over: its errors are equal, the weights are not.
        let same = vec![honest[0].spoiled(); size];
        hall.refuses(&same, &set(0..size));
    }
}

/// The seam between two multiplications.
#[test]
fn across_the_internal_chunk() {
    let hall = Hall::new(4, 1);
    let cheap = hall
        .answers
        .iter()
        .find(|answer| answer.relation.request().document().statements.is_empty())
        .unwrap();
    for size in [1023usize, 1024, 1025] {
        let mut answers = vec![cheap.clone(); size];
        let bad = set([0, 511, 1022, 1023, 1024].into_iter().filter(|i| *i < size));
        bad.iter().for_each(|i| answers[*i] = cheap.spoiled());
        hall.refuses(&answers, &bad);
    }
    let mut answers = vec![cheap.clone(); 1025];
    answers[1024] = hall.answers[1].spoiled();
    hall.refuses(&answers, &set([1024]));
}

#[test]
fn a_batch_of_none_is_an_error() {
    let hall = Hall::new(5, 0);
    assert_eq!(hall.verifier.verify_batch(&[], NOW).map(|_| ()), Err(EmptyBatch));
}

/// Two proofs whose errors are opposite: with equal weights, or the same ones in every place, they would cancel.
#[test]
fn errors_of_two_proofs_do_not_cancel() {
    let mut setting = Setting::new(6);
    let statements = json!([
        {"range": {"of": [{"attribute": "l.amount", "coefficient": "1"}], "lo": "999990", "hi": "1000020"}},
        {"member": {"of": "l.city", "values": ["x", "上海", "y"]}},
    ]);
    let relation = setting.compact(statements);
    let delta = scalar(&mut setting.stage.rng);
    let verifier = setting.stage.world.keyed_verifier();
    let honest = setting.cheat(&relation).prove(&mut setting.stage.rng).to_bytes();
    // What each is off by, equation by equation: the sum of both without weights is 0.
    let error = |presentation: &Presentation| -> [RistrettoPoint; 2] {
        let (y, c) = challenges(&relation, presentation);
        let credential =
            credential_mask(&relation, presentation, 0, &c) - presentation.commitments[0].masks.point;
        let digits = digits_left(&relation, presentation, &y, &c)
            - digits_right(presentation.digits.as_ref().unwrap(), &y, &c);
        [credential, digits]
    };
    type Lie = fn(&mut Cheat<'_>, Scalar);
    let lies: [(Lie, &[&str]); 4] = [
        (|cheat, delta| cheat.extra_masks[0] = RistrettoPoint::mul_base(&delta), &["credential 0"]),
        (|cheat, delta| cheat.extra_digit_masks = RistrettoPoint::mul_base(&delta), &["digits"]),
        (
            |cheat, delta| {
                cheat.after = Some(Box::new(move |presentation: &mut Presentation, _, _| {
                    presentation.digits.as_mut().unwrap().blinding += delta;
                }));
            },
            &["digits"],
        ),
        (
            // Off by −delta·K, in the inner product's equation alone.
            |cheat, delta| {
                cheat.range_lie =
                    Some(Box::new(move |proof: &mut RangeCheat| proof.extra_e_blinding = delta));
            },
            &["ranges"],
        ),
    ];
    for (lie, expected) in lies {
        let mut pair = Vec::new();
        let mut sum = [RistrettoPoint::default(); 2];
        for delta in [delta, -delta] {
            let mut cheat = setting.cheat(&relation);
            lie(&mut cheat, delta);
            let presentation = cheat.prove(&mut setting.stage.rng);
            assert_eq!(broken(&relation, &presentation), expected);
            let error = error(&presentation);
            assert_eq!(error.iter().all(|e| *e == RistrettoPoint::default()), expected == ["ranges"]);
            sum = [sum[0] + error[0], sum[1] + error[1]];
            pair.push(presentation.to_bytes());
        }
        assert_eq!(sum, [RistrettoPoint::default(); 2]);
        for order in [[0, 1, 2], [0, 2, 1], [2, 0, 1], [1, 0, 2]] {
            let all = [&pair[0], &pair[1], &honest];
            let items = order.map(|i| Item { relation: &relation, presentation: all[i].as_slice() });
            let said = verifier.verify_batch(&items, NOW).unwrap();
            for (i, said) in order.into_iter().zip(said) {
                assert_eq!(said.is_ok(), i == 2, "{expected:?}");
            }
        }
    }
}

/// What is expired, for somebody else, unreadable or not checkable here does not disturb what stands beside it.
#[test]
fn refused_for_other_reasons() {
    let hall = Hall::new(7, 1);
    let schema = unbound();
    let mut world = World::new(8, std::slice::from_ref(&schema));
    let wallet = world.wallet();
    let credential = world.obtain(&wallet, &schema, unbound_values());
    let mut answer = |members: &[(&str, String)]| {
        let mut request = world.request_json(&[("l", &schema)], json!([]), "token");
        members.iter().for_each(|(member, value)| request[*member] = json!(value));
        let request = Arc::new(Request::from_json(&request.to_string()).unwrap());
        let relation = world.relation(&request);
        let bytes = world.present(&relation, &wallet, &[&credential]);
        Answer { request, relation, bytes }
    };
    let elsewhere = answer(&[("audience", "https://other.example".into())]);
    let expired = answer(&[("issued_at", (NOW - 9).to_string()), ("expires_at", NOW.to_string())]);
    let early = answer(&[("issued_at", (NOW + 61).to_string())]);
    let short = Answer { bytes: hall.answers[0].bytes[1..].to_vec(), ..hall.answers[0].clone() };
    let empty = Answer { bytes: Vec::new(), ..hall.answers[0].clone() };
    let swapped = Answer { bytes: hall.answers[0].bytes.clone(), ..hall.answers[9].clone() };
    let bad = [elsewhere, expired, early, short, empty, swapped, hall.answers[1].spoiled()];
    let mut mixed = Vec::new();
    for (bad, good) in bad.iter().zip(&hall.answers) {
        mixed.extend([bad.clone(), good.clone()]);
    }
    let items: Vec<Item<'_>> = mixed.iter().map(Answer::item).collect();
    let causes: Vec<Option<Cause>> = (hall.verifier.verify_batch(&items, NOW).unwrap().iter())
        .map(|said| said.as_ref().err().map(|failure| failure.cause().clone()))
        .collect();
    assert!(causes.iter().skip(1).step_by(2).all(Option::is_none), "{causes:?}");
    let bad: Vec<&Cause> = causes.iter().step_by(2).flatten().collect();
    assert!(
        matches!(
            bad[..],
            [
                Cause::Audience,
                Cause::Expired,
                Cause::NotYetValid,
                Cause::Decode(_),
                Cause::Decode(_),
                Cause::Decode(_),
                Cause::Proof
            ]
        ),
        "{bad:?}"
    );

    // Without the issuers' secrets: keyed ones cannot be checked, the others can.
    let schemas = [all_types(), second(), unbound()];
    let stranger = World::new(7, &schemas).verifier();
    let items: Vec<Item<'_>> = hall.answers.iter().map(Answer::item).collect();
    for (answer, said) in hall.answers.iter().zip(stranger.verify_batch(&items, NOW).unwrap()) {
        let keyed = answer.relation.credentials()[0].check == CheckKind::Keyed;
        let cause = said.err().map(|failure| failure.cause().clone());
        assert_eq!(cause, keyed.then_some(Cause::NoIssuerSecret));
    }
}

fn same(one: &Result<Verdict, VerificationFailure>, other: &Result<Verdict, VerificationFailure>) -> bool {
    match (one, other) {
        (Ok(one), Ok(other)) => {
            let shown = |verdict: &Verdict| -> Vec<_> {
                verdict.disclosed.iter().map(|d| (d.of.clone(), d.value.clone())).collect()
            };
            one.request == other.request
                && shown(one) == shown(other)
                && one.statements == other.statements
                && one.credentials.len() == other.credentials.len()
        }
        (Err(one), Err(other)) => one == other,
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 60, rng_seed: RngSeed::Fixed(0x12), failure_persistence: None, ..Default::default()
    })]

    /// Honest ones, spoiled ones, ones with a bit flipped, cut ones, and answers to other questions.
    #[test]
    fn batches_say_what_single_verification_says(
        choices in proptest::collection::vec((any::<usize>(), 0u8..8, any::<usize>()), 1..24),
    ) {
        static HALL: std::sync::OnceLock<Hall> = std::sync::OnceLock::new();
        let hall = HALL.get_or_init(|| Hall::new(9, 1));
        let mut answers = Vec::new();
        for (which, kind, place) in choices {
            let mut answer = hall.answers[which % hall.answers.len()].clone();
            match kind {
                0 => answer = answer.spoiled(),
                1 | 2 => {
                    let bit = place % (8 * answer.bytes.len());
                    answer.bytes[bit / 8] ^= 1 << (bit % 8);
                }
                3 => answer.bytes.truncate(place % answer.bytes.len()),
                4 => answer.bytes.clone_from(&hall.answers[place % hall.answers.len()].bytes),
                _ => {}
            }
            answers.push(answer);
        }
        let items: Vec<Item<'_>> = answers.iter().map(Answer::item).collect();
        let said = hall.verifier.verify_batch(&items, NOW).unwrap();
        for (answer, said) in answers.iter().zip(&said) {
            let alone = hall.verifier.verify_compiled(&answer.relation, &answer.bytes, NOW);
            let whole = hall.verifier.verify(&answer.request, &answer.bytes, NOW);
            prop_assert!(same(said, &alone) && same(said, &whole));
        }
    }
}
