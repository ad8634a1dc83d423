//! The initiative: all definitions, an effect for each, groups for the controls they are evidence for.

use crate::{Choices, PackDefinition, Scope, definitions};
use dekey_rules::controls::Control;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The name of the initiative.
pub const NAME: &str = "dekey";

/// The version of the initiative. A test holds its content against it.
pub const VERSION: &str = "1.0.0";

/// The initiative for a scope in which the definitions live.
pub fn initiative(scope: &Scope, choices: &Choices) -> Value {
    let members: Vec<Value> = definitions().map(|own| member(own, scope)).collect();
    json!({
        "id": scope.initiative(NAME),
        "name": NAME,
        "type": "Microsoft.Authorization/policySetDefinitions",
        "properties": {
            "displayName": "Machine Learning without static keys (dekey)",
            "description": "What dekey audits, as far as Azure Policy can evaluate it: identities, credentials of datastores and \
                connections, keys of endpoints, and what lies around workspaces. Each policy has an effect of its own: Audit, \
                Deny or Disabled.",
            "policyType": "Custom",
            "metadata": { "version": VERSION, "category": "Machine Learning" },
            "parameters": parameters(choices),
            "policyDefinitionGroups": groups(),
            "policyDefinitions": members,
        },
    })
}

fn parameters(choices: &Choices) -> Map<String, Value> {
    let mut all = Map::new();
    for own in definitions() {
        for (name, parameter) in own.shared_parameters() {
            let mut parameter = parameter.clone();
            if let (Some(default), Some(map)) = (choices.default_of(name), parameter.as_object_mut()) {
                map.insert("defaultValue".to_owned(), default);
            }
            all.entry(name.clone()).or_insert(parameter);
        }
    }
    for own in definitions() {
        let effect = json!({
            "type": "String",
            "metadata": { "displayName": format!("Effect of {}", own.rule), "description": own.title() },
            "allowedValues": ["Audit", "Deny", "Disabled"],
            "defaultValue": "Audit",
        });
        all.insert(own.effect_parameter(), effect);
    }
    all
}

fn member(own: &PackDefinition, scope: &Scope) -> Value {
    let mut parameters = Map::new();
    parameters.insert(
        "effect".to_owned(),
        json!({ "value": format!("[parameters('{}')]", own.effect_parameter()) }),
    );
    for (name, _) in own.shared_parameters() {
        parameters.insert(name.clone(), json!({ "value": format!("[parameters('{name}')]") }));
    }
    let groups: Vec<String> = own.controls().iter().map(group_name).collect();
    json!({
        "policyDefinitionId": own.id(scope),
        "policyDefinitionReferenceId": own.rule,
        "parameters": parameters,
        "groupNames": groups,
    })
}

/// A group for each control of each version of a framework.
fn groups() -> Vec<Value> {
    let mut all: BTreeMap<String, (&Control, BTreeMap<&str, Vec<&str>>)> = BTreeMap::new();
    for own in definitions() {
        for control in own.controls() {
            let (_, sources) = all.entry(group_name(control)).or_insert_with(|| (control, BTreeMap::new()));
            sources.entry(control.source.as_str()).or_default().push(own.rule);
        }
    }
    let group = |(name, (control, sources)): (String, (&Control, BTreeMap<&str, Vec<&str>>))| {
        json!({
            "name": name,
            "displayName": control.id,
            "category": control.framework,
            "description": description(&sources),
        })
    };
    all.into_iter().map(group).collect()
}

/// Where mappings come from. That some are our own judgement must not get lost on the way.
fn description(sources: &BTreeMap<&str, Vec<&str>>) -> String {
    let part = |(source, rules): (&&str, &Vec<&str>)| {
        let count =
            if rules.len() == 1 { "1 policy".to_owned() } else { format!("{} policies", rules.len()) };
        format!("{source} ({count})")
    };
    let parts: Vec<String> = sources.iter().map(part).collect();
    format!("Relevant evidence, never proof. Mapped by: {}.", parts.join(", "))
}

/// The name of a control's group: letters, digits and hyphens of framework and control.
fn group_name(control: &Control) -> String {
    let mut name = String::new();
    for c in format!("{} {}", control.framework, control.id).chars() {
        match c {
            c if c.is_ascii_alphanumeric() || c == '.' => name.push(c),
            _ if name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    name.trim_matches('-').to_owned()
}
