//! A workspace's own datastores use the storage account key.

use crate::credentials::{Class, SystemDatastores, credentials_type, is_system_datastore, system_datastores};
use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Confidence, Field, Gap, Kind, Resource, Seen, Severity};

declare_rule! {
    /// System datastores that use the account key
    ///
    /// ## What it finds
    /// Workspaces whose `systemDatastoresAuthMode` is `AccessKey`. Where the property is absent from an answer of a
    /// version that has it, that is the service's default, and the finding is less sure. Where the answer cannot have
    /// it, the credentials of the four system datastores decide, if they were read.
    ///
    /// ## Why it matters
    /// The workspace then reads and writes its blobs, files, artifacts and notebooks with the account key, which it
    /// keeps in its vault. As long as one workspace does, the keys of the account cannot be turned off.
    ///
    /// ## How it is put right
    /// Give users Storage Blob Data Contributor and Storage File Data Privileged Contributor on the account first, and
    /// computes their own. Then set the mode to `identity`; setting it back to `accesskey` undoes it. It must come
    /// before shared key access is turned off on the account, never after. Microsoft's documentation calls this a
    /// preview in its last version that we read.
    ///
    /// ## When it stays silent
    /// When the mode is `identity`, or `UserDelegationSAS`, which is signed by Microsoft Entra. Answers before 2025
    /// lack the property in stable versions: without system datastores in the export the workspace is not judged. Nor is a
    /// project that does not say, when its hub is not on access keys.
    ///
    /// ## Sources
    /// - [Disable local authentication for workspace storage](https://learn.microsoft.com/azure/machine-learning/how-to-disable-local-auth-storage)
    "system-datastores-access-key" {
        group: StaticCredentials,
        severity: High,
        confidence: High,
        since: "0.1.0",
        subjects: [Workspace],
        needs: [Datastore, StorageAccount],
        controls: controls::SYSTEM_DATASTORES,
        remedy: {
            az: "# once users and computes have their data roles on the storage account\naz ml workspace update --name {name} --resource-group {resource_group} --system-datastores-auth-mode identity",
            bicep: "resource {symbol} 'Microsoft.MachineLearningServices/workspaces@2025-12-01' = {\n  properties: {\n    systemDatastoresAuthMode: 'identity'\n  }\n}",
            terraform: "# azurerm has no argument for it; with azapi:\nresource \"azapi_update_resource\" \"{symbol}\" {\n  type        = \"Microsoft.MachineLearningServices/workspaces@2025-12-01\"\n  resource_id = azurerm_machine_learning_workspace.{symbol}.id\n  body        = { properties = { systemDatastoresAuthMode = \"identity\" } }\n}",
            portal: "Azure Machine Learning workspace > Settings > Properties > Storage account access type: Identity-based access",
        },
    }
}

fn check(_: &Context<'_>, workspace: Resource<'_>, out: &mut Out<'_>) {
    let field = Field::SystemDatastoresAuthMode;
    match system_datastores(workspace) {
        SystemDatastores::Keyless => out.pass(),
        SystemDatastores::AccessKey => fire(workspace, out, Confidence::High),
        SystemDatastores::Default => fire(workspace, out, Confidence::Medium),
        SystemDatastores::Odd => out.not_judged(Gap::Odd(field)),
        SystemDatastores::NotRead | SystemDatastores::Unsaid => by_datastores(workspace, out),
    }
}

fn fire(workspace: Resource<'_>, out: &mut Out<'_>, confidence: Confidence) {
    let account = workspace.dependent(Field::StorageAccount).found().map(|ix| workspace.inventory().get(ix));
    let finding = out
        .finding("the workspace reads and writes its own storage with the account key")
        .on(Field::SystemDatastoresAuthMode)
        .confidence(confidence);
    match account.filter(|a| a.flag(Field::AllowSharedKeyAccess) == Seen::Value(false)) {
        Some(account) => finding
            .on_other(account, Field::AllowSharedKeyAccess)
            .severity(
                Severity::High,
                "the storage account refuses its keys already, so the workspace is broken or about to be",
            )
            .done(),
        None => finding.done(),
    }
}

/// The answer does not hold the mode: the system datastores tell, if they were read. Recorded ones say `AccountKey` even where
/// an identity is used beside it, so this is less sure.
fn by_datastores(workspace: Resource<'_>, out: &mut Out<'_>) {
    let own = || workspace.children(Kind::Datastore).filter(|datastore| is_system_datastore(*datastore));
    let held = |datastore: Resource<'_>| {
        datastore.text(Field::CredentialsType).value().map(|held| credentials_type(held).0)
    };
    if let Some(datastore) = own().find(|datastore| held(*datastore) == Some(Class::Static)) {
        return out
            .finding("its system datastores hold a static credential")
            .on_other(datastore, Field::CredentialsType)
            .confidence(Confidence::Medium)
            .done();
    }
    if own().next().is_some() && own().all(|datastore| held(datastore) == Some(Class::Keyless)) {
        return out.pass();
    }
    let why = "the answer does not tell how system datastores authenticate: read the workspace again at api-version 2025-12-01, or export its datastores";
    out.not_judged(Gap::Other(why.into()));
}
