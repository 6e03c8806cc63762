//! Licences and what becomes of them.

use glimpse_api::{EndedAs, LicenceChange, Stage};

use super::*;
use crate::store::licences::ListedHandle;

fn suspend() -> LicenceChange {
    LicenceChange::Suspend { reason: "r".into() }
}

fn apply(standing: &mut Standing, change: &LicenceChange) -> Act {
    standing.apply(change, |_| None).unwrap()
}

fn schema() -> SchemaDigest {
    glimpse_profiles::builtin()[0].schema().digest()
}

async fn count(store: &dyn Store, stage: Stage, version: u32) -> u64 {
    let place = Place { schema: schema(), stage, version };
    let counts = store.catalogue().await.unwrap();
    assert!(counts.iter().all(|(_, count)| *count > 0));
    counts.into_iter().find(|(found, _)| *found == place).map_or(0, |(_, count)| count)
}

pub(super) async fn lives(store: &SharedStore) {
    registered_once(&**store).await;
    changed_from_what_was_seen(store).await;
    corrected_both_or_neither(&**store).await;
    withheld_and_restored(&**store).await;
    a_holder_changes_wallet(&**store).await;
    a_holder_of_what_has_ended_changes_wallet(&**store).await;
    a_step_is_known_again(store).await;
    offers_change_licences(&**store).await;
}

async fn registered_once(store: &dyn Store) {
    let before = count(store, Stage::Registered, 1).await;
    let ids: Vec<Id> = (0..5).map(|_| Id::random()).collect();
    let new = |id: &Id| known(*id, "registered-once");
    let all: Vec<_> = ids.iter().map(new).collect();
    assert_eq!(store.update_licences(all[..2].to_vec()).await.unwrap(), Updated::Done);
    // Again, with more: those that are there stay as they are, and are not counted again.
    assert_eq!(store.update_licences(all.clone()).await.unwrap(), Updated::Done);
    assert_eq!(store.update_licences(all).await.unwrap(), Updated::Done);
    assert_eq!(store.update_licences(Vec::new()).await.unwrap(), Updated::Done);
    assert_eq!(count(store, Stage::Registered, 1).await, before + 5);
    assert_eq!(store.events(ids[0]).await.unwrap().len(), 1);
    let mut expected = ids.clone();
    expected.sort_unstable();
    assert_eq!(store.licences_of(code("registered-once")).await.unwrap(), expected);
    assert!(store.licences_of(code("nobody")).await.unwrap().is_empty());

    // The catalogue in pages.
    let mut found = Vec::new();
    loop {
        let page = store.catalogued(schema(), Stage::Registered, found.last().copied(), 2).await.unwrap();
        assert!(page.len() <= 2);
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    assert!(found.is_sorted() && expected.iter().all(|id| found.contains(id)));
    assert_eq!(found.len() as u64, before + 5);
    assert!(store.catalogued(schema(), Stage::Ended, None, 10).await.unwrap().is_empty());
}

async fn changed_from_what_was_seen(store: &SharedStore) {
    let id = Id::random();
    store.update_licences(vec![known(id, "changed")]).await.unwrap();
    let before = store.licence(id).await.unwrap().unwrap();
    let (registered, suspended) =
        (count(&**store, Stage::Registered, 1).await, count(&**store, Stage::Suspended, 1).await);
    let change = || update(id, &before, |standing| apply(standing, &suspend()));
    let first = change();
    // Sixteen that saw the same: one of them is made.
    let mut attempts: Vec<_> = (0..15).map(|_| change()).collect();
    attempts.push(first.clone());
    let attempts = attempts.into_iter().map(|update| {
        let store = store.clone();
        actix_web::rt::spawn(async move { store.update_licences(vec![update]).await.unwrap() })
    });
    let made: Vec<_> = join_all(attempts).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(made.iter().filter(|made| **made == Updated::Done).count(), 1);
    let now = store.licence(id).await.unwrap().unwrap();
    assert_eq!((now.standing.stage(), now.standing.revision), (Stage::Suspended, 1));
    let events = store.events(id).await.unwrap();
    assert_eq!(events.iter().map(|event| event.act).collect::<Vec<_>>(), [Act::Registered, Act::Suspended]);
    assert_eq!(events[1].reason.as_deref(), Some("理由"));
    assert_eq!(count(&**store, Stage::Registered, 1).await, registered - 1);
    assert_eq!(count(&**store, Stage::Suspended, 1).await, suspended + 1);

    // Whoever made it and was not told is told again, and nothing is done twice.
    let resume = LicenceChange::Resume { reason: "r".into() };
    let second = update(id, &now, |standing| apply(standing, &resume));
    for _ in 0..3 {
        assert_eq!(store.update_licences(vec![second.clone()]).await.unwrap(), Updated::Done);
    }
    assert_eq!(store.update_licences(vec![first]).await.unwrap(), Updated::Changed);
    assert_eq!(store.events(id).await.unwrap().len(), 3);
    assert_eq!(count(&**store, Stage::Registered, 1).await, registered);
}

async fn corrected_both_or_neither(store: &dyn Store) {
    let (id, next) = (Id::random(), Id::random());
    store.update_licences(vec![known(id, "corrected")]).await.unwrap();
    let seen = store.licence(id).await.unwrap().unwrap();
    let correction = |before: &LicenceRecord| {
        let old = update(id, before, |standing| standing.correct(next).unwrap().0);
        let mut new = known(next, "corrected");
        (new.licence.version, new.licence.corrects) = (2, Some(id));
        vec![old, new]
    };
    // Somebody else was faster: neither.
    let change = update(id, &seen, |standing| apply(standing, &suspend()));
    store.update_licences(vec![change]).await.unwrap();
    assert_eq!(store.update_licences(correction(&seen)).await.unwrap(), Updated::Changed);
    assert!(store.licence(next).await.unwrap().is_none());
    let both = correction(&store.licence(id).await.unwrap().unwrap());
    assert_eq!(store.update_licences(both.clone()).await.unwrap(), Updated::Done);
    assert_eq!(store.update_licences(both).await.unwrap(), Updated::Done);
    let (old, new) = (store.licence(id).await.unwrap().unwrap(), store.licence(next).await.unwrap().unwrap());
    assert!(old.standing.ended == Some(EndedAs::Corrected) && old.standing.corrected_by == Some(next));
    assert!(new.version == 2 && new.corrects == Some(id));
    assert_eq!(count(store, Stage::Registered, 2).await, 1);
    assert_eq!(store.licences_of(code("corrected")).await.unwrap().len(), 2);
}

async fn withheld_and_restored(store: &dyn Store) {
    let id = Id::random();
    store.update_licences(vec![known(id, "withheld")]).await.unwrap();
    let list = ListId { key: [3; 32], schema: schema() };
    let other = ListId { key: [4; 32], ..list };
    let handles = [0, 5, u32::MAX, 1 << 24, 7].map(|handle| ListedHandle { list, handle });
    let before = store.licence(id).await.unwrap().unwrap();
    let mut change = update(id, &before, |standing| apply(standing, &suspend()));
    change.withhold = handles.to_vec();
    change.withhold.push(ListedHandle { list: other, handle: 9 });
    store.update_licences(vec![change]).await.unwrap();
    assert_eq!(store.withheld(list, 0, 100).await.unwrap(), [0, 5, 7, 1 << 24, u32::MAX]);
    assert_eq!(store.withheld(list, 5, 2).await.unwrap(), [5, 7]);
    assert_eq!(store.withheld(list, 6, 1).await.unwrap(), [7]);
    assert_eq!(store.withheld(list, u32::MAX, 5).await.unwrap(), [u32::MAX]);
    assert_eq!(store.withheld(other, 0, 100).await.unwrap(), [9]);
    let before = store.licence(id).await.unwrap().unwrap();
    let resume = LicenceChange::Resume { reason: "r".into() };
    let mut change = update(id, &before, |standing| apply(standing, &resume));
    change.restore = handles[..2].to_vec();
    store.update_licences(vec![change]).await.unwrap();
    assert_eq!(store.withheld(list, 0, 100).await.unwrap(), [7, 1 << 24, u32::MAX]);
}

async fn a_holder_changes_wallet(store: &dyn Store) {
    let now = now();
    let first = offered(store, "wallet-1", "wallet", 0, now + 100).await;
    let second = offered(store, "wallet-2", "wallet", 0, now + 100).await;
    let record = issuance(store, ("wallet-1", first), "r", 9, Some(("wallet", 1, 1))).await;
    assert!(matches!(store.record_issuance(record, now).await.unwrap(), RecordedIssuance::Stored));
    let registered =
        async |offer| store.open_offer(code(offer), [9; 32], now).await.unwrap().unwrap().registered;
    assert_eq!(registered("wallet-2").await, Some([1; 32]));

    let change = async |licences| {
        let mut updates = Vec::new();
        for id in [first, second] {
            let before = store.licence(id).await.unwrap().unwrap();
            updates.push(update(id, &before, |standing| standing.change_wallet().unwrap().0));
        }
        HolderUpdate { key: [9; 32], holder: code("wallet"), licences, updates }
    };
    // There is a licence that was not looked at.
    assert_eq!(store.update_holder(change(1).await).await.unwrap(), Updated::Changed);
    let stale = change(2).await;
    // The old wallet takes the second licence meanwhile.
    let record = issuance(store, ("wallet-2", second), "r", 9, Some(("wallet", 2, 1))).await;
    assert!(matches!(store.record_issuance(record, now).await.unwrap(), RecordedIssuance::Stored));
    assert_eq!(store.update_holder(stale).await.unwrap(), Updated::Changed);
    assert_eq!(registered("wallet-2").await, Some([1; 32]));

    // The other way round: what was looked at before the change is not issued after it.
    let third = offered(store, "wallet-3", "wallet", 0, now + 100).await;
    let late = issuance(store, ("wallet-3", third), "r", 9, Some(("wallet", 3, 1))).await;
    let mut sound = change(3).await;
    let before = store.licence(third).await.unwrap().unwrap();
    sound.updates.push(update(third, &before, |standing| standing.change_wallet().unwrap().0));
    assert_eq!(store.update_holder(sound).await.unwrap(), Updated::Done);
    assert_eq!(registered("wallet-2").await, None);
    assert!(matches!(store.record_issuance(late, now).await.unwrap(), RecordedIssuance::LicenceChanged));
    assert_eq!(registered("wallet-2").await, None);
    let licence = store.licence(first).await.unwrap().unwrap();
    assert_eq!((licence.standing.stage(), licence.standing.wallet), (Stage::Registered, 1));
}

/// All that the holder has had has ended.
async fn a_holder_of_what_has_ended_changes_wallet(store: &dyn Store) {
    let now = now();
    let id = offered(store, "ended", "ended", 0, now + 100).await;
    let record = issuance(store, ("ended", id), "r", 8, Some(("ended", 1, 1))).await;
    assert!(matches!(store.record_issuance(record, now).await.unwrap(), RecordedIssuance::Stored));
    let update = HolderUpdate { key: [8; 32], holder: code("ended"), licences: 1, updates: Vec::new() };
    assert_eq!(store.update_holder(update).await.unwrap(), Updated::Done);
    let open = store.open_offer(code("ended"), [8; 32], now).await.unwrap().unwrap();
    assert_eq!(open.registered, None);
}

/// Sixteen who take one step, looking first whether it was taken: one takes it, and all know it. A step that was not taken
/// is not known.
async fn a_step_is_known_again(store: &SharedStore) {
    let id = Id::random();
    store.update_licences(vec![known(id, "step")]).await.unwrap();
    let [step, other] = [b"key", b"yek"].map(|key| Step::new("admin", key, "change wallet", b"{}"));
    let attempts = (0..16).map(|_| actix_web::rt::spawn(take(store.clone(), id, step, 1)));
    let taken: Vec<_> = join_all(attempts).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(taken.iter().filter(|taken| **taken).count(), 1);
    assert!(!take(store.clone(), id, other, 2).await);
    let standing = store.licence(id).await.unwrap().unwrap().standing;
    assert!(standing.wallet == 1 && standing.has_taken(&step) == Ok(true));
    assert_eq!(standing.has_taken(&other), Ok(false));
    let reused = Step::new("admin", b"key", "change wallet", b"{}{}");
    assert!(standing.has_taken(&reused).is_err());
}

/// Whether a change of wallet was made now, for a holder who has so many licences.
async fn take(store: SharedStore, id: Id, step: Step, licences: usize) -> bool {
    loop {
        let before = store.licence(id).await.unwrap().unwrap();
        if before.standing.has_taken(&step).unwrap() {
            return false;
        }
        let change = update(id, &before, |standing| {
            standing.remember(step);
            standing.change_wallet().unwrap().0
        });
        let change = HolderUpdate { key: [7; 32], holder: code("step"), licences, updates: vec![change] };
        match store.update_holder(change).await.unwrap() {
            Updated::Done => return true,
            Updated::Changed if licences != 1 => return false,
            Updated::Changed => {}
        }
    }
}

async fn offers_change_licences(store: &dyn Store) {
    let now = now();
    let id = Id::random();
    store.update_licences(vec![known(id, "offers")]).await.unwrap();
    let seen = store.licence(id).await.unwrap().unwrap();
    let change = update(id, &seen, |standing| apply(standing, &suspend()));
    store.update_licences(vec![change]).await.unwrap();
    // Suspended meanwhile: no offer.
    let offer =
        NewOffer { code: code("o"), licence: id, wallet: 0, nonce: Nonce([0; 32]), expires_at: now + 9 };
    let stale = update(id, &seen, |standing| standing.offer().unwrap());
    assert_eq!(store.add_offer(offer, stale).await.unwrap(), Updated::Changed);
    assert!(store.open_offer(code("o"), [1; 32], now).await.unwrap().is_none());
}
