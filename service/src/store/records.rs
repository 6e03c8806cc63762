//! What is kept, and what the operations answer.

use std::fmt::Debug;

use glimpse_api::{Blob, VerdictReport};
use glimpse_circuits::lacks;
use glimpse_circuits::request::{Nonce, Request};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::licences::{LicenceRecord, LicenceUpdate};
use crate::ids::{Fingerprint, Id};

// What licences say, what offers were answered with, and what was disclosed.
lacks!(OfferRecord: Debug);
lacks!(Answer: Debug);
lacks!(OpenOffer: Debug);
lacks!(HolderRecord: Debug);
lacks!(IssuanceRecord: Debug);
lacks!(RecordedIssuance: Debug);
lacks!(Outcome: Debug);
lacks!(Attempted: Debug);
lacks!(StoredRequest: Debug);

/// An offer, under the fingerprint of its code.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct OfferRecord {
    pub(super) licence: Id,
    /// Of which wallet of its holder: see [`Standing::wallet`](crate::lifecycle::Standing).
    pub(super) wallet: u64,
    pub(super) nonce: Nonce,
    pub(super) expires_at: u64,
    pub(super) answer: Option<Answer>,
}

impl OfferRecord {
    /// One that nobody has used.
    pub(super) fn new(offer: &NewOffer) -> Self {
        let NewOffer { licence, wallet, nonce, expires_at, .. } = *offer;
        Self { licence, wallet, nonce, expires_at, answer: None }
    }
}

/// An offer to be made.
#[derive(Clone, Copy)]
pub(crate) struct NewOffer {
    /// Fingerprint of its code.
    pub(crate) code: Fingerprint,
    /// The licence.
    pub(crate) licence: Id,
    /// Which of its holder's wallets it is for.
    pub(crate) wallet: u64,
    /// What the issuance request is bound to.
    pub(crate) nonce: Nonce,
    /// First second in which it is worth nothing.
    pub(crate) expires_at: u64,
}

/// What an offer was answered with, for the wallet that asks again. Holds attributes.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// Fingerprint of the request's bytes.
    request: Blob,
    /// The bytes of the issued credential.
    pub(crate) credential: Blob,
}

impl Answer {
    /// The answer to a request of this fingerprint.
    pub(crate) fn new(request: Fingerprint, credential: Vec<u8>) -> Self {
        Self { request: request.0.as_slice().into(), credential: credential.into() }
    }

    /// Whether it is the answer to this request.
    pub(crate) fn is_to(&self, request: &Fingerprint) -> bool {
        self.request.0 == request.0
    }
}

/// An offer that has not expired, with all that an issuance rests on.
pub(crate) struct OpenOffer {
    /// Which licence it is for.
    pub(crate) id: Id,
    pub(crate) licence: LicenceRecord,
    /// Which of its holder's wallets it was made for.
    pub(crate) wallet: u64,
    pub(crate) nonce: Nonce,
    pub(crate) expires_at: u64,
    /// N_reg of the holder under the key that was asked about.
    pub(crate) registered: Option<[u8; 32]>,
    pub(crate) answer: Option<Answer>,
}

impl OpenOffer {
    /// An offer with its licence, and its holder's N_reg if there is one.
    pub(super) fn new(offer: OfferRecord, licence: LicenceRecord, registered: Option<[u8; 32]>) -> Self {
        let OfferRecord { licence: id, wallet, nonce, expires_at, answer } = offer;
        Self { id, licence, wallet, nonce, expires_at, registered, answer }
    }
}

/// What is kept of a holder by an issuance.
#[derive(Clone, Copy)]
pub(crate) struct HolderRecord {
    /// Fingerprint of the authority's reference.
    pub(crate) reference: Fingerprint,
    /// Revocation handle of the credential.
    pub(crate) handle: u32,
    /// N_reg.
    pub(crate) registration: [u8; 32],
}

/// An issuance to be recorded.
#[derive(Clone)]
pub(crate) struct IssuanceRecord {
    /// The offer it uses up.
    pub(crate) offer: Fingerprint,
    /// Fingerprint of the request's bytes.
    pub(crate) request: Fingerprint,
    /// The issuer key.
    pub(crate) key: [u8; 32],
    /// None for credentials without a holder.
    pub(crate) holder: Option<HolderRecord>,
    /// The bytes of the issued credential.
    pub(crate) credential: Vec<u8>,
    /// What it changes of the licence.
    pub(crate) update: LicenceUpdate,
}

/// What became of an issuance to be recorded. Only `Stored` changed anything.
pub(crate) enum RecordedIssuance {
    /// It happened.
    Stored,
    /// The same request was answered before, with this.
    Repeated(Answer),
    /// Another request used the offer.
    OfferUsed,
    /// There is no such offer, or it has expired.
    OfferUnknown,
    /// The handle is given out already: draw another.
    HandleTaken,
    /// The holder has another link secret under this key.
    HolderRegistered,
    /// The licence changed meanwhile: look at it again.
    LicenceChanged,
}

/// What a presentation came to.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// Everything asked for is true.
    Accepted(VerdictReport),
    /// It was not shown to be true.
    Refused,
}

/// An outcome, and which attempt it came of.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Attempted {
    attempt: Blob,
    /// What it came to.
    pub(crate) outcome: Outcome,
}

impl Attempted {
    /// What an attempt came to.
    pub(super) fn new(attempt: Fingerprint, outcome: Outcome) -> Self {
        Self { attempt: attempt.0.as_slice().into(), outcome }
    }

    /// Whether it came of this attempt.
    pub(crate) fn is_of(&self, attempt: &Fingerprint) -> bool {
        self.attempt.0 == attempt.0
    }
}

/// A request as it is kept.
#[derive(Serialize, Deserialize)]
pub(super) struct RequestRecord {
    pub(super) owner: String,
    pub(super) request: Request,
}

/// A stored request.
pub(crate) struct StoredRequest {
    /// The relying party that made it.
    pub(crate) owner: String,
    pub(crate) request: Request,
    /// Absent as long as it is not decided.
    pub(crate) outcome: Option<Attempted>,
}

/// What became of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    /// It stands, now or since the same attempt was made before.
    Decided,
    /// That of another attempt stood already.
    Already,
    /// The request had expired.
    Expired,
    /// There is no such request.
    Unknown,
}

pub(super) fn to_json<T: Serialize>(table: &'static str, record: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(record).map_err(|_| StoreError::Record(table))
}

pub(super) fn from_json<T: DeserializeOwned>(table: &'static str, bytes: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(bytes).map_err(|_| StoreError::Record(table))
}
