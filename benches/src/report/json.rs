//! The report for machines.

use serde_json::{Map, Value, json};

use super::{Report, targets};
use crate::measure::Timing;

/// Times in microseconds under names that end in `_us`. `spread` has the quartiles, `ratios` what the figures are of
/// the baseline's, measured in turns with them.
pub fn to_json(report: &Report) -> Value {
    let machine: Map<String, Value> =
        report.machine.lines().into_iter().map(|(name, value)| (key(name), value.into())).collect();
    let cases = report.cases.iter().map(|case| {
        let mut object = Map::new();
        object.insert("name".into(), case.name.clone().into());
        object.insert("title".into(), case.title.clone().into());
        for (name, figure) in case.figures() {
            object.insert(format!("{name}_us"), rounded(figure.timing.median_us));
        }
        object.insert("proof_bytes".into(), case.proof_bytes.into());
        let spread = case.figures().map(|(name, figure)| (format!("{name}_us"), quartiles(&figure.timing)));
        object.insert("spread".into(), Value::Object(spread.into_iter().collect()));
        let ratios = case.figures().map(|(name, figure)| (name.to_owned(), rounded(figure.ratio)));
        object.insert("ratios".into(), Value::Object(ratios.into_iter().collect()));
        Value::Object(object)
    });
    let baselines = report.baselines.iter().map(|baseline| {
        json!({
            "name": baseline.name,
            "prove_us": rounded(baseline.prove.median_us),
            "verify_us": rounded(baseline.verify.median_us),
            "proof_bytes": baseline.proof_bytes,
            "spread": {"prove_us": quartiles(&baseline.prove), "verify_us": quartiles(&baseline.verify)},
        })
    });
    let operations = report.operations.iter().map(
        |timing| json!({"name": timing.name, "us": rounded(timing.median_us), "spread": quartiles(timing)}),
    );
    let batches = report.batches.iter().map(|(size, figure)| {
        json!({"size": size, "us": rounded(figure.timing.median_us), "ratio": rounded(figure.ratio)})
    });
    let targets = targets(report).into_iter().map(|target| {
        json!({
            "what": target.what,
            "unit": target.unit,
            "measured": rounded(target.measured),
            "limit": target.limit,
            "met": target.limit.map(|_| target.is_met()),
        })
    });
    json!({
        "machine": machine,
        "cases": cases.collect::<Vec<_>>(),
        "baselines": baselines.collect::<Vec<_>>(),
        "peers": report.peers,
        "operations": operations.collect::<Vec<_>>(),
        "batches": batches.collect::<Vec<_>>(),
        "targets": targets.collect::<Vec<_>>(),
        "table_bytes": report.table_bytes,
    })
}

fn quartiles(timing: &Timing) -> Value {
    json!([rounded(timing.low_us), rounded(timing.high_us)])
}

/// To three decimals. What is not a number is null.
fn rounded(value: f64) -> Value {
    json!((value * 1e3).round() / 1e3)
}

fn key(name: &str) -> String {
    name.replace(' ', "_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::made_up;

    #[test]
    fn has_the_agreed_shape() {
        let json = to_json(&made_up::report());
        assert!(json["machine"]["processor"].is_string() && json["machine"]["compiler"].is_string());
        let case = &json["cases"][0];
        assert_eq!(case["name"], "age_over_18");
        for (name, us) in
            [("prove_us", 500.0), ("verify_us", 300.0), ("batch64_us", 100.0), ("batch1024_us", 90.0)]
        {
            assert_eq!(case[name], us, "{name}");
        }
        assert_eq!(case["proof_bytes"], 1_216);
        assert_eq!(case["ratios"]["verify"], 0.75);
        assert_eq!(case["spread"]["verify_us"], json!([285.0, 315.0]));
        assert_eq!(json["baselines"][0]["name"], "bulletproofs_16");
        assert_eq!(json["baselines"][0]["prove_us"], 1_000.0);
        assert_eq!(json["baselines"][0]["verify_us"], 400.0);
        assert_eq!(json["peers"], json!([]));
    }

    #[test]
    fn names_of_cases_are_unique() {
        let mut names: Vec<_> = made_up::report().cases.into_iter().map(|case| case.name).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
