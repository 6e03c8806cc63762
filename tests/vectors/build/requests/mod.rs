//! Requests at the limits, and requests that are refused, each for one reason.

mod form;
mod lists;
mod narrow;
mod relation;

use glimpse_circuits::request::Request;
use serde_json::json;

use super::ask::{Ask, disclose, equals, flags, intervals, range, range_of};
use super::book::Book;
use crate::format::InvalidRequest;
use crate::scene::Scene;

const MAX: i128 = (1 << 63) - 1;

/// What is no request at all, then what the registry does not allow.
pub(crate) fn invalid(scene: &Scene) -> Vec<InvalidRequest> {
    let mut all = form::texts(scene);
    all.extend(form::members(scene));
    for vector in &all {
        assert!(Request::from_json(&vector.json).is_err(), "{}", vector.name);
    }
    all.extend(relation::all(scene));
    all.extend(lists::all(scene));
    let names: std::collections::BTreeSet<&String> = all.iter().map(|vector| &vector.name).collect();
    assert_eq!(names.len(), all.len());
    all
}

/// Requests without a presentation: at the limits of what may be asked.
pub(crate) fn at_the_limits(book: &mut Book) {
    let equals = equals("l.name", "x");
    book.request(&Ask::l("64 statements and residuals", json!(vec![equals; 64])));
    let wide = range("l.amount", 0, MAX);
    let mut digits = vec![wide; 16];
    digits.push(range("l.amount", 0, 65_535));
    book.request(&Ask::l("1,024 digits", json!(digits)));
    let list: Vec<(i128, i128)> = (0..512).map(|i| (5 * i, 5 * i + 1)).collect();
    book.request(&Ask::l("512 intervals", json!([intervals("l.amount", &list)])));
    book.request(&Ask::l(
        "a combination just below 2^126",
        json!([range_of(&[("l.amount", i64::MAX)], 0, 5)]),
    ));
    other_texts(book);
    book.request(&Ask::l("2^53 + 1", json!([range("l.amount", (1 << 53) + 1, (1 << 53) + 1)])));
    book.request(&Ask::l("2^53", json!([range("l.amount", 1 << 53, 1 << 53)])));
}

/// One request in several spellings: what it says is hashed, not how it is written.
fn other_texts(book: &mut Book) {
    let statements = json!([disclose("l.city"), flags("l.classes", &["A2"], &[], &[])]);
    let ask = Ask::short("one request in several texts", statements);
    book.request(&ask);
    let json = ask.json(&book.scene);
    let text = json.to_string();
    let written = vec![
        text.clone(),
        serde_json::to_string_pretty(&json).unwrap(),
        text.replace("验证方", "\\u9a8c\\u8bc1\\u65b9"),
        text.replace("verifier.example/", "verifier.example\\/"),
        format!(" \r\n\t{text}\n"),
    ];
    assert!(text.contains("\"none\":[]"), "empty lists are left out of the canonical text only");
    if let Some(known) = book.requests.last_mut() {
        known.written = written;
    }
}
