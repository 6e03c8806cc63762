//! How far a run is, on standard error.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// Between two lines where standard error is not a terminal.
const STEADY: Duration = Duration::from_secs(10);

/// One line that is written over on a terminal, and steady lines elsewhere.
pub struct Progress {
    start: Instant,
    /// Work of all steps, and of those that are over.
    total: f64,
    over: f64,
    terminal: bool,
    last: Option<Instant>,
}

impl Progress {
    /// For steps whose work comes to `total`, in any unit that is about proportional to time.
    pub fn new(total: f64) -> Self {
        Self { start: Instant::now(), total, over: 0.0, terminal: stderr().is_terminal(), last: None }
    }

    /// A `part` of the step at hand, whose work is `step`, is done.
    pub fn tell(&mut self, what: &str, step: f64, part: f64) {
        let done = ((self.over + step * part) / self.total).clamp(0.001, 1.0);
        if part >= 1.0 {
            self.over += step;
        }
        let due = self.last.is_none_or(|last| last.elapsed() >= STEADY);
        if !self.terminal && !due {
            return;
        }
        self.last = Some(Instant::now());
        let left = self.start.elapsed().as_secs_f64() * (1.0 / done - 1.0);
        let line = format!("{:3.0} %  {what}, about {} left", done * 100.0, clock(left));
        let _ = if self.terminal {
            write!(stderr(), "\r\x1b[K{line}").and_then(|()| stderr().flush())
        } else {
            writeln!(stderr(), "{line}")
        };
    }

    /// Ends the line.
    pub fn finish(&mut self) {
        let line = format!("measured in {}", clock(self.start.elapsed().as_secs_f64()));
        let _ = writeln!(stderr(), "{}{line}", if self.terminal { "\r\x1b[K" } else { "" });
    }
}

fn clock(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    format!("{}:{:02} min", seconds / 60, seconds % 60)
}
