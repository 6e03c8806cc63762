//! Each ready-made question, asked as a relying party would.

use std::collections::BTreeSet;
use std::sync::Arc;

use glimpse_circuits::key::{Issuer, IssuerPublicKey, Registry};
use glimpse_circuits::relation::Relation;
use glimpse_circuits::request::Request;
use glimpse_circuits::text::Text;
use serde_json::json;

use super::{Finding, Lint, title};
use crate::profile::Profile;
use crate::question::{PLACEHOLDER, Question};

/// Any key: nothing is signed here. This one is the generator of the Ristretto group.
const KEY: &str = "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76";
/// Another: twice that.
const REVOCATION_KEY: &str = "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919";
/// Questions are asked on 22 November 2026: what "today" means must not make findings come and go.
const ISSUED_AT: u64 = 1_795_320_000;

pub(super) fn check(profile: &Profile, findings: &mut Vec<Finding>) {
    if profile.questions().is_empty() {
        findings.push(Finding::new(
            Lint::Questions,
            "questions",
            "are none: relying parties have to write their own",
        ));
        return;
    }
    let registry = registry(profile);
    for (i, question) in profile.questions().iter().enumerate() {
        let place = format!("questions.{}", question.id);
        title(place.as_str(), &question.title, findings);
        let same = |earlier: &&Question| earlier.statements == question.statements;
        if let Some(earlier) = profile.questions()[..i].iter().find(same) {
            let reason = format!("asks the same as {}", earlier.id);
            findings.push(Finding::new(Lint::Questions, place.as_str(), reason));
        }
        match registry.as_ref().map_err(Clone::clone).and_then(|registry| ask(profile, question, registry)) {
            Err(reason) => {
                findings.push(Finding::new(Lint::Question, place, format!("cannot be asked: {reason}")));
            }
            Ok(revealed) => {
                for attribute in revealed {
                    let reason = format!("leaves one value of {attribute} possible, which discloses it");
                    findings.push(Finding::new(Lint::Reveals, place.as_str(), reason));
                }
            }
        }
    }
}

/// A verifier's registry with the profile's schema and one issuer of it.
fn registry(profile: &Profile) -> Result<Registry, String> {
    let mut registry = Registry::default();
    registry.add_schema(Arc::new(profile.schema().clone()));
    let name = Text { zh_cn: "样例".into(), en: "Sample".into() };
    let key: IssuerPublicKey = KEY.parse().map_err(|error| format!("{error}"))?;
    let revocation = Some(REVOCATION_KEY.parse().map_err(|error| format!("{error}"))?);
    registry.add_issuer(Issuer {
        id: "sample".into(),
        name,
        key,
        schemas: vec![profile.schema().digest()],
        revocation,
    });
    Ok(registry)
}

/// Compiles the request that asks the question, for a fast answer and for a small one. Says which attributes that
/// discloses.
fn ask(profile: &Profile, question: &Question, registry: &Registry) -> Result<BTreeSet<String>, String> {
    let request = json!({
        "version": "1", "audience": "https://sample.example", "audience_name": {"zh-CN": "样例", "en": "Sample"},
        "purpose": question.title, "response_uri": "https://sample.example/answer", "nonce": "00".repeat(32),
        "issued_at": ISSUED_AT.to_string(), "expires_at": (ISSUED_AT + 300).to_string(), "prefer": "small",
        "credentials": [
            {"id": PLACEHOLDER, "schema": profile.schema().digest(), "issuers": [KEY], "check": "token"}
        ],
        "statements": question.statements,
    });
    let request = Request::from_json(&request.to_string()).map_err(|error| error.to_string())?;
    let fast = Relation::compile(Arc::new(request), registry).map_err(|error| error.to_string())?;
    // Not every question has a range to gain from: then there is no compact relation.
    let compact = fast.compact();
    let revealing = compact.iter().chain([&fast]).flat_map(Relation::revealing);
    let disclosed = fast.disclosed().iter().flat_map(|value| &value.attributes);
    let names = disclosed.filter_map(|(_, position)| profile.schema().attributes().get(*position));
    Ok(revealing.map(|of| of.attribute.clone()).chain(names.map(|it| it.name.clone())).collect())
}
