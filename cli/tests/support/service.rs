//! A service of its own process.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::Value;

use super::log::Watched;
use super::{ADMIN, glimpse};

/// A service in a directory, killed when it goes.
pub struct Service {
    pub child: Child,
    pub url: String,
    _log: Watched,
}

impl Service {
    pub fn start(directory: &Path) -> Self {
        Self::start_at(directory, "127.0.0.1:0")
    }

    pub fn start_at(directory: &Path, listen: &str) -> Self {
        let (log, stderr) = Watched::file(&directory.join("log"));
        let mut child = glimpse(directory)
            .args(["serve", "--listen", listen, "--issuer-id", "demo", "--issuer-name", "示范机关"])
            .args(["--verifier-name", "示范酒吧"])
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("serving at ").unwrap().to_owned();
        Self { child, url, _log: log }
    }

    /// What the administrator is told.
    pub fn ask(&self, path: &str) -> Value {
        let bearer = format!("Bearer {ADMIN}");
        let answer = ureq::get(format!("{}{path}", self.url)).header("authorization", bearer).call();
        answer.unwrap().body_mut().read_json().unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // SIGKILL: what was acknowledged must be there all the same.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
