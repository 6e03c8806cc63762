//! Imports and the licences that come with them.

use super::*;
use crate::store::imports::ImportRecord;

fn record(announced: u64) -> ImportRecord {
    let schema = glimpse_profiles::builtin()[0].schema().digest();
    ImportRecord::new(schema, announced, "0".repeat(64))
}

fn rows(import: &ImportRecord, rows: impl IntoIterator<Item = u64>) -> Vec<LicenceUpdate> {
    rows.into_iter()
        .map(|row| registration(import.licence(row), licence("imported"), Act::Imported, "admin", 1))
        .collect()
}

async fn registered(store: &dyn Store, name: &str) -> u64 {
    store.import(name).await.unwrap().unwrap().registered
}

pub(super) async fn imports(store: &SharedStore) {
    announced_once(&**store).await;
    registered_once(&**store).await;
    of_many_at_once_each_row_counts_once(store).await;
}

async fn announced_once(store: &dyn Store) {
    assert!(store.import("a").await.unwrap().is_none());
    assert!(store.imports().await.unwrap().is_empty());
    let first = record(10);
    for _ in 0..2 {
        assert!(store.announce_import("a", &first).await.unwrap() == first);
    }
    // Another one of the name changes nothing, nor does one that says the same with a salt of its own.
    assert!(store.announce_import("a", &record(11)).await.unwrap() == first);
    let again = record(10);
    let stands = store.announce_import("a", &again).await.unwrap();
    assert!(stands == first && stands.is_of_the_same(&again) && !stands.is_of_the_same(&record(11)));
    assert!(stands.licence(1) == first.licence(1) && first.licence(1) != first.licence(2));
    assert!(first.licence(1) != again.licence(1));
    store.announce_import("A", &record(1)).await.unwrap();
    let names: Vec<_> = store.imports().await.unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["A", "a"]);
}

async fn registered_once(store: &dyn Store) {
    let import = record(2000);
    store.announce_import("once", &import).await.unwrap();
    assert_eq!(registered(store, "once").await, 0);
    store.register_imported("once", Vec::new()).await.unwrap();
    store.register_imported("once", rows(&import, 1..=500)).await.unwrap();
    // Whoever does not know whether it was done does it again, with others among them.
    store.register_imported("once", rows(&import, 1..=500)).await.unwrap();
    store.register_imported("once", rows(&import, 400..=700)).await.unwrap();
    assert_eq!(registered(store, "once").await, 700);
    let found = store.licences_of(code("imported")).await.unwrap();
    let mut expected: Vec<_> = (1..=700).map(|row| import.licence(row)).collect();
    expected.sort_unstable();
    assert_eq!(found, expected);
    let events = store.events(import.licence(450)).await.unwrap();
    assert_eq!(events.iter().map(|event| event.act).collect::<Vec<_>>(), [Act::Imported]);

    // What became of a licence meanwhile stays.
    let id = import.licence(1);
    let before = store.licence(id).await.unwrap().unwrap();
    let offer = update(id, &before, |standing| standing.offer().unwrap());
    assert_eq!(store.update_licences(vec![offer]).await.unwrap(), Updated::Done);
    store.register_imported("once", rows(&import, 1..=3)).await.unwrap();
    assert_eq!(store.licence(id).await.unwrap().unwrap().standing.revision, 1);
    assert_eq!(registered(store, "once").await, 700);
    assert_eq!(registered(store, "a").await, 0);
}

async fn of_many_at_once_each_row_counts_once(store: &SharedStore) {
    let import = record(1000);
    store.announce_import("many", &import).await.unwrap();
    let attempts = (0..16u64).map(|i| {
        let (store, batch) = (store.clone(), rows(&import, i * 5..i * 5 + 60));
        actix_web::rt::spawn(async move { store.register_imported("many", batch).await.unwrap() })
    });
    join_all(attempts).await.into_iter().for_each(Result::unwrap);
    assert_eq!(registered(&**store, "many").await, 15 * 5 + 60);
    let counted = store.imports().await.unwrap().into_iter().find(|(name, _)| name == "many").unwrap().1;
    assert_eq!((counted.registered, counted.record.announced), (135, 1000));
}
