//! Publishing versions of revocation lists, on a period or when the administrator wants it.
//!
//! A version's moment is put down in the store before anything is signed for it, and is never given to another version:
//! of two lists for one moment, whoever is revoked in one could show the other. A version that was begun and not
//! finished, since its node died, is left behind, and the next one has the next moment: with a schedule, that of the next
//! period.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::time::interval;
use glimpse_circuits::interval::MOMENT_SECONDS;
use glimpse_circuits::key::IssuerPublicKey;
use glimpse_circuits::schedule::Schedule;
use glimpse_circuits::schema::{Binding, Schema};
use glimpse_issuer::{DocumentSecretKey, IntervalSigner, IssuerSecretKey, VersionPlan, build_version};
use rand_core::OsRng;
use tokio::sync::{Mutex, MutexGuard, mpsc};
use tokio::task::spawn_blocking;

use crate::config::RevocationConfig;
use crate::error::ApiError;
use crate::issuer::IssuerRole;
use crate::store::StoreError;
use crate::store::licences::ListId;
use crate::store::lists::{ListHead, ListKeys, PublishedVersion};

/// How often a node looks whether a version is due.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Handles that are read at once.
const PAGE: usize = 1 << 16;
/// Buckets that are signed and not kept yet.
const BUCKETS_AHEAD: usize = 4;
/// How long a version that was begun is waited for, at most, before another node begins the next.
const PATIENCE_SECONDS: u64 = 300;
/// A bucket of more intervals than this grows too large for wallets before long.
const MANY_INTERVALS: usize = 50_000;
/// Moments that are beyond it come of a clock that is out of order: the year 36812.
const LAST_MOMENT: u64 = 1 << 40;

/// What an issuer's revocation lists are made with.
pub(crate) struct Revocation {
    key: Arc<IssuerSecretKey>,
    manifest_key: DocumentSecretKey,
    period: u64,
    /// When versions come, where wallets may rely on it.
    schedule: Option<Schedule>,
    prefix_bits: u8,
    /// One version at a time is built here.
    publishing: Mutex<()>,
}

impl Revocation {
    /// Lists under these keys.
    pub(crate) fn new(
        config: &RevocationConfig,
        key: IssuerSecretKey,
        manifest_key: DocumentSecretKey,
    ) -> Self {
        let RevocationConfig { period, fixed, prefix_bits, .. } = *config;
        let schedule = Schedule::every(period).filter(|_| fixed);
        Self { key: Arc::new(key), manifest_key, period, schedule, prefix_bits, publishing: Mutex::new(()) }
    }

    /// W's secret.
    pub(crate) fn key(&self) -> &Arc<IssuerSecretKey> {
        &self.key
    }

    /// The key that manifests are signed with.
    pub(crate) fn manifest_key(&self) -> &DocumentSecretKey {
        &self.manifest_key
    }

    /// When versions come, where wallets may rely on it.
    pub(crate) fn schedule(&self) -> Option<Schedule> {
        self.schedule
    }

    /// The moment of a version that is begun now.
    fn moment(&self, now: u64) -> u64 {
        self.schedule.map_or(now - now % MOMENT_SECONDS, |schedule| schedule.moment(now))
    }

    /// Seconds from one moment to the next possible one.
    fn step(&self) -> u64 {
        self.schedule.map_or(MOMENT_SECONDS, Schedule::seconds)
    }

    /// Whether another version is due.
    fn is_due(&self, head: &ListHead, patience: u64, now: u64) -> bool {
        match self.schedule {
            Some(schedule) => head.issued_at < schedule.moment(now),
            None => due(head, self.period, patience, now),
        }
    }

    /// What lists are published under.
    pub(crate) fn public_keys(&self) -> ListKeys {
        ListKeys { revocation: self.key.public().encoded().to_bytes(), manifest: self.manifest_key.public() }
    }

    /// Shorter than what `next` leaves for a node that is late.
    fn patience(&self) -> u64 {
        (self.period / 8).clamp(MOMENT_SECONDS, PATIENCE_SECONDS)
    }

    /// When the version after that of a moment is due at the latest: a quarter of a period late, for a node that is
    /// stopped, say.
    fn next(&self, issued_at: u64) -> u64 {
        if let Some(schedule) = self.schedule {
            return schedule.next(issued_at);
        }
        let late = (self.period / 4).max(MOMENT_SECONDS);
        (issued_at + self.period + late).next_multiple_of(MOMENT_SECONDS)
    }
}

/// The lists about credentials under a key: one for each of these schemas whose credentials have handles.
pub(crate) fn lists_about<'a>(
    key: &IssuerPublicKey,
    schemas: impl Iterator<Item = &'a Schema>,
) -> impl Iterator<Item = ListId> {
    let key = key.encoded().to_bytes();
    let with_handles = schemas.filter(|schema| schema.binding() == Binding::Holder);
    with_handles.map(move |schema| ListId { key, schema: schema.digest() })
}

/// The number of a version that is begun now. It follows the clock and not the moment, so that numbers, and addresses with
/// them, go on rising after an older copy of the store was brought back, and with the lists under another key.
fn number(head: &ListHead, now: u64) -> u64 {
    (head.version + 1).max(now / MOMENT_SECONDS)
}

/// Whether another version is due without a schedule: a period after the last one, or as soon as one that was begun was waited for.
fn due(head: &ListHead, period: u64, patience: u64, now: u64) -> bool {
    if head.published < head.version {
        return now >= head.issued_at.saturating_add(patience);
    }
    head.published == 0 || now >= head.issued_at.saturating_add(period)
}

impl IssuerRole {
    /// The lists there are: one for each schema whose credentials have handles.
    pub(crate) fn lists(&self) -> Vec<ListId> {
        if self.revocation.is_none() {
            return Vec::new();
        }
        lists_about(self.key.public(), self.schemas.values().map(|schema| &**schema)).collect()
    }

    /// Publishes what is due, again and again.
    pub(crate) async fn publish_when_due(self: Arc<Self>) {
        let mut ticks = interval(LOOK_EVERY);
        loop {
            ticks.tick().await;
            for list in self.lists() {
                self.publish_if_due(list).await;
                // Whoever published it: so that every node tells the operator how old it is.
                let _ = self.newest(list).await;
            }
        }
    }

    async fn publish_if_due(self: &Arc<Self>, list: ListId) {
        let published = async {
            let revocation = self.revocation.clone().ok_or(ApiError::ListUnknown)?;
            if !self.is_due(list).await? {
                return Ok(None);
            }
            let alone = revocation.publishing.lock().await;
            // Whoever had the lock may have published this list.
            if !self.is_due(list).await? {
                return Ok(None);
            }
            self.publish_alone(list, &revocation, &alone).await.map(Some)
        };
        match published.await {
            Ok(None) => {}
            Ok(Some(PublishedVersion { version, left_out, .. })) => {
                tracing::info!(schema = %list.schema, version, left_out, "revocation list published");
            }
            // Another node was faster, or the store says itself what is wrong with it: the next tick tries again.
            Err(
                ApiError::Busy
                | ApiError::RateLimited { .. }
                | ApiError::OnSchedule { .. }
                | ApiError::Store(_),
            ) => {}
            Err(error) => tracing::error!(%error, "a revocation list could not be published"),
        }
    }

    async fn is_due(&self, list: ListId) -> Result<bool, StoreError> {
        let Some(revocation) = &self.revocation else { return Ok(false) };
        let (head, now) = (self.shared.store.list_head(list).await?, self.shared.clock.now());
        // Begun and not finished: where nobody else can be building it, it was given up.
        let patience = if self.shared.store.is_shared() { revocation.patience() } else { MOMENT_SECONDS };
        Ok(revocation.is_due(&head, patience, now))
    }

    /// Publishes the next version of a list now.
    pub(crate) async fn publish(self: &Arc<Self>, list: ListId) -> Result<PublishedVersion, ApiError> {
        let revocation = self.revocation.clone().ok_or(ApiError::ListUnknown)?;
        let alone = revocation.publishing.lock().await;
        self.publish_alone(list, &revocation, &alone).await
    }

    async fn publish_alone(
        self: &Arc<Self>,
        list: ListId,
        revocation: &Arc<Revocation>,
        _alone: &MutexGuard<'_, ()>,
    ) -> Result<PublishedVersion, ApiError> {
        let store = &self.shared.store;
        let (head, now) = (store.list_head(list).await?, self.shared.clock.now());
        if now.max(head.issued_at) > LAST_MOMENT {
            tracing::error!("a clock is out of order: no revocation list can be published");
            return Err(ApiError::Internal);
        }
        let issued_at = revocation.moment(now);
        if head.issued_at > now + 2 * MOMENT_SECONDS {
            tracing::error!(
                schema = %list.schema, ahead_s = head.issued_at - now,
                "the last version of a revocation list is from the future: some node's clock was ahead, and none follows before"
            );
        }
        if issued_at <= head.issued_at {
            let retry_after = (head.issued_at + revocation.step()).saturating_sub(now).max(1);
            return Err(match revocation.schedule {
                Some(_) => ApiError::OnSchedule { retry_after },
                None => ApiError::RateLimited { retry_after },
            });
        }
        // Another node may have begun since with a key that takes this one's place.
        if store.list_keys(list.key).await? != Some(revocation.public_keys()) {
            tracing::error!(
                "lists are published under other keys by now: this node needs them, and a restart"
            );
            return Err(ApiError::Internal);
        }
        let version = number(&head, now);
        if !store.begin_version(list, head.version, version, issued_at).await? {
            return Err(ApiError::Busy);
        }
        // Read after the moment was put down: whoever was revoked before it is left out.
        let withheld = self.all_withheld(list).await?;
        if withheld.len() >> revocation.prefix_bits > MANY_INTERVALS {
            tracing::warn!(
                schema = %list.schema, left_out = withheld.len(),
                "a revocation list grows too large for wallets: raise revocation.prefix_bits"
            );
        }
        let (next, left_out) = (revocation.next(issued_at), withheld.len() as u64);
        let (signed, mut buckets) = mpsc::channel::<(u32, Vec<u8>)>(BUCKETS_AHEAD);
        let (issuer, prefix_bits) = (*self.key.public(), revocation.prefix_bits);
        let building = {
            let revocation = revocation.clone();
            spawn_blocking(move || {
                let signer = IntervalSigner::new(&revocation.key, issuer, list.schema, issued_at)
                    .map_err(|error| error.to_string())?;
                let plan = VersionPlan { version, next, prefix_bits };
                let keep = |bucket, bytes: &[u8]| {
                    signed.blocking_send((bucket, bytes.to_vec())).map_err(|_| "nobody keeps it")
                };
                build_version(&signer, plan, withheld.into_iter().map(Ok), &mut OsRng, keep)
                    .map_err(|error| error.to_string())
            })
        };
        // If one cannot be kept, this ends, and with it the building.
        while let Some((bucket, bytes)) = buckets.recv().await {
            store.keep_bucket(list, version, bucket, bytes).await?;
        }
        let built = building.await.map_err(|_| ApiError::Internal)?;
        let manifest = built.map_err(|error| {
            tracing::error!(error, "a version of a revocation list contradicts itself");
            ApiError::Internal
        })?;
        let envelope = manifest.to_envelope().map_err(|_| ApiError::Internal)?;
        let manifest = revocation.manifest_key.sign(envelope).to_json().map_err(|_| ApiError::Internal)?;
        let version = PublishedVersion { version, issued_at, next, left_out, manifest };
        store.publish_version(list, version.clone()).await?;
        Ok(version)
    }

    /// All handles that a version leaves out: four bytes each, so ten million take 40 MB for as long as it is built.
    async fn all_withheld(&self, list: ListId) -> Result<Vec<u32>, StoreError> {
        let mut all: Vec<u32> = Vec::new();
        loop {
            let from = match all.last() {
                None => 0,
                Some(last) => match last.checked_add(1) {
                    Some(next) => next,
                    None => return Ok(all),
                },
            };
            let page = self.shared.store.withheld(list, from, PAGE).await?;
            let full = page.len() == PAGE;
            all.extend(page);
            if !full {
                return Ok(all);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use actix_web::rt;
    use glimpse_circuits::text::Text;

    use super::*;
    use crate::config::{Clock, IssuerConfig, Limits};
    use crate::metrics::Metrics;
    use crate::shared::Shared;
    use crate::store::{Measured, RedbStore};

    /// An issuer with lists, which each take an hour to the next.
    async fn issuer(directory: &std::path::Path, clock: Clock) -> Arc<IssuerRole> {
        let (store, metrics) = (RedbStore::open(directory).unwrap(), Metrics::new());
        let store = Measured::share(store, metrics.store.clone());
        let shared = Shared { metrics, ..Shared::of_tests(store, clock, Limits::default()) };
        let name = Text { zh_cn: "甲".into(), en: "A".into() };
        let config = IssuerConfig::new("a", name, "");
        let [key, lists] = [(); 2].map(|()| IssuerSecretKey::generate(&mut OsRng));
        let manifests = DocumentSecretKey::from_bytes(&[1; 32]);
        let revocation = Revocation::new(&RevocationConfig::new("", ""), lists, manifests);
        let issuer = key.public().encoded().to_bytes();
        shared.store.settle_list_keys(issuer, revocation.public_keys(), None).await.unwrap();
        Arc::new(IssuerRole::new(Arc::new(shared), config, Arc::new(key), Some(revocation)))
    }

    /// Another node has put a key in the place of this one's: nothing is signed with that any more.
    #[actix_web::test]
    async fn nothing_is_published_under_a_key_that_was_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let role = issuer(directory.path(), Clock::new(|| 600_000)).await;
        let (list, store) = (role.lists()[0], &role.shared.store);
        let own = role.revocation.as_ref().unwrap().public_keys();
        let next = ListKeys { manifest: DocumentSecretKey::from_bytes(&[2; 32]).public(), ..own };
        assert!(store.settle_list_keys(list.key, next, Some(own.manifest)).await.unwrap() == next);
        assert!(matches!(role.publish(list).await, Err(ApiError::Internal)));
        assert_eq!(store.list_head(list).await.unwrap(), ListHead::default());
        store.settle_list_keys(list.key, own, Some(next.manifest)).await.unwrap();
        assert!(role.publish(list).await.is_ok());
    }

    /// A list that takes long to build, since an administrator wanted it now, is not followed at once by another.
    #[actix_web::test]
    async fn who_waited_for_another_version_looks_again_whether_one_is_due() {
        let (directory, seconds) = (tempfile::tempdir().unwrap(), Arc::new(AtomicU64::new(600_000)));
        let told = seconds.clone();
        let role = issuer(directory.path(), Clock::new(move || told.load(Ordering::SeqCst))).await;
        let (list, revocation) = (role.lists()[0], role.revocation.clone().unwrap());
        let alone = revocation.publishing.lock().await;
        let waiting = rt::spawn({
            let role = role.clone();
            async move { role.publish_if_due(list).await }
        });
        let looked = "glimpse_store_operations_total{operation=\"list_head\",outcome=\"ok\"}";
        while !role.shared.metrics.text().unwrap().contains(looked) {
            rt::time::sleep(Duration::from_millis(1)).await;
        }
        // Time for it to find that one is due, and to wait.
        rt::time::sleep(Duration::from_millis(20)).await;
        let first = role.publish_alone(list, &revocation, &alone).await.unwrap();
        seconds.fetch_add(600, Ordering::SeqCst);
        drop(alone);
        waiting.await.unwrap();
        let head = role.shared.store.list_head(list).await.unwrap();
        assert_eq!((head.version, head.published), (first.version, first.version));
        // Once another is due it is published.
        seconds.fetch_add(3600, Ordering::SeqCst);
        role.publish_if_due(list).await;
        assert!(role.shared.store.list_head(list).await.unwrap().published > first.version);
    }

    #[test]
    fn numbers_rise_with_the_clock() {
        let head = |version| ListHead { version, issued_at: 3600, published: version };
        assert_eq!((number(&head(0), 3600), number(&head(0), 7199)), (60, 119));
        assert_eq!((number(&head(118), 7199), number(&head(119), 7199)), (119, 120));
    }

    /// One that nobody finished does not put the next one off by a period: wallets would be without a list.
    #[test]
    fn what_was_not_finished_is_followed_soon() {
        let due =
            |version, published, now| due(&ListHead { version, issued_at: 6000, published }, 3600, 300, now);
        assert!(due(0, 0, 0) && due(0, 0, 6000));
        assert!(!due(1, 1, 9599) && due(1, 1, 9600));
        assert!(!due(2, 1, 6299) && due(2, 1, 6300));
        assert!(!due(1, 0, 6299) && due(1, 0, 6300));
    }
}
