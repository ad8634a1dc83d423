//! Plans, gates and rings.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

mod gates;
mod lints;
mod observed;
mod plans;
mod rings;

use dekey_plan::rollout::{Target, Wish, plan};
use dekey_plan::{Bound, Gate, Plan, Ring, parse_rings};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

pub(crate) const SUBSCRIPTION: &str = "/subscriptions/5a1e0c7d-0000-4000-8000-000000000001";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn definition(name: &str, effects: &[&str]) -> Value {
    let effect = if effects.len() == 1 { effects[0].to_owned() } else { "[parameters('effect')]".to_owned() };
    json!({ "name": name, "properties": {
        "displayName": name, "mode": "Indexed",
        "parameters": { "effect": { "type": "String", "allowedValues": effects, "defaultValue": effects[0] } },
        "policyRule": {
            "if": { "allOf": [
                { "field": "type", "equals": "Microsoft.Storage/storageAccounts" },
                { "field": "Microsoft.Storage/storageAccounts/allowSharedKeyAccess", "notEquals": false },
            ] },
            "then": { "effect": effect } },
    } })
}

pub(crate) fn initiative(members: &[&str]) -> Value {
    let member = |name: &&str| {
        json!({ "policyDefinitionReferenceId": name,
        "policyDefinitionId": format!("/providers/Microsoft.Authorization/policyDefinitions/{name}") })
    };
    let members: Vec<Value> = members.iter().map(member).collect();
    json!({ "name": "no-keys", "properties": { "displayName": "No keys", "policyDefinitions": members } })
}

pub(crate) fn target(documents: &[Value]) -> Target {
    Target::read(documents, SUBSCRIPTION, &|_| None).unwrap()
}

pub(crate) fn locations() -> Vec<Ring> {
    parse_rings("[[rings]]\nname = \"first\"\nlocations = [\"North Europe\"]\n[[rings]]\nname = \"second\"\nlocations = [\"westeurope\"]\n").unwrap()
}

pub(crate) fn wish(target: Target, rings: Vec<Ring>) -> Wish {
    let made_at = at("2026-11-23T08:00:00Z");
    Wish {
        name: "no-keys".to_owned(),
        title: "No keys".to_owned(),
        message: "Keys are off.".to_owned(),
        scope: SUBSCRIPTION.to_owned(),
        target,
        rings,
        deny: true,
        gate: Gate { rate: 950, days: 7, accept_not_judged: false },
        parameters: Map::new(),
        excuses: None,
        made_at,
        parent: None,
        inventory: Bound { hash: "sha256:0".to_owned(), resources: 2, read_at: Some(made_at) },
    }
}

pub(crate) fn planned() -> Plan {
    let target =
        target(&[initiative(&["a", "b"]), definition("a", &["Audit", "Deny"]), definition("b", &["Deny"])]);
    plan(&wish(target, locations()), &|_| None).unwrap()
}

/// A file of rings, each of one location.
pub(crate) fn rings_of<'r>(rings: impl Iterator<Item = (&'r str, &'r [String])>) -> String {
    let one = |(name, locations)| format!("[[rings]]\nname = {name:?}\nlocations = {locations:?}\n");
    rings.map(one).collect::<Vec<String>>().concat()
}

/// So many rings of one location each.
pub(crate) fn some_rings(count: usize) -> String {
    let all: Vec<(String, Vec<String>)> =
        (0..count).map(|n| (format!("r{n}"), vec![format!("l{n}")])).collect();
    rings_of(all.iter().map(|own| (own.0.as_str(), own.1.as_slice())))
}
