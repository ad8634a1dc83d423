//! A policy definition, as it is written.

use crate::condition::Condition;
use crate::language::LANGUAGE;
use crate::operation::Operation;
use crate::{Effect, LoadError, json};
use dekey_expr::{Template, Value, text};
use serde_json::Map;

/// Which resources a definition looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Every type of resource.
    All,
    /// Types that have tags and a location.
    Indexed,
    /// Components of a resource provider, such as `Microsoft.KeyVault.Data`.
    Provider(String),
}

impl Mode {
    fn parse(written: Option<&str>) -> Mode {
        match written {
            None => Mode::Indexed,
            Some(mode) if mode.eq_ignore_ascii_case("all") => Mode::All,
            Some(mode) if mode.eq_ignore_ascii_case("indexed") => Mode::Indexed,
            Some(mode) => Mode::Provider(mode.to_owned()),
        }
    }
}

/// A parameter of a definition or initiative.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// `String`, `Array`, `Object`, `Boolean`, `Integer`, `Float` or `DateTime`, as written.
    pub kind: String,
    /// Its value where the assignment gives none.
    pub default: Option<Value>,
    /// The values it may have, if they are limited. Case matters.
    pub allowed: Option<Vec<Value>>,
}

/// A definition whose expressions were read.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Its resource id; empty if the document has none.
    pub id: String,
    /// Its display name, or its name.
    pub name: String,
    /// Which resources it looks at.
    pub mode: Mode,
    /// Its version, where it has one.
    pub version: Option<String>,
    /// Whether the version is one that Azure counts, and no note in its metadata.
    pub(crate) is_versioned: bool,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    pub(crate) condition: Condition,
    pub(crate) effect: Template,
    pub(crate) details: Details,
    pub(crate) existence: Option<Condition>,
    /// What `modify` and `append` do.
    pub(crate) operations: Vec<Operation>,
}

/// The `details` of the effect by name; expressions in a deployment are left for the deployment.
pub(crate) type Details = Vec<(String, Template)>;

/// What is read of `details`.
#[derive(Default)]
struct Read {
    details: Details,
    existence: Option<Condition>,
    operations: Vec<Operation>,
}

impl Definition {
    /// Reads a definition: an ARM resource, a file with `properties`, or the bare properties.
    pub fn parse(document: &Value) -> Result<Definition, LoadError> {
        let root = json::object(document, "", "a definition")?;
        let wrapped = json::get(root, "properties").is_some_and(Value::is_object);
        let base = if wrapped { "/properties" } else { "" };
        let properties = json::properties(root);
        let rule = json::get(properties, "policyRule");
        let rule = rule.ok_or_else(|| LoadError::new(base, "a definition needs a `policyRule`"))?;
        let mut definition = Self::parse_rule(rule, &format!("{base}/policyRule"))?;
        json::string(root, "id").unwrap_or_default().clone_into(&mut definition.id);
        let name = json::string(properties, "displayName").or_else(|| json::string(root, "name"));
        name.unwrap_or_default().clone_into(&mut definition.name);
        definition.mode = Mode::parse(json::string(properties, "mode"));
        let metadata = json::get(properties, "metadata").and_then(Value::as_object);
        let version = json::string(properties, "version");
        definition.is_versioned = version.is_some();
        let version = version.or_else(|| metadata.and_then(|metadata| json::string(metadata, "version")));
        definition.version = version.map(str::to_owned);
        definition.parameters = parse_parameters(properties, base)?;
        Ok(definition)
    }

    /// Reads a bare rule, `if` and `then`.
    pub fn parse_rule(rule: &Value, pointer: &str) -> Result<Definition, LoadError> {
        let map = json::object(rule, pointer, "a rule")?;
        let condition =
            json::get(map, "if").ok_or_else(|| LoadError::new(pointer, "a rule needs an `if`"))?;
        let then = json::get(map, "then").ok_or_else(|| LoadError::new(pointer, "a rule needs a `then`"))?;
        let at = format!("{pointer}/then");
        let then = json::object(then, &at, "`then`")?;
        let effect = json::get(then, "effect").filter(|effect| effect.is_string());
        let effect = effect.ok_or_else(|| LoadError::new(at.clone(), "`then` needs an `effect`"))?;
        let effect = Template::parse(effect, &LANGUAGE)
            .map_err(|error| LoadError::expression(&format!("{at}/effect"), error))?;
        let read = match json::get(then, "details") {
            Some(details) => parse_details(details, &format!("{at}/details"))?,
            None => Read::default(),
        };
        Ok(Definition {
            id: String::new(),
            name: String::new(),
            mode: Mode::All,
            version: None,
            is_versioned: false,
            parameters: Vec::new(),
            condition: Condition::parse(condition, &format!("{pointer}/if"))?,
            effect,
            details: read.details,
            existence: read.existence,
            operations: read.operations,
        })
    }

    /// The effects that an assignment can choose among, where a parameter chooses; otherwise the one effect.
    pub fn effects(&self) -> Vec<Effect> {
        if let Some(Value::String(effect)) = self.effect.as_plain() {
            return vec![Effect::parse(effect)];
        }
        let mut effects = Vec::new();
        self.effect.exprs(&mut |expr| {
            expr.host_calls(&mut |_, args, _| {
                let name = args.first().and_then(|arg| arg.as_literal()?.as_str()).unwrap_or_default();
                let parameter = self.parameters.iter().find(|parameter| text::eq(&parameter.name, name));
                let allowed = parameter.and_then(|parameter| parameter.allowed.as_ref());
                effects.extend(allowed.into_iter().flatten().filter_map(Value::as_str).map(Effect::parse));
            });
        });
        effects
    }
}

fn parse_details(details: &Value, pointer: &str) -> Result<Read, LoadError> {
    let template = |value: &Value, at: &str| {
        Template::parse(value, &LANGUAGE).map_err(|error| LoadError::expression(at, error))
    };
    let mut read = Read::default();
    let map = match details {
        // The fields and values of `append`.
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                read.operations.push(Operation::append(item, &format!("{pointer}/{at}"))?);
            }
            return Ok(read);
        }
        other => json::object(other, pointer, "`details`")?,
    };
    for (key, value) in map {
        let at = format!("{pointer}/{key}");
        match key.to_ascii_lowercase().as_str() {
            "existencecondition" => read.existence = Some(Condition::parse(value, &at)?),
            "operations" => {
                let Value::Array(items) = value else {
                    return Err(LoadError::new(at, "`operations` must be an array"));
                };
                for (ix, item) in items.iter().enumerate() {
                    read.operations.push(Operation::modify(item, &format!("{at}/{ix}"))?);
                }
            }
            // Templates have functions of their own, and their expressions are not for the policy to evaluate.
            "deployment" | "template" | "templateinfo" | "values" | "constraint" | "constrainttemplate" => {
                read.details.push((key.clone(), Template::Plain(value.clone())));
            }
            _ => read.details.push((key.clone(), template(value, &at)?)),
        }
    }
    Ok(read)
}

pub(crate) fn parse_parameters(map: &Map<String, Value>, base: &str) -> Result<Vec<Parameter>, LoadError> {
    let Some(parameters) = json::get(map, "parameters") else { return Ok(Vec::new()) };
    let at = format!("{base}/parameters");
    let mut parsed = Vec::new();
    for (name, parameter) in json::object(parameters, &at, "`parameters`")? {
        let at = format!("{at}/{name}");
        let parameter = json::object(parameter, &at, "a parameter")?;
        let kind = json::string(parameter, "type");
        parsed.push(Parameter {
            name: name.clone(),
            kind: kind.ok_or_else(|| LoadError::new(at, "a parameter needs a `type`"))?.to_owned(),
            default: text::get(parameter, "defaultValue").cloned(),
            allowed: json::get(parameter, "allowedValues").and_then(Value::as_array).cloned(),
        });
    }
    Ok(parsed)
}
