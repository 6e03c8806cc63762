//! What is shown in the valid presentations: every kind of statement, at its edges.

mod compact;
mod numbers;
mod sets;
mod several;

use serde_json::{Value as Json, json};

use super::ask::{Ask, Show};

const MAX: i128 = (1 << 63) - 1;
/// The amount of the licence "all types".
const AMOUNT: i128 = 1_000_000;

/// All of them in the order of the file.
pub(crate) fn all() -> Vec<Show> {
    let lists = [
        sets::disclosures(),
        numbers::ranges(),
        numbers::ages_and_dates(),
        sets::equalities(),
        sets::sets(),
        sets::excluded(),
        numbers::interval_lists(),
        sets::flag_sets(),
        several::equal_attributes(),
        several::several(),
        compact::compact(),
        several::questions(),
        several::moments(),
    ];
    lists.into_iter().flatten().collect()
}

/// One statement about the licence "all types".
fn one(name: &str, statement: Json) -> Show {
    Show::l(Ask::l(name, json!([statement])))
}

fn one_keyed(name: &str, statement: Json) -> Show {
    Show::l(Ask::l(name, json!([statement])).keyed())
}

/// One statement about the licence "short", which has the same values.
fn short(name: &str, statement: Json) -> Show {
    Show::short(Ask::short(name, json!([statement])))
}

fn short_keyed(name: &str, statement: Json) -> Show {
    Show::short(Ask::short(name, json!([statement])).keyed())
}
