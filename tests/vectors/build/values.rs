//! Disclosed values that are not the credential's, or no values at all; and answers to other requests.

use glimpse_circuits::attribute::Value;
use glimpse_circuits::encoding::write_value;
use glimpse_circuits::presentation::Presentation;
use glimpse_fixtures::schemas::date;
use serde_json::json;

use super::ask::{Ask, disclose, range};
use super::book::{Book, Refused, disclosed_bytes};

pub(crate) fn all(book: &mut Book) {
    other_values(book);
    no_values(book);
    other_requests(book);
}

/// In the order in which [`BASE`] discloses: badges, score, seen, note, city, region, classes, amount, until, name.
const BASE: &str = "disclose all in another order than the schema's";

/// Values that the schema allows.
fn other_values(book: &mut Book) {
    let cases: Vec<(usize, &str, Value)> = vec![
        (0, "flags that are absent", Value::Flags(0)),
        (1, "a number more by 1", Value::Uint(8)),
        (1, "a number as absent", Value::Absent),
        (2, "a day for an absent value", date("2026-11-22")),
        (3, "a text for an absent value", Value::Text("x".into())),
        (4, "another code", Value::Code("北京".into())),
        (5, "another code of the table", Value::Code("r6".into())),
        (6, "other flags", Value::Flags(0b01_0011)),
        (7, "another number", Value::Uint(1_000_001)),
        (8, "the day after", date("2030-01-02")),
        (9, "another name", Value::Text("李四".into())),
    ];
    for (index, name, value) in cases {
        let made = book.made(BASE);
        let mut presentation = Presentation::from_bytes(&made.relation, &made.bytes).unwrap();
        presentation.disclosed[index] = value;
        book.refused(Refused {
            name: format!("{BASE}: {name}"),
            request: &made.request,
            audience: None,
            now: made.now,
            bytes: presentation.to_bytes(),
            stage: "proof",
            reason: "a disclosed value was altered",
        });
    }
}

/// Values that the schema does not allow, and spellings that are none.
fn no_values(book: &mut Book) {
    let value = |value: Value| {
        let mut bytes = Vec::new();
        write_value(&mut bytes, &value);
        bytes
    };
    let text = |tag: u8, text: &str| {
        let mut bytes = vec![tag];
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes
    };
    let cases: Vec<(usize, &str, Vec<u8>, &str)> = vec![
        (0, "a flag that is none", value(Value::Flags(0b100)), "the schema has two flags"),
        (1, "a number above the schema's", value(Value::Uint(1001)), "the schema ends at 1000"),
        (1, "a date for a number", value(date("0001-01-08")), "another type with the same scalar"),
        (1, "flags for a number", value(Value::Flags(7)), "another type with the same scalar"),
        (4, "a text for a code", text(5, "上海"), "another type with the same scalar"),
        (4, "a code that is absent", value(Value::Absent), "the attribute is required"),
        (5, "a code that is not in the table", text(4, "r10"), "the table has r0 to r9"),
        (6, "a seventh flag", value(Value::Flags(0b101_0010)), "the schema has six flags"),
        (7, "2^63", value(Value::Uint(1 << 63)), "numbers are below 2^63"),
        (8, "a day before the schema's first", value(date("1899-12-31")), "the schema begins with 1900"),
        (
            8,
            "the day after 9999-12-31",
            [&[1][..], &3_652_059u32.to_le_bytes()].concat(),
            "the calendar ends there",
        ),
        (9, "a code for a text", text(4, "张三"), "another type with the same scalar"),
        (9, "an empty name", text(5, ""), "strings have a character"),
        (9, "a name of 65 characters", text(5, &"文".repeat(65)), "the schema allows 64"),
        (9, "a name not in form C", text(5, "cafe\u{301}"), "not in form C"),
        (9, "a name with a line feed", text(5, "张三\n"), "no control characters"),
        (9, "a name with an override", text(5, "张\u{202e}三"), "no invisible characters"),
        (9, "a name that is not UTF-8", vec![5, 1, 0, 0xff], "not UTF-8"),
        (9, "a tag that is none", vec![6], "there are tags 0 to 5"),
    ];
    for (index, name, bytes, reason) in cases {
        let made = book.made(BASE);
        let place = disclosed_bytes(&made.relation, &made.bytes);
        let presentation = Presentation::from_bytes(&made.relation, &made.bytes).unwrap();
        let mut values: Vec<Vec<u8>> =
            presentation.disclosed.iter().map(|known| value(known.clone())).collect();
        values[index] = bytes;
        let whole = [&made.bytes[..place.start], &values.concat(), &made.bytes[place.end..]].concat();
        book.refused(Refused {
            name: format!("{BASE}: {name}"),
            request: &made.request,
            audience: None,
            now: made.now,
            bytes: whole,
            stage: "decode",
            reason,
        });
    }
}

/// A presentation for one request as the answer to another that is much the same.
fn other_requests(book: &mut Book) {
    let base = "age at least 18";
    let made = book.made(base);
    let asked = Ask::short(base, json!([{"age": {"of": "l.birth", "at_least": "18"}}])).json(&book.scene);
    let key = |i: usize| asked["credentials"][0]["issuers"][i].clone();
    let small = json!("small");
    let cases = vec![
        ("nonce", "/nonce", json!("07".repeat(32)), "proof"),
        ("purpose", "/purpose/en", json!("Another test"), "proof"),
        ("name of the verifier", "/audience_name/zh-CN", json!("验证"), "proof"),
        ("place to answer to", "/response_uri", json!("https://other.example/"), "proof"),
        ("moment", "/issued_at", json!((made.now - 2).to_string()), "proof"),
        ("expiry", "/expires_at", json!((made.now + 300).to_string()), "proof"),
        ("order of issuers", "/credentials/0/issuers", json!([key(1), key(0)]), "proof"),
        ("list of issuers", "/credentials/0/issuers", json!([key(0)]), "proof"),
        ("name of the credential", "", json!(null), "proof"),
        ("check", "/credentials/0/check", json!("keyed"), "decode"),
        ("age", "/statements/0/age/at_least", json!("19"), "proof"),
        ("attribute", "/statements/0/age/of", json!("l.until"), "proof"),
        ("statements", "/statements", json!([]), "decode"),
        ("preference", "/prefer", small, "proof"),
    ];
    for (name, path, value, stage) in cases {
        let mut json = asked.clone();
        match path {
            "" => {
                json["credentials"][0]["id"] = json!("m");
                json["statements"][0]["age"]["of"] = json!("m.birth");
            }
            "/prefer" => json["prefer"] = value,
            path => *json.pointer_mut(path).unwrap() = value,
        }
        let request = format!("{base}, another {name}");
        book.altered_request(&request, &json);
        book.refused(Refused {
            name: format!("{base}: the answer to a request with another {name}"),
            request: &request,
            audience: None,
            now: made.now,
            bytes: made.bytes.clone(),
            stage,
            reason: "it answers another request",
        });
    }
    let mut json = asked;
    json["audience"] = json!("https://other.example");
    let request = format!("{base}, another audience");
    book.altered_request(&request, &json);
    for (name, audience, stage, reason) in [
        (
            "passed on to another verifier",
            Some("https://other.example"),
            "proof",
            "it answers a request of another audience",
        ),
        ("an answer to another verifier's request", None, "request", "the request is for another audience"),
    ] {
        book.refused(Refused {
            name: format!("{base}: {name}"),
            request: &request,
            audience,
            now: made.now,
            bytes: made.bytes.clone(),
            stage,
            reason,
        });
    }
    // What the request does not prefer is not accepted, and the bytes say which profile they are in.
    let shown = book.made("small: at the upper end of both, compact");
    let ask =
        Ask::short("at the upper end of both, not small", json!([range("l.amount", 999_900, 1_000_000)]));
    book.request(&ask);
    book.refused(Refused {
        name: "a compact answer to a request that does not prefer small ones".into(),
        request: &ask.name,
        audience: None,
        now: shown.now,
        bytes: shown.bytes,
        stage: "decode",
        reason: "the request does not prefer small answers",
    });
    // Answers to requests of the same form.
    let (city, name) = ("disclose a code without a table", "disclose a text");
    let (shown, other) = (book.made(city), book.made(name));
    book.refused(Refused {
        name: "a city for a name".into(),
        request: &other.request,
        audience: None,
        now: other.now,
        bytes: shown.bytes,
        stage: "decode",
        reason: "it answers another request: a code where a text is asked for",
    });
    let ask = Ask::l("a number asked for", json!([disclose("l.amount")]));
    book.request(&ask);
    let shown = book.made("disclose a number");
    book.refused(Refused {
        name: "the same number, asked for again".into(),
        request: &ask.name,
        audience: None,
        now: shown.now,
        bytes: shown.bytes,
        stage: "proof",
        reason: "it answers another request with the same statement",
    });
}
