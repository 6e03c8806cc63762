//! A signed list of issuers, and where it comes from.

use std::path::PathBuf;

use glimpse_trust::list::Roots;

/// A signed list of issuers. The last one that was taken is kept in the data directory, so that an older one is not taken
/// after a restart either.
#[derive(Clone, Debug)]
pub struct TrustListConfig {
    /// File of the list in its envelope. Read again when it changes and on SIGHUP.
    pub file: PathBuf,
    /// Who signs the first list that is taken. Every other one is signed by the roots of the one before.
    pub roots: Roots,
}
