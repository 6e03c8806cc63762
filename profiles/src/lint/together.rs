//! What several profiles have to agree on.

use glimpse_circuits::schema::Attribute;

use super::{Finding, Lint};
use crate::profile::{AttributeInfo, Profile};

/// Checks profiles against each other. The place of a finding begins with the schema id of the later one.
pub fn check_together(profiles: &[&Profile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (i, later) in profiles.iter().enumerate() {
        for earlier in &profiles[..i] {
            repeated(earlier, later, &mut findings);
            comparable(earlier, later, &mut findings);
        }
    }
    findings
}

fn repeated(earlier: &Profile, later: &Profile, findings: &mut Vec<Finding>) {
    let id = later.schema().id();
    if earlier.schema().id() == id {
        let place = format!("{id}.schema.id");
        findings.push(Finding::new(Lint::Repeated, place, "is that of another profile"));
    }
    let code = &later.licence_type().code;
    if code.is_some() && *code == earlier.licence_type().code {
        let reason = format!("is that of {}", earlier.schema().id());
        findings.push(Finding::new(Lint::Repeated, format!("{id}.licence_type.code"), reason));
    }
}

/// Numbers with the same check are the same numbers: whoever asks whether two licences carry one needs one type.
fn comparable(earlier: &Profile, later: &Profile, findings: &mut Vec<Finding>) {
    for (attribute, info) in declared(later).filter(|(_, info)| info.check.is_some()) {
        let other = declared(earlier).find(|(other, other_info)| {
            other_info.check == info.check && other.kind.name() != attribute.kind.name()
        });
        if let Some((other, _)) = other {
            let place = format!("{}.schema.attributes.{}", later.schema().id(), attribute.name);
            let reason = format!(
                "is a {}, but {} of {} is a {}",
                attribute.kind.name(),
                other.name,
                earlier.schema().id(),
                other.kind.name()
            );
            findings.push(Finding::new(Lint::Comparable, place, reason));
        }
    }
}

fn declared(profile: &Profile) -> impl Iterator<Item = (&Attribute, &AttributeInfo)> {
    profile.schema().attributes().iter().zip(profile.attributes())
}
