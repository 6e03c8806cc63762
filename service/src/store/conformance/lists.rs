//! Revocation lists.

use super::*;

fn version(number: u64, issued_at: u64) -> PublishedVersion {
    let manifest = format!("manifest {number} 清单");
    PublishedVersion { version: number, issued_at, next: issued_at + 60, left_out: 3, manifest }
}

/// Of many nodes with keys of their own one settles them; a manifest key is replaced by whoever names it, W never.
async fn keys(store: &SharedStore) {
    let issuer = [5; 32];
    let pair = |revocation: u8, manifest: u8| ListKeys {
        revocation: [revocation; 32],
        manifest: DocumentKey([manifest; 32]),
    };
    assert_eq!(store.list_keys(issuer).await.unwrap(), None);
    let attempts = (0..16u8).map(|i| {
        let store = store.clone();
        actix_web::rt::spawn(async move { store.settle_list_keys(issuer, pair(i, i), None).await.unwrap() })
    });
    let settled: Vec<_> = join_all(attempts).await.into_iter().map(Result::unwrap).collect();
    let found = settled[0];
    assert!(settled.iter().all(|keys| *keys == found));
    assert_eq!(store.list_keys(issuer).await.unwrap(), Some(found));

    let settle = async |keys, replaces: Option<u8>| {
        store.settle_list_keys(issuer, keys, replaces.map(|key| DocumentKey([key; 32]))).await.unwrap()
    };
    let (w, old) = (found.revocation[0], found.manifest.0[0]);
    for (keys, replaces) in [(pair(w, 99), None), (pair(w, 99), Some(98)), (pair(99, 99), Some(old))] {
        assert_eq!(settle(keys, replaces).await, found);
    }
    // Twice, since whoever was not told asks again; and by a node that does not know yet.
    for _ in 0..2 {
        assert_eq!(settle(pair(w, 99), Some(old)).await, pair(w, 99));
    }
    assert_eq!(settle(found, None).await, pair(w, 99));
    assert_eq!(store.list_keys(issuer).await.unwrap(), Some(pair(w, 99)));
    assert_eq!(store.list_keys([6; 32]).await.unwrap(), None);
}

pub(super) async fn lists(store: &SharedStore) {
    keys(store).await;
    let schema = glimpse_profiles::builtin()[0].schema().digest();
    let list = ListId { key: [5; 32], schema };
    assert_eq!(store.list_head(list).await.unwrap(), ListHead::default());
    assert_eq!(store.published_version(list).await.unwrap(), None);

    // Of many nodes that want to begin a version, one does.
    let attempts = (0..16u64).map(|i| {
        let store = store.clone();
        actix_web::rt::spawn(async move { store.begin_version(list, 0, 1, 600 + i * 60).await.unwrap() })
    });
    let begun: Vec<_> = join_all(attempts).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(begun.iter().filter(|begun| **begun).count(), 1);
    let head = store.list_head(list).await.unwrap();
    assert!((head.version, head.published) == (1, 0) && head.issued_at >= 600);
    // No moment twice, and none before it.
    assert!(!store.begin_version(list, 1, 2, head.issued_at).await.unwrap());
    assert!(!store.begin_version(list, 1, 2, head.issued_at - 60).await.unwrap());
    assert!(!store.begin_version(list, 0, 2, 100_000).await.unwrap());
    // Nor a number twice.
    assert!(!store.begin_version(list, 1, 1, 100_000).await.unwrap());
    assert_eq!(store.list_head(list).await.unwrap(), head);

    // Nothing is read before it is published.
    let bucket = async |number, bucket| store.bucket(list, number, bucket).await.unwrap();
    store.keep_bucket(list, 1, 0, b"one".to_vec()).await.unwrap();
    store.keep_bucket(list, 1, 65_535, vec![0xff; 100_000]).await.unwrap();
    assert_eq!(bucket(1, 0).await, None);
    store.publish_version(list, version(1, head.issued_at)).await.unwrap();
    store.publish_version(list, version(1, head.issued_at)).await.unwrap();
    assert_eq!(store.published_version(list).await.unwrap(), Some(version(1, head.issued_at)));
    assert_eq!((bucket(1, 0).await.as_deref(), bucket(1, 1).await), (Some(&b"one"[..]), None));
    assert_eq!(bucket(1, 65_535).await, Some(vec![0xff; 100_000]));

    // One that was begun and left, then another: the first stays for those that have its manifest.
    assert!(store.begin_version(list, 1, 2, 100_020).await.unwrap());
    store.keep_bucket(list, 2, 0, b"two".to_vec()).await.unwrap();
    assert!(store.begin_version(list, 2, 30, 100_080).await.unwrap());
    store.keep_bucket(list, 30, 0, b"three".to_vec()).await.unwrap();
    store.publish_version(list, version(30, 100_080)).await.unwrap();
    assert_eq!(
        (bucket(1, 0).await.as_deref(), bucket(30, 0).await.as_deref()),
        (Some(&b"one"[..]), Some(&b"three"[..]))
    );
    // What was begun in between is nothing that anybody reads.
    assert_eq!(bucket(2, 0).await, None);
    // A late one does not take its place.
    store.publish_version(list, version(2, 100_020)).await.unwrap();
    assert_eq!(store.published_version(list).await.unwrap(), Some(version(30, 100_080)));
    assert_eq!(
        store.list_head(list).await.unwrap(),
        ListHead { version: 30, issued_at: 100_080, published: 30 }
    );

    // With the next one, those before the last are gone.
    assert!(store.begin_version(list, 30, 1_000_000_000, 100_140).await.unwrap());
    store.keep_bucket(list, 1_000_000_000, 0, b"four".to_vec()).await.unwrap();
    store.publish_version(list, version(1_000_000_000, 100_140)).await.unwrap();
    assert_eq!((bucket(1, 0).await, bucket(1, 65_535).await, bucket(2, 0).await), (None, None, None));
    assert_eq!(
        (bucket(30, 0).await.as_deref(), bucket(1_000_000_000, 0).await.as_deref()),
        (Some(&b"three"[..]), Some(&b"four"[..]))
    );

    // Another list is another list.
    let other = ListId { key: [6; 32], ..list };
    assert_eq!(store.list_head(other).await.unwrap(), ListHead::default());
    assert!(store.begin_version(other, 0, 1, 600).await.unwrap());
    assert_eq!(store.bucket(other, 1, 0).await.unwrap(), None);
}
