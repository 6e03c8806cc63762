//! Whether something that is asked for is within a relying party's registration, and if not, everything that is not.

use glimpse_api::{FieldProblem, Policy};
use glimpse_circuits::key::Registry;
use glimpse_circuits::request::{AttributeRef, CheckKind, RequestDocument, Statement, Term};

use super::registration::{Allowed, CHECKS, Registration, StatementKind, check_name};

/// What is asked for, by a policy or by a request.
pub(crate) struct Ask<'a> {
    licences: Vec<Licence<'a>>,
    statements: &'a [Statement],
    /// Where it stands: a prefix of every member.
    at: &'a str,
    /// What it calls its licences.
    licences_member: &'static str,
}

struct Licence<'a> {
    id: &'a str,
    /// `None` if it is not known here.
    schema: Option<&'a str>,
    check: CheckKind,
}

/// What becomes of an attribute.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Disclosed,
    ProvenAbout,
    /// It equals one whose value is disclosed.
    DisclosedByEquality,
}

/// An attribute that is used, and the member that says so.
struct Used<'a> {
    member: String,
    of: &'a AttributeRef,
    r#use: Use,
}

impl<'a> Ask<'a> {
    /// What a policy asks for.
    pub(crate) fn of_policy(policy: &'a Policy, at: &'a str) -> Self {
        let licences = policy.licences.iter().map(|licence| Licence {
            id: &licence.id,
            schema: Some(&licence.schema),
            check: licence.check,
        });
        Self { licences: licences.collect(), statements: &policy.statements, at, licences_member: "licences" }
    }

    /// What a request asks for. Its schemas are those of a registry.
    pub(crate) fn of_request(request: &'a RequestDocument, registry: &'a Registry, at: &'a str) -> Self {
        let licences = request.credentials.iter().map(|credential| Licence {
            id: &credential.id,
            schema: registry.schema(&credential.schema).map(|schema| schema.id()),
            check: credential.check,
        });
        let statements = &request.statements;
        Self { licences: licences.collect(), statements, at, licences_member: "credentials" }
    }

    fn schema_of(&self, of: &AttributeRef) -> Option<&'a str> {
        self.licences.iter().find(|licence| licence.id == of.credential).and_then(|licence| licence.schema)
    }
}

impl Registration {
    /// Everything that is asked for and may not be, with what may. Never repeats what was sent.
    pub(crate) fn refusals(&self, ask: &Ask<'_>) -> Vec<FieldProblem> {
        let mut refusals = Vec::new();
        let mut refuse = |member: String, reason: String| {
            refusals.push(FieldProblem { field: format!("{}{member}", ask.at), reason });
        };
        for (i, licence) in ask.licences.iter().enumerate() {
            let at = format!("{}[{i}]", ask.licences_member);
            if !self.schemas.any(|schema| licence.schema == Some(schema.as_str())) {
                refuse(
                    format!("{at}.schema"),
                    format!("may not be asked for; {}", registered(&self.schemas, |_| true)),
                );
            }
            if !self.checks.includes(&licence.check) {
                let allowed = CHECKS.into_iter().filter(|check| self.checks.includes(check)).map(check_name);
                refuse(format!("{at}.check"), format!("may not be asked for; {}", list(allowed)));
            }
        }
        for (i, statement) in ask.statements.iter().enumerate() {
            let (kind, used) = uses(statement);
            let at = format!("statements[{i}].{}", kind.name());
            if !self.statements.includes(&kind) {
                let allowed = StatementKind::ALL.into_iter().filter(|kind| self.statements.includes(kind));
                let allowed = list(allowed.map(StatementKind::name));
                refuse(at.clone(), format!("is a kind of statement that may not be made; {allowed}"));
            }
            for used in used {
                self.judge(ask, &used, &mut |member, reason| refuse(format!("{at}.{member}"), reason));
            }
        }
        for used in disclosed_by_equality(ask.statements) {
            self.judge(ask, &used, &mut refuse);
        }
        refusals
    }

    fn judge(&self, ask: &Ask<'_>, used: &Used<'_>, refuse: &mut dyn FnMut(String, String)) {
        let (allowed, reason) = match used.r#use {
            Use::Disclosed => (&self.disclose, "may not be disclosed"),
            Use::ProvenAbout => (&self.prove, "may not be proven about"),
            Use::DisclosedByEquality => {
                (&self.disclose, "equals a value that is disclosed, and may not be disclosed itself")
            }
        };
        let schema = ask.schema_of(used.of);
        if allowed.any(|name| is_attribute(name, schema, &used.of.attribute)) {
            return;
        }
        let same_schema = |name: &str| name.rsplit_once('.').is_some_and(|(of, _)| Some(of) == schema);
        refuse(used.member.clone(), format!("{reason}; {}", registered(allowed, same_schema)));
    }
}

/// What a statement does to which attributes. Written without a wildcard, for statements and for their members: a new
/// one does not compile before somebody has decided what it takes to be allowed to make it.
fn uses(statement: &Statement) -> (StatementKind, Vec<Used<'_>>) {
    use StatementKind as Kind;
    let proven = |member: &str, of| Used { member: member.to_owned(), of, r#use: Use::ProvenAbout };
    match statement {
        Statement::Disclose { of } => {
            (Kind::Disclose, vec![Used { member: "of".to_owned(), of, r#use: Use::Disclosed }])
        }
        Statement::Range { of, lo: _, hi: _ } => (Kind::Range, terms(of)),
        Statement::Age { of, at_least: _, below: _ } => (Kind::Age, vec![proven("of", of)]),
        Statement::Date { of, from: _, to: _ } => (Kind::Date, vec![proven("of", of)]),
        Statement::Equals { of, value: _ } => (Kind::Equals, vec![proven("of", of)]),
        Statement::Member { of, values: _ } => (Kind::Member, vec![proven("of", of)]),
        Statement::NotMember { of, values: _ } => (Kind::NotMember, vec![proven("of", of)]),
        Statement::Intervals { of, intervals: _ } => (Kind::Intervals, terms(of)),
        Statement::Flags { of, all: _, none: _, any: _ } => (Kind::Flags, vec![proven("of", of)]),
        Statement::Equal { left, right } => (Kind::Equal, vec![proven("left", left), proven("right", right)]),
        // About no attribute: a relying party may ask it of every licence that it may ask for.
        Statement::NotRevoked { credential: _, max_age: _ } => (Kind::NotRevoked, Vec::new()),
    }
}

fn terms(terms: &[Term]) -> Vec<Used<'_>> {
    let used = terms.iter().enumerate().map(|(i, Term { attribute, coefficient: _ })| Used {
        member: format!("of[{i}].attribute"),
        of: attribute,
        r#use: Use::ProvenAbout,
    });
    used.collect()
}

/// The attributes that are disclosed because they equal one that is, directly or by others in between: the verdict says
/// so of them.
fn disclosed_by_equality(statements: &[Statement]) -> Vec<Used<'_>> {
    let mut disclosed: Vec<&AttributeRef> = Vec::new();
    let mut pairs = Vec::new();
    for (i, statement) in statements.iter().enumerate() {
        match statement {
            Statement::Disclose { of } => disclosed.push(of),
            Statement::Equal { left, right } => pairs.push((i, left, right)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    loop {
        let next = pairs.iter().find_map(|(i, left, right)| {
            match (disclosed.contains(left), disclosed.contains(right)) {
                (true, false) => Some((format!("statements[{i}].equal.right"), *right)),
                (false, true) => Some((format!("statements[{i}].equal.left"), *left)),
                _ => None,
            }
        });
        let Some((member, of)) = next else { return found };
        disclosed.push(of);
        found.push(Used { member, of, r#use: Use::DisclosedByEquality });
    }
}

/// Whether `name` is this attribute of this schema, `schema.attribute`.
fn is_attribute(name: &str, schema: Option<&str>, attribute: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(of, last)| Some(of) == schema && last == attribute)
}

fn registered(allowed: &Allowed<String>, shown: impl Fn(&str) -> bool) -> String {
    match allowed {
        Allowed::Any => "registered: any".to_owned(),
        Allowed::Only(some) => list(some.iter().map(String::as_str).filter(|name| shown(name))),
    }
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.collect();
    if names.is_empty() { "registered: none".to_owned() } else { format!("registered: {}", names.join(", ")) }
}

#[cfg(test)]
mod tests;
