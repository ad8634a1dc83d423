//! A compute lets local accounts in.

use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Confidence, Field, Resource, Seen, Severity};

declare_rule! {
    /// Compute with local authentication
    ///
    /// ## What it finds
    /// Compute clusters (`AmlCompute`) and compute instances whose `disableLocalAuth` is not `true`. Absent and `null`
    /// count as not disabled, as they do for the built-in policy.
    ///
    /// ## Why it matters
    /// Local authentication is SSH with an account of the machine. Its key or password works without Microsoft Entra, its
    /// sign-ins are in no sign-in log, and Conditional Access does not see them. From inside, a node acts as the compute's
    /// managed identity. Where the public SSH port is closed the way in is narrower, and the finding is low.
    ///
    /// ## How it is put right
    /// Make the compute anew: the setting is fixed when it is created. `az ml compute create` and the Python SDK switch
    /// local authentication off unless SSH is asked for; templates must say so. Files on a compute instance's own disks go
    /// with it, those under the workspace's file share stay. Built-in policy a6f9a2d0-cff7-4855-83ad-4cd750666512 sets it
    /// on every new compute, e96a9a5f-07ca-471b-9bc5-6a0f33cbd68f can deny the others.
    ///
    /// ## When it stays silent
    /// When `disableLocalAuth` is `true`, and for attached and other computes, which have none of these accounts.
    /// `az ml compute list` leaves the property out: such a compute is not judged.
    ///
    /// ## Sources
    /// - [Audit and manage Azure Machine Learning](https://learn.microsoft.com/azure/machine-learning/how-to-integrate-azure-policy)
    /// - [Microsoft.MachineLearningServices workspaces/computes](https://learn.microsoft.com/azure/templates/microsoft.machinelearningservices/workspaces/computes)
    /// - Azure Policy e96a9a5f-07ca-471b-9bc5-6a0f33cbd68f; PSRule AZR-000404
    "compute-local-auth" {
        group: StaticCredentials,
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        subjects: [Compute],
        needs: [],
        controls: controls::LOCAL_AUTH,
        remedy: {
            az: "az ml compute create --name <new name> --type <AmlCompute or ComputeInstance> --size <size> --ssh-public-access-enabled false --resource-group {resource_group} --workspace-name {workspace}\naz ml compute delete --name {name} --resource-group {resource_group} --workspace-name {workspace}",
            bicep: "resource {symbol} 'Microsoft.MachineLearningServices/workspaces/computes@2025-12-01' = {\n  properties: {\n    disableLocalAuth: true // for a compute that is made anew\n  }\n}",
            terraform: "# azurerm_machine_learning_compute_instance has the same argument; changing it makes the compute anew\nresource \"azurerm_machine_learning_compute_cluster\" \"{symbol}\" {\n  local_auth_enabled = false\n}",
            portal: "Azure Machine Learning studio > Compute > New > Security: leave SSH access off; then delete this one",
        },
    }
}

fn check(_: &Context<'_>, compute: Resource<'_>, out: &mut Out<'_>) {
    let Some(kind) = out.needs_text(compute, Field::ComputeType) else { return };
    let port = match kind {
        _ if kind.eq_ignore_ascii_case("AmlCompute") => Field::RemoteLoginPort,
        _ if kind.eq_ignore_ascii_case("ComputeInstance") => Field::SshPublicAccess,
        _ => return,
    };
    let Some(seen) = out.needs_field(Field::DisableLocalAuth, compute.flag(Field::DisableLocalAuth)) else {
        return;
    };
    let (message, confidence) = match seen {
        Seen::Value(true) => return out.pass(),
        Seen::Value(false) => ("its SSH account lets people in without Microsoft Entra", Confidence::High),
        _ => (
            "`disableLocalAuth` is not set, so an SSH account may let people in without Microsoft Entra",
            Confidence::Medium,
        ),
    };
    let finding = out.finding(message).on(Field::DisableLocalAuth).confidence(confidence);
    if compute.text(port).value().is_some_and(|state| state.eq_ignore_ascii_case("Disabled")) {
        return finding.on(port).severity(Severity::Low, "its public SSH port is closed").done();
    }
    finding.done();
}
