//! Compiled relations of requests that are about to be answered.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use glimpse_circuits::relation::Relation;

use crate::ids::Id;

/// A bounded cache in two generations: what was not used while the young one filled up is dropped.
pub(super) struct RelationCache {
    generations: Mutex<Generations>,
    most: usize,
}

#[derive(Default)]
struct Generations {
    young: HashMap<Id, Arc<Relation>>,
    old: HashMap<Id, Arc<Relation>>,
}

impl RelationCache {
    /// Keeps at most `most` relations.
    pub(super) fn new(most: usize) -> Self {
        Self { generations: Mutex::default(), most }
    }

    /// The relation of a request, if it is at hand.
    pub(super) fn get(&self, id: &Id) -> Option<Arc<Relation>> {
        let mut generations = self.lock();
        if let Some(relation) = generations.young.get(id) {
            return Some(relation.clone());
        }
        let relation = generations.old.remove(id)?;
        self.put(&mut generations, *id, relation.clone());
        Some(relation)
    }

    /// Takes a relation in.
    pub(super) fn insert(&self, id: Id, relation: Arc<Relation>) {
        self.put(&mut self.lock(), id, relation);
    }

    /// Lets a relation go that is not needed any more.
    pub(super) fn remove(&self, id: &Id) {
        let mut generations = self.lock();
        generations.young.remove(id);
        generations.old.remove(id);
    }

    fn put(&self, generations: &mut Generations, id: Id, relation: Arc<Relation>) {
        if generations.young.len() >= self.most / 2 {
            generations.old = mem::take(&mut generations.young);
        }
        generations.young.insert(id, relation);
    }

    /// A panic cannot leave the maps in disorder: at worst a relation is missing and compiled again.
    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
