//! `glimpse wallet list` and `refresh`: credentials, and what revocation lists say of them.

use std::error::Error;
use std::process::ExitCode;

use glimpse_circuits::text::Language;
use glimpse_wallet::{CredentialSummary, Refreshed, Standing, Wallet};
use rand_core::OsRng;
use serde_json::{Value, json};

use super::now;
use crate::output::{self, Outcome, line, note};

/// Lists the credentials.
pub(super) fn list(wallet: &Wallet, language: Language, as_json: bool) -> Result<(), Box<dyn Error>> {
    let credentials = wallet.list();
    if as_json {
        return output::json(&credentials);
    }
    line(&table(&credentials, language));
    Ok(())
}

/// Fetches all revocation lists and says what they say. Fails if one was not fetched.
pub(super) fn refresh(wallet: &mut Wallet, language: Language, as_json: bool) -> Outcome {
    let refreshed = wallet.refresh(now(), &mut OsRng);
    let failed = refreshed.iter().any(|one| one.result.is_err());
    if as_json {
        output::json(&refreshed.iter().map(to_json).collect::<Vec<_>>())?;
    } else {
        refreshed.iter().for_each(note_failure);
        let credentials: Vec<_> = refreshed.into_iter().filter_map(|one| one.result.ok()).collect();
        line(&table(&credentials, language));
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Fetches those that are due, after what the holder opened the wallet for was done. That it fails is no failure of that.
pub(super) fn refresh_if_due(wallet: &mut Wallet, language: Language) {
    for one in wallet.refresh_if_due(now(), &mut OsRng) {
        note_failure(&one);
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

fn note_failure(one: &Refreshed) {
    if let Err(error) = &one.result {
        note(&format!("{}: {error}", one.id));
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

fn table(credentials: &[CredentialSummary], language: Language) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED).set_header(match language {
        Language::Chinese => ["编号", "证照", "签发机关", "令牌", "状态"],
        Language::English => ["id", "licence", "issuer", "tokens", "standing"],
    });
    for summary in credentials {
        let (title, issuer) = (summary.title.get(language), summary.issuer.get(language));
        let (tokens, standing) = (summary.tokens.to_string(), summary.standing.to_text(language));
        table.add_row([&summary.id, title, issuer, &tokens, &standing]);
    }
    table.to_string()
}
