//! What of published lists is kept in memory, so that the store is not asked for the same again and again.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::web::Bytes;

use crate::issuer::IssuerRole;
use crate::store::StoreError;
use crate::store::licences::ListId;

/// Most bytes of buckets. A bucket that wallets take has 5 MiB at most.
const MOST_BYTES: usize = 64 << 20;

/// The newest version of a list, as it goes out.
pub(crate) struct Newest {
    pub(crate) version: u64,
    pub(crate) next: u64,
    pub(crate) manifest: Bytes,
}

/// Newest versions and buckets that were asked for.
#[derive(Default)]
pub(crate) struct Kept {
    newest: Mutex<BTreeMap<ListId, Arc<Newest>>>,
    buckets: Mutex<Buckets>,
}

/// A bucket of a version of a list.
type Place = (ListId, u64, u32);

#[derive(Default)]
struct Buckets {
    found: BTreeMap<Place, Bytes>,
    /// The one that came first goes first.
    order: VecDeque<Place>,
    bytes: usize,
}

impl Buckets {
    fn keep(&mut self, place: Place, bytes: Bytes) {
        if bytes.len() > MOST_BYTES || self.found.contains_key(&place) {
            return;
        }
        self.bytes += bytes.len();
        self.found.insert(place, bytes);
        self.order.push_back(place);
        while self.bytes > MOST_BYTES {
            let gone = self.order.pop_front().and_then(|first| self.found.remove(&first));
            self.bytes -= gone.map_or(0, |bytes| bytes.len());
        }
    }
}

impl IssuerRole {
    /// The newest version of a list. Which one that is the store says each time.
    pub(crate) async fn newest(&self, list: ListId) -> Result<Option<Arc<Newest>>, StoreError> {
        let published = self.shared.store.list_head(list).await?.published;
        if let Some(kept) = held(&self.kept.newest).get(&list).filter(|kept| kept.version == published) {
            return Ok(Some(kept.clone()));
        }
        let Some(found) = self.shared.store.published_version(list).await? else { return Ok(None) };
        let (version, issued_at, next) = (found.version, found.issued_at, found.next);
        let newest = Arc::new(Newest { version, next, manifest: found.manifest.into() });
        self.shared.metrics.revocation.published(&self.profile_name(&list.schema), issued_at, next);
        held(&self.kept.newest).insert(list, newest.clone());
        Ok(Some(newest))
    }

    /// A bucket of a published version. Its bytes never change.
    pub(crate) async fn bucket(
        &self,
        list: ListId,
        version: u64,
        bucket: u32,
    ) -> Result<Option<Bytes>, StoreError> {
        let place = (list, version, bucket);
        if let Some(kept) = held(&self.kept.buckets).found.get(&place) {
            return Ok(Some(kept.clone()));
        }
        let found = self.shared.store.bucket(list, version, bucket).await?.map(Bytes::from);
        if let Some(bytes) = &found {
            held(&self.kept.buckets).keep(place, bytes.clone());
        }
        Ok(found)
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use glimpse_circuits::schema::SchemaDigest;

    use super::*;

    #[test]
    fn no_more_than_so_many_bytes_are_kept() {
        let list = ListId { key: [1; 32], schema: SchemaDigest([2; 32]) };
        let (mut buckets, quarter) = (Buckets::default(), Bytes::from(vec![7; MOST_BYTES / 4]));
        for bucket in 0..6 {
            buckets.keep((list, 1, bucket), quarter.clone());
            // Not counted twice.
            buckets.keep((list, 1, bucket), quarter.clone());
        }
        assert_eq!(buckets.bytes, MOST_BYTES);
        let kept: Vec<_> = buckets.found.keys().map(|(_, _, bucket)| *bucket).collect();
        assert_eq!((kept, buckets.order.len()), (vec![2, 3, 4, 5], 4));
        buckets.keep((list, 2, 0), Bytes::from(vec![0; MOST_BYTES + 1]));
        assert!(!buckets.found.contains_key(&(list, 2, 0)));
        buckets.keep((list, 2, 1), Bytes::from(vec![0; MOST_BYTES]));
        assert_eq!((buckets.found.len(), buckets.order.len(), buckets.bytes), (1, 1, MOST_BYTES));
    }
}
