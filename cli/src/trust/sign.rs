//! From a draft to a list that enough roots have signed.

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use glimpse_circuits::json;
use glimpse_circuits::text::Text;
use glimpse_service::KeyFile;
use glimpse_trust::list::{KIND, ListedIssuer, Roots};
use glimpse_trust::{Envelope, TrustList, TrustListDocument};
use serde::{Deserialize, Serialize};

use super::changes::changes;
use super::{at, in_force, moment, now, read_envelope, short, show};
use crate::output::{self, line, note, read_text};

const DAY: u64 = 86_400;

/// What a list says, without what follows from when and by whom it is signed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    name: Text,
    issuers: Vec<ListedIssuer>,
    /// Who signs the next list; as before if left out.
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    roots: Option<Roots>,
}

/// What a draft is put together from.
#[derive(Args)]
pub(crate) struct DraftArguments {
    /// The list that it is to follow
    #[arg(long, value_name = "ENVELOPE", required_unless_present = "name")]
    last: Option<PathBuf>,
    /// What people call the list [default: as the last one]
    #[arg(long)]
    name: Option<String>,
    /// The same in English, if it is not the same
    #[arg(long, requires = "name")]
    name_en: Option<String>,
    /// Files as `glimpse trust issuer` prints them. Of an issuer that is listed already, keys are added and the rest is replaced
    issuers: Vec<PathBuf>,
}

/// What to sign, and with what.
#[derive(Args)]
pub(crate) struct SignArguments {
    /// The draft, - for standard input
    draft: PathBuf,
    /// File of a root's secret key; may be repeated
    #[arg(long = "root", value_name = "FILE", required = true)]
    roots: Vec<PathBuf>,
    /// The list that this one is to follow, if it is not the first
    #[arg(long, value_name = "ENVELOPE")]
    last: Option<PathBuf>,
    /// For how many days it is good: a newer one must be there before that
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3650))]
    days: u64,
    /// File for the signed list, which must not exist
    #[arg(long)]
    out: PathBuf,
}

/// What to sign too.
#[derive(Args)]
pub(crate) struct CosignArguments {
    /// The list that others have signed
    envelope: PathBuf,
    /// File of a root's secret key; may be repeated
    #[arg(long = "root", value_name = "FILE", required = true)]
    roots: Vec<PathBuf>,
    /// The list that this one is to follow, if it is not the first
    #[arg(long, value_name = "ENVELOPE")]
    last: Option<PathBuf>,
    /// File for the list with the new signatures, which must not exist
    #[arg(long)]
    out: PathBuf,
}

pub(super) fn draft(arguments: DraftArguments) -> Result<(), Box<dyn Error>> {
    let DraftArguments { last, name, name_en, issuers } = arguments;
    let last = last.map(|path| in_force(&path)).transpose()?.map(TrustListDocument::from);
    let given = name.map(|zh_cn| Text { en: name_en.unwrap_or_else(|| zh_cn.clone()), zh_cn });
    let name = given.or(last.as_ref().map(|last| last.name.clone())).ok_or("the list needs a name")?;
    let mut draft = Draft { name, issuers: last.map_or_else(Vec::new, |last| last.issuers), roots: None };
    for path in issuers {
        add(&mut draft.issuers, read_json(&path)?);
    }
    output::json(&draft)
}

/// Both keys are listed while one takes the other's place.
fn add(issuers: &mut Vec<ListedIssuer>, mut new: ListedIssuer) {
    let Some(listed) = issuers.iter_mut().find(|listed| listed.id == new.id) else {
        return issuers.push(new);
    };
    let kept = listed.keys.drain(..).filter(|old| new.keys.iter().all(|key| key.key != old.key));
    new.keys = kept.collect::<Vec<_>>().into_iter().chain(new.keys.clone()).collect();
    *listed = new;
}

pub(super) fn sign(arguments: SignArguments) -> Result<(), Box<dyn Error>> {
    let last = arguments.last.as_deref().map(in_force).transpose()?.map(TrustListDocument::from);
    let Draft { name, issuers, roots } = read_json(&arguments.draft)?;
    let roots = match roots.or_else(|| last.as_ref().map(|last| last.roots.clone())) {
        Some(roots) => roots,
        None => all_of(&arguments.roots)?,
    };
    let issued_at = now().max(last.as_ref().map_or(0, |last| last.issued_at));
    let document = TrustListDocument {
        version: last.as_ref().map_or(1, |last| last.version + 1),
        name,
        issued_at,
        expires_at: issued_at.saturating_add(arguments.days * DAY),
        roots,
        issuers,
    };
    let list = TrustList::try_from(document).map_err(|error| at(&arguments.draft, error))?;
    add_signatures(list.to_envelope()?, &list, last.as_ref(), &arguments.roots, &arguments.out)
}

pub(super) fn cosign(arguments: CosignArguments) -> Result<(), Box<dyn Error>> {
    let last = arguments.last.as_deref().map(in_force).transpose()?.map(TrustListDocument::from);
    let envelope = read_envelope(&arguments.envelope)?;
    let list = TrustList::claimed(&envelope).map_err(|error| at(&arguments.envelope, error))?;
    look_at(&envelope, list.document(), last.as_ref()).map_err(|error| at(&arguments.envelope, error))?;
    add_signatures(envelope, &list, last.as_ref(), &arguments.roots, &arguments.out)
}

/// Says what is about to be signed, and refuses what a list signed by others would not be.
fn look_at(
    envelope: &Envelope,
    document: &TrustListDocument,
    last: Option<&TrustListDocument>,
) -> Result<(), Box<dyn Error>> {
    let mut roots = document.roots.keys.clone();
    roots.extend(last.iter().flat_map(|last| &last.roots.keys));
    if envelope.signers(KIND, &roots)?.is_empty() {
        return Err("nobody has signed this: what others signed was another document".into());
    }
    let Some(last) = last else {
        show::table(document);
        return Ok(());
    };
    if document.version != last.version + 1 || document.issued_at < last.issued_at {
        let expected = last.version + 1;
        return Err(
            format!("is version {}, and what follows the last list is {expected}", document.version).into()
        );
    }
    changes(last, document).iter().for_each(|change| line(change));
    Ok(())
}

/// Nobody goes by the signature of a key that is a root neither of this list nor of the last: most likely the wrong file.
fn add_signatures(
    mut envelope: Envelope,
    list: &TrustList,
    last: Option<&TrustListDocument>,
    files: &[PathBuf],
    out: &Path,
) -> Result<(), Box<dyn Error>> {
    let document = list.document();
    for file in files {
        let key = KeyFile::DOCUMENT.read(file).map_err(|error| at(file, error))?;
        let of_last = last.is_some_and(|last| last.roots.keys.contains(&key.public()));
        if !of_last && !document.roots.keys.contains(&key.public()) {
            let reason = "is a root neither of this list nor of the last one (--last)";
            return Err(at(file, format!("{} {reason}", short(&key.public()))).into());
        }
        if envelope.signers(KIND, &[key.public()])?.is_empty() {
            envelope = key.sign(envelope);
        }
    }
    let text = envelope.to_json()?;
    let mut written = File::create_new(out).map_err(|error| at(out, error))?;
    written.write_all(text.as_bytes())?;
    written.write_all(b"\n")?;
    written.sync_all()?;
    let (version, expires_at) = (document.version, moment::show(document.expires_at));
    note(&format!("version {version}, good until {expires_at}, issuers: {}", document.issuers.len()));
    note(&format!("signed by {}", signed(&envelope, &document.roots)?));
    if let Some(last) = last.filter(|last| last.roots != document.roots) {
        note(&format!("of the roots of the last list, signed by {}", signed(&envelope, &last.roots)?));
    }
    Ok(())
}

/// How many there are, and whether they are enough.
fn signed(envelope: &Envelope, roots: &Roots) -> Result<String, Box<dyn Error>> {
    let (have, need) = (envelope.signers(KIND, &roots.keys)?.len(), usize::from(roots.threshold));
    let missing = need.saturating_sub(have);
    let verdict = if missing == 0 { "enough".to_owned() } else { format!("{missing} more must sign") };
    Ok(format!("{have} of {} roots, of whom {need} have to: {verdict}", roots.keys.len()))
}

/// The first list's roots, if its draft does not name them: whoever signs it, all of them.
fn all_of(files: &[PathBuf]) -> Result<Roots, Box<dyn Error>> {
    let key = |file: &PathBuf| match KeyFile::DOCUMENT.read(file) {
        Ok(key) => Ok(key.public()),
        Err(error) => Err(at(file, error)),
    };
    let keys = files.iter().map(key).collect::<Result<Vec<_>, _>>()?;
    Ok(Roots { threshold: u8::try_from(keys.len())?, keys })
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Box<dyn Error>> {
    Ok(json::from_str(&read_text(path)?).map_err(|error| at(path, error))?)
}
