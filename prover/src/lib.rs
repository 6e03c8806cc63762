//! The holder's side: obtain a credential, find its interval in a revocation list, fetch helper tokens, present.
//!
//! No I/O: every function takes the caller's random generator and returns messages to send. Secrets are zeroized on
//! drop and never printed.

mod credential;
mod interval;
mod obtain;
mod present;
mod secret;
mod shown;
mod signature;
mod tokens;
mod witness;

pub use credential::Credential;
pub use interval::{Interval, IntervalError};
pub use obtain::{ObtainError, PendingIssuance};
pub use present::{Holding, PresentError, Showing, can_present, present};
pub use secret::LinkSecret;
pub use signature::{SignatureParts, Signed};
pub use tokens::{BlindedTokens, PendingTokens, Token, TokenFetchError};
