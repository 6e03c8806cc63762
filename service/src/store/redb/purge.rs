//! Forgetting what has expired.

use redb::{ReadableTable, WriteTransaction};

use super::tables::{OFFER_EXPIRIES, OFFERS, OUTCOMES, REQUEST_EXPIRIES, REQUESTS};
use super::{Change, RedbStore};
use crate::store::StoreError;

impl RedbStore {
    pub(super) async fn purge_expired(&self, now: u64, most: usize) -> Result<usize, StoreError> {
        self.write(move |transaction| {
            let forgotten = offers(transaction, now, most)? + requests(transaction, now, most)?;
            Ok(if forgotten == 0 { Change::Nothing(0) } else { Change::Keep(forgotten) })
        })
        .await
    }
}

fn offers(transaction: &WriteTransaction, now: u64, most: usize) -> Result<usize, StoreError> {
    let (mut expiries, mut offers) =
        (transaction.open_table(OFFER_EXPIRIES)?, transaction.open_table(OFFERS)?);
    let mut due = Vec::new();
    for entry in expiries.range(..=(now, &[0xff; 32]))?.take(most) {
        let (key, _) = entry?;
        let (moment, code) = key.value();
        due.push((moment, *code));
    }
    for (moment, code) in &due {
        expiries.remove((*moment, code))?;
        offers.remove(code)?;
    }
    Ok(due.len())
}

fn requests(transaction: &WriteTransaction, now: u64, most: usize) -> Result<usize, StoreError> {
    let mut expiries = transaction.open_table(REQUEST_EXPIRIES)?;
    let (mut requests, mut outcomes) = (transaction.open_table(REQUESTS)?, transaction.open_table(OUTCOMES)?);
    let mut due = Vec::new();
    for entry in expiries.range(..=(now, &[0xff; 16]))?.take(most) {
        let (key, _) = entry?;
        let (moment, id) = key.value();
        due.push((moment, *id));
    }
    for (moment, id) in &due {
        expiries.remove((*moment, id))?;
        requests.remove(id)?;
        outcomes.remove(id)?;
    }
    Ok(due.len())
}
