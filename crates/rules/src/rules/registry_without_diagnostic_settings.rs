//! A registry whose logins and pulls are not logged.

use crate::diagnostics::{ALL_OR_AUDIT, sent};
use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Resource, Seen};

declare_rule! {
    /// Container registry without diagnostic settings
    ///
    /// ## What it finds
    /// Registries of workspaces from which no diagnostic setting sends `ContainerRegistryLoginEvents` and
    /// `ContainerRegistryRepositoryEvents` anywhere. It names the one that is missing.
    ///
    /// ## Why it matters
    /// Both logs carry the identity behind each login, push and pull. That of the admin user is the name of the registry, so
    /// the logs show whether anything still pulls images with the shared password. Without them the admin user is switched
    /// off blindly, and what depends on it fails at the next pull.
    ///
    /// ## How it is put right
    /// Add a diagnostic setting with both categories, or the category group `audit` or `allLogs`, and a destination. Watch
    /// for identities that equal the name of the registry until a whole cycle of jobs and deployments has passed.
    ///
    /// ## When it stays silent
    /// For registries that no workspace that was read uses. One step lower when the admin user is off already.
    ///
    /// ## Sources
    /// - [Monitor Azure Container Registry](https://learn.microsoft.com/azure/container-registry/monitor-container-registry)
    /// - [Monitoring data reference](https://learn.microsoft.com/azure/container-registry/monitor-container-registry-reference)
    "registry-without-diagnostic-settings" {
        group: Observability,
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        subjects: [ContainerRegistry],
        needs: [DiagnosticSetting, Workspace],
        controls: controls::LOGGING,
        remedy: {
            az: "az monitor diagnostic-settings create --name dekey --resource {id} --workspace <log-analytics-workspace-id> --logs '[{\"category\": \"ContainerRegistryLoginEvents\", \"enabled\": true}, {\"category\": \"ContainerRegistryRepositoryEvents\", \"enabled\": true}]'",
            bicep: "resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {\n  name: 'dekey'\n  scope: registry\n  properties: {\n    workspaceId: logAnalyticsWorkspaceId\n    logs: [\n      {\n        category: 'ContainerRegistryLoginEvents'\n        enabled: true\n      }\n      {\n        category: 'ContainerRegistryRepositoryEvents'\n        enabled: true\n      }\n    ]\n  }\n}",
            terraform: "resource \"azurerm_monitor_diagnostic_setting\" \"{symbol}\" {\n  name                       = \"dekey\"\n  target_resource_id         = \"{id}\"\n  log_analytics_workspace_id = var.log_analytics_workspace_id\n\n  enabled_log {\n    category = \"ContainerRegistryLoginEvents\"\n  }\n\n  enabled_log {\n    category = \"ContainerRegistryRepositoryEvents\"\n  }\n}",
            portal: "Container registry > Monitoring > Diagnostic settings > Add diagnostic setting > Login Events, RepositoryEvent logs",
        },
    }
}

const CATEGORIES: [&str; 2] = ["ContainerRegistryLoginEvents", "ContainerRegistryRepositoryEvents"];

fn check(_: &Context<'_>, registry: Resource<'_>, out: &mut Out<'_>) {
    if registry.used_by().next().is_none() {
        return;
    }
    let judged =
        sent(registry, registry.id()).and_then(|logs| Ok((logs.lacks(&CATEGORIES, ALL_OR_AUDIT)?, logs)));
    let (lacking, logs) = match judged {
        Ok((lacking, _)) if lacking.is_empty() => return out.pass(),
        Ok(judged) => judged,
        Err(gap) => return out.not_judged(gap),
    };
    let message = format!(
        "no diagnostic setting sends {} anywhere, so nobody can tell whether anything still signs in as the admin user",
        lacking.join(", ")
    );
    let fired = logs.evidence(out.finding(message).on(Field::AdminUserEnabled), registry, "");
    match registry.flag(Field::AdminUserEnabled) {
        Seen::Value(false) | Seen::Absent | Seen::Null => {
            fired.lowered("the admin user is off already").done();
        }
        _ => fired.done(),
    }
}
