//! Licences, their events, and the catalogue of them.

use glimpse_api::{LicenceEvent, Stage};
use glimpse_circuits::schema::SchemaDigest;
use redb::{ReadableTable, Table, WriteTransaction};

use super::tables::{CATALOGUE, COUNTS, EVENTS, HOLDERS, LICENCES, REGISTRATIONS, WITHHELD};
use super::{Change, RedbStore};
use crate::ids::{Fingerprint, Id};
use crate::store::StoreError;
use crate::store::licences::{HolderUpdate, LicenceRecord, LicenceUpdate, Place, Updated};
use crate::store::records::{from_json, to_json};

impl RedbStore {
    pub(super) async fn find_licence(&self, id: Id) -> Result<Option<LicenceRecord>, StoreError> {
        self.read(move |transaction| {
            let record = transaction.open_table(LICENCES)?.get(&id.0)?;
            record.map(|record| from_json("licences", record.value())).transpose()
        })
        .await
    }

    pub(super) async fn change_licences(&self, updates: Vec<LicenceUpdate>) -> Result<Updated, StoreError> {
        self.write(move |transaction| update(transaction, &updates)).await
    }

    pub(super) async fn change_holder(&self, change: HolderUpdate) -> Result<Updated, StoreError> {
        self.write(move |transaction| {
            let found = holdings(&transaction.open_table(HOLDERS)?, &change.holder)?.len();
            if found != change.licences {
                return Ok(Change::Nothing(Updated::Changed));
            }
            let updated = update(transaction, &change.updates)?;
            // Whoever has nothing but what has ended changes wallets too. A repetition forgets nothing that came after it.
            if !change.updates.is_empty() && !matches!(updated, Change::Keep(_)) {
                return Ok(updated);
            }
            transaction.open_table(REGISTRATIONS)?.remove((&change.key, &change.holder.0))?;
            Ok(Change::Keep(Updated::Done))
        })
        .await
    }

    pub(super) async fn find_licences_of(&self, holder: Fingerprint) -> Result<Vec<Id>, StoreError> {
        self.read(move |transaction| holdings(&transaction.open_table(HOLDERS)?, &holder)).await
    }

    pub(super) async fn find_events(&self, id: Id) -> Result<Vec<LicenceEvent>, StoreError> {
        self.read(move |transaction| {
            let events = transaction.open_table(EVENTS)?;
            let found = events.range((&id.0, 0)..=(&id.0, u64::MAX))?;
            found.map(|entry| from_json("events", entry?.1.value())).collect()
        })
        .await
    }

    pub(super) async fn count_licences(&self) -> Result<Vec<(Place, u64)>, StoreError> {
        self.read(|transaction| {
            let counts = transaction.open_table(COUNTS)?;
            let mut found = Vec::new();
            for entry in counts.iter()? {
                let (key, count) = entry?;
                let (schema, stage, version) = key.value();
                let stage = Stage::ALL.get(usize::from(stage)).ok_or(StoreError::Record("counts"))?;
                found.push((Place { schema: SchemaDigest(*schema), stage: *stage, version }, count.value()));
            }
            Ok(found)
        })
        .await
    }

    pub(super) async fn list_licences(
        &self,
        schema: SchemaDigest,
        stage: Stage,
        after: Option<Id>,
        most: usize,
    ) -> Result<Vec<Id>, StoreError> {
        self.read(move |transaction| {
            let catalogue = transaction.open_table(CATALOGUE)?;
            let from = after.unwrap_or(Id([0; 16]));
            let range = (&schema.0, stage as u8, &from.0)..=(&schema.0, stage as u8, &[0xff; 16]);
            let found = catalogue.range(range)?.map(|entry| Ok(Id(*entry?.0.value().2)));
            let found = found.filter(|id| !matches!(id, Ok(id) if Some(*id) == after));
            found.take(most).collect()
        })
        .await
    }
}

fn holdings(
    holders: &impl ReadableTable<(&'static [u8; 32], &'static [u8; 16]), ()>,
    holder: &Fingerprint,
) -> Result<Vec<Id>, StoreError> {
    let found = holders.range((&holder.0, &[0; 16])..=(&holder.0, &[0xff; 16]))?;
    found.map(|entry| Ok(Id(*entry?.0.value().1))).collect()
}

/// What is to be done with one update.
enum Step {
    Make,
    /// The same update was made before, or the new licence is there.
    Made,
    Refuse,
}

/// Makes all of them, or none.
pub(super) fn update(
    transaction: &WriteTransaction,
    updates: &[LicenceUpdate],
) -> Result<Change<Updated>, StoreError> {
    let mut licences = transaction.open_table(LICENCES)?;
    let mut to_make = Vec::with_capacity(updates.len());
    for update in updates {
        match step(&licences, update)? {
            Step::Make => to_make.push(update),
            Step::Made => {}
            Step::Refuse => return Ok(Change::Nothing(Updated::Changed)),
        }
    }
    if to_make.is_empty() {
        return Ok(Change::Nothing(Updated::Done));
    }
    let mut events = transaction.open_table(EVENTS)?;
    let mut holders = transaction.open_table(HOLDERS)?;
    let mut catalogue = transaction.open_table(CATALOGUE)?;
    let mut counts = transaction.open_table(COUNTS)?;
    let mut withheld = transaction.open_table(WITHHELD)?;
    for LicenceUpdate { id, from, licence, event, withhold, restore } in to_make {
        licences.insert(&id.0, to_json("licences", licence)?.as_slice())?;
        events.insert((&id.0, licence.standing.revision), to_json("events", event)?.as_slice())?;
        match from {
            None => {
                holders.insert((&licence.holder_reference().0, &id.0), ())?;
            }
            Some((_, place)) => {
                catalogue.remove((&place.schema.0, place.stage as u8, &id.0))?;
                count(&mut counts, place, |count| count.saturating_sub(1))?;
            }
        }
        let place = licence.place();
        catalogue.insert((&place.schema.0, place.stage as u8, &id.0), ())?;
        count(&mut counts, &place, |count| count + 1)?;
        for one in restore {
            withheld.remove((&one.list.key, &one.list.schema.0, one.handle))?;
        }
        for one in withhold {
            withheld.insert((&one.list.key, &one.list.schema.0, one.handle), ())?;
        }
    }
    Ok(Change::Keep(Updated::Done))
}

fn step(
    licences: &impl ReadableTable<&'static [u8; 16], &'static [u8]>,
    update: &LicenceUpdate,
) -> Result<Step, StoreError> {
    let found = licences.get(&update.id.0)?;
    let Some(from) = update.from else {
        return Ok(if found.is_none() { Step::Make } else { Step::Made });
    };
    let found = found.ok_or(StoreError::Record("licences"))?;
    let standing = from_json::<LicenceRecord>("licences", found.value())?.standing;
    Ok(if standing.revision == from.0 {
        Step::Make
    } else if standing.change == update.licence.standing.change {
        Step::Made
    } else {
        Step::Refuse
    })
}

fn count(
    counts: &mut Table<'_, (&'static [u8; 32], u8, u32), u64>,
    place: &Place,
    change: impl Fn(u64) -> u64,
) -> Result<(), StoreError> {
    let at = (&place.schema.0, place.stage as u8, place.version);
    let before = counts.get(at)?.map_or(0, |count| count.value());
    match change(before) {
        0 => drop(counts.remove(at)?),
        after => drop(counts.insert(at, after)?),
    }
    Ok(())
}
