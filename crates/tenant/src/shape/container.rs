//! Subscriptions and resource groups, and the shapes into which the Azure CLI and Resource Graph turn any resource.

use super::{TENANT, Wire, name_of, put, segment};
use serde_json::{Map, Value, json};

/// A subscription, as `GET /subscriptions` lists it.
pub(crate) fn subscription(id: &str, name: &str, tags: Wire) -> Value {
    let base = json!({
        "id": id,
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": name_of(id),
        "tenantId": TENANT,
        "displayName": name,
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "EnterpriseAgreement_2014-09-01",
            "spendingLimit": "Off",
        },
    });
    put(base, "", [("tags", tags)])
}

/// A resource group, as `az group list` and ARM list it.
pub(crate) fn resource_group(id: &str, location: &str, tags: Wire) -> Value {
    let base = json!({
        "id": id,
        "name": name_of(id),
        "type": "Microsoft.Resources/resourceGroups",
        "location": location,
        "managedBy": null,
    });
    put(base, "", [("tags", tags), ("properties", Some(json!({ "provisioningState": "Succeeded" })))])
}

/// As the Azure CLI prints a resource: properties lifted to the top under their Python names, the resource group added,
/// absent properties as `null`, and everything sorted.
pub(crate) fn lift(resource: Value, names: &[(&str, &str)], nulls: &[&str]) -> Value {
    let Value::Object(mut envelope) = resource else { return resource };
    let mut flat = Map::new();
    if let Some(Value::Object(properties)) = envelope.remove("properties") {
        for (name, value) in properties {
            let renamed = names.iter().find(|(arm, _)| *arm == name).map_or(name.as_str(), |(_, az)| az);
            flat.insert(renamed.to_owned(), value);
        }
    }
    let group = envelope.get("id").and_then(Value::as_str).map(|id| segment(id, "resourceGroups").to_owned());
    flat.insert("resourceGroup".to_owned(), group.filter(|g| !g.is_empty()).into());
    flat.extend(envelope);
    for name in nulls {
        flat.entry(*name).or_insert(Value::Null);
    }
    flat.sort_keys();
    Value::Object(flat)
}

/// As a row of a Resource Graph answer without a projection: the type in lower case, every column there.
pub(crate) fn graph_row(resource: Value) -> Value {
    let Value::Object(mut envelope) = resource else { return resource };
    let id = envelope.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let kind = envelope.get("type").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    let mut take = |name: &str| envelope.remove(name).unwrap_or(Value::Null);
    json!({
        "id": id,
        "name": name_of(&id),
        "type": kind,
        "tenantId": TENANT,
        "kind": take("kind"),
        "location": take("location"),
        "resourceGroup": segment(&id, "resourceGroups").to_ascii_lowercase(),
        "subscriptionId": segment(&id, "subscriptions"),
        "managedBy": "",
        "sku": take("sku"),
        "plan": null,
        "properties": take("properties"),
        "tags": take("tags"),
        "identity": take("identity"),
        "zones": null,
        "extendedLocation": null,
    })
}

/// What `az graph query` prints.
pub(crate) fn graph_answer(rows: &[Value]) -> Value {
    json!({ "count": rows.len(), "data": rows, "skip_token": null, "total_records": rows.len() })
}
