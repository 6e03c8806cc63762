//! Requests, their digests and those of their relations.

use std::sync::Arc;

use glimpse_circuits::relation::Relation;
use glimpse_circuits::request::Request;

use super::{KNOWN, distinct};

/// The relation of a request of the file, in the fast profile.
pub(super) fn relation(name: &str) -> Relation {
    let vector = KNOWN.file.requests.valid.iter().find(|vector| vector.name == name);
    let request =
        Request::from_json(&vector.unwrap_or_else(|| panic!("no request {name}")).canonical).unwrap();
    Relation::compile(Arc::new(request), &KNOWN.registry).unwrap()
}

#[test]
fn valid_requests_have_their_digests() {
    let requests = &KNOWN.file.requests;
    distinct(requests.valid.iter().map(|vector| vector.name.as_str()));
    for vector in &requests.valid {
        let request = Request::from_json(&vector.canonical).unwrap();
        let canonical = request.to_canonical_json().unwrap();
        assert_eq!(String::from_utf8(canonical).unwrap(), vector.canonical, "{}", vector.name);
        assert_eq!(request.digest().to_string(), vector.digest, "{}", vector.name);
        for text in &vector.written {
            assert!(*text != vector.canonical && Request::from_json(text).unwrap() == request, "{text}");
        }
        let relation = Relation::compile(Arc::new(request), &KNOWN.registry);
        let relation = relation.unwrap_or_else(|error| panic!("{}: {error}", vector.name));
        let digests = &vector.relation;
        assert_eq!(hex::encode(relation.digest()), digests.fast, "{}", vector.name);
        let compact = relation.compact().map(|relation| hex::encode(relation.digest()));
        assert_eq!(compact, digests.compact, "{}", vector.name);
    }
}

#[test]
fn invalid_requests_are_refused_where_the_file_says() {
    let invalid = &KNOWN.file.requests.invalid;
    distinct(invalid.iter().map(|vector| vector.name.as_str()));
    for vector in invalid {
        let stage = match Request::from_json(&vector.json) {
            Err(_) => "form",
            Ok(request) => match Relation::compile(Arc::new(request), &KNOWN.registry) {
                Err(_) => "relation",
                Ok(_) => "accepted",
            },
        };
        assert_eq!(stage, vector.stage, "{}", vector.name);
    }
}
