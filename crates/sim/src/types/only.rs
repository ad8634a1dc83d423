//! What only some api-versions know: types, and properties of types.
//!
//! The facts are those of the public type definitions of the resource providers, which list every version's properties. What a
//! version does not declare it does not show, and what came with a preview alone stays in previews.

/// A property that only some api-versions have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Only {
    /// Its JSON pointer.
    pub(crate) pointer: &'static str,
    since: Since,
}

/// The versions from which on something is known.
#[derive(Clone, Copy, Debug)]
struct Since {
    /// Stable versions: this one and later ones; none when empty.
    stable: &'static str,
    /// Previews: those of this day and later ones; none when empty.
    preview: &'static str,
}

impl Since {
    /// Whether a version knows it. Versions are dates, so they order as texts.
    fn holds(self, version: &str) -> bool {
        match version.strip_suffix("-preview") {
            Some(date) => !self.preview.is_empty() && date >= self.preview,
            None => !self.stable.is_empty() && version >= self.stable,
        }
    }
}

/// Whether an api-version that its provider has knows a type.
pub(super) fn knows(name: &str, version: &str) -> bool {
    let row = TYPES.iter().find(|row| row.0 == name);
    row.is_none_or(|&(_, stable, preview)| Since { stable, preview }.holds(version))
}

/// The properties of a type that an api-version does not have.
pub(crate) fn unknown(name: &str, version: &str) -> impl Iterator<Item = &'static str> {
    let rows = PROPERTIES.iter().find(|row| row.0 == name).map_or(&[][..], |row| row.1);
    rows.iter().filter(move |own| !own.since.holds(version)).map(|own| own.pointer)
}

const fn only(pointer: &'static str, stable: &'static str, preview: &'static str) -> Only {
    Only { pointer, since: Since { stable, preview } }
}

/// Types that came later than their provider: the first stable version, and the first preview.
const TYPES: &[(&str, &str, &str)] = &[
    ("Microsoft.MachineLearningServices/workspaces/datastores", "2022-05-01", "2022-02-01"),
    ("Microsoft.MachineLearningServices/workspaces/onlineEndpoints", "2022-05-01", "2022-02-01"),
    ("Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments", "2022-05-01", "2022-02-01"),
    ("Microsoft.MachineLearningServices/workspaces/batchEndpoints", "2022-05-01", "2022-02-01"),
    ("Microsoft.MachineLearningServices/workspaces/batchEndpoints/deployments", "2022-05-01", "2022-02-01"),
    ("Microsoft.MachineLearningServices/workspaces/serverlessEndpoints", "2024-04-01", "2023-08-01"),
    ("Microsoft.MachineLearningServices/registries", "2023-04-01", "2022-10-01"),
    ("Microsoft.ContainerRegistry/registries/tokens", "2022-12-01", "2021-06-01"),
    ("Microsoft.ContainerRegistry/registries/scopeMaps", "2022-12-01", "2021-06-01"),
    (
        "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
        "2023-01-31",
        "2022-01-31",
    ),
];

/// Properties by type: pointer, first stable version, first preview.
const PROPERTIES: &[(&str, &[Only])] = &[
    (
        "Microsoft.MachineLearningServices/workspaces",
        &[
            only("/kind", "2023-10-01", "2022-12-01"),
            only("/properties/agentsEndpointUri", "", "2024-10-01"),
            // Declared from 2024-07-01 on; the documentation has it written with 2024-04-01.
            only("/properties/allowRoleAssignmentOnRG", "", "2024-04-01"),
            only("/properties/associatedWorkspaces", "2024-04-01", "2023-04-01"),
            only("/properties/containerRegistries", "", "2023-04-01"),
            only("/properties/enableDataIsolation", "2024-04-01", "2023-04-01"),
            only("/properties/enableServiceSideCMKEncryption", "2025-06-01", "2024-07-01"),
            only("/properties/enableSimplifiedCmk", "", "2024-07-01"),
            only("/properties/enableSoftwareBillOfMaterials", "", "2024-01-01"),
            only("/properties/existingWorkspaces", "", "2023-04-01"),
            only("/properties/featureStoreSettings", "2023-10-01", "2022-12-01"),
            only("/properties/hubResourceId", "2024-04-01", "2023-04-01"),
            only("/properties/ipAllowlist", "", "2024-01-01"),
            only("/properties/keyVaults", "", "2023-04-01"),
            only("/properties/managedNetwork", "2023-10-01", "2023-04-01"),
            only("/properties/mlFlowTrackingUri", "2022-05-01", "2022-02-01"),
            only("/properties/networkAcls", "", "2024-10-01"),
            only("/properties/primaryUserAssignedIdentity", "2022-05-01", "2022-02-01"),
            only("/properties/provisionNetworkNow", "2025-06-01", "2024-10-01"),
            only("/properties/publicNetworkAccess", "2022-05-01", "2022-02-01"),
            only("/properties/serverlessComputeSettings", "2023-10-01", "2023-08-01"),
            only("/properties/serviceManagedResourcesSettings", "2022-05-01", "2022-02-01"),
            only("/properties/softDeleteRetentionInDays", "", "2023-02-01"),
            only("/properties/storageAccounts", "", "2023-04-01"),
            only("/properties/storageHnsEnabled", "2022-05-01", "2022-02-01"),
            only("/properties/systemDatastoresAuthMode", "2025-06-01", "2022-12-01"),
            only("/properties/tenantId", "2022-05-01", "2022-02-01"),
            only("/properties/v1LegacyMode", "2022-05-01", "2022-10-01"),
            only("/properties/workspaceHubConfig", "2024-04-01", "2023-06-01"),
            only("/systemData", "2022-05-01", "2022-02-01"),
        ],
    ),
    (
        "Microsoft.MachineLearningServices/workspaces/connections",
        &[
            only("/properties/createdByWorkspaceArmId", "2024-04-01", "2023-08-01"),
            only("/properties/error", "2025-12-01", "2024-07-01"),
            only("/properties/expiryTime", "2024-04-01", "2023-04-01"),
            only("/properties/group", "2024-04-01", "2024-01-01"),
            only("/properties/isSharedToAll", "2024-04-01", "2023-08-01"),
            only("/properties/metadata", "2024-04-01", "2023-06-01"),
            only("/properties/peRequirement", "2025-12-01", "2024-07-01"),
            only("/properties/peStatus", "2025-12-01", "2024-07-01"),
            only("/properties/sharedUserList", "2024-04-01", "2024-01-01"),
            only("/properties/useWorkspaceManagedIdentity", "2025-12-01", "2024-07-01"),
            only("/systemData", "2022-05-01", "2022-02-01"),
        ],
    ),
    (
        "Microsoft.MachineLearningServices/workspaces/computes",
        &[
            only("/properties/disableLocalAuth", "2022-05-01", "2022-02-01"),
            only("/systemData", "2022-05-01", "2022-02-01"),
        ],
    ),
    (
        "Microsoft.MachineLearningServices/workspaces/onlineEndpoints",
        &[
            only("/properties/mirrorTraffic", "2023-04-01", "2022-02-01"),
            only("/properties/publicNetworkAccess", "2022-10-01", "2022-02-01"),
        ],
    ),
    (
        "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments",
        &[
            only("/properties/dataCollector", "2024-04-01", "2023-04-01"),
            only("/properties/egressPublicNetworkAccess", "2022-10-01", "2022-02-01"),
            only("/properties/startupProbe", "2024-10-01", "2024-10-01"),
        ],
    ),
    (
        "Microsoft.MachineLearningServices/workspaces/batchEndpoints/deployments",
        &[only("/properties/deploymentConfiguration", "2024-04-01", "2023-02-01")],
    ),
    (
        "Microsoft.MachineLearningServices/workspaces/serverlessEndpoints",
        &[
            only("/properties/contentSafety", "2024-04-01", "2024-07-01"),
            only("/properties/endpointState", "2024-04-01", "2024-01-01"),
            only("/properties/marketplaceSubscriptionId", "2024-04-01", "2024-01-01"),
            only("/properties/modelSettings", "2024-04-01", "2024-01-01"),
        ],
    ),
    (
        "Microsoft.MachineLearningServices/registries",
        &[
            only("/properties/managedResourceGroupSettings", "2025-04-01", "2024-01-01"),
            only("/properties/registryPrivateEndpointConnections", "2023-10-01", "2023-08-01"),
        ],
    ),
    (
        "Microsoft.Storage/storageAccounts",
        &[
            only("/extendedLocation", "2021-04-01", "2021-04-01"),
            only("/placement", "2025-01-01", "2025-01-01"),
            only("/properties/accountMigrationInProgress", "2023-01-01", "2023-01-01"),
            only("/properties/allowCrossTenantReplication", "2021-04-01", "2021-04-01"),
            only("/properties/allowSharedKeyAccessForServices", "2025-08-01", "2025-08-01"),
            only("/properties/allowedCopyScope", "2021-09-01", "2021-09-01"),
            only("/properties/dataCollaborationPolicyProperties", "2025-08-01", "2025-08-01"),
            only("/properties/defaultToOAuthAuthentication", "2021-09-01", "2021-09-01"),
            only("/properties/dnsEndpointType", "2021-09-01", "2021-09-01"),
            only("/properties/dualStackEndpointPreference", "2025-01-01", "2025-01-01"),
            only("/properties/enableExtendedGroups", "2023-05-01", "2023-05-01"),
            only("/properties/geoPriorityReplicationStatus", "2025-06-01", "2025-06-01"),
            only("/properties/immutableStorageWithVersioning", "2021-09-01", "2021-09-01"),
            only("/properties/isLocalUserEnabled", "2021-09-01", "2021-09-01"),
            only("/properties/isNfsV3Enabled", "2021-04-01", "2021-04-01"),
            only("/properties/isSftpEnabled", "2021-09-01", "2021-09-01"),
            only("/properties/isSkuConversionBlocked", "2023-01-01", "2023-01-01"),
            only("/properties/keyCreationTime", "2021-04-01", "2021-04-01"),
            only("/properties/keyPolicy", "2021-04-01", "2021-04-01"),
            only("/properties/publicNetworkAccess", "2021-09-01", "2021-09-01"),
            only("/properties/sasPolicy", "2021-04-01", "2021-04-01"),
            only("/properties/storageAccountSkuConversionStatus", "2021-09-01", "2021-09-01"),
            only("/systemData", "2025-06-01", "2025-06-01"),
            only("/zones", "2025-01-01", "2025-01-01"),
        ],
    ),
    (
        "Microsoft.Storage/storageAccounts/blobServices",
        &[
            only("/properties/staticWebsite", "2025-08-01", "2025-08-01"),
            only("/systemData", "2025-06-01", "2025-06-01"),
        ],
    ),
    (
        "Microsoft.Storage/storageAccounts/fileServices",
        &[
            only("/properties/protocolSettings", "2021-04-01", "2021-04-01"),
            only("/systemData", "2025-06-01", "2025-06-01"),
        ],
    ),
    ("Microsoft.Storage/storageAccounts/queueServices", &[only("/systemData", "2025-06-01", "2025-06-01")]),
    ("Microsoft.Storage/storageAccounts/tableServices", &[only("/systemData", "2025-06-01", "2025-06-01")]),
    (
        "Microsoft.KeyVault/vaults",
        &[
            only("/properties/publicNetworkAccess", "2021-10-01", "2026-03-01"),
            only("/properties/tokenBindingParameters", "", "2026-03-01"),
            only("/systemData", "2021-10-01", "2026-03-01"),
        ],
    ),
    (
        "Microsoft.ContainerRegistry/registries",
        &[
            only("/identity", "2022-12-01", "2021-06-01"),
            only("/properties/anonymousPullEnabled", "2025-04-01", "2021-06-01"),
            only("/properties/autoGeneratedDomainNameLabelScope", "", "2024-11-01"),
            only("/properties/dataEndpointEnabled", "2022-12-01", "2021-06-01"),
            only("/properties/dataEndpointHostNames", "2022-12-01", "2021-06-01"),
            only("/properties/encryption", "2022-12-01", "2021-06-01"),
            only("/properties/metadataSearch", "", "2024-11-01"),
            only("/properties/networkRuleBypassAllowedForTasks", "2025-11-01", "2025-11-01"),
            only("/properties/networkRuleBypassOptions", "2022-12-01", "2021-06-01"),
            only("/properties/privateEndpointConnections", "2022-12-01", "2021-06-01"),
            only("/properties/publicNetworkAccess", "2022-12-01", "2021-06-01"),
            only("/properties/roleAssignmentMode", "2025-11-01", "2025-11-01"),
            only("/properties/zoneRedundancy", "2022-12-01", "2021-06-01"),
            only("/systemData", "2022-12-01", "2021-06-01"),
        ],
    ),
    (
        "Microsoft.Insights/components",
        &[
            only("/etag", "2020-02-02", "2020-02-02"),
            only("/properties/DisableLocalAuth", "2020-02-02", "2020-02-02"),
            only("/properties/ForceCustomerStorageForProfiler", "2020-02-02", "2020-02-02"),
            only("/properties/LaMigrationDate", "2020-02-02", "2020-02-02"),
            only("/properties/Name", "2020-02-02", "2020-02-02"),
            only("/properties/WorkspaceResourceId", "2020-02-02", "2020-02-02"),
            only("/properties/publicNetworkAccessForIngestion", "2020-02-02", "2018-05-01"),
            only("/properties/publicNetworkAccessForQuery", "2020-02-02", "2018-05-01"),
        ],
    ),
    (
        "Microsoft.OperationalInsights/workspaces",
        &[
            only("/etag", "2022-10-01", "2022-10-01"),
            only("/identity", "2022-10-01", "2022-10-01"),
            only("/properties/defaultDataCollectionRuleResourceId", "2022-10-01", "2022-10-01"),
            only("/properties/failover", "2025-02-01", "2025-02-01"),
            only("/properties/replication", "2025-02-01", "2025-02-01"),
            only("/systemData", "2022-10-01", "2022-10-01"),
        ],
    ),
    (
        "Microsoft.ManagedIdentity/userAssignedIdentities",
        &[
            only("/properties/assignmentRestrictions", "", "2025-05-31"),
            only("/properties/isolationScope", "2024-11-30", "2025-01-31"),
            only("/systemData", "2023-01-31", "2025-01-31"),
        ],
    ),
    (
        "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
        &[
            only("/properties/claimsMatchingExpression", "", "2025-01-31"),
            only("/systemData", "2023-01-31", "2025-01-31"),
        ],
    ),
    (
        "Microsoft.Authorization/roleAssignments",
        &[
            only("/properties/condition", "2022-04-01", "2020-04-01"),
            only("/properties/conditionVersion", "2022-04-01", "2020-04-01"),
            only("/properties/delegatedManagedIdentityResourceId", "2022-04-01", "2020-04-01"),
            only("/properties/description", "2022-04-01", "2020-04-01"),
            only("/properties/principalType", "2022-04-01", "2020-04-01"),
            only("/systemData", "2022-04-01", "2022-04-01"),
        ],
    ),
    (
        "Microsoft.Authorization/policyDefinitions",
        &[
            only("/properties/externalEvaluationEnforcementSettings", "2025-03-01", "2025-03-01"),
            only("/properties/version", "2023-04-01", "2023-04-01"),
            only("/properties/versions", "2023-04-01", "2023-04-01"),
            only("/systemData", "2021-06-01", "2021-06-01"),
        ],
    ),
    (
        "Microsoft.Authorization/policySetDefinitions",
        &[
            only("/properties/version", "2023-04-01", "2023-04-01"),
            only("/properties/versions", "2023-04-01", "2023-04-01"),
            only("/systemData", "2021-06-01", "2021-06-01"),
        ],
    ),
    (
        "Microsoft.Authorization/policyAssignments",
        &[
            only("/properties/assignmentType", "2024-05-01", "2024-05-01"),
            only("/properties/definitionVersion", "2023-04-01", "2023-04-01"),
            only("/properties/effectiveDefinitionVersion", "2023-04-01", "2023-04-01"),
            only("/properties/instanceId", "2025-01-01", "2025-01-01"),
            only("/properties/latestDefinitionVersion", "2023-04-01", "2023-04-01"),
            only("/properties/nonComplianceMessages", "2020-09-01", "2020-09-01"),
            only("/properties/overrides", "2022-06-01", "2022-06-01"),
            only("/properties/resourceSelectors", "2022-06-01", "2022-06-01"),
            only("/properties/selfServeExemptionSettings", "2025-11-01", "2025-11-01"),
            only("/systemData", "2021-06-01", "2021-06-01"),
        ],
    ),
    (
        "Microsoft.Authorization/policyExemptions",
        &[
            only("/properties/assignmentScopeValidation", "", "2022-07-01"),
            only("/properties/resourceSelectors", "", "2022-07-01"),
        ],
    ),
    ("Microsoft.Authorization/locks", &[only("/systemData", "2020-05-01", "2020-05-01")]),
    ("Microsoft.Management/managementGroups", &[only("/systemData", "2023-04-01", "2023-04-01")]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types;

    #[test]
    fn every_row_is_about_a_type_and_a_version_there_is() {
        let names = TYPES.iter().map(|row| row.0).chain(PROPERTIES.iter().map(|row| row.0));
        for name in names {
            assert!(types::TYPES.iter().any(|row| row.name == name), "{name}");
        }
        for (name, own) in PROPERTIES {
            let row = types::find(name).unwrap();
            for Only { pointer, since } in *own {
                assert!(since.stable.is_empty() || row.versions.contains(&since.stable), "{name} {pointer}");
                let (known, unknown): (Vec<&str>, Vec<&str>) =
                    row.versions.iter().partition(|version| since.holds(version));
                assert!(!known.is_empty() && !unknown.is_empty(), "{name} {pointer} is in all or in none");
            }
        }
    }

    #[test]
    fn some_properties_are_in_some_versions() {
        let has = |property: &str, version: &str| {
            let name = "Microsoft.MachineLearningServices/workspaces";
            !unknown(name, version).any(|pointer| pointer.ends_with(property))
        };
        assert!(has("systemDatastoresAuthMode", "2025-12-01"));
        assert!(has("systemDatastoresAuthMode", "2024-04-01-preview"));
        assert!(!has("systemDatastoresAuthMode", "2024-10-01"));
        assert!(!has("systemDatastoresAuthMode", "2025-04-01"));
        assert!(!has("allowRoleAssignmentOnRG", "2025-12-01"));
        assert!(has("allowRoleAssignmentOnRG", "2026-05-15-preview"));
        assert!(!has("hubResourceId", "2023-10-01") && has("hubResourceId", "2024-04-01"));
    }

    #[test]
    fn types_came_one_after_the_other() {
        let serverless = "Microsoft.MachineLearningServices/workspaces/serverlessEndpoints";
        assert!(knows(serverless, "2024-04-01") && knows(serverless, "2023-08-01-preview"));
        assert!(!knows(serverless, "2023-10-01") && !knows(serverless, "2023-06-01-preview"));
        assert!(knows("Microsoft.MachineLearningServices/workspaces", "2020-08-01"));
    }
}
