//! Sends batches over a few connections at once, and hands what was answered on in the order of the file.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::BufRead;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use glimpse_api::{FieldProblem, ImportOutcome, ImportRow, ImportedBatch, ImportedRow, paths};
use serde::Serialize;

use super::batches::{Batch, Batches};
use super::rows::Place;
use crate::http::{Client, HttpError};

/// For so long a service may be away before a run gives up. It can be gone on with later.
const PATIENCE: Duration = Duration::from_secs(120);
/// Longest wait between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What became of a row.
pub(super) enum Fate {
    /// Registered, as this licence.
    Registered(String),
    /// Not acceptable.
    Rejected(Vec<FieldProblem>),
}

/// A batch that was answered.
pub(super) struct Answered {
    index: u64,
    pub(super) rows: Vec<(Place, Fate)>,
    pub(super) after: Place,
}

type Failure = Box<dyn Error + Send + Sync>;

/// Sends all there is; `take` has the answers one by one, in order.
pub(super) fn send_all<R: BufRead + Send>(
    client: &Client,
    import: &str,
    connections: usize,
    mut batches: Batches<'_, R>,
    mut take: impl FnMut(Answered) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let path = paths::IMPORT_ROWS.replace("{import}", import);
    let stop = AtomicBool::new(false);
    // So many batches are read and not taken yet: what bounds the memory, however far one connection falls behind.
    let window = 2 * connections;
    let (allow, allowed) = sync_channel::<()>(window);
    (0..window).try_for_each(|_| allow.send(()))?;
    let (to_send, waiting) = channel::<Batch>();
    let waiting = Mutex::new(waiting);
    let (answer, answered) = channel::<Result<Answered, Failure>>();
    thread::scope(|scope| {
        let (waiting, path, stop) = (&waiting, path.as_str(), &stop);
        for _ in 0..connections {
            let answer = answer.clone();
            scope.spawn(move || connection(client, path, waiting, &answer, stop));
        }
        scope.spawn(move || {
            while allowed.recv().is_ok() {
                match batches.read() {
                    Ok(Some(batch)) => match to_send.send(batch) {
                        Ok(()) => {}
                        Err(_) => return,
                    },
                    Ok(None) => return,
                    Err(error) => return drop(answer.send(Err(error.into()))),
                }
            }
        });
        let taken = in_order(&answered, |answered| {
            take(answered)?;
            // Fails when there is nothing more to read.
            let _ = allow.send(());
            Ok(())
        });
        stop.store(true, Ordering::Relaxed);
        // Whoever still waits to read, to send or to hand on is told that nobody is there.
        drop((allow, answered));
        taken
    })
}

fn in_order(
    answered: &Receiver<Result<Answered, Failure>>,
    mut take: impl FnMut(Answered) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let (mut next, mut early) = (0, BTreeMap::new());
    while let Ok(one) = answered.recv() {
        let one = one.map_err(|error| error as Box<dyn Error>)?;
        early.insert(one.index, one);
        while let Some(one) = early.remove(&next) {
            take(one)?;
            next += 1;
        }
    }
    Ok(())
}

fn connection(
    client: &Client,
    path: &str,
    waiting: &Mutex<Receiver<Batch>>,
    answer: &Sender<Result<Answered, Failure>>,
    stop: &AtomicBool,
) {
    loop {
        let batch = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(batch) = batch else { return };
        let sent = send(client, path, &batch.sent, stop).and_then(|fates| answered(batch, fates));
        let failed = sent.is_err();
        if answer.send(sent).is_err() || failed {
            return;
        }
    }
}

/// Puts what the service said beside what it was not asked.
fn answered(batch: Batch, fates: Vec<ImportedRow>) -> Result<Answered, Failure> {
    let mut fates = fates.into_iter();
    let mut rows = Vec::with_capacity(batch.rows.len());
    for (place, problems) in batch.rows {
        let fate = match problems {
            Some(problems) => Fate::Rejected(problems),
            None => match fates.next() {
                Some(ImportedRow {
                    row, outcome: ImportOutcome::Registered, licence: Some(licence), ..
                }) if row == place.row => Fate::Registered(licence),
                Some(ImportedRow { row, outcome: ImportOutcome::Refused, errors, .. })
                    if row == place.row =>
                {
                    Fate::Rejected(errors)
                }
                _ => return Err("the service did not answer for the rows that it was sent".into()),
            },
        };
        rows.push((place, fate));
    }
    Ok(Answered { index: batch.index, rows, after: batch.after })
}

#[derive(Serialize)]
struct Body<'a> {
    rows: &'a [ImportRow],
}

/// Sends some rows, in halves if they are more than the service takes at once.
fn send(
    client: &Client,
    path: &str,
    rows: &[ImportRow],
    stop: &AtomicBool,
) -> Result<Vec<ImportedRow>, Failure> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    match post(client, path, rows, stop) {
        Ok(answer) => Ok(answer.rows),
        Err(error) if error.kind() == Some("too-large") => match rows {
            [row] => {
                let reason = "is larger than the service takes".to_owned();
                let errors = vec![FieldProblem { field: ".".to_owned(), reason }];
                let (row, outcome) = (row.row, ImportOutcome::Refused);
                Ok(vec![ImportedRow { row, outcome, licence: None, errors }])
            }
            _ => {
                let (first, second) = rows.split_at(rows.len() / 2);
                let mut all = send(client, path, first, stop)?;
                all.extend(send(client, path, second, stop)?);
                Ok(all)
            }
        },
        Err(error) => Err(error.to_string().into()),
    }
}

/// Tries again for as long as it may help. Rows that were registered by a try whose answer was lost stay as they are.
fn post(
    client: &Client,
    path: &str,
    rows: &[ImportRow],
    stop: &AtomicBool,
) -> Result<ImportedBatch, HttpError> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(100);
    loop {
        let error = match client.post(path, &Body { rows }) {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        if !error.may_pass() || start.elapsed() > PATIENCE || stop.load(Ordering::Relaxed) {
            return Err(error);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
