//! A compute cluster or instance has no managed identity.

use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Gap, IdentityState, Resource};

declare_rule! {
    /// Compute without a managed identity
    ///
    /// ## What it finds
    /// Compute clusters (`AmlCompute`) and compute instances without a managed identity.
    ///
    /// ## Why it matters
    /// Jobs on it reach data without stored credentials only as the user who submits them, and scheduled jobs have no
    /// user. Images are pulled with the registry's admin user then, which keeps that on.
    ///
    /// ## How it is put right
    /// Give a cluster one system-assigned identity or several user-assigned ones; both at once is not supported. It
    /// needs AcrPull on the registry (granted by itself only if the registry existed first) and a data role on the
    /// accounts it reads. An instance with an identity and idle shutdown does not shut down unless the identity is
    /// Contributor on the workspace: that costs money. The identity cannot be changed by PATCH; older Terraform
    /// providers recreate the cluster.
    ///
    /// ## When it stays silent
    /// For attached computes, which sign in their own way. When the identity was not read it is not judged.
    ///
    /// ## Sources
    /// - [Authentication between Azure Machine Learning and other services](https://learn.microsoft.com/azure/machine-learning/how-to-identity-based-service-authentication)
    "compute-without-identity" {
        group: Identity,
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        subjects: [Compute],
        needs: [],
        controls: controls::IDENTITY,
        remedy: {
            az: "# of a cluster; a compute instance is made anew, with az ml compute create --identity-type SystemAssigned\naz ml compute update --name {name} --workspace-name {workspace} --resource-group {resource_group} --identity-type SystemAssigned",
            bicep: "resource {symbol} 'Microsoft.MachineLearningServices/workspaces/computes@2025-12-01' = {\n  identity: {\n    type: 'SystemAssigned'\n  }\n}",
            terraform: "resource \"azurerm_machine_learning_compute_cluster\" \"{symbol}\" {\n  identity {\n    type = \"SystemAssigned\"\n  }\n}",
            portal: "Azure Machine Learning studio > Compute > the cluster > Managed identity",
        },
    }
}

fn check(_: &Context<'_>, compute: Resource<'_>, out: &mut Out<'_>) {
    let Some(kind) = out.needs_text(compute, Field::ComputeType) else { return };
    if !["AmlCompute", "ComputeInstance"].iter().any(|own| own.eq_ignore_ascii_case(kind)) {
        return;
    }
    match compute.identity() {
        IdentityState::NotRead => out.not_judged(Gap::NotRead(Field::Identity)),
        IdentityState::Odd => out.not_judged(Gap::Odd(Field::IdentityType)),
        IdentityState::Known(own) if !own.is_none() => out.pass(),
        IdentityState::Known(_) => {
            out.finding("jobs on it reach data and images only with keys, or as a user")
                .on(Field::IdentityType)
                .done();
        }
    }
}
