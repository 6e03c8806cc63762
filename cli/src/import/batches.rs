//! Rows put together to be sent, a bounded number of them at a time.

use std::io::{self, BufRead};

use glimpse_api::{FieldProblem, ImportRow, MAX_IMPORT_ROWS};

use super::licence::Names;
use super::rows::{Place, Rows};

/// Bytes of the file after which a batch is full: well below what a service takes by default.
const MOST_BYTES: u64 = 384 * 1024;

/// Rows that stand together in the file.
pub(super) struct Batch {
    /// Counts batches of this run, from 0.
    pub(super) index: u64,
    /// Number and line of each, and what became of those that are not sent.
    pub(super) rows: Vec<(Place, Option<Vec<FieldProblem>>)>,
    /// Those that are sent.
    pub(super) sent: Vec<ImportRow>,
    /// Where the rows after them begin.
    pub(super) after: Place,
}

/// Makes batches of rows.
pub(super) struct Batches<'a, R> {
    rows: Rows<R>,
    names: &'a Names,
    index: u64,
}

impl<'a, R: BufRead> Batches<'a, R> {
    pub(super) fn new(rows: Rows<R>, names: &'a Names) -> Self {
        Self { rows, names, index: 0 }
    }

    /// The next one; none at the end of the file.
    pub(super) fn read(&mut self) -> io::Result<Option<Batch>> {
        let start = self.rows.next_place().offset;
        let mut batch = Batch { index: self.index, rows: Vec::new(), sent: Vec::new(), after: Place::START };
        let full = |rows: usize, bytes: u64| rows >= MAX_IMPORT_ROWS || bytes >= MOST_BYTES;
        while !full(batch.rows.len(), self.rows.next_place().offset - start) {
            let Some((place, raw)) = self.rows.read()? else { break };
            let problem = match self.names.licence(&raw) {
                Ok(licence) => {
                    let (holder, attributes, overrides) =
                        (licence.holder, licence.attributes, licence.overrides);
                    batch.sent.push(ImportRow { row: place.row, holder, attributes, overrides });
                    None
                }
                Err(reason) => Some(vec![FieldProblem { field: ".".to_owned(), reason }]),
            };
            batch.rows.push((place, problem));
        }
        batch.after = self.rows.next_place();
        self.index += 1;
        Ok((!batch.rows.is_empty()).then_some(batch))
    }
}
