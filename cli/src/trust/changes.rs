//! What is different in the next list, in words.

use glimpse_trust::TrustListDocument;
use glimpse_trust::list::{ListedIssuer, ListedKey};

use super::show::licence;
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
            None => {
                let ListedIssuer { id, name, regions, uri, keys } = issuer;
                let regions = regions.join(", ");
                said.push(format!(
                    "{id}: new, called {} / {}, regions {regions}, found at {uri}",
                    name.zh_cn, name.en
                ));
                said.extend(keys.iter().map(|key| format!("{id}: {}", whole(key))));
            }
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
            None => say(whole(key)),
            Some(before) => {
                if before.accepted != key.accepted {
                    say(format!("key {name} accepted {accepted} instead of {}", validity(&before)));
                }
                for schema in key.schemas.iter().filter(|it| !before.schemas.contains(it)) {
                    say(format!("key {name} for {} too", licence(schema)));
                }
                for schema in before.schemas.iter().filter(|it| !key.schemas.contains(it)) {
                    say(format!("key {name} no longer for {}", licence(schema)));
                }
                if before.revocation != key.revocation {
                    say(format!("key {name} with {}", lists(key)));
                }
            }
        }
    }
}

/// Everything that is said of a key, for who is to sign it.
fn whole(key: &ListedKey) -> String {
    let schemas = key.schemas.iter().map(licence).collect::<Vec<_>>().join(", ");
    format!("new key {}, accepted {}, for {schemas}, with {}", key.key, validity(key), lists(key))
}

fn lists(key: &ListedKey) -> String {
    let Some(revocation) = &key.revocation else { return "no revocation lists".to_owned() };
    let manifests = revocation.manifests.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    format!("revocation lists under {}, whose manifests {manifests} sign", revocation.key)
}

fn find<'a>(issuers: &'a [ListedIssuer], id: &str) -> Option<&'a ListedIssuer> {
    issuers.iter().find(|issuer| issuer.id == id)
}

fn validity(key: &ListedKey) -> String {
    format!("from {} until {}", moment::show(key.accepted.from), moment::show(key.accepted.until))
}
