//! A service of its own process.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;

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
        let issuer = ["--listen", listen, "--issuer-id", "demo", "--issuer-name", "示范机关"];
        let arguments = [&issuer[..], &["--verifier-name", "示范酒吧"]].concat();
        // Somebody else may have an address that is free again for a moment.
        for _ in 0..100 {
            let service = Self::start_with(directory, &arguments, &[]);
            if !service.url.is_empty() {
                return service;
            }
            sleep(Duration::from_millis(100));
        }
        panic!("the service does not start at {listen}");
    }

    /// One that has these arguments, and does without these variables: a service of one role takes no token of the other.
    pub fn start_with(directory: &Path, arguments: &[&str], without: &[&str]) -> Self {
        let (log, stderr) = Watched::file(&directory.join("log"));
        let mut command = glimpse(directory);
        command.arg("serve").args(arguments);
        for variable in without {
            command.env_remove(variable);
        }
        let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("serving at ").unwrap_or_default().to_owned();
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
