//! Forgetting what has expired.

use redb::{ReadableTable, WriteTransaction};

use super::tables::{OFFER_EXPIRIES, OFFERS, OUTCOMES, REQUEST_EXPIRIES, REQUESTS};
use super::{Change, Store, StoreError};

impl Store {
    /// Forgets at most `most` offers and as many requests, those that expired first; says how many it forgot.
    pub(crate) async fn purge(&self, now: u64, most: usize) -> Result<usize, StoreError> {
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

#[cfg(test)]
mod tests {
    use glimpse_circuits::request::Nonce;

    use super::*;
    use crate::ids::{Fingerprint, Id};

    #[actix_web::test]
    async fn the_oldest_go_first_and_no_more_than_allowed() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path()).unwrap();
        for i in 0..5u8 {
            store.add_offer(Fingerprint::of(&[i]), Id::random(), Nonce([i; 32]), u64::from(i)).await.unwrap();
        }
        assert_eq!(store.purge(2, 2).await.unwrap(), 2);
        assert_eq!(store.purge(2, 2).await.unwrap(), 1);
        assert_eq!(store.purge(2, 2).await.unwrap(), 0);
        assert_eq!(store.purge(u64::MAX, 100).await.unwrap(), 2);
    }
}
