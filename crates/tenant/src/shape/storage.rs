//! `Microsoft.Storage/storageAccounts`, api-version 2025-06-01.

use super::{TENANT, Wire, name_of, put, segment};
use serde_json::{Value, json};

/// What differs between storage accounts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Storage<'a> {
    pub(crate) id: &'a str,
    pub(crate) location: &'a str,
    pub(crate) created: &'a str,
    pub(crate) tags: Wire,
    pub(crate) allow_shared_key: Wire,
    pub(crate) default_to_oauth: Wire,
    /// Creation times of both keys; accounts made before 2021 that never rotated have `null`.
    pub(crate) keys: [&'a str; 2],
    /// Days after which keys should be rotated.
    pub(crate) key_days: Option<u32>,
    /// Longest life of a SAS, and `Log` or `Block`.
    pub(crate) sas: Option<[&'a str; 2]>,
    pub(crate) private: bool,
    pub(crate) data_lake: bool,
}

impl Storage<'_> {
    /// As `GET` answers it.
    pub(crate) fn to_json(&self) -> Value {
        let name = name_of(self.id);
        let base = json!({
            "sku": { "name": "Standard_LRS", "tier": "Standard" },
            "kind": "StorageV2",
            "id": self.id,
            "name": name,
            "type": "Microsoft.Storage/storageAccounts",
            "location": self.location,
        });
        let head = put(base, "", [("tags", self.tags.clone()), ("properties", Some(self.properties()))]);
        put(
            head,
            "/properties",
            [
                ("defaultToOAuthAuthentication", self.default_to_oauth.clone()),
                ("allowSharedKeyAccess", self.allow_shared_key.clone()),
                ("keyPolicy", self.key_days.map(|days| json!({ "keyExpirationPeriodInDays": days }))),
                (
                    "sasPolicy",
                    self.sas.map(|[period, action]| {
                        json!({ "sasExpirationPeriod": period, "expirationAction": action })
                    }),
                ),
            ],
        )
    }

    fn properties(&self) -> Value {
        let name = name_of(self.id);
        let at = |service: &str| format!("https://{name}.{service}.core.windows.net/");
        let [key1, key2] = self.keys.map(super::text_or_null);
        let service = json!({ "keyType": "Account", "enabled": true, "lastEnabledTime": self.created });
        json!({
            "dnsEndpointType": "Standard",
            "publicNetworkAccess": if self.private { "Disabled" } else { "Enabled" },
            "keyCreationTime": { "key1": key1, "key2": key2 },
            "allowCrossTenantReplication": false,
            "privateEndpointConnections": [],
            "isNfsV3Enabled": false,
            "isLocalUserEnabled": false,
            "isSftpEnabled": false,
            "minimumTlsVersion": "TLS1_2",
            "allowBlobPublicAccess": false,
            "isHnsEnabled": self.data_lake,
            "networkAcls": {
                "resourceAccessRules": [{
                    "tenantId": TENANT,
                    "resourceId": format!(
                        "/subscriptions/{}/providers/Microsoft.Security/datascanners/storageDataScanner",
                        segment(self.id, "subscriptions")
                    ),
                }],
                "bypass": "AzureServices",
                "virtualNetworkRules": [],
                "ipRules": [],
                "ipv6Rules": [],
                "defaultAction": if self.private { "Deny" } else { "Allow" },
            },
            "supportsHttpsTrafficOnly": true,
            "encryption": {
                "requireInfrastructureEncryption": false,
                "services": { "file": service.clone(), "blob": service },
                "keySource": "Microsoft.Storage",
            },
            "accessTier": "Hot",
            "provisioningState": "Succeeded",
            "creationTime": self.created,
            "primaryEndpoints": {
                "dfs": at("dfs"),
                "web": format!("https://{name}.z6.web.core.windows.net/"),
                "blob": at("blob"),
                "queue": at("queue"),
                "table": at("table"),
                "file": at("file"),
            },
            "primaryLocation": self.location,
            "statusOfPrimary": "available",
        })
    }
}

/// As `az storage account list` prints it: properties lifted to the top, three of them renamed, absent ones `null`.
pub(crate) fn az(account: Value) -> Value {
    const NAMES: &[(&str, &str)] = &[
        ("networkAcls", "networkRuleSet"),
        ("supportsHttpsTrafficOnly", "enableHttpsTrafficOnly"),
        ("isNfsV3Enabled", "enableNfsV3"),
    ];
    const NULLS: &[&str] = &[
        "accountMigrationInProgress",
        "allowSharedKeyAccess",
        "allowedCopyScope",
        "azureFilesIdentityBasedAuthentication",
        "blobRestoreStatus",
        "customDomain",
        "defaultToOAuthAuthentication",
        "enableExtendedGroups",
        "extendedLocation",
        "failoverInProgress",
        "geoReplicationStats",
        "identity",
        "immutableStorageWithVersioning",
        "isSkuConversionBlocked",
        "keyPolicy",
        "largeFileSharesState",
        "lastGeoFailoverTime",
        "routingPreference",
        "sasPolicy",
        "secondaryEndpoints",
        "secondaryLocation",
        "statusOfSecondary",
        "storageAccountSkuConversionStatus",
    ];
    super::container::lift(account, NAMES, NULLS)
}
