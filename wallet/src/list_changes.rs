//! What the next list of issuers changes for one wallet: for the issuers that it has something of. Others come and go
//! without its holder being told.

use std::collections::BTreeSet;

use glimpse_circuits::key::{DocumentKey, IssuerPublicKey};
use glimpse_trust::TrustList;
use glimpse_trust::list::{ListedIssuer, ListedKey};

use crate::address::Address;
use crate::contents::Contents;
use crate::listing::is_at;
use crate::pins::Change;

/// What the first list means for what is pinned and held: addresses and credentials that count no longer.
pub(crate) fn first_changes(contents: &Contents, list: &TrustList) -> Vec<Change> {
    let issuers = &list.document().issuers;
    let at = |uri: &str| {
        Address::parse_base(uri).is_ok_and(|address| issuers.iter().any(|issuer| is_at(issuer, &address)))
    };
    let pins = contents.issuers.keys().filter(|uri| !at(uri));
    let mut changes: Vec<_> = pins.map(|uri| Change::AddressNotListed(uri.clone())).collect();
    // What an issuer said itself counts no longer.
    let scheduled = contents.issuers.values().filter(|pin| pin.schedule.is_some());
    let dropped = |key: &IssuerPublicKey| list.find(key).is_some() && list.schedule(key).is_none();
    if scheduled.flat_map(|pin| &pin.issuers).any(|issuer| dropped(&issuer.key)) {
        changes.push(Change::Schedule(None));
    }
    for stored in &contents.credentials {
        let gone = Change::KeyRemoved(stored.issuer.key, stored.issuer.name.clone());
        if list.find(&stored.issuer.key).is_none() && !changes.contains(&gone) {
            changes.push(gone);
        }
    }
    changes
}

/// What is different in the next list.
pub(crate) fn next_changes(contents: &Contents, old: &TrustList, new: &TrustList) -> Vec<Change> {
    let (was, now) = (old.document(), new.document());
    let mut changes = Vec::new();
    if was.name != now.name {
        changes.push(Change::ListRenamed(was.name.clone(), now.name.clone()));
    }
    if !was.roots.same_as(&now.roots) {
        changes.push(Change::Roots(now.roots.keys.clone(), now.roots.threshold));
    }
    let known = Known::of(contents);
    let find = |issuers: &[ListedIssuer], id: &str| issuers.iter().find(|issuer| issuer.id == id).cloned();
    for issuer in was.issuers.iter().filter(|issuer| known.has(issuer)) {
        if find(&now.issuers, &issuer.id).is_none() {
            changes.push(Change::Unlisted(issuer.name.clone()));
        }
    }
    for issuer in &now.issuers {
        match find(&was.issuers, &issuer.id) {
            Some(before) if known.has(issuer) || known.has(&before) => {
                issuer_changes(&before, issuer, &mut changes);
            }
            None if known.has(issuer) => changes.push(Change::Listed(issuer.name.clone())),
            _ => {}
        }
    }
    changes
}

/// What the wallet has something of.
struct Known<'a> {
    contents: &'a Contents,
    addresses: Vec<Address>,
}

impl<'a> Known<'a> {
    fn of(contents: &'a Contents) -> Self {
        let pinned = contents.issuers.keys();
        let obtained = contents.credentials.iter().map(|stored| &stored.issuer_uri);
        let pending = contents.pending.iter().map(|pending| &pending.issuer_uri);
        let uris: BTreeSet<&String> = pinned.chain(obtained).chain(pending).collect();
        let addresses = uris.into_iter().filter_map(|uri| Address::parse_base(uri).ok()).collect();
        Self { contents, addresses }
    }

    fn has(&self, issuer: &ListedIssuer) -> bool {
        let holds = |key: &ListedKey| self.contents.credentials.iter().any(|it| it.issuer.key == key.key);
        self.addresses.iter().any(|address| is_at(issuer, address)) || issuer.keys.iter().any(holds)
    }
}

fn issuer_changes(was: &ListedIssuer, now: &ListedIssuer, changes: &mut Vec<Change>) {
    let name = || now.name.clone();
    if was.uri != now.uri {
        changes.push(Change::Moved(name(), was.uri.clone(), now.uri.clone()));
    }
    for key in &now.keys {
        let Some(before) = was.keys.iter().find(|before| before.key == key.key) else {
            changes.push(Change::KeyAdded(key.key, name()));
            changes.push(Change::Accepted(key.key, name(), key.accepted));
            continue;
        };
        if was.name != now.name {
            changes.push(Change::Renamed(key.key, was.name.clone(), name()));
        }
        if before.accepted != key.accepted {
            changes.push(Change::Accepted(key.key, name(), key.accepted));
        }
        if before.schemas.iter().collect::<BTreeSet<_>>() != key.schemas.iter().collect() {
            changes.push(Change::Permissions(key.key, name()));
        }
        let revocation = |key: &ListedKey| key.revocation.as_ref().map(|revocation| revocation.key);
        if revocation(before) != revocation(key) {
            changes.push(Change::RevocationKey(key.key, name(), revocation(key)));
        }
        manifest_changes(before, key, changes);
        schedule_changes(before, key, changes);
    }
    for key in was.keys.iter().filter(|key| now.keys.iter().all(|kept| kept.key != key.key)) {
        changes.push(Change::KeyRemoved(key.key, name()));
    }
}

/// As for keys of manifests: one schedule may stand with several issuer keys.
fn schedule_changes(was: &ListedKey, now: &ListedKey, changes: &mut Vec<Change>) {
    let schedule = |key: &ListedKey| key.revocation.as_ref().and_then(|revocation| revocation.schedule);
    let change = Change::Schedule(schedule(now));
    if schedule(was) != schedule(now) && !changes.contains(&change) {
        changes.push(change);
    }
}

/// The same keys may stand with several issuer keys: each change is told once.
fn manifest_changes(was: &ListedKey, now: &ListedKey, changes: &mut Vec<Change>) {
    let keys = |key: &ListedKey| -> BTreeSet<DocumentKey> {
        key.revocation.iter().flat_map(|revocation| revocation.manifests.clone()).collect()
    };
    let (was, now) = (keys(was), keys(now));
    let added = now.difference(&was).copied().map(Change::ManifestKeyAdded);
    for change in added.chain(was.difference(&now).copied().map(Change::ManifestKeyRemoved)) {
        if !changes.contains(&change) {
            changes.push(change);
        }
    }
}
