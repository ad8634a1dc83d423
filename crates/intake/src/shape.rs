//! Brings the shapes of other tools into plain ARM.
//!
//! The Azure CLI lifts `properties` to the top level; `az ml` writes snake case and words of its own; Resource Graph
//! answers with the columns somebody asked for; PowerShell exports say `ResourceId`. Each is turned into the resource that
//! ARM would have shown, and nothing is made up: what a shape does not carry stays "not read".

use crate::envelope;
use serde_json::{Map, Value, json};

mod azml;
pub(crate) mod record;

/// A resource in plain ARM.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// The document.
    pub value: Value,
    /// Whether absence from the envelope means that there is none.
    pub whole: bool,
}

/// What a document turned out to hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shaped {
    /// Its resources.
    pub resources: Vec<Resource>,
    /// Something that limits what can be said.
    pub remark: Option<String>,
}

impl Shaped {
    fn one(value: Value, whole: bool) -> Self {
        Self { resources: vec![Resource { value, whole }], remark: None }
    }
}

/// Lifted properties that the Azure CLI renames.
const RENAMED: &[(&str, &str)] =
    &[("networkRuleSet", "networkAcls"), ("enableHttpsTrafficOnly", "supportsHttpsTrafficOnly")];

/// Turns one document into resources, or says why it holds none.
pub fn shape(document: &Value, columns: Option<&[String]>, from_graph: bool) -> Result<Shaped, String> {
    if let (Some(columns), Value::Array(row)) = (columns, document) {
        return graph_row(&table_row(columns, row));
    }
    let Value::Object(map) = document else {
        return Err(format!("expected an object, found {}", kind_of(document)));
    };
    if let Some(reason) = not_an_export(map) {
        return Err(reason);
    }
    if let (Some(Value::Object(responses)), true) = (map.get("responses"), map.contains_key("parameters")) {
        return rest_example(responses);
    }
    if let Some(record) = record::shape(map) {
        return Ok(Shaped::one(record, true));
    }
    let (id, resource_type) = (id_of(map), type_of(map));
    if let Some(nested) = nested(map) {
        return with_nested(map, nested, from_graph);
    }
    match (id, resource_type) {
        // A line of a snapshot: brought into shape when it was written.
        (Some(id), _) if is_resource_id(id) && map.get("dekey").is_some_and(Value::is_object) => {
            Ok(Shaped::one(Value::Object(map.clone()), true))
        }
        (Some(id), _) if is_resource_id(id) && azml::speaks(id, map) => azml::shape(id, map),
        (Some(id), given) if is_resource_id(id) => {
            if from_graph || is_graph_row(map, given) {
                graph_row(map)
            } else {
                Ok(Shaped::one(lifted(map), true))
            }
        }
        (Some(id), _) if is_subscription(id, map) => Ok(subscription(id, map)),
        (None, Some(given)) if given.contains('/') => without_id(map, given),
        (Some(_), _) => Err("`id` is not a resource id (expected `/subscriptions/..`)".to_owned()),
        (None, _) if map.contains_key("$schema") => {
            Err("an `az ml` definition without an id: what should be, not what is".to_owned())
        }
        (None, _) => Err("no `id` and no `type`: not an ARM resource".to_owned()),
    }
}

/// The resources inside a document: exports of PSRule put children into `resources`, and pages that were gathered in a list
/// still hold theirs. A list of anything else is a property.
fn nested(map: &Map<String, Value>) -> Option<(&String, &Vec<Value>)> {
    let is_resource = |item: &Value| {
        let own = item.as_object();
        own.is_some_and(|own| id_of(own).or_else(|| type_of(own)).is_some())
    };
    let is_page = id_of(map).or_else(|| type_of(map)).is_none();
    let holds =
        |name: &str| name.eq_ignore_ascii_case("resources") || (is_page && ["value", "data"].contains(&name));
    map.iter().filter(|(name, _)| holds(name)).find_map(|(name, value)| {
        let items = value.as_array().filter(|items| items.iter().any(is_resource))?;
        Some((name, items))
    })
}

/// What a document is without the list of those nested in it, and each of them.
fn with_nested(
    map: &Map<String, Value>,
    (list, items): (&String, &Vec<Value>),
    from_graph: bool,
) -> Result<Shaped, String> {
    let mut shaped = Shaped::default();
    if id_of(map).or_else(|| type_of(map)).is_some() {
        let own = map.iter().filter(|(name, _)| *name != list);
        let own = Value::Object(own.map(|(name, value)| (name.clone(), value.clone())).collect());
        match shape(&own, None, from_graph) {
            Ok(own) => shaped = own,
            Err(reason) => shaped.remark = Some(reason),
        }
    }
    let mut lost = 0;
    for item in items {
        let has_id = item.as_object().and_then(id_of).is_some_and(is_resource_id);
        match has_id.then(|| shape(item, None, from_graph || list == "data")) {
            Some(Ok(inner)) => {
                shaped.resources.extend(inner.resources);
                shaped.remark = shaped.remark.or(inner.remark);
            }
            Some(Err(_)) | None => lost += 1,
        }
    }
    if lost > 0 {
        let reason = "nested resources were not read: no resource id, or a kind that is not known";
        shaped.remark = Some(format!("{lost} of {} {reason}", items.len()));
    }
    match shaped.remark {
        Some(reason) if shaped.resources.is_empty() => Err(reason),
        _ => Ok(shaped),
    }
}

fn is_resource_id(id: &str) -> bool {
    id.starts_with('/') || lacks_slash(id)
}

/// Azure Monitor leaves the leading slash out of the ids of some diagnostic settings, other providers of few more.
pub(crate) fn lacks_slash(id: &str) -> bool {
    let starts = |root: &str| id.get(..root.len()).is_some_and(|start| start.eq_ignore_ascii_case(root));
    starts("subscriptions/") || starts("providers/")
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// The text of a member. PowerShell spells names its own way (`Id`, `Type`).
fn text<'v>(map: &'v Map<String, Value>, name: &str) -> Option<&'v str> {
    let any_case = || map.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|member| member.1);
    map.get(name).or_else(any_case).and_then(Value::as_str)
}

fn has_properties(map: &Map<String, Value>) -> bool {
    map.keys().any(|name| name.eq_ignore_ascii_case("properties"))
}

fn id_of(map: &Map<String, Value>) -> Option<&str> {
    // Only PowerShell spells it like this; in a log, `resourceId` says what a record is about.
    let by_powershell = || map.get("ResourceId").and_then(Value::as_str).filter(|_| type_of(map).is_some());
    text(map, "id").or_else(by_powershell)
}

fn type_of(map: &Map<String, Value>) -> Option<&str> {
    text(map, "type").or_else(|| map.get("ResourceType").and_then(Value::as_str))
}

/// Documents that look like resources but are something else.
fn not_an_export(map: &Map<String, Value>) -> Option<String> {
    let schema = text(map, "$schema").unwrap_or("").to_ascii_lowercase();
    if schema.contains("deploymenttemplate") {
        return Some("an ARM template: what would be deployed, not what is; audit reads exports".to_owned());
    }
    if schema.contains("deploymentparameters") {
        return Some("a parameter file of an ARM template".to_owned());
    }
    if let Some(Value::Object(error)) = map.get("error") {
        let code = error.get("code").and_then(Value::as_str).filter(|c| c.len() < 60 && c.is_ascii());
        return Some(format!("an error answer of Azure ({}): nothing was read", code.unwrap_or("no code")));
    }
    if map.contains_key("terraform_version") || map.contains_key("planned_values") {
        return Some("a Terraform plan or state; audit reads exports of Azure".to_owned());
    }
    None
}

/// Lifted properties go back below `properties`.
fn lifted(map: &Map<String, Value>) -> Value {
    let mut out = Map::new();
    let mut properties = Map::new();
    let has_properties = has_properties(map);
    let is_subscription = text(map, "id").is_some_and(|id| id.trim_matches('/').split('/').count() == 2);
    for (name, value) in map {
        if has_properties || envelope::stays(name, is_subscription) {
            out.insert(name.clone(), value.clone());
        } else {
            let renamed = RENAMED.iter().find(|(cli, _)| cli == name).map_or(name.as_str(), |row| row.1);
            properties.insert(renamed.to_owned(), value.clone());
        }
    }
    // `scope` is envelope in few answers and a property of role and policy assignments.
    if !has_properties && let Some(scope) = out.get("scope").cloned() {
        properties.insert("scope".to_owned(), scope);
    }
    let lifted_any = properties.keys().any(|name| !envelope::is_incidental(name));
    if !has_properties && lifted_any {
        out.insert("properties".to_owned(), Value::Object(properties));
    }
    Value::Object(out)
}

fn is_graph_row(map: &Map<String, Value>, resource_type: Option<&str>) -> bool {
    let lower = resource_type.is_some_and(|t| !t.bytes().any(|b| b.is_ascii_uppercase()));
    // Application Insights itself writes its type in lower case; these two are not columns but lifted properties.
    let is_component = map.contains_key("applicationId") && map.contains_key("applicationType");
    lower && (map.contains_key("subscriptionId") || map.contains_key("resourceGroup") && !is_component)
}

/// A row of Resource Graph: `properties_x` columns are single properties that somebody projected.
fn graph_row(map: &Map<String, Value>) -> Result<Shaped, String> {
    if !id_of(map).is_some_and(is_resource_id) {
        return Err("a Resource Graph row without `id`: add `id` to the query's projection".to_owned());
    }
    let mut out = Map::new();
    let mut single = Map::new();
    for (name, value) in map {
        match name.strip_prefix("properties_") {
            Some(path) => insert_path(&mut single, path, value),
            None => {
                out.insert(name.clone(), value.clone());
            }
        }
    }
    if !single.is_empty() && !has_properties(&out) {
        // Not the whole block: the marker keeps absent properties "not read".
        return Ok(Shaped { resources: vec![projected(out, single)], remark: None });
    }
    Ok(Shaped::one(Value::Object(out), false))
}

fn insert_path(into: &mut Map<String, Value>, path: &str, value: &Value) {
    match path.split_once('_') {
        Some((name, rest)) => {
            if let Value::Object(inner) = into.entry(name).or_insert_with(|| json!({})) {
                insert_path(inner, rest, value);
            }
        }
        None => {
            into.insert(path.to_owned(), value.clone());
        }
    }
}

/// A row of which only single properties are known.
fn projected(mut row: Map<String, Value>, properties: Map<String, Value>) -> Resource {
    row.insert("properties".to_owned(), Value::Object(properties));
    row.insert("dekey".to_owned(), json!({ "partial": true, "sparse": true }));
    Resource { value: Value::Object(row), whole: false }
}

fn table_row(columns: &[String], row: &[Value]) -> Map<String, Value> {
    columns.iter().cloned().zip(row.iter().cloned()).collect()
}

/// An example of the REST specifications: the bodies of its answers.
fn rest_example(responses: &Map<String, Value>) -> Result<Shaped, String> {
    let bodies = responses.values().filter_map(|response| response.get("body"));
    let mut shaped = Shaped::default();
    for body in bodies {
        let items = match body.get("value") {
            Some(Value::Array(items)) => items.as_slice(),
            _ => std::slice::from_ref(body),
        };
        for inner in items.iter().filter_map(|item| shape(item, None, false).ok()) {
            shaped.resources.extend(inner.resources);
        }
    }
    if shaped.resources.is_empty() {
        return Err("a REST example whose answers hold no resource".to_owned());
    }
    Ok(shaped)
}

fn is_subscription(id: &str, map: &Map<String, Value>) -> bool {
    id.len() == 36
        && map.contains_key("tenantId")
        && (map.contains_key("cloudName") || map.contains_key("isDefault"))
}

/// `az account list` names a subscription by its bare GUID, and leaves its tags out.
fn subscription(id: &str, map: &Map<String, Value>) -> Shaped {
    let name = map.get("name").cloned().unwrap_or_default();
    let value = json!({
        "id": format!("/subscriptions/{id}"),
        "type": "Microsoft.Resources/subscriptions",
        "name": id,
        "displayName": name,
    });
    Shaped::one(value, false)
}

/// A resource that names its type and itself, but not where it is.
fn without_id(map: &Map<String, Value>, resource_type: &str) -> Result<Shaped, String> {
    let Some(name) = text(map, "name").or_else(|| text(map, "ResourceName")).filter(|n| !n.is_empty()) else {
        return Err("a resource without `id` and without `name`".to_owned());
    };
    if name.starts_with('[') {
        return Err("a resource of an ARM template: what would be deployed, not what is".to_owned());
    }
    let mut types = resource_type.split('/');
    let mut id = format!("/providers/{}", types.next().unwrap_or(""));
    let names: Vec<&str> = name.split('/').collect();
    let mut names = names.iter();
    for part in types {
        let Some(name) = names.next() else {
            return Err("its name has fewer parts than its type".to_owned());
        };
        id.extend(["/", part, "/", name]);
    }
    let mut value = lifted(map);
    if let Value::Object(out) = &mut value {
        out.insert("id".to_owned(), Value::String(id));
    }
    let remark = "a resource without `id`: its subscription and resource group are not known".to_owned();
    Ok(Shaped { resources: vec![Resource { value, whole: true }], remark: Some(remark) })
}
