//! From being asked to stop to stopping: the state that everybody looks at, and the signals that change it.

use std::io;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, watch};

/// How often a service was asked to stop. The first time it drains; the second time it does not wait any longer.
#[derive(Clone, Debug)]
pub(crate) struct Drain(watch::Sender<u32>);

impl Default for Drain {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Drain {
    /// Asks to stop, once more.
    pub(crate) fn ask(&self) {
        self.0.send_modify(|times| *times = times.saturating_add(1));
    }

    /// Whether the service is about to stop.
    pub(crate) fn has_begun(&self) -> bool {
        *self.0.borrow() > 0
    }

    /// Waits until it was asked so often.
    pub(crate) async fn asked(&self, often: u32) {
        // The sender is held here, so waiting does not fail.
        let _ = self.0.subscribe().wait_for(|times| *times >= often).await;
    }
}

/// The signals of an operator.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    /// From now on they do not end the process. Needs a runtime.
    pub(crate) fn take() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Passes them on for ever: SIGINT and SIGTERM to whoever stops, SIGHUP to whoever reads files again.
    pub(crate) async fn pass_on(self, drain: Drain, reload: Arc<Notify>) {
        let Self { mut interrupt, mut terminate, mut hangup } = self;
        let stopped = async |signal: &mut Signal| {
            while signal.recv().await.is_some() {
                drain.ask();
            }
        };
        let hung_up = async {
            while hangup.recv().await.is_some() {
                reload.notify_one();
            }
        };
        futures_util::future::join3(stopped(&mut interrupt), stopped(&mut terminate), hung_up).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[actix_web::test]
    async fn signals_reach_whom_they_are_for() {
        use rustix::process::{Signal, getpid, kill_process};

        let (drain, reload) = (Drain::default(), Arc::new(Notify::new()));
        let passing = actix_web::rt::spawn(Signals::take().unwrap().pass_on(drain.clone(), reload.clone()));
        kill_process(getpid(), Signal::HUP).unwrap();
        reload.notified().await;
        assert!(!drain.has_begun());
        kill_process(getpid(), Signal::TERM).unwrap();
        drain.asked(1).await;
        kill_process(getpid(), Signal::INT).unwrap();
        drain.asked(2).await;
        passing.abort();
    }

    #[actix_web::test]
    async fn asked_once_and_again() {
        let drain = Drain::default();
        assert!(!drain.has_begun());
        drain.ask();
        drain.asked(1).await;
        assert!(drain.has_begun());
        let second = actix_web::rt::spawn({
            let drain = drain.clone();
            async move { drain.asked(2).await }
        });
        tokio::task::yield_now().await;
        assert!(!second.is_finished());
        drain.ask();
        second.await.unwrap();
    }
}
