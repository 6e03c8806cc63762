//! How often something may be done: the generic cell rate algorithm (ITU-T I.371, the leaky bucket as a meter).
//!
//! A bucket is one moment, that at which it will be full again. Whoever spends moves it by the time that one unit takes
//! to grow back; it may never be further away than a full bucket takes.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;

use crate::ids::Fingerprint;

/// Most buckets kept in memory. Those not used for longest go first: they are full again, most likely.
const MOST_BUCKETS: usize = 1 << 16;

/// How much may be done how fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    /// What a full bucket holds, at least 1.
    pub(crate) burst: u32,
    /// How long one unit takes to grow back.
    pub(crate) interval: Duration,
}

/// What became of an attempt to spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spent {
    /// It may be done.
    Yes,
    /// It may not be done before this time has passed.
    After(Duration),
}

impl Rate {
    /// How long an empty bucket takes to be full.
    pub(crate) fn depth(&self) -> Duration {
        self.interval.saturating_mul(self.burst.max(1))
    }
}

/// Buckets of one process.
pub(crate) struct Buckets(Mutex<LruCache<Fingerprint, Instant>>);

impl Buckets {
    /// All full.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(MOST_BUCKETS).unwrap_or(NonZeroUsize::MIN))))
    }

    /// Takes one from a bucket.
    pub(crate) fn spend(&self, bucket: Fingerprint, rate: Rate, now: Instant) -> Spent {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let full_at = buckets.get_or_insert_mut(bucket, || now);
        let next = (*full_at).max(now) + rate.interval;
        match next.checked_duration_since(now + rate.depth()) {
            Some(wait) if !wait.is_zero() => Spent::After(wait),
            _ => {
                *full_at = next;
                Spent::Yes
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills() {
        let (buckets, start) = (Buckets::new(), Instant::now());
        let rate = Rate { burst: 3, interval: Duration::from_secs(10) };
        let spend = |name: &[u8], seconds| {
            buckets.spend(Fingerprint::of(name), rate, start + Duration::from_secs(seconds))
        };
        assert_eq!([spend(b"a", 0), spend(b"a", 0), spend(b"a", 0)], [Spent::Yes; 3]);
        assert_eq!(spend(b"a", 0), Spent::After(Duration::from_secs(10)));
        assert_eq!(spend(b"a", 4), Spent::After(Duration::from_secs(6)));
        assert_eq!(spend(b"b", 4), Spent::Yes);
        assert_eq!(spend(b"a", 10), Spent::Yes);
        assert_eq!(spend(b"a", 10), Spent::After(Duration::from_secs(10)));
        // No more than a full bucket grows back.
        assert_eq!([0; 4].map(|_| spend(b"a", 1000))[..3], [Spent::Yes; 3]);
        assert_ne!(spend(b"a", 1000), Spent::Yes);
    }
}
