//! How often a client may do something. Counted in the store, by all nodes together where they share it.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::{Duration, Instant};

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use tokio::time::timeout;

use crate::client::Client;
use crate::error::ApiError;
use crate::shared::Shared;
use crate::store::{Rate, Spent, StoreError};

/// Longest wait for the store to count. It is not worth more.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often each client may do what, at most. A client is a principal, or whoever has a network address where nobody
/// has to say who he is: behind one address there may be a whole company, or a mobile network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimits {
    /// Requests of token exchanges: an exchange has two.
    pub tokens: RateLimit,
    /// Offers redeemed and credentials issued: a licence takes two.
    pub offers: RateLimit,
    /// Presentations in answer to a request.
    pub presentations: RateLimit,
    /// Presentations checked without keeping anything, for a relying party.
    pub verifications: RateLimit,
    /// Requests and policies of a relying party.
    pub requests: RateLimit,
}

/// So many at once, and so many more with every minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// How many may come at once; 0 counts as 1.
    pub burst: u32,
    /// How many more may come in a minute. 0 for no limit at all.
    pub per_minute: u32,
}

impl RateLimit {
    /// As many as they like.
    pub const NONE: Self = Self { burst: 0, per_minute: 0 };

    fn rate(self) -> Option<Rate> {
        let interval = Duration::from_secs(60).checked_div(self.per_minute)?;
        Some(Rate { burst: self.burst.max(1), interval })
    }
}

impl RateLimits {
    /// No limits.
    pub const NONE: Self = Self {
        tokens: RateLimit::NONE,
        offers: RateLimit::NONE,
        presentations: RateLimit::NONE,
        verifications: RateLimit::NONE,
        requests: RateLimit::NONE,
    };
}

impl Default for RateLimits {
    /// Room for some thousand people behind one address, who begin to work at the same time. Relying parties that verify
    /// are registered, and held to their fair share where there is too much to do: they have no limit.
    fn default() -> Self {
        Self {
            tokens: RateLimit { burst: 1200, per_minute: 1200 },
            offers: RateLimit { burst: 1200, per_minute: 600 },
            presentations: RateLimit { burst: 3000, per_minute: 6000 },
            verifications: RateLimit::NONE,
            requests: RateLimit { burst: 6000, per_minute: 30_000 },
        }
    }
}

/// Something that clients may do so often.
pub(crate) trait Class: 'static {
    /// Tells its buckets from others.
    const NAME: &'static str;
    /// How often.
    fn limit(limits: &RateLimits) -> RateLimit;
}

macro_rules! classes {
    ($($class:ident: $member:ident),*) => {
        $(
            #[doc = concat!("See [`RateLimits::", stringify!($member), "`].")]
            pub(crate) struct $class;

            impl Class for $class {
                const NAME: &'static str = stringify!($member);

                fn limit(limits: &RateLimits) -> RateLimit {
                    limits.$member
                }
            }
        )*
    };
}

classes!(
    Tokens: tokens, Offers: offers, Presentations: presentations, Verifications: verifications,
    Requests: requests
);

impl Shared {
    /// Counts something that a client does, or refuses it. If the store cannot be asked, this node counts for itself: what
    /// needs no store goes on.
    pub(crate) async fn spend<C: Class>(&self, client: Client) -> Result<(), ApiError> {
        let Some(rate) = C::limit(&self.limits.rates).rate() else { return Ok(()) };
        let bucket = client.bucket(C::NAME);
        let asked = timeout(PATIENCE, self.store.spend(bucket, rate)).await;
        let asked = asked.unwrap_or(Err(StoreError::Interrupted));
        settle(asked, || self.own_buckets.spend(bucket, rate, Instant::now()))
    }
}

/// What the store said, or what this node counts by itself.
fn settle(asked: Result<Spent, StoreError>, own: impl FnOnce() -> Spent) -> Result<(), ApiError> {
    match asked.unwrap_or_else(|_| own()) {
        Spent::Yes => Ok(()),
        Spent::After(wait) => Err(ApiError::RateLimited { retry_after: whole_seconds(wait) }),
    }
}

/// Not earlier, so rounded up.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}

/// What a client does was counted and may be done. Taken before the body, it costs as little as it can to refuse, and is
/// counted while the body arrives.
pub(crate) struct Within<C>(PhantomData<C>);

impl<C: Class> FromRequest for Within<C> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (client, shared) = (Client::of(request), request.app_data::<Data<Shared>>().cloned());
        Box::pin(async move {
            shared.ok_or(ApiError::Internal)?.spend::<C>(client).await?;
            Ok(Self(PhantomData))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Buckets;

    #[test]
    fn rates_and_seconds() {
        assert_eq!(RateLimit::NONE.rate(), None);
        assert_eq!(RateLimit { burst: 9, per_minute: 0 }.rate(), None);
        let rate = Rate { burst: 1, interval: Duration::from_secs(2) };
        assert_eq!(RateLimit { burst: 0, per_minute: 30 }.rate(), Some(rate));
        for (milliseconds, seconds) in [(1, 1), (1000, 1), (1001, 2), (59_999, 60)] {
            assert_eq!(whole_seconds(Duration::from_millis(milliseconds)), seconds);
        }
    }

    #[test]
    fn without_the_store_a_node_counts_by_itself() {
        let (buckets, now) = (Buckets::new(), Instant::now());
        let rate = Rate { burst: 2, interval: Duration::from_millis(1500) };
        let bucket = Client::at([192, 0, 2, 1].into()).bucket("tokens");
        let ask =
            |asked| settle(asked, || buckets.spend(bucket, rate, now)).map_err(|error| error.to_string());
        let lost = || Err(StoreError::Interrupted);
        assert_eq!([ask(lost()), ask(lost())], [Ok(()), Ok(())]);
        let refused = settle(lost(), || buckets.spend(bucket, rate, now));
        assert!(matches!(refused, Err(ApiError::RateLimited { retry_after: 2 })), "{refused:?}");
        // What the store says holds, whatever was counted here.
        assert!(ask(Ok(Spent::Yes)).is_ok() && ask(Ok(Spent::After(Duration::ZERO))).is_err());
    }
}
