//! What the signed list of issuers says of a credential, and of what an issuer publishes.

use glimpse_api::Metadata;
use glimpse_circuits::key::{Issuer, IssuerPublicKey};
use glimpse_circuits::schema::SchemaDigest;
use glimpse_circuits::text::Language;
use glimpse_trust::TrustList;
use glimpse_trust::list::ListedIssuer;
use serde::Serialize;

use crate::address::Address;
use crate::display::{clean, moment};

/// What the list of issuers that the wallet goes by says of a credential. Moments are in seconds since
/// 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Listing {
    /// Its issuer key is listed for its kind of licence.
    Listed {
        /// The first second in which credentials under the key are accepted.
        from: u64,
        /// The first second in which they no longer are.
        until: u64,
    },
    /// Its issuer key is not on the list, or no longer.
    KeyNotListed,
    /// Its issuer key is, and not for its kind of licence.
    KindNotListed,
}

impl Listing {
    /// What a list says of credentials under a key with a schema.
    pub(crate) fn of(list: &TrustList, key: &IssuerPublicKey, schema: &SchemaDigest) -> Self {
        match list.find(key) {
            None => Self::KeyNotListed,
            Some((_, listed)) if !listed.schemas.contains(schema) => Self::KindNotListed,
            Some((_, listed)) => Self::Listed { from: listed.accepted.from, until: listed.accepted.until },
        }
    }

    /// Whether the credential is accepted at a moment, as far as the list goes.
    pub fn holds(&self, now: u64) -> bool {
        matches!(self, Self::Listed { from, until } if (*from..*until).contains(&now))
    }

    /// In words, at a moment.
    pub fn to_text(&self, language: Language, now: u64) -> String {
        let zh = language == Language::Chinese;
        match self {
            Self::Listed { until, .. } if now >= *until => match zh {
                true => format!("其签发密钥自{}起不再被认可，请重新领取", moment(*until).zh_cn),
                false => format!(
                    "its issuer key has not been accepted since {}; obtain it anew",
                    moment(*until).en
                ),
            },
            Self::Listed { from, .. } if now < *from => match zh {
                true => format!("其签发密钥自{}起才被认可", moment(*from).zh_cn),
                false => format!("its issuer key is accepted from {} on, not yet", moment(*from).en),
            },
            Self::Listed { until, .. } if zh => format!("在册，认可至{}", moment(*until).zh_cn),
            Self::Listed { until, .. } => format!("listed, accepted until {}", moment(*until).en),
            Self::KeyNotListed if zh => "其签发密钥不在签发机关名录上".into(),
            Self::KeyNotListed => "its issuer key is not on the list of issuers".into(),
            Self::KindNotListed if zh => "名录未载明该密钥可签发此类证照".into(),
            Self::KindNotListed => "its issuer key is not listed for this kind of licence".into(),
        }
    }
}

/// Why the list of issuers does not vouch for something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotListed {
    /// The list has expired, and vouches for nothing.
    #[error(
        "the list of issuers that this wallet goes by expired at {}; refresh, or give it a newer one",
        moment(*.0).en
    )]
    Expired(u64),
    /// No issuer of the list is found at this address.
    #[error("no issuer on the list is found at {0}")]
    Address(String),
    /// A listed issuer, at another address than the listed one.
    #[error("the issuer at {uri} is listed at another address: {listed}")]
    OtherAddress {
        /// Where it was met.
        uri: String,
        /// Where the list says it is found.
        listed: String,
    },
    /// A key that is not on the list.
    #[error("the list of issuers does not have this key of {uri}: {key}")]
    Key {
        /// Where the issuer is found.
        uri: String,
        /// The key.
        key: Box<IssuerPublicKey>,
    },
    /// A listed key under another identifier.
    #[error("the issuer at {0} calls itself by another identifier than the listed one")]
    Identifier(String),
    /// A listed key under another name.
    #[error("the issuer at {0} has another name than the listed one")]
    Name(String),
    /// A kind of licence that the key is not listed for.
    #[error("the issuer at {0} is not listed for a kind of licence that it issues")]
    Schema(String),
    /// Another revocation key than the listed one.
    #[error("the issuer at {0} has another revocation key than the listed one")]
    RevocationKey(String),
    /// A key for manifests that is not listed.
    #[error("the issuer at {0} names a key for signing revocation lists that is not listed")]
    ManifestKey(String),
    /// Revocation lists at other moments than the listed ones.
    #[error("the issuer at {0} publishes its revocation lists at other moments than the listed ones")]
    Schedule(String),
    /// A listed key whose time has not come, or is over.
    #[error("this key of {uri} is not accepted now: {}", .listing.to_text(Language::English, *.at))]
    NotNow {
        /// Where the issuer is found.
        uri: String,
        /// When it is accepted.
        listing: Listing,
        /// What moment it is.
        at: u64,
    },
    /// A revocation list that is not under the listed keys.
    #[error(
        "the revocation list is not signed with the keys that are listed for {0}, or is about other licences; fetch the newest list of issuers"
    )]
    RevocationList(String),
}

impl NotListed {
    /// In words.
    pub fn to_text(&self, language: Language) -> String {
        if language == Language::English {
            return self.to_string();
        }
        match self {
            Self::Expired(since) => {
                format!(
                    "本钱包所依据的签发机关名录已于{}失效，请更新（refresh）或换用新的名录",
                    moment(*since).zh_cn
                )
            }
            Self::Address(uri) => format!("签发机关名录上没有地址为 {uri} 的机关"),
            Self::OtherAddress { uri, listed } => {
                format!("{uri} 的签发机关在名录上的地址是另一个：{listed}")
            }
            Self::Key { uri, key } => format!("签发机关名录上没有 {uri} 的这一密钥：{key}"),
            Self::Identifier(uri) => format!("{uri} 的签发机关所用标识与名录不符"),
            Self::Name(uri) => format!("{uri} 的签发机关名称与名录不符"),
            Self::Schema(uri) => format!("{uri} 的签发机关所签发的某类证照未列入名录"),
            Self::RevocationKey(uri) => format!("{uri} 的签发机关所用吊销名单密钥与名录不符"),
            Self::ManifestKey(uri) => format!("{uri} 的签发机关公布的吊销名单签名密钥未列入名录"),
            Self::Schedule(uri) => format!("{uri} 的签发机关发布吊销名单的时刻与名录不符"),
            Self::NotNow { uri, listing, at } => {
                format!("{uri} 的这一密钥现在不被认可：{}", listing.to_text(language, *at))
            }
            Self::RevocationList(uri) => {
                format!("吊销名单不是用名录上 {uri} 的密钥签名的，或所涉证照不同；请获取最新的签发机关名录")
            }
        }
    }
}

/// Whether a listed issuer is found at this address.
pub(crate) fn is_at(issuer: &ListedIssuer, address: &Address) -> bool {
    Address::parse_base(&issuer.uri).is_ok_and(|listed| listed == *address)
}

/// Whether any issuer of the list is.
pub(crate) fn expect_at(list: &TrustList, address: &Address) -> Result<(), NotListed> {
    let found = list.document().issuers.iter().any(|issuer| is_at(issuer, address));
    if found { Ok(()) } else { Err(NotListed::Address(clean(&address.to_string()))) }
}

/// Refuses what an issuer publishes if the list does not have all of it: address, identifiers, names, keys, kinds of
/// licences, keys of revocation lists. It may publish less than is listed: a key that begins tomorrow, say.
pub(crate) fn check(list: &TrustList, address: &Address, metadata: &Metadata) -> Result<(), NotListed> {
    expect_at(list, address)?;
    for issuer in &metadata.issuers {
        check_issuer(list, address, issuer)?;
    }
    let schedules = metadata.issuers.iter().filter_map(|issuer| list.schedule(&issuer.key));
    if schedules.into_iter().any(|listed| metadata.schedule != Some(listed)) {
        return Err(NotListed::Schedule(clean(&address.to_string())));
    }
    let listed: Vec<_> = metadata.issuers.iter().flat_map(|issuer| list.manifest_keys(&issuer.key)).collect();
    if metadata.manifest_keys.iter().all(|key| listed.contains(&key)) {
        Ok(())
    } else {
        Err(NotListed::ManifestKey(clean(&address.to_string())))
    }
}

fn check_issuer(list: &TrustList, address: &Address, issuer: &Issuer) -> Result<(), NotListed> {
    let uri = || clean(&address.to_string());
    let Some((listed, key)) = list.find(&issuer.key) else {
        return Err(NotListed::Key { uri: uri(), key: Box::new(issuer.key) });
    };
    if !is_at(listed, address) {
        return Err(NotListed::OtherAddress { uri: uri(), listed: clean(&listed.uri) });
    }
    let Issuer { id, name, schemas, revocation, .. } = listed.with_key(key);
    if issuer.id != id {
        return Err(NotListed::Identifier(uri()));
    }
    if issuer.name != name {
        return Err(NotListed::Name(uri()));
    }
    if !issuer.schemas.iter().all(|schema| schemas.contains(schema)) {
        return Err(NotListed::Schema(uri()));
    }
    if issuer.revocation != revocation {
        return Err(NotListed::RevocationKey(uri()));
    }
    Ok(())
}
