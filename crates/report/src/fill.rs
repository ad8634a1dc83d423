//! Fills the placeholders of a remedy with a resource's own values.

use crate::clean::is_hidden;
use dekey_model::{IdentityState, IdentityType, Resource};

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
pub(crate) const PLACEHOLDERS: [&str; 11] = [
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
            out.push_str(&written(&value(name, resource), dialect, alone));
            rest = tail;
        } else {
            out.push('{');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

fn written(value: &str, dialect: Dialect, alone: bool) -> String {
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

fn value(name: &str, resource: Resource<'_>) -> String {
    let id = resource.arm_id();
    let workspace = resource.workspace().or_else(|| resource.used_by().next());
    let parent = resource.parent();
    match name {
        "id" => resource.id().to_owned(),
        "name" => resource.name().to_owned(),
        "symbol" => symbol(resource.name()),
        "resource_group" => id.resource_group().unwrap_or("RESOURCE_GROUP").to_owned(),
        "subscription" => id.subscription().unwrap_or("SUBSCRIPTION").to_owned(),
        "workspace" => workspace.map_or("WORKSPACE", Resource::name).to_owned(),
        "workspace_id" => workspace.map_or("WORKSPACE_ID", Resource::id).to_owned(),
        "parent" => parent
            .map_or_else(|| id.parent().map_or("PARENT", |p| dekey_model::ArmId(p).name()), Resource::name)
            .to_owned(),
        "parent_id" => parent.map(Resource::id).or_else(|| id.parent()).unwrap_or("PARENT_ID").to_owned(),
        "location" => resource.text(dekey_model::Field::Location).value().unwrap_or("LOCATION").to_owned(),
        "identity_type" => wanted_identity(resource).as_str().to_owned(),
        _ => String::new(),
    }
}

/// What the resource has, and a system-assigned identity.
fn wanted_identity(resource: Resource<'_>) -> IdentityType {
    match resource.identity() {
        IdentityState::Known(own) => IdentityType { system: true, ..own },
        _ => IdentityType { system: true, user: false },
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
