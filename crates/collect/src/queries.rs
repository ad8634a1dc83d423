//! What is asked of Resource Graph: one query for each table.

use dekey_model::Kind;

/// A query over every subscription at once.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    /// The table.
    pub table: &'static str,
    /// Which of the table's types are read.
    pub kinds: &'static [Kind],
    /// The answer holds what lies above the subscriptions as well.
    pub above: bool,
}

/// Every query.
pub const QUERIES: &[Query] = &[
    Query {
        table: "resourcecontainers",
        kinds: &[Kind::Subscription, Kind::ResourceGroup, Kind::ManagementGroup],
        above: false,
    },
    Query {
        table: "resources",
        kinds: &[
            Kind::Workspace,
            Kind::StorageAccount,
            Kind::Vault,
            Kind::ContainerRegistry,
            Kind::AppInsights,
            Kind::UserAssignedIdentity,
        ],
        above: false,
    },
    Query {
        table: "authorizationresources",
        kinds: &[Kind::RoleAssignment, Kind::RoleDefinition],
        above: true,
    },
    Query {
        table: "policyresources",
        kinds: &[
            Kind::PolicyAssignment,
            Kind::PolicyDefinition,
            Kind::PolicySetDefinition,
            Kind::PolicyExemption,
        ],
        above: true,
    },
];

impl Query {
    /// The query. In order of id, so that pages neither repeat nor leave out; with `id`, or there is no next page.
    pub fn kql(&self) -> String {
        let types: Vec<String> = self
            .kinds
            .iter()
            .map(|kind| format!("'{}'", kind.resource_type().to_ascii_lowercase()))
            .collect();
        format!("{} | where type in~ ({}) | order by id asc", self.table, types.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_names_its_types() {
        assert_eq!(
            QUERIES[2].kql(),
            "authorizationresources | where type in~ ('microsoft.authorization/roleassignments', \
             'microsoft.authorization/roledefinitions') | order by id asc"
        );
    }
}
