//! A storage account accepts its keys.

use crate::credentials::{SystemDatastores, system_datastores};
use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Resource, Seen, Severity};

declare_rule! {
    /// Storage account accepts its keys
    ///
    /// ## What it finds
    /// Storage accounts whose `allowSharedKeyAccess` is not `false`. Absent and `null` mean allowed: that is Azure's default.
    ///
    /// ## Why it matters
    /// An account key opens everything in the account, forever, to whoever holds a copy: no identity, no conditions, no
    /// expiry. Account SAS and service SAS are signed with the same keys and live just as long as their owner wished.
    ///
    /// ## How it is put right
    /// Not first. Move the workspaces that use the account to their identity (`systemDatastoresAuthMode`, datastores without
    /// credentials), prove from the storage logs of blob, file, queue and table that no request is signed with a key, then
    /// set `allowSharedKeyAccess` to `false`. Setting it back undoes it. Workspaces that are still in access-key mode stop
    /// working the moment the keys do.
    ///
    /// ## When it stays silent
    /// When `allowSharedKeyAccess` is `false`. User delegation SAS goes on working then, and is not a static credential.
    ///
    /// ## Sources
    /// - [Prevent Shared Key authorization](https://learn.microsoft.com/azure/storage/common/shared-key-authorization-prevent)
    /// - [Disable local authentication for workspace storage](https://learn.microsoft.com/azure/machine-learning/how-to-disable-local-auth-storage)
    /// - Azure Policy 8c6a50c6-9ffd-4ae7-986f-5fa6111f9a54
    "storage-shared-key-access" {
        group: Dependents,
        severity: High,
        confidence: High,
        since: "0.1.0",
        subjects: [StorageAccount],
        needs: [Workspace],
        controls: controls::SHARED_KEY,
        remedy: {
            az: "# the last step: workspaces and datastores on their identities, and no request signed with a key in the logs\naz storage account update --ids {id} --allow-shared-key-access false",
            bicep: "resource {symbol} 'Microsoft.Storage/storageAccounts@2024-01-01' = {\n  properties: {\n    allowSharedKeyAccess: false\n  }\n}",
            terraform: "resource \"azurerm_storage_account\" \"{symbol}\" {\n  shared_access_key_enabled = false\n}",
            portal: "Storage account > Settings > Configuration > Allow storage account key access: Disabled",
        },
    }
}

fn check(_: &Context<'_>, account: Resource<'_>, out: &mut Out<'_>) {
    let Some(seen) = out.needs_field(Field::AllowSharedKeyAccess, account.flag(Field::AllowSharedKeyAccess))
    else {
        return;
    };
    let message = match seen {
        Seen::Value(false) => return out.pass(),
        Seen::Value(_) => "requests signed with the account's keys are accepted",
        _ => {
            "`allowSharedKeyAccess` is not set, which means that requests signed with the account's keys are accepted"
        }
    };
    let users: Vec<Resource<'_>> = account.used_by().collect();
    let finding = out.finding(message).on(Field::AllowSharedKeyAccess);
    if users.is_empty() {
        return finding.severity(Severity::Medium, "no workspace that was read uses this account").done();
    }
    match users.iter().find(|ws| system_datastores(**ws) != SystemDatastores::Keyless) {
        Some(workspace) => finding.on_other(*workspace, Field::SystemDatastoresAuthMode).done(),
        None => finding.done(),
    }
}
