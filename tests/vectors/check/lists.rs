//! Revocation lists: domains, buckets and their proofs.

use glimpse_circuits::encoding::EncodedPoint;
use glimpse_circuits::interval::{Bucket, Ends, Scope, interval_point};

use super::{KNOWN, bytes, distinct, point, scalar};
use crate::format::Bounds;

fn scope(key: &str, schema: &str, issued_at: &str) -> Scope {
    Scope {
        revocation: *KNOWN.revocation[key].public(),
        issuer: *KNOWN.keys[key].public(),
        schema: KNOWN.schemas[schema].digest(),
        issued_at: issued_at.parse().unwrap(),
    }
}

fn ends(bounds: &Bounds) -> Ends {
    Ends { first: bounds.first.parse().unwrap(), last: bounds.last.parse().unwrap() }
}

#[test]
fn lists_have_their_domains() {
    let domains = &KNOWN.file.lists.domains;
    assert!(!domains.is_empty());
    for vector in domains {
        let scope = scope(&vector.key, &vector.schema, &vector.issued_at);
        assert_eq!(
            scope.domain(),
            scalar(&vector.d),
            "{} {} {}",
            vector.key,
            vector.schema,
            vector.issued_at
        );
    }
}

#[test]
fn valid_buckets_are_signed() {
    let valid = &KNOWN.file.lists.valid;
    distinct(valid.iter().map(|vector| vector.name.as_str()));
    for vector in valid {
        let scope = scope(&vector.key, &vector.schema, &vector.issued_at);
        let bucket = Bucket::from_bytes(&bytes(&vector.bytes), ends(&vector.bounds)).unwrap();
        assert!(bucket.to_bytes() == bytes(&vector.bytes), "{}", vector.name);
        assert!(bucket.is_signed(&scope), "{}", vector.name);
        assert_eq!(bucket.intervals.len(), vector.intervals.len(), "{}", vector.name);
        let w = scalar(
            &KNOWN
                .file
                .keys
                .iter()
                .find(|key| key.name == vector.key)
                .unwrap()
                .revocation
                .as_ref()
                .unwrap()
                .secret,
        );
        for (interval, written) in bucket.intervals.iter().zip(&vector.intervals) {
            let Ends { first, last } = interval.ends;
            assert_eq!((&first.to_string(), &last.to_string()), (&written.first, &written.last));
            assert!(interval.a == point(&written.a) && interval.e == scalar(&written.e), "{}", vector.name);
            let c = interval_point(&scope.domain(), interval.ends);
            assert!(EncodedPoint::from(c) == point(&written.interval_point), "{}", vector.name);
            assert!(interval.a.point * (w + interval.e) == c, "{}", vector.name);
        }
    }
    assert!(valid.iter().any(|vector| vector.intervals.is_empty()));
    assert!(valid.iter().any(|vector| vector.intervals.len() > 16));
}

#[test]
fn invalid_buckets_are_refused_where_the_file_says() {
    let invalid = &KNOWN.file.lists.invalid;
    distinct(invalid.iter().map(|vector| vector.name.as_str()));
    for vector in invalid {
        let scope = scope(&vector.key, &vector.schema, &vector.issued_at);
        let stage = match Bucket::from_bytes(&bytes(&vector.bytes), ends(&vector.bounds)) {
            Err(_) => "decode",
            Ok(bucket) if bucket.is_signed(&scope) => "accepted",
            Ok(_) => "proof",
        };
        assert_eq!(stage, vector.stage, "{}", vector.name);
    }
}
