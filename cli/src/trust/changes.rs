//! What is different in the next list, in words.

use glimpse_trust::TrustListDocument;
use glimpse_trust::list::{ListedIssuer, ListedKey};

use super::{moment, short, shorts};

/// Each difference, and nothing if there is none.
pub(super) fn changes(old: &TrustListDocument, new: &TrustListDocument) -> Vec<String> {
    let mut said = Vec::new();
    if old.version != new.version {
        said.push(format!("version {} instead of {}", new.version, old.version));
    }
    if old.name != new.name {
        said.push(format!("the list is called {} / {}", new.name.zh_cn, new.name.en));
    }
    if old.expires_at != new.expires_at {
        let (new, old) = (moment::show(new.expires_at), moment::show(old.expires_at));
        said.push(format!("good until {new} instead of {old}"));
    }
    if old.roots != new.roots {
        let (new, old) = (&new.roots, &old.roots);
        let (now, before) = (shorts(&new.keys), shorts(&old.keys));
        said.push(format!("roots: {} of {now} instead of {} of {before}", new.threshold, old.threshold));
    }
    for issuer in &old.issuers {
        if find(&new.issuers, &issuer.id).is_none() {
            said.push(format!("{}: no longer listed", issuer.id));
        }
    }
    for issuer in &new.issuers {
        match find(&old.issuers, &issuer.id) {
            None => said.push(format!("{}: new, {} keys", issuer.id, issuer.keys.len())),
            Some(before) => issuer_changes(before, issuer, &mut said),
        }
    }
    if said.is_empty() && old != new {
        said.push("the order is another one, or the moment of issue".to_owned());
    }
    said
}

fn issuer_changes(old: &ListedIssuer, new: &ListedIssuer, said: &mut Vec<String>) {
    let mut say = |what: String| said.push(format!("{}: {what}", new.id));
    if old.name != new.name {
        say(format!("called {} / {}", new.name.zh_cn, new.name.en));
    }
    if old.regions != new.regions {
        say(format!("regions {} instead of {}", new.regions.join(", "), old.regions.join(", ")));
    }
    if old.uri != new.uri {
        say(format!("found at {} instead of {}", new.uri, old.uri));
    }
    let same = |one: &ListedKey, keys: &[ListedKey]| keys.iter().find(|key| key.key == one.key).cloned();
    for key in old.keys.iter().filter(|key| same(key, &new.keys).is_none()) {
        say(format!("key {} no longer listed", short(&key.key)));
    }
    for key in &new.keys {
        let (name, accepted) = (short(&key.key), validity(key));
        match same(key, &old.keys) {
            None => say(format!("new key {name}, accepted {accepted}")),
            Some(before) => {
                if before.accepted != key.accepted {
                    say(format!("key {name} accepted {accepted} instead of {}", validity(&before)));
                }
                if before.schemas != key.schemas {
                    let (now, then) = (key.schemas.len(), before.schemas.len());
                    say(format!("key {name} for other licences: {now} instead of {then}"));
                }
                if before.revocation != key.revocation {
                    say(format!("key {name} with other keys of its revocation lists"));
                }
            }
        }
    }
}

fn find<'a>(issuers: &'a [ListedIssuer], id: &str) -> Option<&'a ListedIssuer> {
    issuers.iter().find(|issuer| issuer.id == id)
}

fn validity(key: &ListedKey) -> String {
    format!("from {} until {}", moment::show(key.accepted.from), moment::show(key.accepted.until))
}
