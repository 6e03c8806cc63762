//! Going by a signed list of issuers: taken once with the roots that its holder was given by other means, and from then on
//! only by what the last list says of the next one.

use glimpse_circuits::text::{Language, Text};
use glimpse_trust::envelope::MAX_ENVELOPE_BYTES;
use glimpse_trust::list::Roots;
use glimpse_trust::{ChainError, Envelope, EnvelopeError, TrustError, TrustList};
use serde::Serialize;

use crate::address::Address;
use crate::client::Client;
use crate::contents::StoredTrust;
use crate::display::clean_text;
use crate::error::WalletError;
use crate::list_changes::{first_changes, next_changes};
use crate::pins::Change;
use crate::wallet::Wallet;

/// Seconds after which a list that came from an address is fetched again. Whoever changes a list lets old keys and new ones
/// overlap by days.
const FETCH_PERIOD: u64 = 86_400;

/// Where a list of issuers comes from.
#[derive(Clone, Copy, Debug)]
pub enum ListFrom<'a> {
    /// The text of its envelope.
    Text(&'a str),
    /// An address, at which newer ones are fetched too.
    Address(&'a str),
}

/// The list of issuers that a wallet goes by. Moments are in seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrustedList {
    /// What people call the domain of recognition.
    pub name: Text,
    /// Its version.
    pub version: u64,
    /// When it was issued.
    pub issued_at: u64,
    /// The first second in which it vouches for nothing any more.
    pub expires_at: u64,
    /// Who signs the next one.
    pub roots: Roots,
    /// How many issuers are on it.
    pub issuers: usize,
    /// Where newer ones are fetched; none if they are handed over.
    pub source: Option<String>,
    /// When the newest one was last looked at.
    pub checked_at: u64,
}

/// What came of giving the wallet a list.
#[derive(Clone, Debug)]
pub struct ListUpdate {
    /// The list in force.
    pub list: TrustedList,
    /// What is different for this wallet: nothing that its holder is asked about, for the roots vouch for it.
    pub changes: Vec<Change>,
}

impl Wallet {
    /// Goes by a list from now on, in place of what is pinned on first use. Of several, each follows the one before, and
    /// the first is signed by enough of these roots; only the last one must not have expired.
    pub fn trust_list(
        &mut self,
        lists: &[ListFrom<'_>],
        roots: &Roots,
        now: u64,
    ) -> Result<ListUpdate, WalletError> {
        if self.contents.trust.is_some() {
            return Err(ListRefused::InForce.into());
        }
        if let Some(member) = roots.wrong_member() {
            return Err(ListRefused::Roots(member).into());
        }
        let (chain, source) = self.client.lists(lists, None)?;
        let list = TrustList::first_of(&chain, roots, now);
        let list = list.map_err(|error| ListRefused::new(error, chain.len(), None))?;
        let changes = first_changes(&self.contents, &list);
        self.go_by(StoredTrust { list, source, checked_at: now }, changes)
    }

    /// Takes the list that follows the one in force, or is the same. Of several, each follows the one before: the way on for
    /// a wallet that missed more than one change of roots. See [`TrustList::next_of`].
    pub fn next_trust_list(&mut self, lists: &[ListFrom<'_>], now: u64) -> Result<ListUpdate, WalletError> {
        let Some(last) = &self.contents.trust else { return Err(ListRefused::NoRoots.into()) };
        let in_force = Some(last.list.document().version);
        let (chain, source) = self.client.lists(lists, in_force)?;
        let refused = |error| ListRefused::new(error, chain.len(), in_force);
        let list = last.list.next_of(&chain, now).map_err(refused)?;
        let changes = next_changes(&self.contents, &last.list, &list);
        let source = source.or_else(|| last.source.clone());
        let same = list == last.list && source == last.source;
        if same && !self.trust_list_due(now) {
            return Ok(ListUpdate { list: last.view(), changes });
        }
        self.go_by(StoredTrust { list, source, checked_at: now }, changes)
    }

    fn go_by(&mut self, trust: StoredTrust, changes: Vec<Change>) -> Result<ListUpdate, WalletError> {
        let list = trust.view();
        self.update(|contents| {
            contents.trust = Some(trust);
            Ok(())
        })?;
        Ok(ListUpdate { list, changes })
    }

    /// The list of issuers that the wallet goes by, if it goes by one.
    pub fn trusted_list(&self) -> Option<TrustedList> {
        self.contents.trust.as_ref().map(StoredTrust::view)
    }

    /// Goes by no list any more: from then on what is pinned counts, also what was pinned while there was one. Says whether
    /// there was a list.
    pub fn give_up_trust_list(&mut self) -> Result<bool, WalletError> {
        if self.contents.trust.is_none() {
            return Ok(false);
        }
        self.update(|contents| Ok(contents.trust.take().is_some()))
    }

    /// What came of fetching the list of issuers the last time that the wallet was refreshed, if it was fetched and nobody
    /// has asked yet.
    pub fn take_fetched_list(&mut self) -> Option<Result<ListUpdate, WalletError>> {
        self.fetched_list.take()
    }

    /// Whether the list is fetched by [`Wallet::refresh_if_due`].
    pub(crate) fn trust_list_due(&self, now: u64) -> bool {
        self.contents.trust.as_ref().is_some_and(|trust| {
            let checked_lately = now.saturating_sub(trust.checked_at) < FETCH_PERIOD;
            trust.source.is_some() && (!checked_lately || !trust.list.is_current(now))
        })
    }

    /// Fetches the newest list from where it comes from. One that is refused changes nothing.
    pub(crate) fn fetch_trust_list(&mut self, now: u64) {
        let source = self.contents.trust.as_ref().and_then(|trust| trust.source.clone());
        if let Some(source) = source {
            self.fetched_list = Some(self.next_trust_list(&[ListFrom::Address(&source)], now));
        }
    }
}

impl Client {
    /// Reads lists, and says at which address the last of those from addresses is found.
    fn lists(
        &self,
        lists: &[ListFrom<'_>],
        in_force: Option<u64>,
    ) -> Result<(Vec<Envelope>, Option<String>), WalletError> {
        let mut source = None;
        let mut envelopes = Vec::with_capacity(lists.len());
        for (place, list) in lists.iter().enumerate() {
            let envelope = match list {
                ListFrom::Text(text) => Envelope::from_json(text),
                ListFrom::Address(uri) => {
                    let address = Address::parse(uri)?;
                    let text = self.get_text(&address, MAX_ENVELOPE_BYTES as u64)?;
                    source = Some(address.to_string());
                    Envelope::from_json(&text)
                }
            };
            let refused = |error| ListRefused::new(ChainError { place, error }, lists.len(), in_force);
            envelopes.push(envelope.map_err(|error| refused(TrustError::Envelope(error)))?);
        }
        Ok((envelopes, source))
    }
}

impl StoredTrust {
    fn view(&self) -> TrustedList {
        let document = self.list.document();
        TrustedList {
            name: clean_text(&document.name),
            version: document.version,
            issued_at: document.issued_at,
            expires_at: document.expires_at,
            roots: document.roots.clone(),
            issuers: document.issuers.len(),
            source: self.source.clone(),
            checked_at: self.checked_at,
        }
    }
}

/// Why a list of issuers is not taken. The wallet keeps what it had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListRefused {
    /// There is one already.
    #[error(
        "this wallet goes by a list of issuers already: give it the next one without roots, or give that one up first"
    )]
    InForce,
    /// There is none yet.
    #[error(
        "this wallet goes by no list of issuers yet: give the root keys too that the list is signed with"
    )]
    NoRoots,
    /// This member of the roots is not as it must be.
    #[error("the {0} of the roots is not as it must be")]
    Roots(&'static str),
    /// The list is not in order, or does not follow the one in force.
    #[error("{}", self.to_text(Language::English))]
    List {
        /// Which one of several, counted from 1.
        number: Option<usize>,
        /// The version in force, if there is a list.
        in_force: Option<u64>,
        /// Why.
        error: TrustError,
    },
}

impl ListRefused {
    fn new(ChainError { place, error }: ChainError, of: usize, in_force: Option<u64>) -> Self {
        Self::List { number: (of > 1).then_some(place + 1), in_force, error }
    }

    /// In words.
    pub fn to_text(&self, language: Language) -> String {
        let zh = language == Language::Chinese;
        match self {
            Self::InForce if zh => {
                "本钱包已依据一份签发机关名录：换用新一版时不必给出根密钥，换用另一份前请先停用现有的".into()
            }
            Self::NoRoots if zh => "本钱包尚未依据任何签发机关名录：请同时给出名录的根密钥".into(),
            Self::Roots(member) if zh => format!("所给根密钥有误（{member}）"),
            Self::InForce | Self::NoRoots | Self::Roots(_) => self.to_string(),
            Self::List { number, in_force, error } => list_refused(*number, *in_force, error, zh),
        }
    }
}

fn list_refused(number: Option<usize>, in_force: Option<u64>, error: &TrustError, zh: bool) -> String {
    let which = match (number, zh) {
        (None, true) => "这份签发机关名录".to_owned(),
        (None, false) => "the list of issuers".to_owned(),
        (Some(number), true) => format!("第{number}份签发机关名录"),
        (Some(number), false) => format!("list of issuers number {number}"),
    };
    let why = reason(error, zh);
    let kept = match (in_force, zh) {
        (None, _) => String::new(),
        (Some(version), true) => format!("；仍依据第{version}版"),
        (Some(version), false) => format!("; version {version} stays in force"),
    };
    let unsigned = *error == TrustError::Envelope(EnvelopeError::Signature);
    let way_on = match (in_force.filter(|_| unsigned && number.is_none()), zh) {
        (None, _) => String::new(),
        (Some(version), true) => format!(
            "。如果第{version}版之后根密钥更换过不止一次，请把其间各版名录按先后一并给出（glimpse wallet trust 文件…）"
        ),
        (Some(version), false) => format!(
            ". If its roots have changed more than once since version {version}, give it together with the lists in between, oldest first (glimpse wallet trust FILE…)"
        ),
    };
    match zh {
        true => format!("不接受{which}：{why}{kept}{way_on}"),
        false => format!("{which} is not taken: {why}{kept}{way_on}"),
    }
}

fn reason(error: &TrustError, zh: bool) -> String {
    let zh_text = match error {
        _ if !zh => {
            return match error {
                TrustError::Envelope(EnvelopeError::Signature) => {
                    "not enough of the roots have signed it".into()
                }
                error => error.to_string(),
            };
        }
        TrustError::Envelope(EnvelopeError::Signature) => "签名的根密钥不足",
        TrustError::OwnRoots => "名录自己写明的根密钥未签名",
        TrustError::Backwards => "比此前见过的版本旧",
        TrustError::TwoOfOneVersion => "同一版本号有两份不同的名录",
        TrustError::Future => "签发时间在未来，请检查本机时钟",
        TrustError::Expired => "已经失效",
        TrustError::NoList => "没有给出名录",
        TrustError::Envelope(_) | TrustError::Utf8 | TrustError::Json(_) | TrustError::Member(_) => {
            "内容或格式不合规"
        }
        _ => "不合规",
    };
    zh_text.to_owned()
}
