//! From a request to its relation: resolve names, merge equal attributes, decide what is disclosed, lower each
//! statement.

use std::collections::BTreeMap;

use crate::attribute::Kind;
use crate::generators::{D_COUNT, H_ATTRIBUTES, H_HANDLE};
use crate::key::Registry;
use crate::request::{AttributeRef, Request, RequestedCredential, Statement};
use crate::schema::{Attribute, Binding, Grade};

use super::knowledge::Knowledge;
use super::lower::Lowering;
use super::statement::{Reason, RelationError};
use super::{Accepted, Disclosed, Plan, Profile, RelationCredential, RelationInterval, Slot, Source};

/// Most residuals of one presentation.
pub(super) const MAX_RESIDUALS: usize = 64;

/// An attribute of a requested credential.
#[derive(Clone, Copy)]
pub(super) struct Resolved<'a> {
    pub(super) attribute: &'a Attribute,
    /// Class of attributes that are equal to it.
    pub(super) class: usize,
}

/// The hidden values that a statement about revocation is about.
pub(super) struct Handle {
    /// The credential's name in the request.
    credential: String,
    /// Its handle.
    pub(super) value: Source,
    /// The ends of the interval that holds it.
    pub(super) first: Source,
    pub(super) last: Source,
}

impl Handle {
    /// `None` if one of them is not hidden, which the layout rules out.
    fn new(
        credentials: &[RelationCredential],
        slots: &[Vec<Slot>],
        interval: &RelationInterval,
    ) -> Option<Self> {
        let hidden = |slots: &[Slot], place: usize| match slots.get(place) {
            Some(Slot::Hidden(i)) => Some(Source::Hidden(*i)),
            _ => None,
        };
        Some(Self {
            credential: credentials[interval.credential].id.clone(),
            value: hidden(&slots[interval.credential], H_HANDLE)?,
            first: hidden(&interval.slots, H_ATTRIBUTES)?,
            last: hidden(&interval.slots, H_ATTRIBUTES + 1)?,
        })
    }

    pub(super) fn is_of(&self, credential: &str) -> bool {
        self.credential == credential
    }
}

/// The credentials of a request, with what the registry knows of their schemas and issuers.
pub(super) fn resolve(
    request: &Request,
    registry: &Registry,
) -> Result<Vec<RelationCredential>, RelationError> {
    let document = request.document();
    let requested = document.credentials.iter().enumerate();
    let mut credentials: Vec<RelationCredential> = requested
        .map(|(i, requested)| resolve_credential(i, requested, registry))
        .collect::<Result<_, _>>()?;
    for (i, statement) in document.statements.iter().enumerate() {
        if let Statement::NotRevoked { credential: id, .. } = statement {
            let earlier = document.statements[..i].iter();
            let about_it = |other: &Statement| matches!(other, Statement::NotRevoked { credential, .. } if credential == id);
            let resolved = if earlier.clone().any(about_it) {
                Err(Reason::Repeated)
            } else {
                require_lists(id, &mut credentials)
            };
            resolved.map_err(|reason| reason.at(format!("statements[{i}].not_revoked")))?;
        }
    }
    Ok(credentials)
}

/// Only issuers with a revocation key can have a credential whose list is asked for.
fn require_lists(id: &str, credentials: &mut [RelationCredential]) -> Result<(), Reason> {
    let credential = credentials
        .iter_mut()
        .find(|credential| credential.id == id)
        .ok_or_else(|| Reason::UnknownCredential(id.to_owned()))?;
    if credential.schema.binding() != Binding::Holder {
        return Err(Reason::NoHandle(id.to_owned()));
    }
    for accepted in &mut credential.accepted {
        // A revocation key that is the key itself is none.
        accepted.issuer.take_if(|issuer| issuer.revocation.is_none_or(|revocation| revocation == issuer.key));
    }
    if credential.accepted.iter().all(|accepted| accepted.issuer.is_none()) {
        return Err(Reason::NoLists(id.to_owned()));
    }
    Ok(())
}

pub(super) fn build(
    request: &Request,
    mut credentials: Vec<RelationCredential>,
    profile: Profile,
) -> Result<Plan, RelationError> {
    let document = request.document();
    let mut names = Names::new(&credentials);
    for (i, statement) in document.statements.iter().enumerate() {
        if let Statement::Equal { left, right } = statement {
            names.merge(left, right).map_err(|reason| reason.at(format!("statements[{i}].equal")))?;
        }
    }
    let disclosed = disclosed(&names, &document.statements)?;
    let (slots, mut hidden, sources) = lay_out(&credentials, &names, &disclosed);
    let intervals = lay_out_intervals(&credentials, &document.statements, &mut hidden);

    let handles: Option<Vec<Handle>> =
        intervals.iter().map(|interval| Handle::new(&credentials, &slots, interval)).collect();
    let handles = handles.ok_or_else(|| Reason::TooLarge.at("statements"))?;
    let mut lowering = Lowering::new(&names, sources, handles, request.day(), profile);
    for (i, statement) in document.statements.iter().enumerate() {
        let at = |reason: Reason| reason.at(format!("statements[{i}].{}", statement_name(statement)));
        lowering.statement(statement).map_err(at)?;
        if lowering.free_digits > D_COUNT
            || lowering.digits.len() > D_COUNT
            || lowering.residuals.len() > MAX_RESIDUALS
        {
            return Err(at(Reason::TooLarge));
        }
    }
    let revealing = revealing(&names, &lowering.knowledge, &disclosed)?;
    let Lowering { digits, free_digits, residuals, ranges, hints, .. } = lowering;
    for (credential, slots) in credentials.iter_mut().zip(slots) {
        credential.slots = slots;
    }
    Ok(Plan {
        profile,
        credentials,
        intervals,
        hidden,
        disclosed,
        digits,
        free_digits,
        residuals,
        ranges,
        hints,
        revealing,
        ..Plan::default()
    })
}

fn resolve_credential(
    i: usize,
    requested: &RequestedCredential,
    registry: &Registry,
) -> Result<RelationCredential, RelationError> {
    let at = |reason: Reason, member: &str| reason.at(format!("credentials[{i}].{member}"));
    let schema = registry.schema(&requested.schema).ok_or_else(|| at(Reason::UnknownSchema, "schema"))?;
    let accepted: Vec<Accepted> = requested
        .issuers
        .iter()
        .map(|key| Accepted {
            key: *key,
            domain: key.domain(&requested.schema),
            issuer: registry.issuer(key).filter(|issuer| issuer.schemas.contains(&requested.schema)).cloned(),
        })
        .collect();
    if accepted.iter().all(|accepted| accepted.issuer.is_none()) {
        return Err(at(Reason::UnknownIssuer, "issuers"));
    }
    Ok(RelationCredential {
        id: requested.id.clone(),
        schema: schema.clone(),
        accepted,
        check: requested.check,
        slots: Vec::new(),
    })
}

/// The attributes of all credentials under one numbering, in classes of equal ones.
pub(super) struct Names<'a> {
    credentials: Vec<(&'a str, &'a [Attribute], usize)>,
    class: Vec<usize>,
}

impl<'a> Names<'a> {
    fn new(credentials: &'a [RelationCredential]) -> Self {
        let mut first = 0;
        let mut named = Vec::new();
        for credential in credentials {
            let attributes = credential.schema.attributes();
            named.push((credential.id.as_str(), attributes, first));
            first += attributes.len();
        }
        Self { credentials: named, class: (0..first).collect() }
    }

    /// The attribute a reference names, unless it may not be named.
    pub(super) fn resolve(&self, reference: &AttributeRef) -> Result<Resolved<'a>, Reason> {
        let (node, attribute) = self.find(reference)?;
        if attribute.grade == Grade::Never {
            return Err(Reason::Never(reference.to_string()));
        }
        Ok(Resolved { attribute, class: self.class[node] })
    }

    /// The attributes of a class with the credential and the position of each, in order.
    pub(super) fn members(&self, class: usize) -> impl Iterator<Item = (usize, usize, &'a Attribute)> + '_ {
        self.credentials.iter().enumerate().flat_map(move |(c, (_, attributes, first))| {
            let of_class = move |(i, _): &(usize, &Attribute)| self.class[first + i] == class;
            attributes.iter().enumerate().filter(of_class).map(move |(i, attribute)| (c, i, attribute))
        })
    }

    /// What the schemas alone say of a class.
    pub(super) fn declared(&self, class: usize) -> Knowledge {
        let kinds = self.members(class).map(|(.., attribute)| &attribute.kind);
        // Every class has the attribute it is named after.
        Knowledge::of_all(kinds).unwrap_or_else(Knowledge::nothing)
    }

    /// The classes that may all be one value, this one first: those of the same attribute in other credentials whose
    /// schema has the same attributes, for one credential may answer for all of these; and so on from their members.
    pub(super) fn may_be_one(&self, class: usize) -> Vec<usize> {
        let mut found = vec![class];
        let mut next = 0;
        while let Some(&class) = found.get(next) {
            next += 1;
            for (credential, position, _) in self.members(class) {
                let attributes = self.credentials[credential].1;
                for (_, others, first) in &self.credentials {
                    let same = std::ptr::eq(*others, attributes) || *others == attributes;
                    if same && !found.contains(&self.class[first + position]) {
                        found.push(self.class[first + position]);
                    }
                }
            }
        }
        found
    }

    /// How a request names an attribute of one of its credentials.
    pub(super) fn reference(&self, credential: usize, attribute: &Attribute) -> AttributeRef {
        AttributeRef {
            credential: self.credentials[credential].0.to_owned(),
            attribute: attribute.name.clone(),
        }
    }

    fn find(&self, reference: &AttributeRef) -> Result<(usize, &'a Attribute), Reason> {
        let (_, attributes, first) = self
            .credentials
            .iter()
            .find(|(id, ..)| *id == reference.credential)
            .ok_or_else(|| Reason::UnknownCredential(reference.credential.clone()))?;
        let position = attributes
            .iter()
            .position(|attribute| attribute.name == reference.attribute)
            .ok_or_else(|| Reason::UnknownAttribute(reference.attribute.clone()))?;
        Ok((first + position, &attributes[position]))
    }

    fn merge(&mut self, left: &AttributeRef, right: &AttributeRef) -> Result<(), Reason> {
        let mut sides = [0; 2];
        let mut kinds: [Option<&Kind>; 2] = [None; 2];
        for (side, reference) in [left, right].into_iter().enumerate() {
            let (node, attribute) = self.find(reference)?;
            if attribute.grade == Grade::Never {
                return Err(Reason::Never(reference.to_string()));
            }
            if !attribute.required {
                return Err(Reason::Optional(reference.to_string()));
            }
            (sides[side], kinds[side]) = (node, Some(&attribute.kind));
        }
        if sides[0] == sides[1] || kinds[0].map(Kind::name) != kinds[1].map(Kind::name) {
            return Err(Reason::Incomparable);
        }
        // Masks are compared: they mean the same only if the flags do.
        if let [Some(Kind::Flags { flags: left }), Some(Kind::Flags { flags: right })] = kinds
            && !left.iter().map(|flag| &flag.code).eq(right.iter().map(|flag| &flag.code))
        {
            return Err(Reason::DifferentFlags);
        }
        let (kept, gone) =
            (self.class[sides[0]].min(self.class[sides[1]]), self.class[sides[0]].max(self.class[sides[1]]));
        self.class.iter_mut().filter(|class| **class == gone).for_each(|class| *class = kept);
        Ok(())
    }
}

/// The classes that are disclosed: those asked for, and with them every attribute equal to one.
fn disclosed(names: &Names<'_>, statements: &[Statement]) -> Result<Vec<Disclosed>, RelationError> {
    let mut classes: Vec<usize> = Vec::new();
    let mut disclosed = Vec::new();
    for (i, statement) in statements.iter().enumerate() {
        let Statement::Disclose { of } = statement else { continue };
        let at = |reason: Reason| reason.at(format!("statements[{i}].disclose"));
        let class = names.resolve(of).map_err(at)?.class;
        if classes.contains(&class) {
            return Err(at(Reason::Repeated));
        }
        for (credential, _, attribute) in names.members(class) {
            if attribute.grade != Grade::Disclose {
                return Err(at(Reason::NotDisclosed(names.reference(credential, attribute).to_string())));
            }
        }
        classes.push(class);
        let mut attributes: Vec<(usize, usize)> =
            names.members(class).map(|(c, position, _)| (c, position)).collect();
        // The one asked for stands first.
        attributes.sort_by_key(|&(c, position)| {
            let schema = names.credentials[c];
            !(schema.0 == of.credential && schema.1[position].name == of.attribute)
        });
        disclosed.push(Disclosed { attributes });
    }
    Ok(disclosed)
}

/// Gives every value its place: hidden ones are numbered in order of first appearance.
fn lay_out(
    credentials: &[RelationCredential],
    names: &Names<'_>,
    disclosed: &[Disclosed],
) -> (Vec<Vec<Slot>>, usize, BTreeMap<usize, Source>) {
    let mut sources: BTreeMap<usize, Source> = BTreeMap::new();
    for (i, value) in disclosed.iter().enumerate() {
        for &(credential, position) in &value.attributes {
            sources.insert(names.class[names.credentials[credential].2 + position], Source::Disclosed(i));
        }
    }
    let mut hidden = 0;
    let mut fresh = || {
        hidden += 1;
        hidden - 1
    };
    let mut link_secret = None;
    let mut all_slots = Vec::new();
    for (credential, (_, attributes, first)) in credentials.iter().zip(&names.credentials) {
        let mut slots = vec![Slot::Unused; H_ATTRIBUTES];
        if credential.schema.binding() == Binding::Holder {
            slots[0] = Slot::Hidden(*link_secret.get_or_insert_with(&mut fresh));
            slots[1] = Slot::Hidden(fresh());
            slots[2] = Slot::Hidden(fresh());
        }
        for i in 0..attributes.len() {
            let source = sources.entry(names.class[first + i]).or_insert_with(|| Source::Hidden(fresh()));
            slots.push(match *source {
                Source::Disclosed(index) => Slot::Disclosed(index),
                Source::Hidden(index) => Slot::Hidden(index),
                Source::Digit(_) => Slot::Unused,
            });
        }
        all_slots.push(slots);
    }
    (all_slots, hidden, sources)
}

/// Gives the ends of each interval their places, after everything else.
fn lay_out_intervals(
    credentials: &[RelationCredential],
    statements: &[Statement],
    hidden: &mut usize,
) -> Vec<RelationInterval> {
    let mut intervals = Vec::new();
    for statement in statements {
        let Statement::NotRevoked { credential: id, max_age } = statement else { continue };
        // Resolving the credentials saw to it that there is one.
        let Some(credential) = credentials.iter().position(|credential| credential.id == *id) else {
            continue;
        };
        let mut slots = vec![Slot::Unused; H_ATTRIBUTES];
        slots.extend([Slot::Hidden(*hidden), Slot::Hidden(*hidden + 1)]);
        *hidden += 2;
        intervals.push(RelationInterval { credential, max_age: *max_age, slots });
    }
    intervals
}

/// Refuses statements that leave fewer values of an attribute than it declares; lists those where that is allowed.
fn revealing(
    names: &Names<'_>,
    knowledge: &BTreeMap<usize, Knowledge>,
    disclosed: &[Disclosed],
) -> Result<Vec<AttributeRef>, RelationError> {
    let mut knowledge = knowledge.clone();
    // An equality alone says something where the two sides are bounded differently.
    for class in names.class.iter().filter(|class| names.members(**class).count() > 1) {
        knowledge.entry(*class).or_insert_with(|| names.declared(*class));
    }
    let mut revealing = Vec::new();
    for (class, known) in &knowledge {
        let joint = joint_choices(names, &knowledge, *class, known);
        for (credential, position, attribute) in names.members(*class) {
            if disclosed.iter().any(|value| value.attributes.contains(&(credential, position))) {
                continue;
            }
            let least = least_choices(attribute);
            let choices = known.choices();
            if choices == 0 {
                return Err(Reason::Empty.at("statements"));
            }
            let reference = || names.reference(credential, attribute);
            let choices = choices.min(joint);
            if choices < u128::from(least) && attribute.grade == Grade::Predicate {
                return Err(Reason::Narrow { name: reference().to_string(), choices, least }.at("statements"));
            }
            if choices < u128::from(least.max(2)) {
                revealing.push(reference());
            }
        }
    }
    Ok(revealing)
}

/// How many values must stay possible. Of what may not be disclosed, more than one always.
fn least_choices(attribute: &Attribute) -> u64 {
    let default = if attribute.grade == Grade::Predicate { 2 } else { 1 };
    attribute.min_choices.unwrap_or(default).max(default)
}

/// How many values remain if the holder answers with one credential wherever the request asks for its schema.
fn joint_choices(
    names: &Names<'_>,
    knowledge: &BTreeMap<usize, Knowledge>,
    class: usize,
    known: &Knowledge,
) -> u128 {
    let mut joint = known.clone();
    for other in names.may_be_one(class).iter().skip(1).filter_map(|class| knowledge.get(class)) {
        let mut both = joint.clone();
        both.and(other);
        // If nothing is left, it cannot be the same credential.
        if both.choices() > 0 {
            joint = both;
        }
    }
    joint.choices()
}

/// The key under which a statement stands in JSON.
pub(super) fn statement_name(statement: &Statement) -> &'static str {
    match statement {
        Statement::Disclose { .. } => "disclose",
        Statement::Range { .. } => "range",
        Statement::Age { .. } => "age",
        Statement::Date { .. } => "date",
        Statement::Equals { .. } => "equals",
        Statement::Member { .. } => "member",
        Statement::NotMember { .. } => "not_member",
        Statement::Intervals { .. } => "intervals",
        Statement::Flags { .. } => "flags",
        Statement::Equal { .. } => "equal",
        Statement::NotRevoked { .. } => "not_revoked",
    }
}
