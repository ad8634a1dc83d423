//! A workspace does not have a user-assigned identity.

use crate::{Context, IdentityStandard, Out, Remedy, controls, declare_rule};
use dekey_model::{Field, Gap, IdentityState, Resource};

declare_rule! {
    /// Workspace without a user-assigned identity
    ///
    /// ## What it finds
    /// Workspaces, hubs and projects without any user-assigned identity, where `identity_standard` in the settings is
    /// `user` or `both`.
    ///
    /// ## Why it matters
    /// Built-in policy 5f0c7d88-c7de-45b8-ac49-db49e72eaa78 and PSRule AZR-000407 ask for a user-assigned identity: it
    /// exists before the workspace does, so roles can be given first, and one identity can serve several workspaces. It
    /// also outlives the workspace, with its roles, until somebody deletes it.
    ///
    /// ## How it is put right
    /// Create the identity, give it its roles, attach it beside what is there, and name it as primary. Under
    /// `identity_standard = "both"` add the system-assigned identity with it. `SystemAssigned,UserAssigned` satisfies the policy and dekey's default; AZR-000407 accepts `UserAssigned` alone
    /// only. A workspace cannot go back from both to system-assigned.
    ///
    /// ## When it stays silent
    /// With `identity_standard` set to `system` (the default) or `either`. When the identity was not read it is not
    /// judged.
    ///
    /// ## Sources
    /// - [Authentication between Azure Machine Learning and other services](https://learn.microsoft.com/azure/machine-learning/how-to-identity-based-service-authentication)
    /// - Azure Policy 5f0c7d88-c7de-45b8-ac49-db49e72eaa78; PSRule AZR-000407; Azure/azure-policy#1428
    "workspace-without-user-assigned-identity" {
        group: Identity,
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        subjects: [Workspace],
        needs: [],
        controls: controls::IDENTITY,
        applies: |settings| settings.identity_standard.requires_user(),
        remedy_under: |standard| (standard == IdentityStandard::User).then_some(USER_ONLY),
        remedy: {
            az: "az resource patch --ids {id} --is-full-object --properties '{\"identity\": {\"type\": \"SystemAssigned,UserAssigned\", \"userAssignedIdentities\": {\"<id of the identity>\": {}}}, \"properties\": {\"primaryUserAssignedIdentity\": \"<id of the identity>\"}}'",
            bicep: "resource {symbol} 'Microsoft.MachineLearningServices/workspaces@2025-12-01' = {\n  identity: {\n    type: 'SystemAssigned,UserAssigned'\n    userAssignedIdentities: {\n      '${identity.id}': {}\n    }\n  }\n  properties: {\n    primaryUserAssignedIdentity: identity.id\n  }\n}",
            terraform: "resource \"azurerm_machine_learning_workspace\" \"{symbol}\" {\n  primary_user_assigned_identity = azurerm_user_assigned_identity.example.id\n  identity {\n    type         = \"SystemAssigned, UserAssigned\"\n    identity_ids = [azurerm_user_assigned_identity.example.id]\n  }\n}",
            portal: "Azure Machine Learning workspace > Settings > Identity > User assigned > Add",
        },
    }
}

/// Where no system-assigned identity is asked for, none is added.
const USER_ONLY: Remedy = Remedy {
    az: r#"az resource patch --ids {id} --is-full-object --properties '{"identity": {"type": "{identity_type_with_user}", "userAssignedIdentities": {"<id of the identity>": {}}}, "properties": {"primaryUserAssignedIdentity": "<id of the identity>"}}'"#,
    bicep: "resource {symbol} 'Microsoft.MachineLearningServices/workspaces@2025-12-01' = {\n  identity: {\n    type: '{identity_type_with_user}'\n    userAssignedIdentities: {\n      '${identity.id}': {}\n    }\n  }\n  properties: {\n    primaryUserAssignedIdentity: identity.id\n  }\n}",
    terraform: "resource \"azurerm_machine_learning_workspace\" \"{symbol}\" {\n  primary_user_assigned_identity = azurerm_user_assigned_identity.example.id\n  identity {\n    type         = \"UserAssigned\" # \"SystemAssigned, UserAssigned\" where it has a system-assigned identity\n    identity_ids = [azurerm_user_assigned_identity.example.id]\n  }\n}",
    portal: "Azure Machine Learning workspace > Settings > Identity > User assigned > Add",
};

fn check(_: &Context<'_>, workspace: Resource<'_>, out: &mut Out<'_>) {
    match workspace.identity() {
        IdentityState::NotRead => out.not_judged(Gap::NotRead(Field::Identity)),
        IdentityState::Odd => out.not_judged(Gap::Odd(Field::IdentityType)),
        IdentityState::Known(own) if own.user => out.pass(),
        IdentityState::Known(_) => {
            out.finding("the settings ask for a user-assigned identity, and it has none")
                .on(Field::IdentityType)
                .done();
        }
    }
}
