//! What the status codes of a licence type mean for its credentials.

use glimpse_circuits::text::Text;
use serde::{Deserialize, Serialize};

/// What a registry's status means for a credential, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// May be presented.
    Valid,
    /// May not be presented now, perhaps again later.
    Suspended,
    /// Will not be valid again: to be revoked.
    Ended,
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
