//! A workspace with user-assigned identities does not say which is its own.

use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Gap, IdentityState, Resource, Seen, eq_ids};

declare_rule! {
    /// Workspace without a primary user-assigned identity
    ///
    /// ## What it finds
    /// Workspaces with user-assigned identities whose `primaryUserAssignedIdentity` is missing, empty, or none of the
    /// attached ones.
    ///
    /// ## Why it matters
    /// The workspace acts as its primary user-assigned identity. When that is missing or not attached, the roles it
    /// needs were given to an identity it does not use. Built-in policy 5f0c7d88-c7de-45b8-ac49-db49e72eaa78 looks at
    /// this property.
    ///
    /// ## How it is put right
    /// Attach the identity, give it its roles, then name it as primary. An identity cannot be taken away from a
    /// workspace that started with a system-assigned one.
    ///
    /// ## When it stays silent
    /// When the workspace has no user-assigned identity, or its primary one is attached.
    ///
    /// ## Sources
    /// - [Authentication between Azure Machine Learning and other services](https://learn.microsoft.com/azure/machine-learning/how-to-identity-based-service-authentication)
    /// - Azure Policy 5f0c7d88-c7de-45b8-ac49-db49e72eaa78
    "missing-primary-user-assigned-identity" {
        group: Identity,
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        subjects: [Workspace],
        needs: [],
        controls: controls::IDENTITY,
        remedy: {
            az: "az ml workspace update --name {name} --resource-group {resource_group} --primary-user-assigned-identity <id of an attached identity>",
            bicep: "resource {symbol} 'Microsoft.MachineLearningServices/workspaces@2025-12-01' = {\n  identity: {\n    type: 'SystemAssigned,UserAssigned'\n    userAssignedIdentities: {\n      '${identity.id}': {}\n    }\n  }\n  properties: {\n    primaryUserAssignedIdentity: identity.id\n  }\n}",
            terraform: "resource \"azurerm_machine_learning_workspace\" \"{symbol}\" {\n  primary_user_assigned_identity = azurerm_user_assigned_identity.example.id\n  identity {\n    type         = \"SystemAssigned, UserAssigned\"\n    identity_ids = [azurerm_user_assigned_identity.example.id]\n  }\n}",
            portal: "Azure Machine Learning workspace > Settings > Identity > User assigned",
        },
    }
}

fn check(_: &Context<'_>, workspace: Resource<'_>, out: &mut Out<'_>) {
    match workspace.identity() {
        IdentityState::NotRead => return out.not_judged(Gap::NotRead(Field::Identity)),
        IdentityState::Odd => return out.not_judged(Gap::Odd(Field::IdentityType)),
        IdentityState::Known(own) if !own.user => return,
        IdentityState::Known(_) => {}
    }
    let field = Field::PrimaryUserAssignedIdentity;
    let Some(primary) = out.needs_field(field, workspace.text(field).non_empty()) else { return };
    let Seen::Value(primary) = primary else {
        return out
            .finding("it has user-assigned identities, but does not say which it acts as")
            .on(field)
            .done();
    };
    match workspace.pairs(Field::UserAssignedIdentities) {
        Seen::Value(attached) if attached.iter().any(|(id, _)| eq_ids(id, primary)) => out.pass(),
        // Azure always names them: an answer without them left them out.
        Seen::NotRead | Seen::Absent | Seen::Null => {
            out.not_judged(Gap::NotRead(Field::UserAssignedIdentities));
        }
        Seen::Odd => out.not_judged(Gap::Odd(Field::UserAssignedIdentities)),
        Seen::Value(_) => out
            .finding("the identity it is meant to act as is not attached to it")
            .on(field)
            .on(Field::UserAssignedIdentities)
            .done(),
    }
}
