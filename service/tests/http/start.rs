//! What a service refuses to start with, and that it can be stopped and started again.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use glimpse_api::{Metadata, paths};
use glimpse_service::{Application, RevocationConfig, Running, StartError, spawn};
use glimpse_trust::envelope::Envelope;
use glimpse_trust::manifest::Manifest;

use crate::lists::wait_for_list;
use crate::support::{Client, DRIVING, config, text, with_lists};

#[test]
fn stopped_and_started_again_it_is_the_same_issuer() {
    let directory = tempfile::tempdir().unwrap();
    let key = || {
        let running = spawn(config(directory.path())).unwrap();
        let metadata: Metadata = Client::new(running.base_url()).get(paths::METADATA, None).ok();
        assert_eq!((metadata.issuers.len(), metadata.schemas.len()), (1, glimpse_profiles::builtin().len()));
        running.stop().unwrap();
        metadata.issuers[0].key
    };
    let first = key();
    for _ in 0..5 {
        assert_eq!(key(), first);
    }
    let file = directory.path().join("issuer.key");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_key_that_others_can_read_is_damaged_or_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("issuer.key");
    spawn(config(directory.path())).unwrap().stop().unwrap();
    let refusal = || match Application::build(config(directory.path())) {
        Err(error @ StartError::Key { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    };
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(refusal().contains("mode 644"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let sound = fs::read(&file).unwrap();
    fs::write(&file, &sound[..60]).unwrap();
    assert!(refusal().contains("damaged"));
    fs::remove_file(&file).unwrap();
    assert!(refusal().contains("backup"));
}

/// Without them a list would go on under another key, and every wallet would ask its holder about it.
#[test]
fn keys_of_lists_that_are_gone_are_not_made_again() {
    let directory = tempfile::tempdir().unwrap();
    let with_them = || {
        let mut config = config(directory.path());
        with_lists(&mut config);
        config
    };
    let files = ["revocation.key", "manifest.key"].map(|name| directory.path().join(name));
    let running = spawn(with_them()).unwrap();
    let client = Client::new(running.base_url());
    let schema = glimpse_profiles::builtin_by_schema_id(DRIVING).unwrap().schema().digest().to_string();
    wait_for_list(&client, &schema);
    running.stop().unwrap();
    for file in &files {
        let kept = directory.path().join("kept");
        fs::rename(file, &kept).unwrap();
        let refused = Application::build(with_them());
        assert!(
            matches!(&refused, Err(error @ StartError::Key { path, .. }) if path == file && error.to_string().contains("backup"))
        );
        fs::rename(&kept, file).unwrap();
    }
    // A file of one kind is not taken for one of the other, nor is the issuer's.
    fs::copy(directory.path().join("issuer.key"), &files[0]).unwrap();
    assert!(matches!(Application::build(with_them()), Err(StartError::Key { path, .. }) if path == files[0]));
}

/// The store knows which keys its lists are under, and goes on under no others.
#[test]
fn lists_go_on_under_the_keys_that_they_began_under() {
    let directory = tempfile::tempdir().unwrap();
    let with = |change: &dyn Fn(&mut RevocationConfig)| {
        let mut config = config(directory.path());
        with_lists(&mut config);
        change(config.issuer.as_mut().unwrap().revocation.as_mut().unwrap());
        config
    };
    let file = |name: &str| directory.path().join(name);
    let manifest_keys = |running: &Running| {
        Client::new(running.base_url()).get(paths::METADATA, None).ok::<Metadata>().manifest_keys
    };
    let running = spawn(with(&|_| ())).unwrap();
    let first = manifest_keys(&running)[0];
    running.stop().unwrap();
    // Sound files of another issuer's node.
    let other = tempfile::tempdir().unwrap();
    let mut strange = config(other.path());
    with_lists(&mut strange);
    spawn(strange).unwrap().stop().unwrap();
    let others = |name: &str| other.path().join(name);
    let refused = |path: &Path, change: &dyn Fn(&mut RevocationConfig)| match Application::build(with(change))
    {
        Err(StartError::Key { path: found, reason }) if found == path => reason,
        other => panic!("{other:?}"),
    };
    let reason = refused(&others("revocation.key"), &|lists| lists.key_file = others("revocation.key"));
    assert!(reason.contains("another key"), "{reason}");
    let reason = refused(&others("manifest.key"), &|lists| lists.manifest_key_file = others("manifest.key"));
    assert!(reason.contains("replaces_manifest_key"), "{reason}");
    let both: &dyn Fn(&mut RevocationConfig) = &|lists| {
        (lists.key_file, lists.replaces_manifest_key) = (others("revocation.key"), Some(first));
    };
    refused(&others("revocation.key"), both);

    // Said in so many words, the manifest key is replaced, by one that need not be there yet.
    let replace: &dyn Fn(&mut RevocationConfig) = &|lists| {
        (lists.manifest_key_file, lists.replaces_manifest_key) = (file("manifest-2.key"), Some(first));
    };
    let running = spawn(with(replace)).unwrap();
    let second = manifest_keys(&running)[0];
    assert_ne!(second, first);
    let client = Client::new(running.base_url());
    let schema = glimpse_profiles::builtin_by_schema_id(DRIVING).unwrap().schema().digest().to_string();
    wait_for_list(&client, &schema);
    let envelope = client.get(&paths::MANIFEST.replace("{schema}", &schema), None).body;
    let envelope = Envelope::from_json(std::str::from_utf8(&envelope).unwrap()).unwrap();
    assert!(Manifest::open(&envelope, &[first]).is_err() && Manifest::open(&envelope, &[second]).is_ok());
    running.stop().unwrap();
    assert!(refused(&file("manifest.key"), &|_| ()).contains("replaces_manifest_key"));
    let running = spawn(with(&|lists| lists.manifest_key_file = file("manifest-2.key"))).unwrap();
    assert_eq!(manifest_keys(&running), [second]);
}

#[test]
fn one_process_one_store_one_address() {
    let directory = tempfile::tempdir().unwrap();
    let running = spawn(config(directory.path())).unwrap();
    let second = Application::build(config(directory.path()));
    assert!(matches!(second, Err(StartError::Store { .. })), "{second:?}");
    let other = tempfile::tempdir().unwrap();
    let mut taken = config(other.path());
    taken.listen = running.base_url().trim_start_matches("http://").parse().unwrap();
    assert!(matches!(Application::build(taken), Err(StartError::Listen { .. })));
}

#[test]
fn names_and_addresses_that_no_request_could_carry() {
    let refused = |change: &dyn Fn(&mut glimpse_service::Config)| {
        let directory = tempfile::tempdir().unwrap();
        let mut config = config(directory.path());
        change(&mut config);
        let built = Application::build(config);
        assert!(matches!(built, Err(StartError::Config(_))), "{built:?}");
    };
    refused(&|config| config.public_uri = Some("glimpse.example".into()));
    for (period, prefix_bits) in [(0, 0), (90, 0), (61 * 86_400, 0), (3600, 17)] {
        refused(&|config| {
            with_lists(config);
            let lists = config.issuer.as_mut().unwrap().revocation.as_mut().unwrap();
            (lists.period, lists.prefix_bits) = (period, prefix_bits);
        });
    }
    refused(&|config| config.public_uri = Some("https://glimpse.example/?a=b".into()));
    refused(&|config| config.verifier.as_mut().unwrap().audience = Some(String::new()));
    refused(&|config| config.verifier.as_mut().unwrap().audience_name = text(""));
    refused(&|config| config.verifier.as_mut().unwrap().request_lifetime = 0);
    refused(&|config| config.issuer.as_mut().unwrap().id = "a\u{202e}b".into());
    refused(&|config| config.issuer.as_mut().unwrap().offer_lifetime = 0);
}

#[test]
fn a_service_that_is_dropped_has_stopped() {
    let directory = tempfile::tempdir().unwrap();
    drop(spawn(config(directory.path())).unwrap());
    drop(Application::build(config(directory.path())).unwrap());
    spawn(config(directory.path())).unwrap().stop().unwrap();
}
