//! An attached compute for which the workspace stores a credential.

use crate::credentials::{Class, compute_type};
use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Confidence, Field, Gap, Resource};

declare_rule! {
    /// Attached compute with a stored credential
    ///
    /// ## What it finds
    /// Attached virtual machines, HDInsight clusters, Databricks workspaces and AKS clusters. These types cannot be attached
    /// without giving the workspace a credential: an SSH account with password or private key, an access token, a kubeconfig.
    ///
    /// ## Why it matters
    /// The workspace keeps the credential, and `POST .../computes/{name}/listKeys` hands it out (for virtual machines,
    /// Databricks and AKS) to everyone with `Microsoft.MachineLearningServices/workspaces/computes/listKeys/action`. It
    /// opens a machine or cluster that lives outside the workspace, often with administrator rights, and goes on working
    /// after the compute is detached.
    ///
    /// ## How it is put right
    /// Move the work to a compute cluster, to serverless compute, or to Kubernetes attached with a managed identity;
    /// Synapse Spark pools are attached with an identity too. Then detach, which leaves the machine or cluster itself alone,
    /// and take the credential away there: change the password, remove the public key, revoke the token, rotate the
    /// cluster's certificates.
    ///
    /// ## When it stays silent
    /// For `AmlCompute` and `ComputeInstance`, which are not attached, and with a pass for `Kubernetes`, `SynapseSpark`,
    /// `DataFactory` and `DataLakeAnalytics`, for which the API takes no credential of yours. A type that nobody documents
    /// is not judged. No rule reads the credential; a virtual machine's password is only seen to be there.
    ///
    /// ## Sources
    /// - [Microsoft.MachineLearningServices workspaces/computes](https://learn.microsoft.com/azure/templates/microsoft.machinelearningservices/workspaces/computes)
    /// - [Compute - List Keys](https://learn.microsoft.com/rest/api/azureml/compute/list-keys)
    /// - [Attach and manage a Synapse Spark pool](https://learn.microsoft.com/azure/machine-learning/how-to-manage-synapse-spark-pool)
    "attached-compute-stored-credential" {
        group: StaticCredentials,
        severity: High,
        confidence: Medium,
        since: "0.1.0",
        subjects: [Compute],
        needs: [],
        controls: controls::STORED_CREDENTIALS,
        remedy: {
            az: "az ml compute create --name <new name> --type AmlCompute --size <size> --identity-type SystemAssigned --resource-group {resource_group} --workspace-name {workspace}\naz ml compute detach --name {name} --resource-group {resource_group} --workspace-name {workspace}",
            bicep: "resource {symbol} 'Microsoft.MachineLearningServices/workspaces/computes@2025-12-01' = {\n  parent: workspace\n  name: '<new name>'\n  location: '{location}'\n  identity: {\n    type: 'SystemAssigned'\n  }\n  properties: {\n    computeType: 'AmlCompute'\n    disableLocalAuth: true\n    properties: {\n      vmSize: '<size>'\n      scaleSettings: {\n        minNodeCount: 0\n        maxNodeCount: 4\n      }\n    }\n  }\n}\n// Taking the attached compute out of the template does not detach it: use the CLI or the studio.",
            terraform: "# azurerm attaches AKS only (azurerm_machine_learning_inference_cluster): removing that resource detaches it.\nresource \"azurerm_machine_learning_compute_cluster\" \"{symbol}\" {\n  local_auth_enabled = false\n  identity {\n    type = \"SystemAssigned\"\n  }\n}",
            portal: "Azure Machine Learning studio > Compute > Attached computes > {name} > Detach",
        },
    }
}

fn check(_: &Context<'_>, compute: Resource<'_>, out: &mut Out<'_>) {
    let Some(kind) = out.needs_text(compute, Field::ComputeType) else { return };
    if ["AmlCompute", "ComputeInstance"].iter().any(|own| own.eq_ignore_ascii_case(kind)) {
        return;
    }
    let stored = match compute_type(kind) {
        (Class::Static, stored) => stored,
        (Class::Keyless, _) => return out.pass(),
        (Class::Review, _) => return out.not_judged(Gap::Odd(Field::ComputeType)),
    };
    let finding = out.finding(format!("the workspace stores {stored}")).on(Field::ComputeType);
    if compute.is_present(Field::VirtualMachinePassword) {
        return finding.on(Field::VirtualMachinePassword).confidence(Confidence::High).done();
    }
    finding.done();
}
