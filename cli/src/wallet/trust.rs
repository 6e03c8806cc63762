//! `glimpse wallet trust` and `distrust`: the signed list of issuers that the wallet goes by.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use glimpse_circuits::key::DocumentKey;
use glimpse_circuits::text::Language;
use glimpse_trust::list::Roots;
use glimpse_wallet::{Change, ListFrom, ListUpdate, TrustedList, Wallet};
use serde_json::json;

use super::{agreed, now};
use crate::output::{self, Outcome, line, note, read_text};
use crate::trust::moment;

/// The list, and who signs the first one.
#[derive(Args)]
pub(super) struct Arguments {
    /// The list: a file, - for standard input, or an address, at which newer ones are fetched too. Of several, each follows
    /// the one before. Shows the list in force if there is none
    #[arg(value_name = "LIST")]
    lists: Vec<String>,
    /// For the first list: public key of a root, from whoever runs the list by other means; may be repeated
    #[arg(long = "root", value_name = "KEY", requires = "lists")]
    roots: Vec<DocumentKey>,
    /// How many of them must have signed it [default: all]
    #[arg(long, requires = "roots")]
    threshold: Option<u8>,
}

pub(super) fn run(wallet: &mut Wallet, arguments: &Arguments, language: Language, as_json: bool) -> Outcome {
    let Arguments { lists, roots, threshold } = arguments;
    if lists.is_empty() {
        return show(wallet, language, as_json);
    }
    let texts = lists.iter().map(|list| text(list)).collect::<Result<Vec<_>, _>>()?;
    let from: Vec<ListFrom<'_>> = lists
        .iter()
        .zip(&texts)
        .map(|(list, text)| text.as_deref().map_or(ListFrom::Address(list), ListFrom::Text))
        .collect();
    let update = if roots.is_empty() {
        wallet.next_trust_list(&from, now())?
    } else {
        let threshold = threshold.map_or_else(|| u8::try_from(roots.len()), Ok)?;
        wallet.trust_list(&from, &Roots { keys: roots.clone(), threshold }, now())?
    };
    note_changes(&update.changes, language);
    print(&update.list, language, as_json)?;
    Ok(ExitCode::SUCCESS)
}

/// The text of a file; none for an address.
fn text(list: &str) -> Result<Option<String>, Box<dyn Error>> {
    let lower = list.to_ascii_lowercase();
    let is_address = ["http://", "https://"].iter().any(|scheme| lower.starts_with(scheme));
    if is_address { Ok(None) } else { read_text(Path::new(list)).map(Some) }
}

fn show(wallet: &Wallet, language: Language, as_json: bool) -> Outcome {
    let Some(list) = wallet.trusted_list() else {
        if as_json {
            output::json(&serde_json::Value::Null)?;
        } else {
            line(match language {
                Language::Chinese => "本钱包未依据签发机关名录，以首次登记为准。",
                Language::English => "This wallet goes by no list of issuers; it pins issuers on first use.",
            });
        }
        return Ok(ExitCode::SUCCESS);
    };
    print(&list, language, as_json)?;
    note_if_expired(&list, language);
    Ok(ExitCode::SUCCESS)
}

fn print(list: &TrustedList, language: Language, as_json: bool) -> Result<(), Box<dyn Error>> {
    if as_json {
        return output::json(list);
    }
    let words = match language {
        Language::Chinese => ["名称", "版本", "签发", "失效", "机关数", "下一版须签名的根密钥", "来源"],
        Language::English => {
            ["name", "version", "issued", "expires", "issuers", "roots to sign the next", "from"]
        }
    };
    let by_hand = match language {
        Language::Chinese => "手工给出",
        Language::English => "handed over",
    };
    let roots = list.roots.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let of = match language {
        Language::Chinese => format!("以下{}个中的{}个：", list.roots.keys.len(), list.roots.threshold),
        Language::English => format!("{} of {}:", list.roots.threshold, list.roots.keys.len()),
    };
    let values = [
        list.name.get(language).to_owned(),
        list.version.to_string(),
        moment::show(list.issued_at),
        moment::show(list.expires_at),
        list.issuers.to_string(),
        format!("{of}\n{roots}"),
        list.source.clone().unwrap_or_else(|| by_hand.to_owned()),
    ];
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
    for (word, value) in words.iter().zip(&values) {
        table.add_row([word, &value.as_str()]);
    }
    line(&table.to_string());
    Ok(())
}

/// Gives the list up, if the holder agrees.
pub(super) fn distrust(wallet: &mut Wallet, yes: bool, language: Language, as_json: bool) -> Outcome {
    let question = match language {
        Language::Chinese => "不再依据签发机关名录，改为以首次登记为准？[y/N] ",
        Language::English => "Go by no list of issuers any more, and pin issuers on first use? [y/N] ",
    };
    if !yes && wallet.trusted_list().is_some() && !agreed(question)? {
        return Ok(ExitCode::FAILURE);
    }
    let given_up = wallet.give_up_trust_list()?;
    if as_json {
        output::json(&json!({ "given_up": given_up }))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Says what a list changed, and what was published: nobody is asked about it.
pub(super) fn note_changes(changes: &[Change], language: Language) {
    for change in changes {
        let said = change.to_text(language);
        note(&match language {
            Language::Chinese => format!("名录变化：{said}"),
            Language::English => format!("noticed: {said}"),
        });
    }
}

/// Says what came of fetching the list, if it was fetched, and whether there was nothing wrong with it.
pub(super) fn note_fetched(wallet: &mut Wallet, language: Language) -> bool {
    match wallet.take_fetched_list() {
        Some(Ok(ListUpdate { changes, .. })) => note_changes(&changes, language),
        Some(Err(error)) => {
            let said = error.to_text(language);
            note(&match language {
                Language::Chinese => format!("获取签发机关名录：{said}"),
                Language::English => format!("fetching the list of issuers: {said}"),
            });
            return false;
        }
        None => {}
    }
    true
}

/// Says so where the list vouches for nothing any more.
pub(super) fn note_if_expired(list: &TrustedList, language: Language) {
    if now() >= list.expires_at {
        note(match language {
            Language::Chinese => "签发机关名录已失效：请换用新的名录，在此之前不回答任何请求。",
            Language::English => {
                "The list of issuers has expired: give the wallet a newer one; until then it answers no request."
            }
        });
    }
}
