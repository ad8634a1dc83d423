//! What is asked of the resource providers: one list call for each parent.

use dekey_model::Kind;

/// A list call below a parent.
#[derive(Clone, Copy, Debug)]
pub struct List {
    /// What is in the list.
    pub kind: Kind,
    /// Below which resources there is one.
    pub of: Kind,
    /// The service of the parent that the list is about, such as `/blobServices/default`; mostly none.
    pub service: &'static str,
    /// The rest of the path.
    pub path: &'static str,
    /// The action that it needs.
    pub action: &'static str,
}

const DIAGNOSTICS: &str = "/providers/Microsoft.Insights/diagnosticSettings";

const fn child(kind: Kind, of: Kind, path: &'static str, action: &'static str) -> List {
    List { kind, of, service: "", path, action }
}

const fn diagnostics(of: Kind, service: &'static str) -> List {
    let action = "Microsoft.Insights/diagnosticSettings/read";
    List { kind: Kind::DiagnosticSetting, of, service, path: DIAGNOSTICS, action }
}

const fn of_subscription(kind: Kind, path: &'static str, action: &'static str) -> List {
    child(kind, Kind::Subscription, path, action)
}

/// Every list call. Those of a parent come after the one that the parent is in.
pub const LISTS: &[List] = &[
    // Resource Graph has them as well, but lags behind and does not say who made them.
    of_subscription(
        Kind::Workspace,
        "/providers/Microsoft.MachineLearningServices/workspaces",
        "Microsoft.MachineLearningServices/workspaces/read",
    ),
    of_subscription(
        Kind::DenyAssignment,
        "/providers/Microsoft.Authorization/denyAssignments",
        "Microsoft.Authorization/denyAssignments/read",
    ),
    of_subscription(
        Kind::RoleEligibility,
        "/providers/Microsoft.Authorization/roleEligibilityScheduleInstances",
        "Microsoft.Authorization/roleEligibilityScheduleInstances/read",
    ),
    of_subscription(
        Kind::RoleSchedule,
        "/providers/Microsoft.Authorization/roleAssignmentScheduleInstances",
        "Microsoft.Authorization/roleAssignmentScheduleInstances/read",
    ),
    child(
        Kind::Datastore,
        Kind::Workspace,
        "/datastores",
        "Microsoft.MachineLearningServices/workspaces/datastores/read",
    ),
    child(
        Kind::Connection,
        Kind::Workspace,
        "/connections",
        "Microsoft.MachineLearningServices/workspaces/connections/read",
    ),
    child(
        Kind::Compute,
        Kind::Workspace,
        "/computes",
        "Microsoft.MachineLearningServices/workspaces/computes/read",
    ),
    child(
        Kind::OnlineEndpoint,
        Kind::Workspace,
        "/onlineEndpoints",
        "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/read",
    ),
    child(
        Kind::BatchEndpoint,
        Kind::Workspace,
        "/batchEndpoints",
        "Microsoft.MachineLearningServices/workspaces/batchEndpoints/read",
    ),
    child(
        Kind::ServerlessEndpoint,
        Kind::Workspace,
        "/serverlessEndpoints",
        "Microsoft.MachineLearningServices/workspaces/serverlessEndpoints/read",
    ),
    child(
        Kind::OnlineDeployment,
        Kind::OnlineEndpoint,
        "/deployments",
        "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments/read",
    ),
    child(
        Kind::BatchDeployment,
        Kind::BatchEndpoint,
        "/deployments",
        "Microsoft.MachineLearningServices/workspaces/batchEndpoints/deployments/read",
    ),
    child(
        Kind::RegistryToken,
        Kind::ContainerRegistry,
        "/tokens",
        "Microsoft.ContainerRegistry/registries/tokens/read",
    ),
    diagnostics(Kind::Workspace, ""),
    diagnostics(Kind::StorageAccount, "/blobServices/default"),
    diagnostics(Kind::StorageAccount, "/fileServices/default"),
    diagnostics(Kind::StorageAccount, "/queueServices/default"),
    diagnostics(Kind::StorageAccount, "/tableServices/default"),
    diagnostics(Kind::Vault, ""),
    diagnostics(Kind::ContainerRegistry, ""),
];

/// The lists in groups that can be read at once: each after the one that its parents are in, and dependents after the
/// datastores that name them.
pub(crate) fn layers() -> Vec<Vec<&'static List>> {
    let mut layers: Vec<Vec<&List>> = Vec::new();
    for list in LISTS {
        let before = if list.of == Kind::StorageAccount { Kind::Datastore } else { list.of };
        let depth = layers
            .iter()
            .rposition(|layer| layer.iter().any(|own| own.kind == before))
            .map_or(0, |at| at + 1);
        match layers.get_mut(depth) {
            Some(layer) => layer.push(list),
            None => layers.push(vec![list]),
        }
    }
    layers
}

impl List {
    /// The scope that the list is about, for coverage.
    pub fn scope(&self, parent: &str) -> String {
        format!("{}{}", parent.trim_end_matches('/'), self.service)
    }

    /// The path of the call.
    pub fn url_path(&self, parent: &str) -> String {
        format!("{}{}", self.scope(parent), self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_asked_for_after_what_its_parents_are_in() {
        for (at, list) in LISTS.iter().enumerate() {
            if let Some(own) = LISTS.iter().position(|other| other.kind == list.of) {
                assert!(own < at, "{list:?}");
            }
            assert!(list.action.ends_with("/read"));
        }
    }

    #[test]
    fn what_is_read_at_once_needs_nothing_of_each_other() {
        let layers = layers();
        assert_eq!(layers.iter().map(Vec::len).sum::<usize>(), LISTS.len());
        for (at, layer) in layers.iter().enumerate() {
            let later = layers.iter().skip(at).flatten();
            let own: Vec<Kind> = later.map(|list| list.kind).collect();
            for list in layer {
                assert!(!own.contains(&list.of), "{list:?}");
                assert!(list.of != Kind::StorageAccount || !own.contains(&Kind::Datastore));
            }
        }
    }

    #[test]
    fn paths_lie_below_the_parent() {
        let blob = LISTS.iter().find(|list| list.service == "/blobServices/default").unwrap();
        assert_eq!(blob.scope("/a/"), "/a/blobServices/default");
        assert_eq!(
            blob.url_path("/a"),
            "/a/blobServices/default/providers/Microsoft.Insights/diagnosticSettings"
        );
    }
}
