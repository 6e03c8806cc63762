use glimpse_prover::LinkSecret;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;

const PARAMS: KdfParams = KdfParams::FOR_TESTS;
const STEPS: [Step; 5] = [Step::Created, Step::Written, Step::Synced, Step::Renamed, Step::DirectorySynced];

fn contents(saves: u64) -> Contents {
    let secret = LinkSecret::generate(&mut ChaCha20Rng::seed_from_u64(1));
    Contents { saves, ..Contents::new(&secret) }
}

fn passphrase() -> Passphrase {
    Passphrase::new("right")
}

#[test]
fn a_crash_at_any_step_leaves_old_or_new_contents() {
    for step in STEPS {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("w");
        let mut store = Store::create(&path, &passphrase(), PARAMS, &contents(1)).unwrap();
        let before = fs::read(&path).unwrap();
        store.crash_after = Some(step);
        assert!(store.save(&contents(2)).is_err());
        let renamed = matches!(step, Step::Renamed | Step::DirectorySynced);
        assert_eq!(fs::read(&path).unwrap() == before, !renamed, "{step:?}");
        drop(store);

        let (mut store, found) = Store::open(&path, &passphrase()).unwrap();
        assert_eq!(found.saves, if renamed { 2 } else { 1 }, "{step:?}");
        // What the crash left behind is in nobody's way.
        store.save(&contents(3)).unwrap();
        drop(store);
        assert_eq!(Store::open(&path, &passphrase()).unwrap().1.saves, 3);
        let names: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names.len(), 2, "{names:?}");
    }
}

#[test]
fn after_a_late_failure_nothing_more_is_saved() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("w");
    let mut store = Store::create(&path, &passphrase(), PARAMS, &contents(1)).unwrap();
    store.crash_after = Some(Step::Synced);
    assert!(matches!(store.save(&contents(2)), Err(StoreError::Io(_))));
    store.crash_after = None;
    store.save(&contents(3)).unwrap();
    store.crash_after = Some(Step::Renamed);
    assert!(matches!(store.save(&contents(4)), Err(StoreError::Io(_))));
    store.crash_after = None;
    assert!(matches!(store.save(&contents(5)), Err(StoreError::Uncertain)));
}

#[test]
fn creation_crashed_at_any_step_leaves_nothing_or_a_wallet() {
    for step in STEPS {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("w");
        let key = FileKey::create(&passphrase(), PARAMS).unwrap();
        let mut store = Store::new(path.clone(), key, lock(&path).unwrap());
        store.crash_after = Some(step);
        assert!(store.save(&contents(1)).is_err());
        drop(store);
        match Store::open(&path, &passphrase()) {
            Ok((_, found)) => assert_eq!(found.saves, 1),
            Err(StoreError::Io(error)) => {
                assert_eq!(error.kind(), io::ErrorKind::NotFound);
                Store::create(&path, &passphrase(), PARAMS, &contents(1)).unwrap();
            }
            Err(error) => panic!("{step:?}: {error}"),
        }
    }
}

#[test]
fn a_file_that_does_not_open_is_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("w");
    drop(Store::create(&path, &passphrase(), PARAMS, &contents(1)).unwrap());
    let whole = fs::read(&path).unwrap();
    let wrong = Store::open(&path, &Passphrase::new("wrong")).unwrap_err();
    assert!(matches!(wrong, StoreError::File(FileError::WrongPassphrase)));
    assert_eq!(fs::read(&path).unwrap(), whole);
    for length in (0..whole.len()).step_by(7) {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(matches!(Store::open(&path, &passphrase()), Err(StoreError::File(_))));
        assert_eq!(fs::read(&path).unwrap(), &whole[..length]);
    }
    for position in (0..whole.len()).step_by(5) {
        let mut changed = whole.clone();
        changed[position] ^= 0x10;
        fs::write(&path, &changed).unwrap();
        assert!(matches!(Store::open(&path, &passphrase()), Err(StoreError::File(_))));
        assert_eq!(fs::read(&path).unwrap(), changed);
    }
}

#[test]
fn one_process_at_a_time_whatever_it_calls_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("w");
    let store = Store::create(&path, &passphrase(), PARAMS, &contents(1)).unwrap();
    assert!(matches!(Store::open(&path, &passphrase()), Err(StoreError::InUse)));
    assert!(matches!(Store::create(&path, &passphrase(), PARAMS, &contents(1)), Err(StoreError::InUse)));
    #[cfg(unix)]
    {
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(matches!(Store::open(&link, &passphrase()), Err(StoreError::InUse)));
    }
    drop(store);
    assert!(matches!(Store::create(&path, &passphrase(), PARAMS, &contents(1)), Err(StoreError::Exists)));
    assert!(Store::open(&path, &passphrase()).is_ok());
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("w");
    let mut store = Store::create(&path, &passphrase(), PARAMS, &contents(1)).unwrap();
    store.save(&contents(2)).unwrap();
    for name in ["w", "w.lock"] {
        let mode = fs::metadata(directory.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}
