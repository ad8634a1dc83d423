//! Anybody can pull from a container registry.

use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Resource, Seen};

declare_rule! {
    /// Registry that anybody can pull from
    ///
    /// ## What it finds
    /// Container registries whose `anonymousPullEnabled` is `true`. Absent and `null` mean off.
    ///
    /// ## Why it matters
    /// Images of training and scoring environments hold code, package sources and sometimes credentials in their layers. With
    /// anonymous pull no credential is needed to read them, and nobody knows who did.
    ///
    /// ## How it is put right
    /// Give AcrPull (or Container Registry Repository Reader) to those who pull, then turn anonymous pull off. Public images
    /// belong in a registry of their own.
    ///
    /// ## When it stays silent
    /// When anonymous pull is off.
    ///
    /// ## Sources
    /// - [Make your container registry content publicly available](https://learn.microsoft.com/azure/container-registry/anonymous-pull-access)
    /// - Azure Policy 9f2dea28-e834-476c-99c5-3507b4728395
    "registry-anonymous-pull" {
        group: Dependents,
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        subjects: [ContainerRegistry],
        needs: [],
        controls: controls::REGISTRY_PERMISSIONS,
        remedy: {
            az: "az acr update --name {name} --resource-group {resource_group} --anonymous-pull-enabled false",
            bicep: "resource {symbol} 'Microsoft.ContainerRegistry/registries@2025-04-01' = {\n  properties: {\n    anonymousPullEnabled: false\n  }\n}",
            terraform: "resource \"azurerm_container_registry\" \"{symbol}\" {\n  anonymous_pull_enabled = false\n}",
            portal: "The portal has no switch for it: use the Azure CLI",
        },
    }
}

fn check(_: &Context<'_>, registry: Resource<'_>, out: &mut Out<'_>) {
    let seen = registry.flag(Field::AnonymousPullEnabled);
    match out.needs_field(Field::AnonymousPullEnabled, seen) {
        Some(Seen::Value(true)) => out
            .finding("images can be read without signing in, and nobody knows by whom")
            .on(Field::AnonymousPullEnabled)
            .done(),
        Some(_) => out.pass(),
        None => {}
    }
}
