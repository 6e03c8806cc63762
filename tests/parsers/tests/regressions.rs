//! Inputs that once broke something, and the seeds that fuzzing begins with: no target minds any of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use glimpse_parsers::{PATHS, TARGETS, Target, seeds};

/// Panics anywhere, also in threads of the service, which answers them as errors.
static PANICS: AtomicUsize = AtomicUsize::new(0);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn inputs(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut all: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

fn replay(target: &Target, folder: &Path) -> usize {
    let inputs = inputs(folder);
    for path in &inputs {
        let before = PANICS.load(Ordering::Relaxed);
        let input = fs::read(path).unwrap();
        (target.run)(&input);
        assert_eq!(PANICS.load(Ordering::Relaxed), before, "a thread panicked on {}", path.display());
    }
    inputs.len()
}

#[test]
fn what_once_broke_and_what_fuzzing_begins_with() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        usual(panic);
    }));
    let folder = tempfile::tempdir().unwrap();
    let written = seeds::write(folder.path(), &root().join("tests/vectors/v1.json")).unwrap();
    let regressions = root().join("fuzz/regressions");
    for (target, (name, count)) in TARGETS.iter().zip(written) {
        assert_eq!(target.name, name);
        assert!(count > 4, "{name} has {count} seeds");
        // All seeds are replayed where that is quick: here only some.
        assert_eq!(inputs(&folder.path().join(name)).len(), count);
        replay(target, &folder.path().join(name));
        replay(target, &regressions.join(name));
        (target.run)(&[]);
    }
    // Nothing lies where no target would find it.
    for folder in inputs(&regressions) {
        assert!(TARGETS.iter().any(|target| folder.ends_with(target.name)), "{}", folder.display());
    }
    for folder in inputs(&root().join("fuzz/fuzz_targets")) {
        let name = folder.file_stem().unwrap().to_str().unwrap();
        assert!(TARGETS.iter().any(|target| target.name == name), "{name}");
    }
    assert_eq!(inputs(&root().join("fuzz/fuzz_targets")).len(), TARGETS.len());
}

/// A path that is new is fuzzed too: the document has all of them (its own tests hold it to the routes).
#[test]
fn every_path_of_the_interface_is_asked() {
    let text = fs::read_to_string(root().join("docs/openapi.json")).unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let documented: BTreeSet<&str> =
        document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(PATHS.iter().copied().collect::<BTreeSet<_>>(), documented);
}
