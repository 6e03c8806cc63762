//! What a run found, for people and for programs.

use std::fmt::Write;

use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

use super::{Outcome, Tally};
use glimpse_fixtures::mutant::Kind;

/// A table by kind, one by cause, one of what the reference found, and what went wrong with how to see it again.
pub fn to_text(outcome: &Outcome) -> String {
    let (plan, tally) = (&outcome.plan, &outcome.tally);
    let total = tally.total();
    let seconds = outcome.elapsed.as_secs_f64();
    let mut text = format!(
        "{} mutants of {} presentations for {} requests, seed {}, {} threads, {seconds:.0} s: {:.0}/s\n",
        total.made,
        outcome.answers,
        outcome.requests,
        plan.seed,
        plan.threads,
        total.made as f64 / seconds,
    );
    let _ = writeln!(text, "{}", by_kind(tally));
    let _ = writeln!(text, "Refused:\n{}", by_cause(tally));
    let _ = writeln!(
        text,
        "One in {} was held against the reference. Equations that they break:\n{}",
        plan.explain_every,
        two_columns(&tally.broken.iter().map(|(names, count)| (names.as_str(), *count)).collect::<Vec<_>>()),
    );
    for failure in &outcome.failures {
        let _ = writeln!(
            text,
            "WRONG: {} ({}; {}): {}\n  again: cargo run --release -p glimpse-benches --bin reject -- --seed {} --only {}",
            failure.number, failure.kind, failure.asked, failure.what, plan.seed, failure.number
        );
    }
    let refused = tally.refused();
    let _ = write!(
        text,
        "{refused} refused ({:.1} % of them by the equations), {} sound ones accepted, {} that are wrong",
        100.0 * total.proof as f64 / refused.max(1) as f64,
        total.accepted,
        outcome.failures.len(),
    );
    text
}

/// The same as JSON.
pub fn to_json(outcome: &Outcome) -> Value {
    let (plan, tally) = (&outcome.plan, &outcome.tally);
    let kinds: Vec<Value> = tally
        .kinds
        .iter()
        .map(|(kind, tally)| {
            json!({
                "kind": kind.name(), "made": tally.made, "accepted": tally.accepted, "proof": tally.proof,
                "decode": tally.decode,
            })
        })
        .collect();
    let failures: Vec<Value> = outcome
        .failures
        .iter()
        .map(|failure| {
            json!({
                "number": failure.number, "kind": failure.kind, "asked": failure.asked, "what": failure.what,
            })
        })
        .collect();
    let total = tally.total();
    json!({
        "seed": plan.seed, "threads": plan.threads, "seconds": outcome.elapsed.as_secs_f64(),
        "requests": outcome.requests, "presentations": outcome.answers,
        "made": total.made, "refused": tally.refused(), "refused_by_equations": total.proof,
        "accepted": total.accepted, "wrong": outcome.failures.len(), "kinds": kinds,
        "explained_one_in": plan.explain_every, "broken": tally.broken, "failures": failures,
    })
}

fn by_kind(tally: &Tally) -> Table {
    let mut table = table(&["made by", "made", "equations", "unreadable", "an answer"]);
    for (kind, tally) in &tally.kinds {
        table.add_row([
            kind.name().to_owned(),
            tally.made.to_string(),
            tally.proof.to_string(),
            tally.unreadable().to_string(),
            // Controls are meant to be; of the others it happened, and they are skipped.
            if *kind == Kind::Control {
                format!("{} (controls)", tally.accepted)
            } else {
                tally.accepted.to_string()
            },
        ]);
    }
    table
}

fn by_cause(tally: &Tally) -> Table {
    let total = tally.total();
    let mut rows = vec![("the proof does not hold", total.proof)];
    rows.extend(total.decode.iter().map(|(why, count)| (why.as_str(), *count)));
    two_columns(&rows)
}

fn two_columns(rows: &[(&str, u64)]) -> Table {
    let mut table = table(&["", "mutants"]);
    for (name, count) in rows {
        table.add_row([(*name).to_owned(), count.to_string()]);
    }
    table
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_header(header.to_vec());
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
