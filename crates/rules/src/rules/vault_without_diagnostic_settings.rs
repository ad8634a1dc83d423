//! A vault whose reads of secrets are not logged.

use crate::diagnostics::{ALL_OR_AUDIT, sent};
use crate::{Context, Out, controls, declare_rule};
use dekey_model::Resource;

declare_rule! {
    /// Key vault without diagnostic settings
    ///
    /// ## What it finds
    /// Vaults of workspaces whose `AuditEvent` log no diagnostic setting sends anywhere.
    ///
    /// ## Why it matters
    /// Azure Machine Learning keeps the credentials of datastores and connections as secrets in the vault of the workspace.
    /// The audit log says which identity read which secret, when and from where. Without it nobody can tell which stored
    /// credentials are still in use, so none can be deleted with confidence, and a leak cannot be traced.
    ///
    /// ## How it is put right
    /// Add a diagnostic setting with `AuditEvent`, or the category group `audit` or `allLogs`, and a destination. Wait for a
    /// whole cycle of jobs before concluding from silence that a secret is unused.
    ///
    /// ## When it stays silent
    /// For vaults that no workspace that was read uses. Other categories (`AzurePolicyEvaluationDetails`) do not count.
    ///
    /// ## Sources
    /// - [Azure Key Vault logging](https://learn.microsoft.com/azure/key-vault/general/logging)
    /// - [Enable Key Vault logging](https://learn.microsoft.com/azure/key-vault/general/howto-logging)
    /// - Azure Policy cf820ca0-f99e-4f3e-84fb-66e913812d21
    "vault-without-diagnostic-settings" {
        group: Observability,
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        subjects: [Vault],
        needs: [DiagnosticSetting, Workspace],
        controls: controls::LOGGING,
        remedy: {
            az: "az monitor diagnostic-settings create --name dekey --resource {id} --workspace <log-analytics-workspace-id> --logs '[{\"category\": \"AuditEvent\", \"enabled\": true}]'",
            bicep: "resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {\n  name: 'dekey'\n  scope: vault\n  properties: {\n    workspaceId: logAnalyticsWorkspaceId\n    logs: [\n      {\n        category: 'AuditEvent'\n        enabled: true\n      }\n    ]\n  }\n}",
            terraform: "resource \"azurerm_monitor_diagnostic_setting\" \"{symbol}\" {\n  name                       = \"dekey\"\n  target_resource_id         = \"{id}\"\n  log_analytics_workspace_id = var.log_analytics_workspace_id\n\n  enabled_log {\n    category = \"AuditEvent\"\n  }\n}",
            portal: "Key vault > Monitoring > Diagnostic settings > Add diagnostic setting > Audit Logs",
        },
    }
}

fn check(_: &Context<'_>, vault: Resource<'_>, out: &mut Out<'_>) {
    if vault.used_by().next().is_none() {
        return;
    }
    let judged =
        sent(vault, vault.id()).and_then(|logs| Ok((logs.lacks(&["AuditEvent"], ALL_OR_AUDIT)?, logs)));
    match judged {
        Ok((lacking, _)) if lacking.is_empty() => out.pass(),
        Ok((_, logs)) => {
            let fired = out.finding(
                "no diagnostic setting sends AuditEvent anywhere, so nobody can tell which of the credentials stored in it are still read",
            );
            logs.evidence(fired, vault, "").done();
        }
        Err(gap) => out.not_judged(gap),
    }
}
