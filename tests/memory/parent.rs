//! The parent's side.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::search::{Secret, search};
use crate::stage::VARIABLE;

/// A child of this test.
pub(crate) struct Process {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Process {
    /// Starts a child that tells or holds, with more variables if it needs them.
    pub(crate) fn start(mode: &str, scenario: &str, variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .env(VARIABLE, format!("{mode} {scenario}"))
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, stdin, stdout: BufReader::new(stdout) }
    }

    /// The next line; none if it has ended.
    pub(crate) fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.strip_suffix('\n').map(str::to_owned)
    }

    pub(crate) fn answer(&mut self, line: &str) {
        writeln!(self.stdin, "{line}").unwrap();
    }

    #[track_caller]
    pub(crate) fn expect(&mut self, line: &str) {
        assert_eq!(self.line().as_deref(), Some(line));
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// At `held` and at `dropped`: what is not as it has to be.
    pub(crate) fn watch(&mut self, secrets: &[Secret]) -> Vec<String> {
        self.expect("held");
        let mut complaints = self.missed(secrets);
        self.answer("");
        self.expect("dropped");
        complaints.extend(self.left(secrets));
        self.answer("");
        complaints
    }

    /// Secrets that are not where they must be.
    pub(crate) fn missed(&self, secrets: &[Secret]) -> Vec<String> {
        let found = search(self.id(), secrets);
        let is_found = |secret: &Secret| found.iter().any(|found| found.name == secret.name);
        let missed = secrets.iter().filter(|secret| secret.is_held && !is_found(secret));
        missed.map(|secret| format!("{} is not found while it is held", secret.name)).collect()
    }

    /// Secrets that are still there.
    pub(crate) fn left(&self, secrets: &[Secret]) -> Vec<String> {
        let found = search(self.id(), secrets);
        found.iter().map(|found| format!("{} is left behind in {}", found.name, found.place)).collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A scenario whose secrets another child tells.
pub(crate) fn told(scenario: &'static str) -> Vec<String> {
    let (mut secrets, mut messages) = (Vec::new(), Vec::new());
    let mut teller = Process::start("tell", scenario, &[]);
    while let Some(line) = teller.line() {
        let [kind, name, value] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        match kind {
            "secret" => secrets.push(Secret::new(name, &hex::decode(value).unwrap())),
            "transient" => secrets.push(Secret::transient(name, &hex::decode(value).unwrap())),
            _ => messages.push(value.to_owned()),
        }
    }
    assert!(teller.child.wait().unwrap().success());
    let mut holder = Process::start("hold", scenario, &[]);
    messages.iter().for_each(|message| holder.answer(message));
    holder.watch(&secrets)
}
