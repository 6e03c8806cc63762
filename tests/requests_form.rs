//! Requests that are not even of the right form: spelling, keys, limits.
//!
//! attacks.md, Soundness 10. No text that two parsers could read differently is a request.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use glimpse_circuits::request::{Request, RequestFormError};
use glimpse_circuits::schema::Schema;
use glimpse_fixtures::World;
use glimpse_fixtures::schemas::all_types;
use serde_json::{Value as Json, json};

/// A request with an object of every kind in it.
fn request() -> Json {
    let schema = all_types();
    let mut world = World::new(1, std::slice::from_ref(&schema));
    let term = json!([{"attribute": "l.amount", "coefficient": "1"}]);
    let statements = json!([
        {"disclose": {"of": "l.name"}},
        {"range": {"of": term, "lo": "9007199254740993", "hi": "9007199254740994"}},
        {"age": {"of": "l.birth", "at_least": "18", "below": "60"}},
        {"date": {"of": "l.until", "from": "today", "to": "2099-01-01"}},
        {"equals": {"of": "l.region", "value": "r7"}},
        {"member": {"of": "l.region", "values": ["r1", "r7"]}},
        {"not_member": {"of": "l.region", "values": ["r1", "r2"]}},
        {"intervals": {"of": term, "intervals": [{"lo": "9007199254740993", "hi": "9007199254740994"}]}},
        {"flags": {"of": "l.classes", "all": ["A2"], "none": ["C2"], "any": ["C1", "B1"]}},
        {"equal": {"left": "l.name", "right": "l.serial"}},
    ]);
    world.request_json(&[("l", &schema)], statements, "token")
}

fn form(request: &Json) -> Result<(), RequestFormError> {
    Request::from_json(&request.to_string()).map(|_| ())
}

fn is_json(result: Result<(), RequestFormError>) -> bool {
    matches!(result, Err(RequestFormError::Json(_)))
}

/// JSON text in which object number `at` has more in it: its first member once more, or a new one.
fn with_extra(value: &Json, at: &mut isize, extra: &dyn Fn(&str, &str) -> String) -> String {
    match value {
        Json::Object(members) => {
            let here = *at == 0;
            *at -= 1;
            let mut parts: Vec<String> = members
                .iter()
                .map(|(key, value)| format!("{}:{}", json!(key), with_extra(value, at, extra)))
                .collect();
            if here {
                let (key, value) = members.iter().next().unwrap();
                parts.push(extra(&json!(key).to_string(), &value.to_string()));
            }
            format!("{{{}}}", parts.join(","))
        }
        Json::Array(list) => {
            let parts: Vec<String> = list.iter().map(|value| with_extra(value, at, extra)).collect();
            format!("[{}]", parts.join(","))
        }
        other => other.to_string(),
    }
}

/// attacks.md 10: duplicate and unknown keys, in every object of the request.
#[test]
fn duplicate_and_unknown_keys_at_every_depth() {
    let request = request();
    let mut objects = isize::MAX;
    let unchanged = with_extra(&request, &mut objects, &|_, _| unreachable!());
    let count = isize::MAX - objects;
    assert_eq!(serde_json::from_str::<Json>(&unchanged).unwrap(), request);
    assert!(Request::from_json(&unchanged).is_ok());
    assert!(count >= 26, "{count}");
    for object in 0..count {
        type Extra = Box<dyn Fn(&str, &str) -> String>;
        let extras: [Extra; 4] = [
            Box::new(|key, value| format!("{key}:{value}")),
            Box::new(|key, _| format!("{key}:\"1\"")),
            Box::new(|_, _| "\"extra\":\"1\"".into()),
            Box::new(|_, _| "\"\":null".into()),
        ];
        for (i, extra) in extras.iter().enumerate() {
            let text = with_extra(&request, &mut object.clone(), extra);
            assert!(is_json(Request::from_json(&text).map(|_| ())), "object {object}, extra {i}: {text}");
        }
    }
}

/// attacks.md 10: integers are decimal strings in one spelling; JSON numbers lose digits in many parsers.
#[test]
fn integers_in_another_spelling() {
    for path in [
        "/version",
        "/issued_at",
        "/expires_at",
        "/statements/1/range/lo",
        "/statements/1/range/hi",
        "/statements/1/range/of/0/coefficient",
        "/statements/2/age/at_least",
        "/statements/2/age/below",
        "/statements/7/intervals/intervals/0/lo",
        "/statements/7/intervals/intervals/0/hi",
    ] {
        let now = request().pointer(path).unwrap().as_str().unwrap().to_owned();
        let number: i64 = now.parse().unwrap();
        let with = |value: Json| {
            let mut request = request();
            *request.pointer_mut(path).unwrap() = value;
            form(&request)
        };
        assert_eq!(with(json!(now)), Ok(()));
        for bad in [
            json!(number),
            json!(number as f64),
            json!(format!("0{now}")),
            json!(format!("+{now}")),
            json!(format!(" {now}")),
            json!(format!("{now} ")),
            json!(format!("{now}.0")),
            json!(format!("{now}e0")),
            json!("-0"),
            json!(""),
            json!("0x1"),
            json!("１"),
            json!("1_000"),
            json!("9".repeat(40)),
            json!(null),
            json!([now]),
            json!(true),
        ] {
            assert!(is_json(with(bad.clone())), "{path} = {bad}");
        }
    }
    for (path, value) in [
        ("/statements/1/range/of/0/coefficient", "9223372036854775808"),
        ("/statements/1/range/lo", "170141183460469231731687303715884105728"),
        ("/statements/1/range/lo", "-170141183460469231731687303715884105729"),
        ("/issued_at", "-1"),
        ("/issued_at", "18446744073709551616"),
        ("/statements/2/age/at_least", "65536"),
        ("/statements/2/age/at_least", "-1"),
        ("/version", "256"),
    ] {
        let mut request = request();
        *request.pointer_mut(path).unwrap() = json!(value);
        assert!(is_json(form(&request)), "{path} = {value}");
    }
}

/// A reference names an attribute of a credential and nothing else.
#[test]
fn references_of_another_form() {
    for reference in
        ["l", "l.", ".name", "l.name.x", "L.name", "l.Name", "l.0", "l. name", "l/name", "", "l.名", "l.h[0]"]
    {
        let mut request = request();
        *request.pointer_mut("/statements/0/disclose/of").unwrap() = json!(reference);
        assert!(is_json(form(&request)), "{reference}");
    }
}

#[test]
fn other_values_that_cannot_be_read() {
    let key = request()["credentials"][0]["issuers"][0].as_str().unwrap().to_owned();
    for (path, value) in [
        ("/nonce", json!("0".repeat(63))),
        ("/nonce", json!("0".repeat(66))),
        ("/nonce", json!("A".repeat(64))),
        ("/nonce", json!("g".repeat(64))),
        ("/credentials/0/schema", json!("0")),
        ("/credentials/0/check", json!("Token")),
        ("/credentials/0/check", json!("none")),
        ("/credentials/0/issuers/0", json!(key.to_uppercase())),
        ("/credentials/0/issuers/0", json!("0".repeat(64))),
        ("/credentials/0/issuers/0", json!("f".repeat(64))),
        ("/statements/3/date/from", json!("tomorrow")),
        ("/statements/3/date/from", json!("2026-02-29")),
        ("/statements/3/date/to", json!("2099-1-1")),
        ("/statements/0", json!({"Disclose": {"of": "l.name"}})),
        ("/statements/0", json!({})),
        ("/statements/0", json!("disclose")),
        ("/statements/0", json!(["disclose", {"of": "l.name"}])),
        ("/statements/5/member/values", json!("r7")),
        ("/purpose", json!("text")),
    ] {
        let mut request = request();
        *request.pointer_mut(path).unwrap() = value.clone();
        assert!(is_json(form(&request)), "{path} = {value}");
    }
    let text = request().to_string();
    for text in
        [format!("{text} x"), format!("{text}{text}"), text[..text.len() - 1].to_owned(), String::new()]
    {
        assert!(is_json(Request::from_json(&text).map(|_| ())));
    }
    for member in request().as_object().unwrap().keys() {
        let mut without = request();
        without.as_object_mut().unwrap().remove(member);
        assert!(is_json(form(&without)), "without {member}");
    }
}

/// `null` is not another way to leave something out.
#[test]
fn null_is_no_value() {
    let null = |path: &str| {
        let mut request = request();
        let (parent, key) = path.rsplit_once('/').unwrap();
        request.pointer_mut(parent).unwrap()[key] = json!(null);
        is_json(form(&request))
    };
    let lists = ["all", "none", "any"].map(|list| format!("/statements/8/flags/{list}"));
    let ages = ["at_least", "below"].map(|bound| format!("/statements/2/age/{bound}"));
    let days = ["from", "to"].map(|bound| format!("/statements/3/date/{bound}"));
    let accepted: Vec<&String> = lists.iter().chain(&ages).chain(&days).filter(|path| !null(path)).collect();
    assert_eq!(accepted, Vec::<&String>::new());
}

#[test]
fn null_is_no_code_table() {
    let mut schema = serde_json::to_value(&*all_types()).unwrap();
    let table = schema.pointer_mut("/attributes/6/type/code/table").unwrap();
    *table = json!(null);
    assert!(Schema::from_json(&schema.to_string()).is_err(), "null for a table: any code");
}

/// Limits, each with the member it is about.
#[test]
fn members_out_of_their_limits() {
    let original = request();
    let credential = original["credentials"][0].clone();
    let named = |id: &str| {
        let mut credential = credential.clone();
        credential["id"] = json!(id);
        credential
    };
    let many: Vec<Json> = (0..9).map(|i| named(&format!("l{i}"))).collect();
    let issuers = credential["issuers"].as_array().unwrap();
    let twice = json!([issuers[0], issuers[1], issuers[0]]);
    let statement = original["statements"][0].clone();
    for (path, value, member) in [
        ("/version", json!("2"), "version"),
        ("/version", json!("0"), "version"),
        ("/audience", json!(""), "audience"),
        ("/audience", json!("x".repeat(256)), "audience"),
        ("/audience", json!("https://a\u{202e}b.example"), "audience"),
        ("/response_uri", json!(""), "response_uri"),
        ("/response_uri", json!("x".repeat(1025)), "response_uri"),
        ("/audience_name/en", json!(""), "audience_name"),
        ("/audience_name/zh-CN", json!("验".repeat(121)), "audience_name"),
        ("/purpose/en", json!("line\nbreak"), "purpose"),
        ("/purpose/zh-CN", json!("x".repeat(501)), "purpose"),
        ("/expires_at", original["issued_at"].clone(), "expires_at"),
        ("/expires_at", json!("0"), "expires_at"),
        ("/credentials", json!([]), "credentials"),
        ("/credentials", json!(many), "credentials"),
        ("/credentials", json!([named("l"), named("m"), named("l")]), "credentials[2].id"),
        ("/credentials/0/id", json!(""), "credentials[0].id"),
        ("/credentials/0/id", json!("L"), "credentials[0].id"),
        ("/credentials/0/id", json!("l.m"), "credentials[0].id"),
        ("/credentials/0/id", json!("x".repeat(65)), "credentials[0].id"),
        ("/credentials/0/issuers", json!([]), "credentials[0].issuers"),
        ("/credentials/0/issuers", twice, "credentials[0].issuers"),
        ("/statements", json!(vec![statement.clone(); 65]), "statements"),
    ] {
        let mut request = original.clone();
        *request.pointer_mut(path).unwrap() = value.clone();
        match form(&request) {
            Err(RequestFormError::Member { member: found, .. }) => {
                assert_eq!(found, member, "{path} = {value}")
            }
            other => panic!("{path} = {value}: {other:?}"),
        }
    }
    for (path, value) in [
        ("/audience", json!("x".repeat(255))),
        ("/response_uri", json!("x".repeat(1024))),
        ("/purpose/en", json!("x".repeat(500))),
        ("/credentials", json!(many[..8])),
        ("/credentials/0/id", json!("x".repeat(64))),
        ("/statements", json!(vec![statement; 64])),
        ("/statements", json!([])),
    ] {
        let mut request = original.clone();
        *request.pointer_mut(path).unwrap() = value;
        assert_eq!(form(&request), Ok(()), "{path}");
    }
}

/// The digest is over what the request says, not over how it is written.
#[test]
fn one_digest_for_one_meaning() {
    let request = request();
    let compact = Request::from_json(&request.to_string()).unwrap();
    let pretty = Request::from_json(&serde_json::to_string_pretty(&request).unwrap()).unwrap();
    assert_eq!(compact.digest(), pretty.digest());
    let escaped = request.to_string().replace("验证方", "\\u9a8c\\u8bc1\\u65b9");
    assert_ne!(escaped, request.to_string());
    assert_eq!(Request::from_json(&escaped).unwrap().digest(), compact.digest());
    let canonical = String::from_utf8(compact.to_canonical_json().unwrap()).unwrap();
    let again = Request::from_json(&canonical).unwrap();
    assert_eq!(again, compact);
    assert_eq!(again.to_canonical_json().unwrap(), canonical.as_bytes());
}

/// attacks.md 10: serde's readers would take a structure's members as a list, too.
#[test]
fn lists_are_no_objects() {
    let document: &[&str] = &[
        "version",
        "audience",
        "audience_name",
        "purpose",
        "response_uri",
        "nonce",
        "issued_at",
        "expires_at",
        "credentials",
        "statements",
    ];
    let cases: &[(&str, &[&str])] = &[
        ("", document),
        ("/audience_name", &["zh-CN", "en"]),
        ("/credentials/0", &["id", "schema", "issuers", "check"]),
        ("/statements/0/disclose", &["of"]),
        ("/statements/1/range", &["of", "lo", "hi"]),
        ("/statements/1/range/of/0", &["attribute", "coefficient"]),
        ("/statements/2/age", &["of", "at_least", "below"]),
        ("/statements/3/date", &["of", "from", "to"]),
        ("/statements/4/equals", &["of", "value"]),
        ("/statements/5/member", &["of", "values"]),
        ("/statements/6/not_member", &["of", "values"]),
        ("/statements/7/intervals", &["of", "intervals"]),
        ("/statements/7/intervals/intervals/0", &["lo", "hi"]),
        ("/statements/8/flags", &["of", "all", "none", "any"]),
        ("/statements/9/equal", &["left", "right"]),
    ];
    for (place, members) in cases {
        let mut request = request();
        let object = request.pointer_mut(place).unwrap();
        assert_eq!(object.as_object().unwrap().len(), members.len(), "{place}");
        *object = members.iter().map(|member| object[*member].clone()).collect();
        assert!(is_json(form(&request)), "{place}");
    }
    let schema = serde_json::to_value(&*all_types()).unwrap();
    let members = ["id", "version", "title", "binding", "attributes"];
    let list: Json = members.iter().map(|member| schema[*member].clone()).collect();
    assert!(Schema::from_json(&schema.to_string()).is_ok());
    assert!(Schema::from_json(&list.to_string()).is_err());
}
