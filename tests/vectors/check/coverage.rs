//! That the file has something of everything: a vector that is dropped by mistake is missed here.

use std::collections::BTreeSet;

use glimpse_circuits::presentation::in_profile_of;
use glimpse_circuits::range_proof::{bits, slots};
use glimpse_circuits::relation::Profile;
use glimpse_circuits::request::Statement;
use serde_json::{Value as Json, json};

use super::requests::relation;
use super::{KNOWN, bytes};
use crate::scene::profiles;

const STATEMENTS: [&str; 11] = [
    "age",
    "date",
    "disclose",
    "equal",
    "equals",
    "flags",
    "intervals",
    "member",
    "not_member",
    "not_revoked",
    "range",
];

/// The name of a statement's kind.
fn kind(statement: &Statement) -> String {
    let json = serde_json::to_value(statement).unwrap();
    json.as_object().unwrap().keys().next().unwrap().clone()
}

#[test]
fn every_kind_of_statement_is_shown_in_both_profiles_and_both_ways() {
    let mut shown: BTreeSet<(bool, String)> = BTreeSet::new();
    let mut ways: BTreeSet<(bool, String)> = BTreeSet::new();
    let mut sizes: BTreeSet<(usize, usize)> = BTreeSet::new();
    for vector in &KNOWN.file.presentations.valid {
        let relation = in_profile_of(&relation(&vector.request), &bytes(&vector.bytes));
        let compact = relation.profile() == Profile::Compact;
        let document = relation.request().document();
        shown.extend(document.statements.iter().map(|statement| (compact, kind(statement))));
        ways.extend(document.credentials.iter().map(|one| (compact, format!("{:?}", one.check))));
        if compact {
            sizes.insert((slots(relation.ranges()), bits(relation.ranges())));
        }
    }
    let expected =
        [false, true].into_iter().flat_map(|compact| STATEMENTS.map(|kind| (compact, kind.to_owned())));
    assert_eq!(shown, expected.collect());
    assert_eq!(ways.len(), 4, "{ways:?}");
    let bits: BTreeSet<usize> = sizes.iter().map(|(_, bits)| *bits).collect();
    assert_eq!(bits, [8, 16, 32, 64].into());
    let slots: BTreeSet<usize> = sizes.iter().map(|(slots, _)| *slots).collect();
    assert_eq!(slots, [1, 2, 4, 8, 16].into());
}

#[test]
fn lists_are_asked_for_by_token_and_by_key_of_one_credential_and_of_several() {
    let mut ways: BTreeSet<(&str, String, usize, usize)> = BTreeSet::new();
    for vector in &KNOWN.file.presentations.valid {
        let relation = relation(&vector.request);
        let credentials = relation.credentials();
        for interval in relation.intervals() {
            let check = format!("{:?}", credentials[interval.credential].check);
            ways.insert((&vector.profile, check, credentials.len().min(2), relation.intervals().len()));
        }
    }
    for profile in ["fast", "compact"] {
        for check in ["Token", "Keyed"] {
            for several in [(1, 1), (2, 2)] {
                let way = (profile, check.to_owned(), several.0, several.1);
                assert!(ways.contains(&way), "{way:?} among {ways:?}");
            }
        }
        assert!(ways.iter().any(|(of, _, credentials, lists)| *of == profile && lists < credentials));
    }
}

#[test]
fn every_ready_made_question_is_answered_in_every_profile_it_has() {
    let mut answered = BTreeSet::new();
    let mut has_compact = BTreeSet::new();
    for vector in &KNOWN.file.presentations.valid {
        let relation = relation(&vector.request);
        let document: Json = serde_json::to_value(relation.request().document()).unwrap();
        let asked = (document["credentials"][0]["schema"].to_string(), document["statements"].to_string());
        if relation.compact().is_some() {
            has_compact.insert(asked.clone());
        }
        answered.insert((vector.profile.as_str(), asked));
    }
    for profile in profiles() {
        for question in profile.questions() {
            let name = format!("{} of {}", question.id, profile.schema());
            let statements = json!(question.statements_for("licence")).to_string();
            let asked = (json!(profile.schema().digest()).to_string(), statements);
            assert!(answered.contains(&("fast", asked.clone())), "{name}");
            assert!(
                !has_compact.contains(&asked) || answered.contains(&("compact", asked)),
                "{name}, compact"
            );
        }
    }
}

#[test]
fn every_stage_and_every_equation_refuses() {
    let file = &KNOWN.file;
    let of_requests: BTreeSet<&str> = file.requests.invalid.iter().map(|one| one.stage.as_str()).collect();
    assert_eq!(of_requests, ["form", "relation"].into());
    let of_issuance: BTreeSet<(&str, &str)> =
        file.issuance.invalid.iter().map(|one| (one.message.as_str(), one.stage.as_str())).collect();
    let expected = [
        ("issued", "binding"),
        ("issued", "decode"),
        ("issued", "proof"),
        ("issued", "values"),
        ("request", "binding"),
        ("request", "decode"),
        ("request", "proof"),
        ("request", "registration"),
    ];
    assert_eq!(of_issuance, expected.into());
    let of_tokens: BTreeSet<(&str, &str)> =
        file.tokens.invalid.iter().map(|one| (one.message.as_str(), one.stage.as_str())).collect();
    let expected = [
        ("pair", "decode"),
        ("pair", "proof"),
        ("response", "decode"),
        ("response", "proof"),
        ("token", "proof"),
    ];
    assert_eq!(of_tokens, expected.into());
    let of_presentations: BTreeSet<&str> =
        file.presentations.invalid.iter().map(|one| one.stage.as_str()).collect();
    assert_eq!(of_presentations, ["decode", "list", "proof", "request"].into());
    let of_lists: BTreeSet<&str> = file.lists.invalid.iter().map(|one| one.stage.as_str()).collect();
    assert_eq!(of_lists, ["decode", "proof"].into());
    // Each equation is the only one that does not hold, of some vector; none is, of those that a key finds out.
    let alone: BTreeSet<String> = file
        .presentations
        .invalid
        .iter()
        .filter_map(|one| one.equations.as_deref())
        .filter(|equations| equations.len() <= 1)
        .map(|equations| equations.concat())
        .collect();
    let expected =
        ["", "credential 0", "credential 1", "digits", "ranges", "token 0", "token 1"].map(str::to_owned);
    assert_eq!(alone, expected.into());
}
