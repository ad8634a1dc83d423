//! What a policy rule is about, as far as dekey cares.

use super::parameters::{Effect, get};
use super::requirement::Requirement;
use serde_json::Value;

/// A control that a policy can enforce and that dekey audits too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// The managed identity of workspaces.
    WorkspaceIdentity,
    /// Keys and other static credentials of workspaces, their datastores, connections, endpoints and computes.
    WorkspaceKeys,
    /// Shared keys of storage accounts.
    SharedKeys,
    /// The admin user of container registries.
    RegistryAdmin,
}

impl Topic {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Topic::WorkspaceIdentity => "the identity of workspaces",
            Topic::WorkspaceKeys => "static credentials of workspaces",
            Topic::SharedKeys => "shared keys of storage accounts",
            Topic::RegistryAdmin => "the admin user of container registries",
        }
    }
}

/// Parts of aliases, in lower case, and what a rule that reads them is about.
const ALIASES: &[(&str, &str, Topic)] = &[
    ("microsoft.storage/storageaccounts/", "allowsharedkeyaccess", Topic::SharedKeys),
    ("microsoft.containerregistry/registries/", "adminuserenabled", Topic::RegistryAdmin),
    ("microsoft.machinelearningservices/workspaces/", "systemdatastoresauthmode", Topic::WorkspaceKeys),
    ("microsoft.machinelearningservices/workspaces/datastores/", "credentials", Topic::WorkspaceKeys),
    ("microsoft.machinelearningservices/workspaces/connections/", "authtype", Topic::WorkspaceKeys),
    ("microsoft.machinelearningservices/workspaces/", "endpoints/authmode", Topic::WorkspaceKeys),
    ("microsoft.machinelearningservices/workspaces/computes/", "disablelocalauth", Topic::WorkspaceKeys),
];

/// The key that a policy rule is about: the first alias that it reads in a condition.
pub(super) fn key_topic(rule: &Value) -> Option<Topic> {
    let then = get(rule, "then").and_then(|then| get(then, "details"));
    let existence = then.and_then(|details| get(details, "existenceCondition"));
    get(rule, "if").into_iter().chain(existence).find_map(alias_topic)
}

fn alias_topic(value: &Value) -> Option<Topic> {
    match value {
        Value::String(text) => {
            let text = text.to_ascii_lowercase();
            let row = ALIASES.iter().find(|(start, end, _)| {
                text.find(start)
                    .and_then(|at| text.get(at + start.len()..))
                    .is_some_and(|rest| rest.contains(end))
            });
            row.map(|row| row.2)
        }
        Value::Array(list) => list.iter().find_map(alias_topic),
        Value::Object(map) => map.values().find_map(alias_topic),
        _ => None,
    }
}

/// A built-in definition that is known without having been read: its name, topic, and the default of its parameter `effect`.
pub(super) type BuiltIn = (&'static str, Topic, Effect);

/// Azure/azure-policy of April 2026. No other public built-in is about the identity of workspaces.
const BUILT_INS: &[BuiltIn] = &[
    (USER_ASSIGNED, Topic::WorkspaceIdentity, Effect::Audit),
    ("e96a9a5f-07ca-471b-9bc5-6a0f33cbd68f", Topic::WorkspaceKeys, Effect::Audit),
    ("a6f9a2d0-cff7-4855-83ad-4cd750666512", Topic::WorkspaceKeys, Effect::Act),
    ("8c6a50c6-9ffd-4ae7-986f-5fa6111f9a54", Topic::SharedKeys, Effect::Audit),
    ("fd9903f1-38c2-4d36-8e44-5c1c20c561e8", Topic::SharedKeys, Effect::Audit),
    ("dc921057-6b28-4fbe-9b83-f7bec05db6c2", Topic::RegistryAdmin, Effect::Audit),
    ("79fdfe03-ffcb-4e55-b4d0-b925b8241759", Topic::RegistryAdmin, Effect::Act),
];

/// "Azure Machine Learning workspaces should use user-assigned managed identity".
const USER_ASSIGNED: &str = "5f0c7d88-c7de-45b8-ac49-db49e72eaa78";

/// Built-in initiatives that hold [`USER_ASSIGNED`], with its reference id there. Neither passes an effect on.
pub(super) const INITIATIVES: &[(&str, &str)] =
    &[("e3ec7e09-768c-4b64-882c-fcada3772047", "MLWorkspacesUserassignedMI")];

/// The id of [`USER_ASSIGNED`].
pub(super) const USER_ASSIGNED_ID: &str =
    "/providers/Microsoft.Authorization/policyDefinitions/5f0c7d88-c7de-45b8-ac49-db49e72eaa78";

/// Whether a definition or initiative is Microsoft's: those of an organisation live in its subscriptions and management groups.
pub(super) fn is_built_in(id: &str) -> bool {
    const PROVIDER: &str = "/providers/Microsoft.Authorization/";
    id.get(..PROVIDER.len()).is_some_and(|start| start.eq_ignore_ascii_case(PROVIDER))
}

/// The built-in of an id.
pub(super) fn built_in(id: &str) -> Option<&'static BuiltIn> {
    let name = id.trim_end_matches('/').rsplit('/').next().filter(|_| is_built_in(id))?;
    BUILT_INS.iter().find(|row| row.0.eq_ignore_ascii_case(name))
}

/// What a built-in requires of identities.
pub(super) fn built_in_requirement(row: &BuiltIn) -> Option<Requirement> {
    (row.0 == USER_ASSIGNED).then_some(Requirement::PRIMARY_USER_ASSIGNED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn topics_are_found_by_the_alias_a_rule_reads() {
        let on = |field: &str| {
            key_topic(&json!({ "if": { "allOf": [{ "not": { "field": field, "equals": 1 } }] } }))
        };
        for (field, topic) in [
            ("Microsoft.Storage/storageAccounts/allowSharedKeyAccess", Some(Topic::SharedKeys)),
            (
                "[field('Microsoft.ContainerRegistry/registries/adminUserEnabled')]",
                Some(Topic::RegistryAdmin),
            ),
            (
                "Microsoft.MachineLearningServices/workspaces/datastores/contents.credentials.credentialsType",
                Some(Topic::WorkspaceKeys),
            ),
            (
                "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/authMode",
                Some(Topic::WorkspaceKeys),
            ),
            ("Microsoft.MachineLearningServices/workspaces/publicNetworkAccess", None),
            ("Microsoft.CognitiveServices/accounts/disableLocalAuth", None),
        ] {
            assert_eq!(on(field), topic, "{field}");
        }
    }

    #[test]
    fn built_ins_are_known_by_their_name_at_the_root_only() {
        assert!(built_in(&USER_ASSIGNED_ID.to_ascii_uppercase()).is_some());
        assert!(built_in(&format!("/subscriptions/s{USER_ASSIGNED_ID}")).is_none());
        assert!(built_in("/providers/Microsoft.Authorization/policyDefinitions/00000000").is_none());
    }
}
