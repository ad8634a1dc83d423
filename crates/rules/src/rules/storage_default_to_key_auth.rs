//! The portal opens a storage account with its key.

use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Resource, Seen};

declare_rule! {
    /// Storage account whose portal view defaults to keys
    ///
    /// ## What it finds
    /// Storage accounts whose `defaultToOAuthAuthentication` is not `true`. Absent and `null` mean `false`: Azure's default.
    ///
    /// ## Why it matters
    /// The Azure portal then reads blobs, files, queues and tables with the account key wherever a user may list keys. People go
    /// on needing the key without noticing, and the logs show the key instead of the person.
    ///
    /// ## How it is put right
    /// Set it to `true`. Users keep the choice to switch back to the key in the portal, so nothing breaks; it shows who lacks
    /// a data role before the keys are turned off.
    ///
    /// ## When it stays silent
    /// When `defaultToOAuthAuthentication` is `true`, or shared key access is off, because then there is no key to default to.
    ///
    /// ## Sources
    /// - [Choose how to authorize access to blob data in the Azure portal](https://learn.microsoft.com/azure/storage/blobs/authorize-data-operations-portal)
    "storage-default-to-key-auth" {
        group: Dependents,
        severity: Low,
        confidence: High,
        since: "0.1.0",
        subjects: [StorageAccount],
        needs: [],
        controls: controls::DEFAULT_TO_ENTRA,
        remedy: {
            az: "az storage account update --ids {id} --set defaultToOAuthAuthentication=true",
            bicep: "resource {symbol} 'Microsoft.Storage/storageAccounts@2024-01-01' = {\n  properties: {\n    defaultToOAuthAuthentication: true\n  }\n}",
            terraform: "resource \"azurerm_storage_account\" \"{symbol}\" {\n  default_to_oauth_authentication = true\n}",
            portal: "Storage account > Settings > Configuration > Default to Microsoft Entra authorization in the Azure portal: Enabled",
        },
    }
}

fn check(_: &Context<'_>, account: Resource<'_>, out: &mut Out<'_>) {
    let field = Field::DefaultToOAuthAuthentication;
    let Some(seen) = out.needs_field(field, account.flag(field)) else { return };
    if seen == Seen::Value(true) || account.flag(Field::AllowSharedKeyAccess) == Seen::Value(false) {
        return out.pass();
    }
    out.finding("the portal uses the account key, so people depend on it without noticing").on(field).done();
}
