//! A workspace whose logs go nowhere.

use crate::diagnostics::{ALL, sent};
use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Resource, Severity};

declare_rule! {
    /// Workspace without diagnostic settings
    ///
    /// ## What it finds
    /// Workspaces, hubs and projects from which no diagnostic setting sends resource logs to a destination. Settings that
    /// send metrics only, have every category switched off, or name no destination count as none. Where logs are sent but
    /// the datastore events (`DataStoreReadEvent`, `DataStoreChangeEvent`) are not among them, the finding is low.
    ///
    /// ## Why it matters
    /// Azure keeps no resource log by itself. The datastore events say who reads a datastore, and with it the credentials
    /// that are stored in it; without them nobody can show that the last job has moved to its identity, or who took a key
    /// before it was removed. What happened before the setting existed stays unknown.
    ///
    /// ## How it is put right
    /// Add a diagnostic setting with the category group `allLogs`, or with the two datastore categories, and a
    /// Log Analytics workspace, storage account, event hub or partner as its destination. It costs ingestion, changes
    /// nothing else, and can be taken away again. Built-in policy f59276f0-5740-4aaf-821d-45d185aa210e deploys one to every
    /// workspace.
    ///
    /// ## When it stays silent
    /// When a setting sends both datastore categories, alone or with `allLogs`. What the group `audit` holds for a workspace is not
    /// documented: it is not judged then, and neither when the settings were not listed. Settings of endpoints below the
    /// workspace say nothing about it.
    ///
    /// ## Sources
    /// - [Monitor Azure Machine Learning](https://learn.microsoft.com/azure/machine-learning/monitor-azure-machine-learning)
    /// - [Monitoring data reference](https://learn.microsoft.com/azure/machine-learning/monitor-azure-machine-learning-reference)
    /// - [Diagnostic settings in Azure Monitor](https://learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings)
    /// - Azure Policy afe0c3be-ba3b-4544-ba52-0c99672a8ad6
    "workspace-without-diagnostic-settings" {
        group: Observability,
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        subjects: [Workspace],
        needs: [DiagnosticSetting],
        controls: controls::LOGGING,
        remedy: {
            az: "az monitor diagnostic-settings create --name dekey --resource {id} --workspace <log-analytics-workspace-id> --logs '[{\"categoryGroup\": \"allLogs\", \"enabled\": true}]'",
            bicep: "resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {\n  name: 'dekey'\n  scope: workspace\n  properties: {\n    workspaceId: logAnalyticsWorkspaceId\n    logs: [\n      {\n        categoryGroup: 'allLogs'\n        enabled: true\n      }\n    ]\n  }\n}",
            terraform: "resource \"azurerm_monitor_diagnostic_setting\" \"{symbol}\" {\n  name                       = \"dekey\"\n  target_resource_id         = \"{id}\"\n  log_analytics_workspace_id = var.log_analytics_workspace_id\n\n  enabled_log {\n    category_group = \"allLogs\"\n  }\n}",
            portal: "Azure Machine Learning workspace > Monitoring > Diagnostic settings > Add diagnostic setting > allLogs",
        },
    }
}

/// Who reads and changes datastores.
const DATASTORE_EVENTS: [&str; 2] = ["DataStoreReadEvent", "DataStoreChangeEvent"];

fn check(_: &Context<'_>, workspace: Resource<'_>, out: &mut Out<'_>) {
    let logs = match sent(workspace, workspace.id()) {
        Ok(logs) => logs,
        Err(gap) => return out.not_judged(gap),
    };
    let lacking = match logs.lacks(&DATASTORE_EVENTS, ALL) {
        Ok(lacking) if lacking.is_empty() => return out.pass(),
        Ok(lacking) => lacking.join(", "),
        Err(gap) => return out.not_judged(gap),
    };
    let fired = if logs.any() {
        let message = format!(
            "no diagnostic setting sends {lacking} anywhere, so nobody can tell who uses its datastores and their credentials"
        );
        out.finding(message).severity(Severity::Low, "other logs of the workspace are sent")
    } else {
        out.finding("no diagnostic setting sends its logs anywhere, so nobody can tell who uses its datastores and their credentials")
    };
    logs.evidence(fired, workspace, "").done();
}
