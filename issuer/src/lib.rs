//! Issuer keys, blind issuance, helper tokens and the intervals of revocation lists: the only crate that holds an issuer secret.
//!
//! The secret scalar x enters constant-time routines only, is zeroized on drop, and is never printed.

mod document;
mod exchange;
mod interval;
mod issue;
mod key;
mod list;

pub use document::DocumentSecretKey;
pub use exchange::{ExchangeId, TokenError, TokenExchange, TokenExchanges};
pub use interval::{IntervalError, IntervalSigner, gaps};
pub use issue::{Issuance, IssueError, issue};
pub use key::IssuerSecretKey;
pub use list::{BuildError, VersionPlan, build_version};
