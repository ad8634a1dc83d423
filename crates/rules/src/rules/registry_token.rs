//! A container registry token has a password.

use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Resource, Seen};

declare_rule! {
    /// Registry token with a password
    ///
    /// ## What it finds
    /// Tokens of container registries that are enabled. A token's passwords are static credentials; whether it has any is
    /// taken from the answer where it says so.
    ///
    /// ## Why it matters
    /// A token is a user name with up to two passwords, bound to a scope map. It is narrower than the admin user, but just as
    /// static: it works from anywhere until it expires or somebody disables it, and passwords need not expire.
    ///
    /// ## How it is put right
    /// Find out who uses it from the registry's login events. Replace it by a managed identity or workload identity federation
    /// with a role; disable the token, wait, then delete it.
    ///
    /// ## When it stays silent
    /// When the token is disabled, or has no passwords.
    ///
    /// ## Sources
    /// - [Create a token with repository-scoped permissions](https://learn.microsoft.com/azure/container-registry/container-registry-token-based-repository-permissions)
    "registry-token" {
        group: Dependents,
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        subjects: [RegistryToken],
        needs: [],
        controls: controls::REGISTRY_TOKENS,
        remedy: {
            az: "az acr token update --name {name} --registry {parent} --status disabled",
            bicep: "resource {symbol} 'Microsoft.ContainerRegistry/registries/tokens@2025-04-01' = {\n  properties: {\n    status: 'disabled'\n  }\n}",
            terraform: "resource \"azurerm_container_registry_token\" \"{symbol}\" {\n  enabled = false\n}",
            portal: "Container registry > Repository permissions > Tokens > the token > Status: Disabled",
        },
    }
}

fn check(_: &Context<'_>, token: Resource<'_>, out: &mut Out<'_>) {
    let Some(status) = out.needs_field(Field::TokenStatus, token.text(Field::TokenStatus)) else { return };
    // Enabled is what Azure makes of a token that does not say.
    let disabled = matches!(status, Seen::Value(text) if text.eq_ignore_ascii_case("disabled"));
    let none = token.flag(Field::TokenPasswords) == Seen::Null;
    if disabled || none {
        return out.pass();
    }
    out.finding("its passwords work from anywhere until somebody disables it").on(Field::TokenStatus).done();
}
