//! A presentation: its parts, its bytes, and the order in which they are hashed.

use curve25519_dalek::scalar::Scalar;
use merlin::Transcript;

use crate::attribute::Value;
use crate::encoding::{DecodeError, EncodedPoint, Reader, write_value};
use crate::interval::MOMENT_SECONDS;
use crate::labels;
use crate::range_proof::{RangeProof, bits, slots};
use crate::relation::{Profile, Relation, Slot};
use crate::request::CheckKind;
use crate::transcript::{TranscriptProtocol, transcript};

/// What anyone needs to check B̄ = x·Ā: a helper token.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenProof {
    /// R_1.
    pub r1: EncodedPoint,
    /// R_2.
    pub r2: EncodedPoint,
    /// z_t.
    pub response: Scalar,
}

/// What is sent about one credential before the challenges.
#[derive(Clone, PartialEq, Eq)]
pub struct CredentialCommitment {
    /// Ā = r·A, not the identity.
    pub a_bar: EncodedPoint,
    /// B̄ = r·(C − e·A).
    pub b_bar: EncodedPoint,
    /// T: the masks of the credential equation.
    pub masks: EncodedPoint,
    /// The helper token in token mode.
    pub token: Option<TokenProof>,
}

/// The responses that belong to one credential alone.
#[derive(Clone, PartialEq, Eq)]
pub struct CredentialResponse {
    /// z_ρ.
    pub rho: Scalar,
    /// z_ε.
    pub epsilon: Scalar,
}

/// What shows that digits are digits and residuals vanish.
#[derive(Clone, PartialEq, Eq)]
pub struct CommittedDigits {
    /// E_1: the digits, sent before the residuals' weight y.
    pub point: EncodedPoint,
    /// τ: the masked linear coefficient of the weighted residuals, sent with E_0.
    pub tau: Scalar,
}

/// The ranges of a compact presentation.
#[derive(Clone, PartialEq, Eq)]
pub struct RangePart {
    /// V of each range: value·G + blinding·K.
    pub commitments: Vec<EncodedPoint>,
    /// That their values, and those of the other ends, have so many bits.
    pub proof: RangeProof,
}

/// The digit equation's part.
#[derive(Clone, PartialEq, Eq)]
pub struct DigitProof {
    /// The digits; absent exactly if there are only ranges.
    pub committed: Option<CommittedDigits>,
    /// The ranges of the compact profile.
    pub ranges: Option<RangePart>,
    /// E_0: the masks, sent after it.
    pub masks: EncodedPoint,
    /// f of each free digit.
    pub responses: Vec<Scalar>,
    /// z_K.
    pub blinding: Scalar,
}

/// A presentation of one or several credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct Presentation {
    /// For each credential, which of the accepted issuers it is from.
    pub issuers: Vec<u8>,
    /// The disclosed values.
    pub disclosed: Vec<Value>,
    /// For each interval, when its version of the revocation list was issued: seconds since 1970-01-01T00:00:00Z.
    pub lists: Vec<u64>,
    /// The credentials in the request's order, then the intervals.
    pub commitments: Vec<CredentialCommitment>,
    /// The same.
    pub credential_responses: Vec<CredentialResponse>,
    /// The responses of the hidden values.
    pub responses: Vec<Scalar>,
    /// Present exactly if the relation has digits or residuals.
    pub digits: Option<DigitProof>,
}

// A proof is not for logs: whoever has it can show it again until its request is closed.
opaque_debug!(
    TokenProof,
    CredentialCommitment,
    CredentialResponse,
    CommittedDigits,
    RangePart,
    DigitProof,
    Presentation,
);

impl Presentation {
    /// The bytes: version, profile, issuer indexes, disclosed values, moments of lists, points, scalars.
    pub fn to_bytes(&self) -> Vec<u8> {
        let ranges = self.digits.as_ref().and_then(|digits| digits.ranges.as_ref());
        let profile = if ranges.is_some() { Profile::Compact } else { Profile::Fast };
        let mut bytes = vec![labels::VERSION, profile.byte()];
        bytes.extend_from_slice(&self.issuers);
        self.disclosed.iter().for_each(|value| write_value(&mut bytes, value));
        self.lists.iter().for_each(|issued_at| bytes.extend_from_slice(&issued_at.to_le_bytes()));
        let mut point = |point: &EncodedPoint| bytes.extend_from_slice(point.encoded.as_bytes());
        for commitment in &self.commitments {
            point(&commitment.a_bar);
            point(&commitment.b_bar);
            point(&commitment.masks);
            if let Some(token) = &commitment.token {
                point(&token.r1);
                point(&token.r2);
            }
        }
        if let Some(digits) = &self.digits {
            digits.committed.iter().for_each(|committed| point(&committed.point));
            point(&digits.masks);
            ranges.iter().flat_map(|ranges| &ranges.commitments).for_each(&mut point);
        }
        let mut scalar = |scalar: &Scalar| bytes.extend_from_slice(scalar.as_bytes());
        for (commitment, response) in self.commitments.iter().zip(&self.credential_responses) {
            if let Some(token) = &commitment.token {
                scalar(&token.response);
            }
            scalar(&response.rho);
            scalar(&response.epsilon);
        }
        self.responses.iter().for_each(&mut scalar);
        if let Some(digits) = &self.digits {
            digits.committed.iter().for_each(|committed| scalar(&committed.tau));
            digits.responses.iter().for_each(&mut scalar);
            scalar(&digits.blinding);
        }
        ranges.iter().for_each(|ranges| bytes.extend(ranges.proof.to_bytes()));
        bytes
    }

    /// Reads the bytes of a presentation for one relation, which settles the profile and how many points and scalars
    /// there are.
    pub fn from_bytes(relation: &Relation, bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        if reader.array()? != [labels::VERSION, relation.profile().byte()] {
            return Err(DecodeError::Version);
        }
        let issuers = reader.take(relation.credentials().len())?.to_vec();
        for (index, credential) in issuers.iter().zip(relation.credentials()) {
            let accepted = credential.accepted.get(usize::from(*index)).ok_or(DecodeError::Index)?;
            if accepted.issuer.is_none() {
                return Err(DecodeError::Issuer);
            }
        }
        let disclosed = read_disclosed(relation, &mut reader)?;
        let lists = read_lists(relation, &issuers, &mut reader)?;
        // The length is settled here, so that nothing is decompressed for bytes that cannot be right.
        reader.expect_remaining(points_and_scalars(relation) * 32)?;
        let mut commitments = read_commitments(relation, &mut reader)?;
        let commitment = relation.has_digits().then(|| reader.point()).transpose()?;
        let masks = relation.has_digit_equation().then(|| reader.point()).transpose()?;
        let range_commitments =
            relation.ranges().iter().map(|_| reader.point()).collect::<Result<Vec<_>, _>>()?;
        let credential_responses = read_credential_responses(&mut commitments, &mut reader)?;
        let responses = reader.scalars(relation.hidden())?;
        let digits = match masks {
            Some(masks) => Some(DigitProof {
                committed: match commitment {
                    Some(point) => Some(CommittedDigits { point, tau: reader.scalar()? }),
                    None => None,
                },
                masks,
                responses: reader.scalars(relation.free_digits())?,
                blinding: reader.scalar()?,
                ranges: read_ranges(relation, range_commitments, &mut reader)?,
            }),
            None => None,
        };
        reader.finish()?;
        Ok(Self { issuers, disclosed, lists, commitments, credential_responses, responses, digits })
    }
}

/// The length in bytes of a presentation for this relation, without its disclosed values.
pub fn expected_length(relation: &Relation) -> usize {
    2 + relation.credentials().len() + 8 * relation.intervals().len() + 32 * points_and_scalars(relation)
}

fn points_and_scalars(relation: &Relation) -> usize {
    let per_signature = |check| match check {
        CheckKind::Token => 5 + 3,
        CheckKind::Keyed => 3 + 2,
    };
    let signatures: usize = relation.signatures().map(|signature| per_signature(signature.check)).sum();
    let committed = if relation.has_digits() { 2 } else { 0 };
    let equation = if relation.has_digit_equation() { 2 + relation.free_digits() } else { 0 };
    let ranges = match slots(relation.ranges()) {
        0 => 0,
        slots => relation.ranges().len() + RangeProof::elements(slots, bits(relation.ranges())),
    };
    signatures + relation.hidden() + committed + equation + ranges
}

/// The relation in the profile that takes fewer bytes, among those that its request lets the wallet choose from.
pub fn smallest(relation: &Relation) -> Relation {
    match relation.compact() {
        Some(compact) if expected_length(&compact) < expected_length(relation) => compact,
        _ => relation.clone(),
    }
}

/// The relation in the profile that these bytes are in. What is in neither is left to [`Presentation::from_bytes`] to
/// refuse.
pub fn in_profile_of(relation: &Relation, bytes: &[u8]) -> Relation {
    match bytes {
        [_, labels::PROFILE_COMPACT, ..] => relation.compact().unwrap_or_else(|| relation.clone()),
        _ => relation.clone(),
    }
}

fn read_disclosed(relation: &Relation, reader: &mut Reader<'_>) -> Result<Vec<Value>, DecodeError> {
    let mut values = Vec::with_capacity(relation.disclosed().len());
    for disclosed in relation.disclosed() {
        let value = reader.value()?;
        for &(credential, position) in &disclosed.attributes {
            let attribute = &relation.credentials()[credential].schema.attributes()[position];
            attribute.check(&value).map_err(|_| DecodeError::Value)?;
        }
        values.push(value);
    }
    Ok(values)
}

/// When the lists were issued. An issuer without a revocation key has none, so nothing is shown under its key.
fn read_lists(relation: &Relation, issuers: &[u8], reader: &mut Reader<'_>) -> Result<Vec<u64>, DecodeError> {
    let mut lists = Vec::with_capacity(relation.intervals().len());
    for _ in relation.intervals() {
        let issued_at = u64::from_le_bytes(reader.array()?);
        if !issued_at.is_multiple_of(MOMENT_SECONDS) {
            return Err(DecodeError::Value);
        }
        lists.push(issued_at);
    }
    relation.keys(issuers, &lists).map(|_| lists).ok_or(DecodeError::Issuer)
}

/// Ā, B̄, T, and R_1 and R_2 in token mode, of each signature. The tokens' scalars come later.
fn read_commitments(
    relation: &Relation,
    reader: &mut Reader<'_>,
) -> Result<Vec<CredentialCommitment>, DecodeError> {
    let mut commitments = Vec::with_capacity(relation.credentials().len() + relation.intervals().len());
    for signature in relation.signatures() {
        let (a_bar, b_bar, masks) = (reader.nonzero_point()?, reader.point()?, reader.point()?);
        let token = match signature.check {
            CheckKind::Token => {
                Some(TokenProof { r1: reader.point()?, r2: reader.point()?, response: Scalar::ZERO })
            }
            CheckKind::Keyed => None,
        };
        commitments.push(CredentialCommitment { a_bar, b_bar, masks, token });
    }
    Ok(commitments)
}

fn read_ranges(
    relation: &Relation,
    commitments: Vec<EncodedPoint>,
    reader: &mut Reader<'_>,
) -> Result<Option<RangePart>, DecodeError> {
    let slots = slots(relation.ranges());
    if slots == 0 {
        return Ok(None);
    }
    let proof = RangeProof::read(reader, slots, bits(relation.ranges()))?;
    Ok(Some(RangePart { commitments, proof }))
}

fn read_credential_responses(
    commitments: &mut [CredentialCommitment],
    reader: &mut Reader<'_>,
) -> Result<Vec<CredentialResponse>, DecodeError> {
    let mut responses = Vec::with_capacity(commitments.len());
    for commitment in commitments {
        if let Some(token) = &mut commitment.token {
            token.response = reader.scalar()?;
        }
        responses.push(CredentialResponse { rho: reader.scalar()?, epsilon: reader.scalar()? });
    }
    Ok(responses)
}

/// The two challenges of a presentation, drawn in the one order there is.
pub struct Rounds {
    transcript: Transcript,
}

impl Rounds {
    /// Absorbs everything public: versions, request, relation, and for each credential issuer key, domain, kind of
    /// check and disclosed values, then for each interval the same with its issuer's revocation key and the moment of
    /// the list.
    ///
    /// # Panics
    /// If there are fewer issuer indexes, disclosed values or moments than the relation has, an index is out of range, or
    /// one of an issuer that is not known or has no revocation key where one is needed.
    pub fn new(relation: &Relation, issuers: &[u8], disclosed: &[Value], lists: &[u64]) -> Self {
        let keys = relation.keys(issuers, lists);
        assert!(keys.is_some() && disclosed.len() == relation.disclosed().len());
        let keys = keys.unwrap_or_default();
        let mut transcript = transcript(labels::PRESENTATION);
        transcript.append_message(b"version", &[labels::VERSION, relation.profile().byte()]);
        transcript.append_message(b"suite", labels::SUITE);
        transcript.append_message(b"request", &relation.request().digest().0);
        transcript.append_message(b"relation", relation.digest());
        transcript.append_message(b"credentials", &[issuers.len() as u8]);
        for (place, (signature, (key, domain))) in relation.signatures().zip(&keys).enumerate() {
            // The intervals come after the credentials.
            match place.checked_sub(issuers.len()) {
                None => transcript.append_point(b"X", key.encoded()),
                Some(interval) => {
                    transcript.append_point(b"W", key.encoded());
                    transcript.append_message(b"issued_at", &lists[interval].to_le_bytes());
                }
            }
            transcript.append_scalar(b"d", domain);
            let check = match signature.check {
                CheckKind::Token => 0u8,
                CheckKind::Keyed => 1,
            };
            transcript.append_message(b"check", &[check]);
            for (position, slot) in signature.slots.iter().enumerate() {
                if let Slot::Disclosed(i) = slot {
                    let mut bytes = vec![position as u8];
                    write_value(&mut bytes, &disclosed[*i]);
                    transcript.append_message(b"disclosed", &bytes);
                }
            }
        }
        Self { transcript }
    }

    /// Absorbs what is sent about one credential.
    pub fn credential(&mut self, commitment: &CredentialCommitment) {
        self.transcript.append_point(b"A", &commitment.a_bar.encoded);
        self.transcript.append_point(b"B", &commitment.b_bar.encoded);
        self.transcript.append_point(b"T", &commitment.masks.encoded);
        if let Some(token) = &commitment.token {
            self.transcript.append_point(b"R1", &token.r1.encoded);
            self.transcript.append_point(b"R2", &token.r2.encoded);
            self.transcript.append_scalar(b"zt", &token.response);
        }
    }

    /// Absorbs the commitments of the compact profile's ranges. What is given back is the fork that their range proof
    /// goes on with: it is bound to all that was absorbed before.
    pub fn ranges(&mut self, commitments: &[EncodedPoint]) -> Transcript {
        self.transcript.append_message(b"ranges", &(commitments.len() as u64).to_le_bytes());
        commitments.iter().for_each(|commitment| self.transcript.append_point(b"V", &commitment.encoded));
        let mut fork = self.transcript.clone();
        fork.append_message(b"fork", b"range proof");
        fork
    }

    /// Absorbs the range proof: every byte of it.
    pub fn range_proof(&mut self, proof: &RangeProof) {
        self.transcript.append_message(b"range proof", &proof.to_bytes());
    }

    /// Absorbs E_1, if there is one, and draws y, the weight of digits, residuals and ranges.
    pub fn weight(&mut self, digits: Option<&EncodedPoint>) -> Scalar {
        if let Some(digits) = digits {
            self.transcript.append_point(b"E1", &digits.encoded);
        }
        self.transcript.challenge_scalar(b"y")
    }

    /// Absorbs E_0, and τ if there is one.
    pub fn masks(&mut self, masks: &EncodedPoint, tau: Option<&Scalar>) {
        self.transcript.append_point(b"E0", &masks.encoded);
        if let Some(tau) = tau {
            self.transcript.append_scalar(b"tau", tau);
        }
    }

    /// Draws c. What is left of the transcript serves to draw weights from.
    pub fn challenge(mut self) -> (Scalar, Transcript) {
        let challenge = self.transcript.challenge_scalar(b"c");
        (challenge, self.transcript)
    }
}
