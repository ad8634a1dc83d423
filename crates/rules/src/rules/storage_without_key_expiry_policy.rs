//! Nothing says how old the keys of a storage account may grow.

use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Resource, Seen};

declare_rule! {
    /// Storage account without an expiry policy for its keys
    ///
    /// ## What it finds
    /// Storage accounts that accept their keys and have no `keyPolicy.keyExpirationPeriodInDays`.
    ///
    /// ## Why it matters
    /// Keys do not expire. A key expiration policy does not change that, but it makes Azure say when a key is overdue, so
    /// that rotation does not depend on somebody's memory.
    ///
    /// ## How it is put right
    /// Set the period. Both keys must have been rotated once since Azure began to record creation times, or the setting is
    /// refused. The better answer is to need no keys.
    ///
    /// ## When it stays silent
    /// When there is a period, or shared key access is off.
    ///
    /// ## Sources
    /// - [Manage storage account access keys](https://learn.microsoft.com/azure/storage/common/storage-account-keys-manage)
    /// - Azure Policy 044985bb-afe1-42cd-8a36-9d5d42424537
    "storage-without-key-expiry-policy" {
        group: Dependents,
        severity: Low,
        confidence: High,
        since: "0.1.0",
        subjects: [StorageAccount],
        needs: [],
        controls: controls::KEY_AGE,
        remedy: {
            az: "az storage account update --ids {id} --key-exp-days 90",
            bicep: "resource {symbol} 'Microsoft.Storage/storageAccounts@2024-01-01' = {\n  properties: {\n    keyPolicy: {\n      keyExpirationPeriodInDays: 90\n    }\n  }\n}",
            terraform: "# azurerm has no argument for it; with azapi:\nresource \"azapi_update_resource\" \"{symbol}\" {\n  type        = \"Microsoft.Storage/storageAccounts@2024-01-01\"\n  resource_id = azurerm_storage_account.{symbol}.id\n  body        = { properties = { keyPolicy = { keyExpirationPeriodInDays = 90 } } }\n}",
            portal: "Storage account > Security + networking > Access keys > Set rotation reminder",
        },
    }
}

fn check(_: &Context<'_>, account: Resource<'_>, out: &mut Out<'_>) {
    let field = Field::KeyExpirationPeriod;
    let Some(seen) = out.needs_field(field, account.text(field)) else { return };
    let limited = matches!(seen, Seen::Value(days) if days != "0");
    if limited || account.flag(Field::AllowSharedKeyAccess) == Seen::Value(false) {
        return out.pass();
    }
    out.finding("nothing says when its keys are overdue for rotation")
        .on(field)
        .on(Field::AllowSharedKeyAccess)
        .done();
}
