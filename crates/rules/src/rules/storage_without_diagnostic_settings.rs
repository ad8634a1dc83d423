//! A service of a storage account whose requests are not logged.

use crate::diagnostics::{ALL_OR_AUDIT, Sent, sent};
use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Gap, Kind, Resource, Seen, Severity};

declare_rule! {
    /// Storage account without diagnostic settings
    ///
    /// ## What it finds
    /// Services of a storage account that a workspace uses whose `StorageRead`, `StorageWrite` and `StorageDelete` logs no
    /// diagnostic setting sends anywhere: a finding for each of blob, file, queue and table. Every service has settings of
    /// its own; those of the account itself carry metrics only and do not count.
    ///
    /// ## Why it matters
    /// The storage log names, for every request, whether it was signed with `key1`, `key2` or a SAS made from one, and where
    /// it came from. It is the only way to show that nothing uses the keys any more before they are switched off, and to
    /// find what still does. Jobs read and write blobs, notebooks live in the file share, and Parallel Run Step works with
    /// queue and table, so a key that is used there never shows in the blob log. Azure keeps nothing from before the
    /// setting existed.
    ///
    /// ## How it is put right
    /// Add a diagnostic setting to each service with the category group `allLogs` or `audit`, or with the three categories.
    /// Busy accounts log a great deal: estimate the ingestion first, or send the logs to another storage account.
    ///
    /// ## When it stays silent
    /// For accounts that no workspace that was read uses. For an account that workspaces reach through datastores only, all
    /// services but those of the datastores are left out. Queue and table are low; everything is one step lower once the
    /// account refuses its keys.
    ///
    /// ## Sources
    /// - [Monitor Azure Blob Storage](https://learn.microsoft.com/azure/storage/blobs/monitor-blob-storage)
    /// - [Prevent Shared Key authorization](https://learn.microsoft.com/azure/storage/common/shared-key-authorization-prevent)
    /// - [Disable local authentication for workspace storage](https://learn.microsoft.com/azure/machine-learning/how-to-disable-local-auth-storage)
    "storage-without-diagnostic-settings" {
        group: Observability,
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        subjects: [StorageAccount],
        needs: [DiagnosticSetting, Workspace, Datastore],
        controls: controls::LOGGING,
        remedy: {
            az: "for service in blobServices fileServices queueServices tableServices; do\n  az monitor diagnostic-settings create --name dekey --resource \"{id}/$service/default\" --workspace <log-analytics-workspace-id> --logs '[{\"categoryGroup\": \"allLogs\", \"enabled\": true}]'\ndone",
            bicep: "resource blob 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' existing = {\n  parent: account\n  name: 'default'\n}\n\n// The same for fileServices, queueServices and tableServices.\nresource blobLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {\n  name: 'dekey'\n  scope: blob\n  properties: {\n    workspaceId: logAnalyticsWorkspaceId\n    logs: [\n      {\n        categoryGroup: 'allLogs'\n        enabled: true\n      }\n    ]\n  }\n}",
            terraform: "resource \"azurerm_monitor_diagnostic_setting\" \"{symbol}\" {\n  for_each                   = toset([\"blobServices\", \"fileServices\", \"queueServices\", \"tableServices\"])\n  name                       = \"dekey\"\n  target_resource_id         = \"{id}/${each.key}/default\"\n  log_analytics_workspace_id = var.log_analytics_workspace_id\n\n  enabled_log {\n    category_group = \"allLogs\"\n  }\n}",
            portal: "Storage account > Monitoring > Diagnostic settings > blob (then file, queue and table) > Add diagnostic setting > allLogs",
        },
    }
}

const CATEGORIES: [&str; 3] = ["StorageRead", "StorageWrite", "StorageDelete"];

/// A service: its name, and its part of the id.
type Service = (&'static str, &'static str);

const BLOB: Service = ("blob", "blobServices");
const FILE: Service = ("file", "fileServices");
const QUEUE: Service = ("queue", "queueServices");
const TABLE: Service = ("table", "tableServices");

fn check(_: &Context<'_>, account: Resource<'_>, out: &mut Out<'_>) {
    let used = used_services(account);
    let mut gaps: Vec<Gap> = Vec::new();
    for service in &used {
        let path = format!("/{}/default", service.1);
        let judged = sent(account, &format!("{}{path}", account.id()))
            .and_then(|logs| Ok((logs.lacks(&CATEGORIES, ALL_OR_AUDIT)?, logs)));
        match judged {
            Ok((lacking, _)) if lacking.is_empty() => {}
            Ok((lacking, logs)) => report(account, out, *service, &path, &lacking, &logs),
            Err(gap) => gaps.push(gap),
        }
    }
    gaps.sort_unstable();
    gaps.dedup();
    for gap in gaps {
        out.not_judged(gap);
    }
    if !used.is_empty() {
        out.pass();
    }
}

fn report(
    account: Resource<'_>,
    out: &mut Out<'_>,
    service: Service,
    path: &str,
    lacking: &[&str],
    logs: &Sent<'_>,
) {
    let message = format!(
        "no diagnostic setting sends {} of its {} service anywhere, so nobody can tell whether a request is still signed with a key",
        lacking.join(", "),
        service.0
    );
    let minor = service == QUEUE || service == TABLE;
    let locked = account.flag(Field::AllowSharedKeyAccess) == Seen::Value(false);
    let fired = logs.evidence(out.finding(message).part(service.0), account, path);
    match (minor, locked) {
        (false, false) => fired,
        (false, true) => fired.lowered("the account refuses its keys already"),
        (true, false) => fired.severity(Severity::Low, "only Parallel Run Step uses this service"),
        (true, true) => fired.severity(
            Severity::Info,
            "only Parallel Run Step uses this service, and the account refuses its keys already",
        ),
    }
    .done();
}

/// The services that workspaces use: all that the account has when it is the storage of one, otherwise those of datastores.
fn used_services(account: Resource<'_>) -> Vec<Service> {
    let field = Field::StorageAccount;
    if account.used_by().any(|workspace| workspace.dependent(field).found() == Some(account.ix())) {
        return match account.text(Field::Kind) {
            Seen::Value(kind)
                if ["BlobStorage", "BlockBlobStorage"].iter().any(|k| kind.eq_ignore_ascii_case(k)) =>
            {
                vec![BLOB]
            }
            Seen::Value(kind) if kind.eq_ignore_ascii_case("FileStorage") => vec![FILE],
            _ => vec![BLOB, FILE, QUEUE, TABLE],
        };
    }
    let mut used = Vec::new();
    for workspace in account.used_by() {
        for datastore in workspace.children(Kind::Datastore).filter(|d| d.storage_account() == Some(account))
        {
            let files = datastore
                .text(Field::DatastoreType)
                .value()
                .is_some_and(|t| t.eq_ignore_ascii_case("AzureFile"));
            used.push(if files { FILE } else { BLOB });
        }
    }
    used.sort_unstable();
    used.dedup();
    used
}
