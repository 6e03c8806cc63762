//! What is true is accepted, in every form and mixture; what is false is refused by the honest prover already.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use glimpse_circuits::attribute::Value;
use glimpse_circuits::encoding::write_value;
use glimpse_circuits::presentation::{expected_length, smallest};
use glimpse_circuits::relation::{Profile, Reason, Relation};
use glimpse_circuits::request::{Request, Statement};
use glimpse_circuits::schema::{Binding, Schema};
use glimpse_fixtures::draw::{self, Licence, below, licences, statement};
use glimpse_fixtures::schemas::{all_types, all_types_values, attribute, flags, numbered, schema, table};
use glimpse_fixtures::{NOW, Wallet, World, rng};
use glimpse_profiles::builtin_by_schema_id;
use glimpse_profiles::sample::Persona;
use glimpse_prover::{Credential, Interval, PresentError, can_present};
use glimpse_verifier::Verdict;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use serde_json::{Value as Json, json};

/// Presents, verifies, and checks length and verdict against the licences. Where the request prefers that, the same in
/// the compact profile, with the same verdict.
fn accepted(
    world: &mut World,
    wallet: &Wallet,
    request: &Arc<Request>,
    credentials: &[&Credential],
) -> (Verdict, usize) {
    let held: Vec<_> = credentials.iter().map(|credential| (*credential, None)).collect();
    accepted_with(world, wallet, request, &held)
}

/// The same with the intervals that are asked for.
fn accepted_with(
    world: &mut World,
    wallet: &Wallet,
    request: &Arc<Request>,
    held: &[(&Credential, Option<&Interval>)],
) -> (Verdict, usize) {
    let relation = world.relation(request);
    let (verdict, length) = accepted_as(world, wallet, &relation, held);
    let Some(compact) = relation.compact() else {
        assert_eq!(smallest(&relation).profile(), Profile::Fast);
        return (verdict, length);
    };
    let (same, shorter) = accepted_as(world, wallet, &compact, held);
    let shown = |verdict: &Verdict| -> Vec<_> {
        let disclosed = verdict.disclosed.iter();
        disclosed.map(|d| (d.of.clone(), d.also.clone(), d.value.clone())).collect()
    };
    assert_eq!((verdict.request, &verdict.statements), (same.request, &same.statements));
    assert!(shown(&verdict) == shown(&same), "another value in the other profile");
    for (one, other) in verdict.credentials.iter().zip(&same.credentials) {
        assert_eq!((&one.id, one.issuer.key, one.check), (&other.id, other.issuer.key, other.check));
    }
    let expected = if shorter < length { Profile::Compact } else { Profile::Fast };
    assert_eq!(smallest(&relation).profile(), expected);
    (verdict, length)
}

fn accepted_as(
    world: &mut World,
    wallet: &Wallet,
    relation: &Relation,
    held: &[(&Credential, Option<&Interval>)],
) -> (Verdict, usize) {
    let request = relation.request();
    let credentials: Vec<&Credential> = held.iter().map(|(credential, _)| *credential).collect();
    let bytes = world.present_with(relation, wallet, held).unwrap();
    assert_eq!(bytes[1], relation.profile().byte());
    let verdict = world
        .keyed_verifier()
        .verify(request, &bytes, NOW + 1)
        .unwrap_or_else(|failure| panic!("{:?}: {:?}", failure.cause(), request.document().statements));

    let mut disclosed = Vec::new();
    let mut value_bytes = Vec::new();
    for statement in &request.document().statements {
        let Statement::Disclose { of } = statement else { continue };
        let at = relation.credentials().iter().position(|c| c.id == of.credential).unwrap();
        let (position, _) = relation.credentials()[at].schema.attribute(&of.attribute).unwrap();
        disclosed.push((of.clone(), credentials[at].values()[position].clone()));
        write_value(&mut value_bytes, &credentials[at].values()[position]);
    }
    let shown: Vec<_> = verdict.disclosed.iter().map(|d| (d.of.clone(), d.value.clone())).collect();
    assert_eq!(shown.len(), disclosed.len());
    assert!(shown == disclosed, "another value is in the verdict");
    assert_eq!(bytes.len(), expected_length(relation) + value_bytes.len());
    assert_eq!(verdict.request, *request.digest());
    assert_eq!(verdict.statements.len(), request.document().statements.len());
    assert_eq!(verdict.credentials.len(), credentials.len());
    for (seen, credential) in verdict.credentials.iter().zip(&credentials) {
        assert_eq!(seen.issuer.key, *credential.key());
        assert_eq!(seen.schema.digest(), credential.schema().digest());
    }
    (verdict, bytes.len())
}

#[test]
fn every_statement_alone_and_all_together() {
    let schema = all_types();
    let mut world = World::new(1, std::slice::from_ref(&schema));
    let wallet = world.wallet();
    let credential = world.obtain(&wallet, &schema, all_types_values());
    let amount = json!([{"attribute": "l.amount", "coefficient": "1"}]);
    let mixed =
        json!([{"attribute": "l.amount", "coefficient": "2"}, {"attribute": "l.birth", "coefficient": "-1"}]);
    let statements = [
        json!({"disclose": {"of": "l.name"}}),
        json!({"disclose": {"of": "l.note"}}),
        json!({"age": {"of": "l.birth", "at_least": "18", "below": "60"}}),
        json!({"date": {"of": "l.until", "from": "today"}}),
        json!({"range": {"of": mixed, "lo": "-100", "hi": "9000000"}}),
        json!({"equals": {"of": "l.region", "value": "r7"}}),
        json!({"member": {"of": "l.region", "values": ["r1", "r2", "r7"]}}),
        json!({"not_member": {"of": "l.region", "values": ["r1", "r2"]}}),
        json!({"intervals": {"of": amount, "intervals": [
            {"lo": "5", "hi": "10"}, {"lo": "999999", "hi": "1000001"}, {"lo": "2000000", "hi": "3000000"}]}}),
        json!({"flags": {"of": "l.classes", "all": ["A2"], "none": ["C2"], "any": ["C1", "B1"]}}),
    ];
    let mut all: Vec<Vec<_>> = statements.iter().map(|statement| vec![statement.clone()]).collect();
    all.push(statements.to_vec());
    all.push(Vec::new());
    for statements in all {
        for check in ["token", "keyed"] {
            let request = world.request_for_small(&[("l", &schema)], json!(statements), check);
            accepted(&mut world, &wallet, &request, &[&credential]);
        }
    }
}

/// A world with random licences, and statements that are true of them.
struct Scene {
    world: World,
    wallet: Wallet,
    licences: Vec<Licence>,
    credentials: Vec<Credential>,
    /// Where the handles lie that are asked about.
    intervals: Vec<Option<Interval>>,
    truths: Vec<Json>,
    lies: Vec<(usize, Json)>,
    checks: Vec<&'static str>,
}

impl Scene {
    fn new(seed: u64, count: usize, kinds: &[u64]) -> Self {
        let rng = &mut rng(seed);
        let licences = licences(count, rng);
        let schemas: Vec<Arc<Schema>> = licences.iter().map(|licence| licence.schema.clone()).collect();
        let mut world = World::new(seed, &schemas);
        let wallet = world.wallet();
        let mut credentials = Vec::new();
        let mut checks = Vec::new();
        for licence in &licences {
            let values = licence.values.clone();
            checks.push(if below(rng, 3) == 0 { "keyed" } else { "token" });
            credentials.push(match below(rng, 3) {
                0 => world.obtain_from_other(&wallet, &licence.schema, values),
                _ => world.obtain(&wallet, &licence.schema, values),
            });
        }
        let (truths, lies) = (Vec::new(), Vec::new());
        let intervals = credentials.iter().map(|_| None).collect();
        let mut scene = Self { world, wallet, licences, credentials, intervals, truths, lies, checks };
        scene.ask_whether_revoked(rng);
        for kind in kinds {
            let Some(drawn) = statement(&scene.licences, &mut self::rng(*kind)) else { continue };
            scene.truths.push(drawn.truth);
            if scene.relation(&scene.truths.clone()).is_none() {
                scene.truths.pop();
            } else if let Some(lie) = drawn.lie {
                scene.lies.push((scene.truths.len() - 1, lie));
            }
        }
        scene
    }

    /// Of each licence that has a holder, in one of three cases, with the most recent list that is old enough by chance.
    fn ask_whether_revoked(&mut self, rng: &mut ChaCha20Rng) {
        for (i, credential) in self.credentials.iter().enumerate() {
            if credential.schema().binding() == Binding::None || below(rng, 3) != 0 {
                continue;
            }
            let (age, spare) = (60 * below(rng, 2000), below(rng, 2) * below(rng, 100_000));
            let handle = credential.handle();
            let revoked = [handle.wrapping_sub(1), handle.wrapping_add(1), rng.next_u32()];
            let mut revoked: Vec<u32> = revoked.into_iter().filter(|other| *other != handle).collect();
            revoked.sort_unstable();
            self.intervals[i] = Some(self.world.interval(credential, NOW - age, &revoked).unwrap());
            let form = |most: u64| json!({"not_revoked": {"credential": self.licences[i].id, "max_age": most.to_string()}});
            self.truths.push(form(age + spare.max(60)));
            if age > 60 {
                self.lies.push((self.truths.len() - 1, form(age - 1)));
            }
        }
    }

    /// The credentials with the intervals that are asked for.
    fn held(&self) -> Vec<(&Credential, Option<&Interval>)> {
        self.credentials.iter().zip(self.intervals.iter().map(Option::as_ref)).collect()
    }

    fn request(&mut self, statements: &[Json]) -> Arc<Request> {
        let credentials: Vec<(&str, &Schema)> =
            self.licences.iter().map(|licence| (licence.id.as_str(), &*licence.schema)).collect();
        let mut json = self.world.request_json(&credentials, json!(statements), "token");
        for (i, check) in self.checks.iter().enumerate() {
            json["credentials"][i]["check"] = json!(check);
        }
        json["prefer"] = json!("small");
        Arc::new(Request::from_json(&json.to_string()).unwrap())
    }

    /// The relation, unless the statements together ask for what no request may ask for.
    fn relation(&mut self, statements: &[Json]) -> Option<Relation> {
        let request = self.request(statements);
        match Relation::compile(request, &self.world.registry) {
            Ok(relation) => Some(relation),
            Err(error) => match error.reason {
                Reason::Narrow { .. }
                | Reason::NotDisclosed(_)
                | Reason::FreeText(_)
                | Reason::DifferentFlags
                | Reason::Repeated
                | Reason::Empty
                | Reason::Overflow
                | Reason::TooLarge => None,
                other => panic!("{}: {other:?} in {statements:?}", error.member),
            },
        }
    }
}

fn config(cases: u32, seed: u64) -> ProptestConfig {
    ProptestConfig { cases, rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Default::default() }
}

proptest! {
    #![proptest_config(config(120, 0x61))]

    #[test]
    fn whatever_is_true_is_accepted(
        seed in any::<u64>(),
        count in 1usize..=3,
        kinds in proptest::collection::vec(any::<u64>(), 0..7),
    ) {
        let mut scene = Scene::new(seed, count, &kinds);
        let request = scene.request(&scene.truths.clone());
        let Scene { world, wallet, credentials, intervals, .. } = &mut scene;
        let held: Vec<_> = credentials.iter().zip(intervals.iter().map(Option::as_ref)).collect();
        accepted_with(world, wallet, &request, &held);
    }
}

proptest! {
    #![proptest_config(config(200, 0x62))]

    #[test]
    fn one_false_statement_is_refused_by_the_honest_prover(
        seed in any::<u64>(),
        count in 1usize..=3,
        kinds in proptest::collection::vec(any::<u64>(), 1..7),
    ) {
        let mut scene = Scene::new(seed, count, &kinds);
        for (place, lie) in scene.lies.clone() {
            let mut statements = scene.truths.clone();
            statements[place] = lie;
            let Some(relation) = scene.relation(&statements) else { continue };
            for relation in [Some(relation.clone()), relation.compact()].into_iter().flatten() {
                let refused = can_present(&relation, &scene.wallet.secret, &scene.held());
                let told = match statements[place].get("not_revoked") {
                    None => refused == Err(PresentError::False),
                    Some(_) => matches!(refused, Err(PresentError::StaleInterval { .. })),
                };
                prop_assert!(told, "{:?}: {:?}", statements[place], refused);
            }
        }
    }
}

/// The generator above is worth nothing if it hardly ever says anything.
#[test]
fn the_generator_draws_every_kind_of_statement() {
    let mut seen: std::collections::BTreeMap<String, (usize, usize)> = Default::default();
    let (mut ranges, mut ends, mut mixed) = (0, [0, 0], 0);
    for seed in 0..300 {
        let mut scene = Scene::new(seed, 1 + seed as usize % 3, &[6 * seed, 6 * seed + 1, 6 * seed + 2]);
        let name = |json: &Json| json.as_object().unwrap().keys().next().unwrap().clone();
        if let Some(compact) = scene.relation(&scene.truths.clone()).and_then(|relation| relation.compact()) {
            ranges += compact.ranges().len();
            compact.ranges().iter().for_each(|range| ends[usize::from(range.both_ends)] += 1);
            mixed += usize::from(compact.has_digits());
        }
        for truth in scene.truths.clone() {
            seen.entry(name(&truth)).or_default().0 += 1;
        }
        for (place, lie) in scene.lies.clone() {
            let mut statements = scene.truths.clone();
            statements[place] = lie.clone();
            seen.entry(name(&lie)).or_default().1 += usize::from(scene.relation(&statements).is_some());
        }
    }
    for kind in [
        "disclose",
        "range",
        "age",
        "date",
        "equals",
        "member",
        "not_member",
        "intervals",
        "flags",
        "equal",
        "not_revoked",
    ] {
        let (truths, lies) = seen.get(kind).copied().unwrap_or_default();
        assert!(truths >= 8 && (lies >= 5 || kind == "disclose"), "{kind}: {truths} and {lies}");
    }
    assert!(ranges >= 100 && ends[0] >= 30 && ends[1] >= 30 && mixed >= 20, "{ranges} {ends:?} {mixed}");
}

/// The values of a licence of a few attributes: 0–9, 3–5, three flags, c0–c3.
#[derive(Debug)]
struct Small {
    n: i64,
    m: i64,
    f: u32,
    c: usize,
}

/// Every statement over a domain of a few values, against what it says in plain arithmetic.
#[test]
fn exhaustive_on_a_small_domain() {
    let kinds = vec![
        attribute("n", json!({"uint": {"min": "0", "max": "9"}}), true, "disclose"),
        attribute("m", json!({"uint": {"min": "3", "max": "5"}}), true, "disclose"),
        attribute("f", flags(&numbered("f", 3)), true, "disclose"),
        attribute("c", table(&numbered("c", 4)), true, "disclose"),
    ];
    let schema = schema("test.small", "none", kinds);
    let mut world = World::new(5, std::slice::from_ref(&schema));
    let wallet = world.wallet();
    let n = json!([{"attribute": "l.n", "coefficient": "1"}]);
    let difference =
        json!([{"attribute": "l.n", "coefficient": "-2"}, {"attribute": "l.m", "coefficient": "3"}]);
    let form = |lo: i64, hi: i64| json!({"lo": lo.to_string(), "hi": hi.to_string()});

    type Truth = Box<dyn Fn(&Small) -> bool>;
    let mut cases: Vec<(Json, Truth)> = Vec::new();
    for lo in 0..10i64 {
        for hi in lo..10 {
            let range = json!({"range": {"of": n, "lo": lo.to_string(), "hi": hi.to_string()}});
            cases.push((range, Box::new(move |s: &Small| lo <= s.n && s.n <= hi)));
        }
    }
    for lo in -9..15i64 {
        let hi = lo + lo.rem_euclid(4);
        let range = json!({"range": {"of": difference, "lo": lo.to_string(), "hi": hi.to_string()}});
        cases.push((range, Box::new(move |s: &Small| (lo..=hi).contains(&(3 * s.m - 2 * s.n)))));
    }
    for mask in 1u32..1 << 10 {
        // The runs of ones in the mask, cut in two where they are longer than three.
        let (mut list, mut values) = (Vec::new(), Vec::new());
        let mut at = 0i64;
        while at < 10 {
            let run = (at..10).take_while(|v| mask & (1 << v) != 0).count().min(3) as i64;
            if run > 0 {
                list.push(form(at, at + run - 1));
                values.extend((at..at + run).map(|v| v.to_string()));
            }
            at += run.max(1);
        }
        let holds = move |n: i64| mask & (1 << n) != 0;
        if mask % 3 == 0 {
            let intervals = json!({"intervals": {"of": n, "intervals": list}});
            cases.push((intervals, Box::new(move |s: &Small| holds(s.n))));
        }
        let member = json!({"member": {"of": "l.n", "values": values}});
        cases.push((member, Box::new(move |s: &Small| holds(s.n))));
    }
    for choice in 1..4u32.pow(3) {
        let digit = |bit: u32| (choice / 4u32.pow(bit)) % 4;
        let named = |wanted: u32| -> Vec<String> {
            (0..3).filter(|bit| digit(*bit) == wanted).map(|bit| format!("f{bit}")).collect()
        };
        let statement = json!({"flags": {"of": "l.f", "all": named(1), "none": named(2), "any": named(3)}});
        let holds = move |mask: u32| {
            let digit = |bit: u32| (choice / 4u32.pow(bit)) % 4;
            let set = |bit: u32| mask & (1 << bit) != 0;
            (0..3).all(|bit| (digit(bit) != 1 || set(bit)) && (digit(bit) != 2 || !set(bit)))
                && ((0..3).all(|bit| digit(bit) != 3) || (0..3).any(|bit| digit(bit) == 3 && set(bit)))
        };
        cases.push((statement, Box::new(move |s: &Small| holds(s.f))));
    }
    for mask in 1usize..15 {
        let named: Vec<String> = (0..4).filter(|c| mask & (1 << c) != 0).map(|c| format!("c{c}")).collect();
        let statement = json!({"not_member": {"of": "l.c", "values": named}});
        cases.push((statement, Box::new(move |s: &Small| mask & (1 << s.c) == 0)));
    }

    let holdings: Vec<_> = (0..10u64)
        .map(|n| {
            let (m, f, c) = (3 + n % 3, n as u32 % 8, n as usize % 4);
            let values = vec![Value::Uint(n), Value::Uint(m), Value::Flags(f), Value::Code(format!("c{c}"))];
            (world.obtain(&wallet, &schema, values), Small { n: n as i64, m: m as i64, f, c })
        })
        .collect();
    for (statement, truth) in cases {
        let request = world.request_with(&[("l", &schema)], json!([statement]), "keyed");
        let relation = world.relation(&request);
        for (credential, values) in &holdings {
            let said = can_present(&relation, &wallet.secret, &[(credential, None)]);
            let expected = if truth(values) { Ok(()) } else { Err(PresentError::False) };
            assert_eq!(said, expected, "{values:?}: {statement}");
        }
    }
}

/// attacks.md 2, the other half: whatever is in the set is shown to be, wherever it stands.
#[test]
fn members_of_sets_of_every_size() {
    let schema = all_types();
    let mut world = World::new(6, std::slice::from_ref(&schema));
    let wallet = world.wallet();
    let credential = world.obtain(&wallet, &schema, all_types_values());
    for size in (1..=64).chain([100, 4096]) {
        let places = if size == 4096 { vec![size - 1] } else { vec![0, size / 2, size - 1] };
        for place in places {
            let mut values = numbered("k", size);
            values[place] = "上海".into();
            let request = world.request_with(
                &[("l", &schema)],
                json!([{"member": {"of": "l.city", "values": values}}]),
                "keyed",
            );
            accepted(&mut world, &wallet, &request, &[&credential]);
        }
        let outside = json!([{"member": {"of": "l.city", "values": numbered("k", size)}}]);
        let request = world.request(&[("l", &schema)], outside);
        let refused = can_present(&world.relation(&request), &wallet.secret, &[(&credential, None)]);
        assert_eq!(refused, Err(PresentError::False), "{size}");
    }
}

#[test]
fn an_age_proof_of_a_driving_licence_is_short() {
    let profile = builtin_by_schema_id("cn.driving_licence").unwrap();
    let schema = Arc::new(profile.schema().clone());
    let persona = Persona::new(3).with_birth_date("2008-11-22".parse().unwrap());
    let values = profile.admit(&profile.sample(&persona)).unwrap();
    assert_eq!(schema.attributes().len(), 10);
    let mut world = World::new(7, std::slice::from_ref(&schema));
    let wallet = world.wallet();
    let credential = world.obtain(&wallet, &schema, values);
    let adult = json!([{"age": {"of": "licence.birth_date", "at_least": "18"}}]);
    let request = world.request(&[("licence", &schema)], adult);
    let (_, length) = accepted(&mut world, &wallet, &request, &[&credential]);
    assert!(length <= 1300, "{length} bytes");

    let tomorrow = persona.with_birth_date("2008-11-23".parse().unwrap());
    let values = profile.admit(&profile.sample(&tomorrow)).unwrap();
    let younger = world.obtain(&wallet, &schema, values);
    let refused = can_present(&world.relation(&request), &wallet.secret, &[(&younger, None)]);
    assert_eq!(refused, Err(PresentError::False));
}

/// The randomness of `draw` is not shared with anybody: equal seeds, equal scenes.
#[test]
fn scenes_are_reproducible() {
    let [a, b] = [0, 0].map(|_| Scene::new(42, 3, &[1, 2, 3, 4, 5]).truths);
    assert_eq!(a, b);
    assert!(draw::below(&mut rng(1), 1) == 0);
}
