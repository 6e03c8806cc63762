//! A bounded pool for curve arithmetic, so that no event loop waits for it and no queue grows without end.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::error::ApiError;

/// So many jobs run at once, so many more wait, and the rest are turned away.
pub(crate) struct Workers {
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
}

impl Workers {
    /// A pool of `running` threads with places for `waiting` jobs.
    pub(crate) fn new(running: usize, waiting: usize) -> Self {
        let running = running.clamp(1, 1024);
        let admitted = running + waiting.min(1 << 20);
        Self { running: Arc::new(Semaphore::new(running)), admitted: Arc::new(Semaphore::new(admitted)) }
    }

    /// Runs a job, or says that the pool is busy. A job that started keeps its place to its end, even if nobody waits
    /// for it any more.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let place = self.admitted.clone().try_acquire_owned().map_err(|_| ApiError::Busy)?;
        let thread = self.running.clone().acquire_owned().await.map_err(|_| ApiError::Busy)?;
        let ran = spawn_blocking(move || {
            let _held = (place, thread);
            job()
        });
        ran.await.map_err(|_| ApiError::Internal)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[actix_web::test]
    async fn what_does_not_fit_is_turned_away_and_panics_free_their_place() {
        let workers = Arc::new(Workers::new(1, 1));
        let (release, wait) = mpsc::channel::<()>();
        let start = |job: Box<dyn FnOnce() + Send>| {
            let workers = workers.clone();
            actix_web::rt::spawn(async move { workers.run(job).await })
        };
        let first = start(Box::new(move || wait.recv().unwrap()));
        let second = start(Box::new(|| panic!("on purpose")));
        tokio::task::yield_now().await;
        assert!(matches!(workers.run(|| ()).await, Err(ApiError::Busy)));
        release.send(()).unwrap();
        assert!(first.await.unwrap().is_ok());
        assert!(matches!(second.await.unwrap(), Err(ApiError::Internal)));
        assert!(workers.run(|| ()).await.is_ok());
    }
}
