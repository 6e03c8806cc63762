//! What an issuer published when the wallet first met it, and what changed since: trust on first use, for a wallet that goes
//! by no list of issuers.

use std::collections::BTreeMap;

use glimpse_api::Metadata;
use glimpse_circuits::key::{DocumentKey, Issuer, IssuerPublicKey};
use glimpse_circuits::schedule::Schedule;
use glimpse_circuits::schema::{Schema, SchemaDigest};
use glimpse_circuits::text::{Language, Text};
use glimpse_trust::list::Validity;

use crate::contents::Pin;
use crate::display::{clean, duration, is_printable, moment};

/// Most issuers at one address, and most schemas.
const MAX_ITEMS: usize = 64;
/// Most keys that manifests are signed with.
const MAX_MANIFEST_KEYS: usize = 16;

/// What came of pinning an issuer.
#[derive(Debug)]
pub enum Pinning {
    /// Seen for the first time; trusted from now on.
    Pinned(PinnedIssuer),
    /// The same as before.
    Unchanged(PinnedIssuer),
    /// Different from what was pinned, which stays in force: show it to the holder, who may take it with
    /// [`Wallet::repin`](crate::Wallet::repin).
    Changed(ChangedIssuer),
    /// Different from what was pinned, and taken: all of it is on the list of issuers that the wallet goes by.
    Noticed(PinnedIssuer, Vec<Change>),
}

/// A pinned issuer.
#[derive(Clone, Debug)]
pub struct PinnedIssuer {
    /// Its address.
    pub uri: String,
    /// When it was pinned, in seconds since 1970-01-01T00:00:00Z.
    pub pinned_at: u64,
    /// Who issues there, one for each key.
    pub issuers: Vec<Issuer>,
    /// The kinds of licences.
    pub schemas: Vec<Schema>,
    /// The keys that manifests of its revocation lists are signed with; none if it has no lists.
    pub manifest_keys: Vec<DocumentKey>,
    /// When versions of its revocation lists come. If that is not settled, it could make one for a single holder, and
    /// recognise the holder by its moment.
    pub schedule: Option<Schedule>,
}

/// What an issuer publishes now, where something else is pinned.
#[derive(Debug)]
#[must_use]
pub struct ChangedIssuer {
    pub(crate) uri: String,
    pub(crate) metadata: Metadata,
    changes: Vec<Change>,
}

impl ChangedIssuer {
    /// Its address.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// What differs, at least one thing.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }
}

/// One difference between what is pinned and what is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A key that was not there.
    KeyAdded(IssuerPublicKey, Text),
    /// A key that is gone.
    KeyRemoved(IssuerPublicKey, Text),
    /// Another name for a key.
    Renamed(IssuerPublicKey, Text, Text),
    /// Another identifier for a key.
    Reidentified(IssuerPublicKey, String, String),
    /// A key may issue other kinds of licences than before.
    Permissions(IssuerPublicKey, Text),
    /// A kind of licence, or a version of one, that was not there.
    SchemaAdded(SchemaDigest, String),
    /// A kind of licence that is gone.
    SchemaRemoved(SchemaDigest, String),
    /// Another revocation key (now) for an issuer key: the first one, a new one in place of an old one, or none any more.
    RevocationKey(IssuerPublicKey, Text, Option<IssuerPublicKey>),
    /// A key that manifests of revocation lists are signed with and that was not there.
    ManifestKeyAdded(DocumentKey),
    /// A key that manifests of revocation lists are no longer signed with.
    ManifestKeyRemoved(DocumentKey),
    /// When versions of revocation lists come: at the beginnings of such periods, or at any moment.
    Schedule(Option<Schedule>),
    /// The list of issuers: when credentials under a key are accepted.
    Accepted(IssuerPublicKey, Text, Validity),
    /// The list of issuers: an issuer is found at another address (was, is).
    Moved(Text, String, String),
    /// The list of issuers: an issuer that was not on it.
    Listed(Text),
    /// The list of issuers: an issuer that is no longer on it.
    Unlisted(Text),
    /// What is pinned for this address counts no longer: no issuer of the list is found there.
    AddressNotListed(String),
    /// The list of issuers is called otherwise.
    ListRenamed(Text, Text),
    /// The list of issuers is signed by other roots from now on: these, so many of them.
    Roots(Vec<DocumentKey>, u8),
}

impl Change {
    /// The difference in words.
    pub fn to_text(&self, language: Language) -> String {
        let zh = language == Language::Chinese;
        match self {
            Self::KeyAdded(key, name) if zh => format!("新增密钥：{}，{key}", name.zh_cn),
            Self::KeyAdded(key, name) => format!("new key of {}: {key}", name.en),
            Self::KeyRemoved(key, name) if zh => format!("密钥已撤下：{}，{key}", name.zh_cn),
            Self::KeyRemoved(key, name) => format!("key of {} is gone: {key}", name.en),
            Self::Renamed(_, was, now) if zh => format!("名称由“{}”改为“{}”", was.zh_cn, now.zh_cn),
            Self::Renamed(_, was, now) => format!("name changed from \"{}\" to \"{}\"", was.en, now.en),
            Self::Reidentified(_, was, now) if zh => format!("标识由“{was}”改为“{now}”"),
            Self::Reidentified(_, was, now) => format!("identifier changed from \"{was}\" to \"{now}\""),
            Self::Permissions(_, name) if zh => format!("{}可签发的证照种类有变", name.zh_cn),
            Self::Permissions(_, name) => {
                format!("{} may issue other kinds of licences than before", name.en)
            }
            Self::SchemaAdded(digest, schema) if zh => format!("新增证照种类：{schema}（{}）", short(digest)),
            Self::SchemaAdded(digest, schema) => format!("new kind of licence: {schema} ({})", short(digest)),
            Self::SchemaRemoved(digest, schema) if zh => {
                format!("证照种类已撤下：{schema}（{}）", short(digest))
            }
            Self::SchemaRemoved(digest, schema) => {
                format!("kind of licence is gone: {schema} ({})", short(digest))
            }
            Self::RevocationKey(_, name, Some(key)) if zh => {
                format!("{}的吊销名单改用密钥：{key}", name.zh_cn)
            }
            Self::RevocationKey(_, name, Some(key)) => {
                format!("revocation lists of {} are under another key: {key}", name.en)
            }
            Self::RevocationKey(_, name, None) if zh => format!("{}不再有吊销名单", name.zh_cn),
            Self::RevocationKey(_, name, None) => format!("{} has no revocation lists any more", name.en),
            Self::ManifestKeyAdded(key) if zh => format!("新增吊销名单签名密钥：{key}"),
            Self::ManifestKeyAdded(key) => format!("new key that signs revocation lists: {key}"),
            Self::ManifestKeyRemoved(key) if zh => format!("吊销名单签名密钥已撤下：{key}"),
            Self::ManifestKeyRemoved(key) => format!("key that signs revocation lists is gone: {key}"),
            Self::Schedule(schedule) => schedule_text(*schedule).get(language).to_owned(),
            Self::Accepted(key, name, Validity { from, until }) if zh => {
                let (from, until) = (moment(*from).zh_cn, moment(*until).zh_cn);
                format!("{}的密钥 {key} 认可期：自{from}至{until}", clean(&name.zh_cn))
            }
            Self::Accepted(key, name, Validity { from, until }) => {
                let (from, until) = (moment(*from).en, moment(*until).en);
                format!("key {key} of {} is accepted from {from} until {until}", clean(&name.en))
            }
            Self::Moved(name, was, now) if zh => {
                format!("{}的地址由 {} 改为 {}", clean(&name.zh_cn), clean(was), clean(now))
            }
            Self::Moved(name, was, now) => {
                format!("{} is found at {} instead of {}", clean(&name.en), clean(now), clean(was))
            }
            Self::Listed(name) if zh => format!("名录新增签发机关：{}", clean(&name.zh_cn)),
            Self::Listed(name) => format!("new on the list of issuers: {}", clean(&name.en)),
            Self::Unlisted(name) if zh => format!("已不在名录上：{}", clean(&name.zh_cn)),
            Self::Unlisted(name) => format!("no longer on the list of issuers: {}", clean(&name.en)),
            Self::AddressNotListed(uri) if zh => {
                format!("名录上没有地址为 {} 的机关，此前的登记不再有效", clean(uri))
            }
            Self::AddressNotListed(uri) => {
                format!(
                    "no issuer on the list is found at {}; what was pinned there no longer counts",
                    clean(uri)
                )
            }
            Self::ListRenamed(was, now) if zh => {
                format!("名录名称由“{}”改为“{}”", clean(&was.zh_cn), clean(&now.zh_cn))
            }
            Self::ListRenamed(was, now) => {
                format!("the list is called \"{}\" instead of \"{}\"", clean(&now.en), clean(&was.en))
            }
            Self::Roots(keys, threshold) if zh => {
                format!("名录的根密钥已更换，下一版须由其中{threshold}个签名：{}", joined(keys))
            }
            Self::Roots(keys, threshold) => {
                format!("other roots sign the list from now on, {threshold} of: {}", joined(keys))
            }
        }
    }
}

fn joined(keys: &[DocumentKey]) -> String {
    keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn short(digest: &SchemaDigest) -> String {
    digest.to_string().chars().take(16).collect()
}

/// Refuses metadata that contradicts itself or could not be shown.
pub(crate) fn check(metadata: &Metadata) -> Result<(), PinError> {
    let counts = [metadata.issuers.len(), metadata.schemas.len()];
    if counts.iter().any(|count| *count == 0 || *count > MAX_ITEMS) {
        return Err(PinError::Count);
    }
    for (i, schema) in metadata.schemas.iter().enumerate() {
        if metadata.schemas[..i].iter().any(|earlier| earlier.digest() == schema.digest()) {
            return Err(PinError::Repeated);
        }
    }
    for (i, issuer) in metadata.issuers.iter().enumerate() {
        let names = [(&issuer.id, 128), (&issuer.name.zh_cn, 120), (&issuer.name.en, 120)];
        if !names.iter().all(|(text, most)| is_printable(text, *most)) {
            return Err(PinError::Name);
        }
        if metadata.issuers[..i].iter().any(|earlier| earlier.key == issuer.key) {
            return Err(PinError::Repeated);
        }
        let published =
            |digest: &SchemaDigest| metadata.schemas.iter().any(|schema| schema.digest() == *digest);
        if !issuer.schemas.iter().all(published) {
            return Err(PinError::UnpublishedSchema);
        }
    }
    check_lists(metadata)
}

/// Refuses a key that is pinned elsewhere under another name, for other licences or with another revocation key: whoever is
/// pinned second could otherwise speak for whoever was pinned first.
pub(crate) fn check_conflicts(
    uri: &str,
    metadata: &Metadata,
    pins: &BTreeMap<String, Pin>,
) -> Result<(), PinError> {
    let conflict = pins.iter().find(|(other, pin)| *other != uri && conflicts(pin, metadata));
    conflict.map_or(Ok(()), |(other, _)| Err(PinError::Conflict(other.clone())))
}

/// Whether a key of a pin is claimed otherwise.
pub(crate) fn conflicts(pin: &Pin, metadata: &Metadata) -> bool {
    pin.issuers.iter().any(|known| {
        let claimed = metadata.issuers.iter().find(|issuer| issuer.key == known.key);
        claimed.is_some_and(|claimed| !same_issuer(claimed, known))
    })
}

/// What differs; the order of lists does not count.
pub(crate) fn changes(pin: &Pin, pinned_schemas: &[&Schema], metadata: &Metadata) -> Vec<Change> {
    let mut changes = Vec::new();
    for now in &metadata.issuers {
        let Some(was) = pin.issuers.iter().find(|was| was.key == now.key) else {
            changes.push(Change::KeyAdded(now.key, now.name.clone()));
            if now.revocation.is_some() {
                changes.push(Change::RevocationKey(now.key, now.name.clone(), now.revocation));
            }
            continue;
        };
        if was.name != now.name {
            changes.push(Change::Renamed(now.key, was.name.clone(), now.name.clone()));
        }
        if was.id != now.id {
            changes.push(Change::Reidentified(now.key, was.id.clone(), now.id.clone()));
        }
        if !same_set(&was.schemas, &now.schemas) {
            changes.push(Change::Permissions(now.key, now.name.clone()));
        }
        if was.revocation != now.revocation {
            changes.push(Change::RevocationKey(now.key, now.name.clone(), now.revocation));
        }
    }
    for was in &pin.issuers {
        if !metadata.issuers.iter().any(|now| now.key == was.key) {
            changes.push(Change::KeyRemoved(was.key, was.name.clone()));
        }
    }
    for now in &metadata.schemas {
        if !pin.schemas.contains(&now.digest()) {
            changes.push(Change::SchemaAdded(now.digest(), now.to_string()));
        }
    }
    for was in pinned_schemas {
        if !metadata.schemas.iter().any(|now| now.digest() == was.digest()) {
            changes.push(Change::SchemaRemoved(was.digest(), was.to_string()));
        }
    }
    let only_in = |one: &[DocumentKey], other: &[DocumentKey]| -> Vec<DocumentKey> {
        one.iter().filter(|key| !other.contains(key)).copied().collect()
    };
    let (was, now) = (&pin.manifest_keys, &metadata.manifest_keys);
    changes.extend(only_in(now, was).into_iter().map(Change::ManifestKeyAdded));
    changes.extend(only_in(was, now).into_iter().map(Change::ManifestKeyRemoved));
    if pin.schedule != metadata.schedule {
        changes.push(Change::Schedule(metadata.schedule));
    }
    changes
}

fn schedule_text(schedule: Option<Schedule>) -> Text {
    let Some(schedule) = schedule else {
        return Text {
            zh_cn: "吊销名单今后可在任何时刻发布：签发机关可为某一持有人单独发布一份并借以辨认".into(),
            en: "revocation lists may come at any moment from now on: the issuer could make one for a single holder, and recognise the holder by it".into(),
        };
    };
    let period = duration(schedule.seconds());
    Text {
        zh_cn: format!("吊销名单今后每{}在固定时刻发布一次", period.zh_cn),
        en: format!("revocation lists come at fixed moments from now on, every {}", period.en),
    }
}

pub(crate) fn changed(uri: String, metadata: Metadata, changes: Vec<Change>) -> ChangedIssuer {
    ChangedIssuer { uri, metadata, changes }
}

fn same_issuer(one: &Issuer, other: &Issuer) -> bool {
    one.key == other.key
        && one.id == other.id
        && one.name == other.name
        && one.revocation == other.revocation
        && same_set(&one.schemas, &other.schemas)
}

fn same_set(one: &[SchemaDigest], other: &[SchemaDigest]) -> bool {
    one.iter().all(|digest| other.contains(digest)) && other.iter().all(|digest| one.contains(digest))
}

/// What must be so for revocation lists to mean anything.
fn check_lists(metadata: &Metadata) -> Result<(), PinError> {
    let keys = &metadata.manifest_keys;
    if keys.len() > MAX_MANIFEST_KEYS {
        return Err(PinError::ManifestKeys);
    }
    if (1..keys.len()).any(|i| keys[..i].contains(&keys[i])) {
        return Err(PinError::Repeated);
    }
    let has_lists = metadata.issuers.iter().any(|issuer| issuer.revocation.is_some());
    match (has_lists, keys.is_empty()) {
        (true, true) => return Err(PinError::UnsignedLists),
        (false, false) => return Err(PinError::NoRevocationKey),
        _ => {}
    }
    // An interval under an issuer key could pass for a credential.
    let is_issuer_key = |key: IssuerPublicKey| metadata.issuers.iter().any(|issuer| issuer.key == key);
    if metadata.issuers.iter().filter_map(|issuer| issuer.revocation).any(is_issuer_key) {
        return Err(PinError::RevocationKeyIsIssuerKey);
    }
    Ok(())
}

/// Why what an issuer publishes is not pinned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// None or too many.
    #[error("the issuer publishes no keys or no kinds of licences, or too many")]
    Count,
    /// A key or a schema twice.
    #[error("the issuer publishes a key or a kind of licence twice")]
    Repeated,
    /// A name that is empty, too long, or could rewrite the line it is shown on.
    #[error("the issuer has a name or an identifier that cannot be shown")]
    Name,
    /// A key for a schema that is not there.
    #[error("the issuer names a kind of licence that it does not publish")]
    UnpublishedSchema,
    /// More than 16.
    #[error("the issuer publishes more than 16 keys that sign revocation lists")]
    ManifestKeys,
    /// A revocation key, and no key for manifests.
    #[error("the issuer has a revocation key, but no key that its revocation lists are signed with")]
    UnsignedLists,
    /// Keys for manifests, and no revocation key.
    #[error("the issuer has keys that sign revocation lists, but no revocation key")]
    NoRevocationKey,
    /// A revocation key that is also an issuer key.
    #[error("the issuer's revocation key is also a key that licences are issued under")]
    RevocationKeyIsIssuerKey,
    /// A key of somebody else's.
    #[error(
        "the issuer claims a key that is pinned for {0} with another name, for other licences or with another revocation key"
    )]
    Conflict(String),
}
