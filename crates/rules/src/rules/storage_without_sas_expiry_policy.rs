//! Nothing limits how long a SAS token of a storage account may live.

use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Resource, Seen};

declare_rule! {
    /// Storage account without an expiry policy for SAS tokens
    ///
    /// ## What it finds
    /// Storage accounts that accept their keys and have no `sasPolicy.sasExpirationPeriod`.
    ///
    /// ## Why it matters
    /// A SAS token signed with the account key lives as long as whoever made it wrote into it; years are common. A policy makes
    /// Azure log tokens that live longer, or refuse them where `expirationAction` is `Block`.
    ///
    /// ## How it is put right
    /// Set a period that your jobs can live with. `Log` (the default action) only writes it down, which is a good start: it shows
    /// who makes long tokens before keys are turned off.
    ///
    /// ## When it stays silent
    /// When there is a period, or shared key access is off: then no SAS signed with the key works at all.
    ///
    /// ## Sources
    /// - [Configure an expiration policy for shared access signatures](https://learn.microsoft.com/azure/storage/common/sas-expiration-policy)
    /// - Azure Policy bc1b984e-ddae-40cc-801a-050a030e4fbe
    "storage-without-sas-expiry-policy" {
        group: Dependents,
        severity: Low,
        confidence: High,
        since: "0.1.0",
        subjects: [StorageAccount],
        needs: [],
        controls: controls::SAS_EXPIRY,
        remedy: {
            az: "az storage account update --ids {id} --sas-expiration-period 1.00:00:00",
            bicep: "resource {symbol} 'Microsoft.Storage/storageAccounts@2024-01-01' = {\n  properties: {\n    sasPolicy: {\n      sasExpirationPeriod: '1.00:00:00'\n      expirationAction: 'Log'\n    }\n  }\n}",
            terraform: "resource \"azurerm_storage_account\" \"{symbol}\" {\n  sas_policy {\n    expiration_period = \"1.00:00:00\"\n    expiration_action = \"Log\"\n  }\n}",
            portal: "Storage account > Settings > Configuration > Allow recommended upper limit for shared access signature (SAS) expiry interval: Enabled",
        },
    }
}

fn check(_: &Context<'_>, account: Resource<'_>, out: &mut Out<'_>) {
    let field = Field::SasExpirationPeriod;
    let Some(seen) = out.needs_field(field, account.text(field).non_empty()) else { return };
    if matches!(seen, Seen::Value(_)) || account.flag(Field::AllowSharedKeyAccess) == Seen::Value(false) {
        return out.pass();
    }
    out.finding("SAS tokens signed with its keys may live for years, and nothing tells")
        .on(field)
        .on(Field::AllowSharedKeyAccess)
        .done();
}
