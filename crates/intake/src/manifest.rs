//! The manifest of a snapshot: what was asked, read and refused, when, by which version, and the hash of the resources.

use dekey_model::{CoverageEntry, Kind, Outcome};
use serde::{Deserialize, Serialize};

/// A manifest. It can stand beside any export, written by hand, to say what the export covers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Manifest {
    /// Always `manifest/1`.
    pub dekey: String,
    /// The version of dekey that wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// When the first resource was read, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_from: Option<String>,
    /// When the last resource was read, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_to: Option<String>,
    /// Everything in it was read at this time or later, or was found unchanged since it was read, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
    /// How many resources the snapshot holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<u64>,
    /// `sha256:` and the hash of the resource lines, uncompressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_hash: Option<String>,
    /// What was asked for, and what came of it.
    #[serde(default)]
    pub coverage: Vec<Line>,
}

/// One line of coverage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The plural of a kind: `datastores`, `storage accounts`, ...
    pub kind: String,
    /// A scope id; `/` is the tenant.
    pub scope: String,
    /// `read`, `read in part`, `refused` or `not asked`.
    pub outcome: String,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Manifest {
    /// The value of `dekey` in a manifest.
    pub const MARK: &str = "manifest/1";

    /// Whether a document calls itself a manifest.
    pub fn is_manifest(value: &serde_json::Value) -> bool {
        value
            .get("dekey")
            .and_then(serde_json::Value::as_str)
            .is_some_and(|mark| mark.starts_with("manifest/"))
    }

    /// Reads a manifest; the error says what is wrong.
    pub fn read(value: serde_json::Value) -> Result<Self, String> {
        let manifest: Manifest =
            serde_json::from_value(value).map_err(|error| format!("not a manifest: {error}"))?;
        if manifest.dekey != Self::MARK {
            return Err(format!("a manifest of another version; expected `{}`", Self::MARK));
        }
        manifest.entries()?;
        Ok(manifest)
    }

    /// A manifest with these lines.
    pub fn of(entries: impl Iterator<Item = CoverageEntry>) -> Self {
        let coverage = entries.map(|entry| {
            let (outcome, reason) = match entry.outcome {
                Outcome::Read => ("read", None),
                Outcome::InPart => ("read in part", None),
                Outcome::Refused(why) => ("refused", Some(why)),
                Outcome::NotAsked => ("not asked", None),
            };
            let scope = if entry.scope.is_empty() { "/".to_owned() } else { entry.scope };
            Line { kind: entry.kind.plural().to_owned(), scope, outcome: outcome.to_owned(), reason }
        });
        Self { dekey: Self::MARK.to_owned(), coverage: coverage.collect(), ..Self::default() }
    }

    /// Its lines for an inventory.
    pub fn entries(&self) -> Result<Vec<CoverageEntry>, String> {
        self.coverage.iter().map(Line::entry).collect()
    }
}

impl Line {
    fn entry(&self) -> Result<CoverageEntry, String> {
        let Some(kind) = Kind::of_plural(&self.kind) else {
            let known: Vec<&str> = Kind::all().map(Kind::plural).collect();
            return Err(format!("coverage of an unknown kind; known are {}", known.join(", ")));
        };
        if !self.scope.starts_with('/') {
            return Err("a coverage scope must be a resource id, or `/` for the tenant".to_owned());
        }
        let outcome = match self.outcome.as_str() {
            "read" => Outcome::Read,
            "read in part" => Outcome::InPart,
            "refused" => {
                let reason = dekey_model::secret::mask(self.reason.as_deref().unwrap_or("no reason given"));
                Outcome::Refused(reason.into_owned())
            }
            "not asked" => Outcome::NotAsked,
            _ => {
                return Err(
                    "a coverage outcome must be `read`, `read in part`, `refused` or `not asked`".to_owned()
                );
            }
        };
        Ok(CoverageEntry { kind, scope: self.scope.clone(), outcome })
    }
}
