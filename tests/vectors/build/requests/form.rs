//! Texts that are no requests.

use glimpse_circuits::request::Request;
use serde_json::{Value as Json, json};

use crate::build::ask::{Ask, disclose, equals, flags, member, range};
use crate::format::InvalidRequest;
use crate::scene::{FIRST, Scene};

/// A request with something of everything in it.
fn whole() -> Ask {
    let statements = json!([
        disclose("l.amount"),
        range("l.amount", (1 << 53) + 1, (1 << 53) + 2),
        {"age": {"of": "l.birth", "at_least": "18", "below": "60"}},
        {"date": {"of": "l.until", "from": "today", "to": "2099-01-01"}},
        member("l.region", &["r1", "r7"]),
        flags("l.classes", &["A2"], &["C2"], &["C1", "B1"]),
    ]);
    Ask::short("whole", statements).issuers(&[FIRST])
}

pub(super) fn form(name: &str, json: String, reason: &str) -> InvalidRequest {
    InvalidRequest { name: name.to_owned(), json, stage: "form".to_owned(), reason: reason.to_owned() }
}

/// Changes to the text.
pub(super) fn texts(scene: &Scene) -> Vec<InvalidRequest> {
    let text = whole().json(scene).to_string();
    assert!(Request::from_json(&text).is_ok());
    let replaced = |name: &str, from: &str, to: &str, reason: &str| {
        assert!(text.contains(from), "{from}");
        form(name, text.replacen(from, to, 1), reason)
    };
    vec![
        form("no text", String::new(), "nothing is no JSON"),
        form("half a text", text[..text.len() / 2].to_owned(), "it ends too early"),
        form("text after the end", format!("{text} x"), "something follows the object"),
        form("twice", format!("{text}{text}"), "a second object follows"),
        form("a list", format!("[{text}]"), "a request is an object"),
        replaced(
            "an unknown member",
            "{\"audience\"",
            "{\"extra\":\"1\",\"audience\"",
            "unknown member `extra`",
        ),
        replaced(
            "an unknown member in a statement",
            "{\"disclose\":{",
            "{\"disclose\":{\"as\":\"x\",",
            "unknown member `as`",
        ),
        replaced(
            "an unknown member in a credential",
            "{\"check\"",
            "{\"format\":\"x\",\"check\"",
            "unknown member `format`",
        ),
        replaced("an unknown member in a text", "{\"en\"", "{\"fr\":\"x\",\"en\"", "unknown member `fr`"),
        replaced(
            "a repeated member",
            "{\"audience\"",
            "{\"version\":\"1\",\"audience\"",
            "`version` twice, alike",
        ),
        replaced(
            "a repeated member with another value",
            "{\"audience\"",
            &format!("{{\"nonce\":\"{}\",\"audience\"", "07".repeat(32)),
            "`nonce` twice",
        ),
        replaced(
            "a repeated member in a statement",
            "{\"disclose\":{",
            "{\"disclose\":{\"of\":\"l.amount\",",
            "`of` twice",
        ),
        replaced(
            "a repeated member under an escaped name",
            "{\"disclose\":{",
            "{\"disclose\":{\"\\u006ff\":\"l.amount\",",
            "`of` twice, once written \\u006ff",
        ),
        replaced(
            "2^53 + 1 as a number",
            "\"9007199254740993\"",
            "9007199254740993",
            "an integer is a string",
        ),
        replaced(
            "2^53 + 1 as a float",
            "\"9007199254740993\"",
            "9007199254740993.0",
            "an integer is a string",
        ),
        replaced("the version as a number", "\"version\":\"1\"", "\"version\":1", "an integer is a string"),
        replaced("a lone surrogate", "\"Test\"", "\"\\ud800\"", "no text has a lone surrogate"),
        replaced(
            "a raw line feed",
            "\"Test\"",
            "\"Te\nst\"",
            "a control character stands in a string unescaped",
        ),
    ]
}

/// Changes to one member.
pub(super) fn members(scene: &Scene) -> Vec<InvalidRequest> {
    let original = whole().json(scene);
    let statement = original["statements"][0].clone();
    let credential = |i: usize| {
        let mut credential = original["credentials"][0].clone();
        credential["id"] = json!(format!("l{i}"));
        credential
    };
    let key = original["credentials"][0]["issuers"][0].clone();
    let lo = "/statements/1/range/lo";
    let of = "/statements/0/disclose/of";
    let date = "/statements/3/date/from";
    let first = "/statements/0";
    let issuer = "/credentials/0/issuers/0";
    let coefficient = "/statements/1/range/of/0/coefficient";
    let cases: Vec<(&str, &str, Json, &str)> = vec![
        ("a leading zero", lo, json!("01"), "integers have one spelling"),
        ("a plus", lo, json!("+1"), "integers have one spelling"),
        ("minus zero", lo, json!("-0"), "integers have one spelling"),
        ("a blank", lo, json!(" 1"), "integers have one spelling"),
        ("hexadecimal", lo, json!("0x1"), "integers have one spelling"),
        ("wide digits", lo, json!("１"), "integers have one spelling"),
        ("an empty integer", lo, json!(""), "integers have one spelling"),
        (
            "a bound of 2^127",
            lo,
            json!("170141183460469231731687303715884105728"),
            "bounds fit in 128 bits with sign",
        ),
        (
            "a coefficient of 2^63",
            coefficient,
            json!("9223372036854775808"),
            "coefficients fit in 64 bits with sign",
        ),
        ("a negative time", "/issued_at", json!("-1"), "times are not negative"),
        ("a time of 2^64", "/issued_at", json!("18446744073709551616"), "times fit in 64 bits"),
        ("an age of 65,536", "/statements/2/age/at_least", json!("65536"), "ages fit in 16 bits"),
        (
            "null for an optional member",
            "/statements/2/age/below",
            json!(null),
            "null is not another way to leave something out",
        ),
        (
            "null for a list",
            "/statements/5/flags/none",
            json!(null),
            "null is not another way to leave something out",
        ),
        ("another version", "/version", json!("2"), "this is version 1"),
        ("a short nonce", "/nonce", json!("0".repeat(62)), "a nonce is 32 bytes"),
        ("a nonce in capitals", "/nonce", json!("A".repeat(64)), "hexadecimal digits are lower case"),
        (
            "a schema digest of 31 bytes",
            "/credentials/0/schema",
            json!("0".repeat(62)),
            "a digest is 32 bytes",
        ),
        ("an unknown check", "/credentials/0/check", json!("none"), "`token` or `keyed`"),
        ("an unknown preference", "/prefer", json!("fast"), "`small` is the only one"),
        ("null for the preference", "/prefer", json!(null), "null is not another way to leave something out"),
        ("the identity as a key", issuer, json!("0".repeat(64)), "no key is the identity"),
        ("a key that is no point", issuer, json!("f".repeat(64)), "not the encoding of a point"),
        (
            "a key in capitals",
            issuer,
            json!(key.as_str().unwrap().to_uppercase()),
            "hexadecimal digits are lower case",
        ),
        ("a key twice", "/credentials/0/issuers", json!([key, key]), "each key once"),
        ("no key", "/credentials/0/issuers", json!([]), "at least one key"),
        ("no credential", "/credentials", json!([]), "at least one credential"),
        (
            "nine credentials",
            "/credentials",
            json!((0..9).map(credential).collect::<Vec<_>>()),
            "at most eight credentials",
        ),
        ("one id for two credentials", "/credentials", json!([credential(0), credential(0)]), "each id once"),
        ("an id with a capital", "/credentials/0/id", json!("L"), "[a-z][a-z0-9_]{0,63}"),
        ("an id of 65 letters", "/credentials/0/id", json!("l".repeat(65)), "[a-z][a-z0-9_]{0,63}"),
        ("an empty id", "/credentials/0/id", json!(""), "[a-z][a-z0-9_]{0,63}"),
        (
            "65 statements, hence 65 residuals",
            "/statements",
            json!(vec![equals("l.city", "x"); 65]),
            "at most 64 statements",
        ),
        ("65 statements", "/statements", json!(vec![statement; 65]), "at most 64 statements"),
        ("a statement without members", first, json!({}), "one member"),
        (
            "a statement of two kinds",
            first,
            json!({"disclose": {"of": "l.amount"}, "equals": {"of": "l.city", "value": "x"}}),
            "one member",
        ),
        ("an unknown statement", first, json!({"above": {"of": "l.amount"}}), "no statement of this kind"),
        (
            "a statement in capitals",
            first,
            json!({"Disclose": {"of": "l.amount"}}),
            "no statement of this kind",
        ),
        ("a reference without an attribute", of, json!("l"), "`credential.attribute`"),
        ("a reference with three parts", of, json!("l.amount.x"), "`credential.attribute`"),
        ("a reference in capitals", of, json!("l.Amount"), "`credential.attribute`"),
        ("a day that is none", date, json!("2026-02-29"), "`today` or a day of the calendar"),
        ("a day before year 1", date, json!("0000-12-31"), "`today` or a day of the calendar"),
        ("a day in another spelling", date, json!("2026-2-28"), "`today` or a day of the calendar"),
        ("another word for a day", date, json!("tomorrow"), "`today` or a day of the calendar"),
        ("one value for a list", "/statements/4/member/values", json!("r7"), "a list"),
        (
            "it expires when it is issued",
            "/expires_at",
            original["issued_at"].clone(),
            "it expires after it was issued",
        ),
        ("an empty audience", "/audience", json!(""), "1 to 255 characters"),
        ("an audience of 256 characters", "/audience", json!("x".repeat(256)), "1 to 255 characters"),
        ("an audience with an override", "/audience", json!("https://a\u{202e}b"), "printable characters"),
        (
            "a response URI of 1,025 characters",
            "/response_uri",
            json!("x".repeat(1025)),
            "1 to 1,024 characters",
        ),
        ("a name of 121 characters", "/audience_name/en", json!("x".repeat(121)), "1 to 120 characters"),
        ("a name in one language", "/audience_name", json!({"en": "Verifier"}), "both languages"),
        ("a purpose of 501 characters", "/purpose/zh-CN", json!("文".repeat(501)), "1 to 500 characters"),
        ("an empty purpose", "/purpose/zh-CN", json!(""), "1 to 500 characters"),
    ];
    let mut all = Vec::new();
    for (name, path, value, reason) in cases {
        let mut json = original.clone();
        let (parent, member) = path.rsplit_once('/').unwrap();
        let parent = json.pointer_mut(parent).unwrap();
        match member.parse::<usize>() {
            Ok(i) => parent[i] = value,
            Err(_) => parent[member] = value,
        }
        all.push(form(name, json.to_string(), reason));
    }
    for member in original.as_object().unwrap().keys() {
        let mut json = original.clone();
        json.as_object_mut().unwrap().remove(member);
        all.push(form(&format!("without {member}"), json.to_string(), "a member is missing"));
    }
    all
}
