//! Wire types of the HTTP interface, shared by service and wallet.
//!
//! Binary values are base64url without padding; integers are decimal strings, as everywhere in Glimpse. Members that
//! a type does not have are refused.

mod audit;
mod blob;
mod catalogue;
mod imports;
mod issuer;
mod lifecycle;
mod objects;
#[cfg(feature = "openapi")]
pub mod openapi;
mod problem;
mod verifier;

pub use audit::{
    AllowedNames, AuditedPolicies, AuditedPolicy, AuditedRequest, KeyValidity, MayAsk,
    RegisteredRelyingParties, RegisteredRelyingParty,
};
pub use blob::Blob;
pub use catalogue::{Catalogue, CatalogueCount, CatalogueImport, CataloguePage};
pub use imports::{
    Import, ImportAnnouncement, ImportBatch, ImportOutcome, ImportRow, ImportedBatch, ImportedRow,
    MAX_IMPORT_ROWS,
};
pub use issuer::{
    CredentialRequest, CredentialResponse, LicenceRegistration, Metadata, OfferCreated, OfferDetails,
    OfferRedemption, RegisteredLicence, TokenCommitRequest, TokenCommitResponse, TokenRespondRequest,
    TokenRespondResponse,
};
pub use lifecycle::{
    Act, CheckOverride, EndedAs, LicenceChange, LicenceCorrection, LicenceEvent, LicenceReport, Publication,
    Published, PublishedList, Stage, WalletChange, WalletChanged,
};
pub use problem::{FieldProblem, PROBLEM_CONTENT_TYPE, Problem};
pub use verifier::{
    Decision, Disclosed, Policy, PresentationSubmission, RequestCreated, RequestCreation, RequestStatus,
    RequestedLicence, ResultReport, StatelessVerification, SubmissionAccepted, VerdictReport,
    VerifiedLicence, value_to_json,
};

/// Header with which a wallet marks a presentation, and an administrator's system a step of a licence's life, that may
/// have to be sent again: random, and the same each time.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Header that says of an administrator's step whether it was taken before, under the same key, so that nothing was done
/// now: `true` or `false`.
pub const IDEMPOTENT_REPLAYED: &str = "idempotent-replayed";

/// Paths of the interface. Those with `{…}` are patterns of the router.
pub mod paths {
    /// Keys and schemas (GET).
    pub const METADATA: &str = "/issuer/v1/metadata";
    /// Registers a licence (POST, issuer's administrator).
    pub const LICENCES: &str = "/admin/v1/licences";
    /// Makes a one-time offer for a registered licence (POST, issuer's administrator).
    pub const LICENCE_OFFERS: &str = "/admin/v1/licences/{licence}/offers";
    /// Where a licence stands, and how it came there (GET, issuer's administrator).
    pub const LICENCE: &str = "/admin/v1/licences/{licence}";
    /// Changes where a licence stands (POST, issuer's administrator).
    pub const LICENCE_CHANGES: &str = "/admin/v1/licences/{licence}/changes";
    /// Puts a corrected version in a licence's place (POST, issuer's administrator).
    pub const LICENCE_CORRECTION: &str = "/admin/v1/licences/{licence}/correction";
    /// Announces an import (PUT) or says how far it is (GET); issuer's administrator.
    pub const IMPORT: &str = "/admin/v1/imports/{import}";
    /// Registers rows of an import (POST, issuer's administrator).
    pub const IMPORT_ROWS: &str = "/admin/v1/imports/{import}/rows";
    /// Lets a holder go over to a new wallet (POST, issuer's administrator).
    pub const WALLET_CHANGES: &str = "/admin/v1/wallet-changes";
    /// How many licences stand where (GET, issuer's administrator).
    pub const CATALOGUE: &str = "/admin/v1/catalogue";
    /// The licences of one kind and stage, page by page (GET, issuer's administrator).
    pub const CATALOGUE_PAGE: &str = "/admin/v1/catalogue/{schema}/{stage}";
    /// Publishes revocation lists at once (POST, issuer's administrator).
    pub const REVOCATION_LISTS: &str = "/admin/v1/revocation-lists";
    /// The signed manifest of the newest version of a revocation list (GET).
    pub const MANIFEST: &str = "/issuer/v1/revocation-lists/{schema}";
    /// The bytes of a bucket of a version (GET).
    pub const BUCKET: &str = "/issuer/v1/revocation-lists/{schema}/versions/{version}/buckets/{bucket}";
    /// Says what an offer code is for (POST).
    pub const OFFERS_REDEEM: &str = "/issuer/v1/offers/redeem";
    /// Issues the credential of an offer (POST).
    pub const CREDENTIALS: &str = "/issuer/v1/credentials";
    /// First half of a token exchange (POST).
    pub const TOKENS: &str = "/issuer/v1/tokens";
    /// Second half of a token exchange (POST).
    pub const TOKEN_EXCHANGE: &str = "/issuer/v1/tokens/{exchange}";
    /// Stores a policy (PUT) or reads it (GET); relying party.
    pub const POLICY: &str = "/verifier/v1/policies/{policy}";
    /// Creates a request (POST, relying party).
    pub const REQUESTS: &str = "/verifier/v1/requests";
    /// The request itself (GET).
    pub const REQUEST: &str = "/verifier/v1/requests/{request}";
    /// Takes the presentation (POST).
    pub const PRESENTATION: &str = "/verifier/v1/requests/{request}/presentation";
    /// What became of the request (GET, relying party).
    pub const RESULT: &str = "/verifier/v1/requests/{request}/result";
    /// Checks a presentation without keeping anything (POST, relying party).
    pub const VERIFY: &str = "/verifier/v1/verify";
    /// The relying parties and what they may ask for (GET, auditor).
    pub const AUDIT_RELYING_PARTIES: &str = "/audit/v1/relying-parties";
    /// What a relying party has stored to ask for (GET, auditor).
    pub const AUDIT_POLICIES: &str = "/audit/v1/relying-parties/{relying_party}/policies";
    /// Who made a request, and for what (GET, auditor).
    pub const AUDIT_REQUEST: &str = "/audit/v1/requests/{request}";
    /// Whether the process runs (GET).
    pub const LIVEZ: &str = "/livez";
    /// Whether it can serve (GET).
    pub const READYZ: &str = "/readyz";
    /// The OpenAPI document of all this (GET).
    pub const OPENAPI: &str = "/openapi.json";
}
