//! Imports, and the licences that come with them.

use std::collections::HashMap;

use redis::cmd;

use super::RedisStore;
use super::plan::{Plan, text};
use super::scripts::Ask;
use crate::store::StoreError;
use crate::store::imports::{ImportRecord, StoredImport};
use crate::store::licences::LicenceUpdate;
use crate::store::records::from_json;

impl RedisStore {
    pub(super) async fn insert_import(
        &self,
        name: &str,
        import: &ImportRecord,
    ) -> Result<ImportRecord, StoreError> {
        let record = text("imports", import)?;
        let ask = Ask::write(cmd("HSETNX").arg(self.keys.imports()).arg(name).arg(record));
        let _new: u32 = self.ask(ask).await?;
        let found = self.find_import(name).await?;
        found.map(|found| found.record).ok_or(StoreError::Record("imports"))
    }

    pub(super) async fn find_import(&self, name: &str) -> Result<Option<StoredImport>, StoreError> {
        let record: Option<Vec<u8>> =
            self.ask(Ask::read(cmd("HGET").arg(self.keys.imports()).arg(name))).await?;
        let Some(record) = record else { return Ok(None) };
        let registered: Option<u64> =
            self.ask(Ask::read(cmd("HGET").arg(self.keys.imported()).arg(name))).await?;
        let record = from_json("imports", &record)?;
        Ok(Some(StoredImport { record, registered: registered.unwrap_or(0) }))
    }

    pub(super) async fn list_imports(&self) -> Result<Vec<(String, StoredImport)>, StoreError> {
        let records: Vec<(String, Vec<u8>)> =
            self.ask(Ask::read(cmd("HGETALL").arg(self.keys.imports()))).await?;
        let registered: HashMap<String, u64> =
            self.ask(Ask::read(cmd("HGETALL").arg(self.keys.imported()))).await?;
        let mut found = Vec::with_capacity(records.len());
        for (name, record) in records {
            let registered = registered.get(&name).copied().unwrap_or(0);
            let record = from_json("imports", &record)?;
            found.push((name, StoredImport { record, registered }));
        }
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(found)
    }

    /// A plan rests on all of its licences being new, so its writing that so many more are registered is true. If some are
    /// there, because this was done before or by somebody else meanwhile, the plan is made again for the others.
    pub(super) async fn insert_imported(
        &self,
        name: &str,
        mut licences: Vec<LicenceUpdate>,
    ) -> Result<(), StoreError> {
        while !licences.is_empty() {
            let mut plan = Plan::after(0);
            licences.iter().try_for_each(|licence| plan.update(&self.keys, licence))?;
            plan.write("HINCRBY", self.keys.imported(), &[name, &licences.len().to_string()]);
            if self.carry_out(&plan).await? {
                break;
            }
            licences = self.not_made(&licences).await?;
        }
        Ok(())
    }
}
