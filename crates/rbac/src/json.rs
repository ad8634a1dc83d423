//! Role definitions and permissions as Azure and its tools write them.

use crate::{Permission, RoleDefinition};
use serde_json::Value;

/// The texts of a list; nothing when it is not a list of texts.
pub(crate) fn texts(value: Option<&Value>) -> Option<Vec<String>> {
    match value {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Array(all)) => all.iter().map(|own| own.as_str().map(str::to_owned)).collect(),
        Some(_) => None,
    }
}

/// A member in any case: exports differ.
pub(crate) fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.as_object()?.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|own| own.1)
}

/// The permission objects of a role definition or deny assignment; nothing when they are not as Azure writes them, because half
/// a permission would be a wrong one.
pub fn permissions(value: &Value) -> Option<Vec<Permission>> {
    let one = |own: &Value| {
        own.is_object().then_some(())?;
        let list = |name| texts(member(own, name));
        let condition = member(own, "condition").filter(|own| !own.is_null());
        Some(Permission {
            actions: list("actions")?,
            not_actions: list("notActions")?,
            data_actions: list("dataActions")?,
            not_data_actions: list("notDataActions")?,
            condition: match condition {
                None => None,
                Some(text) => Some(text.as_str()?.to_owned()),
            },
        })
    };
    value.as_array()?.iter().map(one).collect()
}

/// A role definition as ARM or `az role definition list` writes it.
pub fn role_definition(value: &Value) -> Option<RoleDefinition> {
    let inside = member(value, "properties").filter(|own| own.is_object()).unwrap_or(value);
    let text = |from: &Value, name: &str| member(from, name).and_then(Value::as_str).map(str::to_owned);
    let kind = text(inside, "roleType").or_else(|| text(inside, "type")).unwrap_or_default();
    Some(RoleDefinition {
        id: text(value, "name").or_else(|| text(value, "id"))?,
        name: text(inside, "roleName").unwrap_or_default(),
        custom: kind.eq_ignore_ascii_case("CustomRole"),
        assignable_scopes: texts(member(inside, "assignableScopes"))?,
        permissions: permissions(member(inside, "permissions")?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn two_shapes_of_one_role() {
        let permissions = json!([{ "actions": ["*/read"], "notActions": [], "condition": null }]);
        let arm = json!({ "name": "g", "type": "Microsoft.Authorization/roleDefinitions",
            "properties": { "roleName": "R", "type": "CustomRole", "assignableScopes": ["/"], "permissions": permissions } });
        let az = json!({ "name": "g", "roleName": "R", "roleType": "CustomRole", "assignableScopes": ["/"],
            "permissions": permissions, "type": "Microsoft.Authorization/roleDefinitions" });
        let role = role_definition(&arm).unwrap();
        assert_eq!(Some(&role), role_definition(&az).as_ref());
        assert!(role.custom && role.permissions[0].actions == ["*/read"]);
    }

    #[test]
    fn half_a_permission_is_none() {
        assert_eq!(permissions(&json!([{ "actions": "*" }])), None);
        assert_eq!(permissions(&json!([{ "actions": [1] }])), None);
        assert_eq!(permissions(&json!([{ "condition": 1 }])), None);
        assert_eq!(permissions(&json!({})), None);
        assert_eq!(permissions(&json!([{}])), Some(vec![Permission::default()]));
    }
}
