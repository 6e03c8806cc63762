//! What the challenges are drawn from where intervals of revocation lists are shown: all of it changes them.
//!
//! attacks.md, Soundness 5 and 9. Suite `transcript` has everything else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashSet;
use std::sync::Arc;

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::encoding::EncodedPoint;
use glimpse_circuits::interval::{Composites, Ends, Scope, SignedInterval};
use glimpse_circuits::key::{Issuer, IssuerPublicKey, Registry};
use glimpse_circuits::labels;
use glimpse_circuits::presentation::{CredentialCommitment, Rounds, TokenProof};
use glimpse_circuits::relation::Relation;
use glimpse_circuits::request::Request;
use glimpse_circuits::schema::SchemaDigest;
use glimpse_circuits::text::Text;
use glimpse_circuits::transcript::{TranscriptProtocol, transcript};
use glimpse_fixtures::schemas::{all_types, second};
use glimpse_fixtures::{AUDIENCE, NOW};
use serde_json::{Value as Json, json};

fn point(n: u64) -> EncodedPoint {
    RistrettoPoint::mul_base(&Scalar::from(n)).into()
}

fn key(n: u64) -> IssuerPublicKey {
    IssuerPublicKey::from_point(point(n).point).unwrap()
}

fn not_revoked(credential: &str, max_age: &str) -> Json {
    json!({"not_revoked": {"credential": credential, "max_age": max_age}})
}

fn request(statements: Json) -> Json {
    json!({
        "version": "1",
        "audience": AUDIENCE,
        "audience_name": {"zh-CN": "验证方", "en": "Verifier"},
        "purpose": {"zh-CN": "测试", "en": "Test"},
        "response_uri": "https://verifier.example/responses",
        "nonce": "07".repeat(32),
        "issued_at": NOW.to_string(),
        "expires_at": (NOW + 300).to_string(),
        "credentials": [
            {"id": "a", "schema": all_types().digest(), "issuers": [key(2), key(3)], "check": "token"},
            {"id": "b", "schema": second().digest(), "issuers": [key(2), key(3)], "check": "keyed"},
        ],
        "statements": statements,
        "prefer": "small",
    })
}

/// The relation where issuers 2 and 3 have these revocation keys.
fn compile(request: &Json, revocation: [u64; 2]) -> Relation {
    let mut registry = Registry::default();
    let schemas = [all_types(), second()];
    for (n, w) in [2, 3].into_iter().zip(revocation) {
        let name = Text { zh_cn: "i".into(), en: "i".into() };
        let schemas = schemas.iter().map(|schema| schema.digest()).collect();
        let revocation = Some(key(w));
        registry.add_issuer(Issuer { id: format!("i{n}"), name, key: key(n), schemas, revocation });
    }
    schemas.into_iter().for_each(|schema| registry.add_schema(schema));
    let request = Request::from_json(&request.to_string()).unwrap();
    Relation::compile(Arc::new(request), &registry).unwrap()
}

/// Of credential b with a key, then of a with a token.
fn both() -> Json {
    json!([not_revoked("b", "60"), not_revoked("a", "60")])
}

const ISSUERS: [u8; 2] = [0, 1];
const LISTS: [u64; 2] = [NOW - 60, NOW];

/// The four signatures: a, b, the interval of b, the interval of a.
fn commitments() -> Vec<CredentialCommitment> {
    [(10, true), (20, false), (30, false), (40, true)].map(|(n, token)| commitment(n, token)).into()
}

fn commitment(n: u64, token: bool) -> CredentialCommitment {
    let proof = TokenProof { r1: point(n + 3), r2: point(n + 4), response: Scalar::from(n) };
    let [a_bar, b_bar, masks] = [point(n), point(n + 1), point(n + 2)];
    CredentialCommitment { a_bar, b_bar, masks, token: token.then_some(proof) }
}

/// y and c as the product draws them.
fn challenges(
    relation: &Relation,
    issuers: &[u8],
    lists: &[u64],
    all: &[CredentialCommitment],
) -> [Scalar; 2] {
    let mut rounds = Rounds::new(relation, issuers, &[], lists);
    all.iter().for_each(|commitment| rounds.credential(commitment));
    let y = rounds.weight(Some(&point(50)));
    rounds.masks(&point(51), Some(&Scalar::from(52u8)));
    [y, rounds.challenge().0]
}

/// What is absorbed about one interval.
#[derive(Clone, Copy)]
struct Absorbed {
    w: IssuerPublicKey,
    issued_at: u64,
    d: Scalar,
    check: u8,
}

/// y and c from docs/protocol.md, section 1, with this about the intervals.
fn by_the_book(relation: &Relation, intervals: &[Absorbed], all: &[CredentialCommitment]) -> [Scalar; 2] {
    let mut hash = transcript(labels::PRESENTATION);
    hash.append_message(b"version", &[1, 0]);
    hash.append_message(b"suite", b"ristretto255-merlin3-glimpse1");
    hash.append_message(b"request", &relation.request().digest().0);
    hash.append_message(b"relation", relation.digest());
    hash.append_message(b"credentials", &[2]);
    let schemas = [all_types().digest(), second().digest()];
    for (i, key) in [key(2), key(3)].into_iter().enumerate() {
        hash.append_point(b"X", key.encoded());
        hash.append_scalar(b"d", &key.domain(&schemas[i]));
        hash.append_message(b"check", &[i as u8]);
    }
    for interval in intervals {
        hash.append_point(b"W", interval.w.encoded());
        hash.append_u64(b"issued_at", interval.issued_at);
        hash.append_scalar(b"d", &interval.d);
        hash.append_message(b"check", &[interval.check]);
    }
    for commitment in all {
        hash.append_point(b"A", &commitment.a_bar.encoded);
        hash.append_point(b"B", &commitment.b_bar.encoded);
        hash.append_point(b"T", &commitment.masks.encoded);
        if let Some(token) = &commitment.token {
            hash.append_point(b"R1", &token.r1.encoded);
            hash.append_point(b"R2", &token.r2.encoded);
            hash.append_scalar(b"zt", &token.response);
        }
    }
    hash.append_point(b"E1", &point(50).encoded);
    let y = hash.challenge_scalar(b"y");
    hash.append_point(b"E0", &point(51).encoded);
    hash.append_scalar(b"tau", &Scalar::from(52u8));
    [y, hash.challenge_scalar(b"c")]
}

fn scope(w: u64, x: u64, schema: SchemaDigest, issued_at: u64) -> Scope {
    Scope { revocation: key(w), issuer: key(x), schema, issued_at }
}

/// The challenges are those of the document, and each word of it about intervals counts.
#[test]
fn everything_absorbed_about_intervals_changes_the_challenges() {
    let (relation, all) = (compile(&request(both()), [102, 103]), commitments());
    let found = challenges(&relation, &ISSUERS, &LISTS, &all);
    let [of_b, of_a] = [(103, 3, second().digest(), LISTS[0]), (102, 2, all_types().digest(), LISTS[1])];
    let absorbed = [(of_b, 1), (of_a, 0)].map(|((w, x, schema, issued_at), check)| Absorbed {
        w: key(w),
        issued_at,
        d: scope(w, x, schema, issued_at).domain(),
        check,
    });
    assert_eq!(by_the_book(&relation, &absorbed, &all), found);
    let mut seen = HashSet::from([found.map(|challenge| challenge.to_bytes())]);
    for place in 0..2 {
        for change in 0..4 {
            let mut absorbed = absorbed;
            match change {
                0 => absorbed[place].w = key(99),
                1 => absorbed[place].issued_at += 60,
                2 => absorbed[place].d += Scalar::ONE,
                _ => absorbed[place].check ^= 1,
            }
            let other = by_the_book(&relation, &absorbed, &all);
            assert!(seen.insert(other.map(|challenge| challenge.to_bytes())), "{change} of {place}");
        }
    }
    let [one, other] = absorbed;
    for order in [&[other, one][..], &[one], &[other], &[]] {
        let other = by_the_book(&relation, order, &all);
        assert!(seen.insert(other.map(|challenge| challenge.to_bytes())));
    }
}

/// The same by what the product is given.
#[test]
fn everything_that_intervals_are_shown_with_changes_the_challenges() {
    let (base, all) = (request(both()), commitments());
    let relation = compile(&base, [102, 103]);
    let mut seen = HashSet::from([challenges(&relation, &ISSUERS, &LISTS, &all)[1].to_bytes()]);
    let mut differs = |name: &str, found: [Scalar; 2]| assert!(seen.insert(found[1].to_bytes()), "{name}");
    for (name, revocation) in [("W of a", [104, 103]), ("W of b", [102, 104]), ("both exchanged", [103, 102])]
    {
        differs(name, challenges(&compile(&base, revocation), &ISSUERS, &LISTS, &all));
    }
    for (name, issuers) in [("issuer of a", [1, 1]), ("issuer of b", [0, 0]), ("both exchanged", [1, 0])] {
        differs(name, challenges(&relation, &issuers, &LISTS, &all));
    }
    for (name, lists) in [
        ("a moment", [LISTS[0] - 60, LISTS[1]]),
        ("the other moment", [LISTS[0], LISTS[1] + 60]),
        ("both moments exchanged", [LISTS[1], LISTS[0]]),
    ] {
        differs(name, challenges(&relation, &ISSUERS, &lists, &all));
    }
    for place in 2..4 {
        for change in 0..3 {
            let mut all = commitments();
            let field = match change {
                0 => &mut all[place].a_bar,
                1 => &mut all[place].b_bar,
                _ => &mut all[place].masks,
            };
            *field = point(99);
            differs("a point of an interval", challenges(&relation, &ISSUERS, &LISTS, &all));
        }
    }
    for change in 0..5 {
        let mut all = commitments();
        let token = &mut all[3].token;
        match change {
            0 => token.as_mut().unwrap().r1 = point(99),
            1 => token.as_mut().unwrap().r2 = point(99),
            2 => token.as_mut().unwrap().response += Scalar::ONE,
            3 => *token = None,
            _ => all[2].token = all[3].token.clone(),
        }
        differs("a token of an interval", challenges(&relation, &ISSUERS, &LISTS, &all));
    }
    let mut exchanged = commitments();
    exchanged.swap(2, 3);
    differs("intervals exchanged", challenges(&relation, &ISSUERS, &LISTS, &exchanged));
    for (path, value) in [
        ("/statements/0/not_revoked/max_age", "61"),
        ("/credentials/0/check", "keyed"),
        ("/credentials/1/check", "token"),
    ] {
        let mut changed = base.clone();
        *changed.pointer_mut(path).unwrap() = json!(value);
        differs(path, challenges(&compile(&changed, [102, 103]), &ISSUERS, &LISTS, &all));
    }
}

/// Whose interval it is, and which hidden values its ends are. The greatest age is the request's alone.
#[test]
fn intervals_are_in_the_digest_of_the_relation() {
    let mut seen = HashSet::new();
    for statements in [
        json!([]),
        json!([not_revoked("a", "60")]),
        json!([not_revoked("b", "60")]),
        both(),
        json!([not_revoked("a", "60"), not_revoked("b", "60")]),
    ] {
        let fast = compile(&request(statements.clone()), [102, 103]);
        assert!(seen.insert(*fast.digest()), "{statements}");
        if let Some(compact) = fast.compact() {
            assert!(seen.insert(*compact.digest()), "{statements}, compact");
        }
    }
    assert_eq!(seen.len(), 9);
    let digest = |age: &str| {
        let relation = compile(&request(json!([not_revoked("a", age)])), [102, 103]);
        (*relation.digest(), relation.request().digest().0)
    };
    let (one, other) = (digest("60"), digest("61"));
    assert!(one.0 == other.0 && one.1 != other.1);
}

/// d of a version, and the challenge of a bucket.
#[test]
fn every_input_of_domains_and_buckets_counts() {
    let digests = [all_types().digest(), second().digest()];
    let mut seen = HashSet::new();
    for scope in [
        scope(102, 2, digests[0], NOW),
        scope(103, 2, digests[0], NOW),
        scope(102, 3, digests[0], NOW),
        scope(2, 102, digests[0], NOW),
        scope(102, 2, digests[1], NOW),
        scope(102, 2, digests[0], NOW + 60),
    ] {
        assert!(seen.insert(scope.domain().to_bytes()), "{scope:?}");
    }
    assert!(
        seen.insert(key(2).domain(&digests[0]).to_bytes())
            && seen.insert(key(102).domain(&digests[0]).to_bytes())
    );

    let own = scope(102, 2, digests[0], NOW);
    let interval = |n: u32| {
        let ends = Ends { first: 10 * n, last: 10 * n + 5 };
        SignedInterval { ends, a: point(n.into()), e: Scalar::from(n) }
    };
    let challenge = |scope: &Scope, intervals: &[SignedInterval], masks: [u64; 2]| {
        let [g, m] = masks.map(|n| point(n).encoded);
        Composites::of(scope, intervals).challenge(&g, &m).to_bytes()
    };
    let all = [interval(1), interval(2)];
    assert!(seen.insert(challenge(&own, &all, [60, 61])));
    assert!(seen.insert(challenge(&own, &all, [62, 61])), "k·G");
    assert!(seen.insert(challenge(&own, &all, [60, 62])), "k·M");
    assert!(seen.insert(challenge(&own, &all[..1], [60, 61])), "one less");
    assert!(seen.insert(challenge(&own, &[], [60, 61])), "none");
    assert!(seen.insert(challenge(&own, &[interval(2), interval(1)], [60, 61])), "order");
    let other = scope(103, 2, digests[0], NOW);
    assert!(seen.insert(challenge(&other, &all, [60, 61])), "W");
    let other = scope(102, 2, digests[0], NOW + 60);
    assert!(seen.insert(challenge(&other, &all, [60, 61])), "d");
    for place in 0..2 {
        for change in 0..4 {
            let mut all = all.clone();
            let interval = &mut all[place];
            match change {
                0 => interval.ends.first += 1,
                1 => interval.ends.last += 1,
                2 => interval.a = point(99),
                _ => interval.e += Scalar::ONE,
            }
            assert!(seen.insert(challenge(&own, &all, [60, 61])), "{change} of {place}");
        }
    }
}

#[test]
fn labels_are_what_the_document_says() {
    assert_eq!(labels::INTERVAL_DOMAIN, b"glimpse/1 interval domain 2026-11");
    assert_eq!(labels::INTERVAL_BUCKET, b"glimpse/1 interval bucket 2026-11");
    let others = [labels::DOMAIN, labels::TOKEN, labels::ISSUANCE_DLEQ, labels::TOKEN_RANDOMNESS];
    let distinct: HashSet<&[u8]> = others
        .into_iter()
        .chain([labels::INTERVAL_DOMAIN, labels::INTERVAL_BUCKET, labels::INTERVAL_RANDOMNESS])
        .collect();
    assert_eq!(distinct.len(), 7);
}
