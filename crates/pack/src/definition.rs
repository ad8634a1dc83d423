//! The definitions.

use crate::Scope;
use crate::list::{EQUIVALENTS, OWN};
use dekey_rules::controls::Control;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// Whose a definition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Ours: it has to be deployed before it can be assigned.
    Own,
    /// Microsoft's, and in every tenant. The document says the same in our own words.
    BuiltIn,
}

/// A definition that enforces a rule.
#[derive(Clone, Debug)]
pub struct PackDefinition {
    /// The id of the rule; the initiative calls the definition by it, too.
    pub rule: &'static str,
    /// Its name: a GUID where it is built in.
    pub name: String,
    /// Whose it is.
    pub origin: Origin,
    /// The definition as an ARM resource, without an id where that depends on the scope.
    pub document: Value,
}

static ALL: LazyLock<Vec<PackDefinition>> = LazyLock::new(|| {
    let read = |origin: Origin| {
        move |&(rule, text): &(&'static str, &str)| {
            // What stands in the folders is JSON: a test reads each.
            let document: Value = serde_json::from_str(text).ok()?;
            let name = document.get("name")?.as_str()?.to_owned();
            Some(PackDefinition { rule, name, origin, document })
        }
    };
    let mut all: Vec<PackDefinition> = OWN.iter().filter_map(read(Origin::Own)).collect();
    all.extend(EQUIVALENTS.iter().filter_map(read(Origin::BuiltIn)));
    all.sort_by_key(|own| own.rule);
    all
});

/// All of them, in order of their rules.
pub fn definitions() -> impl Iterator<Item = &'static PackDefinition> {
    ALL.iter()
}

/// The one that enforces a rule.
pub fn definition(rule: &str) -> Option<&'static PackDefinition> {
    definitions().find(|own| own.rule == rule)
}

impl PackDefinition {
    /// Its id where the pack lives in a scope.
    pub fn id(&self, scope: &Scope) -> String {
        match self.origin {
            Origin::Own => scope.definition(&self.name),
            Origin::BuiltIn => format!("/providers/Microsoft.Authorization/policyDefinitions/{}", self.name),
        }
    }

    /// The whole resource, with its id.
    pub fn resource(&self, scope: &Scope) -> Value {
        let mut all = Map::new();
        all.insert("id".to_owned(), json!(self.id(scope)));
        for (key, value) in self.document.as_object().into_iter().flatten() {
            all.insert(key.clone(), value.clone());
        }
        Value::Object(all)
    }

    /// A property of it.
    pub fn property(&self, name: &str) -> Option<&Value> {
        self.document.get("properties")?.get(name)
    }

    fn text(&self, name: &str) -> &str {
        self.property(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Its display name.
    pub fn title(&self) -> &str {
        self.text("displayName")
    }

    /// What it looks at, and what it cannot see.
    pub fn description(&self) -> &str {
        self.text("description")
    }

    /// Its mode, as Azure names it.
    pub fn mode(&self) -> &str {
        self.text("mode")
    }

    /// Its version; a built-in has its own.
    pub fn version(&self) -> &str {
        let version = self.property("metadata").and_then(|own| own.get("version"));
        version.and_then(Value::as_str).unwrap_or_default()
    }

    /// The parameter of the initiative that is its effect.
    pub fn effect_parameter(&self) -> String {
        format!("effect-{}", self.rule)
    }

    /// Its parameters besides `effect`, which all definitions of the pack share by name.
    pub fn shared_parameters(&self) -> impl Iterator<Item = (&String, &Value)> {
        let all = self.property("parameters").and_then(Value::as_object);
        all.into_iter().flatten().filter(|(name, _)| *name != "effect")
    }

    /// Controls for which a violation is relevant evidence.
    pub fn controls(&self) -> &'static [Control] {
        dekey_rules::by_id(self.rule).map_or(&[], |rule| rule.controls)
    }
}
