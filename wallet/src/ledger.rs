//! What was shown to whom, kept for the holder alone.

use glimpse_circuits::decimal;
use glimpse_circuits::request::{Request, RequestDigest};
use glimpse_circuits::text::Text;
use serde::{Deserialize, Serialize};

use crate::display::asked_about;

/// Entries that are kept; older ones go first.
pub(crate) const MAX_ENTRIES: usize = 1000;
/// Days that a party's questions about one attribute are counted over.
const BUDGET_SECONDS: u64 = 30 * 86_400;
/// Questions about one attribute from which on the holder is warned.
const BUDGET: usize = 3;

/// One presentation. Has what was said, never a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerEntry {
    /// When it was sent, in seconds since 1970-01-01T00:00:00Z.
    #[serde(with = "decimal")]
    pub at: u64,
    /// Digest of the request.
    pub request: RequestDigest,
    /// Who asked.
    pub audience: String,
    /// What they are called.
    pub audience_name: Text,
    /// Where the answer went.
    pub origin: String,
    /// What for.
    pub purpose: Text,
    /// Ids of the credentials that were used.
    pub credentials: Vec<String>,
    /// What was said, in words.
    pub statements: Vec<Text>,
    /// Titles of the attributes that were shown.
    pub disclosed: Vec<Text>,
    /// Names of the attributes that something was proven of.
    pub asked: Vec<String>,
    /// What became of it.
    pub outcome: LedgerOutcome,
}

/// What became of a presentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LedgerOutcome {
    /// About to be sent.
    Pending,
    /// Accepted.
    Accepted,
    /// Not accepted.
    Refused,
    /// Nobody knows whether it arrived: count it as shown.
    Unknown,
}

/// The names of the attributes a request asks about without having them shown, each once.
pub(crate) fn asked_names(request: &Request) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for statement in &request.document().statements {
        for reference in asked_about(statement) {
            if !names.contains(&reference.attribute) {
                names.push(reference.attribute.clone());
            }
        }
    }
    names
}

/// The attributes of a request that its party was told something about three times or more in the last 30 days, with
/// how often.
///
/// A party is recognised by its identifier or by where answers to it go; an attribute by its name, whichever licence
/// it stands in, since people have one date of birth.
pub(crate) fn over_budget(
    ledger: &[LedgerEntry],
    request: &Request,
    origin: &str,
    now: u64,
) -> Vec<(String, usize)> {
    let since = now.saturating_sub(BUDGET_SECONDS);
    let same_party =
        |entry: &&LedgerEntry| entry.audience == request.document().audience || entry.origin == origin;
    let recent: Vec<&LedgerEntry> =
        ledger.iter().filter(|entry| entry.at >= since).filter(same_party).collect();
    let count = |name: &String| recent.iter().filter(|entry| entry.asked.contains(name)).count();
    let counted = asked_names(request).into_iter().map(|name| (count(&name), name));
    counted.filter(|(count, _)| *count >= BUDGET).map(|(count, name)| (name, count)).collect()
}
