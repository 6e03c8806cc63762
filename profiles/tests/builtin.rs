//! The profiles that come with the crate, and what the loader refuses.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::sync::Arc;

use glimpse_circuits::attribute::Kind;
use glimpse_circuits::json;
use glimpse_circuits::key::Registry;
use glimpse_circuits::relation::Relation;
use glimpse_circuits::request::{Request, Statement};
use glimpse_circuits::schema::{Binding, Grade};
use glimpse_profiles::identifiers::uscc;
use glimpse_profiles::status::{Ending, Status};
use glimpse_profiles::{Profile, ProfileError, builtin, builtin_by_schema_id, tables};
use serde_json::{Value, json};

const IDS: [&str; 15] = [
    "cn.birth_certificate",
    "cn.business_licence",
    "cn.degree_certificate",
    "cn.divorce_certificate",
    "cn.driving_licence",
    "cn.household_register_page",
    "cn.marriage_certificate",
    "cn.production_permit",
    "cn.professional_qualification",
    "cn.real_estate_certificate",
    "cn.resident_identity_card",
    "cn.senior_citizen_card",
    "cn.social_security_card",
    "cn.testing_qualification",
    "cn.vehicle_licence",
];
const DRIVING_LICENCE: &str = include_str!("../data/cn.driving_licence.json");

#[test]
fn profiles_are_there_and_differ() {
    let ids: Vec<&str> = builtin().iter().map(|profile| profile.schema().id()).collect();
    assert_eq!(ids, IDS);
    let digests: BTreeSet<_> = builtin().iter().map(|profile| profile.schema().digest()).collect();
    assert_eq!(digests.len(), IDS.len());
    assert!(builtin().iter().all(|profile| profile.schema().binding() == Binding::Holder));
    assert!(builtin_by_schema_id("cn.none").is_none());
}

#[test]
fn the_driving_licence_has_ten_attributes() {
    let profile = builtin_by_schema_id("cn.driving_licence").unwrap();
    assert_eq!(profile.schema().attributes().len(), 10);
    let Kind::Flags { flags } = &profile.schema().attribute("classes").unwrap().1.kind else {
        panic!("not flags")
    };
    let codes: Vec<&str> = flags.iter().map(|flag| flag.code.as_str()).collect();
    assert_eq!(codes.join(" "), "A1 A2 A3 B1 B2 C1 C2 C3 C4 C5 C6 D E F M N P");
}

#[test]
fn citizen_numbers_of_two_licences_can_be_compared() {
    let of =
        |id: &str, name: &str| builtin_by_schema_id(id).unwrap().schema().attribute(name).unwrap().1.clone();
    let (left, right) =
        (of("cn.driving_licence", "licence_number"), of("cn.resident_identity_card", "id_number"));
    assert_eq!(left.kind, right.kind);
    assert!(left.required && right.required);
    assert_eq!((left.grade, right.grade), (Grade::Predicate, Grade::Predicate));
}

#[test]
fn tables_are_put_in_place() {
    let mut seen = BTreeSet::new();
    for profile in builtin() {
        for attribute in profile.schema().attributes() {
            if let Some(table) = profile.shared_table(&attribute.name) {
                assert_eq!(attribute.kind, Kind::Code { table: Some(table.entries.clone()) });
                seen.insert(table.id.as_str());
            }
        }
    }
    let all: BTreeSet<&str> = tables::tables().iter().map(|table| table.id.as_str()).collect();
    assert_eq!(seen, all);
    let table = |id: &str, name: &str| builtin_by_schema_id(id).unwrap().shared_table(name);
    assert_eq!(table("cn.driving_licence", "region").unwrap().id, "gb2260-prefecture");
    assert_eq!(table("cn.real_estate_certificate", "county").unwrap().id, "gb2260-county");
    assert!(table("cn.driving_licence", "sex").is_none() && table("cn.driving_licence", "height").is_none());
}

/// What the recorded test vectors were made with.
#[test]
fn the_first_three_schemas_stay_what_they_are() {
    for (id, digest) in [
        ("cn.driving_licence", "c8f18dbc723a75c8e3a869ce7a820cfb5fc5cad446150cc105a8302bc176b8c3"),
        ("cn.resident_identity_card", "118b26b0f3a7b51d0f86cc89de1814657c039e21d4792efe15a67e9eabde33f9"),
        ("cn.business_licence", "5b0b24522f9fddb1b7dfe93baf999fe527fd7377e1047f090018376d003b8d21"),
    ] {
        assert_eq!(builtin_by_schema_id(id).unwrap().schema().digest().to_string(), digest, "{id}");
    }
}

#[test]
fn type_codes_carry_right_authorities() {
    for profile in builtin() {
        if let Some(code) = &profile.licence_type().code {
            assert_eq!((code.len(), uscc(&code[..18])), (21, Ok(())));
        }
        assert!(!profile.licence_type().note.is_empty() && !profile.status().note.is_empty());
    }
}

#[test]
fn questions_ask_what_the_demo_needs() {
    for (id, expected) in [
        (
            "cn.driving_licence",
            &["at_least_18", "at_least_60", "may_drive_c1", "not_expired", "in_yangtze_delta"][..],
        ),
        ("cn.resident_identity_card", &["at_least_18", "at_least_60", "not_expired", "in_yangtze_delta"]),
        (
            "cn.business_licence",
            &["capital_at_least_1m", "established_3_years", "not_expired", "in_yangtze_delta"],
        ),
    ] {
        let profile = builtin_by_schema_id(id).unwrap();
        for question in expected {
            assert!(profile.question(question).is_some(), "{id} {question}");
        }
        let delta = &profile.question("in_yangtze_delta").unwrap().statements[0]["member"]["values"];
        assert_eq!(delta.as_array().unwrap().len(), 41);
    }
}

#[test]
fn questions_are_statements_of_requests() {
    for question in builtin().iter().flat_map(Profile::questions) {
        for statement in question.statements_for("dl") {
            let parsed: Statement = json::from_str(&statement.to_string()).unwrap();
            assert_eq!(serde_json::to_value(&parsed).unwrap(), statement, "{}", question.id);
        }
    }
}

/// Any encoded point: nothing is signed here. This one is the generator of the Ristretto group.
const ISSUER_KEY: &str = "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76";

#[test]
fn every_question_can_be_asked_and_none_reveals() {
    for profile in builtin() {
        let digest = profile.schema().digest();
        let issuer = json!({
            "id": "test", "name": {"zh-CN": "样例", "en": "Sample"}, "key": ISSUER_KEY, "schemas": [digest]
        });
        let mut registry = Registry::default();
        registry.add_schema(Arc::new(profile.schema().clone()));
        registry.add_issuer(serde_json::from_value(issuer).unwrap());
        for question in profile.questions() {
            let request = json!({
                "version": "1", "audience": "https://bar.example", "response_uri": "https://bar.example/answer",
                "audience_name": {"zh-CN": "样例", "en": "Sample"}, "purpose": question.title,
                "nonce": "00".repeat(32), "issued_at": "1795276800", "expires_at": "1795277100",
                "credentials": [{"id": "licence", "schema": digest, "issuers": [ISSUER_KEY], "check": "token"}],
                "statements": question.statements,
            });
            let request = Arc::new(Request::from_json(&request.to_string()).unwrap());
            let relation = Relation::compile(request, &registry);
            let revealing =
                relation.map(|relation| relation.revealing().to_vec()).map_err(|error| error.to_string());
            assert_eq!(revealing, Ok(vec![]), "{}", question.id);
        }
    }
}

#[test]
fn member_questions_name_codes_of_the_table() {
    for profile in builtin() {
        for statement in profile.questions().iter().flat_map(|question| &question.statements) {
            let Some(member) = statement.get("member") else { continue };
            let name = member["of"].as_str().unwrap().strip_prefix("licence.").unwrap();
            for code in member["values"].as_array().unwrap() {
                profile.schema().attribute(name).unwrap().1.kind.parse(code.as_str().unwrap()).unwrap();
            }
        }
    }
}

#[test]
fn questions_take_the_credential_id_of_a_request() {
    let profile = builtin_by_schema_id("cn.business_licence").unwrap();
    let statements = profile.question("capital_at_least_1m").unwrap().statements_for("firm");
    assert_eq!(statements[0]["range"]["of"][0]["attribute"], "firm.registered_capital");
    let statements = builtin_by_schema_id("cn.driving_licence")
        .unwrap()
        .question("may_drive_c1")
        .unwrap()
        .statements_for("dl");
    assert_eq!(
        (&statements[0]["flags"]["of"], &statements[1]["date"]["of"]),
        (&json!("dl.classes"), &json!("dl.valid_until"))
    );
}

#[test]
fn of_several_status_letters_the_worst_counts() {
    let status = builtin_by_schema_id("cn.driving_licence").unwrap().status();
    for (written, meaning) in [
        ("A", Some(Status::Valid)),
        ("AH", Some(Status::Valid)),
        ("BDJ", Some(Status::Suspended)),
        ("HG", Some(Status::Ended(Ending::Cancelled))),
        ("GF", Some(Status::Ended(Ending::Revoked))),
        ("", None),
        ("A?", None),
        ("a", None),
    ] {
        assert_eq!(status.meaning(written), meaning, "{written}");
    }
    let status = builtin_by_schema_id("cn.business_licence").unwrap().status();
    assert_eq!(
        (status.meaning("0"), status.meaning("3"), status.meaning("03")),
        (Some(Status::Valid), Some(Status::Ended(Ending::Cancelled)), None)
    );
}

#[test]
fn endings_are_named_in_profiles() {
    let meaning =
        |id: &str, written: &str| builtin_by_schema_id(id).unwrap().status().meaning(written).unwrap();
    for (id, written, expected) in [
        ("cn.vehicle_licence", "AB", Ending::Transferred),
        ("cn.vehicle_licence", "QM", Ending::Revoked),
        ("cn.real_estate_certificate", "转移", Ending::Transferred),
        ("cn.social_security_card", "过期", Ending::Expired),
        ("cn.business_licence", "吊销", Ending::Revoked),
        ("cn.marriage_certificate", "离婚", Ending::Cancelled),
    ] {
        assert_eq!(meaning(id, written).ending(), Some(expected), "{id} {written}");
    }
    assert_eq!(meaning("cn.vehicle_licence", "AG").ending(), None);
    assert!(Status::Suspended < Status::Ended(Ending::Expired));
    for ending in Ending::ALL {
        let status = Status::Ended(ending);
        assert_eq!(serde_json::to_value(status).unwrap(), json!({"ended": ending.name()}));
        assert_eq!(serde_json::from_value::<Status>(json!({"ended": ending.name()})).unwrap(), status);
        assert!(!ending.title().zh_cn.is_empty() && !ending.title().en.is_empty());
    }
    // What had no name before there were endings is refused, not taken for one of them.
    assert!(serde_json::from_value::<Status>(json!("ended")).is_err());
}

/// The driving licence's profile after a change to its document.
fn changed(change: impl FnOnce(&mut Value)) -> Result<Profile, ProfileError> {
    let mut document: Value = serde_json::from_str(DRIVING_LICENCE).unwrap();
    change(&mut document);
    Profile::from_json(&document.to_string())
}

#[test]
fn the_loader_refuses_what_does_not_fit() {
    assert!(changed(|_| {}).is_ok());
    let table = |d: &mut Value, t: Value| *d.pointer_mut("/schema/attributes/8/type/code/table").unwrap() = t;
    assert!(matches!(changed(|d| table(d, json!({"from": "gb2260-village"}))), Err(ProfileError::Table)));
    assert!(matches!(
        changed(|d| table(d, json!({"from": "gb2260-prefecture", "at": "x"}))),
        Err(ProfileError::Table)
    ));
    assert!(matches!(changed(|d| table(d, json!([]))), Err(ProfileError::Schema(_))));
    assert!(matches!(changed(|d| d["extra"] = json!("x")), Err(ProfileError::Json(_))));
    assert!(matches!(changed(|d| d["schema"]["version"] = json!(1)), Err(ProfileError::Json(_))));
    assert!(matches!(changed(|d| d["schema"]["extra"] = json!("1")), Err(ProfileError::Schema(_))));
    assert!(matches!(
        changed(|d| d["rules"][0] = json!({"citizen_id_moon": {}})),
        Err(ProfileError::Json(_))
    ));
    assert!(matches!(changed(|d| d["status"]["codes"][1]["code"] = json!("A")), Err(ProfileError::Status)));
    assert!(matches!(changed(|d| d["status"]["codes"] = json!([])), Err(ProfileError::Status)));

    let attribute = |change: fn(&mut Value)| changed(|d| change(&mut d["attributes"]));
    for wrong in [
        attribute(|a| a["name"] = json!({"element": "ZZBH"})),
        attribute(|a| a["name"] = json!({"element": "czzt"})),
        attribute(|a| a["birth_date"] = json!({"check": "uscc"})),
        attribute(|a| a["height"] = json!({})),
        attribute(|a| a["name"] = json!({"codes": {"source": "x", "snapshot": "2026-01-01"}})),
        attribute(|a| assert!(a.as_object_mut().unwrap().remove("sex").is_some())),
    ] {
        assert!(matches!(wrong, Err(ProfileError::Attribute { .. })));
    }
    assert!(matches!(attribute(|a| a["name"] = json!({"alias": "x"})), Err(ProfileError::Json(_))));

    for rule in [
        json!({"order": {"earlier": "birth_date", "later": "birthday", "days_apart": "0"}}),
        json!({"order": {"earlier": "birth_date", "later": "sex", "days_apart": "0"}}),
        json!({"some_flag": {"of": "region"}}),
        json!({"citizen_id_sex": {"id": "licence_number", "sex": "sex", "male": "M", "female": "F"}}),
    ] {
        assert!(matches!(changed(|d| d["rules"][0] = rule), Err(ProfileError::Rule { position: 0, .. })));
    }
}

#[test]
fn questions_may_only_name_attributes() {
    for statements in [
        json!([]),
        json!(["x"]),
        json!([{}]),
        json!([{"disclose": {}}]),
        json!([{"disclose": {"of": "licence.height"}}]),
        json!([{"disclose": {"of": "other.region"}}]),
        json!([{"disclose": {"of": "licenceregion"}}]),
        json!([{"range": {"of": [{"attribute": "licence.height", "coefficient": "1"}], "lo": "0"}}]),
        json!([{"equal": {"left": "licence.name", "right": "licence.height"}}]),
        json!([{"disclose": {"of": "licence.region"}, "age": {"of": "licence.birth_date"}}]),
    ] {
        let shown = statements.to_string();
        let result = changed(|d| d["questions"][0]["statements"] = statements);
        assert!(matches!(result, Err(ProfileError::Question { .. })), "{shown}");
    }
    let twice = changed(|d| d["questions"][1]["id"] = json!("may_drive_c1"));
    assert!(matches!(twice, Err(ProfileError::Question { .. })));
}

#[test]
fn repeated_keys_are_refused_at_every_depth() {
    for (once, twice) in [
        ("\"notes\":", "\"notes\": [], \"notes\":"),
        ("\"id\": \"cn.driving_licence\"", "\"id\": \"x\", \"id\": \"cn.driving_licence\""),
        ("\"address\": {\"sample\"", "\"address\": {}, \"address\": {\"sample\""),
        ("{\"of\": \"licence.valid_until\"", "{\"of\": \"licence.name\", \"of\": \"licence.valid_until\""),
        ("{\"of\": \"classes\"}", "{\"of\": \"x\", \"of\": \"classes\"}"),
    ] {
        assert!(DRIVING_LICENCE.contains(once), "{once}");
        let error = Profile::from_json(&DRIVING_LICENCE.replacen(once, twice, 1)).unwrap_err();
        assert!(matches!(error, ProfileError::Json(_)), "{once}: {error}");
    }
}

/// A statement about the licence itself is about no attribute.
#[test]
fn questions_about_the_licence_itself() {
    let with = |statement: Value| {
        let mut document: Value =
            serde_json::from_str(include_str!("../data/cn.driving_licence.json")).unwrap();
        document["questions"][0]["statements"].as_array_mut().unwrap().push(statement);
        Profile::from_json(&document.to_string())
    };
    let asked = with(json!({"not_revoked": {"credential": "licence", "max_age": "86400"}})).unwrap();
    let statements = asked.questions()[0].statements_for("dl");
    let last = statements.last().unwrap();
    assert_eq!(*last, json!({"not_revoked": {"credential": "dl", "max_age": "86400"}}));
    assert!(glimpse_profiles::lint::check(&asked).is_empty());
    assert!(with(json!({"not_revoked": {"credential": "other", "max_age": "86400"}})).is_err());
}
