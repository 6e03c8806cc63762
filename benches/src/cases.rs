//! What is asked: the cases of the report and of the criterion groups.

use std::sync::Arc;

use glimpse_circuits::relation::{Profile, Relation};
use glimpse_circuits::request::{CheckKind, Request};
use glimpse_fixtures::{NOW, schemas};
use glimpse_verifier::{Item, Verifier};
use serde_json::{Value as Json, json};

use crate::subject::{CODES, Licences, REGION, Subject};

/// One kind of request.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name in the report.
    pub name: String,
    /// What it asks, for people.
    pub title: String,
    /// Who answers.
    pub licences: Licences,
    /// How the licences are checked.
    pub check: CheckKind,
    /// How the holder shows ranges.
    pub profile: Profile,
    /// The statements.
    pub statements: Json,
    /// What grows in the series it belongs to.
    pub series: Series,
}

/// A series of cases that differ in one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Series {
    /// None.
    Single,
    /// Elements of the set of regions, in addition to the age. The age alone is the case of no set.
    Regions(usize),
    /// Elements of a set.
    Set(usize),
    /// Bits of a range.
    Range(u32),
}

impl Case {
    fn new(name: impl Into<String>, title: impl Into<String>, statements: Json) -> Self {
        Self {
            name: name.into(),
            title: title.into(),
            licences: Licences::Driving,
            check: CheckKind::Token,
            profile: Profile::Fast,
            statements,
            series: Series::Single,
        }
    }

    /// The same in the compact profile, outside any series.
    pub fn compact(self) -> Self {
        Self {
            name: format!("{}_compact", self.name),
            title: format!("{}, compact profile", self.title),
            profile: Profile::Compact,
            series: Series::Single,
            ..self
        }
    }

    /// A verifier for it.
    pub fn verifier(&self, subject: &Subject) -> Verifier {
        match self.check {
            CheckKind::Token => subject.world.verifier(),
            CheckKind::Keyed => subject.world.keyed_verifier(),
        }
    }
}

/// The case: at least 18 on the day of the request.
pub fn age_over_18() -> Case {
    Case::new("age_over_18", "at least 18", json!([age()]))
}

/// The same to the issuer's own platform, without a token.
pub fn age_over_18_keyed() -> Case {
    let case = Case::new("age_over_18_keyed", "at least 18, checked with the issuer's key", json!([age()]));
    Case { check: CheckKind::Keyed, ..case }
}

/// At least 18, and the licence was not revoked as of a list of the last day.
pub fn age_not_revoked() -> Case {
    let not_revoked = json!({"not_revoked": {"credential": "licence", "max_age": "86400"}});
    Case::new("age_over_18_not_revoked", "at least 18, and not revoked", json!([age(), not_revoked]))
}

/// The same to the issuer's own platform, without tokens.
pub fn age_not_revoked_keyed() -> Case {
    Case {
        name: "age_over_18_not_revoked_keyed".into(),
        title: "at least 18, and not revoked, checked with the issuer's keys".into(),
        check: CheckKind::Keyed,
        ..age_not_revoked()
    }
}

/// At least 18, and the licence is from one of `size` regions (at most 344).
pub fn age_and_region(size: usize) -> Case {
    let mut regions = regions();
    regions.retain(|code| code != REGION);
    regions.truncate(size - 1);
    regions.push(REGION.to_owned());
    assert_eq!(regions.len(), size, "the table of regions has no more");
    let case = Case::new(
        format!("age_and_region_{size}"),
        format!("at least 18, and from one of {size} regions"),
        json!([age(), {"member": {"of": "licence.region", "values": regions}}]),
    );
    Case { series: Series::Regions(size), ..case }
}

/// A number lies in a range of 2^`bits` values, `bits` at most 63.
pub fn range(bits: u32) -> Case {
    let hi = (1u64 << bits) - 1;
    let case = Case::new(
        format!("range_{bits}"),
        format!("a number of {bits} bits"),
        json!([{"range": {
            "of": [{"attribute": "licence.amount", "coefficient": "1"}], "lo": "0", "hi": hi.to_string(),
        }}]),
    );
    Case { licences: Licences::Numbers, series: Series::Range(bits), ..case }
}

/// A code is one of `size`, 10 to 4,096.
pub fn member(size: usize) -> Case {
    assert!((10..=CODES).contains(&size), "the code is among the first 10, the table has {CODES}");
    let case = Case::new(
        format!("member_{size}"),
        format!("a code is one of {size}"),
        json!([{"member": {"of": "licence.code", "values": schemas::numbered("c", size)}}]),
    );
    Case { licences: Licences::Numbers, series: Series::Set(size), ..case }
}

/// The licence is from none of `size` regions: from one of all others of the table.
pub fn not_member(size: usize) -> Case {
    let mut regions = regions();
    let others = regions.len() - size;
    regions.retain(|code| code != REGION);
    regions.truncate(size);
    Case::new(
        format!("not_member_{size}"),
        format!("a region is none of {size}: one of the other {others}"),
        json!([{"not_member": {"of": "licence.region", "values": regions}}]),
    )
}

/// A number lies in one of `count` intervals of different widths.
pub fn intervals(count: u64) -> Case {
    let interval =
        |i: u64| json!({"lo": (i * 10_000 + 50).to_string(), "hi": (i * 10_600 + 150).to_string()});
    let case = Case::new(
        format!("intervals_{count}"),
        format!("a number lies in one of {count} intervals"),
        json!([{"intervals": {
            "of": [{"attribute": "licence.amount", "coefficient": "1"}],
            "intervals": (0..count).map(interval).collect::<Vec<_>>(),
        }}]),
    );
    Case { licences: Licences::Numbers, ..case }
}

/// One of the classes that may drive a car, which of the 17 stays hidden.
pub fn flags_any() -> Case {
    let any = ["A1", "A2", "A3", "B1", "B2", "C1"];
    Case::new(
        "flags_any_6",
        "one of 6 of 17 vehicle classes",
        json!([{"flags": {"of": "licence.classes", "any": any}}]),
    )
}

/// The profile's own question: such a class, and the licence is in force today.
pub fn may_drive_c1() -> Case {
    let profile = glimpse_profiles::builtin_by_schema_id("cn.driving_licence").unwrap();
    let statements = &profile.question("may_drive_c1").unwrap().statements;
    Case::new("may_drive_c1", "may drive a car today", serde_json::to_value(statements).unwrap())
}

/// Two licences of one holder are of the same name.
pub fn equal() -> Case {
    let case = Case::new(
        "equal",
        "two licences, one name",
        json!([{"equal": {"left": "licence.name", "right": "card.name"}}]),
    );
    Case { licences: Licences::DrivingAndCard, ..case }
}

/// Two licences of one name, and the one was first issued at least 18 years after the birth on the other.
pub fn cross_credential() -> Case {
    let case = Case::new(
        "cross_credential",
        "two licences, one name, and 18 years between a date of each",
        json!([
            {"equal": {"left": "licence.name", "right": "card.name"}},
            {"range": {
                "of": [
                    {"attribute": "licence.first_issue", "coefficient": "1"},
                    {"attribute": "card.birth_date", "coefficient": "-1"},
                ],
                "lo": "6575",
                "hi": "40000",
            }},
        ]),
    );
    Case { licences: Licences::DrivingAndCard, ..case }
}

/// Two values and nothing else.
pub fn disclose() -> Case {
    let of = |name: &str| json!({"disclose": {"of": format!("licence.{name}")}});
    Case::new("disclose", "two values disclosed, nothing proven of others", json!([of("sex"), of("classes")]))
}

/// All cases, in groups whose members are measured in turns: what is compared with each other stands together.
pub fn groups() -> Vec<(&'static str, Vec<Case>)> {
    vec![
        (
            "age and regions",
            [
                vec![age_over_18(), age_over_18().compact(), age_over_18_keyed()],
                vec![age_not_revoked(), age_not_revoked().compact(), age_not_revoked_keyed()],
                [10, 100, 300].map(age_and_region).into(),
            ]
            .concat(),
        ),
        (
            "ranges",
            [[8, 16, 32, 63].map(range).to_vec(), [16, 32, 63].map(|bits| range(bits).compact()).to_vec()]
                .concat(),
        ),
        ("sets", [10, 100, 1000, 4096].map(member).into()),
        (
            "other statements",
            vec![
                not_member(10),
                intervals(12),
                flags_any(),
                may_drive_c1(),
                equal(),
                cross_credential(),
                disclose(),
            ],
        ),
    ]
}

/// A request and the holder's answer.
pub struct Answered {
    /// The request.
    pub request: Arc<Request>,
    /// Its relation, compiled beforehand as a verifier does it.
    pub relation: Relation,
    /// The relation in the profile that the holder shows it in.
    pub shown: Relation,
    /// The presentation.
    pub presentation: Vec<u8>,
}

impl Answered {
    /// `count` requests of a case, each with its own nonce, tokens and answer. All of them are accepted.
    pub fn several(subject: &mut Subject, case: &Case, count: usize) -> Vec<Self> {
        if case.check == CheckKind::Token {
            subject.fetch_tokens(count);
        }
        let mut rng = glimpse_fixtures::rng(9);
        let verifier = case.verifier(subject);
        let mut answered = Vec::with_capacity(count);
        for number in 0..count {
            let request = subject.request(&case.statements, case.check, case.profile);
            // As a service does it: requests that ask the same share what was compiled.
            let relation = verifier.relation(&request).unwrap();
            if case.check == CheckKind::Token && !relation.intervals().is_empty() {
                subject.fetch_list_tokens(count);
            }
            let shown = match case.profile {
                Profile::Fast => relation.clone(),
                Profile::Compact => relation.compact().expect("a range that is wide enough"),
            };
            let presentation = subject.present(&shown, subject.holdings(&shown, number), &mut rng);
            answered.push(Self { request, relation, shown, presentation });
        }
        let results = verifier.verify_batch(&Self::items(&answered), NOW).unwrap();
        assert!(results.iter().all(Result::is_ok), "{} is not accepted", case.name);
        answered
    }

    /// The answers as a batch.
    pub fn items(answered: &[Self]) -> Vec<Item<'_>> {
        answered.iter().map(|one| Item { relation: &one.relation, presentation: &one.presentation }).collect()
    }
}

fn age() -> Json {
    json!({"age": {"of": "licence.birth_date", "at_least": "18"}})
}

/// The codes of the table of regions.
fn regions() -> Vec<String> {
    let profile = glimpse_profiles::builtin_by_schema_id("cn.driving_licence").unwrap();
    let (_, region) = profile.schema().attribute("region").unwrap();
    region.kind.table().unwrap().iter().map(|entry| entry.code.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_answered() {
        for (_, cases) in groups() {
            for case in cases {
                let mut subject = Subject::new(case.licences);
                let answered = Answered::several(&mut subject, &case, 2);
                assert_ne!(answered[0].presentation, answered[1].presentation, "{}", case.name);
                let results = case.verifier(&subject).verify_batch(&Answered::items(&answered), NOW).unwrap();
                assert!(results.iter().all(Result::is_ok), "{}", case.name);
            }
        }
    }
}
