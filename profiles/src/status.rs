//! What the status codes of a licence type mean for its credentials.

use glimpse_circuits::text::Text;
use serde::{Deserialize, Serialize};

/// What a registry's status means for a credential, from best to worst. In a profile `"valid"`, `"suspended"` or
/// `{"ended": "revoked"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// May be presented.
    Valid,
    /// May not be presented now, perhaps again later.
    Suspended,
    /// Will not be valid again: to be revoked, whichever way it ended.
    Ended(Ending),
}

impl Status {
    /// How the licence ended, if it did.
    pub fn ending(self) -> Option<Ending> {
        match self {
            Self::Valid | Self::Suspended => None,
            Self::Ended(ending) => Some(ending),
        }
    }
}

/// How a licence ended. For its credentials all are the same; records, and the sentence that its holder reads, tell
/// them apart. From the mildest to the gravest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Its term ran out (届满).
    Expired,
    /// Another authority or another holder took it over under a new licence (转移).
    Transferred,
    /// Given up or struck off without blame: death, dissolution, replacement (注销).
    Cancelled,
    /// Taken away, or found never to have been rightly given (吊销、撤销).
    Revoked,
}

impl Ending {
    /// All of them, from the mildest to the gravest.
    pub const ALL: [Self; 4] = [Self::Expired, Self::Transferred, Self::Cancelled, Self::Revoked];

    /// The name in profiles and records, such as `revoked`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Transferred => "transferred",
            Self::Cancelled => "cancelled",
            Self::Revoked => "revoked",
        }
    }

    /// What people call it.
    pub fn title(self) -> Text {
        let (zh_cn, en) = match self {
            Self::Expired => ("已到期", "Expired"),
            Self::Transferred => ("已转移", "Transferred"),
            Self::Cancelled => ("已注销", "Cancelled"),
            Self::Revoked => ("已吊销或撤销", "Revoked"),
        };
        Text { zh_cn: zh_cn.into(), en: en.into() }
    }
}

/// How a registry writes a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusForm {
    /// One code.
    One,
    /// One or more one-character codes in a row, all of which hold.
    Letters,
}

/// One status code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusCode {
    /// The code as the registry writes it.
    pub code: String,
    /// What it says.
    pub title: Text,
    /// What it means for a credential.
    pub status: Status,
}

/// The status codes of a licence type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusTable {
    /// How they are written.
    pub written_as: StatusForm,
    /// Where the codes come from and who chose the mapping.
    pub note: String,
    /// The codes.
    pub codes: Vec<StatusCode>,
}

impl StatusTable {
    /// What a status means: of several letters the worst. `None` for an empty one or one with an unknown code, which
    /// a caller must treat as not valid.
    pub fn meaning(&self, written: &str) -> Option<Status> {
        match self.written_as {
            StatusForm::One => self.code(written),
            StatusForm::Letters => {
                let each: Option<Vec<Status>> =
                    written.chars().map(|c| self.code(c.encode_utf8(&mut [0; 4]))).collect();
                each?.into_iter().max()
            }
        }
    }

    fn code(&self, code: &str) -> Option<Status> {
        self.codes.iter().find(|entry| entry.code == code).map(|entry| entry.status)
    }

    /// Whether codes are distinct, at least one says "valid", and letters are single characters.
    pub(crate) fn is_sound(&self) -> bool {
        let distinct = |(i, entry): (usize, &StatusCode)| {
            !self.codes[..i].iter().any(|earlier| earlier.code == entry.code)
        };
        let fits = |entry: &StatusCode| match self.written_as {
            StatusForm::One => !entry.code.is_empty(),
            StatusForm::Letters => entry.code.chars().count() == 1,
        };
        self.codes.iter().enumerate().all(distinct)
            && self.codes.iter().all(fits)
            && self.codes.iter().any(|entry| entry.status == Status::Valid)
    }
}
