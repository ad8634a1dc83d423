//! A datastore holds a storage account key.

use crate::credentials::judge_datastore;
use crate::{Context, Out, controls, declare_rule};
use dekey_model::Resource;

declare_rule! {
    /// Datastore that holds a storage account key
    ///
    /// ## What it finds
    /// Datastores that hold a storage account key (`credentialsType` is `AccountKey`). Azure Files and the Data Lake
    /// kinds are included.
    ///
    /// ## Why it matters
    /// An account key opens everything in the storage account, not only this container, to whoever can list the
    /// datastore's secrets: Contributor, AzureML Data Scientist and Azure AI Developer can. While a datastore holds a
    /// credential, jobs use it even when the user has an identity of their own.
    ///
    /// ## How it is put right
    /// File share datastores (`AzureFile`) know no identity: move their data to blob storage, or accept the finding
    /// until a date. Give the identities that read and write the data their role on the account (Storage Blob Data
    /// Reader or Contributor): the workspace's for previews, the compute's or the user's for jobs. Then PUT the
    /// datastore in place with `credentialsType: None`, and read it back: a PUT was reported to keep the old
    /// credential. Do not unregister and register it again under the same name: the old secret is soft-deleted in the
    /// vault and blocks the name.
    ///
    /// ## When it stays silent
    /// For the four system datastores of a workspace, which follow `systemDatastoresAuthMode` and are judged by
    /// `system-datastores-access-key`; and for datastores that hold another credential, which have rules of their own.
    /// When the export does not tell which credential a datastore holds, it is not judged: `az ml datastore list`
    /// leaves secrets out and shows an empty block for each.
    ///
    /// ## Sources
    /// - [Use datastores](https://learn.microsoft.com/azure/machine-learning/how-to-datastore)
    /// - [Data administration](https://learn.microsoft.com/azure/machine-learning/how-to-administrate-data-authentication)
    "datastore-account-key" {
        group: StaticCredentials,
        severity: High,
        confidence: High,
        since: "0.1.0",
        subjects: [Datastore],
        needs: [StorageAccount],
        controls: controls::STORED_CREDENTIALS,
        remedy: {
            az: "az rest --method get --url \"https://management.azure.com{id}?api-version=2025-12-01\" --query \"{properties: properties}\" > datastore.json\n# in datastore.json, set properties.credentials to {\"credentialsType\": \"None\"}\naz rest --method put --url \"https://management.azure.com{id}?api-version=2025-12-01&skipValidation=true\" --body @datastore.json",
            bicep: "resource {symbol} 'Microsoft.MachineLearningServices/workspaces/datastores@2025-12-01' = {\n  properties: {\n    credentials: {\n      credentialsType: 'None'\n    }\n    serviceDataAccessAuthIdentity: 'WorkspaceSystemAssignedIdentity'\n  }\n}",
            terraform: "resource \"azurerm_machine_learning_datastore_blobstorage\" \"{symbol}\" {\n  # no account_key and no shared_access_signature\n  service_data_auth_identity = \"WorkspaceSystemAssignedIdentity\"\n}",
            portal: "Azure Machine Learning studio > Data > Datastores > the datastore > Update authentication > no credential",
        },
    }
}

fn check(_: &Context<'_>, datastore: Resource<'_>, out: &mut Out<'_>) {
    judge_datastore(
        datastore,
        out,
        |held| held.eq_ignore_ascii_case("AccountKey"),
        "it holds a key that opens the whole storage account",
    );
}
