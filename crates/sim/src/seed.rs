//! Filling an Azure: from documents of any shape, or from the invented tenants.

use crate::azure::Azure;
use crate::body::Body;
use crate::{id, types};
use dekey_intake::{Keep, read_into};
use dekey_model::{Builder, Inventory};
use dekey_tenant::{Children, Tenant, example};
use rayon::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Why an Azure could not be filled.
#[derive(Debug, thiserror::Error)]
#[error(
    "no resource was found in what the simulator was to be filled with; give it an export that dekey audit can read"
)]
pub struct SeedError;

/// From how many workspaces on documents are kept packed: a million of them would take more memory than there is.
const PACKED: u64 = 50_000;
/// How many workspaces are made at once.
const BLOCK: usize = 1024;

/// A resource that is about to be put in its place.
enum Prepared {
    Ready(Ready),
    /// The id of a subscription, and what is known of it.
    Subscription(String, Map<String, Value>),
}

struct Ready {
    id: Box<str>,
    kind: String,
    body: Body,
}

/// Nothing when it is no resource: it has no id.
fn prepared(value: Value, pack: bool) -> Option<Prepared> {
    let Value::Object(mut map) = value else { return None };
    // What dekey adds to the lines of a snapshot.
    map.remove("dekey");
    map.remove("apiVersion");
    let id = map.get("id").and_then(Value::as_str)?.to_owned();
    let kind = id::type_of(&id);
    if kind.is_empty() {
        return None;
    }
    map.entry("name").or_insert_with(|| id::name(&id).into());
    if kind == types::SUBSCRIPTION {
        return Some(Prepared::Subscription(id, map));
    }
    // Resource Graph writes types in lower case.
    if let Some(row) = types::find(&kind).filter(|_| kind != types::GROUP) {
        map.insert("type".to_owned(), row.name.into());
    }
    let text = Value::Object(map).to_string();
    let body = if pack { Body::packed(text) } else { Body::plain(text) };
    Some(Prepared::Ready(Ready { id: id.to_ascii_lowercase().into_boxed_str(), kind, body }))
}

impl Azure {
    /// Puts a resource in its place, as an export has it. False when it is none: it has no id.
    pub fn seed(&mut self, value: Value) -> bool {
        match prepared(value, false) {
            Some(Prepared::Ready(own)) => self.store.seed(own.id, &own.kind, own.body),
            Some(Prepared::Subscription(id, mut map)) => {
                // What an export left out of a subscription, clients insist on.
                let Value::Object(whole) = self.container(&id) else { return false };
                for (name, value) in whole {
                    map.entry(name).or_insert(value);
                }
                self.store.put(&id, Value::Object(map).to_string(), None);
            }
            None => return false,
        }
        true
    }

    /// Puts everything of an inventory in its place; it must have been read with its documents.
    pub fn seed_inventory(&mut self, inventory: &Inventory) -> Result<usize, SeedError> {
        let lines = inventory.resources().filter_map(dekey_intake::canonical_line);
        let values = lines.filter_map(|line| serde_json::from_str(&line).ok());
        let count = values.filter(|value: &Value| self.seed(value.clone())).count();
        self.contain();
        if count == 0 { Err(SeedError) } else { Ok(count) }
    }

    /// Fills it with the example tenant, Contoso.
    pub fn seed_example(&mut self) -> Result<usize, SeedError> {
        let mut builder = Builder::new();
        for file in example::files() {
            // Reading from memory does not fail; what cannot be understood is a note of the inventory.
            let _ = read_into(&mut builder, file.name, &mut file.text.as_bytes(), Keep::Raw);
        }
        self.seed_inventory(&builder.finish())
    }

    /// Fills it with an invented tenant of so many workspaces, everything that belongs to them included.
    pub fn seed_workspaces(&mut self, seed: u64, workspaces: u64) -> usize {
        let tenant = Tenant::generate(seed, workspaces).with_children(Children::All);
        let pack = workspaces >= PACKED;
        let mut count = 0;
        for start in (0..workspaces).step_by(BLOCK) {
            let block = (start..workspaces.min(start + BLOCK as u64)).into_par_iter();
            let made: Vec<Prepared> = block
                .flat_map_iter(|at| tenant.bundle(at).items)
                .filter_map(|(_, value)| prepared(value, pack))
                .collect();
            count += made.len();
            for own in made {
                match own {
                    Prepared::Ready(own) => self.store.seed(own.id, &own.kind, own.body),
                    Prepared::Subscription(_, map) => {
                        self.seed(Value::Object(map));
                    }
                }
            }
        }
        self.contain();
        count
    }

    /// Adds the containers that something lies in but that nobody described, and the root management group.
    fn contain(&mut self) {
        let mut missing = BTreeSet::new();
        for kind in self.store.types() {
            for (own, _) in self.store.below(kind, "/subscriptions", None) {
                let mut segments = own.split('/');
                let scope: Vec<&str> = segments.by_ref().take(5).collect();
                if let [_, _, subscription, groups, group] = scope.as_slice() {
                    missing.insert(format!("/subscriptions/{subscription}"));
                    if *groups == "resourcegroups" {
                        missing.insert(format!("/subscriptions/{subscription}/resourceGroups/{group}"));
                    }
                }
            }
        }
        for id in missing.into_iter().filter(|id| self.store.get(id).is_none()).collect::<Vec<_>>() {
            let value = self.container(&id);
            self.store.put(&id, value.to_string(), None);
        }
        let tenant = self.options.tenant.clone();
        let root = format!("/providers/Microsoft.Management/managementGroups/{tenant}");
        if self.store.get(&root).is_none() {
            let value = json!({
                "id": root, "type": "Microsoft.Management/managementGroups", "name": tenant,
                "properties": { "tenantId": tenant, "displayName": "Tenant Root Group", "details": { "parent": null } },
            });
            self.store.put(&root, value.to_string(), None);
        }
        self.chain(&tenant);
    }

    fn container(&self, id: &str) -> Value {
        if id.contains("/resourceGroups/") {
            return json!({
                "id": id, "name": id::name(id), "type": "Microsoft.Resources/resourceGroups", "location": "westeurope",
                "properties": { "provisioningState": "Succeeded" },
            });
        }
        json!({
            "id": id, "authorizationSource": "RoleBased", "managedByTenants": [], "subscriptionId": id::name(id),
            "tenantId": self.options.tenant, "displayName": format!("Subscription {}", id::name(id)), "state": "Enabled",
            "subscriptionPolicies": {
                "locationPlacementId": "Public_2014-09-01", "quotaId": "EnterpriseAgreement_2014-09-01", "spendingLimit": "Off",
            },
        })
    }

    /// Says of every subscription which management groups are above it: the root, where nobody said anything else.
    fn chain(&mut self, root: &str) {
        let all: Vec<String> =
            self.store.below(types::SUBSCRIPTION, "", None).map(|(id, _)| id.to_owned()).collect();
        for id in all {
            let Some(mut value) = self.store.value(&id) else { continue };
            let Some(map) = value.as_object_mut() else { continue };
            let properties = map.entry("properties").or_insert_with(|| json!({}));
            if let Some(own) = properties.as_object_mut()
                && !own.contains_key("managementGroupAncestorsChain")
            {
                let chain = json!([{ "displayName": "Tenant Root Group", "name": root }]);
                own.insert("managementGroupAncestorsChain".to_owned(), chain);
                self.store.put(&id, value.to_string(), None);
            }
        }
    }
}
