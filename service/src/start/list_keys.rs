//! The keys of revocation lists at the start: the store remembers which ones its lists are published under, so that two
//! nodes with different files do not publish under two keys.

use std::path::{Path, PathBuf};

use glimpse_circuits::key::IssuerPublicKey;
use glimpse_trust::{Envelope, Manifest, ManifestError};

use super::{StartError, refusal, settle};
use crate::config::{Config, RevocationConfig};
use crate::issuer::builtin_schemas;
use crate::issuer::publisher::{Revocation, lists_about};
use crate::key_file::{KeyFile, KeyFileError};
use crate::store::{Store, StoreError};

const OTHER_KEY: &str = "the lists in this store are under another key: bring that file back, for every node has the same one \
    (an issuer changes it together with its own key, never alone)";
const OTHER_MANIFEST_KEY: &str = "the lists in this store are signed with another key: bring that file back, for every node has \
    the same one, or say that this one takes its place (revocation.replaces_manifest_key)";

/// Opens both keys, or makes them where no list can be under others, and fails if the store has others.
pub(super) fn open(
    config: &Config,
    store: &dyn Store,
    lists: &RevocationConfig,
    issuer: &IssuerPublicKey,
) -> Result<Revocation, StartError> {
    let refused = |error| refusal(config, error);
    let settled = settle(store.list_keys(issuer.encoded().to_bytes()))?.map_err(refused)?;
    let begun = settle(begun(store, issuer))?.map_err(refused)?;
    let fresh = settled.is_none() && matches!(begun, Begun::Nothing);
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
    // Nothing is put down that is not what there is: the first node that puts something down may have the wrong files.
    if let (None, Begun::Published(manifest)) = (&settled, &begun) {
        let signers: Vec<_> =
            [Some(own.manifest), lists.replaces_manifest_key].into_iter().flatten().collect();
        let opened = Envelope::from_json(manifest).map_err(ManifestError::Envelope);
        let Ok(published) = opened.and_then(|envelope| Manifest::open(&envelope, &signers)) else {
            return Err(other(manifest_key_file, OTHER_MANIFEST_KEY));
        };
        if published.document().revocation.encoded().to_bytes() != own.revocation {
            return Err(other(key_file, OTHER_KEY));
        }
    }
    let found = settle(store.settle_list_keys(issuer, own, lists.replaces_manifest_key))?.map_err(refused)?;
    if found.revocation != own.revocation {
        return Err(other(key_file, OTHER_KEY));
    }
    if found.manifest != own.manifest {
        return Err(other(manifest_key_file, OTHER_MANIFEST_KEY));
    }
    Ok(revocation)
}

fn other(path: &Path, reason: &str) -> StartError {
    StartError::Key { path: PathBuf::from(path), reason: reason.to_owned() }
}

/// What there is of lists already, by a node that did not put down under which keys.
enum Begun {
    Nothing,
    /// Some list was begun, and none was published.
    Something,
    /// The manifest of one.
    Published(String),
}

async fn begun(store: &dyn Store, issuer: &IssuerPublicKey) -> Result<Begun, StoreError> {
    let schemas: Vec<_> = builtin_schemas().collect();
    let mut begun = Begun::Nothing;
    for list in lists_about(issuer, schemas.iter().map(|schema| &**schema)) {
        if let Some(published) = store.published_version(list).await? {
            return Ok(Begun::Published(published.manifest));
        }
        if store.list_head(list).await?.version > 0 {
            begun = Begun::Something;
        }
    }
    Ok(begun)
}

#[cfg(test)]
mod tests {
    use glimpse_circuits::schema::Binding;
    use glimpse_issuer::IssuerSecretKey;
    use glimpse_trust::ManifestDocument;
    use glimpse_trust::manifest::bucket_digest;
    use rand_core::OsRng;

    use super::*;
    use crate::store::RedbStore;
    use crate::store::lists::PublishedVersion;

    /// A store of before keys were put down: what is put down then is what its lists are under.
    #[test]
    fn what_was_published_settles_the_keys() {
        let directory = tempfile::tempdir().unwrap();
        let store = RedbStore::open(directory.path()).unwrap();
        let config = Config::new(([127, 0, 0, 1], 0).into(), directory.path());
        let issuer = *IssuerSecretKey::generate(&mut OsRng).public();
        let files = ["own", "other"].map(|name| {
            let [key, manifest_key] =
                ["key", "manifest"].map(|of| directory.path().join(format!("{name}.{of}")));
            let revocation = *KeyFile::REVOCATION.create(&key).unwrap().public();
            (revocation, KeyFile::DOCUMENT.create(&manifest_key).unwrap(), key, manifest_key)
        });
        let [own, other] = &files;

        let schema = builtin_schemas().find(|schema| schema.binding() == Binding::Holder).unwrap();
        let list = lists_about(&issuer, [&*schema].into_iter()).next().unwrap();
        let (issued_at, next) = (6000, 9000);
        let document = ManifestDocument {
            version: 100,
            issued_at,
            next,
            issuer,
            schema: schema.digest(),
            revocation: own.0,
            prefix_bits: 0,
            buckets: vec![bucket_digest(b"")],
        };
        let envelope = Manifest::try_from(document).unwrap().to_envelope().unwrap();
        let manifest = own.1.sign(envelope).to_json().unwrap();
        let version = PublishedVersion { version: 100, issued_at, next, left_out: 0, manifest };
        settle(store.begin_version(list, 0, 100, issued_at)).unwrap().unwrap();
        settle(store.publish_version(list, version)).unwrap().unwrap();

        let refused = |lists: &RevocationConfig| match open(&config, &store, lists, &issuer) {
            Err(StartError::Key { path, .. }) => path,
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("taken"),
        };
        assert_eq!(refused(&RevocationConfig::new(&other.2, &own.3)), other.2);
        assert_eq!(refused(&RevocationConfig::new(&own.2, &other.3)), other.3);
        // With the other signer in the place of the one there was.
        let mut replaced = RevocationConfig::new(&own.2, &other.3);
        replaced.replaces_manifest_key = Some(own.1.public());
        open(&config, &store, &replaced, &issuer).unwrap();
        assert_eq!(refused(&RevocationConfig::new(&own.2, &own.3)), own.3);
    }
}
