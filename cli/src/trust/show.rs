//! A list, for people and for programs.

use std::error::Error;
use std::path::PathBuf;

use clap::Args;
use glimpse_circuits::key::DocumentKey;
use glimpse_circuits::schema::SchemaDigest;
use glimpse_profiles::{Profile, builtin};
use glimpse_trust::list::{ListedKey, Roots};
use glimpse_trust::{TrustList, TrustListDocument};

use super::{at, moment, now, read_envelope, short, shorts};
use crate::output::{self, line};
use crate::table;

/// What to show, and who must have signed it.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The list
    envelope: PathBuf,
    /// Public key of a root that is trusted, 64 hexadecimal digits; may be repeated
    #[arg(long = "root", value_name = "KEY", required = true)]
    roots: Vec<DocumentKey>,
    /// How many of them must have signed it [default: all]
    #[arg(long)]
    threshold: Option<u8>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let Arguments { envelope: path, roots, threshold, json } = arguments;
    let all = u8::try_from(roots.len())?;
    let roots = Roots { keys: roots.clone(), threshold: threshold.unwrap_or(all) };
    if let Some(member) = roots.wrong_member() {
        return Err(format!("the {member} of the roots that were given is not as it must be").into());
    }
    let list = TrustList::first(&read_envelope(path)?, &roots, now()).map_err(|error| at(path, error))?;
    let document = list.document();
    if *json {
        return output::json(document);
    }
    table(document);
    Ok(())
}

/// All of a list but what its keys' revocation lists are checked with.
pub(super) fn table(document: &TrustListDocument) {
    let TrustListDocument { version, name, issued_at, expires_at, roots, issuers } = document;
    line(&format!("{} / {}, version {version}", name.zh_cn, name.en));
    line(&format!("issued {}, good until {}", moment::show(*issued_at), moment::show(*expires_at)));
    line(&format!("roots: {} of {}", roots.threshold, shorts(&roots.keys)));
    let header = ["issuer", "name", "regions", "key", "accepted from", "until", "licences", "now"];
    let mut table = table::new(&header);
    for issuer in issuers {
        for key in &issuer.keys {
            table.add_row([
                issuer.id.clone(),
                format!("{} / {}", issuer.name.zh_cn, issuer.name.en),
                issuer.regions.join("\n"),
                short(&key.key),
                moment::show(key.accepted.from),
                moment::show(key.accepted.until),
                licences(key),
                state(key).to_owned(),
            ]);
        }
    }
    line(&table.trim_fmt());
}

/// Ids of the built-in profiles, and digests of others.
fn licences(key: &ListedKey) -> String {
    let is_listed = |profile: &Profile| key.schemas.contains(&profile.schema().digest());
    if key.schemas.len() == builtin().len() && builtin().iter().all(is_listed) {
        return "all built-in".to_owned();
    }
    key.schemas.iter().map(licence).collect::<Vec<_>>().join("\n")
}

/// Id of a built-in profile, or the digest of another.
pub(super) fn licence(digest: &SchemaDigest) -> String {
    let known = builtin().iter().find(|profile| profile.schema().digest() == *digest);
    known.map_or_else(|| digest.to_string(), |profile| profile.schema().id().to_owned())
}

fn state(key: &ListedKey) -> &'static str {
    match now() {
        now if key.accepted.holds(now) => "accepted",
        now if now < key.accepted.from => "not yet",
        _ => "no longer",
    }
}
