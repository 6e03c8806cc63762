//! What was acknowledged, kept outside the service, and what was found to be wrong.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use glimpse_benches::nodes::{Answer, Call};
use serde::Serialize;

use crate::caller::Caller;
use crate::scene::Scene;

/// Threads that hold the ledger against the service.
const CHECKERS: usize = 4;

/// What was acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Licence,
    Offer,
    Credential,
    Request,
    Decision,
    /// That something else was decided or issued before.
    Refusal,
}

const KINDS: [Kind; 6] =
    [Kind::Licence, Kind::Offer, Kind::Credential, Kind::Request, Kind::Decision, Kind::Refusal];

/// What must not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Breach {
    /// Something that was acknowledged is not there any more, or not the same.
    Lost,
    /// An offer gave two credentials, a request took two presentations, an exchange answered two challenges, a handle
    /// was given out twice.
    DoubleUse,
    /// Sent again and again, and never answered.
    Unanswered,
    /// An answer that there was no reason for.
    Wrong,
    /// Something came back, and a node took too long to notice.
    Slow,
    /// What needs no store was not answered by a node that was there.
    Stateless,
}

/// An acknowledgement: whoever makes this call is answered so.
struct Entry {
    kind: Kind,
    call: Call,
    status: u16,
    body: Option<Vec<u8>>,
    /// Counted as broken.
    is_broken: AtomicBool,
}

/// All acknowledgements and breaches.
#[derive(Default)]
pub(crate) struct Ledger {
    entries: Mutex<Vec<Arc<Entry>>>,
    handles: Mutex<HashSet<u32>>,
    breaches: Mutex<BTreeMap<(Breach, String), u64>>,
}

impl Ledger {
    /// Remembers that a call was answered so, and will be; the body too, if it must stay the same.
    pub(crate) fn add(&self, kind: Kind, call: Call, status: u16, body: Option<&Answer>) {
        let body = body.map(|answer| answer.body.clone());
        let entry = Entry { kind, call, status, body, is_broken: AtomicBool::new(false) };
        lock(&self.entries).push(Arc::new(entry));
    }

    /// A revocation handle was given out.
    pub(crate) fn add_handle(&self, handle: u32) {
        if !lock(&self.handles).insert(handle) {
            self.breach(Breach::DoubleUse, "a handle was given out twice".to_owned());
        }
    }

    pub(crate) fn breach(&self, breach: Breach, what: String) {
        *lock(&self.breaches).entry((breach, what)).or_default() += 1;
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.entries).len()
    }

    /// How many breaches there were so far.
    pub(crate) fn breaches(&self) -> u64 {
        lock(&self.breaches).values().sum()
    }

    /// What they were.
    pub(crate) fn all_breaches(&self) -> Vec<(Breach, String, u64)> {
        let breaches = lock(&self.breaches);
        breaches.iter().map(|((breach, what), count)| (*breach, what.clone(), *count)).collect()
    }

    /// How many acknowledgements there are of each kind.
    pub(crate) fn counts(&self) -> BTreeMap<Kind, usize> {
        let mut counts: BTreeMap<_, _> = KINDS.map(|kind| (kind, 0)).into();
        lock(&self.entries).iter().for_each(|entry| *counts.entry(entry.kind).or_default() += 1);
        counts
    }

    /// A run in which some kind of thing was never acknowledged shows nothing.
    pub(crate) fn check_counts(&self) {
        for (kind, _) in self.counts().into_iter().filter(|(_, count)| *count == 0) {
            self.breach(Breach::Wrong, format!("no {kind} was acknowledged in the whole run"));
        }
    }

    /// Holds the entries from one on against the service, at its nodes in turns. Returns how many there are.
    pub(crate) fn check_from(&self, scene: &Scene, first: usize) -> usize {
        let entries = lock(&self.entries)[first..].to_vec();
        let next = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..CHECKERS {
                scope.spawn(|| {
                    let caller = Caller::new(scene);
                    while let Some(entry) = entries.get(next.fetch_add(1, Ordering::Relaxed)) {
                        self.check(&caller, entry);
                    }
                });
            }
        });
        first + entries.len()
    }

    fn check(&self, caller: &Caller<'_>, entry: &Entry) {
        let Some(answer) = caller.insist(&entry.call) else { return };
        let is_same = entry.body.as_ref().is_none_or(|body| *body == answer.body);
        if (answer.status == entry.status && is_same) || entry.is_broken.swap(true, Ordering::Relaxed) {
            return;
        }
        let (kind, before, now) = (entry.kind, entry.status, answer.status);
        let what = match before == now {
            true => format!("{kind}: another answer than before"),
            false => format!("{kind}: answered {now}, before {before}"),
        };
        // What was used by somebody else is used again, or gives something else to the same.
        if answer.status == 200 && matches!(kind, Kind::Refusal | Kind::Credential) {
            self.breach(Breach::DoubleUse, what.clone());
        }
        if kind != Kind::Refusal {
            self.breach(Breach::Lost, what);
        } else if answer.status != 200 {
            self.breach(Breach::Wrong, what);
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Licence => "licence",
            Self::Offer => "offer",
            Self::Credential => "credential",
            Self::Request => "request",
            Self::Decision => "decision",
            Self::Refusal => "refusal of a second use",
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
