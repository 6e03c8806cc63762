//! A node: this program again, as a service.

use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio, exit};
use std::thread;

use glimpse_circuits::text::Text;
use glimpse_service::{
    Access, ApiToken, Config, IssuerConfig, NodeConfig, Principal, RateLimits, RedisConfig, RedisServers,
    StoreConfig, VerifierConfig, spawn,
};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use tracing_subscriber::filter::LevelFilter;

use super::pin;

/// Stands on the command line of a node, before its options.
pub const NODE_FLAG: &str = "--node";
/// The administrator's token.
pub const ADMIN: &str = "administrator-token-of-the-nodes";
/// The relying party's token.
pub const RELYING_PARTY: &str = "relying-party-token-of-the-nodes";

/// How nodes are reached, if one asks them. Nobody has it: whoever visits knows the nodes' own addresses.
const PUBLIC_URI: &str = "https://glimpse.example";
/// Seconds for which offers and requests last: longer than any run.
const LIFETIME: u64 = 86_400;

/// What a node is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NodeOptions {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The Redis it shares with others.
    pub redis: String,
    /// Where the issuer's key is, which nodes share too. The first node makes it.
    pub directory: PathBuf,
    /// The core it is kept on, if it is.
    pub core: Option<usize>,
    /// Threads for proofs, of each role.
    pub proof_workers: usize,
    /// Event loops.
    pub event_loops: usize,
    /// Where it appends its warnings. Without that it logs everything, as a service does, and nobody reads it.
    pub log: Option<PathBuf>,
}

/// A node's process.
pub struct Node {
    child: Child,
    /// For everybody.
    pub address: SocketAddr,
}

impl Node {
    /// Starts a node and waits until it serves.
    pub fn start(options: &NodeOptions) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(NODE_FLAG).arg(serde_json::to_string(options)?);
        let log = options.log.as_ref().map(|log| OpenOptions::new().append(true).create(true).open(log));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(log.transpose()?.map_or(Stdio::null(), Stdio::from));
        let mut child = command.spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?).read_line(&mut line)?;
        if line.trim().is_empty() {
            return Err(io::Error::other(format!("the node did not start: {}", child.wait()?)));
        }
        Ok(Self { child, address: options.listen })
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and waits until it has finished what was under way.
    pub fn terminate(&mut self) -> ExitStatus {
        let id = i32::try_from(self.child.id()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), Signal::TERM).unwrap();
        // Waiting closes it, and its end would end the node at once.
        let _input = self.child.stdin.take();
        self.child.wait().unwrap()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Is a node, until it is asked to stop or its standard input ends, as that does when its parent does. Writes a line to
/// the standard output when it serves.
pub fn serve(options: &str) {
    let options: NodeOptions = serde_json::from_str(options).unwrap();
    // Before there are threads that could be elsewhere.
    options.core.into_iter().for_each(|core| pin(None, core));
    let level = if options.log.is_some() { LevelFilter::WARN } else { LevelFilter::INFO };
    tracing_subscriber::fmt().with_max_level(level).with_writer(io::stderr).with_ansi(false).init();
    thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        exit(1);
    });
    let running = spawn(config(options)).unwrap();
    let mut output = io::stdout();
    writeln!(output, "{}", running.base_url()).unwrap();
    running.wait().unwrap();
}

fn config(options: NodeOptions) -> Config {
    let name = || Text { zh_cn: "节点".into(), en: "Nodes".into() };
    let mut issuer = IssuerConfig::new("91000000NODES", name(), options.directory.join("issuer.key"));
    issuer.offer_lifetime = LIFETIME;
    let mut verifier = VerifierConfig::new(name());
    verifier.request_lifetime = LIFETIME;
    let mut config = Config::new(options.listen, options.directory);
    config.public_uri = Some(PUBLIC_URI.to_owned());
    config.store = StoreConfig::Redis(Box::new(RedisConfig::new(RedisServers::Single(options.redis))));
    config.issuer = Some(issuer);
    config.verifier = Some(verifier);
    config.node = Some(NodeConfig { listen: SocketAddr::from(([127, 0, 0, 1], 0)), uri: None });
    let principals = [
        Principal::sole_administrator(&ApiToken::new(ADMIN).unwrap()),
        Principal::sole_relying_party(&ApiToken::new(RELYING_PARTY).unwrap()),
    ];
    config.access = Access::new(principals).unwrap();
    config.limits.proof_workers = options.proof_workers;
    config.limits.event_loops = options.event_loops;
    config.limits.rates = RateLimits::NONE;
    config
}
