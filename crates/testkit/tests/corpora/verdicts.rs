//! What four rules must say of a resource, by a plain reading of the table.

use crate::live::{Tally, member};
use crate::table::Line;
use dekey_model::{Inventory, ResourceIx};
use dekey_rules::{Audit, Context, Settings};
use dekey_testkit::cases::AS_OF;
use serde_json::{Map, Value};

const IDENTITY: &str = "workspace-without-system-assigned-identity";
const SHARED_KEY: &str = "storage-shared-key-access";
const ADMIN: &str = "registry-admin-user";
const SYSTEM_DATASTORES: &str = "system-datastores-access-key";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Pass,
    Finding,
    NotJudged,
    Silent,
}

/// What was read of one answer, audited when the first verdict is asked for.
pub(crate) struct Judged {
    pub(crate) inventory: Inventory,
    audit: Option<Audit>,
    /// The api-version of the call, where the answer gives it away.
    version: Option<String>,
}

impl Judged {
    pub(crate) fn new(inventory: Inventory, body: &Value) -> Self {
        let next = body.get("nextLink").and_then(Value::as_str).unwrap_or("");
        let version = next.split(['?', '&']).find_map(|part| part.strip_prefix("api-version="));
        Self { inventory, audit: None, version: version.map(str::to_owned) }
    }

    /// Compares the verdicts on a resource with those that its row calls for.
    pub(crate) fn compare(
        &mut self,
        name: &str,
        row: &Line,
        value: &Value,
        resource: ResourceIx,
        tally: &mut Tally,
    ) {
        let settings = Settings::default();
        for (rule, want) in expected(row, value, self.version.as_deref()) {
            let audit =
                self.audit.get_or_insert_with(|| dekey_rules::audit(&self.inventory, &settings, AS_OF));
            let got = said(audit, &self.inventory, &settings, rule, resource);
            *tally.verdicts.entry(format!("{rule} {want:?}")).or_default() += 1;
            if got != want {
                tally
                    .problems
                    .push(format!("{name}: {}: {rule}: {want:?} by the table, {got:?} by dekey", row["id"]));
            }
        }
    }
}

fn said(
    audit: &Audit,
    inventory: &Inventory,
    settings: &Settings,
    rule: &str,
    resource: ResourceIx,
) -> Verdict {
    let own = |ix| audit.rule(ix).is_some_and(|r| r.id == rule);
    if audit.findings.iter().any(|f| own(f.rule) && f.resource == resource) {
        return Verdict::Finding;
    }
    if audit.not_judged.iter().any(|n| n.rules.rules().any(own) && n.resource == resource) {
        return Verdict::NotJudged;
    }
    let cx = Context::new(inventory, settings, AS_OF);
    match dekey_rules::by_id(rule) {
        Some(rule) if dekey_rules::passes(&cx, rule, inventory.get(resource)) => Verdict::Pass,
        _ => Verdict::Silent,
    }
}

/// The verdicts a row calls for.
fn expected(row: &Line, value: &Value, version: Option<&str>) -> Vec<(&'static str, Verdict)> {
    let fields: Map<String, Value> = serde_json::from_str(&row["fields"]).unwrap();
    let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let is_read = member(value, "properties").is_some_and(Value::is_object);
    let judged = |verdict| if is_read { verdict } else { Verdict::NotJudged };
    match row["type"].as_str() {
        "microsoft.machinelearningservices/workspaces" => {
            let system = row["identity"].to_ascii_lowercase().contains("systemassigned");
            // Most bodies do not give the version of the call away, so a missing mode cannot be told from a version that
            // does not have it yet.
            let has_mode = version.is_some_and(|v| v >= "2025" || (v >= "2024" && v.ends_with("-preview")));
            let mode = match field("properties.systemDatastoresAuthMode").as_str() {
                Some(mode) if mode.eq_ignore_ascii_case("accesskey") => Verdict::Finding,
                Some("ABSENT") | None if has_mode => Verdict::Finding,
                Some("ABSENT") | None => Verdict::NotJudged,
                Some(_) => Verdict::Pass,
            };
            vec![
                (IDENTITY, if system { Verdict::Pass } else { Verdict::Finding }),
                (SYSTEM_DATASTORES, judged(mode)),
            ]
        }
        "microsoft.storage/storageaccounts" => {
            let off = field("properties.allowSharedKeyAccess") == Value::Bool(false);
            vec![(SHARED_KEY, judged(if off { Verdict::Pass } else { Verdict::Finding }))]
        }
        "microsoft.containerregistry/registries" => {
            let on = field("properties.adminUserEnabled") == Value::Bool(true);
            vec![(ADMIN, judged(if on { Verdict::Finding } else { Verdict::Pass }))]
        }
        _ => Vec::new(),
    }
}
