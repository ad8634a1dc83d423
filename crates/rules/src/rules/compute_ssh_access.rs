//! A compute can be reached by SSH from outside, or with a password.

use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Confidence, Field, Gap, Resource, Seen};

declare_rule! {
    /// Compute open to SSH
    ///
    /// ## What it finds
    /// Compute instances whose `sshPublicAccess` is `Enabled`, clusters whose `remoteLoginPortPublicAccess` is `Enabled`, and
    /// clusters whose SSH account has a password. For a cluster, `NotSpecified` or nothing means open, unless it is in a
    /// subnet or its nodes have no public address: that is Azure's documented default.
    ///
    /// ## Why it matters
    /// The port is open to the internet, as far as no subnet rule says otherwise, and what lets in is a key pair or a
    /// password that somebody made once: it does not expire, and nobody knows who holds copies. Inside, the compute's
    /// managed identity and whatever its user is signed in to are there for the taking.
    ///
    /// ## How it is put right
    /// Make the compute anew with SSH off; neither setting can be changed later. Compute instances are reached through the
    /// studio, its terminal, or VS Code with a Microsoft Entra sign-in. Where SSH must stay, keep it inside a virtual
    /// network, without public address, with a key and no password. Files on a compute instance's own disks go with it,
    /// those under the workspace's file share stay.
    ///
    /// ## When it stays silent
    /// When the port is closed; for a compute instance that is also the default. With local authentication off the finding
    /// is lower: no local account can sign in. Attached computes are judged by attached-compute-stored-credential. An answer
    /// without the compute's inner `properties` says nothing of the port: not judged.
    ///
    /// ## Sources
    /// - [Create a compute instance: enable SSH access](https://learn.microsoft.com/azure/machine-learning/how-to-create-compute-instance#enable-ssh-access)
    /// - [Create a compute cluster](https://learn.microsoft.com/azure/machine-learning/how-to-create-attach-compute-cluster)
    /// - [Microsoft.MachineLearningServices workspaces/computes](https://learn.microsoft.com/azure/templates/microsoft.machinelearningservices/workspaces/computes)
    "compute-ssh-access" {
        group: StaticCredentials,
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        subjects: [Compute],
        needs: [],
        controls: controls::LOCAL_AUTH,
        remedy: {
            az: "az ml compute create --name <new name> --type <AmlCompute or ComputeInstance> --size <size> --ssh-public-access-enabled false --resource-group {resource_group} --workspace-name {workspace}\naz ml compute delete --name {name} --resource-group {resource_group} --workspace-name {workspace}",
            bicep: "resource {symbol} 'Microsoft.MachineLearningServices/workspaces/computes@2025-12-01' = {\n  properties: {\n    disableLocalAuth: true\n    properties: {\n      remoteLoginPortPublicAccess: 'Disabled' // of a cluster\n      sshSettings: {\n        sshPublicAccess: 'Disabled' // of a compute instance\n      }\n    }\n  }\n}",
            terraform: "# of a compute instance, leave the ssh block out; changing either makes the compute anew\nresource \"azurerm_machine_learning_compute_cluster\" \"{symbol}\" {\n  local_auth_enabled        = false\n  ssh_public_access_enabled = false\n}",
            portal: "Azure Machine Learning studio > Compute > New > Security: leave SSH access off; then delete this one",
        },
    }
}

fn check(_: &Context<'_>, compute: Resource<'_>, out: &mut Out<'_>) {
    let Some(kind) = out.needs_text(compute, Field::ComputeType) else { return };
    let (field, port) = match kind {
        _ if kind.eq_ignore_ascii_case("ComputeInstance") => (Field::SshPublicAccess, instance_port(compute)),
        _ if kind.eq_ignore_ascii_case("AmlCompute") => (Field::RemoteLoginPort, cluster_port(compute)),
        _ => return,
    };
    match port {
        Port::Closed => out.pass(),
        Port::Unknown(gap) => out.not_judged(gap),
        Port::Open(confidence) => report(compute, out, field, confidence),
    }
    if compute.is_present(Field::AdminUserPassword) {
        let message = "its SSH account has a password, which works until the cluster is made anew";
        let finding = out.finding(message).part("password").on(Field::AdminUserPassword);
        if accounts_off(compute) {
            return finding.on(Field::DisableLocalAuth).lowered(ACCOUNTS_OFF).done();
        }
        finding.done();
    }
}

enum Port {
    Open(Confidence),
    Closed,
    Unknown(Gap),
}

const ACCOUNTS_OFF: &str = "local authentication is off, so no local account can sign in";

fn accounts_off(compute: Resource<'_>) -> bool {
    compute.flag(Field::DisableLocalAuth) == Seen::Value(true)
}

fn report(compute: Resource<'_>, out: &mut Out<'_>, field: Field, confidence: Confidence) {
    let message = match confidence {
        Confidence::High => "its SSH port is open to the public, for whoever holds the key or password",
        _ => "its SSH port is open to the public by default, for whoever holds the key or password",
    };
    let finding = out.finding(message).part("port").on(field).confidence(confidence);
    if accounts_off(compute) {
        return finding.on(Field::DisableLocalAuth).lowered(ACCOUNTS_OFF).done();
    }
    if compute.flag(Field::EnableNodePublicIp) == Seen::Value(false) {
        let why = "it has no public address, so only its network reaches the port";
        return finding.on(Field::EnableNodePublicIp).lowered(why).done();
    }
    finding.done();
}

fn instance_port(compute: Resource<'_>) -> Port {
    match state(compute, Field::SshPublicAccess) {
        Seen::Value(state) if state.eq_ignore_ascii_case("Enabled") => Port::Open(Confidence::High),
        Seen::Value(state) if state.eq_ignore_ascii_case("Disabled") => Port::Closed,
        Seen::Absent | Seen::Null => Port::Closed,
        Seen::NotRead => Port::Unknown(Gap::NotRead(Field::SshPublicAccess)),
        Seen::Value(_) | Seen::Odd => Port::Unknown(Gap::Odd(Field::SshPublicAccess)),
    }
}

fn cluster_port(compute: Resource<'_>) -> Port {
    match state(compute, Field::RemoteLoginPort) {
        Seen::Value(state) if state.eq_ignore_ascii_case("Enabled") => Port::Open(Confidence::High),
        Seen::Value(state) if state.eq_ignore_ascii_case("Disabled") => Port::Closed,
        Seen::Value(state) if state.eq_ignore_ascii_case("NotSpecified") => default_port(compute),
        Seen::Absent | Seen::Null => default_port(compute),
        Seen::NotRead => Port::Unknown(Gap::NotRead(Field::RemoteLoginPort)),
        Seen::Value(_) | Seen::Odd => Port::Unknown(Gap::Odd(Field::RemoteLoginPort)),
    }
}

/// "Closed if a VNet is defined, else open on all public nodes."
fn default_port(cluster: Resource<'_>) -> Port {
    let inside = cluster.text(Field::ComputeSubnet).non_empty().value().is_some();
    let private = cluster.flag(Field::EnableNodePublicIp) == Seen::Value(false);
    if inside || private { Port::Closed } else { Port::Open(Confidence::Medium) }
}

/// Lists may leave the compute's inner block out; then nothing was said about its port.
fn state(compute: Resource<'_>, field: Field) -> Seen<&str> {
    match compute.text(field).non_empty() {
        Seen::Absent | Seen::Null if !compute.is_present(Field::ComputeProperties) => Seen::NotRead,
        seen => seen,
    }
}
