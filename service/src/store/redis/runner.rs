//! The thread on which this process speaks with Redis.
//!
//! Event loops come and go, and a connection dies with the runtime it was made in. Here it has one of its own, in which
//! an operation that began is finished even if nobody waits for it any more.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::store::StoreError;

/// A runtime on a thread of its own, which ends with this.
pub(super) struct Runner {
    handle: Handle,
    /// One more holder for each operation under way.
    under_way: Arc<()>,
    /// Dropped, it ends the thread.
    _end: oneshot::Sender<()>,
}

impl Runner {
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel();
        thread::Builder::new().name("glimpse-redis".to_owned()).spawn(move || {
            let _ = runtime.block_on(ended);
        })?;
        Ok(Self { handle, under_way: Arc::new(()), _end: end })
    }

    /// Does it there.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let held = self.under_way.clone();
        let done = self.handle.spawn(async move {
            let result = work.await;
            drop(held);
            result
        });
        done.await.map_err(|_| StoreError::Interrupted)
    }

    /// Whether anything is under way.
    pub(super) fn is_busy(&self) -> bool {
        Arc::strong_count(&self.under_way) > 1
    }
}
