//! A service that is built, run and stopped.

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::rt::{self, System};
use actix_web::{App, HttpServer};
use tokio::sync::watch;

use crate::admin;
use crate::config::Config;
use crate::drain::{Drain, Signals};
use crate::envelope::envelope;
use crate::issuer::IssuerRole;
use crate::nodes::{self, ANNOUNCE_EVERY};
use crate::reload::Reloads;
use crate::routes::{Roles, configure};
use crate::shared::Shared;
use crate::start::{Listening, Prepared, StartError, prepare};
use crate::tls::{self, Tls};
use crate::verifier::VerifierRole;

/// How often what has expired is forgotten.
const PURGE_EVERY: Duration = Duration::from_secs(30);
/// Most offers, and most requests, forgotten in one transaction.
const PURGE_AT_ONCE: usize = 512;
/// Longest wait for the event loops to let go of the store.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(5);

/// A service that holds its address, its store and its key, and is not running yet.
pub struct Application {
    server: Server,
    admin_server: Option<Server>,
    node_server: Option<Server>,
    reloads: Arc<Reloads>,
    shared: Arc<Shared>,
    issuer: Option<Arc<IssuerRole>>,
    verifier: Option<Arc<VerifierRole>>,
    base_url: String,
    admin_url: Option<String>,
    take_signals: bool,
    /// Gone when the service is.
    alive: watch::Sender<()>,
}

impl Application {
    /// Takes address, store and key. Whoever connects from now on waits until [`Application::run`].
    pub fn build(config: Config) -> Result<Self, StartError> {
        let take_signals = config.stop_on_signals;
        let Prepared { public, admin, node, tls, reloads, roles } = prepare(config)?;
        let (shared, issuer) = (roles.shared.clone(), roles.issuer.clone());
        let verifier = roles.verifier.clone();
        let (base_url, admin_url) = (public.url.clone(), admin.as_ref().map(|admin| admin.url.clone()));
        let admin_server = admin.map(|admin| admin::serve(admin, shared.clone())).transpose()?;
        let node_server = node.map(|node| nodes::serve(node, roles.clone())).transpose()?;
        let server = serve(public, tls, roles)?;
        let (reloads, alive) = (Arc::new(reloads), watch::Sender::new(()));
        Ok(Self {
            server,
            admin_server,
            node_server,
            reloads,
            shared,
            issuer,
            verifier,
            base_url,
            admin_url,
            take_signals,
            alive,
        })
    }

    /// Where the service listens: `http://` or `https://`, address and port.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where `/metrics`, `/version`, `/livez` and `/readyz` are answered for the operator, if anywhere: `http://`,
    /// address and port.
    pub fn admin_url(&self) -> Option<&str> {
        self.admin_url.as_deref()
    }

    /// Stops the service from elsewhere.
    pub fn handle(&self) -> StopHandle {
        StopHandle { drain: self.shared.drain.clone(), alive: self.alive.subscribe() }
    }

    /// Serves until it is stopped. Needs an actix runtime.
    pub async fn run(self) -> io::Result<()> {
        let signals = if self.take_signals { Some(Signals::take()?) } else { None };
        self.run_with(signals).await
    }

    async fn run_with(self, signals: Option<Signals>) -> io::Result<()> {
        tracing::info!(address = self.base_url, "serving");
        let metrics = self.shared.metrics.reloads.clone();
        let (store, drain) = (self.shared.store.clone(), self.shared.drain.clone());
        let limits = self.shared.limits.clone();
        // Before anybody can be told of an exchange that this node holds.
        self.shared.announce().await;
        let mut beside = vec![
            rt::spawn(announce(self.shared.clone())),
            rt::spawn(purge(self.shared)),
            rt::spawn(self.reloads.clone().watch(limits.reload_interval, metrics)),
            rt::spawn(stop_when_drained(self.server.handle(), drain.clone(), limits.drain_delay)),
        ];
        beside.extend(signals.map(|signals| rt::spawn(signals.pass_on(drain, self.reloads.asked.clone()))));
        beside.extend(self.issuer.map(|issuer| rt::spawn(issuer.publish_when_due())));
        let others = [self.admin_server, self.node_server].into_iter().flatten();
        let others: Vec<_> = others.map(|server| (server.handle(), rt::spawn(server))).collect();
        let served = self.server.await;
        if let Some(verifier) = self.verifier {
            // Whoever went away left a check behind, perhaps. It has had its time to be asked for.
            let _ = rt::task::spawn_blocking(move || verifier.finish()).await;
        }
        // Last of all, so that the operator sees the way to the end, and other nodes bring back what is held here.
        for (handle, serving) in others {
            handle.stop(false).await;
            serving.abort();
        }
        beside.iter().for_each(rt::task::JoinHandle::abort);
        for task in beside {
            let _ = task.await;
        }
        // An event loop may outlive its last connection by a moment, and holds the store until it ends. The store is
        // closed here, and not at some moment after the service said that it was over.
        let given_up = Instant::now() + RELEASE_TIMEOUT;
        while (Arc::strong_count(&store) > 1 || store.is_busy()) && Instant::now() < given_up {
            rt::time::sleep(Duration::from_millis(1)).await;
        }
        drop(store);
        tracing::info!("stopped");
        served
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Application(at {})", self.base_url)
    }
}

/// The server for everybody.
fn serve(listening: Listening, tls: Option<Arc<Tls>>, roles: Roles) -> Result<Server, StartError> {
    let Listening { address, listener, .. } = listening;
    let limits = roles.shared.limits.clone();
    let server = HttpServer::new(move || app(roles.clone()))
        .workers(limits.event_loops.max(1))
        .max_connections(limits.connections)
        .client_request_timeout(limits.head_timeout)
        .client_disconnect_timeout(limits.head_timeout)
        .tls_handshake_timeout(limits.handshake_timeout)
        .keep_alive(limits.keep_alive)
        // What is left of a second is given whole.
        .shutdown_timeout(limits.shutdown_timeout.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX))
        .on_connect(tls::on_connect)
        // Actix would stop at once.
        .disable_signals();
    let server = match tls {
        None => server.listen(listener),
        Some(tls) => server.listen_rustls_0_23(listener, tls.server_config().map_err(StartError::Tls)?),
    };
    Ok(server.map_err(|error| StartError::Listen { address, error })?.run())
}

/// Waits until the service is asked to stop, and then until load balancers had their time to notice or somebody is in
/// a hurry. Meanwhile everything is served.
async fn stop_when_drained(server: ServerHandle, drain: Drain, delay: Duration) {
    drain.asked(1).await;
    tracing::info!(delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX), "draining");
    let _ = tokio::time::timeout(delay, drain.asked(2)).await;
    tracing::info!("no new connections; finishing what is under way");
    server.stop(true).await;
}

fn app(
    roles: Roles,
) -> App<
    impl actix_web::dev::ServiceFactory<
        actix_web::dev::ServiceRequest,
        Config = (),
        Response = actix_web::dev::ServiceResponse<impl actix_web::body::MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    App::new().configure(|config| configure(&roles, config)).wrap(from_fn(envelope))
}

/// Says where this node is, again and again.
async fn announce(shared: Arc<Shared>) {
    let mut ticks = rt::time::interval(ANNOUNCE_EVERY);
    loop {
        ticks.tick().await;
        shared.announce().await;
    }
}

/// Forgets what has expired, now and then, a bounded number at a time.
async fn purge(shared: Arc<Shared>) {
    let mut ticks = rt::time::interval(PURGE_EVERY);
    loop {
        ticks.tick().await;
        // A store that fails says so in the log; the next tick tries again.
        while let Ok(forgotten) = shared.store.purge(shared.clock.now(), PURGE_AT_ONCE).await {
            if forgotten < PURGE_AT_ONCE {
                break;
            }
        }
    }
}

/// Stops a service.
#[derive(Clone, Debug)]
pub struct StopHandle {
    drain: Drain,
    alive: watch::Receiver<()>,
}

impl StopHandle {
    /// Has the service say that it is not ready, serve on for [`Limits::drain_delay`](crate::Limits::drain_delay), let
    /// no more connections in, give requests under way their time, and end. Asked once more, it does not wait any
    /// longer. The signal is given at once; what is returned waits for the end.
    pub fn stop(&self) -> impl Future<Output = ()> + use<> {
        self.drain.ask();
        let mut alive = self.alive.clone();
        async move { while alive.changed().await.is_ok() {} }
    }
}

/// A service that runs in a thread of its own, until it is stopped or dropped.
#[derive(Debug)]
pub struct Running {
    base_url: String,
    admin_url: Option<String>,
    handle: StopHandle,
    thread: Option<JoinHandle<io::Result<()>>>,
}

/// Runs a service in a thread of its own, with its own runtime. Signals are taken when this returns.
pub fn spawn(config: Config) -> Result<Running, StartError> {
    let application = Application::build(config)?;
    let (base_url, handle) = (application.base_url().to_owned(), application.handle());
    let admin_url = application.admin_url().map(str::to_owned);
    let (ready, wait) = mpsc::channel();
    let thread = thread::Builder::new()
        .name("glimpse".to_owned())
        .spawn(move || {
            System::new().block_on(async {
                let signals = if application.take_signals { Some(Signals::take()?) } else { None };
                // Whoever started this waits.
                let _ = ready.send(());
                application.run_with(signals).await
            })
        })
        .map_err(StartError::Thread)?;
    // If the thread ends before it is ready, why is what `wait` and `stop` return.
    let _ = wait.recv();
    Ok(Running { base_url, admin_url, handle, thread: Some(thread) })
}

impl Running {
    /// Where the service listens: `http://` or `https://`, address and port.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where `/metrics`, `/version`, `/livez` and `/readyz` are answered for the operator, if anywhere: `http://`,
    /// address and port.
    pub fn admin_url(&self) -> Option<&str> {
        self.admin_url.as_deref()
    }

    /// Stops the service from elsewhere.
    pub fn handle(&self) -> StopHandle {
        self.handle.clone()
    }

    /// Stops the service and waits for its end. Its store can be opened again afterwards.
    pub fn stop(mut self) -> io::Result<()> {
        self.end()
    }

    /// Waits until the service has ended, by a signal or by its handle.
    pub fn wait(mut self) -> io::Result<()> {
        self.join()
    }

    fn end(&mut self) -> io::Result<()> {
        drop(self.handle.stop());
        self.join()
    }

    fn join(&mut self) -> io::Result<()> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        thread.join().unwrap_or_else(|_| Err(io::Error::other("the service's thread panicked")))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.handle.stop());
        if let Err(error) = self.join() {
            tracing::error!(%error, "the service did not end well");
        }
    }
}
