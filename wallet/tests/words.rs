//! What the holder reads, word for word. `GLIMPSE_WRITE_GOLDEN=1` writes the files anew.

#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;

use glimpse_circuits::text::Language;
use glimpse_trust::list::Validity;
use glimpse_wallet::{ListFrom, Review};
use serde_json::json;
use support::{BASE, DAY, Domain, NOW, Stage, roots, stranger};

fn assert_golden(name: &str, review: &Review, ids: &[&str]) {
    for (language, tag) in [(Language::Chinese, "zh-CN"), (Language::English, "en")] {
        let mut text = review.to_text(language);
        for (i, id) in ids.iter().enumerate() {
            text = text.replace(id, &format!("id{i}"));
        }
        assert!(text.lines().all(|line| line.trim_end() == line));
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}.{tag}.txt"));
        if std::env::var_os("GLIMPSE_WRITE_GOLDEN").is_some() {
            std::fs::write(&path, format!("{text}\n")).unwrap();
        }
        assert_eq!(format!("{text}\n"), std::fs::read_to_string(&path).unwrap(), "{}", path.display());
    }
}

#[test]
fn an_answer_that_shows_proves_and_hides() {
    let mut stage = Stage::new(1);
    let mut wallet = stage.create();
    let id = stage.obtain(&mut wallet).id;
    let uri = stage.request(json!([
        {"disclose":{"of":"l.name"}},
        {"age":{"of":"l.birth_date","at_least":"18"}},
        {"date":{"of":"l.valid_until","from":"today"}},
        {"flags":{"of":"l.classes","any":["C1","B2"]}},
        {"equals":{"of":"l.region","value":"31"}},
    ]));
    let review = wallet.review(&uri, NOW + 1).unwrap();
    assert!(review.can_answer() && review.chosen().is_some());
    assert_golden("answer", &review, &[&id]);
    let json = review.to_json();
    assert_eq!(json["can_answer"], true);
    assert_eq!(json["choices"][0]["shown"][0]["value"]["en"], "张三");
    assert!(!format!("{review:?}").contains("张三"), "values do not print");
}

#[test]
fn a_choice_between_licences_and_a_refusal() {
    let mut stage = Stage::new(2);
    let mut wallet = stage.create();
    let first = stage.obtain(&mut wallet).id;
    let second = stage.obtain(&mut wallet).id;
    let choice = wallet.review(&stage.request(json!([{"disclose":{"of":"l.name"}}])), NOW + 1).unwrap();
    assert_golden("choice", &choice, &[&first, &second]);

    let too_much = stage.request(json!([{"disclose":{"of":"l.birth_date"}}]));
    let refusal = wallet.review(&too_much, NOW + 400).unwrap();
    assert_golden("refusal", &refusal, &[&first, &second]);
}

#[test]
fn two_licences_and_warnings() {
    let mut stage = Stage::new(3);
    let mut wallet = stage.create();
    let licence = stage.obtain(&mut wallet).id;
    let code = stage
        .service()
        .offer("test.company", vec![glimpse_circuits::attribute::Value::Text("样例公司".into())]);
    let company = wallet.accept_offer(BASE, &code, NOW, &mut stage.rng).unwrap().id;
    let mut request = stage.service().request_json(
        &[("l", "test.licence", "token"), ("c", "test.company", "keyed")],
        json!([{"disclose":{"of":"c.name"}}, {"age":{"of":"l.birth_date","at_least":"18"}}]),
    );
    request["audience"] = "https://bank.example".into();
    let review = wallet.review_json(&request.to_string(), NOW + 1).unwrap();
    assert_golden("two", &review, &[&licence, &company]);
}

#[test]
fn not_revoked_and_why_that_cannot_be_shown() {
    let mut stage = Stage::with_list(4, NOW - 600);
    let mut wallet = stage.create();
    let id = stage.obtain(&mut wallet).id;
    let ask = |stage: &Stage, max_age: &str| {
        stage.request(json!([
            {"not_revoked":{"credential":"l","max_age":max_age}},
            {"age":{"of":"l.birth_date","at_least":"18"}},
        ]))
    };
    let missing = wallet.review(&ask(&stage, "86400"), NOW + 1).unwrap();
    assert_golden("list-missing", &missing, &[&id]);
    assert!(wallet.refresh(NOW, &mut stage.rng)[0].result.is_ok());
    let answer = wallet.review(&ask(&stage, "86400"), NOW + 1).unwrap();
    assert_golden("not-revoked", &answer, &[&id]);
    let old = wallet.review(&ask(&stage, "300"), NOW + 1).unwrap();
    assert_golden("list-old", &old, &[&id]);

    let handle = stage.service().handles[0];
    stage.service().lists.as_mut().unwrap().out.insert(handle);
    stage.service().publish_list(NOW);
    assert!(wallet.refresh(NOW, &mut stage.rng)[0].result.is_ok());
    let revoked = wallet.review(&ask(&stage, "86400"), NOW + 1).unwrap();
    assert_golden("revoked", &revoked, &[&id]);
    let adult = stage.request(json!([{"age":{"of":"l.birth_date","at_least":"18"}}]));
    let unasked = wallet.review(&adult, NOW + 1).unwrap();
    assert_golden("revoked-unasked", &unasked, &[&id]);
}

#[test]
fn what_a_list_of_issuers_does_not_vouch_for() {
    let mut stage = Stage::new(5);
    let mut domain = Domain::of(&stage.service());
    let mut wallet = stage.create_empty();
    wallet.trust_list(&[ListFrom::Text(&domain.signed(&[1]))], &roots(&[1]), NOW).unwrap();
    let id = stage.obtain(&mut wallet).id;
    let mut request = stage.service().request_json(
        &[("l", "test.licence", "token")],
        json!([{"age":{"of":"l.birth_date","at_least":"18"}}]),
    );
    let alone = request.to_string();
    let other = stranger("a", 7);
    request["credentials"][0]["issuers"].as_array_mut().unwrap().push(json!(other.keys[0].key));
    let ended = domain.next(|it| {
        it.issuers[0].keys[0].accepted = Validity { from: NOW - DAY, until: NOW };
        it.issuers.push(other);
    });
    wallet.next_trust_list(&[ListFrom::Text(&ended)], NOW).unwrap();
    assert_golden("key-ended", &wallet.review_json(&request.to_string(), NOW + 1).unwrap(), &[&id]);
    let unlisted = domain.next(|it| drop(it.issuers.remove(0)));
    wallet.next_trust_list(&[ListFrom::Text(&unlisted)], NOW).unwrap();
    assert_golden("not-listed", &wallet.review_json(&alone, NOW + 1).unwrap(), &[&id]);
    let expired = wallet.review_json(&alone, NOW + 10 * DAY).unwrap();
    assert_golden("list-expired", &expired, &[&id]);
}
