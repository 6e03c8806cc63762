//! What the demonstration asks for.

use glimpse_api::Policy;
use glimpse_circuits::request::{CheckKind, Statement};
use serde_json::json;

use crate::demo::world::{DemoResult, text};
use glimpse_api::RequestedLicence;

pub(crate) const IDENTITY_CARD: &str = "cn.resident_identity_card";
pub(crate) const DRIVING_LICENCE: &str = "cn.driving_licence";
pub(crate) const BUSINESS_LICENCE: &str = "cn.business_licence";

/// A policy with the name it is stored under.
pub(crate) struct Named {
    pub(crate) name: &'static str,
    pub(crate) policy: Policy,
}

/// The four requests.
pub(crate) fn all() -> DemoResult<Vec<Named>> {
    Ok(vec![
        Named { name: "age_over_18", policy: age_over(18)? },
        Named { name: "may_drive_c1", policy: may_drive_c1()? },
        Named { name: "region_and_capital", policy: region_and_capital(&delta()?)? },
        Named { name: "one_person_two_licences", policy: one_person()? },
    ])
}

/// At least so many years old, by the identity card.
pub(crate) fn age_over(years: u16) -> DemoResult<Policy> {
    let statements = json!([{ "age": { "of": "identity.birth_date", "at_least": years.to_string() } }]);
    policy("进入酒吧", "Entering a bar", &[("identity", IDENTITY_CARD)], statements)
}

/// A licence that covers C1, and is neither revoked nor suspended by a list of the last seconds.
pub(crate) fn may_drive_now(max_age: u64) -> DemoResult<Policy> {
    let mut policy = may_drive_c1()?;
    let statement = json!({ "not_revoked": { "credential": "driving", "max_age": max_age.to_string() } });
    policy.statements.push(serde_json::from_value(statement)?);
    Ok(policy)
}

/// A licence that covers C1 and has not expired.
pub(crate) fn may_drive_c1() -> DemoResult<Policy> {
    let statements = json!([
        { "flags": { "of": "driving.classes", "any": ["A1", "A2", "A3", "B1", "B2", "C1"] } },
        { "date": { "of": "driving.valid_until", "from": "today" } },
    ]);
    policy("租用小型汽车", "Renting a car", &[("driving", DRIVING_LICENCE)], statements)
}

/// A company of some regions with a capital in a range. Its type is shown.
pub(crate) fn region_and_capital(regions: &[String]) -> DemoResult<Policy> {
    let statements = json!([
        { "member": { "of": "business.region", "values": regions } },
        { "range": { "of": [{ "attribute": "business.registered_capital", "coefficient": "1" }], "lo": "1000000", "hi": "1000000000" } },
        { "disclose": { "of": "business.type" } },
    ]);
    policy(
        "长三角供应商登记",
        "Supplier registration in the Yangtze delta",
        &[("business", BUSINESS_LICENCE)],
        statements,
    )
}

/// Two licences of one person: the citizen number is the same on both and stays hidden.
pub(crate) fn one_person() -> DemoResult<Policy> {
    let statements = json!([
        { "equal": { "left": "identity.id_number", "right": "driving.licence_number" } },
        { "age": { "of": "identity.birth_date", "at_least": "21" } },
        { "flags": { "of": "driving.classes", "any": ["B1", "B2"] } },
        { "disclose": { "of": "driving.region" } },
    ]);
    let licences = [("identity", IDENTITY_CARD), ("driving", DRIVING_LICENCE)];
    policy("招聘货车司机", "Hiring a lorry driver", &licences, statements)
}

/// The cities of the Yangtze delta, as the business licence's profile lists them.
pub(crate) fn delta() -> DemoResult<Vec<String>> {
    let profile = glimpse_profiles::builtin_by_schema_id(BUSINESS_LICENCE).ok_or("no such profile")?;
    let question = profile.question("in_yangtze_delta").ok_or("no such question")?;
    for statement in question.statements_for("business") {
        if let Statement::Member { values, .. } = serde_json::from_value(statement)? {
            return Ok(values);
        }
    }
    Err("the question has no list of regions".into())
}

fn policy(
    zh_cn: &str,
    en: &str,
    licences: &[(&str, &str)],
    statements: serde_json::Value,
) -> DemoResult<Policy> {
    let licences = licences.iter().map(|(id, schema)| RequestedLicence {
        id: (*id).to_owned(),
        schema: (*schema).to_owned(),
        issuers: None,
        regions: None,
        check: CheckKind::Token,
    });
    Ok(Policy {
        purpose: text(zh_cn, en),
        licences: licences.collect(),
        statements: serde_json::from_value(statements)?,
        prefer: None,
    })
}
