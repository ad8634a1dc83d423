//! A workspace has no managed identity of any kind.

use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Gap, IdentityState, Resource};

declare_rule! {
    /// Workspace without any managed identity
    ///
    /// ## What it finds
    /// Workspaces, hubs and projects whose `identity` is absent, `null` or `None`, where `identity_standard` in the
    /// settings is `either`.
    ///
    /// ## Why it matters
    /// Without a managed identity the workspace can only use static credentials. Azure Machine Learning refuses to
    /// create such workspaces today, so this is an old one, or a draft.
    ///
    /// ## How it is put right
    /// Enable the system-assigned identity, which needs no other resource.
    ///
    /// ## When it stays silent
    /// With any other `identity_standard`: `workspace-without-system-assigned-identity` and `workspace-without-user-
    /// assigned-identity` find it then. When the identity was not read it is not judged.
    ///
    /// ## Sources
    /// - [Authentication between Azure Machine Learning and other services](https://learn.microsoft.com/azure/machine-learning/how-to-identity-based-service-authentication)
    "workspace-without-managed-identity" {
        group: Identity,
        severity: High,
        confidence: High,
        since: "0.1.0",
        subjects: [Workspace],
        needs: [],
        controls: controls::IDENTITY,
        applies: |settings| settings.identity_standard == crate::IdentityStandard::Either,
        remedy: {
            az: "az resource patch --ids {id} --is-full-object --properties '{\"identity\": {\"type\": \"SystemAssigned\"}}'",
            bicep: "resource {symbol} 'Microsoft.MachineLearningServices/workspaces@2025-12-01' = {\n  identity: {\n    type: 'SystemAssigned'\n  }\n}",
            terraform: "resource \"azurerm_machine_learning_workspace\" \"{symbol}\" {\n  identity {\n    type = \"SystemAssigned\"\n  }\n}",
            portal: "Azure Machine Learning workspace > Settings > Identity > System assigned: On",
        },
    }
}

fn check(_: &Context<'_>, workspace: Resource<'_>, out: &mut Out<'_>) {
    match workspace.identity() {
        IdentityState::NotRead => out.not_judged(Gap::NotRead(Field::Identity)),
        IdentityState::Odd => out.not_judged(Gap::Odd(Field::IdentityType)),
        IdentityState::Known(own) if !own.is_none() => out.pass(),
        IdentityState::Known(_) => {
            out.finding("it has no managed identity, so it can only use static credentials")
                .on(Field::IdentityType)
                .done();
        }
    }
}
