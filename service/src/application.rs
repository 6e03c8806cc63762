//! A service that is built, run and stopped.

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::rt::{self, System};
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};

use crate::config::Config;
use crate::envelope::envelope;
use crate::health;
use crate::nodes::ANNOUNCE_EVERY;
use crate::routes::{Roles, configure, configure_for_nodes};
use crate::shared::Shared;
use crate::start::{Listening, Prepared, StartError, prepare};
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
    metrics_server: Option<Server>,
    node_server: Option<Server>,
    shared: Arc<Shared>,
    verifier: Option<Arc<VerifierRole>>,
    base_url: String,
    metrics_url: Option<String>,
}

impl Application {
    /// Takes address, store and key. Whoever connects from now on waits until [`Application::run`].
    pub fn build(config: Config) -> Result<Self, StartError> {
        let (limits, stop_on_signals) = (config.limits.clone(), config.stop_on_signals);
        let Prepared { public: Listening { address, listener, url: base_url }, metrics, node, roles } =
            prepare(config)?;
        let (shared, verifier) = (roles.shared.clone(), roles.verifier.clone());
        let metrics_url = metrics.as_ref().map(|metrics| metrics.url.clone());
        let metrics_server = metrics.map(|metrics| serve_metrics(metrics, shared.clone())).transpose()?;
        let node_server = node.map(|node| serve_nodes(node, roles.clone())).transpose()?;
        let factory = move || app(roles.clone());
        let mut server = HttpServer::new(factory)
            .workers(limits.event_loops.max(1))
            .max_connections(limits.connections)
            .client_request_timeout(limits.head_timeout)
            .client_disconnect_timeout(limits.head_timeout)
            .keep_alive(limits.keep_alive)
            .shutdown_timeout(limits.shutdown_timeout.as_secs())
            .listen(listener)
            .map_err(|error| StartError::Listen { address, error })?;
        if !stop_on_signals {
            server = server.disable_signals();
        }
        Ok(Self {
            server: server.run(),
            metrics_server,
            node_server,
            shared,
            verifier,
            base_url,
            metrics_url,
        })
    }

    /// Where the service listens: `http://`, address and port.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where `GET /metrics` is answered, if anywhere: `http://`, address and port.
    pub fn metrics_url(&self) -> Option<&str> {
        self.metrics_url.as_deref()
    }

    /// Stops the service from elsewhere.
    pub fn handle(&self) -> StopHandle {
        StopHandle(self.server.handle())
    }

    /// Serves until it is stopped. Needs an actix runtime.
    pub async fn run(self) -> io::Result<()> {
        tracing::info!(address = self.base_url, "serving");
        let store = self.shared.store.clone();
        // Before anybody can be told of an exchange that this node holds.
        self.shared.announce().await;
        let announcing = rt::spawn(announce(self.shared.clone()));
        let purging = rt::spawn(purge(self.shared));
        let others = [self.metrics_server, self.node_server].into_iter().flatten();
        let others: Vec<_> = others.map(|server| (server.handle(), rt::spawn(server))).collect();
        let served = self.server.await;
        purging.abort();
        announcing.abort();
        for (handle, serving) in others {
            handle.stop(false).await;
            serving.abort();
        }
        if let Some(verifier) = self.verifier {
            // Whoever went away left a check behind, perhaps. It has had its time to be asked for.
            let _ = rt::task::spawn_blocking(move || verifier.finish()).await;
        }
        // An event loop may outlive its last connection by a moment, and holds the store until it ends. The store is
        // closed here, and not at some moment after the service said that it was over.
        let given_up = Instant::now() + RELEASE_TIMEOUT;
        while (Arc::strong_count(&store) > 1 || store.is_busy()) && Instant::now() < given_up {
            rt::time::sleep(Duration::from_millis(1)).await;
        }
        served
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Application(at {})", self.base_url)
    }
}

/// A server for other nodes.
fn serve_nodes(listening: Listening, roles: Roles) -> Result<Server, StartError> {
    let Listening { address, listener, .. } = listening;
    let head_timeout = roles.shared.limits.head_timeout;
    let factory = move || {
        let roles = roles.clone();
        App::new().configure(move |config| configure_for_nodes(&roles, config)).wrap(from_fn(envelope))
    };
    let server =
        HttpServer::new(factory).workers(1).max_connections(1024).client_request_timeout(head_timeout);
    let server = server.disable_signals().listen(listener);
    Ok(server.map_err(|error| StartError::Listen { address, error })?.run())
}

/// A server of its own, so that it answers when the other is at its limits.
fn serve_metrics(listening: Listening, shared: Arc<Shared>) -> Result<Server, StartError> {
    let Listening { address, listener, .. } = listening;
    let head_timeout = shared.limits.head_timeout;
    let factory = move || {
        let app = App::new().app_data(Data::from(shared.clone()));
        app.route("/metrics", web::get().to(health::metrics))
    };
    let server = HttpServer::new(factory).workers(1).max_connections(64).client_request_timeout(head_timeout);
    let server = server.disable_signals().listen(listener);
    Ok(server.map_err(|error| StartError::Listen { address, error })?.run())
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
pub struct StopHandle(ServerHandle);

impl StopHandle {
    /// Lets no more connections in, gives requests under way their time, and ends the service. The signal is given at
    /// once; what is returned waits for the end.
    pub fn stop(&self) -> impl Future<Output = ()> + use<> {
        self.0.stop(true)
    }
}

/// A service that runs in a thread of its own, until it is stopped or dropped.
#[derive(Debug)]
pub struct Running {
    base_url: String,
    metrics_url: Option<String>,
    handle: StopHandle,
    thread: Option<JoinHandle<io::Result<()>>>,
}

/// Runs a service in a thread of its own, with its own runtime.
pub fn spawn(config: Config) -> Result<Running, StartError> {
    let application = Application::build(config)?;
    let (base_url, handle) = (application.base_url().to_owned(), application.handle());
    let metrics_url = application.metrics_url().map(str::to_owned);
    let thread = thread::Builder::new()
        .name("glimpse".to_owned())
        .spawn(move || System::new().block_on(application.run()))
        .map_err(StartError::Thread)?;
    Ok(Running { base_url, metrics_url, handle, thread: Some(thread) })
}

impl Running {
    /// Where the service listens: `http://`, address and port.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where `GET /metrics` is answered, if anywhere: `http://`, address and port.
    pub fn metrics_url(&self) -> Option<&str> {
        self.metrics_url.as_deref()
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
