//! Requests as JSON.

use std::sync::{Arc, LazyLock};

use glimpse_circuits::presentation::{expected_length, smallest};
use glimpse_circuits::relation::{Compiler, Relation};
use glimpse_circuits::request::Request;
use glimpse_fixtures::schemas::{all_types, second, unbound};
use glimpse_fixtures::{World, rng};
use serde_json::{Value as Json, json};

use crate::scene::{SEED, registry, stock};
use crate::seeds::Seeds;

/// The text of a request.
pub(crate) fn read(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(request) = Request::from_json(text) else { return };
    let canonical = request.to_canonical_json().unwrap();
    let again =
        Request::from_json(std::str::from_utf8(&canonical).unwrap()).expect("its canonical form is one");
    assert_eq!(again.to_canonical_json().unwrap(), canonical, "the canonical form is no fixed point");
    assert_eq!((again.digest(), again.day()), (request.digest(), request.day()));
    let by_serde: Request = serde_json::from_slice(&canonical).expect("as bodies and stores read it");
    assert_eq!(by_serde.digest(), request.digest());

    // The same registry, with a memory of what was compiled before and without one.
    static COMPILER: LazyLock<Compiler> = LazyLock::new(|| Compiler::new(registry().clone()));
    let relation = Relation::compile(Arc::new(request), registry());
    match (relation, COMPILER.compile(Arc::new(again))) {
        (Ok(one), Ok(other)) => {
            assert_eq!(one.digest(), other.digest());
            look_at(&one);
            assert_eq!(one.compact().map(|it| *it.digest()), other.compact().map(|it| *it.digest()));
            one.compact().iter().for_each(look_at);
            assert!(expected_length(&smallest(&one)) <= expected_length(&one));
        }
        (Err(one), Err(other)) => assert_eq!(one, other),
        (one, other) => panic!("{:?} and {:?}", one.err(), other.err()),
    }
}

/// The bounds that docs/protocol.md, section 6, sets.
fn look_at(relation: &Relation) {
    let statements = relation.request().document().statements.len();
    assert!(relation.digits().len() <= 1024 && relation.residuals().len() <= 64 && statements <= 64);
    assert!(relation.free_digits() <= relation.digits().len());
    assert_eq!(relation.statements_in_words().len(), statements);
    assert!(relation.revealing().len() <= relation.credentials().len() * 31);
}

/// Those of the vectors, of the stock, of every profile's questions, and one with every kind of statement.
pub(crate) fn seeds(seeds: &mut Seeds) {
    for kind in ["/requests/valid", "/requests/invalid"] {
        for vector in seeds.vectors(kind) {
            let text = vector.get("canonical").or(vector.get("json")).and_then(Json::as_str);
            seeds.add(text.unwrap_or_default());
        }
    }
    for asked in stock().asked.iter().step_by(2) {
        seeds.add(asked.relation.request().to_canonical_json().unwrap());
    }
    let schemas: Vec<_> = registry().schemas().cloned().collect();
    let mut world = World::new(SEED, &schemas);
    world.rng = rng(SEED);
    for profile in glimpse_profiles::builtin() {
        for question in profile.questions() {
            let statements = json!(question.statements_for("l"));
            let request = world.request_json(&[("l", profile.schema())], statements, "token");
            seeds.add(request.to_string());
        }
    }
    let amount = json!([{"attribute": "a.amount", "coefficient": "9223372036854775807"},
                        {"attribute": "b.points", "coefficient": "-9223372036854775807"}]);
    let statements = json!([
        {"range": {"of": amount, "lo": "-170141183460469231731687303715884105728", "hi": "0"}},
        {"age": {"of": "a.birth", "at_least": "0", "below": "65535"}},
        {"date": {"of": "a.until", "from": "today", "to": "9999-12-31"}},
        {"intervals": {"of": [{"attribute": "c.count", "coefficient": "1"}], "intervals": [
            {"lo": "-1", "hi": "5"}, {"lo": "7", "hi": "7"}, {"lo": "9000", "hi": "99999"}]}},
        {"flags": {"of": "b.bits", "all": ["b31"], "none": ["b1"], "any": ["b2", "b3"]}},
        {"equal": {"left": "a.city", "right": "b.town"}},
        {"equals": {"of": "a.region", "value": "r1"}},
        {"member": {"of": "a.name", "values": ["é", "文"]}},
        {"not_member": {"of": "a.region", "values": ["r1"]}},
        {"disclose": {"of": "c.title"}},
        {"not_revoked": {"credential": "a", "max_age": "18446744073709551615"}},
    ]);
    let (a, b, c) = (all_types(), second(), unbound());
    let mut request = world.request_json(&[("a", &a), ("b", &b), ("c", &c)], statements, "keyed");
    request["prefer"] = json!("small");
    seeds.add(request.to_string());
}
