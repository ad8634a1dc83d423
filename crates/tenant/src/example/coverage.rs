//! What the export covers. Without it nobody could tell an empty list from one that was never asked for.

use super::workspaces;
use super::world::Sub;
use serde_json::{Value, json};

/// Asked in every subscription.
const EVERYWHERE: &[&str] = &[
    "workspaces",
    "computes",
    "online endpoints",
    "batch endpoints",
    "serverless endpoints",
    "storage accounts",
    "key vaults",
    "container registries",
    "Application Insights components",
    "user-assigned identities",
    "policy assignments",
    "policy exemptions",
];

/// Left out in research.
const NOT_IN_RESEARCH: &[&str] = &[
    "datastores",
    "connections",
    "online deployments",
    "batch deployments",
    "registry tokens",
    "diagnostic settings",
    "role assignments",
];

/// Refused for one workspace of the legal department; not asked for one that is newer than the export.
const OF_ONE: &[&str] = &["computes", "online endpoints", "batch endpoints", "serverless endpoints"];

/// A manifest that stands beside the export.
pub(super) fn manifest() -> Value {
    let line =
        |kind: &str, scope: &str, outcome: &str| json!({ "kind": kind, "scope": scope, "outcome": outcome });
    let of_tenant = ["subscriptions", "service principals", "groups", "applications"];
    let mut lines: Vec<Value> = of_tenant.iter().map(|kind| line(kind, "/", "read")).collect();
    for sub in Sub::ALL {
        let outcome = if sub == Sub::Research { "not asked" } else { "read" };
        lines.extend(EVERYWHERE.iter().map(|kind| line(kind, &sub.id(), "read")));
        lines.extend(NOT_IN_RESEARCH.iter().map(|kind| line(kind, &sub.id(), outcome)));
    }
    let legal = workspaces::by_name("mlw-legal-review").map(workspaces::Row::id).unwrap_or_default();
    lines.extend(OF_ONE.iter().map(|kind| {
        let reason = "AuthorizationFailed: the auditor has no Reader role on this workspace";
        json!({ "kind": kind, "scope": legal, "outcome": "refused", "reason": reason })
    }));
    lines.extend(OF_ONE.iter().map(|kind| line(kind, &workspaces::newest_id(), "not asked")));
    json!({
        "dekey": "manifest/1",
        "takenFrom": "2026-11-22T19:04:11Z",
        "takenTo": "2026-11-22T19:41:58Z",
        "coverage": lines,
    })
}
