use ed25519_dalek::{Signer, SigningKey};
use glimpse_circuits::text::Text;

use super::*;

fn signer(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn root(seed: u8) -> DocumentKey {
    DocumentKey(signer(seed).verifying_key().to_bytes())
}

/// Encodings of multiples of the basepoint (RFC 9496 appendix A.1).
fn key(n: usize) -> IssuerPublicKey {
    let text = [
        "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
        "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919",
        "94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259",
        "da80862773358b466ffadfe0b3293ab3d9fd53c5ea6c955358f568322daf6a57",
    ][n];
    text.parse().unwrap()
}

fn text(name: &str) -> Text {
    Text { zh_cn: name.into(), en: name.into() }
}

const DRIVING: SchemaDigest = SchemaDigest([1; 32]);
const BUSINESS: SchemaDigest = SchemaDigest([2; 32]);

fn issuer(id: &str, region: &str, n: usize, from: u64, schemas: &[SchemaDigest]) -> ListedIssuer {
    ListedIssuer {
        id: id.into(),
        name: text(id),
        regions: vec![region.into()],
        uri: format!("https://{id}.example"),
        keys: vec![ListedKey {
            key: key(n),
            accepted: Validity { from, until: 10_000 },
            schemas: schemas.to_vec(),
            revocation: None,
        }],
    }
}

fn document() -> TrustListDocument {
    TrustListDocument {
        version: 3,
        name: text("list"),
        issued_at: 1000,
        expires_at: 5000,
        roots: Roots::one(root(1)),
        issuers: vec![
            issuer("shandong", "370000", 0, 0, &[DRIVING, BUSINESS]),
            issuer("shanghai", "310000", 1, 2000, &[DRIVING]),
        ],
    }
}

fn signed(document: TrustListDocument, seeds: &[u8]) -> Envelope {
    let envelope = TrustList::try_from(document).unwrap().to_envelope().unwrap();
    seeds.iter().fold(envelope, |envelope, seed| {
        let signature = signer(*seed).sign(&envelope.to_be_signed()).to_bytes();
        envelope.with_signature(root(*seed), signature)
    })
}

fn with(change: impl Fn(&mut TrustListDocument)) -> TrustListDocument {
    let mut document = document();
    change(&mut document);
    document
}

#[test]
fn the_first_list_is_signed_by_the_pinned_root() {
    let pinned = Roots::one(root(1));
    let list = TrustList::first(&signed(document(), &[1]), &pinned, 1000).unwrap();
    assert_eq!(*list.document(), document());
    let not_signed = Err(TrustError::Envelope(EnvelopeError::Signature));
    assert_eq!(TrustList::first(&signed(document(), &[2]), &pinned, 1000), not_signed);
    assert_eq!(TrustList::first(&signed(document(), &[]), &pinned, 1000), not_signed);
    assert_eq!(TrustList::first(&signed(document(), &[1]), &pinned, 5000), Err(TrustError::Expired));
    // Another list's roots: the pinned one has signed, but the list names others.
    let others = with(|it| it.roots = Roots::one(root(2)));
    assert_eq!(TrustList::first(&signed(others.clone(), &[1]), &pinned, 1000), Err(TrustError::OwnRoots));
    TrustList::first(&signed(others, &[1, 2]), &pinned, 1000).unwrap();
}

/// Roots change with an overlap: the old ones and the new ones sign one list.
#[test]
fn roots_are_exchanged_with_an_overlap() {
    let first = TrustList::first(&signed(document(), &[1]), &Roots::one(root(1)), 1000).unwrap();
    let changed =
        with(|it| (it.version, it.roots) = (4, Roots { keys: vec![root(2), root(3)], threshold: 2 }));
    let not_signed = Err(TrustError::Envelope(EnvelopeError::Signature));
    // Only the new ones: whoever made them may have made them for himself.
    assert_eq!(first.next(&signed(changed.clone(), &[2, 3]), 1000), not_signed);
    // Only some of the new ones.
    assert_eq!(first.next(&signed(changed.clone(), &[1, 2]), 1000), Err(TrustError::OwnRoots));
    assert_eq!(first.next(&signed(changed.clone(), &[1, 2, 2]), 1000), Err(TrustError::OwnRoots));
    let second = first.next(&signed(changed.clone(), &[1, 2, 3]), 1000).unwrap();
    // The old root has nothing to say any more, alone or with one of the new ones.
    let third = |roots: Roots| with(|it| (it.version, it.roots) = (5, roots.clone()));
    assert_eq!(second.next(&signed(third(Roots::one(root(1))), &[1]), 1000), not_signed);
    assert_eq!(second.next(&signed(third(Roots::one(root(1))), &[1, 2]), 1000), not_signed);
    second.next(&signed(third(changed.roots.clone()), &[2, 3]), 1000).unwrap();
}

#[test]
fn lists_go_forward() {
    let last = TrustList::first(&signed(document(), &[1]), &Roots::one(root(1)), 1000).unwrap();
    let next = |change: fn(&mut TrustListDocument)| last.next(&signed(with(change), &[1]), 1500).map(|_| ());
    assert_eq!(next(|_| ()), Ok(()));
    assert_eq!(next(|it| it.version = 4), Ok(()));
    assert_eq!(next(|it| it.version = 2), Err(TrustError::Backwards));
    assert_eq!(next(|it| (it.version, it.issued_at) = (4, 999)), Err(TrustError::Backwards));
    assert_eq!(next(|it| drop(it.issuers.pop())), Err(TrustError::TwoOfOneVersion));
    assert_eq!(next(|it| (it.version, it.expires_at) = (4, 1500)), Err(TrustError::Expired));
    assert!(last.is_current(4999) && !last.is_current(5000));
}

#[test]
fn lists_from_the_future_are_refused() {
    let first = |now| TrustList::first(&signed(document(), &[1]), &Roots::one(root(1)), now).map(drop);
    assert_eq!(first(1000), Ok(()));
    assert_eq!(first(1000u64.saturating_sub(CLOCK_SKEW_SECONDS)), Ok(()));
    let later = with(|it| (it.version, it.issued_at, it.expires_at) = (4, 10_000, 20_000));
    let last = TrustList::try_from(document()).unwrap();
    let next = |now| last.next(&signed(later.clone(), &[1]), now).map(drop);
    assert_eq!(next(10_000 - CLOCK_SKEW_SECONDS), Ok(()));
    assert_eq!(next(10_000 - CLOCK_SKEW_SECONDS - 1), Err(TrustError::Future));
}

#[test]
fn roots_are_the_same_in_whatever_order() {
    let roots =
        |seeds: &[u8], threshold| Roots { keys: seeds.iter().map(|seed| root(*seed)).collect(), threshold };
    assert!(roots(&[1, 2, 3], 2).same_as(&roots(&[3, 1, 2], 2)));
    assert!(!roots(&[1, 2, 3], 2).same_as(&roots(&[1, 2, 3], 3)));
    assert!(!roots(&[1, 2], 2).same_as(&roots(&[1, 2, 3], 2)));
}

#[test]
fn what_contradicts_itself_is_refused() {
    type Change = fn(&mut TrustListDocument);
    let changes: [(&str, Change); 19] = [
        ("version", |it| it.version = 0),
        ("name", |it| it.name.en = "a\u{202e}b".into()),
        ("expires_at", |it| it.expires_at = it.issued_at),
        ("roots.keys", |it| it.roots.keys.clear()),
        ("roots.keys", |it| it.roots.keys.push(root(1))),
        ("roots.threshold", |it| it.roots.threshold = 0),
        ("roots.threshold", |it| it.roots.threshold = 2),
        ("issuers", |it| it.issuers[1].id = "shandong".into()),
        ("issuers[0].id", |it| it.issuers[0].id = String::new()),
        ("issuers[0].name", |it| it.issuers[0].name.zh_cn = String::new()),
        ("issuers[0].regions", |it| it.issuers[0].regions = vec!["37".into()]),
        ("issuers[0].uri", |it| it.issuers[0].uri = String::new()),
        ("issuers[1].keys", |it| it.issuers[1].keys.clear()),
        ("issuers[1].keys[0].key", |it| it.issuers[1].keys[0].key = key(0)),
        ("issuers[1].keys[0].accepted", |it| it.issuers[1].keys[0].accepted.until = 2000),
        ("issuers[1].keys[0].schemas", |it| it.issuers[1].keys[0].schemas = vec![DRIVING, DRIVING]),
        ("issuers[1].keys[0].revocation.key", |it| {
            it.issuers[1].keys[0].revocation =
                Some(ListedRevocation { key: key(0), manifests: vec![root(9)], schedule: None });
        }),
        ("issuers[1].keys[0].revocation.manifests", |it| {
            it.issuers[1].keys[0].revocation =
                Some(ListedRevocation { key: key(3), manifests: vec![], schedule: None });
        }),
        ("issuers[1].keys[0].revocation.manifests", |it| {
            it.issuers[1].keys[0].revocation =
                Some(ListedRevocation { key: key(3), manifests: vec![root(1)], schedule: None });
        }),
    ];
    for (member, change) in changes {
        assert_eq!(TrustList::try_from(with(change)), Err(TrustError::Member(member.into())), "{member}");
    }
}

#[test]
fn keys_are_accepted_in_their_time_place_and_kind() {
    let list = TrustList::try_from(document()).unwrap();
    let found = |schema: &SchemaDigest, regions: &[&str], now: u64| -> Vec<String> {
        let regions: Vec<String> = regions.iter().map(|code| (*code).to_owned()).collect();
        list.accepted(schema, &regions, now).map(|(issuer, _)| issuer.id.clone()).collect()
    };
    assert_eq!(found(&DRIVING, &[], 3000), ["shandong", "shanghai"]);
    assert_eq!(found(&DRIVING, &[], 1999), ["shandong"]);
    assert_eq!(found(&DRIVING, &[], 10_000), [""; 0]);
    assert_eq!(found(&BUSINESS, &[], 3000), ["shandong"]);
    assert_eq!(found(&DRIVING, &["310000"], 3000), ["shanghai"]);
    // A city of Shandong, all of the mainland, and somewhere else.
    assert_eq!(found(&DRIVING, &["371300"], 3000), ["shandong"]);
    assert_eq!(found(&DRIVING, &["000000"], 3000), ["shandong", "shanghai"]);
    assert_eq!(found(&DRIVING, &["320000", "330000"], 3000), [""; 0]);
    assert!(
        !is_inside("370000", "371300") && is_inside("371302", "371300") && !is_inside("371402", "371300")
    );
}

#[test]
fn what_is_claimed_needs_no_signature_but_is_whole() {
    assert_eq!(*TrustList::claimed(&signed(document(), &[])).unwrap().document(), document());
    let other_kind = Envelope::new("application/json", b"{}".to_vec());
    assert_eq!(TrustList::claimed(&other_kind), Err(TrustError::Envelope(EnvelopeError::Kind)));
    assert!(matches!(TrustList::claimed(&Envelope::new(KIND, b"{}".to_vec())), Err(TrustError::Json(_))));
}

#[test]
fn the_next_change_is_the_next_end_or_beginning() {
    let list = TrustList::try_from(document()).unwrap();
    let changes: Vec<_> = std::iter::successors(Some(0), |now| list.next_change(*now)).collect();
    assert_eq!(changes, [0, 2000, 5000, 10_000]);
}

/// An issuer changes its key with an overlap; what is not valid now is not in the registry.
#[test]
fn the_registry_has_what_is_valid_now() {
    let document = with(|it| {
        it.issuers[0].keys.push(ListedKey {
            key: key(2),
            accepted: Validity { from: 3000, until: 20_000 },
            schemas: vec![DRIVING],
            revocation: Some(ListedRevocation { key: key(3), manifests: vec![root(9)], schedule: None }),
        });
    });
    let list = TrustList::try_from(document).unwrap();
    let keys = |now: u64| -> Vec<usize> {
        let registry = list.registry([], now);
        (0..4).filter(|n| registry.issuer(&key(*n)).is_some()).collect()
    };
    assert_eq!(keys(0), [0]);
    assert_eq!(keys(2000), [0, 1]);
    assert_eq!(keys(3000), [0, 1, 2]);
    assert_eq!(keys(10_000), [2]);
    let registry = list.registry([], 3000);
    assert_eq!(registry.issuer(&key(2)).unwrap().revocation, Some(key(3)));
    assert_eq!(list.manifest_keys(&key(2)), [root(9)]);
    assert!(list.manifest_keys(&key(0)).is_empty() && list.manifest_keys(&key(3)).is_empty());
}

/// Offline while the roots changed twice: the list of the first change has expired, and still leads to that of the second.
#[test]
fn lists_in_between_lead_to_one_whose_roots_nobody_here_has_heard_of() {
    let version = |version: u64, expires_at: u64, root_seed: u8| {
        with(|it| {
            (it.version, it.issued_at, it.expires_at) = (version, 1000 * version, expires_at);
            it.roots = Roots::one(root(root_seed));
        })
    };
    let second = signed(version(4, 4500, 2), &[1, 2]);
    let third = signed(version(5, 9000, 3), &[2, 3]);
    let fourth = signed(version(6, 9500, 3), &[3]);
    let not_signed = || TrustError::Envelope(EnvelopeError::Signature);
    let at = |place, error| Err(ChainError { place, error });
    let list = TrustList::first(&signed(document(), &[1]), &Roots::one(root(1)), 1000).unwrap();
    for newest in [&third, &fourth] {
        assert_eq!(list.next(newest, 7000), Err(not_signed()));
    }
    assert_eq!(list.next(&second, 7000), Err(TrustError::Expired));
    let chain = [second.clone(), third.clone(), fourth.clone()];
    assert_eq!(list.next_of(&chain, 7000).unwrap().document().version, 6);
    assert_eq!(list.next_of(&chain[..2], 7000).unwrap().document().version, 5);
    // The last one counts: it may neither have expired nor be from the future.
    assert_eq!(list.next_of(&chain, 9500), at(2, TrustError::Expired));
    assert_eq!(list.next_of(&chain[..1], 7000), at(0, TrustError::Expired));
    assert_eq!(list.next_of(&chain, 6000 - CLOCK_SKEW_SECONDS - 1), at(2, TrustError::Future));
    // Each has to follow the one before.
    assert_eq!(list.next_of(&[second.clone(), fourth.clone()], 7000), at(1, not_signed()));
    assert_eq!(list.next_of(&[third.clone(), second.clone()], 7000), at(0, not_signed()));
    let back = signed(version(4, 9000, 3), &[3]);
    assert_eq!(list.next_of(&[second.clone(), third.clone(), back], 7000), at(2, TrustError::Backwards));
    let other = signed(version(5, 9001, 3), &[3]);
    assert_eq!(
        list.next_of(&[second.clone(), third.clone(), other], 7000),
        at(2, TrustError::TwoOfOneVersion)
    );
    assert_eq!(list.next_of(&[], 1000), at(0, TrustError::NoList));

    // The same for whoever begins with the first root.
    let from_the_first = [&[signed(document(), &[1])][..], &chain].concat();
    assert_eq!(
        TrustList::first_of(&from_the_first, &Roots::one(root(1)), 7000).unwrap().document().version,
        6
    );
    assert_eq!(TrustList::first_of(&chain, &Roots::one(root(2)), 7000).unwrap().document().version, 6);
    assert_eq!(TrustList::first_of(&chain, &Roots::one(root(3)), 7000), at(0, not_signed()));
    assert_eq!(
        TrustList::first_of(&from_the_first[..1], &Roots::one(root(1)), 7000),
        at(0, TrustError::Expired)
    );
    assert_eq!(TrustList::first_of(&[], &Roots::one(root(1)), 1000), at(0, TrustError::NoList));
}
