//! A key vault grants by access policies.

use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Resource, Seen};

declare_rule! {
    /// Key vault that grants by access policies
    ///
    /// ## What it finds
    /// Key vaults whose `enableRbacAuthorization` is not `true`. Absent and `null` mean `false` in every version checked.
    ///
    /// ## Why it matters
    /// Access policies are all or nothing for a vault, cannot be inherited, reviewed or time-boxed like roles, and everybody who
    /// may write the vault can grant themselves its secrets. The workspace keeps the credentials of its datastores here.
    ///
    /// ## How it is put right
    /// Create the role assignments first, for the workspace identity and for people, and wait until they work. Changing the
    /// model invalidates every access policy at once: "Datastore's secret is not found" is what jobs say then. Keep the
    /// access policies as they are, so that you can change back.
    ///
    /// ## When it stays silent
    /// When the vault grants by role.
    ///
    /// ## Sources
    /// - [Migrate to Azure role-based access control](https://learn.microsoft.com/azure/key-vault/general/rbac-migration)
    /// - Azure Policy 12d4fa5e-1f9f-4c21-97a9-b99b3c6611b5
    "vault-access-policies" {
        group: Dependents,
        severity: Low,
        confidence: High,
        since: "0.1.0",
        subjects: [Vault],
        needs: [],
        controls: controls::VAULT_ACCESS,
        remedy: {
            az: "# once everybody in the access policies has a role: it invalidates all of them at once\naz keyvault update --name {name} --resource-group {resource_group} --enable-rbac-authorization true",
            bicep: "resource {symbol} 'Microsoft.KeyVault/vaults@2024-11-01' = {\n  properties: {\n    enableRbacAuthorization: true\n  }\n}",
            terraform: "resource \"azurerm_key_vault\" \"{symbol}\" {\n  rbac_authorization_enabled = true\n}",
            portal: "Key vault > Settings > Access configuration > Azure role-based access control",
        },
    }
}

fn check(_: &Context<'_>, vault: Resource<'_>, out: &mut Out<'_>) {
    let field = Field::EnableRbacAuthorization;
    match out.needs_field(field, vault.flag(field)) {
        Some(Seen::Value(true)) => out.pass(),
        Some(_) => out.finding("who may write the vault can grant themselves its secrets").on(field).done(),
        None => {}
    }
}
