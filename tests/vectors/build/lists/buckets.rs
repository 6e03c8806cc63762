//! Buckets that a wallet refuses.

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::interval::{Bucket, Composites, Ends, Scope, SignedInterval};

use super::bounds;
use crate::build::alter::{not_canonical_point, plus_order};
use crate::build::book::Book;
use crate::format::InvalidBucket;
use crate::holdings::named_scalar;
use crate::lists::{List, sign};
use crate::scene::{STRANGER, Scene, secret_scalar};

/// The bucket that most of them are made from.
const BASE: &str = "near the holder";

pub(crate) fn invalid(book: &Book) -> Vec<InvalidBucket> {
    let base = book.list(BASE);
    let mut all = Refusals { all: Vec::new() };
    bytes(base, &mut all);
    order(base, &book.scene, &mut all);
    proofs(book, base, &mut all);
    others(book, base, &mut all);
    all.all
}

struct Refusals {
    all: Vec<InvalidBucket>,
}

impl Refusals {
    /// It is made sure here that the bucket is refused at that stage, as one of this list.
    fn push(&mut self, list: &List, name: &str, bytes: Vec<u8>, stage: &str, reason: &str) {
        let found = match Bucket::from_bytes(&bytes, list.bounds) {
            Err(_) => "decode",
            Ok(bucket) if bucket.is_signed(&list.scope) => "accepted",
            Ok(_) => "proof",
        };
        assert_eq!(found, stage, "{name}");
        assert!(self.all.iter().all(|vector| vector.name != name), "two buckets {name}");
        self.all.push(InvalidBucket {
            name: name.to_owned(),
            key: list.key.to_owned(),
            schema: list.schema.to_owned(),
            issued_at: list.scope.issued_at.to_string(),
            bounds: bounds(list.bounds),
            bytes: hex::encode(bytes),
            stage: stage.to_owned(),
            reason: reason.to_owned(),
        });
    }
}

/// Bytes that are no bucket: c', z, then first, last, A, e of each interval.
fn bytes(base: &List, all: &mut Refusals) {
    let bytes = base.bucket.to_bytes();
    for (name, length) in [
        ("nothing", 0),
        ("the challenge alone", 32),
        ("a byte less than no interval", 63),
        ("a byte more than no interval", 65),
        ("half an interval", 64 + 36),
        ("the last byte missing", bytes.len() - 1),
    ] {
        all.push(base, name, bytes[..length].to_vec(), "decode", "too short");
    }
    all.push(base, "a byte more", [&bytes[..], &[0]].concat(), "decode", "too long");
    let mut with = |name: &str, at: usize, change: &dyn Fn(&[u8; 32]) -> [u8; 32], reason: &str| {
        let mut changed = bytes.clone();
        let new = change(bytes[at..at + 32].try_into().unwrap());
        changed[at..at + 32].copy_from_slice(&new);
        all.push(base, name, changed, "decode", reason);
    };
    let spelling = "not in its one spelling";
    with("c' not canonical", 0, &plus_order, spelling);
    with("z not canonical", 32, &plus_order, spelling);
    with("A not canonical", 64 + 8, &not_canonical_point, spelling);
    with("A of the last interval not canonical", bytes.len() - 64, &not_canonical_point, spelling);
    with("e not canonical", 64 + 40, &plus_order, spelling);
    with("the identity for A", 64 + 8, &|_| [0; 32], "A is not the identity");
}

/// Intervals as they may not be, each signed, and with a proof that holds.
fn order(base: &List, scene: &Scene, all: &mut Refusals) {
    let w = secret_scalar(scene.revocation(base.key).unwrap());
    let Ends { first, last } = base.bounds;
    let mut list = |name: &str, bounds: Ends, ends: &[(u32, u32)], reason: &str| {
        let list = base.within(bounds);
        let signed: Vec<SignedInterval> = ends
            .iter()
            .enumerate()
            .map(|(i, &(first, last))| {
                sign(&base.scope, Ends { first, last }, &w, named_scalar(&format!("bucket {name}, e {i}")))
            })
            .collect();
        let bucket = proven(&base.scope, signed, &w, name);
        assert!(bucket.is_signed(&base.scope));
        all.push(&list, name, bucket.to_bytes(), "decode", reason);
    };
    let everything = Ends { first: 0, last: u32::MAX };
    list("an interval that ends before it begins", base.bounds, &[(first + 9, first + 8)], "first > last");
    list("an interval that is too long", everything, &[(5, 5 + (1 << 24))], "last - first is below 2^24");
    list("an interval of all handles", everything, &[(0, u32::MAX)], "last - first is below 2^24");
    list(
        "intervals that share a handle",
        base.bounds,
        &[(first, first + 5), (first + 5, last)],
        "not disjoint",
    );
    list("an interval twice", base.bounds, &[(first, last), (first, last)], "not disjoint");
    list(
        "one interval in another",
        base.bounds,
        &[(first, first + 9), (first + 3, first + 4)],
        "not disjoint",
    );
    list(
        "intervals that fall",
        base.bounds,
        &[(first + 8, first + 9), (first, first + 5)],
        "not in rising order",
    );
    list("a handle before the bucket's", base.bounds, &[(first - 1, first + 5)], "not within its bounds");
    list("a handle after the bucket's", base.bounds, &[(last - 5, last + 1)], "not within its bounds");
    list("all handles of another bucket", base.bounds, &[(last + 1, last + 9)], "not within its bounds");
}

/// A bucket of these intervals with the proof that an issuer makes who does not look at them.
fn proven(scope: &Scope, intervals: Vec<SignedInterval>, w: &Scalar, name: &str) -> Bucket {
    let composites = Composites::of(scope, &intervals);
    let k = named_scalar(&format!("bucket {name}, k"));
    let masks = [RistrettoPoint::mul_base(&k), composites.m * k].map(|mask| mask.compress());
    let proof_challenge = composites.challenge(&masks[0], &masks[1]);
    Bucket { intervals, proof_challenge, proof_response: k + proof_challenge * w }
}

/// Signatures and proofs that do not hold.
fn proofs(book: &Book, base: &List, all: &mut Refusals) {
    let mut with = |name: &str, change: &dyn Fn(&mut Bucket), reason: &str| {
        let mut bucket = base.bucket.clone();
        change(&mut bucket);
        all.push(base, name, bucket.to_bytes(), "proof", reason);
    };
    let altered = "one field was altered";
    with("another c'", &|bucket| bucket.proof_challenge += Scalar::ONE, altered);
    with("another z", &|bucket| bucket.proof_response += Scalar::ONE, altered);
    with(
        "no proof",
        &|bucket| (bucket.proof_challenge, bucket.proof_response) = Default::default(),
        "c' = z = 0",
    );
    for (place, name) in [(0, "first"), (2, "last")] {
        with(&format!("another e in the {name} interval"), &|b| b.intervals[place].e += Scalar::ONE, altered);
        with(
            &format!("another A in the {name} interval"),
            &|bucket| {
                let a = &mut bucket.intervals[place].a;
                *a = (a.point + a.point).into();
            },
            altered,
        );
        with(
            &format!("the {name} interval missing"),
            &|b| {
                b.intervals.remove(place);
            },
            "the proof is about three",
        );
    }
    with("the end of an interval before it was", &|bucket| bucket.intervals[0].ends.last -= 1, altered);
    with("the beginning of an interval after it was", &|bucket| bucket.intervals[2].ends.first += 1, altered);
    with(
        "a revoked handle in an interval",
        &|bucket| bucket.intervals[0].ends.last += 1,
        "the interval ends before the handle that is revoked",
    );
    with("no interval", &|bucket| bucket.intervals.clear(), "the proof is about three");
    with(
        "A and e of two intervals exchanged",
        &|bucket| {
            let [one, _, other] = &mut bucket.intervals[..] else { panic!("three intervals") };
            std::mem::swap(&mut one.a, &mut other.a);
            std::mem::swap(&mut one.e, &mut other.e);
        },
        "each is of the other's ends",
    );
    let w = secret_scalar(book.scene.revocation(base.key).unwrap());
    let strange = secret_scalar(book.scene.revocation(STRANGER).unwrap());
    for place in [0, 1, 2] {
        let name = format!("interval {place} of three under another key");
        let mut intervals = base.bucket.intervals.clone();
        let e = named_scalar(&format!("bucket {name}, e"));
        intervals[place] = sign(&base.scope, intervals[place].ends, &strange, e);
        let bucket = proven(&base.scope, intervals, &w, &name);
        all.push(base, &name, bucket.to_bytes(), "proof", "who shows it could be told from the others");
    }
    let name = "two errors that cancel where nothing is weighted";
    let mut intervals = base.bucket.intervals.clone();
    let shift = RistrettoPoint::mul_base(&Scalar::ONE);
    for (place, sign) in [(0, Scalar::ONE), (2, -Scalar::ONE)] {
        intervals[place].a = (intervals[place].a.point + shift * sign).into();
    }
    let bucket = proven(&base.scope, intervals, &w, name);
    all.push(base, name, bucket.to_bytes(), "proof", "each A has a weight of its own");
}

/// Buckets of other lists.
fn others(book: &Book, base: &List, all: &mut Refusals) {
    let w = secret_scalar(book.scene.revocation(base.key).unwrap());
    let ends: Vec<Ends> = base.bucket.intervals.iter().map(|interval| interval.ends).collect();
    let second = *book.scene.public(crate::scene::SECOND);
    let strange = *book.scene.revocation(STRANGER).unwrap().public();
    let schema = book.scene.schema("test.all").digest();
    for (name, scope, reason) in [
        (
            "of another version",
            Scope { issued_at: base.scope.issued_at + 60, ..base.scope },
            "a minute later",
        ),
        ("of another schema", Scope { schema, ..base.scope }, "of test.all"),
        (
            "of another issuer key",
            Scope { issuer: second, ..base.scope },
            "about credentials of the second key",
        ),
        (
            "for another revocation key",
            Scope { revocation: strange, ..base.scope },
            "its domain is that of another W",
        ),
    ] {
        let signed = ends.iter().enumerate();
        let signed =
            signed.map(|(i, ends)| sign(&scope, *ends, &w, named_scalar(&format!("bucket {name}, e {i}"))));
        let bucket = proven(&scope, signed.collect(), &w, name);
        assert!(scope.revocation == strange || bucket.is_signed(&scope));
        all.push(base, name, bucket.to_bytes(), "proof", reason);
    }
    let name = "under another revocation key";
    let w = secret_scalar(book.scene.revocation(STRANGER).unwrap());
    let signed = ends.iter().enumerate();
    let signed =
        signed.map(|(i, ends)| sign(&base.scope, *ends, &w, named_scalar(&format!("bucket {name}, e {i}"))));
    let bucket = proven(&base.scope, signed.collect(), &w, name);
    all.push(base, name, bucket.to_bytes(), "proof", "all of it, the proof too, but not the domain");
    let later = book.list("the same a minute later").bucket.to_bytes();
    all.push(base, "the bucket of a minute later", later, "proof", "it is another version's");
}
