//! The compact profile: the same statements, shown with one Bulletproof.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use glimpse_circuits::presentation::{expected_length, smallest};
use glimpse_circuits::relation::Profile;
use glimpse_circuits::request::Request;
use glimpse_fixtures::schemas::{all_types, all_types_values};
use glimpse_fixtures::{NOW, World};
use serde_json::{Value as Json, json};

fn small(world: &mut World, statements: Json, check: &str) -> Arc<Request> {
    let schema = all_types();
    let mut request = world.request_json(&[("l", &schema)], statements, check);
    request["prefer"] = json!("small");
    Arc::new(Request::from_json(&request.to_string()).unwrap())
}

fn amount(lo: &str, hi: &str) -> Json {
    json!({"range": {"of": [{"attribute": "l.amount", "coefficient": "1"}], "lo": lo, "hi": hi}})
}

#[test]
fn ranges_of_every_shape_are_accepted_in_fewer_bytes() {
    let schema = all_types();
    let mut world = World::new(1, std::slice::from_ref(&schema));
    let wallet = world.wallet();
    let credential = world.obtain(&wallet, &schema, all_types_values());
    let of = json!([{"attribute": "l.amount", "coefficient": "1"}]);
    let lists = [
        json!([amount("1000", "9223372036854775807")]),
        json!([amount("0", "9000000000000")]),
        json!([amount("5", "9000000000000")]),
        json!([amount("5", "9000000000000"), {"age": {"of": "l.birth", "at_least": "18"}}]),
        json!([{"intervals": {"of": of, "intervals": [
            {"lo": "5", "hi": "10"}, {"lo": "999999", "hi": "100000100"}]}}]),
        json!([{"intervals": {"of": of, "intervals": [
            {"lo": "500000", "hi": "9500000"}, {"lo": "10000000", "hi": "19000000"}]}},
            amount("5", "9000000000000"), {"member": {"of": "l.region", "values": ["r1", "r7"]}}]),
    ];
    for statements in lists {
        for check in ["token", "keyed"] {
            let request = small(&mut world, statements.clone(), check);
            let relation = world.relation(&request);
            let compact = smallest(&relation);
            assert_eq!(compact.profile(), Profile::Compact, "{statements}");
            let bytes = world.present(&compact, &wallet, &[&credential]);
            assert_eq!(bytes.len(), expected_length(&compact));
            let fast = world.present(&relation, &wallet, &[&credential]);
            assert!(bytes.len() < fast.len());
            eprintln!("{} {}", bytes.len(), fast.len());
            let verifier = world.keyed_verifier();
            verifier.verify(&request, &bytes, NOW).unwrap_or_else(|f| panic!("{:?} {statements}", f.cause()));
            verifier.verify(&request, &fast, NOW).unwrap();
        }
    }
}
