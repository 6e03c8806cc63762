//! What came of it, one node beside two.

use std::fmt;

use comfy_table::Table;
use hdrhistogram::Histogram;
use serde::Serialize;

use super::round_trips::{Commands, RoundTrips};
use super::usage::Usage;
use super::visits::{Phase, What};
use crate::Arguments;

/// Everything.
#[derive(Serialize)]
pub(crate) struct Report {
    cores: usize,
    connections: u16,
    nodes_pinned: bool,
    redis_pinned_to: Option<usize>,
    generator_pinned_to: Option<usize>,
    lines: Vec<Line>,
    ratios: Vec<Ratio>,
    round_trips: RoundTrips,
    /// For each whole presentation, those that scripts call included.
    redis_commands: Commands,
}

/// All rounds of one kind of work on so many nodes.
#[derive(Serialize)]
struct Line {
    work: &'static str,
    nodes: usize,
    answers: u64,
    /// Median, least and most of the rounds.
    per_second: [f64; 3],
    p50_ms: f64,
    p99_ms: f64,
    seconds: f64,
    /// Seconds of CPU.
    used: Usage,
    /// Answers for each second of CPU that nodes used.
    per_node_cpu_second: f64,
    redis_cpu_us_per_answer: f64,
}

/// More nodes beside one.
#[derive(Serialize)]
struct Ratio {
    work: &'static str,
    nodes: usize,
    by_the_clock: f64,
    by_cpu_of_the_nodes: f64,
}

impl Report {
    pub(crate) fn new(
        arguments: &Arguments,
        cores: usize,
        phases: &[Phase],
        sizes: &[usize],
        round_trips: RoundTrips,
        redis_commands: Commands,
    ) -> Self {
        let mut lines = Vec::new();
        let mut ratios = Vec::new();
        for work in ["stateless verification", "whole presentation"] {
            let of = |nodes: usize| {
                let phases = phases.iter().filter(|phase| name(&phase.what) == work && phase.nodes == nodes);
                Line::new(work, nodes, &phases.collect::<Vec<_>>())
            };
            let own: Vec<Line> = sizes.iter().map(|nodes| of(*nodes)).collect();
            if let [one, more] = &own[..] {
                ratios.push(Ratio {
                    work,
                    nodes: more.nodes,
                    by_the_clock: more.per_second[0] / one.per_second[0],
                    by_cpu_of_the_nodes: more.per_node_cpu_second / one.per_node_cpu_second,
                });
            }
            lines.extend(own);
        }
        Self {
            cores,
            connections: arguments.connections,
            nodes_pinned: arguments.pin,
            redis_pinned_to: arguments.pin_redis,
            generator_pinned_to: arguments.pin_generator,
            lines,
            ratios,
            round_trips,
            redis_commands,
        }
    }
}

fn name(what: &What) -> &'static str {
    match what {
        What::Stateless(_) => "stateless verification",
        What::Visits(_) => "whole presentation",
    }
}

impl Line {
    fn new(work: &'static str, nodes: usize, phases: &[&Phase]) -> Self {
        let mut times = Histogram::new_with_max(100_000_000, 3).unwrap();
        let (mut used, mut seconds) = (Usage::default(), 0.0);
        let mut rates = Vec::new();
        for phase in phases {
            times.add(&phase.times).unwrap();
            used = used.combine(phase.used, |one, other| one + other);
            seconds += phase.seconds;
            rates.push(phase.times.len() as f64 / phase.seconds);
        }
        rates.sort_by(f64::total_cmp);
        let at = |quantile| times.value_at_quantile(quantile) as f64 / 1e3;
        Self {
            work,
            nodes,
            answers: times.len(),
            per_second: [rates[rates.len() / 2], rates[0], rates[rates.len() - 1]],
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            seconds,
            used,
            per_node_cpu_second: times.len() as f64 / used.nodes(),
            redis_cpu_us_per_answer: used.redis * 1e6 / times.len() as f64,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = |core: Option<usize>| core.map_or("any core".to_owned(), |core| format!("core {core}"));
        writeln!(
            f,
            "{} cores; each node on {}; Redis on {}, the generator on {}; {} connections",
            self.cores,
            if self.nodes_pinned { "a core of its own" } else { "any core" },
            on(self.redis_pinned_to),
            on(self.generator_pinned_to),
            self.connections
        )?;
        let mut table = Table::new();
        table.load_style(comfy_table::presets::NOTHING);
        table.set_header([
            "work",
            "nodes",
            "answers",
            "a second",
            "least",
            "most",
            "p50 ms",
            "p99 ms",
            "cpu verify",
            "cpu serve",
            "cpu redis",
            "cpu load",
            "cpu others",
            "a node's CPU second",
            "redis us",
        ]);
        for line in &self.lines {
            let cpu = |seconds: f64| format!("{:.2}", seconds / line.seconds);
            table.add_row([
                line.work.to_owned(),
                line.nodes.to_string(),
                line.answers.to_string(),
                format!("{:.0}", line.per_second[0]),
                format!("{:.0}", line.per_second[1]),
                format!("{:.0}", line.per_second[2]),
                format!("{:.1}", line.p50_ms),
                format!("{:.1}", line.p99_ms),
                cpu(line.used.verifying),
                cpu(line.used.serving),
                cpu(line.used.redis),
                cpu(line.used.generator),
                cpu(line.used.others()),
                format!("{:.0}", line.per_node_cpu_second),
                format!("{:.0}", line.redis_cpu_us_per_answer),
            ]);
        }
        writeln!(f, "{table}")?;
        for Ratio { work, nodes, by_the_clock, by_cpu_of_the_nodes } in &self.ratios {
            writeln!(
                f,
                "{work}: {nodes} nodes answer {by_the_clock:.2} times what one does by the clock, and \
                 {by_cpu_of_the_nodes:.2} times for each second of CPU that nodes use"
            )?;
        }
        let RoundTrips { create, read, present } = self.round_trips;
        writeln!(
            f,
            "round trips to Redis, one after another: {create:.2} to create a request, {read:.2} to read it, \
             {present:.2} to take a presentation"
        )?;
        let commands: Vec<_> =
            self.redis_commands.iter().map(|(name, count)| format!("{name} {count:.2}")).collect();
        writeln!(
            f,
            "commands for each whole presentation, those within scripts too: {}",
            commands.join(", ")
        )?;
        f.write_str(
            "cpu is in cores. Nodes, Redis and generator share the cores of this machine: with one node there is a core \
             that it does not use, with more there is none, so the ratio by the clock is below what nodes on machines of \
             their own come to; the ratio by CPU shows what sharing the store costs a node",
        )
    }
}
