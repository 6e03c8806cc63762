//! Files that may change while the service runs: read again on SIGHUP, and when a look at them finds them changed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::spawn_blocking;

use crate::metrics::ReloadMetrics;
use tokio::time::timeout;

/// Reads a file again. Says whether anything is different now, or why everything stays as it was.
type Read = Box<dyn Fn() -> Result<bool, String> + Send + Sync>;

/// Everything that can be read again.
#[derive(Default)]
pub(crate) struct Reloads {
    entries: Vec<Entry>,
    /// Told when somebody wants it now.
    pub(crate) asked: Arc<Notify>,
}

struct Entry {
    what: &'static str,
    read: Read,
    /// Why it was not taken over when it was last looked at. Said once, not every few seconds.
    failure: Mutex<Option<String>>,
}

impl Reloads {
    /// Adds something. What is read must be taken over whole or not at all.
    pub(crate) fn add(
        &mut self,
        what: &'static str,
        read: impl Fn() -> Result<bool, String> + Send + Sync + 'static,
    ) {
        self.entries.push(Entry { what, read: Box::new(read), failure: Mutex::default() });
    }

    /// Reads everything again, every so often and when asked. Never returns.
    pub(crate) async fn watch(self: Arc<Self>, every: Duration, metrics: ReloadMetrics) {
        let every = every.clamp(Duration::from_millis(10), Duration::from_secs(86_400));
        loop {
            let asked = timeout(every, self.asked.notified()).await.is_ok();
            if asked {
                tracing::info!("asked to read files again");
            }
            let (reloads, metrics) = (self.clone(), metrics.clone());
            // A panic is in the log already, and leaves everything as it was.
            let _ = spawn_blocking(move || reloads.read(asked, &metrics)).await;
        }
    }

    fn read(&self, asked: bool, metrics: &ReloadMetrics) {
        for Entry { what, read, failure } in &self.entries {
            let found = read();
            metrics.looked_at(what, found.is_err());
            let mut failure = failure.lock().unwrap_or_else(PoisonError::into_inner);
            match found {
                Ok(true) => tracing::info!(what, "read again and taken over"),
                Ok(false) if failure.is_some() => tracing::info!(what, "is as it was again"),
                Ok(false) if asked => tracing::info!(what, "has not changed"),
                Ok(false) => {}
                Err(ref reason) if !asked && failure.as_ref() == Some(reason) => {}
                Err(ref reason) => {
                    tracing::error!(what, reason, "not taken over: what was read before stays")
                }
            }
            *failure = found.err();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::metrics::Metrics;

    #[actix_web::test]
    async fn looked_at_every_so_often_and_when_asked() {
        let read = Arc::new(AtomicUsize::new(0));
        let mut reloads = Reloads::default();
        let counted = read.clone();
        reloads.add("test", move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Err("broken".to_owned())
        });
        let (reloads, metrics) = (Arc::new(reloads), Metrics::new().reloads);
        let reached = async |count: usize| {
            while read.load(Ordering::SeqCst) < count {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let often = actix_web::rt::spawn(reloads.clone().watch(Duration::from_millis(10), metrics.clone()));
        reached(3).await;
        often.abort();
        let _ = often.await;
        let before = read.load(Ordering::SeqCst);
        let seldom = actix_web::rt::spawn(reloads.clone().watch(Duration::from_secs(3600), metrics));
        reloads.asked.notify_one();
        reached(before + 1).await;
        seldom.abort();
    }
}
