//! A workspace does not have a system-assigned identity.

use crate::credentials::stored;
use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Gap, IdentityState, IdentityType, Kind, Resource, Severity};

declare_rule! {
    /// Workspace without a system-assigned identity
    ///
    /// ## What it finds
    /// Workspaces, hubs and projects whose `identity` is absent, `null`, `None`, or holds user-assigned identities only.
    /// It says which of these it saw.
    ///
    /// ## Why it matters
    /// A system-assigned identity is made, rotated and deleted with the workspace. Without one the workspace reaches its
    /// storage, vault and registry with keys, or as an identity that outlives it. A workspace with user-assigned identities
    /// only is not insecure for that: if it holds no static credential the finding is low, and says so.
    ///
    /// ## How it is put right
    /// Add the system-assigned identity and keep every user-assigned one: send the union. Azure Machine Learning documents
    /// that a workspace can go from system-assigned to both, but not back; that adding a system-assigned identity to a
    /// user-assigned workspace works is not documented, so try it on one that matters little. Built-in policy
    /// 5f0c7d88-c7de-45b8-ac49-db49e72eaa78 and PSRule AZR-000407 ask for a *user-assigned* identity instead, the latter
    /// for nothing else. `SystemAssigned,UserAssigned` with a primary user-assigned identity satisfies this rule and the
    /// policy; nothing satisfies this rule and AZR-000407. Choose with `identity_standard` in the settings.
    ///
    /// ## When it stays silent
    /// With `identity_standard = "user"` or `"either"`. When the identity was not part of what was read it is not judged.
    ///
    /// ## Sources
    /// - [Authentication between Azure Machine Learning and other services](https://learn.microsoft.com/azure/machine-learning/how-to-identity-based-service-authentication)
    /// - [Managed identities for Azure resources](https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/overview)
    /// - Azure Policy 5f0c7d88-c7de-45b8-ac49-db49e72eaa78; PSRule AZR-000407; Azure/azure-policy#1428
    "workspace-without-system-assigned-identity" {
        group: Identity,
        severity: High,
        confidence: High,
        since: "0.1.0",
        subjects: [Workspace],
        needs: [Datastore, Connection, Compute, OnlineEndpoint, BatchEndpoint, ServerlessEndpoint],
        controls: controls::IDENTITY,
        applies: |settings| settings.identity_standard.requires_system(),
        remedy: {
            az: "# where it has user-assigned identities, name each in the body too: \"userAssignedIdentities\": {\"<id>\": {}}\naz resource patch --ids {id} --is-full-object --properties '{\"identity\": {\"type\": \"{identity_type}\"}}'",
            bicep: "resource {symbol} 'Microsoft.MachineLearningServices/workspaces@2025-12-01' = {\n  identity: {\n    type: '{identity_type}'\n    // where it has user-assigned identities, name each or it is taken away:\n    // userAssignedIdentities: { '<id>': {} }\n  }\n}",
            terraform: "resource \"azurerm_machine_learning_workspace\" \"{symbol}\" {\n  identity {\n    type = \"SystemAssigned\" # with user-assigned identities: \"SystemAssigned, UserAssigned\", and keep identity_ids\n  }\n}",
            portal: "Azure Machine Learning workspace > Settings > Identity > System assigned: On",
        },
    }
}

fn check(_: &Context<'_>, workspace: Resource<'_>, out: &mut Out<'_>) {
    match workspace.identity() {
        IdentityState::NotRead => out.not_judged(Gap::NotRead(Field::Identity)),
        IdentityState::Odd => out.not_judged(Gap::Odd(Field::IdentityType)),
        IdentityState::Known(IdentityType { system: true, .. }) => out.pass(),
        IdentityState::Known(IdentityType { user: true, .. }) => user_assigned_only(workspace, out),
        IdentityState::Known(_) => {
            out.finding("the workspace has no managed identity, so it can only use static credentials")
                .on(Field::Identity)
                .on(Field::IdentityType)
                .done();
        }
    }
}

fn user_assigned_only(workspace: Resource<'_>, out: &mut Out<'_>) {
    let stored = stored(workspace);
    let finding = out
        .finding("the workspace has user-assigned identities only")
        .on(Field::IdentityType)
        .on(Field::UserAssignedIdentities);
    if !stored.found.is_empty() {
        return finding
            .severity(
                Severity::Medium,
                format!("it also holds static credentials: {}", stored.found.join(", ")),
            )
            .done();
    }
    if stored.unread.is_empty() {
        return finding.severity(Severity::Low, "it holds no static credential").done();
    }
    let unread: Vec<&str> = stored
        .unread
        .iter()
        .map(
            |kind| if *kind == Kind::Workspace { "the mode of its system datastores" } else { kind.plural() },
        )
        .collect();
    finding
        .severity(
            Severity::Medium,
            format!("whether it holds static credentials is not known ({} not read)", unread.join(", ")),
        )
        .done();
}
