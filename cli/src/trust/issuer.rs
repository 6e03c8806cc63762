//! What a list says of an issuer, as its service says it.

use std::error::Error;

use clap::Args;
use glimpse_api::{Metadata, paths};
use glimpse_circuits::key::Issuer;
use glimpse_trust::list::{ListedIssuer, ListedKey, ListedRevocation, Validity, is_region};

use super::{moment, now};
use crate::http::Client;
use crate::output::{self, note};

/// Where the issuer is, and what the list adds to what it says of itself.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Address of its service, under which wallets find it too
    #[arg(long, env = "GLIMPSE_URL")]
    url: String,
    /// Where it issues: a code of GB/T 2260, such as 370000; may be repeated
    #[arg(long = "region", required = true, value_name = "CODE", value_parser = region)]
    regions: Vec<String>,
    /// From when its keys are accepted: a day, or a moment with its zone [default: now]
    #[arg(long, value_name = "MOMENT", value_parser = moment::parse)]
    from: Option<u64>,
    /// Until when they are
    #[arg(long, value_name = "MOMENT", value_parser = moment::parse)]
    until: u64,
}

pub(super) fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let Arguments { url, regions, from, until } = arguments;
    let metadata: Metadata = Client::new(&url, None).get(paths::METADATA)?;
    let accepted = Validity { from: from.unwrap_or_else(now), until };
    let Some(Issuer { id, name, .. }) = metadata.issuers.first().cloned() else {
        return Err("the service names no issuer".into());
    };
    if metadata.issuers.iter().any(|issuer| issuer.id != id) {
        return Err("the service names several issuers".into());
    }
    let uri = url.trim_end_matches('/').to_owned();
    let keys = metadata.issuers.iter().map(|issuer| listed(issuer, accepted, &metadata)).collect();
    output::json(&ListedIssuer { id, name, regions, uri, keys })?;
    note("Ask the issuer by other means whether these are its keys: the list will vouch for them.");
    Ok(())
}

fn listed(issuer: &Issuer, accepted: Validity, metadata: &Metadata) -> ListedKey {
    let (manifests, schedule) = (&metadata.manifest_keys, metadata.schedule);
    let revocation =
        issuer.revocation.map(|key| ListedRevocation { key, manifests: manifests.clone(), schedule });
    ListedKey { key: issuer.key, accepted, schemas: issuer.schemas.clone(), revocation }
}

fn region(text: &str) -> Result<String, String> {
    is_region(text).then(|| text.to_owned()).ok_or_else(|| "must be six digits".to_owned())
}
