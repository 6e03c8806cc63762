//! Transports to the service in memory.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use glimpse_wallet::{HttpRequest, HttpResponse, Transport, TransportError};
use zeroize::Zeroizing;

use super::{BASE, Service};

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// It never arrives, and the wallet hears so.
    ErrorBefore,
    /// It arrives, the answer does not.
    ErrorAfter,
    /// It arrives, and the connection breaks.
    BreakAfter,
    /// It is answered 503, with the seconds after which it may be tried again.
    Unavailable(u64),
    /// The wallet's process ends before it arrives.
    CrashBefore,
    /// The wallet's process ends after it arrived.
    CrashAfter,
}

/// The end of a process.
pub struct Crash;

/// Hands requests to the service, unless a fault is due.
#[derive(Clone)]
pub struct Fake {
    service: Arc<Mutex<Service>>,
    pub faults: Arc<Mutex<VecDeque<Fault>>>,
    /// How long the wallet waited each time before it sent a request again; not at all if there is nothing to write to.
    pub waits: Arc<Mutex<Option<Vec<Duration>>>>,
}

impl Fake {
    pub fn new(service: Arc<Mutex<Service>>) -> Self {
        Self { service, faults: Arc::default(), waits: Arc::default() }
    }

    /// The next requests have these faults.
    pub fn plan(&self, faults: impl IntoIterator<Item = Fault>) {
        *self.faults.lock().unwrap() = faults.into_iter().collect();
    }

    /// Runs something until its process ends.
    pub fn until_crash<R>(run: impl FnOnce() -> R) -> Option<R> {
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(result) => Some(result),
            Err(cause) if cause.is::<Crash>() => None,
            Err(cause) => resume_unwind(cause),
        }
    }
}

impl Transport for Fake {
    fn send(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, TransportError> {
        let fault = self.faults.lock().unwrap().pop_front().unwrap_or(Fault::None);
        match fault {
            Fault::ErrorBefore => return Err(TransportError::Unreachable),
            Fault::CrashBefore => resume_unwind(Box::new(Crash)),
            Fault::Unavailable(seconds) => {
                return Ok(HttpResponse {
                    status: 503,
                    content_type: None,
                    retry_after: Some(seconds),
                    body: Zeroizing::default(),
                });
            }
            _ => {}
        }
        let path = request.uri.strip_prefix(BASE).ok_or(TransportError::Unreachable)?;
        let answer = self.service.lock().unwrap().handle(path, request.body, request.idempotency_key);
        match fault {
            Fault::ErrorAfter => Err(TransportError::Timeout),
            Fault::BreakAfter => Err(TransportError::Broken),
            Fault::CrashAfter => resume_unwind(Box::new(Crash)),
            _ => {
                let (status, content_type, body) = answer;
                Ok(HttpResponse {
                    status,
                    content_type: Some(content_type.into()),
                    retry_after: None,
                    body: Zeroizing::new(body),
                })
            }
        }
    }

    fn wait(&self, time: Duration) -> bool {
        let mut waits = self.waits.lock().unwrap();
        waits.as_mut().map(|waits| waits.push(time)).is_some()
    }
}
