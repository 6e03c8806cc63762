//! Checks presentations: one call, one decision.
//!
//! ```text
//! let verdict = verifier.verify(&request, &presentation, now)?;
//! ```
//!
//! Outward there is one failure, [`VerificationFailure`], that says nothing; inward it has a [`Cause`].

mod equation;
mod verdict;
mod verify;

pub use equation::prepare;
pub use verdict::{DisclosedValue, Verdict, VerifiedCredential};
pub use verify::{Cause, EmptyBatch, Item, VerificationFailure, Verifier};
