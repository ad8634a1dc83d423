//! The api-version of every call, in one place.

use dekey_model::Kind;

/// Resource Graph queries.
pub const RESOURCE_GRAPH: &str = "2022-10-01";
/// Microsoft Graph.
pub const GRAPH: &str = "v1.0";
/// Subscriptions and tenants.
pub const SUBSCRIPTIONS: &str = "2022-12-01";
/// What the caller may do.
pub const PERMISSIONS: &str = "2022-04-01";
/// The identity of any resource.
pub const IDENTITIES: &str = "2024-11-30";
/// The activity log.
pub const ACTIVITY: &str = "2015-04-01";
/// What Policy Insights says.
pub const POLICY_STATES: &str = "2024-10-01";
/// The endpoints of a cloud.
pub const METADATA: &str = "2022-09-01";

/// The api-version with which resources of a kind are read.
pub const fn of(kind: Kind) -> &'static str {
    match kind {
        Kind::Workspace
        | Kind::Datastore
        | Kind::Connection
        | Kind::Compute
        | Kind::OnlineEndpoint
        | Kind::OnlineDeployment
        | Kind::BatchEndpoint
        | Kind::BatchDeployment
        | Kind::ServerlessEndpoint => "2025-12-01",
        Kind::StorageAccount => "2025-06-01",
        Kind::Vault => "2025-05-01",
        Kind::ContainerRegistry | Kind::RegistryToken => "2025-11-01",
        Kind::AppInsights => "2020-02-02",
        Kind::UserAssignedIdentity => IDENTITIES,
        Kind::DiagnosticSetting => "2021-05-01-preview",
        Kind::RoleAssignment | Kind::RoleDefinition | Kind::DenyAssignment => "2022-04-01",
        Kind::RoleEligibility | Kind::RoleSchedule => "2020-10-01",
        Kind::PolicyAssignment
        | Kind::PolicyDefinition
        | Kind::PolicySetDefinition
        | Kind::ManagementGroup => "2023-04-01",
        Kind::PolicyExemption => "2022-07-01-preview",
        Kind::ResourceGroup | Kind::Subscription => SUBSCRIPTIONS,
        Kind::ServicePrincipal | Kind::Application | Kind::Group => GRAPH,
        Kind::ActivityEvent => ACTIVITY,
        Kind::PolicyState => POLICY_STATES,
        Kind::Other => "2021-04-01",
    }
}
