//! Templates of deployments: parameters, variables, and resources in the order of what they depend on.

mod functions;

use dekey_expr::{Fault, Template};
use functions::LANGUAGE;
pub(crate) use functions::Scope;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A resource of a template, before its properties are computed: those may refer to what comes before.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// The id.
    pub(crate) id: String,
    /// The type.
    pub(crate) kind: String,
    /// The name, as the template gives it.
    pub(crate) name: String,
    /// The api-version.
    pub(crate) version: String,
    /// What is sent, still with expressions.
    body: Map<String, Value>,
    /// Ids and names of what comes first.
    after: Vec<String>,
}

/// What stands in a template beside what is sent to the provider.
const OWN: &[&str] = &[
    "apiVersion",
    "comments",
    "condition",
    "copy",
    "dependsOn",
    "name",
    "resourceGroup",
    "resources",
    "scope",
    "subscriptionId",
    "type",
];

/// Why a template is refused, in the words of Resource Manager.
pub(crate) type Refused = String;

fn fault(place: &str) -> impl Fn(Box<Fault>) -> Refused + '_ {
    move |fault| format!("Unable to process template language expressions for '{place}': '{fault}'")
}

/// A value with every expression in it computed.
pub(crate) fn computed(value: &Value, scope: &Scope<'_>, place: &str) -> Result<Value, Refused> {
    let template = Template::parse(value, &LANGUAGE).map_err(|(path, error)| {
        format!("Unable to parse language expression at '{place}{path}': {error}")
    })?;
    template.eval(scope).map(std::borrow::Cow::into_owned).map_err(fault(place))
}

fn text(value: &Value, name: &str, scope: &Scope<'_>, place: &str) -> Result<Option<String>, Refused> {
    let Some(own) = value.get(name) else { return Ok(None) };
    match computed(own, scope, &format!("{place}/{name}"))? {
        Value::String(text) => Ok(Some(text)),
        _ => Err(format!("The template resource '{place}' is not valid: '{name}' is no text.")),
    }
}

/// The values of a template's parameters: what was given, or else the default.
pub(crate) fn parameters(
    template: &Value,
    given: &Map<String, Value>,
    scope: &mut Scope<'_>,
) -> Result<(), Refused> {
    let none = Map::new();
    let declared = template.get("parameters").and_then(Value::as_object).unwrap_or(&none);
    let unknown: Vec<&str> = given
        .keys()
        .filter(|name| !declared.keys().any(|own| own.eq_ignore_ascii_case(name)))
        .map(String::as_str)
        .collect();
    if !unknown.is_empty() {
        let known: Vec<&str> = declared.keys().map(String::as_str).collect();
        return Err(format!(
            "The template parameters '{}' in the parameters file are not valid; they are not present in the original template and \
             can therefore not be provided at deployment time. The only supported parameters for this template are '{}'.",
            unknown.join(", "),
            known.join(", ")
        ));
    }
    for (name, own) in declared {
        let given = given.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        // Nothing counts as not given.
        let given = given.and_then(|(_, own)| own.get("value")).filter(|own| !own.is_null());
        let value = match (given, own.get("defaultValue")) {
            (Some(value), _) => value.clone(),
            (None, Some(default)) => computed(default, scope, &format!("parameters/{name}"))?,
            (None, None) => {
                return Err(format!(
                    "The value for the template parameter '{name}' is not provided. Please see \
                     https://aka.ms/arm-create-parameter-file for usage details."
                ));
            }
        };
        check(name, own, &value)?;
        scope.parameters.insert(name.to_ascii_lowercase(), value);
    }
    Ok(())
}

fn check(name: &str, declared: &Value, value: &Value) -> Result<(), Refused> {
    let kind = declared.get("type").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    let fits = match kind.as_str() {
        "string" | "securestring" => value.is_string(),
        "int" => value.is_i64() || value.is_u64(),
        "bool" => value.is_boolean(),
        "array" => value.is_array(),
        "object" | "secureobject" => value.is_object(),
        _ => return Err(format!("The template parameter '{name}' has no type that is known: '{kind}'.")),
    };
    if !fits {
        return Err(format!("The value of the template parameter '{name}' is not of its type, '{kind}'."));
    }
    let allowed = declared.get("allowedValues").and_then(Value::as_array);
    if allowed.is_some_and(|all| !all.contains(value)) {
        let all: Vec<String> = allowed.into_iter().flatten().map(shown).collect();
        return Err(format!(
            "The provided value for the template parameter '{name}' is not valid. The value '{}' is not part of the allowed \
             value(s): '{}'.",
            shown(value),
            all.join(",")
        ));
    }
    Ok(())
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The parameters as a deployment shows them: of those that are secure only the type.
pub(crate) fn shown_parameters(template: &Value, scope: &Scope<'_>) -> Value {
    let declared = template.get("parameters").and_then(Value::as_object);
    let row = |(name, own): (&String, &Value)| {
        let kind = own.get("type").and_then(Value::as_str).unwrap_or_default();
        let kind = format!("{}{}", kind.get(..1).unwrap_or("").to_uppercase(), kind.get(1..).unwrap_or(""));
        let value = scope.parameters.get(&name.to_ascii_lowercase());
        let shown = match value.filter(|_| !kind.to_ascii_lowercase().starts_with("secure")) {
            Some(value) => json!({ "type": kind, "value": value }),
            None => json!({ "type": kind }),
        };
        (name.clone(), shown)
    };
    Value::Object(declared.into_iter().flatten().map(row).collect())
}

/// The resources of a template whose condition holds, each after what it depends on.
pub(crate) fn steps(template: &Value, scope: &Scope<'_>) -> Result<Vec<Step>, Refused> {
    let mut found = Vec::new();
    match template.get("resources") {
        Some(Value::Array(all)) => {
            for own in all {
                collect(own, None, scope, &mut found)?;
            }
        }
        Some(Value::Object(_)) => {
            return Err("The simulator takes no templates of language version 2.0.".to_owned());
        }
        _ => return Err("The template has no resources.".to_owned()),
    }
    ordered(found)
}

fn collect(
    own: &Value,
    above: Option<&Step>,
    scope: &Scope<'_>,
    found: &mut Vec<Step>,
) -> Result<(), Refused> {
    let given = own.get("name").map(shown).unwrap_or_default();
    let place = format!("resources/{given}");
    let condition = own.get("condition").map(|own| computed(own, scope, &place)).transpose()?;
    if condition == Some(Value::Bool(false)) {
        return Ok(());
    }
    if own.get("copy").is_some() {
        return Err(format!("The simulator runs no copy loops: '{given}'."));
    }
    let needed = |name: &str| {
        text(own, name, scope, &place)?
            .ok_or_else(|| format!("The template resource '{given}' is not valid: it has no '{name}'."))
    };
    let (kind, name, version) = (needed("type")?, needed("name")?, needed("apiVersion")?);
    let (kind, name) = match above {
        Some(above) => (format!("{}/{kind}", above.kind), format!("{}/{name}", above.name)),
        None => (kind, name),
    };
    let group = text(own, "resourceGroup", scope, &place)?;
    let subscription = text(own, "subscriptionId", scope, &place)?;
    let at = match text(own, "scope", scope, &place)? {
        Some(at) => at,
        None => scope.group_id(subscription.as_deref(), group.as_deref()),
    };
    let id = functions::resource_id(&at, &kind, &name).ok_or_else(|| {
        format!("The template resource '{given}' is not valid: its name has not as many segments as its type '{kind}'.")
    })?;
    let mut after: Vec<String> = above.into_iter().map(|own| own.id.clone()).collect();
    for own in own.get("dependsOn").and_then(Value::as_array).into_iter().flatten() {
        after.extend(computed(own, scope, &place)?.as_str().map(str::to_owned));
    }
    let body = own.as_object().into_iter().flatten().filter(|(name, _)| !OWN.contains(&name.as_str()));
    let body = body.map(|(name, value)| (name.clone(), value.clone())).collect();
    let step = Step { id, kind, name, version, body, after };
    found.push(step.clone());
    for child in own.get("resources").and_then(Value::as_array).into_iter().flatten() {
        collect(child, Some(&step), scope, found)?;
    }
    Ok(())
}

/// What something depends on comes before it. What is not in the template is there already, or will not be.
fn ordered(mut left: Vec<Step>) -> Result<Vec<Step>, Refused> {
    let is = |word: &str, own: &Step| {
        let name = own.name.rsplit('/').next().unwrap_or_default();
        word.eq_ignore_ascii_case(&own.id) || word.eq_ignore_ascii_case(name)
    };
    let mut done = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let free = left.iter().position(|own| {
            let waits = |word: &String| left.iter().any(|other| other.id != own.id && is(word, other));
            !own.after.iter().any(waits)
        });
        let Some(free) = free else {
            let names: Vec<&str> = left.iter().map(|own| own.id.as_str()).collect();
            return Err(format!("Circular dependency detected on resource: '{}'.", names.join("', '")));
        };
        done.push(left.remove(free));
    }
    Ok(done)
}

impl Step {
    /// What is sent to the provider.
    pub(crate) fn request(&self, scope: &Scope<'_>) -> Result<Value, Refused> {
        // A deployment in a deployment computes its own template.
        if self.kind.eq_ignore_ascii_case("Microsoft.Resources/deployments") {
            return self.nested(scope);
        }
        let mut body = computed(&Value::Object(self.body.clone()), scope, &self.name)?;
        without_nothing(&mut body);
        Ok(body)
    }

    fn nested(&self, scope: &Scope<'_>) -> Result<Value, Refused> {
        let mut body = self.body.clone();
        let inner = "/properties/expressionEvaluationOptions/scope";
        let own = Value::Object(body.clone());
        let is_inner = own.pointer(inner).and_then(Value::as_str) == Some("inner");
        let Some(Value::Object(properties)) = body.get_mut("properties") else {
            return Err(format!("The deployment '{}' has no properties.", self.name));
        };
        for (name, value) in properties.iter_mut() {
            // By default the expressions inside belong to the template outside.
            if name != "template" || !is_inner {
                *value = computed(value, scope, &self.name)?;
            }
        }
        Ok(Value::Object(body))
    }
}

/// Properties that came to nothing are not sent.
fn without_nothing(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, own| !own.is_null());
            map.values_mut().for_each(without_nothing);
        }
        Value::Array(all) => all.iter_mut().for_each(without_nothing),
        _ => {}
    }
}

/// The outputs of a template.
pub(crate) fn outputs(template: &Value, scope: &Scope<'_>) -> Result<Map<String, Value>, Refused> {
    let mut found = Map::new();
    for (name, own) in template.get("outputs").and_then(Value::as_object).into_iter().flatten() {
        let kind = own.get("type").cloned().unwrap_or_default();
        let value = computed(own.get("value").unwrap_or(&Value::Null), scope, &format!("outputs/{name}"))?;
        found.insert(name.clone(), json!({ "type": kind, "value": value }));
    }
    Ok(found)
}

/// Names of the resources of a template, with their ids: what `reference('name')` may say.
pub(crate) fn names(steps: &[Step]) -> BTreeMap<String, String> {
    steps.iter().map(|own| (own.name.to_ascii_lowercase(), own.id.clone())).collect()
}
