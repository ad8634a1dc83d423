//! A datastore holds a Kerberos credential.

use crate::credentials::judge_datastore;
use crate::{Context, Out, controls, declare_rule};
use dekey_model::Resource;

declare_rule! {
    /// Datastore that holds a Kerberos credential
    ///
    /// ## What it finds
    /// Datastores that hold a Kerberos keytab or password (`credentialsType` is `KerberosKeytab` or
    /// `KerberosPassword`), as HDFS datastores do.
    ///
    /// ## Why it matters
    /// A keytab is a password in a file: it signs in as its principal until the password is changed on the Kerberos
    /// side, which the workspace does not hear of.
    ///
    /// ## How it is put right
    /// HDFS has no identity path in Azure Machine Learning. Move the data to Azure Data Lake Storage Gen2 and register
    /// that without credentials, or accept the finding until a date.
    ///
    /// ## When it stays silent
    /// For the four system datastores of a workspace, which follow `systemDatastoresAuthMode` and are judged by
    /// `system-datastores-access-key`; and for datastores that hold another credential, which have rules of their own.
    /// When the export does not tell which credential a datastore holds, it is not judged: `az ml datastore list`
    /// leaves secrets out and shows an empty block for each.
    ///
    /// ## Sources
    /// - [Use datastores](https://learn.microsoft.com/azure/machine-learning/how-to-datastore)
    "datastore-kerberos-credential" {
        group: StaticCredentials,
        severity: High,
        confidence: High,
        since: "0.1.0",
        subjects: [Datastore],
        needs: [StorageAccount],
        controls: controls::STORED_CREDENTIALS,
        remedy: {
            az: "# move the data to Azure Data Lake Storage Gen2, and describe it in adls.yml without credentials\naz ml datastore create --file adls.yml --resource-group {resource_group} --workspace-name {workspace}",
            bicep: "// register the moved data instead\nresource {symbol} 'Microsoft.MachineLearningServices/workspaces/datastores@2025-12-01' = {\n  properties: {\n    datastoreType: 'AzureDataLakeGen2'\n    accountName: '<account>'\n    filesystem: '<filesystem>'\n    credentials: {\n      credentialsType: 'None'\n    }\n    serviceDataAccessAuthIdentity: 'WorkspaceSystemAssignedIdentity'\n  }\n}",
            terraform: "# azurerm has no resource for HDFS datastores; register the moved data instead:\nresource \"azurerm_machine_learning_datastore_datalake_gen2\" \"{symbol}\" {\n  service_data_identity = \"WorkspaceSystemAssignedIdentity\"\n}",
            portal: "Azure Machine Learning studio > Data > Datastores > Create: Azure Data Lake Storage Gen2, for the moved data",
        },
    }
}

fn check(_: &Context<'_>, datastore: Resource<'_>, out: &mut Out<'_>) {
    let kerberos = |held: &str| held.to_ascii_lowercase().starts_with("kerberos");
    judge_datastore(
        datastore,
        out,
        kerberos,
        "it holds a Kerberos credential, for which there is no identity path",
    );
}
