//! What came of it.

use std::fmt;

use glimpse_benches::report::Machine;
use glimpse_benches::welch::{CERTAIN, Class, Crop, FINDING, Sample, crops, greatest};
use serde_json::{Map, Value, json};

use crate::case::{Plan, Role};

/// Everything.
pub(crate) struct Report {
    machine: Machine,
    seconds: u64,
    seed: u64,
    findings: Vec<Finding>,
}

/// What one case came to.
pub(crate) struct Finding {
    name: &'static str,
    role: Role,
    fixed: &'static str,
    random: &'static str,
    samples: usize,
    /// Medians of the classes, fixed first.
    medians_ns: [f64; 2],
    crops: Vec<Crop>,
}

impl Finding {
    pub(crate) fn new(plan: &Plan, samples: &[Sample]) -> Self {
        let median = |class| {
            let of = samples.iter().filter(|sample| sample.class == class);
            let mut all: Vec<f64> = of.map(|sample| sample.ns).collect();
            all.sort_by(f64::total_cmp);
            all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
        };
        Self {
            name: plan.name,
            role: plan.role,
            fixed: plan.fixed,
            random: plan.random,
            samples: samples.len(),
            medians_ns: [median(Class::Fixed), median(Class::Random)],
            crops: crops(samples),
        }
    }

    fn greatest(&self) -> Option<&Crop> {
        greatest(&self.crops, |crop| crop.t)
    }

    fn greatest_second(&self) -> Option<&Crop> {
        greatest(&self.crops, |crop| crop.t_second)
    }

    /// The greatest |t| of either order; none where there was too little to test.
    fn most(&self) -> Option<f64> {
        Some(self.greatest()?.t.abs().max(self.greatest_second()?.t_second.abs()))
    }

    /// Whether the case is as it has to be.
    fn holds(&self) -> bool {
        match (self.role, self.most()) {
            (_, None) => false,
            (Role::Told, _) => true,
            (Role::Positive, Some(most)) => most > CERTAIN,
            (Role::Subject | Role::Negative, Some(most)) => most <= FINDING,
        }
    }

    fn verdict(&self) -> &'static str {
        match (self.role, self.most()) {
            (_, None) => "too few samples",
            (Role::Told, _) => "not judged",
            (Role::Positive, Some(most)) if most > CERTAIN => "told apart, as it must be",
            (Role::Positive, _) => "NOT TOLD APART: the run proves nothing",
            (Role::Negative, Some(most)) if most > FINDING => "TOLD APART: the measurement is wrong",
            (_, Some(most)) if most > CERTAIN => "LEAKS",
            (_, Some(most)) if most > FINDING => "DIFFERS",
            _ => "no difference",
        }
    }

    fn to_json(&self) -> Value {
        let list = |of: fn(&Crop) -> f64| self.crops.iter().map(of).map(rounded).collect::<Vec<_>>();
        json!({
            "name": self.name,
            "role": self.role.name(),
            "fixed": self.fixed,
            "random": self.random,
            "samples": self.samples,
            "median_ns": self.medians_ns.map(rounded),
            "parts": list(|crop| crop.part),
            "t": list(|crop| crop.t),
            "t_second": list(|crop| crop.t_second),
            "difference_ns": list(|crop| crop.difference_ns),
            "error_ns": list(|crop| crop.error_ns),
            "max_t": self.greatest().map(|crop| rounded(crop.t)),
            "max_t_second": self.greatest_second().map(|crop| rounded(crop.t_second)),
            "verdict": self.verdict(),
        })
    }
}

impl Report {
    pub(crate) fn new(machine: Machine, seconds: u64, seed: u64, findings: Vec<Finding>) -> Self {
        Self { machine, seconds, seed, findings }
    }

    /// Nothing was found, and something would have been.
    pub(crate) fn holds(&self) -> bool {
        self.findings.iter().all(Finding::holds)
    }

    pub(crate) fn to_json(&self) -> Value {
        let machine: Map<String, Value> = self
            .machine
            .lines()
            .into_iter()
            .map(|(name, value)| (name.replace(' ', "_"), value.into()))
            .collect();
        json!({
            "machine": machine,
            "seconds_per_case": self.seconds,
            "seed": self.seed,
            "finding_above": FINDING,
            "certain_above": CERTAIN,
            "holds": self.holds(),
            "cases": self.findings.iter().map(Finding::to_json).collect::<Vec<_>>(),
        })
    }
}

/// To three decimals. What is not a number is null.
fn rounded(value: f64) -> Value {
    json!((value * 1e3).round() / 1e3)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in self.machine.lines() {
            writeln!(f, "{name:26} {value}")?;
        }
        writeln!(f, "{:26} {} s for each case, seed {}\n", "measured", self.seconds, self.seed)?;
        let mut table = comfy_table::Table::new();
        table.load_style(comfy_table::presets::NOTHING);
        table.set_header([
            "case",
            "fixed",
            "random",
            "samples",
            "median us",
            "t of all",
            "max t",
            "of part",
            "diff ns",
            "+- ns",
            "max t 2nd",
            "verdict",
        ]);
        for finding in &self.findings {
            let [first, most, second] =
                [finding.crops.first(), finding.greatest(), finding.greatest_second()];
            let show = |crop: Option<&Crop>, of: fn(&Crop) -> f64| {
                crop.map_or("-".to_owned(), |crop| format!("{:.2}", of(crop)))
            };
            table.add_row([
                finding.name.to_owned(),
                finding.fixed.to_owned(),
                finding.random.to_owned(),
                finding.samples.to_string(),
                format!("{:.2}", finding.medians_ns[1] / 1e3),
                show(first, |crop| crop.t),
                show(most, |crop| crop.t),
                show(most, |crop| crop.part),
                show(most, |crop| crop.difference_ns),
                show(most, |crop| crop.error_ns),
                show(second, |crop| crop.t_second),
                finding.verdict().to_owned(),
            ]);
        }
        writeln!(f, "{table}\n")?;
        let wrong = self.findings.iter().filter(|finding| !finding.holds()).count();
        match wrong {
            0 => write!(
                f,
                "no secret was found in the time taken, and the controls show that one would have been"
            ),
            _ => write!(f, "{wrong} of {} cases are not as they have to be", self.findings.len()),
        }
    }
}
