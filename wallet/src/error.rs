//! What can go wrong. No message contains a secret or a value of a licence.

use glimpse_circuits::request::RequestFormError;
use glimpse_circuits::text::Language;
use glimpse_prover::{IntervalError, ObtainError, PresentError, TokenFetchError};
use glimpse_trust::ManifestError;

use crate::address::AddressError;
use crate::client::{ClientError, ServerProblem};
use crate::file::FileError;
use crate::listing::NotListed;
use crate::pins::PinError;
use crate::store::StoreError;
use crate::trust_list::ListRefused;

/// Why something was not done. The wallet's file holds what it held before, unless the variant says otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WalletError {
    /// The wallet's file.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A server.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// What an issuer publishes is not acceptable.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// A list of issuers is not taken.
    #[error(transparent)]
    TrustList(#[from] ListRefused),
    /// The list of issuers that the wallet goes by does not vouch for it.
    #[error(transparent)]
    NotListed(#[from] NotListed),
    /// Nothing is pinned for this address.
    #[error("the issuer at {0} is not known to this wallet; pin it first")]
    NotPinned(String),
    /// The offer is under a key that is not pinned for its address.
    #[error(
        "the offer is under a key that is not pinned for {0}; pin the issuer again and look at what changed"
    )]
    KeyNotPinned(String),
    /// The offer is of a schema that is not pinned for its key.
    #[error(
        "the offer is of a kind of licence that is not pinned for {0}; pin the issuer again and look at what changed"
    )]
    SchemaNotPinned(String),
    /// The issuer will not answer this offer any more. Nothing of it is kept.
    #[error("the offer is no longer good: {0}")]
    OfferDead(ServerProblem),
    /// The offer expired before an answer arrived. Nothing of it is kept.
    #[error("the offer expired before an answer arrived (last attempt: {0})")]
    OfferLapsed(Box<WalletError>),
    /// No answer yet. What was sent is kept, and will be sent again unchanged.
    #[error("no answer yet; resume later to send the same request again ({0})")]
    NotFinished(Box<WalletError>),
    /// The issuer answered with a credential that is not in order.
    #[error(transparent)]
    Obtain(#[from] ObtainError),
    /// The issuer answered with tokens that are not in order.
    #[error(transparent)]
    Tokens(#[from] TokenFetchError),
    /// The issuer dropped the exchange again and again.
    #[error("the issuer dropped the exchange {0} times; try again later")]
    ExchangeDropped(usize),
    /// The newest version of a revocation list is signed with a key that is not pinned, or is about something else than
    /// what is pinned.
    #[error(
        "the revocation list is not signed with the keys that are pinned for {0}, or is about other licences; pin the issuer again and look at what changed"
    )]
    ListNotPinned(String),
    /// The newest version of a revocation list is not in order.
    #[error("the newest revocation list is not taken, and the wallet keeps what it had: {0}")]
    List(#[from] ManifestError),
    /// The intervals of a revocation list are not in order.
    #[error("the newest revocation list is not taken, and the wallet keeps what it had: {0}")]
    Interval(#[from] IntervalError),
    /// Tokens come in fixed numbers.
    #[error("tokens are fetched in batches of 4, 16 or 64")]
    BatchSize,
    /// No credential of this id.
    #[error("there is no credential {0} in this wallet")]
    UnknownCredential(String),
    /// The request is none.
    #[error("the request is not in order: {0}")]
    Request(#[from] RequestFormError),
    /// The review says that the wallet will not answer.
    #[error("this request is not answered; its review says why")]
    NotAnswerable,
    /// Several combinations of credentials would do.
    #[error("several licences would do; choose first")]
    NothingChosen,
    /// There is no such choice.
    #[error("there is no such choice")]
    NoSuchChoice,
    /// The consent is for another request, or for other credentials.
    #[error("the consent was given to something else")]
    ForeignConsent,
    /// No proof could be made. Nothing was sent.
    #[error(transparent)]
    Present(#[from] PresentError),
}

impl WalletError {
    /// In words. What is said about lists of issuers is said in both languages, everything else in English.
    pub fn to_text(&self, language: Language) -> String {
        match self {
            Self::TrustList(refused) => refused.to_text(language),
            Self::NotListed(refused) => refused.to_text(language),
            error => error.to_string(),
        }
    }
}

impl From<FileError> for WalletError {
    fn from(error: FileError) -> Self {
        Self::Store(error.into())
    }
}
