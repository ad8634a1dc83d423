//! Definitions and initiatives in plain words: what they look at, when they fire, what they do.
//!
//! The words are made from the document itself, so that whatever Azure takes can be told; what has no words of its own is quoted.

mod condition;
mod effect;
mod expression;
mod field;
mod leaf;

use crate::{LoadError, json};
use dekey_expr::Value;
use serde_json::Map;

/// A line of an explanation; what lies below another is one deeper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How deep it lies.
    pub depth: usize,
    /// What it says.
    pub text: String,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterWords {
    /// Its name.
    pub name: String,
    /// The kind of its value, as written.
    pub kind: String,
    /// What its author says of it.
    pub description: String,
    /// Its value where an assignment gives none.
    pub default: Option<Value>,
    /// The values it may have, where they are limited.
    pub allowed: Vec<Value>,
}

/// A policy of an initiative.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberWords {
    /// What it is called within the initiative.
    pub reference: String,
    /// The id of its definition.
    pub definition: String,
    /// What is given to its parameters: name and words.
    pub parameters: Vec<(String, String)>,
    /// The groups it belongs to.
    pub groups: Vec<String>,
}

/// What an explanation is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// A definition.
    Definition {
        /// What it looks at.
        looks_at: String,
        /// When it fires; empty if for everything that it looks at.
        fires_when: Vec<Line>,
        /// What it does then.
        does: Vec<Line>,
    },
    /// An initiative.
    Initiative {
        /// Its policies.
        members: Vec<MemberWords>,
        /// Its groups: name and words.
        groups: Vec<(String, String)>,
    },
}

/// A definition or initiative in plain words.
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    /// Its id; empty where the document has none.
    pub id: String,
    /// Its display name, or its name.
    pub title: String,
    /// What its author says of it.
    pub description: String,
    /// Version, category, and whether it is built in, deprecated or a preview.
    pub facts: Vec<String>,
    /// What it is, in words.
    pub subject: Subject,
    /// Its parameters.
    pub parameters: Vec<ParameterWords>,
}

/// Puts a definition or an initiative into words.
pub fn explain(document: &Value) -> Result<Words, LoadError> {
    if is_of_template(document) {
        let mut words = of_document(&unescaped(document))?;
        words.facts.push("written for a template: `[[` is read as `[`".to_owned());
        return Ok(words);
    }
    of_document(document)
}

/// Whether a document comes out of a template, which would have to be deployed first: its expressions are escaped.
fn is_of_template(value: &Value) -> bool {
    match value {
        Value::String(text) => text.starts_with("[[parameters("),
        Value::Array(items) => items.iter().any(is_of_template),
        Value::Object(map) => map.values().any(is_of_template),
        _ => false,
    }
}

fn unescaped(value: &Value) -> Value {
    match value {
        Value::String(text) => {
            Value::String(text.strip_prefix("[[").map_or_else(|| text.clone(), |rest| format!("[{rest}")))
        }
        Value::Array(items) => items.iter().map(unescaped).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), unescaped(value))).collect(),
        other => other.clone(),
    }
}

fn of_document(document: &Value) -> Result<Words, LoadError> {
    let root = json::object(document, "", "a definition or initiative")?;
    let properties = json::properties(root);
    let parameters = parameters(properties);
    let subject = if let Some(rule) = json::get(properties, "policyRule") {
        // What cannot be read is no policy, however it might be told.
        crate::Definition::parse(document)?;
        definition(json::object(rule, "/properties/policyRule", "a rule")?, properties, &parameters)
    } else if let Some(members) = json::get(properties, "policyDefinitions") {
        crate::Initiative::parse(document)?;
        initiative(members, properties, &parameters)
    } else {
        let message = "there is neither a `policyRule`, as a definition has, nor `policyDefinitions`, as an initiative has";
        return Err(LoadError::new("", message));
    };
    let title = json::string(properties, "displayName").or_else(|| json::string(root, "name"));
    Ok(Words {
        id: json::string(root, "id").unwrap_or_default().to_owned(),
        title: title.unwrap_or("(no name)").to_owned(),
        description: json::string(properties, "description").unwrap_or_default().to_owned(),
        facts: facts(properties),
        subject,
        parameters,
    })
}

/// Puts a single condition into words; what is counted lies deeper.
pub fn condition(condition: &Value) -> Vec<Line> {
    let mut out = Vec::new();
    condition::tell(condition, false, 0, &Cx { types: &[], parameters: &[], counted: None }, &mut out);
    out
}

fn parameters(properties: &Map<String, Value>) -> Vec<ParameterWords> {
    let all = json::get(properties, "parameters").and_then(Value::as_object);
    let one = |(name, own): (&String, &Value)| {
        let own = own.as_object()?;
        let metadata = json::get(own, "metadata").and_then(Value::as_object);
        let says = |key: &str| metadata.and_then(|own| json::string(own, key));
        let allowed = json::get(own, "allowedValues").and_then(Value::as_array);
        Some(ParameterWords {
            name: name.clone(),
            kind: json::string(own, "type").unwrap_or_default().to_owned(),
            description: says("description").or_else(|| says("displayName")).unwrap_or_default().to_owned(),
            default: json::get(own, "defaultValue").cloned(),
            allowed: allowed.cloned().unwrap_or_default(),
        })
    };
    all.into_iter().flatten().filter_map(one).collect()
}

fn facts(properties: &Map<String, Value>) -> Vec<String> {
    let metadata = json::get(properties, "metadata").and_then(Value::as_object);
    let said = |key: &str| metadata.and_then(|own| json::get(own, key));
    let mut facts = Vec::new();
    let version = json::string(properties, "version").or_else(|| said("version").and_then(Value::as_str));
    facts.extend(version.map(|version| format!("version {version}")));
    facts.extend(said("category").and_then(Value::as_str).map(|category| format!("category {category}")));
    match json::string(properties, "policyType") {
        Some(kind) if kind.eq_ignore_ascii_case("BuiltIn") => facts.push("built in".to_owned()),
        Some(kind) if kind.eq_ignore_ascii_case("Static") => {
            facts.push("static: Microsoft evaluates it elsewhere".to_owned());
        }
        _ => {}
    }
    for (key, word) in [("deprecated", "deprecated"), ("preview", "preview")] {
        if said(key).and_then(Value::as_bool) == Some(true) {
            facts.push(word.to_owned());
        }
    }
    facts
}

/// What the words of one document share.
pub(crate) struct Cx<'a> {
    /// The types that the definition looks at, so that their aliases can be told short.
    pub(crate) types: &'a [String],
    pub(crate) parameters: &'a [ParameterWords],
    /// The alias that a count is over, so that its elements can be told as such.
    pub(crate) counted: Option<&'a str>,
}

fn definition(
    rule: &Map<String, Value>,
    properties: &Map<String, Value>,
    parameters: &[ParameterWords],
) -> Subject {
    let empty = Value::Null;
    let condition = json::get(rule, "if").unwrap_or(&empty);
    let scope = condition::Scope::of(condition);
    let cx = Cx { types: &scope.types, parameters, counted: None };
    let mut fires_when = Vec::new();
    condition::tell_rest(&scope, &cx, &mut fires_when);
    let mut does = Vec::new();
    if let Some(then) = json::get(rule, "then").and_then(Value::as_object) {
        effect::tell(then, &cx, &mut does);
    }
    Subject::Definition { looks_at: looks_at(json::string(properties, "mode"), &scope), fires_when, does }
}

/// Mode and types together say what is looked at.
fn looks_at(mode: Option<&str>, scope: &condition::Scope<'_>) -> String {
    let mode = mode.unwrap_or("Indexed");
    let what = match scope.types.as_slice() {
        [] if mode.eq_ignore_ascii_case("all") => {
            "resources of every type, resource groups and subscriptions".to_owned()
        }
        [] => "resources of every type".to_owned(),
        types => format!("resources of type {}", field::list(types, "or", 12)),
    };
    if mode.eq_ignore_ascii_case("all") {
        what
    } else if mode.eq_ignore_ascii_case("indexed") {
        format!("{what}, as far as they have tags and a location (mode Indexed)")
    } else {
        format!("what lies inside of resources, as the mode {mode} sees it: {what}")
    }
}

fn initiative(members: &Value, properties: &Map<String, Value>, parameters: &[ParameterWords]) -> Subject {
    let cx = Cx { types: &[], parameters, counted: None };
    let member = |own: &Value| {
        let own = own.as_object()?;
        let given = json::get(own, "parameters").and_then(Value::as_object);
        let value = |(name, own): (&String, &Value)| {
            let value = own.as_object().and_then(|own| json::get(own, "value")).unwrap_or(&Value::Null);
            (name.clone(), expression::right(value, &cx))
        };
        Some(MemberWords {
            reference: json::string(own, "policyDefinitionReferenceId").unwrap_or_default().to_owned(),
            definition: json::string(own, "policyDefinitionId").unwrap_or_default().to_owned(),
            parameters: given.into_iter().flatten().map(value).collect(),
            groups: json::strings(own, "groupNames"),
        })
    };
    let group = |own: &Value| {
        let own = own.as_object()?;
        let said = |key: &str| json::string(own, key).unwrap_or_default();
        let words: Vec<&str> =
            [said("category"), said("displayName")].into_iter().filter(|own| !own.is_empty()).collect();
        Some((said("name").to_owned(), words.join(" ")))
    };
    let groups = json::get(properties, "policyDefinitionGroups").and_then(Value::as_array);
    Subject::Initiative {
        members: members.as_array().into_iter().flatten().filter_map(member).collect(),
        groups: groups.into_iter().flatten().filter_map(group).collect(),
    }
}
