//! What is in the folders, one row a file. A test compares them.

macro_rules! documents {
    ($folder:literal: $($rule:literal),* $(,)?) => {
        &[$(($rule, include_str!(concat!("../", $folder, "/", $rule, ".json")))),*]
    };
}

/// Definitions of our own, by rule.
pub(crate) const OWN: &[(&str, &str)] = documents!["definitions":
    "application-insights-local-auth",
    "attached-compute-stored-credential",
    "batch-endpoint-key-auth",
    "compute-without-identity",
    "connection-static-credential",
    "connection-unknown-auth-type",
    "datastore-account-key",
    "datastore-certificate",
    "datastore-kerberos-credential",
    "datastore-sas-token",
    "datastore-service-principal-secret",
    "datastore-unknown-credential",
    "endpoint-without-identity",
    "missing-primary-user-assigned-identity",
    "online-endpoint-key-auth",
    "serverless-endpoint-key-auth",
    "storage-default-to-key-auth",
    "system-datastores-access-key",
    "workspace-without-cost-center-tag",
    "workspace-without-managed-identity",
    "workspace-without-owner-tag",
    "workspace-without-system-assigned-identity",
    "workspace-without-user-assigned-identity",
];

/// What built-in policies do, in our own words, by rule.
pub(crate) const EQUIVALENTS: &[(&str, &str)] = documents!["equivalents":
    "compute-local-auth",
    "registry-admin-user",
    "registry-anonymous-pull",
    "storage-shared-key-access",
    "vault-access-policies",
];
