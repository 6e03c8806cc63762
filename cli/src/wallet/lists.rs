//! `glimpse wallet list` and `refresh`: credentials, and what revocation lists say of them.

use std::error::Error;
use std::process::ExitCode;

use glimpse_circuits::text::Language;
use glimpse_wallet::{CredentialSummary, Refreshed, Standing, Wallet};
use rand_core::OsRng;
use serde_json::{Value, json};

use super::{now, trust};
use crate::output::{self, Outcome, line, note};

/// Lists the credentials.
pub(super) fn list(wallet: &Wallet, language: Language, as_json: bool) -> Result<(), Box<dyn Error>> {
    let credentials = wallet.list();
    if let Some(list) = wallet.trusted_list() {
        trust::note_if_expired(&list, language);
    }
    if as_json {
        return output::json(&credentials);
    }
    line(&table(&credentials, language));
    Ok(())
}

/// Says so if the list of issuers does not vouch for a credential.
pub(super) fn note_unlisted(wallet: &Wallet, id: &str, language: Language) {
    if let Some(list) = wallet.trusted_list() {
        trust::note_if_expired(&list, language);
    }
    let listing = wallet.list().into_iter().find(|credential| credential.id == id).and_then(|it| it.listing);
    if let Some(listing) = listing.filter(|listing| !listing.holds(now())) {
        note(&listing.to_text(language, now()));
    }
}

/// Fetches all revocation lists and says what they say. Fails if one was not fetched.
pub(super) fn refresh(wallet: &mut Wallet, language: Language, as_json: bool) -> Outcome {
    let refreshed = wallet.refresh(now(), &mut OsRng);
    let list_failed = !trust::note_fetched(wallet, language);
    let failed = list_failed || refreshed.iter().any(|one| one.result.is_err());
    if as_json {
        output::json(&refreshed.iter().map(to_json).collect::<Vec<_>>())?;
    } else {
        refreshed.iter().for_each(|one| note_failure(one, language));
        let credentials: Vec<_> = refreshed.into_iter().filter_map(|one| one.result.ok()).collect();
        line(&table(&credentials, language));
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Fetches those that are due, after what the holder opened the wallet for was done. That it fails is no failure of that.
pub(super) fn refresh_if_due(wallet: &mut Wallet, language: Language) {
    let refreshed = wallet.refresh_if_due(now(), &mut OsRng);
    trust::note_fetched(wallet, language);
    for one in refreshed {
        note_failure(&one, language);
        if let Ok(credential) = &one.result
            && let Standing::Out { .. } = credential.standing
        {
            let title = credential.title.get(language);
            let (open, close) = match language {
                Language::Chinese => ("（", "）："),
                Language::English => (" (", "): "),
            };
            note(&format!("{title}{open}{}{close}{}", one.id, credential.standing.to_text(language)));
        }
    }
}

fn note_failure(one: &Refreshed, language: Language) {
    if let Err(error) = &one.result {
        note(&format!("{}: {}", one.id, error.to_text(language)));
    }
}

fn to_json(one: &Refreshed) -> Value {
    match &one.result {
        Ok(credential) => json!({
            "credential": one.id,
            "standing": credential.standing,
            "list_tokens": credential.list_tokens,
        }),
        Err(error) => json!({ "credential": one.id, "error": error.to_string() }),
    }
}

/// With a column for what the list of issuers says, if the wallet goes by one.
fn table(credentials: &[CredentialSummary], language: Language) -> String {
    let (mut header, listing) = match language {
        Language::Chinese => (vec!["编号", "证照", "签发机关", "令牌", "状态"], "名录"),
        Language::English => (vec!["id", "licence", "issuer", "tokens", "standing"], "list of issuers"),
    };
    let by_list = credentials.iter().any(|summary| summary.listing.is_some());
    header.extend(by_list.then_some(listing));
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED).set_header(header);
    for summary in credentials {
        let (title, issuer) = (summary.title.get(language), summary.issuer.get(language));
        let (tokens, standing) = (summary.tokens.to_string(), summary.standing.to_text(language));
        let mut row = vec![summary.id.clone(), title.to_owned(), issuer.to_owned(), tokens, standing];
        row.extend(summary.listing.map(|listing| listing.to_text(language, now())));
        table.add_row(row);
    }
    table.to_string()
}
