//! The compact profile: the same statements, shown with one Bulletproof.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use glimpse_circuits::attribute::Value;
use glimpse_circuits::presentation::{expected_length, smallest};
use glimpse_circuits::relation::{Profile, Relation};
use glimpse_circuits::request::Request;
use glimpse_fixtures::schemas::{all_types, all_types_values, attribute, numbered, schema};
use glimpse_fixtures::{NOW, World};
use serde_json::{Value as Json, json};

fn small(world: &mut World, statements: Json, check: &str) -> Arc<Request> {
    world.request_for_small(&[("l", &all_types())], statements, check)
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
            let verifier = world.keyed_verifier();
            verifier.verify(&request, &bytes, NOW).unwrap_or_else(|f| panic!("{:?} {statements}", f.cause()));
            verifier.verify(&request, &fast, NOW).unwrap();
        }
    }
}

/// As many values as a proof may have, and one more; as wide as a range may be.
#[test]
fn at_most_sixteen_values() {
    let kind = json!({"uint": {"min": "0", "max": "9223372036854775807"}});
    let names = numbered("n", 17);
    let attributes = names.iter().map(|name| attribute(name, kind.clone(), true, "disclose")).collect();
    let schema = schema("test.many", "holder", attributes);
    let mut world = World::new(2, std::slice::from_ref(&schema));
    let wallet = world.wallet();
    let credential = world.obtain(&wallet, &schema, vec![Value::Uint(1 << 62); 17]);
    for (count, hi, fits) in [
        (16, "9223372036854775807", true),
        (17, "9223372036854775807", false),
        (8, "9223372036854775806", true),
        (9, "9223372036854775806", false),
    ] {
        let range = |name: &String| {
            let of = json!([{"attribute": format!("l.{name}"), "coefficient": "1"}]);
            json!({"range": {"of": of, "lo": "1", "hi": hi}})
        };
        let statements: Vec<Json> = names[..count].iter().map(range).collect();
        let request = world.request_for_small(&[("l", &schema)], json!(statements), "keyed");
        // More than 1,024 digits: there is no fast answer to seventeen of these.
        let Ok(relation) = Relation::compile(request.clone(), &world.registry) else {
            assert!(!fits);
            continue;
        };
        let shown = smallest(&relation);
        assert_eq!(shown.profile(), if fits { Profile::Compact } else { Profile::Fast });
        assert_eq!(relation.compact().is_some(), fits);
        let bytes = world.present(&shown, &wallet, &[&credential]);
        world.keyed_verifier().verify(&request, &bytes, NOW).unwrap();
    }
}

/// Where digits are shorter the wallet sends digits, though a compact answer would be accepted.
#[test]
fn compact_only_where_that_is_shorter() {
    let schema = all_types();
    let mut world = World::new(3, std::slice::from_ref(&schema));
    for (hi, shorter) in
        [("20", false), ("65535", false), ("2097152", false), ("4194304", true), ("9000000000000", true)]
    {
        let request = small(&mut world, json!([amount("1", hi)]), "token");
        let relation = world.relation(&request);
        let compact = relation.compact().unwrap();
        assert_eq!(expected_length(&compact) < expected_length(&relation), shorter, "{hi}");
        assert_eq!(smallest(&relation).profile() == Profile::Compact, shorter, "{hi}");
    }
    for statements in [json!([]), json!([amount("1", "16")]), json!([{"disclose": {"of": "l.name"}}])] {
        let request = small(&mut world, statements, "token");
        assert!(world.relation(&request).compact().is_none());
    }
}

/// Both ends belong to a range, for every width at the edge of a number of bits.
#[test]
fn both_ends_are_in_range() {
    let schema = all_types();
    let mut world = World::new(4, std::slice::from_ref(&schema));
    let wallet = world.wallet();
    let credential = world.obtain(&wallet, &schema, all_types_values());
    let max = (1u64 << 63) - 1;
    let mut bounds = vec![(0, 1_000_000), (1_000_000, max), (1_000_000, max - 1)];
    for width in [16, 31, 255, 256, 65_535, 65_536] {
        bounds.extend([(1_000_000, 1_000_000 + width), (1_000_000 - width, 1_000_000)]);
    }
    bounds.extend([((1 << 32) - 1), 1 << 32].map(|width| (1_000_000, 1_000_000 + width)));
    for (lo, hi) in bounds {
        let intervals = json!([{"lo": lo.to_string(), "hi": hi.to_string()}]);
        let of = json!([{"attribute": "l.amount", "coefficient": "1"}]);
        for statement in [
            amount(&lo.to_string(), &hi.to_string()),
            json!({"intervals": {"of": of, "intervals": intervals}}),
        ] {
            let request = small(&mut world, json!([statement]), "keyed");
            let compact = world.relation(&request).compact().unwrap();
            let bytes = world.present(&compact, &wallet, &[&credential]);
            world.keyed_verifier().verify(&request, &bytes, NOW).unwrap();
        }
    }
}
