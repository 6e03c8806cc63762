//! The holder's side: obtain a credential, fetch helper tokens, present.
//!
//! No I/O: every function takes the caller's random generator and returns messages to send. Secrets are zeroized on
//! drop and never printed.

mod credential;
mod obtain;
mod present;
mod secret;
mod tokens;

pub use credential::Credential;
pub use obtain::{ObtainError, PendingIssuance};
pub use present::{Holding, PresentError, Showing, can_present, present};
pub use secret::LinkSecret;
pub use tokens::{BlindedTokens, PendingTokens, Token, TokenFetchError};
