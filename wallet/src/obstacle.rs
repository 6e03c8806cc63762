//! Why a request is not answered, and what its holder should know before answering.

use glimpse_circuits::relation::{Reason, RelationError};
use glimpse_circuits::text::{Language, Text};

use crate::address::AddressError;
use crate::display::{clean, duration, moment};
use crate::listing::{Listing, NotListed};

/// Why the wallet will not answer a request. Stays with the holder: to the verifier, nothing of it is visible.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Obstacle {
    /// Too late.
    Expired,
    /// Issued in the future: one of the clocks is wrong.
    NotYetValid,
    /// The answer would go to an address that is not used.
    ResponseAddress(AddressError),
    /// The answer would go elsewhere than where the request came from.
    ForeignResponse {
        /// Where it came from.
        from: String,
        /// Where the answer would go.
        to: String,
    },
    /// The request names an unknown schema or issuer key, or asks what a schema does not allow.
    NotAcceptable(RelationError),
    /// No licence of the kind, from an issuer that is accepted.
    NoLicence(Vec<Text>),
    /// The list of issuers that the wallet goes by has expired.
    NoList(NotListed),
    /// The request accepts no issuer that the list of issuers has for the kind of licence, under a key valid now.
    NoListedIssuer {
        /// What the list is called.
        list: Text,
    },
    /// The request asks whether a licence is revoked, and by the list of issuers none that it accepts has such lists.
    NoListedLists {
        /// What the list of issuers is called.
        list: Text,
    },
    /// No licence of the kind from any of these issuers, which are those of the list that the request accepts.
    NoLicenceOf {
        /// The kind of licence.
        licence: Text,
        /// Who is accepted.
        issuers: Vec<Text>,
        /// How many more are.
        more: usize,
    },
    /// This licence will not do, because of what the list of issuers says of its issuer's key.
    NotListed {
        /// The licence.
        licence: Text,
        /// What the list says.
        listing: Listing,
        /// At which moment, in seconds since 1970-01-01T00:00:00Z.
        at: u64,
    },
    /// The request asks whether a licence is revoked, and this one is in no list, as far as is pinned.
    NoLists {
        /// The licence.
        title: Text,
    },
    /// The request asks whether a licence is revoked, and its list was not fetched yet.
    ListNotFetched {
        /// The licence.
        title: Text,
    },
    /// The list is older than the request allows.
    ListTooOld {
        /// The licence.
        title: Text,
        /// Seconds by which the list is older than the request.
        age: u64,
        /// Seconds by which it may be.
        max_age: u64,
    },
    /// The next version of the list is due, so that this one is not shown any more.
    ListOverdue {
        /// The licence.
        title: Text,
        /// Since when, in seconds since 1970-01-01T00:00:00Z.
        since: u64,
    },
    /// The licence is revoked or suspended.
    RevokedOrSuspended {
        /// The licence.
        title: Text,
        /// When the list that says so was issued, in seconds since 1970-01-01T00:00:00Z.
        since: u64,
    },
    /// The wallet's licences do not make it true.
    NotTrue,
    /// Answered before, and the answer arrived.
    Answered,
}

/// What the holder should know before answering.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The party names itself by an address that is not where the answer goes: somebody may be passing a request on.
    ForeignAudience {
        /// What it calls itself.
        audience: String,
        /// Where the answer goes.
        to: String,
    },
    /// Nobody knows where the request came from.
    UnknownOrigin,
    /// The party was told something about an attribute again and again.
    Budget {
        /// The attribute.
        title: Text,
        /// How often in the last 30 days.
        count: usize,
    },
    /// An answer was sent before, and nobody knows whether it arrived.
    SentBefore,
    /// A licence that would be used is revoked or suspended, which the request does not ask about.
    RevokedOrSuspended {
        /// The licence.
        title: Text,
        /// When the list that says so was issued, in seconds since 1970-01-01T00:00:00Z.
        since: u64,
    },
    /// More combinations of licences than were tried.
    ManyChoices,
}

impl Obstacle {
    /// In words.
    pub fn to_text(&self, language: Language) -> String {
        let zh = language == Language::Chinese;
        match self {
            Self::Expired if zh => "请求已过期".into(),
            Self::Expired => "the request has expired".into(),
            Self::NotYetValid if zh => "请求的签发时间在未来，请检查本机时钟".into(),
            Self::NotYetValid => "the request was issued in the future; check this machine's clock".into(),
            Self::ResponseAddress(AddressError::Open) if zh => "回答将不加密发送，因此不发送".into(),
            Self::ResponseAddress(_) if zh => "回答的接收地址无效".into(),
            Self::ResponseAddress(error) => format!("where the answer would go: {error}"),
            Self::ForeignResponse { from, to } if zh => {
                format!("请求来自 {from}，回答却要发往 {to}，因此不发送")
            }
            Self::ForeignResponse { from, to } => {
                format!("the request came from {from}, but the answer would go to {to}")
            }
            Self::NotAcceptable(error) => not_acceptable(error, zh),
            Self::NoLicence(titles) => {
                let titles = titles.iter().map(|title| clean(title.get(language))).collect::<Vec<_>>();
                if zh {
                    format!("没有可用的证照：{}", titles.join("、"))
                } else {
                    format!("no licence that would do: {}", titles.join(", "))
                }
            }
            Self::NoList(expired) => expired.to_text(language),
            Self::NoListedIssuer { list } if zh => format!(
                "请求所接受的签发机关均不在本钱包所依据的名录“{}”上，或其密钥现在不被认可",
                clean(&list.zh_cn)
            ),
            Self::NoListedIssuer { list } => format!(
                "no issuer that the request accepts is on the list this wallet goes by ({}) with a key accepted now",
                clean(&list.en)
            ),
            Self::NoListedLists { list } if zh => {
                format!(
                    "请求问及证照是否被吊销，而名录“{}”未载明所接受签发机关的吊销名单",
                    clean(&list.zh_cn)
                )
            }
            Self::NoListedLists { list } => format!(
                "the request asks whether a licence is revoked, and no issuer it accepts has revocation lists by the list of issuers ({})",
                clean(&list.en)
            ),
            Self::NoLicenceOf { licence, issuers, more } => no_licence_of(licence, issuers, *more, language),
            Self::NotListed { licence, listing, at } => {
                let (licence, said) = (clean(licence.get(language)), listing.to_text(language, *at));
                if zh { format!("“{licence}”：{said}") } else { format!("{licence}: {said}") }
            }
            Self::NoLists { title } => no_lists(title, zh),
            Self::ListNotFetched { title } if zh => {
                format!("尚未获取“{}”的吊销名单，请先更新（refresh）", clean(&title.zh_cn))
            }
            Self::ListNotFetched { title } => {
                format!("the wallet has no revocation list for {} yet; refresh first", clean(&title.en))
            }
            Self::ListTooOld { title, age, max_age } if zh => format!(
                "“{}”的吊销名单比请求早{}，请求至多允许{}；请先更新（refresh）",
                clean(&title.zh_cn),
                duration(*age).zh_cn,
                duration(*max_age).zh_cn
            ),
            Self::ListTooOld { title, age, max_age } => format!(
                "the revocation list for {} is {} older than the request, which allows {}; refresh first",
                clean(&title.en),
                duration(*age).en,
                duration(*max_age).en
            ),
            Self::ListOverdue { title, since } if zh => format!(
                "“{}”的吊销名单本应于{}前更换，不再出示；请先更新（refresh）",
                clean(&title.zh_cn),
                moment(*since).zh_cn
            ),
            Self::ListOverdue { title, since } => format!(
                "the revocation list for {} was to be replaced by {} and is no longer shown; refresh first",
                clean(&title.en),
                moment(*since).en
            ),
            Self::RevokedOrSuspended { title, since } => revoked_or_suspended(title, *since, zh),
            Self::NotTrue if zh => "所问之事与您的证照不符，没有可以证明的内容".into(),
            Self::NotTrue => "what is asked is not true of your licences; there is nothing to prove".into(),
            Self::Answered if zh => "已经回答过这一请求".into(),
            Self::Answered => "this request was answered before".into(),
        }
    }
}

fn no_licence_of(licence: &Text, issuers: &[Text], more: usize, language: Language) -> String {
    let names: Vec<String> = issuers.iter().map(|name| clean(name.get(language))).collect();
    let licence = clean(licence.get(language));
    match (language, more) {
        (Language::Chinese, 0) => {
            format!("没有可用的证照：{licence}（须由以下机关签发：{}）", names.join("、"))
        }
        (Language::Chinese, more) => {
            format!("没有可用的证照：{licence}（须由以下机关签发：{}，及另外{more}家）", names.join("、"))
        }
        (Language::English, 0) => {
            format!("no licence that would do: {licence}, issued by {}", names.join(" or "))
        }
        (Language::English, more) => {
            format!(
                "no licence that would do: {licence}, issued by {} or one of {more} more",
                names.join(", ")
            )
        }
    }
}

fn no_lists(title: &Text, zh: bool) -> String {
    if zh {
        format!("“{}”的签发机关没有本钱包知道的吊销名单，请重新登记该签发机关", clean(&title.zh_cn))
    } else {
        format!(
            "the issuer of {} has no revocation list that this wallet knows of; pin that issuer again",
            clean(&title.en)
        )
    }
}

fn revoked_or_suspended(title: &Text, since: u64, zh: bool) -> String {
    if zh {
        format!("“{}”自{}的名单起已被吊销、撤销或暂停", clean(&title.zh_cn), moment(since).zh_cn)
    } else {
        format!("{} was revoked or suspended, by its issuer's list of {}", clean(&title.en), moment(since).en)
    }
}

fn not_acceptable(error: &RelationError, zh: bool) -> String {
    if !zh {
        return match &error.reason {
            Reason::NoLists(_) => {
                "the request asks whether a licence is revoked, and no issuer it accepts has revocation lists that this wallet knows of; pin that issuer again"
                    .into()
            }
            Reason::UnknownSchema => {
                "the request is about a kind of licence that this wallet does not know; pin its issuer first"
                    .into()
            }
            Reason::UnknownIssuer => {
                "the request accepts an issuer key that this wallet does not know; pin that issuer first"
                    .into()
            }
            Reason::Never(_) | Reason::NotDisclosed(_) | Reason::Narrow { .. } => {
                format!("the request asks for too much: {}", clean(&error.to_string()))
            }
            _ => format!("the request is not in order: {}", clean(&error.to_string())),
        };
    }
    match &error.reason {
        Reason::UnknownSchema => "请求涉及本钱包不认识的证照种类，请先登记其签发机关".into(),
        Reason::NoLists(_) => {
            "请求问及证照是否被吊销，而它接受的签发机关没有本钱包知道的吊销名单，请重新登记该签发机关".into()
        }
        Reason::UnknownIssuer => "请求接受本钱包不认识的签发机关密钥，请先登记该签发机关".into(),
        Reason::Never(name) => format!("请求过度：{}永不离开钱包", clean(name)),
        Reason::NotDisclosed(name) => format!("请求过度：{}不得出示", clean(name)),
        Reason::Narrow { name, choices, least } => {
            format!("请求过度：对{}的询问只剩{choices}个可能值，至少须留{least}个", clean(name))
        }
        _ => format!("请求不合规（{}）", clean(&error.member)),
    }
}

impl Warning {
    /// In words.
    pub fn to_text(&self, language: Language) -> String {
        let zh = language == Language::Chinese;
        match self {
            Self::ForeignAudience { audience, to } if zh => {
                format!("对方自称 {audience}，回答却发往 {to}：可能有人在转递请求")
            }
            Self::ForeignAudience { audience, to } => {
                format!(
                    "this party calls itself {audience}, but the answer goes to {to}: a request may be being passed on"
                )
            }
            Self::UnknownOrigin if zh => "无从得知这一请求来自何处，请核对接收地址".into(),
            Self::UnknownOrigin => {
                "nobody knows where this request came from; check where the answer goes".into()
            }
            Self::Budget { title, count } if zh => {
                format!(
                    "近30天内，对方已{count}次问及您的“{}”；多次回答合起来会说出更多",
                    clean(&title.zh_cn)
                )
            }
            Self::Budget { title, count } => format!(
                "this party has asked about your {} {count} times in the last 30 days; taken together, the answers say more",
                clean(&title.en).to_lowercase()
            ),
            Self::SentBefore if zh => "曾发送过对这一请求的回答，是否送达不明".into(),
            Self::SentBefore => {
                "an answer to this request was sent before; whether it arrived is not known".into()
            }
            Self::RevokedOrSuspended { title, since } if zh => {
                format!("{}；对方没有问及这一点", revoked_or_suspended(title, *since, zh))
            }
            Self::RevokedOrSuspended { title, since } => {
                format!("{}; this request does not ask about that", revoked_or_suspended(title, *since, zh))
            }
            Self::ManyChoices if zh => "可用的证照组合太多，只列出一部分".into(),
            Self::ManyChoices => "there are too many combinations of licences; only some are listed".into(),
        }
    }
}
