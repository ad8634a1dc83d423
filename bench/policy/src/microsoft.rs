//! regorus, as its own tests drive it.

use dekey_expr::Value as Json;
use regorus::languages::azure_policy::aliases::AliasRegistry;
use regorus::languages::azure_policy::aliases::normalizer::normalize;
use regorus::languages::azure_policy::{compiler, parser};
use regorus::rvm::RegoVM;
use regorus::{Rc, Source, Value};
use std::collections::BTreeMap;

/// Aliases by name, with where each is.
pub(crate) fn registry(aliases: &[(String, String)]) -> Rc<AliasRegistry> {
    let mut namespaces: BTreeMap<&str, BTreeMap<&str, Vec<Json>>> = BTreeMap::new();
    for (name, path) in aliases {
        let head = name.split('[').next().unwrap_or(name);
        let Some((kind, _)) = head.rsplit_once('/') else { continue };
        let Some((namespace, kind)) = kind.split_once('/') else { continue };
        let entry = serde_json::json!({ "name": name, "defaultPath": path, "paths": [],
            "defaultMetadata": { "type": "Any", "attributes": "Modifiable" } });
        namespaces.entry(namespace).or_default().entry(kind).or_default().push(entry);
    }
    let kinds = |kinds: BTreeMap<&str, Vec<Json>>| -> Vec<Json> {
        let one = |(kind, aliases)| serde_json::json!({ "resourceType": kind, "aliases": aliases });
        kinds.into_iter().map(one).collect()
    };
    let all: Vec<Json> = namespaces
        .into_iter()
        .map(|(namespace, own)| serde_json::json!({ "namespace": namespace, "resourceTypes": kinds(own) }))
        .collect();
    let mut registry = AliasRegistry::new();
    registry.load_from_json(&Json::Array(all).to_string()).expect("a table of aliases");
    Rc::new(registry)
}

/// What regorus says of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// The rule holds, with this effect.
    Effect(String),
    /// It does not.
    Nothing,
    /// The evaluation broke off.
    Error(String),
}

/// A policy compiled by regorus.
pub(crate) struct Theirs {
    vm: RegoVM,
    awaits: bool,
}

impl Theirs {
    /// Compiles a definition. Names that no table has are read as paths where `loose`.
    pub(crate) fn compile(
        definition: &str,
        aliases: &Rc<AliasRegistry>,
        loose: bool,
    ) -> Result<Theirs, String> {
        // It takes no line of more than 8192 characters.
        let document: Json = serde_json::from_str(definition).map_err(|error| error.to_string())?;
        let definition = serde_json::to_string_pretty(&document).map_err(|error| error.to_string())?;
        let source = Source::from_contents("definition".to_owned(), definition.clone());
        let source = source.map_err(|error| error.to_string())?;
        let parsed =
            parser::parse_policy_definition(&source).map_err(|error| last_line(&error.to_string()))?;
        let program =
            compiler::compile_policy_definition_with_aliases_opts(&parsed, Rc::clone(aliases), loose)
                .map_err(|error| last_line(&error.to_string()))?;
        let mut vm = RegoVM::new();
        vm.load_program(program);
        vm.set_context(context());
        Ok(Theirs { vm, awaits: definition.to_ascii_lowercase().contains("ifnotexists") })
    }

    /// Judges a resource that [`input`] made ready. Nothing related to it exists.
    pub(crate) fn judge(&mut self, input: &Value) -> Said {
        self.vm.set_input(input.clone());
        if self.awaits {
            let key = Value::from("azure.policy.existence_check");
            self.vm.set_host_await_responses([(key, vec![Value::Null])]);
        }
        match self.vm.execute_entry_point_by_name("main") {
            Err(error) => Said::Error(error.to_string()),
            Ok(Value::Undefined) => Said::Nothing,
            Ok(value) => {
                let effect = value.as_object().ok().and_then(|own| own.get(&Value::from("effect")).cloned());
                let effect = effect.unwrap_or(value);
                match effect {
                    Value::String(name) => Said::Effect(name.to_string()),
                    other => Said::Effect(other.to_string()),
                }
            }
        }
    }
}

fn context() -> Value {
    let text = r#"{ "utcNow": "2026-11-23T00:00:00Z",
        "resourceGroup": { "id": "/subscriptions/s/resourceGroups/g", "name": "g", "location": "eastus", "tags": { "env": "prod" } },
        "subscription": { "id": "/subscriptions/s", "subscriptionId": "s", "tenantId": "t", "displayName": "S", "tags": {} },
        "requestContext": { "apiVersion": "2024-01-01", "identity": {} } }"#;
    Value::from_json_str(text).expect("a context")
}

/// The text of a resource as regorus wants it.
pub(crate) fn input(resource: &str, aliases: &AliasRegistry, parameters: &Value) -> Value {
    let raw = Value::from_json_str(resource).expect("a resource");
    let mut normal = normalize(&raw, Some(aliases), None);
    if let Ok(map) = normal.as_object_mut()
        && map.get(&Value::from("fullname")).is_none()
        && let Some(name) = map.get(&Value::from("name")).cloned()
    {
        map.insert(Value::from("fullname"), name);
    }
    with_parameters(normal, parameters)
}

/// A normalised resource with the parameters of a policy.
pub(crate) fn with_parameters(resource: Value, parameters: &Value) -> Value {
    let mut input = Value::new_object();
    if let Ok(map) = input.as_object_mut() {
        map.insert(Value::from("resource"), resource);
        map.insert(Value::from("parameters"), parameters.clone());
    }
    input
}

fn last_line(error: &str) -> String {
    error.lines().last().unwrap_or_default().to_owned()
}
