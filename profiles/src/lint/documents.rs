//! Status codes, licence type, notes, the order of days, and samples.

use std::collections::BTreeSet;

use super::{Finding, Lint, title};
use crate::elements::{VALID_FROM, VALID_UNTIL};
use crate::identifiers::type_code;
use crate::profile::Profile;
use crate::rules::Rule;
use crate::sample::Persona;
use crate::status::Status;

/// How many personas' licences are admitted.
const PERSONAS: u64 = 200;

pub(super) fn check(profile: &Profile, findings: &mut Vec<Finding>) {
    let licence_type = profile.licence_type();
    if licence_type.code.as_deref().is_some_and(|code| type_code(code).is_err()) {
        let reason = "is not 18 characters of an authority and 3 digits";
        findings.push(Finding::new(Lint::TypeCode, "licence_type.code", reason));
    }
    if licence_type.note.trim().is_empty() {
        let reason = "does not say where the code was found or that none is known";
        findings.push(Finding::new(Lint::TypeCode, "licence_type.note", reason));
    }
    if profile.notes().is_empty() || profile.notes().iter().any(|note| note.trim().is_empty()) {
        let reason = "do not say what the profile was made from and what could not be verified";
        findings.push(Finding::new(Lint::Note, "notes", reason));
    }
    order(profile, findings);
    status(profile, findings);
}

/// Where both ends of the validity are known, one rule has to hold them together.
fn order(profile: &Profile, findings: &mut Vec<Finding>) {
    let with = |element: &str| {
        let declared = profile.schema().attributes().iter().zip(profile.attributes());
        declared.filter(|(_, info)| info.element.as_deref() == Some(element)).map(|(it, _)| &it.name).next()
    };
    let (Some(from), Some(until)) = (with(VALID_FROM), with(VALID_UNTIL)) else { return };
    let holds =
        |rule: &Rule| matches!(rule, Rule::Order { earlier, later, .. } if earlier == from && later == until);
    if !profile.rules().iter().any(holds) {
        let reason = format!("have none that puts {from} before {until}");
        findings.push(Finding::new(Lint::Order, "rules", reason));
    }
}

fn status(profile: &Profile, findings: &mut Vec<Finding>) {
    let table = profile.status();
    if table.note.trim().is_empty() {
        let reason = "does not say where the codes come from and who chose what they mean";
        findings.push(Finding::new(Lint::Status, "status.note", reason));
    }
    for code in &table.codes {
        title(format!("status.codes.{}", code.code), &code.title, findings);
    }
    let mut missing = |has: bool, reason: &str| {
        if !has {
            findings.push(Finding::new(Lint::Status, "status.codes", reason));
        }
    };
    missing(table.codes.iter().any(|code| code.status == Status::Suspended), "have none that suspends");
    missing(table.codes.iter().any(|code| code.status.ending().is_some()), "have none that ends the licence");
}

/// Generated licences are admitted, each attribute's refusal told once.
pub(super) fn check_samples(profile: &Profile, findings: &mut Vec<Finding>) {
    let mut told = BTreeSet::new();
    for seed in 0..PERSONAS {
        let Err(refusals) = profile.admit(&profile.sample(&Persona::new(seed))) else { continue };
        for refusal in refusals {
            if told.insert(refusal.name.clone()) {
                let place = format!("attributes.{}", refusal.name);
                let reason = format!("has a sample that is refused (persona {seed}): {}", refusal.reason);
                findings.push(Finding::new(Lint::Sample, place, reason));
            }
        }
    }
}
