//! The holder's wallet: encrypted file, HTTP client, consent, ledger.
//!
//! ```no_run
//! use glimpse_circuits::text::Language;
//! use glimpse_wallet::{Consent, Passphrase, Wallet};
//!
//! # fn main() -> Result<(), glimpse_wallet::WalletError> {
//! # let (now, mut rng) = (0, <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1));
//! let mut wallet = Wallet::open("my.wallet".as_ref(), &Passphrase::new("correct horse"))?;
//! wallet.pin_issuer("https://issuer.example", now)?;
//! wallet.accept_offer("https://issuer.example", "the offer's code", now, &mut rng)?;
//! // Its revocation list; and again whenever the wallet is opened for something else than a request.
//! wallet.refresh_if_due(now, &mut rng);
//!
//! let review = wallet.review("https://verifier.example/verifier/v1/requests/…", now)?;
//! println!("{}", review.to_text(Language::Chinese));
//! // The holder reads, and agrees:
//! let consent = Consent::given_to(&review)?;
//! let outcome = wallet.present(review, consent, now, &mut rng)?;
//! # Ok(())
//! # }
//! ```
//!
//! What it keeps to:
//! - Issuers are pinned on first use; a change is reported and refused until it is taken explicitly. Or the wallet goes by a
//!   signed list of issuers ([`Wallet::trust_list`]): whoever is not on it is nobody, and what the list changes is taken and
//!   reported.
//! - An issuance request is on disk before it is sent, and sent again unchanged after a crash.
//! - A token is gone from disk before the presentation made with it leaves, whatever happens then.
//! - Revocation lists, and the list of issuers, are fetched ahead, never in answer to a request; of a revocation list only
//!   the bucket that the handle is in.
//!   The newest version is refused if it goes back, or calls itself one that was seen and is another.
//! - Nothing is presented without a [`Consent`] to exactly what was reviewed. If the wallet cannot answer or its
//!   holder declines, nothing is sent.
//!
//! Methods take the time, in seconds since 1970-01-01T00:00:00Z, and a generator from their caller; salts and nonces
//! of the file come from the system. All of it blocks.

mod address;
mod choose;
mod client;
mod contents;
mod display;
mod error;
mod file;
mod known;
mod ledger;
mod list_changes;
mod listing;
mod obstacle;
mod obtain;
mod pins;
mod present;
mod refresh;
mod render;
mod review;
mod secret;
mod standing;
mod store;
mod tokens;
mod transport;
mod trust_list;
mod wallet;

pub use address::AddressError;
pub use client::{ClientError, ServerProblem};
pub use error::WalletError;
pub use file::{FileError, KdfParams};
pub use ledger::{LedgerEntry, LedgerOutcome};
pub use listing::{Listing, NotListed};
pub use obstacle::{Obstacle, Warning};
pub use obtain::Resumed;
pub use pins::{Change, ChangedIssuer, PinError, PinnedIssuer, Pinning};
pub use present::{Consent, Outcome};
pub use refresh::Refreshed;
pub use review::{Choice, Hidden, Review, Shown};
pub use secret::Passphrase;
pub use standing::Standing;
pub use store::StoreError;
pub use transport::{HttpRequest, HttpResponse, HttpTransport, Transport, TransportError};
pub use trust_list::{ListFrom, ListRefused, ListUpdate, TrustedList};
pub use wallet::{AttributeView, CredentialSummary, SecretWords, Wallet};
