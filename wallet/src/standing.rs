//! What a credential's revocation list says of it.

use glimpse_circuits::text::Language;
use serde::Serialize;

use crate::contents::{Contents, ListSays, StoredCredential};
use crate::display::moment;

/// Where a credential stands, by the newest version of its revocation list that the wallet has. Moments are in seconds
/// since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Standing {
    /// It is in no list, as far as is pinned.
    NoLists,
    /// There is a list, and the wallet has none yet, or one under a revocation key that is no longer pinned.
    NotFetched,
    /// Neither revoked nor suspended.
    Good {
        /// When the version was issued.
        as_of: u64,
        /// When the next version is due at the latest: from then on, this one is no longer shown.
        next: u64,
    },
    /// Revoked or suspended. A list does not say which.
    Out {
        /// When the first version that says so was issued, of those that this wallet fetched one after the other.
        since: u64,
        /// When the newest one was.
        as_of: u64,
    },
}

impl Standing {
    /// In words.
    pub fn to_text(&self, language: Language) -> String {
        let zh = language == Language::Chinese;
        match self {
            Self::NoLists if zh => "签发机关无吊销名单".into(),
            Self::NoLists => "its issuer has no revocation list".into(),
            Self::NotFetched if zh => "尚未获取吊销名单".into(),
            Self::NotFetched => "no revocation list yet".into(),
            Self::Good { as_of, .. } if zh => format!("截至{}有效", moment(*as_of).zh_cn),
            Self::Good { as_of, .. } => format!("valid as of {}", moment(*as_of).en),
            Self::Out { since, .. } if zh => {
                format!("自{}的名单起已被吊销、撤销或暂停", moment(*since).zh_cn)
            }
            Self::Out { since, .. } => {
                format!("revoked or suspended as of {}", moment(*since).en)
            }
        }
    }
}

impl Contents {
    /// Where a credential stands.
    pub(crate) fn standing(&self, stored: &StoredCredential) -> Standing {
        let known = self.list_of(stored);
        let schedule = known.as_ref().and_then(|known| known.schedule);
        let pinned = known.map(|known| known.revocation);
        let Some(list) = &stored.list else {
            return if pinned.is_some() { Standing::NotFetched } else { Standing::NoLists };
        };
        let as_of = list.manifest.issued_at;
        match (&list.says, pinned) {
            // Whoever had the revocation key then said so, whatever is pinned now.
            (ListSays::Out { since }, _) => Standing::Out { since: *since, as_of },
            (ListSays::Good { .. }, None) => Standing::NoLists,
            // Nor is one shown that was taken before its schedule was known, and is not on it.
            (ListSays::Good { .. }, Some(key))
                if key == list.manifest.revocation
                    && schedule.is_none_or(|it| it.fits(as_of, list.manifest.next)) =>
            {
                Standing::Good { as_of, next: list.manifest.next }
            }
            (ListSays::Good { .. }, Some(_)) => Standing::NotFetched,
        }
    }
}
