//! `glimpse verify`: a verifier that needs no service and no network.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use glimpse_api::{Metadata, value_to_json};
use glimpse_circuits::json;
use glimpse_circuits::key::Registry;
use glimpse_circuits::request::Request;
use glimpse_verifier::{Verdict, Verifier};
use serde_json::json;

use crate::output::{self, Outcome, read_text};

/// What to check, and whom to trust.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Who the presentation must be for
    #[arg(long)]
    audience: String,
    /// File with the metadata of an issuer to trust, as its /issuer/v1/metadata answers; may be repeated
    #[arg(long = "trust", required = true)]
    trust: Vec<PathBuf>,
    /// File with the request as JSON
    #[arg(long)]
    request: PathBuf,
    /// File with the presentation's bytes
    #[arg(long)]
    presentation: PathBuf,
    /// Moment to check at, in seconds since 1970-01-01T00:00:00Z [default: now]
    #[arg(long)]
    at: Option<u64>,
}

/// Exit status 0 and the verdict as JSON if everything holds; 1 otherwise. Single use is for the caller to see to.
pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let mut registry = Registry::default();
    for path in &arguments.trust {
        let metadata: Metadata = json::from_str(&read_text(path)?)?;
        metadata.schemas.into_iter().for_each(|schema| registry.add_schema(Arc::new(schema)));
        metadata.issuers.into_iter().for_each(|issuer| registry.add_issuer(issuer));
    }
    let request = Arc::new(Request::from_json(&read_text(&arguments.request)?)?);
    let path = &arguments.presentation;
    let presentation = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(u64::MAX, |since| since.as_secs());
    let verifier = Verifier::new(arguments.audience.as_str(), registry);
    match verifier.verify(&request, &presentation, arguments.at.unwrap_or(now)) {
        Ok(verdict) => {
            output::json(&report(&verdict))?;
            Ok(ExitCode::SUCCESS)
        }
        // Whoever runs this is the relying party: the cause is for its eyes.
        Err(failure) => Err(failure.cause().to_string().into()),
    }
}

fn report(verdict: &Verdict) -> serde_json::Value {
    let disclosed = verdict.disclosed.iter().filter_map(|value| {
        let credential =
            verdict.credentials.iter().find(|credential| credential.id == value.of.credential)?;
        let (_, attribute) = credential.schema.attribute(&value.of.attribute)?;
        Some((value.of.to_string(), value_to_json(&attribute.kind, &value.value)))
    });
    let licences = verdict.credentials.iter().map(|credential| {
        json!({ "id": credential.id, "schema": credential.schema.id(), "issuer": credential.issuer.name, "key": credential.issuer.key })
    });
    json!({
        "verdict": "accepted",
        "statements": *verdict.statements,
        "disclosed": disclosed.collect::<serde_json::Map<_, _>>(),
        "licences": licences.collect::<Vec<_>>(),
    })
}
