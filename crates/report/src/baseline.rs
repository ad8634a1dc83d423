//! Baselines: the findings that were known on a day, so that only new ones count.

use std::collections::BTreeSet;

/// The fingerprints of known findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    fingerprints: BTreeSet<String>,
}

const MARK: &str = "baseline/1";

impl Baseline {
    /// Reads a baseline file; the error says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|error| format!("not a baseline: {error}"))?;
        if value.get("dekey").and_then(serde_json::Value::as_str) != Some(MARK) {
            return Err(format!(
                "not a baseline: expected `\"dekey\": \"{MARK}\"` (write one with --write-baseline)"
            ));
        }
        let list = value.get("fingerprints").and_then(serde_json::Value::as_array);
        let list = list.ok_or("not a baseline: `fingerprints` is missing")?;
        let fingerprints = list.iter().filter_map(|f| f.as_str().map(str::to_owned)).collect();
        Ok(Self { fingerprints })
    }

    /// A baseline of these findings.
    pub fn of(fingerprints: impl Iterator<Item = String>) -> Self {
        Self { fingerprints: fingerprints.collect() }
    }

    /// Whether a finding was known.
    pub fn contains(&self, fingerprint: &str) -> bool {
        self.fingerprints.contains(fingerprint)
    }

    /// How many findings were known.
    pub fn len(&self) -> usize {
        self.fingerprints.len()
    }

    /// Whether nothing was known.
    pub fn is_empty(&self) -> bool {
        self.fingerprints.is_empty()
    }

    /// The file's text.
    pub fn render(&self) -> String {
        let value = serde_json::json!({ "dekey": MARK, "fingerprints": self.fingerprints });
        format!("{value:#}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::Baseline;

    #[test]
    fn what_is_written_is_read_and_other_files_are_refused() {
        let own = Baseline::of(["a", "b"].into_iter().map(str::to_owned));
        assert_eq!(Baseline::parse(&own.render()), Ok(own.clone()));
        assert!(own.contains("a") && !own.contains("c"));
        assert!(Baseline::parse("{}").is_err());
        assert!(Baseline::parse("[").is_err());
    }
}
