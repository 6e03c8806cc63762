//! Checks presentations: one call, one decision.
//!
//! ```text
//! let verdict = verifier.verify(&request, &presentation, now)?;
//! ```
//!
//! Outward there is one failure, [`VerificationFailure`], that says nothing; inward it has a [`Cause`].

mod claim;
mod range_proof;
mod sum;
mod verdict;
mod verify;
mod weights;

pub use sum::{prepare, table_bytes};
pub use verdict::{DisclosedValue, Verdict, VerifiedCredential};
pub use verify::{Cause, EmptyBatch, Item, VerificationFailure, Verifier};
