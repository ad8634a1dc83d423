//! Datastores and connections of a workspace, api-version 2025-12-01. Lists never hold the secrets themselves.

use super::workspace::workspace_guid;
use super::{TENANT, Wire, client_of, name_of, put, segment, system_data, text};
use serde_json::{Value, json};

/// What differs between datastores.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Datastore<'a> {
    pub(crate) workspace: &'a str,
    pub(crate) name: &'a str,
    /// `datastoreType`: `AzureBlob`, `AzureFile`, `AzureDataLakeGen1`, `AzureDataLakeGen2`, `OneLake`, `Hdfs`.
    pub(crate) kind: &'a str,
    /// Account, store, lakehouse or name node.
    pub(crate) account: &'a str,
    /// Container, share or file system.
    pub(crate) container: &'a str,
    /// `credentialsType`.
    pub(crate) credentials: &'a str,
    /// `serviceDataAccessAuthIdentity`.
    pub(crate) data_access: &'a str,
    pub(crate) default: bool,
    pub(crate) created: &'a str,
    pub(crate) created_by: &'a str,
}

impl Datastore<'_> {
    /// As a list has it.
    pub(crate) fn to_json(self) -> Value {
        let head = json!({
            "description": null,
            "tags": null,
            "properties": null,
            "isDefault": self.default,
            "credentials": self.credentials(),
            "datastoreType": self.kind,
        });
        let target = match self.kind {
            "AzureDataLakeGen1" => [("storeName", text(self.account)), ("", None), ("", None)],
            "AzureDataLakeGen2" => self.account_and("filesystem"),
            "AzureFile" => self.account_and("fileShareName"),
            "OneLake" => [
                ("oneLakeWorkspaceName", text(self.account)),
                ("artifact", Some(json!({ "artifactType": "LakeHouse", "artifactName": self.container }))),
                ("endpoint", text("onelake.dfs.fabric.microsoft.com")),
            ],
            "Hdfs" => [
                ("nameNodeAddress", text(self.account)),
                ("protocol", text("https")),
                ("hdfsServerCertificate", Some(Value::Null)),
            ],
            _ => self.account_and("containerName"),
        };
        let properties = put(head, "", target);
        let access = [("serviceDataAccessAuthIdentity", text(self.data_access))];
        let modern =
            matches!(self.kind, "AzureBlob" | "AzureFile" | "AzureDataLakeGen1" | "AzureDataLakeGen2");
        let properties = if modern { put(properties, "", access) } else { properties };
        json!({
            "id": format!("{}/datastores/{}", self.workspace, self.name),
            "name": self.name,
            "type": "Microsoft.MachineLearningServices/workspaces/datastores",
            "properties": self.place(properties),
            "systemData": system_data(self.created_by, self.created, self.created),
        })
    }

    fn account_and<'n>(&self, container: &'n str) -> [(&'n str, Wire); 3] {
        [
            ("accountName", text(self.account)),
            (container, text(self.container)),
            ("endpoint", text("core.windows.net")),
        ]
    }

    fn place(&self, properties: Value) -> Value {
        if !matches!(self.kind, "AzureBlob" | "AzureFile" | "AzureDataLakeGen2") {
            return properties;
        }
        let place = [
            ("protocol", text("https")),
            ("subscriptionId", text(segment(self.workspace, "subscriptions"))),
            ("resourceGroup", text(segment(self.workspace, "resourceGroups"))),
        ];
        put(properties, "", place)
    }

    fn credentials(&self) -> Value {
        let client = client_of(&format!("{}/{}", self.workspace, self.name));
        let principal = json!({
            "credentialsType": self.credentials,
            "authorityUrl": "https://login.microsoftonline.com",
            "resourceUrl": "https://storage.azure.com/",
            "tenantId": TENANT,
            "clientId": client,
        });
        match self.credentials {
            "ServicePrincipal" => {
                put(principal, "", [("secrets", Some(json!({ "secretsType": "ServicePrincipal" })))])
            }
            "Certificate" => put(
                principal,
                "",
                [
                    ("thumbprint", text(&client.replace('-', "").to_ascii_uppercase())),
                    ("secrets", Some(json!({ "secretsType": "Certificate" }))),
                ],
            ),
            "AccountKey" | "Sas" => json!({
                "credentialsType": self.credentials,
                "secrets": { "secretsType": self.credentials },
            }),
            "KerberosPassword" => json!({
                "credentialsType": "KerberosPassword",
                "kerberosPrincipal": "svc-aml@HADOOP.CONTOSO.EXAMPLE",
                "kerberosRealm": "HADOOP.CONTOSO.EXAMPLE",
                "kerberosKdcAddress": "kdc.hadoop.contoso.example",
            }),
            other => json!({ "credentialsType": other }),
        }
    }
}

/// The four datastores that every workspace has. With keys they report `AccountKey` whatever identity reads previews.
pub(crate) fn system_datastores(
    workspace: &str,
    account: &str,
    keyless: bool,
    created: &str,
    by: &str,
) -> [Value; 4] {
    let guid = workspace_guid(workspace);
    let base = Datastore {
        workspace,
        account,
        created,
        created_by: by,
        credentials: if keyless { "None" } else { "AccountKey" },
        data_access: if keyless { "WorkspaceSystemAssignedIdentity" } else { "None" },
        ..Datastore::default()
    };
    [
        Datastore {
            name: "workspaceblobstore",
            kind: "AzureBlob",
            container: &format!("azureml-blobstore-{guid}"),
            default: true,
            ..base
        },
        Datastore { name: "workspaceartifactstore", kind: "AzureBlob", container: "azureml", ..base },
        Datastore {
            name: "workspacefilestore",
            kind: "AzureFile",
            container: &format!("azureml-filestore-{guid}"),
            ..base
        },
        Datastore {
            name: "workspaceworkingdirectory",
            kind: "AzureFile",
            container: &format!("code-{guid}"),
            ..base
        },
    ]
    .map(Datastore::to_json)
}

/// What differs between connections.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Connection<'a> {
    pub(crate) workspace: &'a str,
    pub(crate) name: &'a str,
    /// `authType`.
    pub(crate) auth: &'a str,
    pub(crate) category: &'a str,
    pub(crate) target: &'a str,
    pub(crate) shared: bool,
    pub(crate) expires: &'a str,
    pub(crate) created: &'a str,
    pub(crate) created_by: &'a str,
}

impl Connection<'_> {
    /// What the category has besides: a connection to blobs names account and container.
    fn metadata(self) -> Value {
        let blobs = self.target.strip_prefix("https://").filter(|_| self.category == "AzureBlob");
        let place = blobs.and_then(|own| Some((own.split('.').next()?, own.split_once('/')?.1)));
        match place {
            Some((account, container)) => json!({ "AccountName": account, "ContainerName": container }),
            None => json!({ "ApiType": "Azure", "Owner": name_of(self.workspace) }),
        }
    }

    /// As a list has it.
    pub(crate) fn to_json(self) -> Value {
        let group = match self.category {
            "AzureOpenAI" | "AIServices" | "CognitiveSearch" | "OpenAI" | "Serverless" => "AzureAI",
            "AzureBlob" | "ADLSGen2" | "S3" => "NoSQL",
            "Snowflake" | "AzureSqlDb" | "AzureDatabricksDeltaLake" => "Database",
            "ContainerRegistry" => "ContainerRegistry",
            _ => "GenericProtocol",
        };
        let properties = json!({
            "authType": self.auth,
            "category": self.category,
            "createdByWorkspaceArmId": self.workspace,
            "error": null,
            "expiryTime": super::text_or_null(self.expires),
            "group": group,
            "isSharedToAll": self.shared,
            "metadata": self.metadata(),
            "peRequirement": "NotRequired",
            "peStatus": "NotApplicable",
            "sharedUserList": [],
            "target": self.target,
            "useWorkspaceManagedIdentity": self.auth == "ManagedIdentity",
        });
        json!({
            "id": format!("{}/connections/{}", self.workspace, self.name),
            "name": self.name,
            "type": "Microsoft.MachineLearningServices/workspaces/connections",
            "properties": properties,
            "systemData": system_data(self.created_by, self.created, self.created),
        })
    }
}
