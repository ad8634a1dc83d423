//! Fills the placeholders of a remedy with a resource's own values.

use crate::clean::is_hidden;
use dekey_model::{ArmId, Field, IdentityState, IdentityType, Kind, Resource};

/// The language of a remedy, which decides what a value may look like in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// A shell command.
    Shell,
    /// Bicep or Terraform.
    Code,
    /// Prose.
    Text,
}

/// Stands for a value that cannot be put into a command safely.
const UNUSUAL: &str = "<contains unusual characters: copy it from Azure yourself>";

/// The placeholders of remedies.
const PLACEHOLDERS: [&str; 12] = [
    "id",
    "name",
    "symbol",
    "resource_group",
    "subscription",
    "workspace",
    "workspace_id",
    "parent",
    "parent_id",
    "location",
    "identity_type",
    "identity_type_with_user",
];

/// Fills every known placeholder. Values come from documents that others wrote: one that would not be a plain word in a
/// command is quoted where it stands alone, and otherwise left for the reader to fill in.
pub fn fill(template: &str, resource: Resource<'_>, dialect: Dialect) -> String {
    let mut out = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let name = after.split_once('}').map(|(name, _)| name).filter(|name| PLACEHOLDERS.contains(name));
        if let Some(name) = name {
            let tail = after.get(name.len() + 1..).unwrap_or("");
            let alone = before.ends_with([' ', '\n']) && (tail.is_empty() || tail.starts_with([' ', '\n']));
            match value(name, resource) {
                Some(value) => out.push_str(&written(&value, dialect, alone)),
                None => out.push_str(open(name)),
            }
            rest = tail;
        } else {
            out.push('{');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

pub(crate) fn written(value: &str, dialect: Dialect, alone: bool) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./@:,".contains(c);
    match dialect {
        _ if value.chars().all(plain) => value.to_owned(),
        Dialect::Text => value.chars().filter(|c| !is_hidden(*c)).collect(),
        Dialect::Shell if alone && !value.contains('\'') && !value.chars().any(is_hidden) => {
            format!("'{value}'")
        }
        Dialect::Shell | Dialect::Code => UNUSUAL.to_owned(),
    }
}

/// What the reader puts in where the resource does not tell.
fn open(name: &str) -> &'static str {
    match name {
        "resource_group" => "<resource group>",
        "subscription" => "<id of the subscription>",
        "workspace" => "<name of the workspace>",
        "workspace_id" => "<id of the workspace>",
        "parent" => "<name of what it belongs to>",
        "parent_id" => "<id of what it belongs to>",
        "location" => "<location>",
        _ => UNUSUAL,
    }
}

fn value(name: &str, resource: Resource<'_>) -> Option<String> {
    let id = resource.arm_id();
    let text = match name {
        "id" => resource.id(),
        "name" => resource.name(),
        "symbol" => return Some(symbol(resource.name())),
        "resource_group" => id.resource_group()?,
        "subscription" => id.subscription()?,
        "workspace" => ArmId(workspace_id(resource)?).name(),
        "workspace_id" => workspace_id(resource)?,
        "parent" => ArmId(parent_id(resource)?).name(),
        "parent_id" => parent_id(resource)?,
        "location" => resource.text(Field::Location).non_empty().value()?,
        "identity_type" => with(resource, IdentityType { system: true, user: false }).as_str(),
        "identity_type_with_user" => with(resource, IdentityType { system: false, user: true }).as_str(),
        _ => return None,
    };
    (!text.is_empty()).then(|| text.to_owned())
}

/// The workspace it belongs to, read or not, or else one that uses it: the first in the order of ids.
fn workspace_id(resource: Resource<'_>) -> Option<&str> {
    let is_workspace = |id: &&str| {
        let own = ArmId(id).resource_type();
        own.is_some_and(|own| own.eq_ignore_ascii_case(Kind::Workspace.resource_type()))
    };
    let above = || resource.arm_id().ancestors().find(is_workspace);
    let users = || resource.used_by().map(Resource::id).min_by_key(|id| id.to_ascii_lowercase());
    resource.workspace().map(Resource::id).or_else(above).or_else(users)
}

fn parent_id(resource: Resource<'_>) -> Option<&str> {
    resource.parent().map(Resource::id).or_else(|| resource.arm_id().parent())
}

/// The identity type that keeps what the resource has and adds another.
fn with(resource: Resource<'_>, other: IdentityType) -> IdentityType {
    match resource.identity() {
        IdentityState::Known(own) => {
            IdentityType { system: own.system || other.system, user: own.user || other.user }
        }
        _ => other,
    }
}

/// A name as Bicep and Terraform allow it.
fn symbol(name: &str) -> String {
    let mut out: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if !out.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        out.insert(0, '_');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use dekey_intake::Keep;
    use dekey_model::{Builder, Inventory};
    use dekey_testkit::ids;
    use serde_json::{Value, json};

    fn read(items: Vec<Value>) -> Inventory {
        let items: Vec<Value> = items.into_iter().map(ids::expand_all).collect();
        let mut builder = Builder::new();
        let text = Value::from(items).to_string();
        dekey_intake::read_into(&mut builder, "x", &mut text.as_bytes(), Keep::Facts).unwrap();
        builder.finish()
    }

    fn filled(items: Vec<Value>, of: &str, template: &str) -> String {
        fill(template, read(items).find(&ids::expand(of)).unwrap(), Dialect::Shell)
    }

    const STORAGE: &str = "Microsoft.Storage/storageAccounts";
    const WORKSPACE: &str = "Microsoft.MachineLearningServices/workspaces";

    #[test]
    fn the_workspace_of_a_child_is_told_by_its_id_when_it_was_not_read() {
        let child = json!({ "id": "ws/mlw/onlineEndpoints/e/deployments/d", "properties": {} });
        let text = filled(
            vec![child],
            "ws/mlw/onlineEndpoints/e/deployments/d",
            "{workspace} {parent} {workspace_id}",
        );
        assert_eq!(text, format!("mlw e {}", ids::expand("ws/mlw")));
    }

    #[test]
    fn of_many_users_the_first_by_id_is_named_whatever_came_first() {
        let user = |name: &str| json!({ "id": format!("ws/{name}"), "type": WORKSPACE, "properties": { "storageAccount": "st/s" } });
        let account = || json!({ "id": "st/s", "type": STORAGE, "properties": {} });
        for order in [vec![account(), user("b"), user("A")], vec![user("A"), user("b"), account()]] {
            assert_eq!(filled(order, "st/s", "{workspace}"), "A");
        }
    }

    #[test]
    fn what_a_resource_does_not_tell_is_left_to_the_reader_in_words() {
        let account = json!({ "id": "st/s", "type": STORAGE, "properties": {} });
        let text = filled(vec![account], "st/s", "--workspace {workspace} --location {location}");
        assert_eq!(text, "--workspace <name of the workspace> --location <location>");
        for name in PLACEHOLDERS {
            let word = open(name);
            assert!(word.starts_with('<') && word.ends_with('>'), "{name}");
        }
    }

    #[test]
    fn the_identity_type_keeps_what_is_there() {
        for (own, system, user) in [
            ("None", "SystemAssigned", "UserAssigned"),
            ("SystemAssigned", "SystemAssigned", "SystemAssigned,UserAssigned"),
            ("UserAssigned", "SystemAssigned,UserAssigned", "UserAssigned"),
        ] {
            let workspace =
                json!({ "id": "ws/w", "type": WORKSPACE, "identity": { "type": own }, "properties": {} });
            let text = filled(vec![workspace], "ws/w", "{identity_type} {identity_type_with_user}");
            assert_eq!(text, format!("{system} {user}"));
        }
    }
}
