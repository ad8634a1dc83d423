//! A container registry has its admin user on.

use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Resource, Seen, Severity};

declare_rule! {
    /// Registry with its admin user on
    ///
    /// ## What it finds
    /// Container registries whose `adminUserEnabled` is `true`. Absent and `null` mean off, which is Azure's default.
    ///
    /// ## Why it matters
    /// The admin user is one account with two passwords that everybody shares: it can push and pull everything, cannot be
    /// told apart in the logs by who used it, and has no expiry. Azure Machine Learning turns it on when it makes a registry
    /// for a workspace itself.
    ///
    /// ## How it is put right
    /// Give every identity that pulls or pushes its role first: AcrPull and AcrPush, or the repository roles where the registry
    /// is in `AbacRepositoryPermissions` mode. Look in the login events for the registry's own name as identity, which is the
    /// admin user. Then turn it off; turning it on again undoes it. Deployments to Azure Container Instances need the admin
    /// user, and serverless compute without an identity was reported to.
    ///
    /// ## When it stays silent
    /// When the admin user is off.
    ///
    /// ## Sources
    /// - [Authenticate with an Azure container registry](https://learn.microsoft.com/azure/container-registry/container-registry-authentication)
    /// - [Set up service authentication](https://learn.microsoft.com/azure/machine-learning/how-to-identity-based-service-authentication)
    /// - Azure Policy dc921057-6b28-4fbe-9b83-f7bec05db6c2
    "registry-admin-user" {
        group: Dependents,
        severity: High,
        confidence: High,
        since: "0.1.0",
        subjects: [ContainerRegistry],
        needs: [Workspace],
        controls: controls::REGISTRY_ADMIN,
        remedy: {
            az: "# once every identity that pulls or pushes has its role\naz acr update --name {name} --resource-group {resource_group} --admin-enabled false",
            bicep: "resource {symbol} 'Microsoft.ContainerRegistry/registries@2025-04-01' = {\n  properties: {\n    adminUserEnabled: false\n  }\n}",
            terraform: "resource \"azurerm_container_registry\" \"{symbol}\" {\n  admin_enabled = false\n}",
            portal: "Container registry > Settings > Access keys > Admin user: off",
        },
    }
}

fn check(_: &Context<'_>, registry: Resource<'_>, out: &mut Out<'_>) {
    let Some(seen) = out.needs_field(Field::AdminUserEnabled, registry.flag(Field::AdminUserEnabled)) else {
        return;
    };
    if seen != Seen::Value(true) {
        return out.pass();
    }
    let unused = registry.used_by().next().is_none();
    let finding = out
        .finding("one shared user name and password can push and pull every image")
        .on(Field::AdminUserEnabled);
    if unused {
        return finding.severity(Severity::Medium, "no workspace that was read uses this registry").done();
    }
    finding.done();
}
