//! What another implementation presents: that of `tests/reference`, in Python.

use std::process::Command;
use std::sync::Arc;

use glimpse_circuits::presentation::{Presentation, in_profile_of};
use glimpse_circuits::relation::Relation;
use glimpse_circuits::request::Request;
use glimpse_fixtures::reference::challenges;

use super::presentations::{said, verifier};
use super::{KNOWN, bytes, scalar};
use crate::format::File;

/// It makes one presentation of every kind that the file has anew, and all of them are accepted here.
#[test]
fn presentations_of_the_reference_are_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made.json");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/reference/make_presentations.py");
    let status = Command::new("python3").args([script, crate::PATH]).arg(&made).args(["--kinds"]).status();
    assert!(status.expect("python3 is installed by scripts/test").success());
    let file: File = serde_json::from_str(&std::fs::read_to_string(&made).unwrap()).unwrap();
    let verifier = verifier(&file.requests.audience);
    let valid = &file.presentations.valid;
    assert!(valid.len() > 30, "{}", valid.len());
    assert!(valid.iter().any(|vector| vector.lists.len() > 1));
    for vector in valid {
        let own = KNOWN.file.presentations.valid.iter().find(|own| own.name == vector.name).unwrap();
        assert!(own.bytes != vector.bytes && own.request == vector.request, "{}", vector.name);
        let request = file.requests.valid.iter().find(|request| request.name == vector.request).unwrap();
        let request = Arc::new(Request::from_json(&request.canonical).unwrap());
        let bytes = bytes(&vector.bytes);
        let verdict = verifier.verify(&request, &bytes, vector.now.parse().unwrap());
        said(vector, &verdict.unwrap_or_else(|failure| panic!("{}: {:?}", vector.name, failure.cause())));
        let relation = in_profile_of(&Relation::compile(request, &KNOWN.registry).unwrap(), &bytes);
        let (y, c) = challenges(&relation, &Presentation::from_bytes(&relation, &bytes).unwrap());
        assert_eq!(c, scalar(&vector.challenges.c), "{}", vector.name);
        let expected = vector.challenges.y.as_deref().map(scalar);
        assert_eq!(relation.has_digit_equation().then_some(y), expected, "{}", vector.name);
    }
}
