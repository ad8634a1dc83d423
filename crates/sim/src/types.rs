//! What the simulator knows of each resource type: one row each.

pub(crate) mod only;

/// Where Resource Graph shows a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    Resources,
    Containers,
    Authorization,
    Policy,
    /// What changed, made by Resource Graph itself.
    Changes,
    /// Not at all.
    Nowhere,
}

/// What a list at a scope holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spread {
    /// What lies below the scope.
    Below,
    /// What is attached to the scope itself.
    Exact,
    /// What applies to the scope: attached to it, above it or below it.
    Around,
}

/// How a write goes on after its first answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lro {
    /// It is over.
    Sync,
    /// 202 with `Location` and `Retry-After`.
    Location,
    /// `Azure-AsyncOperation`; the status and body are those of the resource.
    Operation,
    /// The resource itself says that it is being updated.
    State,
}

/// How a type is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writes {
    /// The status of a PUT that made something and is over.
    pub(crate) created: u16,
    pub(crate) put: Lro,
    /// Nothing when there is no PATCH.
    pub(crate) patch: Option<Lro>,
    /// Nothing when there is no DELETE.
    pub(crate) delete: Option<Lro>,
    /// Seconds that it takes.
    pub(crate) takes: i64,
}

impl Writes {
    /// How long a write goes on.
    pub(crate) fn takes(&self) -> jiff::SignedDuration {
        jiff::SignedDuration::from_secs(self.takes)
    }
}

/// A resource type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Type {
    pub(crate) name: &'static str,
    pub(crate) versions: &'static [&'static str],
    pub(crate) table: Table,
    pub(crate) spread: Spread,
    /// How many are on a page of a list; none when lists have one page.
    pub(crate) page: usize,
    /// The parameter that a `nextLink` carries.
    pub(crate) skip: &'static str,
    /// Pointers of what a write takes and a read never gives.
    pub(crate) write_only: &'static [&'static str],
    pub(crate) writes: Writes,
}

const SYNC: Writes =
    Writes { created: 201, put: Lro::Sync, patch: Some(Lro::Sync), delete: Some(Lro::Sync), takes: 0 };
const SERVICE: Writes = Writes {
    created: 201,
    put: Lro::Location,
    patch: Some(Lro::Location),
    delete: Some(Lro::Location),
    takes: 40,
};
const ENDPOINT: Writes = Writes { put: Lro::Operation, ..SERVICE };
const COMPUTE: Writes = Writes { patch: Some(Lro::State), delete: Some(Lro::Operation), ..ENDPOINT };
const REGISTRY: Writes = Writes { put: Lro::Operation, patch: Some(Lro::Sync), takes: 10, ..SERVICE };
const FIXED: Writes = Writes { patch: None, ..SYNC };
const READ_ONLY: Writes = Writes { patch: None, delete: None, ..SYNC };

const AML: &[&str] = &[
    "2020-08-01",
    "2022-02-01-preview",
    "2022-05-01",
    "2022-10-01",
    "2022-10-01-preview",
    "2022-12-01-preview",
    "2023-02-01-preview",
    "2023-04-01",
    "2023-04-01-preview",
    "2023-06-01-preview",
    "2023-08-01-preview",
    "2023-10-01",
    "2024-01-01-preview",
    "2024-04-01",
    "2024-04-01-preview",
    "2024-07-01-preview",
    "2024-10-01",
    "2024-10-01-preview",
    "2025-01-01-preview",
    "2025-04-01",
    "2025-04-01-preview",
    "2025-06-01",
    "2025-07-01-preview",
    "2025-09-01",
    "2025-10-01-preview",
    "2025-12-01",
    "2026-01-15-preview",
    "2026-03-01",
    "2026-03-15-preview",
    "2026-05-01",
    "2026-05-15-preview",
];
const STORAGE: &[&str] = &[
    "2019-06-01",
    "2021-04-01",
    "2021-09-01",
    "2022-09-01",
    "2023-01-01",
    "2023-05-01",
    "2024-01-01",
    "2025-01-01",
    "2025-06-01",
    "2025-08-01",
    "2026-04-01",
    "2026-09-01",
];
const VAULTS: &[&str] = &[
    "2019-09-01",
    "2021-10-01",
    "2022-07-01",
    "2023-02-01",
    "2023-07-01",
    "2024-11-01",
    "2025-05-01",
    "2026-02-01",
    "2026-03-01-preview",
    "2026-05-15",
];
const ACR: &[&str] = &[
    "2019-05-01",
    "2021-06-01-preview",
    "2022-12-01",
    "2023-01-01-preview",
    "2023-07-01",
    "2024-11-01-preview",
    "2025-04-01",
    "2025-11-01",
    "2026-09-01-preview",
];
const INSIGHTS: &[&str] = &["2015-05-01", "2018-05-01-preview", "2020-02-02", "2020-02-02-preview"];
const MSI: &[&str] = &[
    "2018-11-30",
    "2022-01-31-preview",
    "2023-01-31",
    "2024-11-30",
    "2025-01-31-preview",
    "2025-05-31-preview",
];
const DIAGNOSTICS: &[&str] = &["2017-05-01-preview", "2021-05-01-preview"];
const ROLES: &[&str] =
    &["2015-07-01", "2018-07-01", "2020-04-01-preview", "2022-04-01", "2022-05-01-preview"];
const DENY: &[&str] = &["2018-07-01-preview", "2022-04-01", "2024-07-01-preview"];
const PIM: &[&str] = &["2020-10-01", "2020-10-01-preview"];
const POLICY: &[&str] = &[
    "2019-09-01",
    "2020-09-01",
    "2021-06-01",
    "2022-06-01",
    "2023-04-01",
    "2024-05-01",
    "2025-01-01",
    "2025-03-01",
    "2025-11-01",
    "2026-06-01",
];
const EXEMPTIONS: &[&str] =
    &["2020-07-01-preview", "2022-07-01-preview", "2024-12-01-preview", "2026-01-01-preview"];
const ENROLLMENTS: &[&str] = &["2025-02-01-preview", "2026-01-01-preview"];
const LOGS: &[&str] = &["2020-08-01", "2022-10-01", "2023-09-01", "2025-02-01", "2025-07-01"];
const RESOURCES: &[&str] = &[
    "2015-11-01",
    "2016-06-01",
    "2018-05-01",
    "2019-06-01",
    "2019-10-01",
    "2019-11-01",
    "2020-01-01",
    "2020-06-01",
    "2020-10-01",
    "2021-01-01",
    "2021-04-01",
    "2022-09-01",
    "2022-12-01",
    "2023-07-01",
    "2024-03-01",
    "2024-07-01",
    "2024-11-01",
    "2025-03-01",
    "2025-04-01",
];
const GROUPS: &[&str] = &["2020-02-01", "2020-05-01", "2021-04-01", "2023-04-01", "2024-02-01-preview"];
const LOCKS: &[&str] = &["2016-09-01", "2017-04-01", "2020-05-01"];

const fn row(name: &'static str, versions: &'static [&'static str], table: Table, writes: Writes) -> Type {
    let (spread, page, skip) = (Spread::Below, 100, "$skipToken");
    Type { name, versions, table, spread, page, skip, write_only: &[], writes }
}

/// A type of the Machine Learning provider: its lists go on with `$skip`.
const fn aml(name: &'static str, table: Table, page: usize, writes: Writes) -> Type {
    Type { page, skip: "$skip", ..row(name, AML, table, writes) }
}

const fn around(name: &'static str, versions: &'static [&'static str], table: Table, writes: Writes) -> Type {
    Type { spread: Spread::Around, ..row(name, versions, table, writes) }
}

const fn hiding(of: Type, write_only: &'static [&'static str]) -> Type {
    Type { write_only, ..of }
}

/// The type of subscriptions.
pub(crate) const SUBSCRIPTION: &str = "microsoft.resources/subscriptions";
/// The type of resource groups, as Resource Graph and role definitions spell it.
pub(crate) const GROUP: &str = "microsoft.resources/subscriptions/resourcegroups";
/// The type of role assignments.
pub(crate) const ROLE_ASSIGNMENT: &str = "microsoft.authorization/roleassignments";
/// The type of role definitions.
pub(crate) const ROLE_DEFINITION: &str = "microsoft.authorization/roledefinitions";
/// The type of deny assignments.
pub(crate) const DENY_ASSIGNMENT: &str = "microsoft.authorization/denyassignments";
/// The type of management groups.
pub(crate) const MANAGEMENT_GROUP: &str = "microsoft.management/managementgroups";
/// The type of workspaces.
pub(crate) const WORKSPACE: &str = "microsoft.machinelearningservices/workspaces";

const SECRETS: &[&str] = &["/properties/credentials/secrets"];
const KEYS: &[&str] = &["/properties/keys"];

/// Every type.
pub(crate) const TYPES: &[Type] = &[
    aml("Microsoft.MachineLearningServices/workspaces", Table::Resources, 30, SERVICE),
    hiding(
        aml("Microsoft.MachineLearningServices/workspaces/datastores", Table::Nowhere, 30, FIXED),
        SECRETS,
    ),
    hiding(
        Type {
            writes: Writes { created: 200, ..SYNC },
            ..aml("Microsoft.MachineLearningServices/workspaces/connections", Table::Nowhere, 100, SYNC)
        },
        &["/properties/credentials"],
    ),
    hiding(
        aml("Microsoft.MachineLearningServices/workspaces/computes", Table::Nowhere, 30, COMPUTE),
        &[
            "/properties/properties/userAccountCredentials/adminUserPassword",
            "/properties/properties/administratorAccount/password",
            "/properties/properties/administratorAccount/privateKeyData",
            "/properties/properties/databricksAccessToken",
        ],
    ),
    hiding(
        aml("Microsoft.MachineLearningServices/workspaces/onlineEndpoints", Table::Resources, 30, ENDPOINT),
        KEYS,
    ),
    aml(
        "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments",
        Table::Resources,
        30,
        ENDPOINT,
    ),
    hiding(
        aml("Microsoft.MachineLearningServices/workspaces/batchEndpoints", Table::Resources, 30, ENDPOINT),
        KEYS,
    ),
    aml(
        "Microsoft.MachineLearningServices/workspaces/batchEndpoints/deployments",
        Table::Resources,
        30,
        ENDPOINT,
    ),
    aml("Microsoft.MachineLearningServices/workspaces/serverlessEndpoints", Table::Resources, 30, ENDPOINT),
    aml("Microsoft.MachineLearningServices/registries", Table::Resources, 30, SERVICE),
    row(
        "Microsoft.Storage/storageAccounts",
        STORAGE,
        Table::Resources,
        Writes { put: Lro::Location, takes: 17, ..SYNC },
    ),
    row("Microsoft.Storage/storageAccounts/blobServices", STORAGE, Table::Nowhere, SYNC),
    row("Microsoft.Storage/storageAccounts/fileServices", STORAGE, Table::Nowhere, SYNC),
    row("Microsoft.Storage/storageAccounts/queueServices", STORAGE, Table::Nowhere, SYNC),
    row("Microsoft.Storage/storageAccounts/tableServices", STORAGE, Table::Nowhere, SYNC),
    row("Microsoft.KeyVault/vaults", VAULTS, Table::Resources, Writes { created: 200, ..SYNC }),
    row("Microsoft.ContainerRegistry/registries", ACR, Table::Resources, REGISTRY),
    row("Microsoft.ContainerRegistry/registries/tokens", ACR, Table::Nowhere, REGISTRY),
    row("Microsoft.ContainerRegistry/registries/scopeMaps", ACR, Table::Nowhere, REGISTRY),
    row("Microsoft.Insights/components", INSIGHTS, Table::Resources, Writes { created: 200, ..SYNC }),
    row("Microsoft.OperationalInsights/workspaces", LOGS, Table::Resources, SYNC),
    row("Microsoft.ManagedIdentity/userAssignedIdentities", MSI, Table::Resources, SYNC),
    row(
        "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
        MSI,
        Table::Nowhere,
        FIXED,
    ),
    Type {
        spread: Spread::Exact,
        ..row(
            "Microsoft.Insights/diagnosticSettings",
            DIAGNOSTICS,
            Table::Nowhere,
            Writes { created: 200, ..FIXED },
        )
    },
    around("Microsoft.Authorization/roleAssignments", ROLES, Table::Authorization, FIXED),
    around("Microsoft.Authorization/roleDefinitions", ROLES, Table::Authorization, FIXED),
    around("Microsoft.Authorization/denyAssignments", DENY, Table::Nowhere, READ_ONLY),
    around("Microsoft.Authorization/roleEligibilityScheduleInstances", PIM, Table::Nowhere, READ_ONLY),
    around("Microsoft.Authorization/roleAssignmentScheduleInstances", PIM, Table::Nowhere, READ_ONLY),
    around("Microsoft.Authorization/policyDefinitions", POLICY, Table::Policy, FIXED),
    around("Microsoft.Authorization/policySetDefinitions", POLICY, Table::Policy, FIXED),
    around("Microsoft.Authorization/policyAssignments", POLICY, Table::Policy, SYNC),
    around("Microsoft.Authorization/policyExemptions", EXEMPTIONS, Table::Policy, SYNC),
    around("Microsoft.Authorization/policyEnrollments", ENROLLMENTS, Table::Policy, SYNC),
    around("Microsoft.Authorization/locks", LOCKS, Table::Nowhere, FIXED),
    row("Microsoft.Resources/subscriptions", RESOURCES, Table::Containers, READ_ONLY),
    row(
        "Microsoft.Resources/subscriptions/resourceGroups",
        RESOURCES,
        Table::Containers,
        Writes { delete: Some(Lro::Location), takes: 15, ..SYNC },
    ),
    row(
        "Microsoft.Resources/deployments",
        RESOURCES,
        Table::Nowhere,
        Writes { put: Lro::Operation, patch: None, delete: Some(Lro::Location), takes: 45, ..SYNC },
    ),
    row("Microsoft.Management/managementGroups", GROUPS, Table::Containers, READ_ONLY),
];

/// The row of a type, in any case.
pub(crate) fn find(name: &str) -> Option<&'static Type> {
    TYPES.iter().find(|own| own.name.eq_ignore_ascii_case(name))
}

/// The rest of a name behind its provider.
impl Type {
    /// `workspaces/datastores` of `Microsoft.MachineLearningServices/workspaces/datastores`.
    pub(crate) fn path(&self) -> &'static str {
        self.name.split_once('/').map_or("", |(_, path)| path)
    }

    /// The api-versions that know the type, newest first.
    pub(crate) fn known_in(&self) -> Vec<&'static str> {
        let all = self.versions.iter().rev().copied();
        all.filter(|version| only::knows(self.name, version)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_versions_look_like_versions() {
        for (at, row) in TYPES.iter().enumerate() {
            assert!(
                TYPES[..at].iter().all(|other| !other.name.eq_ignore_ascii_case(row.name)),
                "{}",
                row.name
            );
            for version in row.versions {
                let date = version.strip_suffix("-preview").unwrap_or(version);
                assert!(date.parse::<jiff::civil::Date>().is_ok(), "{version}");
            }
        }
    }
}
