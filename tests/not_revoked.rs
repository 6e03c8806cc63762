//! Credentials that are not revoked, and those that are: the statement `not_revoked`.
//!
//! attacks.md, Soundness 5. The cheating prover holds a true credential and true intervals of lists, and lies about how
//! they fit together.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::encoding::DecodeError;
use glimpse_circuits::interval::{Bucket, Ends, MAX_SPAN, Scope, SignedInterval, interval_point};
use glimpse_circuits::presentation::{Presentation, expected_length};
use glimpse_circuits::relation::{Profile, Reason, Relation};
use glimpse_circuits::request::Request;
use glimpse_circuits::schema::Schema;
use glimpse_fixtures::cheat::Cheat;
use glimpse_fixtures::open::{OpenCredential, OpenInterval};
use glimpse_fixtures::schemas::{all_types, all_types_values, second, second_values, unbound};
use glimpse_fixtures::stage::Stage;
use glimpse_fixtures::world::ALL_HANDLES;
use glimpse_fixtures::{NOW, Wallet, World};
use glimpse_issuer::{IntervalError as SignError, IntervalSigner, IssuerSecretKey, gaps};
use glimpse_prover::{Credential, Interval, IntervalError, PresentError, can_present};
use glimpse_verifier::Cause;
use serde_json::{Value as Json, json};

const DAY: u64 = 86_400;

fn not_revoked(credential: &str) -> Json {
    json!({"not_revoked": {"credential": credential, "max_age": DAY.to_string()}})
}

fn adult() -> Json {
    json!({"age": {"of": "l.birth", "at_least": "18"}})
}

/// A holder with one licence.
struct Scene {
    world: World,
    wallet: Wallet,
    schema: Arc<Schema>,
    credential: Credential,
}

impl Scene {
    fn new(seed: u64) -> Self {
        let (schema, other) = (all_types(), second());
        let mut world = World::new(seed, &[schema.clone(), other]);
        let wallet = world.wallet();
        let credential = world.obtain(&wallet, &schema, all_types_values());
        Self { world, wallet, schema, credential }
    }

    fn relation(&mut self, statements: Json, check: &str) -> Relation {
        let request = self.world.request_for_small(&[("l", &self.schema)], statements, check);
        self.world.relation(&request)
    }

    fn present(&mut self, relation: &Relation, interval: &Interval) -> Result<Vec<u8>, PresentError> {
        self.world.present_with(relation, &self.wallet, &[(&self.credential, Some(interval))])
    }
}

#[test]
fn a_credential_that_is_not_revoked_is_shown_to_be_so() {
    let mut scene = Scene::new(1);
    let handle = scene.credential.handle();
    let others = [handle.wrapping_sub(70_000), handle.wrapping_add(3)];
    for statements in [json!([not_revoked("l")]), json!([adult(), not_revoked("l")])] {
        for check in ["token", "keyed"] {
            let mut revoked = others;
            revoked.sort_unstable();
            let interval = scene.world.interval(&scene.credential, NOW - 600, &revoked).unwrap();
            let relation = scene.relation(statements.clone(), check);
            for relation in [relation.clone(), relation.compact().unwrap()] {
                let bytes = scene.present(&relation, &interval).unwrap();
                assert_eq!(bytes.len(), expected_length(&relation));
                let verdict =
                    scene.world.keyed_verifier().verify_compiled(&relation, &bytes, NOW + 1).unwrap();
                assert_eq!(verdict.credentials[0].not_revoked_at, Some(NOW - 600));
                if check == "token" {
                    scene.world.verifier().verify_compiled(&relation, &bytes, NOW + 1).unwrap();
                }
            }
        }
    }
    // Nobody asked: nobody is told.
    let relation = scene.relation(json!([adult()]), "keyed");
    let bytes = scene.world.present(&relation, &scene.wallet, &[&scene.credential]);
    let verdict = scene.world.keyed_verifier().verify_compiled(&relation, &bytes, NOW + 1).unwrap();
    assert_eq!(verdict.credentials[0].not_revoked_at, None);
}

/// An interval that nobody asks for is not taken, so that its token is not used up unnoticed.
#[test]
fn what_is_not_asked_is_not_used_up() {
    let mut scene = Scene::new(12);
    let interval = scene.world.interval(&scene.credential, NOW - 600, &[]).unwrap();
    for check in ["token", "keyed"] {
        let relation = scene.relation(json!([adult()]), check);
        let refused = scene.present(&relation, &interval);
        assert_eq!(refused, Err(PresentError::UnaskedInterval { id: "l".into() }));
    }
}

/// What it costs: five points and 48 digits, of which two follow from others, however many are revoked.
#[test]
fn it_adds_five_points_and_48_digits() {
    let mut scene = Scene::new(2);
    let without = scene.relation(json!([adult()]), "token");
    let with = scene.relation(json!([adult(), not_revoked("l")]), "token");
    assert_eq!(with.profile(), Profile::Fast);
    assert_eq!(with.digits().len() - without.digits().len(), 48);
    assert_eq!(with.free_digits() - without.free_digits(), 46);
    let points = |relation: &Relation, bytes: &[u8]| {
        let presentation = Presentation::from_bytes(relation, bytes).unwrap();
        presentation.commitments.len() * 5 + 2
    };
    let interval = scene.world.interval(&scene.credential, NOW, &[]).unwrap();
    let bytes = [
        scene.world.present(&without, &scene.wallet, &[&scene.credential]),
        scene.present(&with, &interval).unwrap(),
    ];
    assert_eq!(points(&with, &bytes[1]) - points(&without, &bytes[0]), 5);
    // The moment of the list, five points, z_t, z_ρ, z_ε, the two ends and the free digits.
    assert_eq!(bytes[1].len() - bytes[0].len(), 8 + 32 * (5 + 3 + 2 + 46));
}

/// A handle at either end of its interval, and next to one that is revoked.
#[test]
fn handles_at_the_ends() {
    for (handle, revoked) in [
        (0, vec![]),
        (0, vec![1]),
        (u32::MAX, vec![]),
        (u32::MAX, vec![u32::MAX - 1]),
        (1000, vec![999]),
        (1000, vec![1001]),
        (1000, vec![999, 1001]),
        // Where long gaps are cut up.
        (MAX_SPAN as u32, vec![]),
        (MAX_SPAN as u32 + 1, vec![]),
    ] {
        let mut lie = Lie::new(3, handle, &revoked);
        for (check, compact) in [("token", false), ("keyed", false), ("keyed", true)] {
            let relation = lie.relation(check, compact);
            let own = lie.interval_of(handle);
            let cheat = lie.cheat(&relation, &own);
            lie.stage.accepted(cheat);
        }
    }
}

/// A cheater with one licence of a known handle, and a list.
struct Lie {
    stage: Stage,
    schema: Arc<Schema>,
    credential: OpenCredential,
    scope: Scope,
    bucket: Bucket,
}

impl Lie {
    fn new(seed: u64, handle: u32, revoked: &[u32]) -> Self {
        let schema = all_types();
        let mut stage = Stage::new(seed, &[schema.clone(), second()]);
        let secrets = [stage.secret, Scalar::from(seed)];
        let issuer = &stage.world.issuer;
        let credential =
            OpenCredential::with_handle(issuer, secrets, &schema, all_types_values(), handle, &mut stage.rng);
        let signer =
            IntervalSigner::new(&stage.world.revocation, *issuer.public(), schema.digest(), NOW).unwrap();
        let intervals: Vec<Ends> = gaps(ALL_HANDLES, revoked.iter().copied()).collect();
        let (scope, bucket) = (*signer.scope(), signer.sign(&intervals, &mut stage.rng).unwrap());
        Self { stage, schema, credential, scope, bucket }
    }

    fn relation(&mut self, check: &str, compact: bool) -> Relation {
        let (credentials, statements) = ([("l", &*self.schema)], json!([not_revoked("l")]));
        if compact {
            self.stage.compact(&credentials, statements, check)
        } else {
            self.stage.relation_with(&credentials, statements, check)
        }
    }

    fn interval_of(&self, handle: u32) -> OpenInterval {
        OpenInterval { scope: self.scope, signed: self.bucket.find(handle).unwrap().clone() }
    }

    fn cheat<'a>(&mut self, relation: &'a Relation, interval: &OpenInterval) -> Cheat<'a> {
        let mut shown = self.stage.show(relation, &[&self.credential]);
        shown.push(interval.show(relation, 0, &self.stage.world.revocation, &mut self.stage.rng));
        Cheat::new(relation, shown)
    }

    fn refused(&mut self, cheat: Cheat<'_>, equations: &[&str], lie: &str) {
        self.stage.refused(cheat, equations, lie);
    }
}

/// attacks.md 5: a revoked handle with the intervals beside it, in every way there is to say it lies in one.
#[test]
fn a_revoked_handle_is_in_no_interval() {
    for handle in [0, 5, 1 << 24, u32::MAX] {
        let mut lie = Lie::new(4, handle, &[handle]);
        let beside = [handle.checked_sub(1), handle.checked_add(1)];
        for neighbour in beside.into_iter().flatten() {
            let interval = lie.interval_of(neighbour);
            for (check, compact) in [("token", false), ("keyed", false), ("keyed", true)] {
                let relation = lie.relation(check, compact);
                assert_eq!(relation.profile() == Profile::Compact, compact);
                let caught: &[&str] = if compact { &["ranges"] } else { &["digits"] };
                let cheat = lie.cheat(&relation, &interval);
                lie.refused(cheat, caught, "as it is");

                // Digits that add up, but are no digits; in the compact profile there are none.
                if !compact {
                    for wanted in [Scalar::ZERO, Scalar::ONE] {
                        let mut cheat = lie.cheat(&relation, &interval);
                        for place in 0..relation.digits().len() {
                            cheat.bend(place, wanted);
                        }
                        lie.refused(cheat, caught, "derived digits are bits");
                    }
                }
                // The neighbour's handle in place of the own, everywhere or in the digits alone.
                let mut cheat = lie.cheat(&relation, &interval);
                let (own, place) = (cheat.hidden.clone(), cheat.hidden_slot(0, 2));
                cheat.pretend(place, Scalar::from(neighbour));
                lie.refused(cheat, &["credential 0"], "the neighbour's handle");
                let mut cheat = lie.cheat(&relation, &interval);
                cheat.pretend(place, Scalar::from(neighbour));
                cheat.hidden.clone_from(&own);
                lie.refused(cheat, &["digits"], "the neighbour's digits");
                // An interval that nobody signed.
                let mut cheat = lie.cheat(&relation, &interval);
                for end in [3, 4] {
                    let place = cheat.hidden_slot(1, end);
                    cheat.pretend(place, Scalar::from(handle));
                }
                lie.refused(cheat, &["credential 1"], "an interval of its own");
            }
        }
    }
}

/// attacks.md 5: true intervals that are not about this credential, or not of this version.
#[test]
fn intervals_of_other_lists_are_refused() {
    let mut lie = Lie::new(5, 77, &[]);
    let (issuer, other) = (*lie.stage.world.issuer.public(), *lie.stage.world.other_issuer.public());
    let schemas = [lie.schema.digest(), second().digest()];
    for (key, schema, issued_at, name) in [
        (issuer, schemas[1], NOW, "another schema"),
        (other, schemas[0], NOW, "another issuer key"),
        (issuer, schemas[0], NOW - 60, "another version"),
    ] {
        let signer = IntervalSigner::new(&lie.stage.world.revocation, key, schema, issued_at).unwrap();
        let bucket = signer.sign(&[Ends { first: 0, last: 1000 }], &mut lie.stage.rng).unwrap();
        let interval = OpenInterval { scope: *signer.scope(), signed: bucket.intervals[0].clone() };
        for check in ["token", "keyed"] {
            let relation = lie.relation(check, false);
            let cheat = lie.cheat(&relation, &interval);
            lie.refused(cheat, &["credential 1"], name);
        }
    }
    // Under another revocation key, for all else as it should be: the token, or the keyed check, is not under the right one.
    let foreign = &lie.stage.world.other_revocation;
    let w: Scalar = Scalar::from_canonical_bytes(*foreign.to_bytes()).unwrap();
    let foreign = IssuerSecretKey::from_bytes(&foreign.to_bytes()).unwrap();
    let (ends, e) = (Ends { first: 0, last: 1000 }, Scalar::from(3u8));
    let a = interval_point(&lie.scope.domain(), ends) * (w + e).invert();
    let interval = OpenInterval { scope: lie.scope, signed: SignedInterval { ends, a: a.into(), e } };
    for (check, caught) in [("token", &["token 1"][..]), ("keyed", &[])] {
        let relation = lie.relation(check, false);
        let mut shown = lie.stage.show(&relation, &[&lie.credential]);
        shown.push(interval.show(&relation, 0, &foreign, &mut lie.stage.rng));
        lie.refused(Cheat::new(&relation, shown), caught, "another revocation key");
    }
}

/// A credential in the place of an interval, and an interval in the place of a credential.
#[test]
fn credentials_are_no_intervals() {
    let mut lie = Lie::new(6, 77, &[]);
    for check in ["token", "keyed"] {
        let relation = lie.relation(check, false);
        let own = lie.interval_of(77);
        let credential = lie.stage.show(&relation, &[&lie.credential]).pop().unwrap();
        let interval = own.show(&relation, 0, &lie.stage.world.revocation, &mut lie.stage.rng);
        // The same signature twice, with the values that each place asks for.
        for twice in [&credential, &interval] {
            let mut cheat = lie.cheat(&relation, &own);
            for place in 0..2 {
                cheat.shown[place] = glimpse_fixtures::open::Shown {
                    slots: cheat.shown[place].slots.clone(),
                    ..twice.clone()
                };
            }
            let presentation = cheat.prove(&mut lie.stage.rng);
            let verdict =
                lie.stage.world.keyed_verifier().verify_compiled(&relation, &presentation.to_bytes(), NOW);
            assert_eq!(verdict.expect_err("twice").cause(), &Cause::Proof);
        }
    }
}

#[test]
fn lists_that_are_too_old_or_from_the_future_are_refused() {
    let mut scene = Scene::new(7);
    let verifier = scene.world.keyed_verifier();
    for (issued_at, expected) in [
        (NOW - DAY, None),
        (NOW - DAY - 60, Some(Cause::StaleList)),
        (NOW + 60, None),
        (NOW + 120, Some(Cause::FutureList)),
    ] {
        let interval = scene.world.interval(&scene.credential, issued_at, &[]).unwrap();
        let relation = scene.relation(json!([not_revoked("l")]), "keyed");
        let mut lenient = relation.request().document().clone();
        lenient.statements = serde_json::from_value(
            json!([{"not_revoked": {"credential": "l", "max_age": u64::MAX.to_string()}}]),
        )
        .unwrap();
        match scene.present(&relation, &interval) {
            Ok(bytes) => {
                let cause =
                    verifier.verify_compiled(&relation, &bytes, NOW).map_err(|it| it.cause().clone()).err();
                assert_eq!(cause, expected, "{issued_at}");
            }
            Err(refused) => {
                assert_eq!(refused, PresentError::StaleInterval { id: "l".into() });
                assert_eq!(expected, Some(Cause::StaleList));
            }
        }
        // As long as anybody likes, if that is what is asked.
        let request = Arc::new(Request::try_from(lenient).unwrap());
        let relation = scene.world.relation(&request);
        let bytes = scene.present(&relation, &interval).unwrap();
        let verdict = verifier.verify_compiled(&relation, &bytes, NOW);
        assert_eq!(verdict.is_ok(), expected != Some(Cause::FutureList));
    }
    // The wallet refuses by itself; a verifier that is told an old moment refuses, too.
    let mut lie = Lie::new(8, 77, &[]);
    let signer = IntervalSigner::new(
        &lie.stage.world.revocation,
        *lie.stage.world.issuer.public(),
        lie.schema.digest(),
        NOW - 2 * DAY,
    )
    .unwrap();
    let bucket = signer.sign(&[Ends { first: 0, last: 1000 }], &mut lie.stage.rng).unwrap();
    let old = OpenInterval { scope: *signer.scope(), signed: bucket.intervals[0].clone() };
    let relation = lie.relation("keyed", false);
    let mut cheat = lie.cheat(&relation, &old);
    cheat.lists = vec![NOW - 2 * DAY];
    let bytes = cheat.prove(&mut lie.stage.rng).to_bytes();
    let refused = lie.stage.world.keyed_verifier().verify_compiled(&relation, &bytes, NOW).map(|_| ());
    assert_eq!(refused.expect_err("old").cause(), &Cause::StaleList);
    // Called young it is another version's.
    let mut cheat = lie.cheat(&relation, &old);
    cheat.lists = vec![NOW];
    lie.refused(cheat, &["credential 1"], "an old list called young");
}

/// A moment that is no whole minute would be a mark that one holder's interval can be made with.
#[test]
fn moments_are_whole_minutes() {
    let mut scene = Scene::new(9);
    let interval = scene.world.interval(&scene.credential, NOW, &[]).unwrap();
    let relation = scene.relation(json!([not_revoked("l")]), "keyed");
    let bytes = scene.present(&relation, &interval).unwrap();
    for second in 1..60u8 {
        let mut changed = bytes.clone();
        let at = 2 + 1;
        assert_eq!(changed[at..at + 8], NOW.to_le_bytes());
        changed[at..at + 8].copy_from_slice(&(NOW + u64::from(second)).to_le_bytes());
        let refused = scene.world.keyed_verifier().verify_compiled(&relation, &changed, NOW).map(|_| ());
        assert_eq!(refused.expect_err("a second").cause(), &Cause::Decode(DecodeError::Value));
    }
    let world = &scene.world;
    let signer =
        |key, at| IntervalSigner::new(key, *world.issuer.public(), scene.schema.digest(), at).map(|_| ());
    assert_eq!(signer(&world.revocation, NOW + 1), Err(SignError::Moment));
    assert_eq!(signer(&world.issuer, NOW), Err(SignError::SameKey));
}

/// Two licences in one request, each with the list of its own issuer and schema.
#[test]
fn several_lists_in_one_presentation() {
    let (first, other) = (all_types(), second());
    let mut world = World::new(10, &[first.clone(), other.clone()]);
    let wallet = world.wallet();
    let a = world.obtain(&wallet, &first, all_types_values());
    let b = world.obtain_from_other(&wallet, &other, second_values());
    let statements =
        json!([not_revoked("b"), {"equal": {"left": "a.birth", "right": "b.born"}}, not_revoked("a")]);
    for check in ["token", "keyed"] {
        let request = world.request_for_small(&[("a", &first), ("b", &other)], statements.clone(), check);
        let relation = world.relation(&request);
        let of_a = world.interval(&a, NOW - 60, &[]).unwrap();
        let of_b = world.interval(&b, NOW - 120, &[]).unwrap();
        for relation in [relation.clone(), relation.compact().unwrap()] {
            let held = [(&a, Some(&of_a)), (&b, Some(&of_b))];
            let bytes = world.present_with(&relation, &wallet, &held).unwrap();
            let verdict = world.keyed_verifier().verify_compiled(&relation, &bytes, NOW).unwrap();
            let moments: Vec<_> =
                verdict.credentials.iter().map(|credential| credential.not_revoked_at).collect();
            assert_eq!(moments, [Some(NOW - 60), Some(NOW - 120)]);
            // In the order of the statements, which is not that of the credentials.
            let mut changed = bytes.clone();
            changed[4..12].copy_from_slice(&(NOW - 60).to_le_bytes());
            assert!(world.keyed_verifier().verify_compiled(&relation, &changed, NOW).is_err());
        }
        let swapped = world.present_with(&relation, &wallet, &[(&a, Some(&of_b)), (&b, Some(&of_a))]);
        assert_eq!(swapped, Err(PresentError::ForeignInterval { id: "b".into() }));
        let missing = world.present_with(&relation, &wallet, &[(&a, Some(&of_a)), (&b, None)]);
        assert_eq!(missing, Err(PresentError::NoInterval { id: "b".into() }));
    }
}

/// Every byte of a presentation, and many lengths.
#[test]
fn nothing_of_it_can_be_changed() {
    let mut scene = Scene::new(11);
    let interval = scene.world.interval(&scene.credential, NOW, &[]).unwrap();
    let relation = scene.relation(json!([not_revoked("l")]), "token");
    let bytes = scene.present(&relation, &interval).unwrap();
    let verifier = scene.world.verifier();
    // All bits of what stands before the points; of the rest one bit of each byte, which suite `rejection` goes through bit
    // by bit for other presentations.
    let before = 8 * (2 + 1 + 8);
    for bit in (0..before).chain((before / 8..bytes.len()).map(|byte| 8 * byte + byte % 8)) {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(verifier.verify_compiled(&relation, &changed, NOW).is_err(), "bit {bit}");
    }
    for length in (0..bytes.len()).step_by(7).chain([bytes.len() - 1]) {
        assert!(verifier.verify_compiled(&relation, &bytes[..length], NOW).is_err());
    }
    assert!(verifier.verify_compiled(&relation, &[&bytes[..], &[0]].concat(), NOW).is_err());
    verifier.verify_compiled(&relation, &bytes, NOW).unwrap();
}

#[test]
fn questions_that_no_list_can_answer_are_refused() {
    let (all, free) = (all_types(), unbound());
    let mut world = World::new(12, &[all.clone(), free.clone()]);
    let credentials: [(&str, &Schema); 2] = [("l", &all), ("u", &free)];
    let reason = |world: &World, statements: Json| {
        let json = World::new(12, &[]).request_json(&credentials, statements, "token");
        let mut json = json;
        for credential in json["credentials"].as_array_mut().unwrap() {
            credential["issuers"] = json!([world.issuer.public(), world.other_issuer.public()]);
        }
        let request = Arc::new(Request::from_json(&json.to_string()).unwrap());
        Relation::compile(request, &world.registry).map(|_| ()).map_err(|error| (error.member, error.reason))
    };
    let at = |i: usize| format!("statements[{i}].not_revoked");
    assert_eq!(reason(&world, json!([not_revoked("l")])), Ok(()));
    assert_eq!(
        reason(&world, json!([not_revoked("x")])),
        Err((at(0), Reason::UnknownCredential("x".into())))
    );
    assert_eq!(reason(&world, json!([not_revoked("u")])), Err((at(0), Reason::NoHandle("u".into()))));
    assert_eq!(reason(&world, json!([not_revoked("l"), not_revoked("l")])), Err((at(1), Reason::Repeated)));
    // An issuer without lists is as good as unknown, and none at all cannot be asked.
    for (revocation, expected) in [([None, None], false), ([Some(*world.revocation.public()), None], true)] {
        for (key, revocation) in [&world.issuer, &world.other_issuer].into_iter().zip(revocation) {
            let mut issuer = (**world.registry.issuer(key.public()).unwrap()).clone();
            issuer.revocation = revocation;
            world.registry.add_issuer(issuer);
        }
        let said = reason(&world, json!([not_revoked("l")]));
        assert_eq!(said, if expected { Ok(()) } else { Err((at(0), Reason::NoLists("l".into()))) });
    }
    let wallet = world.wallet();
    let credential = world.obtain_from_other(&wallet, &all, all_types_values());
    let interval = world.interval(&credential, NOW, &[]).unwrap();
    let request = world.request_with(&[("l", &all)], json!([not_revoked("l")]), "keyed");
    let relation = world.relation(&request);
    let refused = can_present(&relation, &wallet.secret, &[(&credential, Some(&interval))]);
    assert_eq!(refused, Err(PresentError::WrongCredential { id: "l".into() }));
}

/// The wallet takes nothing from a bucket that is not signed as a whole, or not in order.
#[test]
fn buckets_are_checked_by_the_wallet() {
    let mut scene = Scene::new(13);
    let handle = scene.credential.handle();
    let (scope, bucket) = scene.world.list(&scene.credential, NOW, &[7, 1 << 30]);
    Interval::find(&scene.credential, scope, &bucket).unwrap();
    let again = Bucket::from_bytes(&bucket.to_bytes(), ALL_HANDLES).unwrap();
    assert!(again == bucket);

    let find = |scope, bucket: &Bucket| Interval::find(&scene.credential, scope, bucket).map(|_| ());
    for other in [
        Scope { issued_at: NOW - 60, ..scope },
        Scope { revocation: *scene.world.other_revocation.public(), ..scope },
    ] {
        assert_eq!(find(other, &bucket), Err(IntervalError::Signature));
    }
    for other in [
        Scope { issuer: *scene.world.other_issuer.public(), ..scope },
        Scope { schema: second().digest(), ..scope },
    ] {
        assert_eq!(find(other, &bucket), Err(IntervalError::OtherList));
    }
    // One interval signed under another key, as an issuer would that wants to know one holder again.
    let count = bucket.intervals.len();
    for place in [0, count / 2, count - 1] {
        for change in 0..4 {
            let mut changed = bucket.clone();
            let interval = &mut changed.intervals[place];
            match change {
                0 => interval.e += Scalar::ONE,
                1 => interval.a = (interval.a.point + interval.a.point).into(),
                2 => interval.ends.last -= 1,
                _ => changed.intervals.truncate(count - 1),
            }
            assert_eq!(find(scope, &changed), Err(IntervalError::Signature), "{change} at {place}");
        }
    }
    let mut changed = bucket.clone();
    changed.proof_response += Scalar::ONE;
    assert_eq!(find(scope, &changed), Err(IntervalError::Signature));

    let (scope, without) = scene.world.list(&scene.credential, NOW, &[handle]);
    assert_eq!(Interval::find(&scene.credential, scope, &without).map(|_| ()), Err(IntervalError::Revoked));
    // Order, overlap, span and bounds.
    let reread = |change: &dyn Fn(&mut Bucket), bounds| {
        let mut changed = bucket.clone();
        change(&mut changed);
        Bucket::from_bytes(&changed.to_bytes(), bounds).map(|_| ())
    };
    let wrong = Err(DecodeError::Value);
    assert_eq!(reread(&|it| it.intervals.swap(0, 1), ALL_HANDLES), wrong);
    assert_eq!(reread(&|it| it.intervals[0].ends.last += 2, ALL_HANDLES), wrong);
    assert_eq!(reread(&|it| it.intervals.truncate(2), ALL_HANDLES), Ok(()));
    assert_eq!(
        reread(
            &|it| {
                it.intervals.remove(2);
                it.intervals[1].ends.last += 1;
            },
            ALL_HANDLES
        ),
        wrong
    );
    assert_eq!(reread(&|_| (), Ends { first: 1, last: u32::MAX }), wrong);
    assert_eq!(reread(&|_| (), Ends { first: 0, last: u32::MAX - 1 }), wrong);
    let bytes = bucket.to_bytes();
    for length in [0, 63, 65, 64 + 71, bytes.len() - 1] {
        assert!(Bucket::from_bytes(&bytes[..length], ALL_HANDLES).is_err(), "{length}");
    }
    assert!(Bucket::from_bytes(&[&bytes[..], &[0]].concat(), ALL_HANDLES).is_err());
}

#[test]
fn an_empty_bucket_is_signed_and_holds_nobody() {
    let mut scene = Scene::new(14);
    let world = &mut scene.world;
    let signer =
        IntervalSigner::new(&world.revocation, *world.issuer.public(), scene.schema.digest(), NOW).unwrap();
    let bucket = signer.sign(&[], &mut world.rng).unwrap();
    let bucket = Bucket::from_bytes(&bucket.to_bytes(), ALL_HANDLES).unwrap();
    assert!(bucket.is_signed(signer.scope()));
    assert!(matches!(
        Interval::find(&scene.credential, *signer.scope(), &bucket),
        Err(IntervalError::Revoked)
    ));
    let ends = |first, last| Ends { first, last };
    for bad in
        [vec![ends(1, 0)], vec![ends(0, 1 << 24)], vec![ends(0, 5), ends(5, 9)], vec![ends(6, 9), ends(0, 5)]]
    {
        assert_eq!(signer.sign(&bad, &mut world.rng).map(|_| ()), Err(SignError::Order));
    }
}
