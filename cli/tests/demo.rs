//! The demonstration as a user runs it: `glimpse demo --json`.
#![allow(clippy::unwrap_used)]

use std::process::Command;

use serde_json::Value;

#[test]
fn everything_goes_as_it_must() {
    let output = Command::new(env!("CARGO_BIN_EXE_glimpse")).args(["demo", "--json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();

    let requests = report["requests"].as_array().unwrap();
    let names: Vec<&str> = requests.iter().map(|request| request["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["age_over_18", "may_drive_c1", "region_and_capital", "one_person_two_licences"]);
    for request in requests {
        assert_eq!(request["verdict"], "accepted", "{request}");
        assert!(!request["statements"].as_array().unwrap().is_empty());
        for figure in ["proof_bytes", "prove_us", "verify_us"] {
            assert!(request[figure].as_u64().unwrap() > 0, "{figure} of {request}");
        }
    }
    // Nothing is revealed but what was asked for.
    assert_eq!(requests[0]["revealed"], serde_json::json!({}));
    assert_eq!(requests[1]["revealed"], serde_json::json!({}));
    assert_eq!(requests[2]["revealed"].as_object().unwrap().keys().collect::<Vec<_>>(), ["business.type"]);
    assert_eq!(requests[3]["revealed"], serde_json::json!({ "driving.region": "310000" }));
    assert!(requests[0]["proof_bytes"].as_u64().unwrap() <= 1300);

    let refused = report["refused"].as_array().unwrap();
    assert!(refused.len() >= 8);
    for attack in refused {
        assert_eq!(attack["verdict"], "refused", "{attack}");
    }
    let reason = |name: &str| {
        let attack = refused.iter().find(|attack| attack["attack"] == name);
        attack.unwrap_or_else(|| panic!("no attack {name}"))["reason"].as_str().unwrap().to_owned()
    };
    assert_eq!(reason("under_age"), "presentation-refused");
    assert_eq!(reason("replay"), "request-closed");
    assert_eq!(reason("expired_request"), "request-expired");
    assert_eq!(reason("offer_used_twice"), "offer-used");

    let lives = report["lives"].as_array().unwrap();
    for step in lives {
        assert_eq!(step["as_it_should_be"], true, "{step}");
    }
    let outcomes: Vec<&str> = lives.iter().map(|step| step["outcome"].as_str().unwrap()).collect();
    for expected in ["leaves out 1", "allows 1 minute", "was revoked or suspended", "version 2", "Shandong"] {
        assert!(outcomes.iter().any(|outcome| outcome.contains(expected)), "{expected}");
    }
}

#[test]
fn tables_for_people() {
    let output = Command::new(env!("CARGO_BIN_EXE_glimpse")).arg("demo").output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("one_person_two_licences") && text.contains("somebody_elses_credential"));
    assert!(text.contains("a car hire in Shanghai that knows nobody but the list"));
    assert!(
        text.ends_with(
            "Every request was accepted, every attack refused, and licences lived as they should.\n"
        )
    );
}
