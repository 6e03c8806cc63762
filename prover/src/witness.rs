//! The values that make a relation true, taken from credentials and intervals.

use std::fmt;

use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::attribute::Value;
use glimpse_circuits::lacks;
use glimpse_circuits::relation::{Assignment, Relation, Slot};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::credential::Credential;
use crate::interval::Interval;
use crate::present::PresentError;
use crate::secret::LinkSecret;

lacks!(Witness: fmt::Debug, Clone);

/// The values that make the relation true.
pub(crate) struct Witness {
    pub(crate) issuers: Vec<u8>,
    pub(crate) disclosed: Vec<Value>,
    pub(crate) lists: Vec<u64>,
    pub(crate) hidden: Zeroizing<Vec<Scalar>>,
    pub(crate) disclosed_scalars: Vec<Scalar>,
    pub(crate) assignment: Assignment,
}

impl Witness {
    pub(crate) fn new(
        relation: &Relation,
        secret: &LinkSecret,
        credentials: &[(&Credential, Option<&Interval>)],
    ) -> Result<Self, PresentError> {
        if credentials.len() != relation.credentials().len() {
            return Err(PresentError::CredentialCount { expected: relation.credentials().len() });
        }
        let mut issuers = Vec::with_capacity(credentials.len());
        let mut hidden: Zeroizing<Vec<Option<Scalar>>> = Zeroizing::new(vec![None; relation.hidden()]);
        for ((credential, _), requested) in credentials.iter().zip(relation.credentials()) {
            let wrong = || PresentError::WrongCredential { id: requested.id.clone() };
            if credential.schema().digest() != requested.schema.digest() {
                return Err(wrong());
            }
            let index = requested
                .accepted
                .iter()
                .position(|accepted| accepted.key == *credential.key() && accepted.issuer.is_some())
                .ok_or_else(wrong)?;
            issuers.push(u8::try_from(index).map_err(|_| wrong())?);
            for (slot, scalar) in requested.slots.iter().zip(credential.slot_scalars(secret).iter()) {
                if let Slot::Hidden(i) = slot {
                    // Equal attributes share a value; if they differ the statement is false.
                    let equal = hidden[*i].get_or_insert(*scalar).ct_eq(scalar);
                    if !bool::from(equal) {
                        return Err(PresentError::False);
                    }
                }
            }
        }
        let lists = place_intervals(relation, credentials, &issuers, &mut hidden)?;
        let disclosed = disclosed_values(relation, credentials)?;
        let disclosed_scalars: Vec<Scalar> = disclosed.iter().map(Value::to_scalar).collect();
        let hidden =
            Zeroizing::new(hidden.iter().map(|value| value.unwrap_or(Scalar::ZERO)).collect::<Vec<_>>());
        let assignment = relation.assign(&hidden, &disclosed_scalars).map_err(|_| PresentError::False)?;
        Ok(Self { issuers, disclosed, lists, hidden, disclosed_scalars, assignment })
    }
}

/// Puts the ends of each interval in their places. Returns when the lists were issued.
fn place_intervals(
    relation: &Relation,
    credentials: &[(&Credential, Option<&Interval>)],
    issuers: &[u8],
    hidden: &mut [Option<Scalar>],
) -> Result<Vec<u64>, PresentError> {
    let mut lists = Vec::with_capacity(relation.intervals().len());
    for asked in relation.intervals() {
        let id = || relation.credentials()[asked.credential].id.clone();
        let (credential, interval) = &credentials[asked.credential];
        let interval = interval.ok_or_else(|| PresentError::NoInterval { id: id() })?;
        let requested = &relation.credentials()[asked.credential];
        let issuer = &requested.accepted[usize::from(issuers[asked.credential])].issuer;
        let revocation = issuer.as_ref().and_then(|issuer| issuer.revocation);
        if !interval.is_for(credential) || revocation != Some(interval.scope().revocation) {
            return Err(PresentError::ForeignInterval { id: id() });
        }
        let issued_at = interval.scope().issued_at;
        if issued_at.saturating_add(asked.max_age) < relation.request().document().issued_at {
            return Err(PresentError::StaleInterval { id: id() });
        }
        let ends = interval.end_scalars();
        for (slot, end) in asked.slots.iter().filter(|slot| **slot != Slot::Unused).zip(ends) {
            if let Slot::Hidden(i) = slot {
                hidden[*i] = Some(end);
            }
        }
        lists.push(issued_at);
    }
    Ok(lists)
}

fn disclosed_values(
    relation: &Relation,
    credentials: &[(&Credential, Option<&Interval>)],
) -> Result<Vec<Value>, PresentError> {
    let mut values = Vec::with_capacity(relation.disclosed().len());
    for disclosed in relation.disclosed() {
        let mut all = disclosed.attributes.iter().map(|&(c, position)| &credentials[c].0.values()[position]);
        let first = all.next().ok_or(PresentError::False)?;
        if all.any(|other| other != first) {
            return Err(PresentError::False);
        }
        values.push(first.clone());
    }
    Ok(values)
}
