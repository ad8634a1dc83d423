//! Initiatives: policies that are assigned together.

use crate::definition::{Parameter, parse_parameters};
use crate::host::Constants;
use crate::language::LANGUAGE;
use crate::{LoadError, json};
use dekey_expr::{Template, Value, text};
use serde_json::Map;

/// An initiative.
#[derive(Clone, Debug)]
pub struct Initiative {
    /// Its resource id; empty if the document has none.
    pub id: String,
    /// Its display name, or its name.
    pub name: String,
    /// Its version, where it has one.
    pub version: Option<String>,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// Its policies.
    pub members: Vec<Member>,
}

/// A policy in an initiative.
#[derive(Clone, Debug)]
pub struct Member {
    /// The id of its definition.
    pub definition: String,
    /// What it is called within the initiative.
    pub reference: String,
    /// The groups it belongs to.
    pub groups: Vec<String>,
    /// The version of the definition that it asks for, such as `1.*.*`.
    pub version: Option<String>,
    parameters: Vec<(String, Template)>,
}

impl Member {
    /// The parameters that it gives its definition.
    pub fn parameter_names(&self) -> impl Iterator<Item = &str> {
        self.parameters.iter().map(|(name, _)| name.as_str())
    }
}

impl Initiative {
    /// Reads an initiative: an ARM resource, a file with `properties`, or the bare properties.
    pub fn parse(document: &Value) -> Result<Initiative, LoadError> {
        let root = json::object(document, "", "an initiative")?;
        let properties = json::properties(root);
        let base = if std::ptr::eq(root, properties) { "" } else { "/properties" };
        let all = json::get(properties, "policyDefinitions").and_then(Value::as_array);
        let all = all.ok_or_else(|| LoadError::new(base, "an initiative needs `policyDefinitions`"))?;
        let member = |(at, own)| member(own, &format!("{base}/policyDefinitions/{at}"));
        let name = json::string(properties, "displayName").or_else(|| json::string(root, "name"));
        Ok(Initiative {
            id: json::string(root, "id").unwrap_or_default().to_owned(),
            name: name.unwrap_or_default().to_owned(),
            version: json::string(properties, "version").map(str::to_owned),
            parameters: parse_parameters(properties, base)?,
            members: all.iter().enumerate().map(member).collect::<Result<_, _>>()?,
        })
    }

    /// The parameters of a member, when the initiative is assigned with some.
    pub fn filled(
        &self,
        member: &Member,
        given: &Map<String, Value>,
    ) -> Result<Map<String, Value>, LoadError> {
        let mut own = Map::new();
        for parameter in &self.parameters {
            if let Some(value) = text::get(given, &parameter.name).or(parameter.default.as_ref()) {
                own.insert(parameter.name.clone(), value.clone());
            }
        }
        let (parameters, about) = (Value::Object(own), Value::Null);
        let host = Constants { parameters: &parameters, about: &about };
        let value = |(name, template): &(String, Template)| {
            let value = template.eval(&host).map_err(|fault| {
                LoadError::new(
                    format!("/policyDefinitions/{}/parameters/{name}", member.reference),
                    fault.to_string(),
                )
            })?;
            Ok((name.clone(), value.into_owned()))
        };
        member.parameters.iter().map(value).collect()
    }
}

fn member(own: &Value, pointer: &str) -> Result<Member, LoadError> {
    let map = json::object(own, pointer, "a policy of an initiative")?;
    let definition = json::string(map, "policyDefinitionId")
        .ok_or_else(|| LoadError::new(pointer, "a policy of an initiative needs a `policyDefinitionId`"))?;
    let parameters = json::get(map, "parameters").and_then(Value::as_object);
    let parameter = |(name, own): (&String, &Value)| {
        let at = format!("{pointer}/parameters/{name}");
        let value = json::object(own, &at, "a parameter")?.get("value").unwrap_or(&Value::Null);
        let template =
            Template::parse(value, &LANGUAGE).map_err(|error| LoadError::expression(&at, error))?;
        Ok((name.clone(), template))
    };
    Ok(Member {
        definition: definition.to_owned(),
        reference: json::string(map, "policyDefinitionReferenceId").unwrap_or_default().to_owned(),
        groups: json::strings(map, "groupNames"),
        version: json::string(map, "definitionVersion").map(str::to_owned),
        parameters: parameters.into_iter().flatten().map(parameter).collect::<Result<_, _>>()?,
    })
}
