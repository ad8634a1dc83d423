//! Roles on a container registry cover every repository in it.

use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Resource, Seen};

declare_rule! {
    /// Registry whose roles cover every repository
    ///
    /// ## What it finds
    /// Container registries whose `roleAssignmentMode` is `LegacyRegistryPermissions`, or absent, which means the same.
    ///
    /// ## Why it matters
    /// AcrPull on such a registry reads every repository in it, also those of other teams that share it. The other mode,
    /// `AbacRepositoryPermissions`, lets a role assignment name repositories in a condition.
    ///
    /// ## How it is put right
    /// Only where registries are shared is it worth the change, and the order matters: in `AbacRepositoryPermissions` mode AcrPull,
    /// AcrPush and AcrDelete are not honoured for images. Assign Container Registry Repository Reader, Writer or Contributor
    /// (and Catalog Lister) to everybody who has the old roles first, workspace, compute and endpoint identities among
    /// them, and then change the mode.
    ///
    /// ## When it stays silent
    /// When the mode is `AbacRepositoryPermissions`, and when no more than one workspace uses the registry. When the api-version of
    /// the answer is not known to have the property, its absence is not judged.
    ///
    /// ## Sources
    /// - [Azure attribute-based access control for repository permissions](https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions)
    "registry-wide-permissions" {
        group: Dependents,
        severity: Low,
        confidence: High,
        since: "0.1.0",
        subjects: [ContainerRegistry],
        needs: [Workspace],
        controls: controls::REGISTRY_PERMISSIONS,
        remedy: {
            az: "# once everybody has a repository role: AcrPull and AcrPush are not honoured afterwards\naz acr update --name {name} --resource-group {resource_group} --role-assignment-mode rbac-abac",
            bicep: "resource {symbol} 'Microsoft.ContainerRegistry/registries@2025-04-01' = {\n  properties: {\n    roleAssignmentMode: 'AbacRepositoryPermissions'\n  }\n}",
            terraform: "# azurerm has no argument for it; with azapi:\nresource \"azapi_update_resource\" \"{symbol}\" {\n  type        = \"Microsoft.ContainerRegistry/registries@2025-04-01\"\n  resource_id = azurerm_container_registry.{symbol}.id\n  body        = { properties = { roleAssignmentMode = \"AbacRepositoryPermissions\" } }\n}",
            portal: "Container registry > Settings > Properties > Role assignment permissions mode",
        },
    }
}

fn check(_: &Context<'_>, registry: Resource<'_>, out: &mut Out<'_>) {
    let seen = registry.text(Field::RoleAssignmentMode).non_empty();
    let Some(seen) = out.needs_field(Field::RoleAssignmentMode, seen) else { return };
    let old_answer = registry.api_version().is_none_or(|version| version < "2025-04-01");
    match seen {
        Seen::Value(mode) if mode.eq_ignore_ascii_case("AbacRepositoryPermissions") => out.pass(),
        Seen::Value(mode) if !mode.eq_ignore_ascii_case("LegacyRegistryPermissions") => {
            out.not_judged(dekey_model::Gap::Odd(Field::RoleAssignmentMode));
        }
        _ if registry.used_by().take(2).count() < 2 => out.pass(),
        Seen::Absent if old_answer => out.not_judged(dekey_model::Gap::Other(
            "the answer does not say how roles are assigned: read the registry at api-version 2025-04-01 or later".into(),
        )),
        _ => out
            .finding("several workspaces use it, and each identity that may pull can pull everybody's images")
            .on(Field::RoleAssignmentMode)
            .done(),
    }
}
