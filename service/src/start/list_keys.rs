//! The keys of revocation lists at the start: the store remembers which ones its lists are published under, so that two
//! nodes with different files do not publish under two keys.

use std::path::{Path, PathBuf};

use glimpse_circuits::key::IssuerPublicKey;

use super::{StartError, refusal, settle};
use crate::config::{Config, RevocationConfig};
use crate::issuer::builtin_schemas;
use crate::issuer::publisher::{Revocation, lists_about};
use crate::key_file::{KeyFile, KeyFileError};
use crate::store::{Store, StoreError};

/// Opens both keys, or makes them where no list can be under others, and fails if the store has others.
pub(super) fn open(
    config: &Config,
    store: &dyn Store,
    lists: &RevocationConfig,
    issuer: &IssuerPublicKey,
) -> Result<Revocation, StartError> {
    let refused = |error| refusal(config, error);
    let settled = settle(store.list_keys(issuer.encoded().to_bytes()))?.map_err(refused)?;
    let fresh = settled.is_none() && !settle(has_begun(store, issuer))?.map_err(refused)?;
    let damaged = |path: &Path| {
        let path = path.to_owned();
        move |error: KeyFileError| StartError::Key { path, reason: error.to_string() }
    };
    let (key_file, manifest_key_file) = (&lists.key_file, &lists.manifest_key_file);
    let key = KeyFile::REVOCATION.open(key_file, fresh).map_err(damaged(key_file))?;
    // One that is to take another's place is made too.
    let replaces = settled.is_some_and(|settled| lists.replaces_manifest_key == Some(settled.manifest));
    let manifest_key = KeyFile::DOCUMENT.open(manifest_key_file, fresh || replaces);
    let revocation = Revocation::new(lists, key, manifest_key.map_err(damaged(manifest_key_file))?);

    let (own, issuer) = (revocation.public_keys(), issuer.encoded().to_bytes());
    let found = settle(store.settle_list_keys(issuer, own, lists.replaces_manifest_key))?.map_err(refused)?;
    if found.revocation != own.revocation {
        return Err(other(
            key_file,
            "the lists in this store are under another key: bring that file back, for every node has the same one (an \
             issuer changes it together with its own key, never alone)",
        ));
    }
    if found.manifest != own.manifest {
        let reason = "the lists in this store are signed with another key: bring that file back, for every node has the same \
             one, or say that this one takes its place (revocation.replaces_manifest_key)";
        return Err(other(manifest_key_file, reason));
    }
    Ok(revocation)
}

fn other(path: &Path, reason: &str) -> StartError {
    StartError::Key { path: PathBuf::from(path), reason: reason.to_owned() }
}

/// Whether a list was begun, by a node that did not put down under which keys.
async fn has_begun(store: &dyn Store, issuer: &IssuerPublicKey) -> Result<bool, StoreError> {
    let schemas: Vec<_> = builtin_schemas().collect();
    for list in lists_about(issuer, schemas.iter().map(|schema| &**schema)) {
        if store.list_head(list).await?.version > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}
