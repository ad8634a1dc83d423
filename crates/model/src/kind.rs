//! The resource types dekey deals with.

/// A resource type that dekey knows something about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// `Microsoft.MachineLearningServices/workspaces`: workspaces, hubs, projects, feature stores.
    Workspace,
    /// A datastore of a workspace.
    Datastore,
    /// A connection of a workspace.
    Connection,
    /// A compute of a workspace.
    Compute,
    /// An online endpoint.
    OnlineEndpoint,
    /// A deployment of an online endpoint.
    OnlineDeployment,
    /// A batch endpoint.
    BatchEndpoint,
    /// A deployment of a batch endpoint.
    BatchDeployment,
    /// A serverless endpoint.
    ServerlessEndpoint,
    /// A storage account.
    StorageAccount,
    /// A Key Vault.
    Vault,
    /// An Azure Container Registry.
    ContainerRegistry,
    /// A token of a container registry.
    RegistryToken,
    /// An Application Insights component.
    AppInsights,
    /// A user-assigned managed identity.
    UserAssignedIdentity,
    /// A diagnostic setting of any resource.
    DiagnosticSetting,
    /// A role assignment.
    RoleAssignment,
    /// A role definition.
    RoleDefinition,
    /// A policy assignment.
    PolicyAssignment,
    /// A policy definition.
    PolicyDefinition,
    /// An initiative (policy set definition).
    PolicySetDefinition,
    /// A policy exemption.
    PolicyExemption,
    /// A resource group.
    ResourceGroup,
    /// A subscription.
    Subscription,
    /// A management group.
    ManagementGroup,
    /// A deny assignment.
    DenyAssignment,
    /// A role that somebody may activate (Privileged Identity Management), as it stands now.
    RoleEligibility,
    /// A role assignment as Privileged Identity Management sees it, with its times.
    RoleSchedule,
    /// A service principal of the tenant's directory.
    ServicePrincipal,
    /// An application registered in the tenant's directory.
    Application,
    /// A group of the tenant's directory.
    Group,
    /// An event of the activity log: who wrote what, and when.
    ActivityEvent,
    /// What Azure's Policy Insights says of a resource and a policy.
    PolicyState,
    /// Any other type; kept, so that snapshots and policies see it.
    Other,
}

/// Whose child a kind is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParentKind {
    /// Stands on its own.
    None,
    /// Child of a workspace.
    Workspace,
    /// Child of an endpoint.
    Endpoint,
    /// Child of a container registry.
    ContainerRegistry,
    /// Extension of any resource.
    Any,
}

/// Kind, resource type, name in coverage manifests and messages, command that exports it.
const TABLE: &[(Kind, &str, &str, &str)] = &[
    (
        Kind::Workspace,
        "Microsoft.MachineLearningServices/workspaces",
        "workspaces",
        "az resource list --resource-type Microsoft.MachineLearningServices/workspaces, then az rest per id",
    ),
    (
        Kind::Datastore,
        "Microsoft.MachineLearningServices/workspaces/datastores",
        "datastores",
        "az ml datastore list",
    ),
    (
        Kind::Connection,
        "Microsoft.MachineLearningServices/workspaces/connections",
        "connections",
        "az ml connection list",
    ),
    (
        Kind::Compute,
        "Microsoft.MachineLearningServices/workspaces/computes",
        "computes",
        "az ml compute list",
    ),
    (
        Kind::OnlineEndpoint,
        "Microsoft.MachineLearningServices/workspaces/onlineEndpoints",
        "online endpoints",
        "az ml online-endpoint list",
    ),
    (
        Kind::OnlineDeployment,
        "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments",
        "online deployments",
        "az ml online-deployment list",
    ),
    (
        Kind::BatchEndpoint,
        "Microsoft.MachineLearningServices/workspaces/batchEndpoints",
        "batch endpoints",
        "az ml batch-endpoint list",
    ),
    (
        Kind::BatchDeployment,
        "Microsoft.MachineLearningServices/workspaces/batchEndpoints/deployments",
        "batch deployments",
        "az ml batch-deployment list",
    ),
    (
        Kind::ServerlessEndpoint,
        "Microsoft.MachineLearningServices/workspaces/serverlessEndpoints",
        "serverless endpoints",
        "az ml serverless-endpoint list",
    ),
    (
        Kind::StorageAccount,
        "Microsoft.Storage/storageAccounts",
        "storage accounts",
        "az storage account list",
    ),
    (Kind::Vault, "Microsoft.KeyVault/vaults", "key vaults", "az keyvault show per vault"),
    (
        Kind::ContainerRegistry,
        "Microsoft.ContainerRegistry/registries",
        "container registries",
        "az acr list",
    ),
    (
        Kind::RegistryToken,
        "Microsoft.ContainerRegistry/registries/tokens",
        "registry tokens",
        "az acr token list",
    ),
    (
        Kind::AppInsights,
        "Microsoft.Insights/components",
        "Application Insights components",
        "az monitor app-insights component show",
    ),
    (
        Kind::UserAssignedIdentity,
        "Microsoft.ManagedIdentity/userAssignedIdentities",
        "user-assigned identities",
        "az identity list",
    ),
    (
        Kind::DiagnosticSetting,
        "Microsoft.Insights/diagnosticSettings",
        "diagnostic settings",
        "az monitor diagnostic-settings list --resource ID",
    ),
    (
        Kind::RoleAssignment,
        "Microsoft.Authorization/roleAssignments",
        "role assignments",
        "az role assignment list --all",
    ),
    (
        Kind::RoleDefinition,
        "Microsoft.Authorization/roleDefinitions",
        "role definitions",
        "az role definition list",
    ),
    (
        Kind::PolicyAssignment,
        "Microsoft.Authorization/policyAssignments",
        "policy assignments",
        "az policy assignment list --disable-scope-strict-match",
    ),
    (
        Kind::PolicyDefinition,
        "Microsoft.Authorization/policyDefinitions",
        "policy definitions",
        "az policy definition list",
    ),
    (
        Kind::PolicySetDefinition,
        "Microsoft.Authorization/policySetDefinitions",
        "policy set definitions",
        "az policy set-definition list",
    ),
    (
        Kind::PolicyExemption,
        "Microsoft.Authorization/policyExemptions",
        "policy exemptions",
        "az policy exemption list --disable-scope-strict-match",
    ),
    (
        Kind::ResourceGroup,
        "Microsoft.Resources/subscriptions/resourceGroups",
        "resource groups",
        "az group list",
    ),
    (
        Kind::Subscription,
        "Microsoft.Resources/subscriptions",
        "subscriptions",
        "az rest --url /subscriptions?api-version=2022-12-01",
    ),
    (
        Kind::ManagementGroup,
        "Microsoft.Management/managementGroups",
        "management groups",
        "az account management-group list",
    ),
    (
        Kind::DenyAssignment,
        "Microsoft.Authorization/denyAssignments",
        "deny assignments",
        "az rest --url SCOPE/providers/Microsoft.Authorization/denyAssignments?api-version=2022-04-01",
    ),
    (
        Kind::RoleEligibility,
        "Microsoft.Authorization/roleEligibilityScheduleInstances",
        "role eligibilities",
        "az rest --url SCOPE/providers/Microsoft.Authorization/roleEligibilityScheduleInstances?api-version=2020-10-01",
    ),
    (
        Kind::RoleSchedule,
        "Microsoft.Authorization/roleAssignmentScheduleInstances",
        "role assignment schedules",
        "az rest --url SCOPE/providers/Microsoft.Authorization/roleAssignmentScheduleInstances?api-version=2020-10-01",
    ),
    (Kind::ServicePrincipal, "Microsoft.Graph/servicePrincipals", "service principals", "dekey collect"),
    (Kind::Application, "Microsoft.Graph/applications", "applications", "dekey collect"),
    (Kind::Group, "Microsoft.Graph/groups", "groups", "dekey collect"),
    (
        Kind::ActivityEvent,
        "Microsoft.Insights/eventTypes/values",
        "activity log events",
        "az monitor activity-log list --offset 14d",
    ),
    (
        Kind::PolicyState,
        "Microsoft.PolicyInsights/policyStates",
        "policy states",
        "az policy state list --all",
    ),
    (Kind::Other, "", "other resources", "az resource list"),
];

impl Kind {
    /// How many kinds there are.
    pub const COUNT: usize = TABLE.len();

    /// Every kind.
    pub fn all() -> impl Iterator<Item = Kind> {
        TABLE.iter().map(|row| row.0)
    }

    /// The kind of a resource type, in any case.
    pub fn of_type(resource_type: &str) -> Kind {
        match resource_type.len() {
            // Shorter than the shortest known type.
            0..22 => Kind::Other,
            _ if resource_type.eq_ignore_ascii_case("Microsoft.Resources/resourceGroups") => {
                Kind::ResourceGroup
            }
            _ => TABLE
                .iter()
                .find(|row| row.1.eq_ignore_ascii_case(resource_type))
                .map_or(Kind::Other, |row| row.0),
        }
    }

    fn row(self) -> Option<&'static (Kind, &'static str, &'static str, &'static str)> {
        TABLE.get(self as usize)
    }

    /// The resource type as Azure spells it; empty for [`Kind::Other`].
    pub fn resource_type(self) -> &'static str {
        self.row().map_or("", |row| row.1)
    }

    /// The plural that people read, and that coverage manifests use.
    pub fn plural(self) -> &'static str {
        self.row().map_or("", |row| row.2)
    }

    /// The Azure CLI command that exports resources of this kind.
    pub fn export_command(self) -> &'static str {
        self.row().map_or("", |row| row.3)
    }

    /// The kind that a coverage manifest means by a plural.
    pub fn of_plural(plural: &str) -> Option<Kind> {
        TABLE.iter().find(|row| row.2.eq_ignore_ascii_case(plural)).map(|row| row.0)
    }

    /// Whose child resources of this kind are.
    pub fn parent(self) -> ParentKind {
        match self {
            Kind::Datastore
            | Kind::Connection
            | Kind::Compute
            | Kind::OnlineEndpoint
            | Kind::BatchEndpoint
            | Kind::ServerlessEndpoint => ParentKind::Workspace,
            Kind::OnlineDeployment | Kind::BatchDeployment => ParentKind::Endpoint,
            Kind::RegistryToken => ParentKind::ContainerRegistry,
            Kind::DiagnosticSetting => ParentKind::Any,
            _ => ParentKind::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_kinds() {
        for (ix, kind) in Kind::all().enumerate() {
            assert_eq!(kind as usize, ix);
            assert_eq!(Kind::of_plural(kind.plural()), Some(kind));
            if kind != Kind::Other {
                assert_eq!(Kind::of_type(&kind.resource_type().to_ascii_lowercase()), kind);
            }
        }
        assert_eq!(Kind::of_type("Microsoft.Compute/virtualMachines"), Kind::Other);
        assert_eq!(Kind::of_type("x"), Kind::Other);
    }
}
