//! Who may do what: role assignments, deny assignments, and how long Azure takes to notice them.

mod pattern;

use crate::store::{Resource, Store};
use crate::types::DENY_ASSIGNMENT;
use crate::{id, seeded};
use jiff::{SignedDuration, Timestamp};
use pattern::matches;
use serde_json::{Value, json};

/// The built-in roles that the project meets, as Microsoft publishes them (iann0036/iam-dataset, MIT).
const ROLES: &str = include_str!("roles.json");

/// Everybody, in deny assignments.
const EVERYONE: &str = "00000000-0000-0000-0000-000000000000";

/// The longest that a role assignment takes to be noticed, in seconds.
const LONGEST_LAG: u64 = 15 * 60;

/// The built-in roles: the id and the document of each.
pub(crate) fn built_in() -> Vec<(String, Value)> {
    let roles: Vec<Value> = serde_json::from_str(ROLES).unwrap_or_default();
    roles.iter().map(definition).collect()
}

fn definition(role: &Value) -> (String, Value) {
    let guid = role.get("name").and_then(Value::as_str).unwrap_or_default();
    let id = format!("/providers/Microsoft.Authorization/roleDefinitions/{guid}");
    let value = json!({
        "properties": {
            "roleName": role.get("roleName"),
            "type": "BuiltInRole",
            "description": role.get("description"),
            "assignableScopes": ["/"],
            "permissions": role.get("permissions"),
            "createdOn": "2015-02-02T21:55:09.8806423Z",
            "updatedOn": "2021-11-11T20:13:07.4993029Z",
            "createdBy": null,
            "updatedBy": null,
        },
        "id": id,
        "type": "Microsoft.Authorization/roleDefinitions",
        "name": guid,
    });
    (id, value)
}

/// The GUID of a built-in role by its name or GUID.
pub(crate) fn role_guid(name: &str) -> Option<String> {
    built_in().into_iter().find_map(|(id, value)| {
        let own = value.pointer("/properties/roleName")?.as_str()?;
        let guid = id::name(&id);
        (own.eq_ignore_ascii_case(name) || guid.eq_ignore_ascii_case(name)).then(|| guid.to_owned())
    })
}

/// The view of somebody on what they may do.
#[derive(Clone, Copy)]
pub(crate) struct Access<'a> {
    pub(crate) store: &'a Store,
    /// The object ids of the caller and of the groups that the caller is in.
    pub(crate) principals: &'a [String],
    pub(crate) seed: u64,
    /// Whether role assignments take time to be noticed.
    pub(crate) lag: bool,
    pub(crate) now: Timestamp,
}

impl Access<'_> {
    /// Whether an action is allowed at a scope; the scope in lower case, the tenant is `/`.
    pub(crate) fn may(&self, action: &str, scope: &str) -> bool {
        let granted = self.principals.iter().flat_map(|own| self.store.assignments_of(own));
        let granted = granted.filter_map(|id| Some((id, self.store.get(id)?)));
        let mut noticed = granted.filter(|(id, resource)| self.is_noticed(id, resource));
        noticed.any(|(_, resource)| self.grants(resource, action, scope)) && !self.is_denied(action, scope)
    }

    /// The permissions of every role that reaches a scope.
    pub(crate) fn permissions(&self, scope: &str) -> Vec<Value> {
        let granted = self.principals.iter().flat_map(|own| self.store.assignments_of(own));
        let granted = granted.filter_map(|id| Some((id, self.store.get(id)?)));
        let noticed = granted.filter(|(id, resource)| self.is_noticed(id, resource));
        let values =
            noticed.filter_map(|(_, resource)| serde_json::from_str::<Value>(&resource.body.text()).ok());
        let here = values.filter(|value| {
            let at = value.pointer("/properties/scope").and_then(Value::as_str).unwrap_or("");
            self.reaches(&at.to_ascii_lowercase(), scope)
        });
        let roles =
            here.filter_map(|value| self.role(value.pointer("/properties/roleDefinitionId")?.as_str()?));
        roles
            .filter_map(|role| role.pointer("/properties/permissions")?.as_array().cloned())
            .flatten()
            .collect()
    }

    /// A role definition.
    pub(crate) fn role(&self, definition: &str) -> Option<Value> {
        let built_in = format!("/providers/Microsoft.Authorization/roleDefinitions/{}", id::name(definition));
        self.store.value(&built_in).or_else(|| self.store.value(definition))
    }

    fn is_noticed(&self, id: &str, resource: &Resource) -> bool {
        match resource.changed {
            Some(at) if self.lag => {
                let seconds = seeded(self.seed, id) % (LONGEST_LAG + 1);
                at + SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(0)) <= self.now
            }
            _ => true,
        }
    }

    fn grants(&self, assignment: &Resource, action: &str, scope: &str) -> bool {
        let Ok(value) = serde_json::from_str::<Value>(&assignment.body.text()) else { return false };
        let text =
            |name: &str| value.pointer(&format!("/properties/{name}")).and_then(Value::as_str).unwrap_or("");
        let at = text("scope").to_ascii_lowercase();
        let holds = self.reaches(&at, scope) && !limits(text("condition"), action);
        holds && self.role_allows(text("roleDefinitionId"), action)
    }

    fn role_allows(&self, definition: &str, action: &str) -> bool {
        let Some(role) = self.role(definition) else { return false };
        let permissions = role.pointer("/properties/permissions").and_then(Value::as_array);
        permissions.into_iter().flatten().any(|permission| {
            let list = |name: &str| {
                permission.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
            };
            let hit =
                |name: &str| list(name).iter().filter_map(Value::as_str).any(|own| matches(own, action));
            let condition = permission.get("condition").and_then(Value::as_str).unwrap_or("");
            hit("actions") && !hit("notActions") && !limits(condition, action)
        })
    }

    fn reaches(&self, at: &str, scope: &str) -> bool {
        if id::covers(at, scope) {
            return true;
        }
        at.contains("/managementgroups/") && above(self.store, scope).iter().any(|own| own == at)
    }

    fn is_denied(&self, action: &str, scope: &str) -> bool {
        self.store.below(DENY_ASSIGNMENT, "", None).any(|(_, resource)| {
            let Ok(value) = serde_json::from_str::<Value>(&resource.body.text()) else { return false };
            let Some(properties) = value.get("properties") else { return false };
            let at = properties.get("scope").and_then(Value::as_str).unwrap_or("").to_ascii_lowercase();
            let own_only = properties.get("doNotApplyToChildScopes").and_then(Value::as_bool) == Some(true);
            let here = if own_only { at == scope } else { self.reaches(&at, scope) };
            here && self.is_named(properties, "principals")
                && !self.is_named(properties, "excludePrincipals")
                && denies(properties, action)
        })
    }

    fn is_named(&self, properties: &Value, list: &str) -> bool {
        let all = properties.get(list).and_then(Value::as_array);
        let mut ids = all.into_iter().flatten().filter_map(|one| one.get("id").and_then(Value::as_str));
        ids.any(|own| own == EVERYONE || self.principals.iter().any(|other| other.eq_ignore_ascii_case(own)))
    }
}

fn denies(properties: &Value, action: &str) -> bool {
    let permissions = properties.get("permissions").and_then(Value::as_array);
    permissions.into_iter().flatten().any(|permission| {
        let hit = |name: &str| {
            let all = permission.get(name).and_then(Value::as_array);
            all.into_iter().flatten().filter_map(Value::as_str).any(|own| matches(own, action))
        };
        hit("actions") && !hit("notActions")
    })
}

/// Whether a condition is about an action. What it asks of the request is not evaluated, so such an action is refused.
fn limits(condition: &str, action: &str) -> bool {
    let mut patterns = condition.split("ActionMatches{'").skip(1).filter_map(|rest| rest.split('\'').next());
    patterns.any(|own| matches(own, action))
}

/// The management groups above a scope, nearest first, in lower case.
pub(crate) fn above(store: &Store, scope: &str) -> Vec<String> {
    let Some(subscription) = id::subscription(scope) else {
        return climb(store, scope);
    };
    let Some(value) = store.value(&subscription) else { return Vec::new() };
    let chain = value.pointer("/properties/managementGroupAncestorsChain").and_then(Value::as_array);
    let names = chain.into_iter().flatten().filter_map(|own| own.get("name")?.as_str());
    names
        .map(|name| format!("/providers/microsoft.management/managementgroups/{}", name.to_ascii_lowercase()))
        .collect()
}

fn climb(store: &Store, scope: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut at = scope.to_owned();
    while let Some(value) = store.value(&at) {
        let parent = value.pointer("/properties/details/parent/id").and_then(Value::as_str);
        let Some(parent) = parent.map(str::to_ascii_lowercase).filter(|own| !found.contains(own)) else {
            break;
        };
        at.clone_from(&parent);
        found.push(parent);
    }
    found
}

/// A role assignment, as Resource Manager gives it.
pub(crate) fn assignment(
    name: &str,
    scope: &str,
    role: &str,
    principal: &str,
    kind: &str,
    time: &str,
) -> (String, Value) {
    let at = scope.trim_end_matches('/');
    let id = format!("{at}/providers/Microsoft.Authorization/roleAssignments/{name}");
    let home =
        id::subscription(scope).map(|_| format!("/subscriptions/{}", id::segment(scope, "subscriptions")));
    let home = home.unwrap_or_default();
    let value = json!({
        "properties": {
            "roleDefinitionId": format!("{home}/providers/Microsoft.Authorization/roleDefinitions/{role}"),
            "principalId": principal,
            "principalType": kind,
            "scope": scope,
            "condition": null,
            "conditionVersion": null,
            "createdOn": time,
            "updatedOn": time,
            "createdBy": null,
            "updatedBy": null,
            "delegatedManagedIdentityResourceId": null,
            "description": null,
        },
        "id": id,
        "type": "Microsoft.Authorization/roleAssignments",
        "name": name,
    });
    (id, value)
}

#[cfg(test)]
mod tests;
