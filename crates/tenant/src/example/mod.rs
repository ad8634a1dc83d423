//! Contoso: a small tenant that tells a story, as three people exported it with the tools they had at hand.
//!
//! The tables are meant to be read; `examples/contoso/README.md` is their summary. Whatever a check can say of a resource,
//! some resource here makes it say: that it is wrong, that it is right, that it cannot be judged.

mod coverage;
mod data;
mod dependents;
mod directory;
mod governance;
mod serving;
mod workspaces;
mod world;

use crate::shape::{authorization, container, keyvault, registry, storage, texts};
use serde_json::{Value, json};
use std::io;
use std::path::Path;
use world::{GROUPS, Sub};

/// A file of the example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: &'static str,
    /// What stands in it.
    pub text: String,
}

fn file(name: &'static str, value: &Value) -> File {
    // Values print without fail.
    File { name, text: format!("{value:#}\n") }
}

/// A page of an ARM list.
fn page(items: impl Into<Value>) -> Value {
    json!({ "value": items.into() })
}

/// Every file, in the order of names within each subscription.
pub fn files() -> Vec<File> {
    let mut all = vec![
        file("directory.json", &page(directory::everybody())),
        file("manifest.json", &coverage::manifest()),
        file("policy-definitions.json", &page(governance::definitions())),
        file("subscriptions.json", &page(subscriptions())),
    ];
    all.extend(prod());
    all.extend(dev());
    all.extend(research());
    all
}

fn subscriptions() -> Vec<Value> {
    Sub::ALL
        .into_iter()
        .map(|sub| container::subscription(&sub.id(), sub.name(), Some(texts(sub.tags().iter().copied()))))
        .collect()
}

fn groups(sub: Sub) -> Vec<Value> {
    let of_sub = GROUPS.iter().filter(|group| group.sub == sub && group.exported);
    of_sub
        .map(|group| {
            container::resource_group(&group.id(), group.location, Some(texts(group.tags.iter().copied())))
        })
        .collect()
}

fn workspaces_of(sub: Sub) -> Vec<Value> {
    workspaces::of(sub).map(|row| row.to_json()).collect()
}

fn policy(sub: Sub) -> Vec<Value> {
    let mut all = governance::assignments(sub);
    all.extend(governance::exemptions(sub));
    all
}

fn az(items: Vec<Value>, shape: fn(Value) -> Value) -> Value {
    items.into_iter().map(shape).collect()
}

/// Production, by `az` where it has a list command and `az rest` where not.
fn prod() -> Vec<File> {
    let sub = Sub::Prod;
    vec![
        file("prod-components.json", &page(dependents::components(sub))),
        file("prod-computes.json", &Value::Array(serving::computes(sub))),
        file("prod-connections.json", &Value::Array(data::connections(sub))),
        file("prod-datastores.json", &Value::Array(data::datastores(sub))),
        file("prod-diagnostics.json", &Value::Array(governance::logs(sub))),
        file("prod-endpoints.json", &Value::Array(serving::endpoints(sub))),
        file("prod-groups.json", &Value::Array(groups(sub))),
        file("prod-identities.json", &az(governance::identities(sub), authorization::az_identity)),
        file("prod-policy.json", &page(policy(sub))),
        file("prod-registries.json", &az(dependents::registries(sub), registry::az)),
        file("prod-registry-tokens.json", &page(dependents::tokens(sub))),
        file("prod-role-assignments.json", &Value::Array(governance::roles(sub))),
        file("prod-storage.json", &az(dependents::accounts(sub), storage::az)),
        file("prod-vaults.json", &page(dependents::vaults(sub))),
        file("prod-workspaces.json", &page(workspaces_of(sub))),
    ]
}

/// Development, by somebody who knows REST; but the vaults come from `az keyvault list`, which leaves everything out.
fn dev() -> Vec<File> {
    let sub = Sub::Dev;
    let vaults: Value = dependents::vaults(sub).iter().map(keyvault::az).collect();
    vec![
        file("dev-components.json", &page(dependents::components(sub))),
        file("dev-computes.json", &page(serving::computes(sub))),
        file("dev-connections.json", &page(data::connections(sub))),
        file("dev-datastores.json", &page(data::datastores(sub))),
        file("dev-diagnostics.json", &page(governance::logs(sub))),
        file("dev-endpoints.json", &page(serving::endpoints(sub))),
        file("dev-groups.json", &page(groups(sub))),
        file("dev-identities.json", &page(governance::identities(sub))),
        file("dev-policy.json", &page(policy(sub))),
        file("dev-registries.json", &page(dependents::registries(sub))),
        file("dev-registry-tokens.json", &page(dependents::tokens(sub))),
        file("dev-role-assignments.json", &Value::Array(governance::roles(sub))),
        file("dev-storage.json", &page(dependents::accounts(sub))),
        file("dev-vaults.json", &vaults),
        file("dev-workspaces.json", &page(workspaces_of(sub))),
    ]
}

/// Research, by one Resource Graph query, and what Resource Graph does not know by REST.
fn research() -> Vec<File> {
    let sub = Sub::Research;
    let resources = [
        workspaces_of(sub),
        dependents::accounts(sub),
        dependents::vaults(sub),
        dependents::registries(sub),
        dependents::components(sub),
        governance::identities(sub),
    ];
    let mut endpoints = serving::endpoints(sub);
    endpoints.retain(|value| {
        value.get("id").and_then(Value::as_str).is_none_or(|id| !id.contains("/deployments/"))
    });
    let rows: Vec<Value> = resources.into_iter().flatten().map(container::graph_row).collect();
    vec![
        file("research-computes.json", &Value::Array(serving::computes(sub))),
        file("research-endpoints.json", &Value::Array(endpoints)),
        file("research-groups.json", &Value::Array(groups(sub))),
        file("research-newest.json", &container::graph_answer(&workspaces::newest())),
        file("research-resources.json", &container::graph_answer(&rows)),
    ]
}

/// The names of the files in a folder that are not what [`files`] gives: stale, missing, or not known.
pub fn differences(folder: &Path) -> io::Result<Vec<String>> {
    let expected = files();
    let mut wrong: Vec<String> = expected
        .iter()
        .filter(|file| std::fs::read_to_string(folder.join(file.name)).ok().as_ref() != Some(&file.text))
        .map(|file| file.name.to_owned())
        .collect();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let json = Path::new(&name).extension().is_some_and(|end| end == "json");
        if json && !expected.iter().any(|file| file.name == name) {
            wrong.push(name);
        }
    }
    Ok(wrong)
}

#[cfg(test)]
mod tests;
