//! The tables that there are, their columns, and what has to be switched on for them.

/// Which records a table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Requests to a service of storage accounts, by the last part of its id.
    Storage(&'static str),
    /// Sign-ins of managed identities.
    ManagedIdentities,
    /// Sign-ins of applications.
    Applications,
    /// Requests to key vaults.
    Vaults,
    /// Sign-ins to container registries.
    Logins,
    /// Pulls and pushes.
    Repositories,
    /// The activity log.
    Activity,
}

/// A table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) source: Source,
    pub(super) columns: &'static [&'static str],
}

const STORAGE: &[&str] = &[
    "TimeGenerated",
    "AccountName",
    "AuthenticationHash",
    "AuthenticationType",
    "CallerIpAddress",
    "Category",
    "CorrelationId",
    "OperationName",
    "Protocol",
    "RequesterAppId",
    "RequesterObjectId",
    "RequesterTenantId",
    "_ResourceId",
    "ServiceType",
    "StatusCode",
    "StatusText",
    "Uri",
    "UserAgentHeader",
    "Type",
];
const SIGN_INS: &[&str] = &[
    "TimeGenerated",
    "AADTenantId",
    "AppId",
    "Category",
    "CorrelationId",
    "Id",
    "IPAddress",
    "ManagedServiceIdentity",
    "OperationName",
    "ResourceDisplayName",
    "ResourceIdentity",
    "ResultSignature",
    "ResultType",
    "ServicePrincipalCredentialKeyId",
    "ServicePrincipalId",
    "ServicePrincipalName",
    "Type",
];
const VAULTS: &[&str] = &[
    "TimeGenerated",
    "CallerIpAddress",
    "CorrelationId",
    "HttpStatusCode",
    "Identity",
    "IsRbacAuthorized",
    "OperationName",
    "RequestUri",
    "_ResourceId",
    "ResultSignature",
    "ResultType",
    "Type",
];
const REGISTRIES: &[&str] = &[
    "TimeGenerated",
    "CallerIpAddress",
    "CorrelationId",
    "Identity",
    "LoginServer",
    "OperationName",
    "Repository",
    "_ResourceId",
    "ResultType",
    "UserAgent",
    "Type",
];
const ACTIVITY: &[&str] = &[
    "TimeGenerated",
    "ActivityStatusValue",
    "Authorization",
    "Caller",
    "CallerIpAddress",
    "CategoryValue",
    "CorrelationId",
    "EventDataId",
    "Level",
    "OperationNameValue",
    "ResourceGroup",
    "ResourceProviderValue",
    "_ResourceId",
    "SubscriptionId",
    "Type",
];

/// Every table.
const TABLES: &[Table] = &[
    Table { name: "StorageBlobLogs", source: Source::Storage("blob"), columns: STORAGE },
    Table { name: "StorageFileLogs", source: Source::Storage("file"), columns: STORAGE },
    Table { name: "StorageQueueLogs", source: Source::Storage("queue"), columns: STORAGE },
    Table { name: "StorageTableLogs", source: Source::Storage("table"), columns: STORAGE },
    Table { name: "AADManagedIdentitySignInLogs", source: Source::ManagedIdentities, columns: SIGN_INS },
    Table { name: "AADServicePrincipalSignInLogs", source: Source::Applications, columns: SIGN_INS },
    Table { name: "AZKVAuditLogs", source: Source::Vaults, columns: VAULTS },
    Table { name: "ContainerRegistryLoginEvents", source: Source::Logins, columns: REGISTRIES },
    Table { name: "ContainerRegistryRepositoryEvents", source: Source::Repositories, columns: REGISTRIES },
    Table { name: "AzureActivity", source: Source::Activity, columns: ACTIVITY },
];

/// A table by its name; names have case.
pub(super) fn find(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|own| own.name == name)
}

/// The type of a column whose values do not tell.
pub(super) fn type_of(column: &str) -> Option<&'static str> {
    match column {
        "TimeGenerated" => Some("datetime"),
        "StatusCode" | "ServiceType" | "ResultType" => Some("string"),
        "HttpStatusCode" => Some("int"),
        "IsRbacAuthorized" => Some("bool"),
        _ => None,
    }
}
