//! Licences, their events, and the catalogue of them.

use glimpse_api::{LicenceEvent, Stage};
use glimpse_circuits::schema::SchemaDigest;
use redis::cmd;

use super::plan::Plan;
use super::scripts::{Ask, CARRY_OUT, CHANGES};
use super::{RedisStore, damaged};
use crate::ids::{Fingerprint, Id};
use crate::store::StoreError;
use crate::store::licences::{HolderUpdate, LicenceRecord, LicenceUpdate, Place, Updated};
use crate::store::records::from_json;

impl RedisStore {
    pub(super) async fn find_licence(&self, id: Id) -> Result<Option<LicenceRecord>, StoreError> {
        let ask = Ask::read(cmd("HGET").arg(self.keys.licence(id)).arg("record"));
        let record: Option<Vec<u8>> = self.ask(ask).await?;
        record.map(|record| from_json("licences", &record)).transpose()
    }

    pub(super) async fn change_licences(
        &self,
        mut updates: Vec<LicenceUpdate>,
    ) -> Result<Updated, StoreError> {
        while !updates.is_empty() {
            let mut plan = Plan::after(0);
            updates.iter().try_for_each(|update| plan.update(&self.keys, update))?;
            if self.carry_out(&plan).await? {
                break;
            }
            // What was made before need not be made again.
            let left = self.not_made(&updates).await?;
            if left.len() == updates.len() {
                return Ok(Updated::Changed);
            }
            updates = left;
        }
        Ok(Updated::Done)
    }

    pub(super) async fn change_holder(&self, change: HolderUpdate) -> Result<Updated, StoreError> {
        let mut plan = Plan::after(0);
        plan.expect("SCARD", self.keys.holder(change.holder), &[], &change.licences.to_string());
        change.updates.iter().try_for_each(|update| plan.update(&self.keys, update))?;
        // The field is 32 bytes, which JSON has no place for.
        let registrations = self.keys.registrations(&change.key);
        plan.write("HDEL", registrations, &[&hex::encode(change.holder.0)]);
        if self.carry_out(&plan).await? {
            return Ok(Updated::Done);
        }
        let made = !change.updates.is_empty() && self.not_made(&change.updates).await?.is_empty();
        Ok(if made { Updated::Done } else { Updated::Changed })
    }

    /// Whether a plan was carried out.
    pub(super) async fn carry_out(&self, plan: &Plan) -> Result<bool, StoreError> {
        self.ask(CARRY_OUT.ask(plan.keys(), &[plan.text().as_bytes()])).await
    }

    /// Those updates that were not made before.
    pub(super) async fn not_made(&self, updates: &[LicenceUpdate]) -> Result<Vec<LicenceUpdate>, StoreError> {
        let keys: Vec<_> = updates.iter().map(|update| self.keys.licence(update.id)).collect();
        let found: Vec<String> = self.ask(CHANGES.ask(&keys, &[])).await?;
        let was_made = |(update, change): (&LicenceUpdate, &String)| match update.from {
            None => !change.is_empty(),
            Some(_) => *change == update.licence.standing.change.text(),
        };
        let left = updates.iter().zip(&found).filter(|pair| !was_made(*pair));
        Ok(left.map(|(update, _)| update.clone()).collect())
    }

    pub(super) async fn find_licences_of(&self, holder: Fingerprint) -> Result<Vec<Id>, StoreError> {
        let found: Vec<String> = self.ask(Ask::read(cmd("SMEMBERS").arg(self.keys.holder(holder)))).await?;
        let mut ids = ids(found, "holders")?;
        ids.sort_unstable();
        Ok(ids)
    }

    pub(super) async fn find_events(&self, id: Id) -> Result<Vec<LicenceEvent>, StoreError> {
        let ask = Ask::read(cmd("LRANGE").arg(self.keys.events(id)).arg(0).arg(-1));
        let found: Vec<Vec<u8>> = self.ask(ask).await?;
        found.iter().map(|event| from_json("events", event)).collect()
    }

    pub(super) async fn count_licences(&self) -> Result<Vec<(Place, u64)>, StoreError> {
        let found: Vec<(String, i64)> = self.ask(Ask::read(cmd("HGETALL").arg(self.keys.counts()))).await?;
        let mut counts = Vec::with_capacity(found.len());
        for (field, count) in found {
            let place = place(&field).ok_or(damaged("counts"))?;
            if let Ok(count @ 1..) = u64::try_from(count) {
                counts.push((place, count));
            }
        }
        counts.sort_unstable();
        Ok(counts)
    }

    pub(super) async fn list_licences(
        &self,
        schema: SchemaDigest,
        stage: Stage,
        after: Option<Id>,
        most: usize,
    ) -> Result<Vec<Id>, StoreError> {
        let from = after.map_or_else(|| "-".to_owned(), |id| format!("({}", id.text()));
        let key = self.keys.catalogued(&schema, stage);
        let mut command = cmd("ZRANGEBYLEX");
        command.arg(key).arg(from).arg("+").arg("LIMIT").arg(0).arg(most);
        let found: Vec<String> = self.ask(Ask::read(&command)).await?;
        ids(found, "catalogue")
    }
}

fn ids(texts: Vec<String>, table: &'static str) -> Result<Vec<Id>, StoreError> {
    texts.iter().map(|text| Id::parse(text).ok_or(damaged(table))).collect()
}

fn place(field: &str) -> Option<Place> {
    let mut parts = field.split(':');
    let (schema, stage, version) = (parts.next()?, parts.next()?, parts.next()?);
    let stage = Stage::ALL.into_iter().find(|known| known.name() == stage)?;
    Some(Place { schema: schema.parse().ok()?, stage, version: version.parse().ok()? })
}
