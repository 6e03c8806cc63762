//! Where a licence stands, and what may happen to it: registered → offered → valid ⇄ suspended → ended, with a dispute
//! beside it. Pure: what is decided here the store keeps, all of it or nothing.

use glimpse_api::{Act, EndedAs, LicenceChange, Stage};
use glimpse_circuits::decimal;
use glimpse_circuits::key::IssuerPublicKey;
use glimpse_circuits::lacks;
use glimpse_profiles::status::{Ending, Status};
use serde::{Deserialize, Serialize};

use crate::ids::{Fingerprint, Id};

// Revocation handles.
lacks!(Standing: std::fmt::Debug);
lacks!(IssuedCredential: std::fmt::Debug);

/// Where a licence stands.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Standing {
    /// Counts its changes.
    #[serde(with = "decimal")]
    pub(crate) revision: u64,
    /// The last change, so that whoever made it and was not told knows it again.
    pub(crate) change: Id,
    /// How far it came: registered, offered or valid, whatever suspends it.
    reached: Stage,
    /// Whether the authority suspended it, whatever a dispute does.
    suspended: bool,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ended: Option<EndedAs>,
    /// An open dispute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dispute: Option<Dispute>,
    /// The version that took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) corrected_by: Option<Id>,
    /// How many wallets its holder had before this one: offers from before a change of wallet are worth nothing.
    #[serde(with = "decimal")]
    pub(crate) wallet: u64,
    /// The credentials of it that were issued to this wallet. Once it has ended, none of them is worth anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) credentials: Vec<IssuedCredential>,
    /// The administrators' last steps that a repetition is known by, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    steps: Vec<Step>,
}

/// So many steps of a licence are known again.
const STEPS: usize = 16;

/// An administrator's step, as it is known again when it is repeated: fingerprints of who took it under which key, and of
/// what it was.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Step {
    key: Id,
    what: Id,
}

impl Step {
    /// Of a principal, under the idempotency key that came with it, and what was to be done.
    pub(crate) fn new(by: &str, key: &[u8], operation: &str, body: &[u8]) -> Self {
        let short = |parts: &[&[u8]]| {
            let mut id = [0; 16];
            id.copy_from_slice(&Fingerprint::of_parts(parts).0[..16]);
            Id(id)
        };
        Self { key: short(&[by.as_bytes(), key]), what: short(&[operation.as_bytes(), body]) }
    }
}

/// A key that another step was taken under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyReused;

/// An open dispute.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Dispute {
    /// Whether the licence is suspended for as long as it is open.
    suspends: bool,
}

/// A credential that was issued.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IssuedCredential {
    /// The issuer key it is under.
    pub(crate) key: IssuerPublicKey,
    /// Its revocation handle; 0 without a holder, where there is no list to leave it out of.
    pub(crate) handle: u32,
}

/// Why something cannot happen to a licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Impossible {
    #[error("the licence has ended")]
    Ended,
    #[error("the licence is suspended")]
    Suspended,
    #[error("the licence is not suspended")]
    NotSuspended,
    #[error("what suspends it is an open dispute: reject that, or correct the licence")]
    Disputed,
    #[error("a dispute is open already")]
    DisputeOpen,
    #[error("no dispute is open")]
    NoDispute,
    #[error("the licence was never offered to a wallet")]
    NotOffered,
    #[error("the profile has no such status code")]
    Code,
    #[error("it stands like that already")]
    Unchanged,
    #[error("only a correction ends a licence as corrected")]
    Correction,
}

impl Standing {
    /// Of a licence that has just become known.
    pub(crate) fn new() -> Self {
        Self {
            revision: 0,
            change: Id::random(),
            reached: Stage::Registered,
            suspended: false,
            ended: None,
            dispute: None,
            corrected_by: None,
            wallet: 0,
            credentials: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// Whether this step was taken already, as far back as steps are known.
    pub(crate) fn has_taken(&self, step: &Step) -> Result<bool, KeyReused> {
        match self.steps.iter().find(|taken| taken.key == step.key) {
            Some(taken) if taken.what == step.what => Ok(true),
            Some(_) => Err(KeyReused),
            None => Ok(false),
        }
    }

    /// Knows a step again from now on. To be kept with what the step changes.
    pub(crate) fn remember(&mut self, step: Step) {
        let too_many = (self.steps.len() + 1).saturating_sub(STEPS);
        self.steps.drain(..too_many);
        self.steps.push(step);
    }

    /// Where it stands.
    pub(crate) fn stage(&self) -> Stage {
        if self.ended.is_some() {
            Stage::Ended
        } else if self.suspended || self.disputed_away() {
            Stage::Suspended
        } else {
            self.reached
        }
    }

    /// Whether an open dispute suspends it.
    fn disputed_away(&self) -> bool {
        self.dispute.is_some_and(|dispute| dispute.suspends)
    }

    /// Whether a dispute is open.
    pub(crate) fn disputed(&self) -> bool {
        self.dispute.is_some()
    }

    /// Whether its credentials may be presented.
    pub(crate) fn is_good(&self) -> bool {
        !matches!(self.stage(), Stage::Suspended | Stage::Ended)
    }

    fn touch(&mut self) {
        self.revision = self.revision.saturating_add(1);
        self.change = Id::random();
    }

    /// An offer is made. More than one may be open: none of them is worth more than one credential.
    pub(crate) fn offer(&mut self) -> Result<Act, Impossible> {
        self.expect_good()?;
        if self.reached == Stage::Registered {
            self.reached = Stage::Offered;
        }
        self.touch();
        Ok(Act::Offered)
    }

    /// A credential is issued to an offer that was made to this wallet.
    pub(crate) fn issue(&mut self, credential: IssuedCredential) -> Result<Act, Impossible> {
        self.expect_good()?;
        if self.reached == Stage::Registered {
            return Err(Impossible::NotOffered);
        }
        self.reached = Stage::Valid;
        self.credentials.push(credential);
        self.touch();
        Ok(Act::Issued)
    }

    /// What an administrator does. `meaning` is that of the profile's status codes.
    pub(crate) fn apply(
        &mut self,
        change: &LicenceChange,
        meaning: impl Fn(&str) -> Option<Status>,
    ) -> Result<Act, Impossible> {
        self.expect_alive()?;
        let act = match change {
            LicenceChange::Suspend { .. } => self.suspend(),
            LicenceChange::Resume { .. } => self.resume(),
            LicenceChange::End { ended: EndedAs::Corrected, .. } => Err(Impossible::Correction),
            LicenceChange::End { ended, .. } => Ok(self.end(*ended)),
            LicenceChange::Status { code, .. } => match meaning(code).ok_or(Impossible::Code)? {
                Status::Valid if self.is_good() => Err(Impossible::Unchanged),
                Status::Valid => self.resume(),
                Status::Suspended if self.suspended => Err(Impossible::Unchanged),
                Status::Suspended => self.suspend(),
                Status::Ended(ending) => Ok(self.end(ended_as(ending))),
            },
            LicenceChange::OpenDispute { suspend, .. } => self.open_dispute(*suspend),
            LicenceChange::RejectDispute { .. } => self.reject_dispute(),
        }?;
        self.touch();
        Ok(act)
    }

    /// Another version takes its place; how that one stands. A correction is an answer to a dispute, and none to what the
    /// authority suspended the licence for: the new version is suspended as the old one was.
    pub(crate) fn correct(&mut self, by: Id) -> Result<(Act, Self), Impossible> {
        self.expect_alive()?;
        let next = Self { suspended: self.suspended, ..Self::new() };
        self.end(EndedAs::Corrected);
        self.corrected_by = Some(by);
        self.touch();
        Ok((Act::Corrected, next))
    }

    /// Its holder has a new wallet: what the old one has is worth nothing any more, and is returned.
    pub(crate) fn change_wallet(&mut self) -> Result<(Act, Vec<IssuedCredential>), Impossible> {
        self.expect_alive()?;
        self.reached = Stage::Registered;
        self.wallet = self.wallet.saturating_add(1);
        self.touch();
        Ok((Act::WalletChanged, std::mem::take(&mut self.credentials)))
    }

    /// The same of one that has ended, where nothing is left to be revoked.
    pub(crate) fn note_wallet_change(&mut self) -> Act {
        self.touch();
        Act::WalletChanged
    }

    /// Whatever a dispute does: when that is over, this still holds.
    fn suspend(&mut self) -> Result<Act, Impossible> {
        if std::mem::replace(&mut self.suspended, true) {
            return Err(Impossible::Suspended);
        }
        Ok(Act::Suspended)
    }

    fn resume(&mut self) -> Result<Act, Impossible> {
        if !std::mem::replace(&mut self.suspended, false) {
            return Err(if self.disputed_away() { Impossible::Disputed } else { Impossible::NotSuspended });
        }
        Ok(Act::Resumed)
    }

    /// Whatever is disputed: nothing is left that could be corrected.
    fn end(&mut self, ended: EndedAs) -> Act {
        self.ended = Some(ended);
        self.suspended = false;
        self.dispute = None;
        Act::Ended
    }

    fn open_dispute(&mut self, suspends: bool) -> Result<Act, Impossible> {
        if self.dispute.is_some() {
            return Err(Impossible::DisputeOpen);
        }
        self.dispute = Some(Dispute { suspends });
        Ok(Act::DisputeOpened)
    }

    fn reject_dispute(&mut self) -> Result<Act, Impossible> {
        self.dispute.take().map(|_| Act::DisputeRejected).ok_or(Impossible::NoDispute)
    }

    fn expect_alive(&self) -> Result<(), Impossible> {
        if self.ended.is_some() { Err(Impossible::Ended) } else { Ok(()) }
    }

    fn expect_good(&self) -> Result<(), Impossible> {
        match self.stage() {
            Stage::Ended => Err(Impossible::Ended),
            Stage::Suspended => Err(Impossible::Suspended),
            Stage::Registered | Stage::Offered | Stage::Valid => Ok(()),
        }
    }
}

/// What profiles call an ending.
fn ended_as(ending: Ending) -> EndedAs {
    match ending {
        Ending::Expired => EndedAs::Expired,
        Ending::Transferred => EndedAs::Transferred,
        Ending::Cancelled => EndedAs::Cancelled,
        Ending::Revoked => EndedAs::Revoked,
    }
}

#[cfg(test)]
#[path = "lifecycle_tests.rs"]
mod tests;
