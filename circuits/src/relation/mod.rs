//! The relation that a request asks for: which scalars stay hidden, which digits the prover commits to, and which
//! linear and quadratic expressions of them must vanish. Prover and verifier both get it from [`Relation::compile`].
//!
//! Everything is written in *responses*. A hidden value m answers as z = m~ + c·m, a digit b as f = a + c·b, a public
//! value v as c·v. A [`Linear`] expression of them is therefore again of the form "mask + c·value", and a residual,
//! quadratic in them, carries what must be zero at c².

mod build;
mod compiler;
mod evaluate;
mod hints;
mod integer;
mod knowledge;
mod lower;
mod statement;

use std::sync::{Arc, OnceLock};

use curve25519_dalek::scalar::Scalar;

use crate::interval::Scope;
use crate::key::{Issuer, IssuerPublicKey, Registry};
use crate::labels;
use crate::range_proof;
use crate::request::{AttributeRef, CheckKind, Preference, Request};
use crate::schema::Schema;
use crate::text::Text;
use crate::transcript::{TranscriptProtocol, transcript};
use crate::words;

pub use compiler::Compiler;
pub use evaluate::{Polynomial, Response};
pub use hints::{AssignError, Assignment};
pub use statement::{Reason, RelationError};

/// Where a term of a linear expression takes its response from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A hidden value.
    Hidden(usize),
    /// A disclosed value: c times it.
    Disclosed(usize),
    /// A digit of this relation, free or derived.
    Digit(usize),
}

/// c·constant + Σ coefficient·response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linear {
    /// What the public constant contributes per c.
    pub constant: Scalar,
    /// The responses with their coefficients.
    pub terms: Vec<(Source, Scalar)>,
}

/// One digit: a value that is shown to be 0 or 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Digit {
    /// Committed to under the generator D of this index, its response sent.
    Free(usize),
    /// Follows from other responses and is not sent. Refers to earlier digits only.
    Derived(Linear),
}

/// A factor in a product of responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factor {
    /// The public number 1: its response is c.
    One,
    /// A digit.
    Digit(usize),
}

/// A quadratic expression whose c² coefficient must be zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Residual {
    /// c·linear: the expression's value is 0.
    Zero(Linear),
    /// Σ set[i·n₂+j]·outer_i·inner_j − c·value: the value is the selected element of the set.
    Member {
        /// One-hot row of n₁ factors.
        outer: Vec<Factor>,
        /// One-hot row of n₂ factors.
        inner: Vec<Factor>,
        /// n₁·n₂ elements, padded with the last.
        set: Vec<Scalar>,
        /// What must be in the set.
        value: Linear,
    },
    /// Σ left·right − c²: the selected flag is set.
    Selected {
        /// Selector and flag.
        pairs: Vec<(Factor, Factor)>,
    },
}

/// In the compact profile: an integer that is shown not to be negative by a Bulletproof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The integer.
    pub value: Linear,
    /// The greatest value that it can have in a true statement, below 2^63.
    pub width: u64,
    /// Whether it is also shown that width − value is not negative. Otherwise the issuer's bounds, or another range,
    /// see to that end.
    pub both_ends: bool,
}

/// How ranges are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// By digits: fast to prove and to check.
    #[default]
    Fast,
    /// Wide ones by one aggregated Bulletproof: fewer bytes where ranges are wide.
    Compact,
}

impl Profile {
    /// The byte that stands for it in presentations.
    pub fn byte(self) -> u8 {
        match self {
            Self::Fast => labels::PROFILE_FAST,
            Self::Compact => labels::PROFILE_COMPACT,
        }
    }
}

/// Where the scalar of one generator H of a credential comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Not part of credentials with this binding: the public number 0.
    Unused,
    /// A hidden value.
    Hidden(usize),
    /// A disclosed value.
    Disclosed(usize),
}

/// One credential of the relation.
#[derive(Clone, Debug)]
pub struct RelationCredential {
    /// Its name in the request.
    pub id: String,
    /// Its schema.
    pub schema: Arc<Schema>,
    /// The issuer keys accepted, in the request's order.
    pub accepted: Vec<Accepted>,
    /// How it is checked.
    pub check: CheckKind,
    /// The scalar of each H: link secret, blinding, handle, then the attributes.
    pub slots: Vec<Slot>,
}

/// An interval of a revocation list that holds the handle of one of the credentials.
#[derive(Clone, Debug)]
pub struct RelationInterval {
    /// Which credential.
    pub credential: usize,
    /// Most seconds by which the list may have been issued before the request.
    pub max_age: u64,
    /// The scalar of each H: none of the first three, then the two ends.
    pub slots: Vec<Slot>,
}

/// What one signature of a presentation is on.
#[derive(Clone, Copy, Debug)]
pub struct Signature<'a> {
    /// How it is checked.
    pub check: CheckKind,
    /// The scalar of each H.
    pub slots: &'a [Slot],
}

/// An issuer key that a request accepts.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The key.
    pub key: IssuerPublicKey,
    /// d of credentials under it.
    pub domain: Scalar,
    /// Whose it is; `None` if the registry does not have it, or not for this schema. Nothing is proven or accepted
    /// under such a key.
    pub issuer: Option<Arc<Issuer>>,
}

/// A value that is disclosed once, for all attributes that are equal to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disclosed {
    /// Each attribute as credential index and position in its schema; the first is the one asked for.
    pub attributes: Vec<(usize, usize)>,
}

/// The relation of one request.
///
/// What was lowered from it is shared by all requests that ask the same (see [`Compiler`]).
#[derive(Clone, Debug)]
pub struct Relation {
    request: Arc<Request>,
    plan: Arc<Plan>,
}

/// What a request's credentials and statements mean on its day: everything but who asks, when and with which nonce.
#[derive(Clone, Debug, Default)]
struct Plan {
    profile: Profile,
    credentials: Vec<RelationCredential>,
    intervals: Vec<RelationInterval>,
    hidden: usize,
    disclosed: Vec<Disclosed>,
    digits: Vec<Digit>,
    free_digits: usize,
    residuals: Vec<Residual>,
    ranges: Vec<Range>,
    hints: Vec<hints::Hint>,
    revealing: Vec<AttributeRef>,
    /// Written when they are first asked for.
    words: OnceLock<Arc<[Text]>>,
    /// The same in the compact profile, worked out when it is first asked for.
    compact: OnceLock<Option<Arc<Plan>>>,
    digest: [u8; 32],
}

impl Relation {
    /// Turns a request into the relation to prove: the one place where statements get their meaning.
    ///
    /// Fails if the request names a schema or only issuer keys that the registry does not have, or asks for what a
    /// schema does not allow.
    pub fn compile(request: Arc<Request>, registry: &Registry) -> Result<Self, RelationError> {
        let credentials = build::resolve(&request, registry)?;
        let plan = Arc::new(Plan::new(&request, credentials, Profile::Fast)?);
        Ok(Self { request, plan })
    }

    /// The same relation in the compact profile, if the request prefers small answers and there is a range to gain
    /// from.
    pub fn compact(&self) -> Option<Self> {
        if self.request.document().prefer != Some(Preference::Small) {
            return None;
        }
        if self.profile() == Profile::Compact {
            return Some(self.clone());
        }
        let plan = self.plan.compact.get_or_init(|| {
            let plan = Plan::new(&self.request, self.plan.credentials.clone(), Profile::Compact).ok()?;
            let slots = range_proof::slots(&plan.ranges);
            (1..=range_proof::MAX_SLOTS).contains(&slots).then(|| Arc::new(plan))
        });
        Some(Self { request: self.request.clone(), plan: plan.clone()? })
    }

    /// How ranges are shown.
    pub fn profile(&self) -> Profile {
        self.plan.profile
    }

    /// The request it came from.
    pub fn request(&self) -> &Arc<Request> {
        &self.request
    }

    /// The credentials in the request's order.
    pub fn credentials(&self) -> &[RelationCredential] {
        &self.plan.credentials
    }

    /// The intervals of revocation lists, one for each statement that something is not revoked.
    pub fn intervals(&self) -> &[RelationInterval] {
        &self.plan.intervals
    }

    /// What a presentation shows signatures on: the credentials, then the intervals.
    pub fn signatures(&self) -> impl Iterator<Item = Signature<'_>> {
        let credentials = &self.plan.credentials;
        let own = credentials.iter().map(|it| Signature { check: it.check, slots: &it.slots });
        let intervals = self.plan.intervals.iter();
        own.chain(intervals.map(|it| Signature { check: credentials[it.credential].check, slots: &it.slots }))
    }

    /// The key and the domain of each of the signatures, where credentials are from these of the accepted issuers and
    /// lists were issued at these moments. `None` if an index is out of range, an issuer is not known, or their numbers
    /// are others.
    pub fn keys(&self, issuers: &[u8], lists: &[u64]) -> Option<Vec<(IssuerPublicKey, Scalar)>> {
        let (credentials, intervals) = (&self.plan.credentials, &self.plan.intervals);
        if issuers.len() != credentials.len() || lists.len() != intervals.len() {
            return None;
        }
        let accepted =
            |i: usize| credentials[i].accepted.get(usize::from(issuers[i])).filter(|it| it.issuer.is_some());
        let mut keys = Vec::with_capacity(issuers.len() + lists.len());
        for i in 0..credentials.len() {
            let accepted = accepted(i)?;
            keys.push((accepted.key, accepted.domain));
        }
        for (interval, &issued_at) in intervals.iter().zip(lists) {
            let accepted = accepted(interval.credential)?;
            let revocation = accepted.issuer.as_ref()?.revocation?;
            let schema = credentials[interval.credential].schema.digest();
            keys.push((revocation, Scope { revocation, issuer: accepted.key, schema, issued_at }.domain()));
        }
        Some(keys)
    }

    /// How many values stay hidden, link secret, blindings and handles included.
    pub fn hidden(&self) -> usize {
        self.plan.hidden
    }

    /// The disclosed values.
    pub fn disclosed(&self) -> &[Disclosed] {
        &self.plan.disclosed
    }

    /// The digits, each after those it refers to.
    pub fn digits(&self) -> &[Digit] {
        &self.plan.digits
    }

    /// How many digits are committed to.
    pub fn free_digits(&self) -> usize {
        self.plan.free_digits
    }

    /// The quadratic expressions.
    pub fn residuals(&self) -> &[Residual] {
        &self.plan.residuals
    }

    /// What Bulletproofs show in the compact profile; none in the fast one.
    pub fn ranges(&self) -> &[Range] {
        &self.plan.ranges
    }

    /// Whether there are digits or residuals.
    pub fn has_digits(&self) -> bool {
        !self.plan.digits.is_empty() || !self.plan.residuals.is_empty()
    }

    /// Whether there is anything for the digit equation to show.
    pub fn has_digit_equation(&self) -> bool {
        self.has_digits() || !self.plan.ranges.is_empty()
    }

    /// The attributes that may be disclosed and are asked about so narrowly that it amounts to disclosure.
    pub fn revealing(&self) -> &[AttributeRef] {
        &self.plan.revealing
    }

    /// Every statement of the request in words, in order.
    pub fn statements_in_words(&self) -> &Arc<[Text]> {
        self.plan.words.get_or_init(|| words::statements(self).into())
    }

    /// Digest of everything that was lowered from the request: absorbed into every proof, so that prover and verifier
    /// agree on the relation itself and not only on the request.
    pub fn digest(&self) -> &[u8; 32] {
        &self.plan.digest
    }
}

impl Plan {
    fn new(
        request: &Request,
        credentials: Vec<RelationCredential>,
        profile: Profile,
    ) -> Result<Self, RelationError> {
        let mut plan = build::build(request, credentials, profile)?;
        plan.digest = plan.compute_digest();
        Ok(plan)
    }

    fn compute_digest(&self) -> [u8; 32] {
        let mut hash = transcript(labels::RELATION);
        let count = |n: usize| (n as u64).to_le_bytes();
        hash.append_message(b"hidden", &count(self.hidden));
        hash.append_message(b"credentials", &count(self.credentials.len()));
        for credential in &self.credentials {
            hash.append_message(b"slots", &slot_bytes(&credential.slots));
        }
        hash.append_message(b"digits", &count(self.digits.len()));
        for digit in &self.digits {
            match digit {
                Digit::Free(index) => hash.append_message(b"free", &count(*index)),
                Digit::Derived(linear) => hash.append_message(b"derived", &linear_bytes(linear)),
            }
        }
        hash.append_message(b"residuals", &count(self.residuals.len()));
        for residual in &self.residuals {
            match residual {
                Residual::Zero(linear) => hash.append_message(b"zero", &linear_bytes(linear)),
                Residual::Member { outer, inner, set, value } => {
                    hash.append_message(b"outer", &factor_bytes(outer.iter()));
                    hash.append_message(b"inner", &factor_bytes(inner.iter()));
                    let elements: Vec<u8> = set.iter().flat_map(|element| *element.as_bytes()).collect();
                    hash.append_message(b"set", &elements);
                    hash.append_message(b"value", &linear_bytes(value));
                }
                Residual::Selected { pairs } => {
                    hash.append_message(b"selectors", &factor_bytes(pairs.iter().map(|(left, _)| left)));
                    hash.append_message(b"selected", &factor_bytes(pairs.iter().map(|(_, right)| right)));
                }
            }
        }
        // The fast profile has no ranges: nothing is absorbed for it here.
        for range in &self.ranges {
            hash.append_message(b"range", &linear_bytes(&range.value));
            hash.append_message(b"width", &range.width.to_le_bytes());
            hash.append_message(b"ends", &[1 + u8::from(range.both_ends)]);
        }
        for interval in &self.intervals {
            hash.append_message(b"interval of", &count(interval.credential));
            hash.append_message(b"slots", &slot_bytes(&interval.slots));
        }
        hash.challenge_array(b"digest")
    }
}

fn slot_bytes(slots: &[Slot]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for slot in slots {
        let (kind, index) = match slot {
            Slot::Unused => (0u8, 0),
            Slot::Hidden(i) => (1, *i),
            Slot::Disclosed(i) => (2, *i),
        };
        bytes.push(kind);
        bytes.extend((index as u64).to_le_bytes());
    }
    bytes
}

fn linear_bytes(linear: &Linear) -> Vec<u8> {
    let mut bytes = linear.constant.as_bytes().to_vec();
    for (source, coefficient) in &linear.terms {
        let (kind, index) = match source {
            Source::Hidden(i) => (0u8, *i),
            Source::Disclosed(i) => (1, *i),
            Source::Digit(i) => (2, *i),
        };
        bytes.push(kind);
        bytes.extend((index as u64).to_le_bytes());
        bytes.extend(coefficient.as_bytes());
    }
    bytes
}

fn factor_bytes<'a>(factors: impl Iterator<Item = &'a Factor>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for factor in factors {
        let (kind, index) = match factor {
            Factor::One => (0u8, 0),
            Factor::Digit(i) => (1, *i),
        };
        bytes.push(kind);
        bytes.extend((index as u64).to_le_bytes());
    }
    bytes
}
