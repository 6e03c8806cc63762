//! Other libraries, from the file that `benches/peers` writes.

use serde_json::{Map, Value, json};

const FIGURES: [&str; 4] = ["prove_us", "verify_us", "batch64_us", "batch1024_us"];

/// Reads the `peers` of a file and adds to each its `ratios` to that file's own case: a peer and Glimpse are compared
/// in one run, whatever the machine was doing during this one. Where a peer names its kind of `verification`, the case
/// is the first of the same kind, and `age_over_18` otherwise.
pub fn read_peers(text: &str) -> Result<Vec<Value>, PeersError> {
    let file: Value = serde_json::from_str(text).map_err(|_| PeersError)?;
    let (Some(peers), Some(cases)) = (file["peers"].as_array(), file["cases"].as_array()) else {
        return Err(PeersError);
    };
    let own = |peer: &Value| {
        let kind = peer["verification"].as_str();
        let same = cases.iter().find(|case| kind.is_some() && case["verification"].as_str() == kind);
        same.or_else(|| cases.iter().find(|case| case["name"] == "age_over_18"))
    };
    let with_ratios = |peer: &Value| {
        let mut object = peer.as_object().ok_or(PeersError)?.clone();
        let own = own(peer).ok_or(PeersError)?;
        let mut ratios = Map::new();
        for name in FIGURES {
            if let (Some(theirs), Some(ours)) = (peer[name].as_f64(), own[name].as_f64()) {
                let ratio = (theirs / ours * 1e3).round() / 1e3;
                ratios.insert(name.trim_end_matches("_us").to_owned(), json!(ratio));
            }
        }
        object.insert("compared_with".into(), own["name"].clone());
        object.insert("ratios".into(), Value::Object(ratios));
        Ok(Value::Object(object))
    };
    peers.iter().map(with_ratios).collect()
}

/// Not a file with `peers` and `cases`, one of which is `age_over_18`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeersError;

impl std::fmt::Display for PeersError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not what benches/peers writes: peers, and cases with age_over_18")
    }
}

impl std::error::Error for PeersError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compared_within_their_own_run() {
        let file = json!({
            "cases": [
                {"name": "age_over_18", "prove_us": 100.0, "verify_us": 50.0, "verification": "public"},
                {"name": "age_over_18_keyed", "prove_us": 80.0, "verify_us": 40.0, "verification": "keyed"},
            ],
            "peers": [
                {"name": "a", "prove_us": 300.0, "verify_us": 75.0, "batch64_us": null},
                {"name": "b", "prove_us": 80.0, "verify_us": 80.0, "verification": "keyed"},
            ],
        });
        let peers = read_peers(&file.to_string()).unwrap();
        assert_eq!(peers[0]["ratios"], json!({"prove": 3.0, "verify": 1.5}));
        assert_eq!(peers[1]["ratios"], json!({"prove": 1.0, "verify": 2.0}));
        assert_eq!(peers[1]["compared_with"], "age_over_18_keyed");
        assert_eq!(read_peers("{}"), Err(PeersError));
        assert_eq!(read_peers("["), Err(PeersError));
    }
}
