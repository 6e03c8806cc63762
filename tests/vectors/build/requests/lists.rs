//! Requests about revocation that are refused.

use glimpse_circuits::request::Request;
use serde_json::{Value as Json, json};

use super::relation::refused;
use super::{MAX, form::form};
use crate::build::ask::{Ask, not_revoked, range};
use crate::format::InvalidRequest;
use crate::scene::{STRANGER, Scene, THIRD};

pub(super) fn all(scene: &Scene) -> Vec<InvalidRequest> {
    let mut all = forms(scene);
    all.extend(relations(scene));
    all
}

fn forms(scene: &Scene) -> Vec<InvalidRequest> {
    let seconds = "ages of lists are below 2^64, in their one spelling";
    let cases: Vec<(&str, Json, &str)> = vec![
        ("without an age", json!({"credential": "l"}), "missing member `max_age`"),
        ("without a credential", json!({"max_age": "60"}), "missing member `credential`"),
        ("of an attribute", json!({"of": "l.amount", "max_age": "60"}), "unknown member `of`"),
        ("with a member more", json!({"credential": "l", "max_age": "60", "of": "l"}), "unknown member `of`"),
        ("with null for a credential", json!({"credential": null, "max_age": "60"}), "null is nothing"),
        (
            "of a list of credentials",
            json!({"credential": ["l"], "max_age": "60"}),
            "`credential` is a string",
        ),
        ("with a number", json!({"credential": "l", "max_age": 60}), "there are no numbers in it"),
        ("with an age below 0", json!({"credential": "l", "max_age": "-1"}), seconds),
        ("with an age of 2^64", json!({"credential": "l", "max_age": "18446744073709551616"}), seconds),
        ("with a leading zero", json!({"credential": "l", "max_age": "060"}), seconds),
        ("with an age that is no integer", json!({"credential": "l", "max_age": "1.5"}), seconds),
        ("that is a text", json!("l"), "a statement's content is an object"),
    ];
    let one = |(name, content, reason): (&str, Json, &str)| {
        let ask = Ask::l(&format!("not_revoked {name}"), json!([{"not_revoked": content}]));
        let vector = form(&ask.name, ask.json(scene).to_string(), reason);
        assert!(Request::from_json(&vector.json).is_err(), "{name}");
        vector
    };
    cases.into_iter().map(one).collect()
}

fn relations(scene: &Scene) -> Vec<InvalidRequest> {
    let mut all = Vec::new();
    let l = || not_revoked("l", 60);
    let mut say = |ask: Ask, word: &str, reason: &str| all.push(refused(scene, &ask, word, reason));
    let of = |name: &str, statements: Json| Ask::l(&format!("not_revoked {name}"), statements);
    say(
        of("of a credential that is not asked for", json!([not_revoked("m", 60)])),
        "UnknownCredential",
        "there is no `m`",
    );
    say(
        of("of what is no identifier", json!([not_revoked("l.amount", 60)])),
        "UnknownCredential",
        "there is no `l.amount`",
    );
    say(of("of no name", json!([not_revoked("", 60)])), "UnknownCredential", "there is no such credential");
    say(of("twice", json!([l(), l()])), "Repeated", "once of each credential");
    say(of("twice with two ages", json!([l(), not_revoked("l", 61)])), "Repeated", "once of each credential");
    let unbound = Ask::new("not_revoked without a holder", &[("l", "test.unbound")], json!([l()]));
    say(unbound, "NoHandle", "credentials without a holder have no handle");
    let without = "no accepted key is known and has a revocation key";
    say(of("of a key without lists", json!([l()])).issuers(&[THIRD]), "NoLists", without);
    say(
        of("of a stranger and a key without lists", json!([l()])).issuers(&[STRANGER, THIRD]),
        "NoLists",
        without,
    );
    let mut second = Ask::new(
        "not_revoked of two, one of a key without lists",
        &[("l", "test.all"), ("m", "test.all")],
        json!([l(), not_revoked("m", 60)]),
    );
    second.wanted[1].issuers = vec![THIRD];
    say(second, "NoLists", without);
    let mut statements = vec![range("l.amount", 0, MAX); 15];
    statements.extend([range("l.amount", 0, 1 << 31), l()]);
    say(of("with 1,025 digits in all", json!(statements)), "TooLarge", "at most 1,024");
    all
}
