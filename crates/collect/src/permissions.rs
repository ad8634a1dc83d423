//! What the collector needs to be allowed: nothing that writes, and nothing that returns a secret.

use crate::{LISTS, QUERIES};
use dekey_model::Kind;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The name of the custom role.
pub const ROLE_NAME: &str = "dekey collector";

const DESCRIPTION: &str =
    "Reads what dekey audits. Holds no action that writes or that returns a key, a password or a token.";

/// Actions that serve no kind of their own: the subscriptions there are, what the caller may do, what an identity is, and
/// what changed.
const FURTHER: &[&str] = &[
    "Microsoft.Authorization/permissions/read",
    "Microsoft.Insights/eventtypes/values/read",
    "Microsoft.ManagedIdentity/identities/read",
    "Microsoft.PolicyInsights/policyStates/queryResults/read",
    "Microsoft.ResourceGraph/resources/read",
];

/// A permission of Microsoft Graph: its name, the id of the application permission, and what it is for.
#[derive(Clone, Copy, Debug)]
pub struct GraphPermission {
    /// Its name, as Graph spells it.
    pub name: &'static str,
    /// The id of the application permission (app role).
    pub id: &'static str,
    /// What is read with it.
    pub why: &'static str,
}

/// What is asked of Microsoft Graph.
pub const GRAPH: &[GraphPermission] = &[
    GraphPermission {
        name: "Application.Read.All",
        id: "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
        why: "service principals behind identities and role assignments, and when the credentials of applications end",
    },
    GraphPermission {
        name: "GroupMember.Read.All",
        id: "98830695-27a2-44f7-8c18-0c3ebc9698f6",
        why: "who is in the groups that hold roles",
    },
    GraphPermission {
        name: "User.ReadBasic.All",
        id: "97235f07-e226-4f63-ace3-39588e11d3a1",
        why: "whether the people that hold roles still exist",
    },
];

/// The application id of Microsoft Graph.
const GRAPH_APP: &str = "00000003-0000-0000-c000-000000000000";

/// The action that reads a kind, and the kinds that nobody can judge without it.
pub fn actions() -> BTreeMap<String, BTreeSet<Kind>> {
    let mut actions: BTreeMap<String, BTreeSet<Kind>> = BTreeMap::new();
    for kind in QUERIES.iter().flat_map(|query| query.kinds) {
        let own = format!("{}/read", kind.resource_type());
        actions.entry(own).or_default().insert(*kind);
    }
    for list in LISTS {
        actions.entry(list.action.to_owned()).or_default().insert(list.kind);
    }
    for action in FURTHER {
        actions.entry((*action).to_owned()).or_default();
    }
    actions
}

fn role(scopes: &[String]) -> Value {
    let actions: Vec<String> = actions().into_keys().collect();
    json!({
        "Name": ROLE_NAME,
        "IsCustom": true,
        "Description": DESCRIPTION,
        "Actions": actions,
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": scopes,
    })
}

/// The custom role as `az role definition create --role-definition` takes it, and the permissions of Microsoft Graph.
pub fn as_json(scopes: &[String]) -> String {
    let graph: Vec<Value> =
        GRAPH.iter().map(|one| json!({ "name": one.name, "appRoleId": one.id, "why": one.why })).collect();
    let document =
        json!({ "role": role(scopes), "microsoftGraph": { "appId": GRAPH_APP, "permissions": graph } });
    format!("{document:#}\n")
}

/// The same role for a management group or a subscription, as Bicep.
pub fn as_bicep() -> String {
    let mut out = String::from(
        "// Deploy with: az deployment mg create --management-group-id ID --location LOCATION --template-file FILE\n\
         targetScope = 'managementGroup'\n\n@description('Object id of the identity that collects.')\nparam principalId string\n\n\
         resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {\n",
    );
    // Writing to a string does not fail.
    let _ = writeln!(out, "  name: guid(managementGroup().id, '{ROLE_NAME}')\n  properties: {{");
    let _ = writeln!(
        out,
        "    roleName: '{ROLE_NAME}'\n    description: '{DESCRIPTION}'\n    type: 'CustomRole'"
    );
    out.push_str("    assignableScopes: [\n      managementGroup().id\n    ]\n    permissions: [\n      {\n        actions: [\n");
    for action in actions().keys() {
        let _ = writeln!(out, "          '{action}'");
    }
    out.push_str("        ]\n      }\n    ]\n  }\n}\n\n");
    out.push_str(
        "resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {\n  name: guid(role.id, principalId)\n  \
         properties: {\n    roleDefinitionId: role.id\n    principalId: principalId\n    principalType: 'ServicePrincipal'\n  }\n}\n\n\
         // Bicep does not grant permissions of Microsoft Graph to a managed identity: see dekey collect --print-permissions az\n",
    );
    out
}

/// The commands that make the role, assign it, and grant the permissions of Microsoft Graph.
pub fn as_az(scopes: &[String]) -> String {
    let mut out =
        String::from("# The role of Azure Resource Manager\naz role definition create --role-definition '");
    let _ = writeln!(out, "{}'", role(scopes));
    for scope in scopes {
        let _ = writeln!(
            out,
            "az role assignment create --assignee-object-id \"$PRINCIPAL\" --assignee-principal-type ServicePrincipal \\\n  \
             --role '{ROLE_NAME}' --scope {scope}"
        );
    }
    let _ = writeln!(
        out,
        "\n# The permissions of Microsoft Graph; without them nobody can tell whose a role assignment is\n\
         GRAPH=$(az ad sp show --id {GRAPH_APP} --query id --output tsv)"
    );
    for one in GRAPH {
        let _ = writeln!(
            out,
            "# {}: {}\naz rest --method post --url \"https://graph.microsoft.com/v1.0/servicePrincipals/$PRINCIPAL/appRoleAssignments\" \\\n  \
             --body \"{{\\\"principalId\\\":\\\"$PRINCIPAL\\\",\\\"resourceId\\\":\\\"$GRAPH\\\",\\\"appRoleId\\\":\\\"{}\\\"}}\"",
            one.name, one.why, one.id
        );
    }
    out
}

/// What the caller may do at a scope: the answer of `Microsoft.Authorization/permissions`.
#[derive(Clone, Debug, Default)]
pub struct Allowed(Vec<(Vec<String>, Vec<String>)>);

impl Allowed {
    /// Reads the items of the answer.
    pub fn of(items: &[Value]) -> Self {
        let texts = |item: &Value, name: &str| -> Vec<String> {
            let list = item.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            list.iter().filter_map(Value::as_str).map(|text| text.trim().to_ascii_lowercase()).collect()
        };
        Self(items.iter().map(|item| (texts(item, "actions"), texts(item, "notActions"))).collect())
    }

    /// Whether an action is allowed: `notActions` take away from their own entry only.
    pub fn allows(&self, action: &str) -> bool {
        let action = action.to_ascii_lowercase();
        let any = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, &action));
        self.0.iter().any(|(actions, not)| any(actions) && !any(not))
    }

    /// What is missing, and the kinds that cannot be judged without it.
    pub fn missing(&self) -> BTreeMap<String, BTreeSet<Kind>> {
        actions().into_iter().filter(|(action, _)| !self.allows(action)).collect()
    }
}

/// `*` stands for any text, wherever it is. Both are in lower case.
fn matches(pattern: &str, action: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = parts.next().and_then(|head| action.strip_prefix(head)) else { return false };
    let mut rest = rest;
    let mut last = None;
    for part in parts {
        last = Some(part);
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or(""),
            None => return false,
        }
    }
    // Behind the last star the text must end as the pattern does.
    last.map_or(rest.is_empty(), |part| action.ends_with(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(actions: &[&str], not: &[&str]) -> Allowed {
        Allowed::of(&[json!({ "actions": actions, "notActions": not })])
    }

    #[test]
    fn the_role_reads_and_nothing_else() {
        for action in actions().keys() {
            assert!(action.ends_with("/read"), "{action}");
            assert!(!action.contains('*'), "{action}");
            assert!(!action.to_ascii_lowercase().contains("list"), "{action}");
        }
        assert!(as_bicep().contains("'Microsoft.MachineLearningServices/workspaces/datastores/read'"));
        assert!(as_az(&["/subscriptions/s".to_owned()]).contains("--scope /subscriptions/s"));
        let document: Value = serde_json::from_str(&as_json(&["/subscriptions/s".to_owned()])).unwrap();
        assert_eq!(document["role"]["AssignableScopes"][0], "/subscriptions/s");
    }

    #[test]
    fn reader_suffices_and_less_is_named() {
        assert!(allowed(&["*/read"], &[]).missing().is_empty());
        let missing =
            allowed(&["*/read"], &["Microsoft.MachineLearningServices/*/datastores/read"]).missing();
        let kinds: Vec<_> = missing.values().flatten().copied().collect();
        assert_eq!(kinds, [Kind::Datastore]);
        assert_eq!(allowed(&[], &[]).missing().len(), actions().len());
        // What one entry takes away, another may give.
        let both = Allowed::of(&[
            json!({ "actions": ["*"], "notActions": ["Microsoft.Authorization/*"] }),
            json!({ "actions": ["Microsoft.Authorization/*/read"] }),
        ]);
        assert!(both.allows("Microsoft.Authorization/roleAssignments/read"));
        assert!(!both.allows("Microsoft.Authorization/roleAssignments/write"));
    }

    #[test]
    fn stars_anywhere() {
        for (pattern, action, expected) in [
            ("*", "a/b", true),
            ("a/b", "a/b", true),
            ("a/b", "a/bc", false),
            ("a/*", "a/b/c", true),
            ("*/read", "a/read", true),
            ("*/read", "a/reads", false),
            ("a/*/read", "a/b/c/read", true),
            ("a/*/read", "a/read", false),
            ("a/*b/*b", "a/b/b", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(matches(pattern, action), expected, "{pattern} {action}");
        }
    }
}
