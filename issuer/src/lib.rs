//! Issuer keys, blind issuance and helper tokens: the only crate that holds an issuer secret.
//!
//! The secret scalar x enters constant-time routines only, is zeroized on drop, and is never printed.

mod exchange;
mod issue;
mod key;

pub use exchange::{ExchangeId, TokenError, TokenExchange, TokenExchanges};
pub use issue::{Issuance, IssueError, issue};
pub use key::IssuerSecretKey;
