//! What there is to choose from: providers with their types, locations, names of tags, categories of logs.

use crate::azure::{Azure, Call};
use crate::id;
use crate::policy;
use crate::types;
use crate::wire::Response;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Regions: name, display name, geography.
const LOCATIONS: &[(&str, &str, &str)] = &[
    ("eastus", "East US", "US"),
    ("eastus2", "East US 2", "US"),
    ("westus2", "West US 2", "US"),
    ("northeurope", "North Europe", "Europe"),
    ("westeurope", "West Europe", "Europe"),
    ("germanywestcentral", "Germany West Central", "Europe"),
    ("swedencentral", "Sweden Central", "Europe"),
    ("uksouth", "UK South", "Europe"),
    ("southeastasia", "Southeast Asia", "Asia Pacific"),
    ("australiaeast", "Australia East", "Asia Pacific"),
];

/// The log categories of those types that send logs to diagnostic settings.
const CATEGORIES: &[(&str, &[&str])] = &[
    (
        types::WORKSPACE,
        &[
            "AmlComputeClusterEvent",
            "AmlComputeInstanceEvent",
            "DataStoreChangeEvent",
            "DataStoreReadEvent",
            "ModelsActionEvent",
        ],
    ),
    ("microsoft.storage/storageaccounts/blobservices", DATA),
    ("microsoft.storage/storageaccounts/fileservices", DATA),
    ("microsoft.storage/storageaccounts/queueservices", DATA),
    ("microsoft.storage/storageaccounts/tableservices", DATA),
    ("microsoft.keyvault/vaults", &["AuditEvent", "AzurePolicyEvaluationDetails"]),
    (
        "microsoft.containerregistry/registries",
        &["ContainerRegistryLoginEvents", "ContainerRegistryRepositoryEvents"],
    ),
];
const DATA: &[&str] = &["StorageRead", "StorageWrite", "StorageDelete"];

impl Azure {
    /// Answers what is asked before anything else is; nothing when the path is none of these.
    pub(super) fn catalogue(&mut self, call: &Call<'_>, lower: &str) -> Option<Result<Response, Response>> {
        let get = call.r.method == "GET";
        let under = |tail: &str| lower.strip_suffix(tail).and_then(|head| call.path.get(..head.len()));
        if let Some(answer) = provider_path(call, lower) {
            return Some(answer);
        }
        let categories = "/providers/microsoft.insights/diagnosticsettingscategories";
        if let Some(host) = under(categories).filter(|_| get) {
            return Some(self.categories(call, host));
        }
        let scope = under("/locations").or_else(|| under("/tagnames")).filter(|_| get)?;
        if id::type_of(scope) != types::SUBSCRIPTION {
            return None;
        }
        if self.store.get(scope).is_none() {
            return Some(Err(self.not_found(&id::parse(scope), "read")));
        }
        let scope = scope.to_owned();
        let (noun, value) = if lower.ends_with("/tagnames") {
            ("tagNames", self.tag_names(&scope))
        } else {
            ("locations", locations(&scope).collect())
        };
        let allowed = self.authorize(call, &format!("Microsoft.Resources/subscriptions/{noun}/read"), &scope);
        Some(allowed.map(|()| Response::json(200, &json!({ "value": value }))))
    }

    /// The categories of logs that a resource sends.
    fn categories(&mut self, call: &Call<'_>, host: &str) -> Result<Response, Response> {
        super::row("Microsoft.Insights/diagnosticSettings", call)?;
        self.authorize(call, "Microsoft.Insights/diagnosticSettingsCategories/read", host)?;
        if !self.exists(host) {
            return Err(self.not_found(&id::parse(host), "read"));
        }
        let kind = id::type_of(host);
        let own = CATEGORIES.iter().find(|(of, _)| *of == kind).map_or(&[][..], |(_, own)| own);
        let of = |name: &&str| {
            let id = format!("{host}/providers/microsoft.insights/diagnosticSettingsCategories/{name}");
            json!({ "id": id, "name": name, "type": "Microsoft.Insights/diagnosticSettingsCategories",
                "properties": { "categoryType": "Logs", "categoryGroups": ["allLogs"] } })
        };
        Ok(Response::json(200, &json!({ "value": own.iter().map(of).collect::<Vec<_>>() })))
    }

    /// Every name of a tag in a subscription, how often it is used, and with which values.
    fn tag_names(&self, scope: &str) -> Vec<Value> {
        let mut names: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        let lower = scope.to_ascii_lowercase();
        for kind in self.store.types() {
            for (_, resource) in self.store.below(kind, &lower, None) {
                if !resource.body.text().contains("\"tags\"") {
                    continue;
                }
                let value: Value = serde_json::from_str(&resource.body.text()).unwrap_or_default();
                let tags = value.get("tags").and_then(Value::as_object).into_iter().flatten();
                for (name, value) in tags {
                    let values = names.entry(name.clone()).or_default();
                    *values.entry(value.as_str().unwrap_or("").to_owned()).or_default() += 1;
                }
            }
        }
        let count = |own: u64| json!({ "type": "Total", "value": own });
        let named = names.into_iter().map(|(name, values)| {
            let id = format!("{scope}/tagNames/{name}");
            let total = values.values().sum();
            let values: Vec<Value> = values
                .into_iter()
                .map(|(value, own)| json!({ "id": format!("{id}/tagValues/{value}"), "tagValue": value, "count": count(own) }))
                .collect();
            json!({ "id": id, "tagName": name, "count": count(total), "values": values })
        });
        named.collect()
    }
}

/// Where a subscription may have resources.
fn locations(scope: &str) -> impl Iterator<Item = Value> {
    LOCATIONS.iter().map(move |(name, shown, geography)| {
        json!({
            "id": format!("{scope}/locations/{name}"), "name": name, "type": "Region", "displayName": shown,
            "regionalDisplayName": format!("({geography}) {shown}"),
            "metadata": { "regionType": "Physical", "regionCategory": "Recommended", "geographyGroup": geography },
        })
    })
}

/// `…/providers`, `…/providers/NAMESPACE` and its registration, of the tenant or of a subscription.
fn provider_path(call: &Call<'_>, lower: &str) -> Option<Result<Response, Response>> {
    let (scope, rest) = lower.split_once("/providers")?;
    let scope = call.path.get(..scope.len())?;
    if !scope.is_empty() && id::type_of(scope) != types::SUBSCRIPTION {
        return None;
    }
    let mut segments = rest.trim_start_matches('/').split('/');
    let (namespace, then) = (segments.next().unwrap_or(""), segments.next());
    let is_read = call.r.method == "GET" && then.is_none();
    let is_registration = call.r.method == "POST" && then == Some("register");
    if segments.next().is_some() || !(is_read || is_registration) {
        return None;
    }
    let expand = call.r.param("$expand").unwrap_or_default().to_ascii_lowercase();
    let mut all = providers(scope, expand.contains("aliases"));
    if namespace.is_empty() {
        return Some(Ok(Response::json(200, &json!({ "value": all.into_values().collect::<Vec<_>>() }))));
    }
    Some(all.remove(namespace).map(|own| Response::json(200, &own)).ok_or_else(|| {
        let message = format!("The resource namespace '{namespace}' is invalid.");
        Response::error(404, "InvalidResourceNamespace", &message)
    }))
}

/// The providers, by namespace in lower case, each with its types and their api-versions.
fn providers(scope: &str, with_aliases: bool) -> BTreeMap<String, Value> {
    let mut all: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for row in types::TYPES {
        let (namespace, path) = row.name.split_once('/').unwrap_or((row.name, ""));
        let versions = row.known_in();
        let places: Vec<&str> = LOCATIONS.iter().map(|(_, shown, _)| *shown).collect();
        let mut own = json!({ "resourceType": path, "locations": places, "apiVersions": versions,
            "capabilities": capabilities(row) });
        if let (true, Value::Object(map)) = (with_aliases, &mut own) {
            map.insert("aliases".to_owned(), aliases(row.name));
        }
        all.entry(namespace).or_default().push(own);
    }
    let whole = |(namespace, types): (&str, Vec<Value>)| {
        let mut own = Map::new();
        own.insert("id".to_owned(), format!("{scope}/providers/{namespace}").into());
        own.insert("namespace".to_owned(), namespace.into());
        own.insert("registrationPolicy".to_owned(), "RegistrationRequired".into());
        own.insert("resourceTypes".to_owned(), types.into());
        own.insert("registrationState".to_owned(), "Registered".into());
        (namespace.to_ascii_lowercase(), Value::Object(own))
    };
    all.into_iter().map(whole).collect()
}

/// Whether resources of a type have tags and a location, which is what policies of the mode `Indexed` go by.
fn capabilities(row: &types::Type) -> &'static str {
    let facts = policy::knowledge().aliases.type_facts(row.name).and_then(|own| own.indexed);
    let is_indexed = facts.unwrap_or(row.table == types::Table::Resources);
    if is_indexed { "SupportsTags, SupportsLocation" } else { "None" }
}

/// The aliases of a type, as far as they are known.
fn aliases(kind: &str) -> Value {
    let shown = |own: &dekey_policy::Alias| {
        let paths = own.versions.iter();
        let paths =
            paths.map(|(versions, path)| json!({ "path": path.to_string(), "apiVersions": versions }));
        let attributes = if own.modifiable == Some(true) { "Modifiable" } else { "None" };
        json!({ "name": own.name, "type": "NotSpecified", "paths": paths.collect::<Vec<_>>(),
            "defaultPath": own.path.to_string(), "defaultPattern": null,
            "defaultMetadata": { "type": own.token.as_deref().unwrap_or("NotSpecified"), "attributes": attributes } })
    };
    policy::knowledge().aliases.of_type(kind).into_iter().map(shown).collect()
}
