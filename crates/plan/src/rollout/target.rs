//! What is rolled out: a definition or an initiative, with the definitions that come along.

use super::RolloutError;
use crate::state::writable_properties;
use dekey_policy::{Definition, Effect, Initiative};
use serde_json::{Map, Value, json};

/// A resource that is laid ready before anything is assigned.
#[derive(Clone, Debug)]
pub struct Ready {
    /// Its id.
    pub id: String,
    /// Its display name.
    pub name: String,
    /// The request's body.
    pub body: Value,
}

/// What is rolled out.
#[derive(Clone, Debug)]
pub struct Target {
    /// The id that assignments name.
    pub id: String,
    /// Its display name.
    pub name: String,
    /// Definitions, each of its own.
    pub definitions: Vec<Ready>,
    /// The initiative, when it is one that comes along.
    pub initiative: Option<Ready>,
    /// The policies of the initiative that are turned from audit to deny; empty for a single definition.
    pub references: Vec<String>,
    /// What keeps the effect that it has, and why.
    pub fixed: Vec<String>,
    /// Its parameters, and whether each can be left out.
    pub parameters: Vec<(String, bool)>,
}

const DEFINITIONS: &str = "/providers/Microsoft.Authorization/policyDefinitions/";
const INITIATIVES: &str = "/providers/Microsoft.Authorization/policySetDefinitions/";

/// Where definitions for a scope are kept: its management group or subscription.
pub fn home(scope: &str) -> Option<String> {
    let segments: Vec<&str> = scope.split('/').collect();
    let many = match segments.as_slice() {
        ["", own, id, ..] if own.eq_ignore_ascii_case("subscriptions") && !id.is_empty() => 3,
        ["", "providers", ns, own, id]
            if ns.eq_ignore_ascii_case("Microsoft.Management")
                && own.eq_ignore_ascii_case("managementGroups")
                && !id.is_empty() =>
        {
            5
        }
        _ => return None,
    };
    Some(segments.get(..many)?.join("/"))
}

impl Target {
    /// Reads what is to be rolled out from ARM documents: one initiative with the definitions that it needs, or one definition.
    /// Definitions that the initiative names and that are not among them are looked up, for what they can do.
    pub fn read(
        documents: &[Value],
        scope: &str,
        look_up: &dyn Fn(&str) -> Option<Value>,
    ) -> Result<Self, RolloutError> {
        let home = home(scope).ok_or_else(|| {
            RolloutError::new("--scope", "is no management group, subscription, resource group or resource")
        })?;
        let (mut definitions, mut initiatives) = (Vec::new(), Vec::new());
        for document in documents {
            match properties(document) {
                Some(own) if own.contains_key("policyRule") => definitions.push(document),
                Some(own) if own.contains_key("policyDefinitions") => initiatives.push(document),
                _ => {
                    return Err(RolloutError::new(
                        "policy",
                        "has neither a `policyRule` nor `policyDefinitions`",
                    ));
                }
            }
        }
        let ready: Vec<Ready> =
            definitions.iter().map(|own| ready(own, &home, DEFINITIONS)).collect::<Result<_, _>>()?;
        match (initiatives.as_slice(), definitions.as_slice()) {
            ([initiative], _) => of_initiative(initiative, ready, &home, look_up),
            ([], [definition]) => {
                let mut own = of_definition(&id_of(definition, &home, DEFINITIONS)?, definition)?;
                own.definitions = ready;
                Ok(own)
            }
            ([], []) => Err(RolloutError::new("policy", "no definition and no initiative was given")),
            ([], _) => Err(RolloutError::new(
                "policy",
                "several definitions and no initiative: put them into an initiative, so that one assignment brings them",
            )),
            (_, _) => Err(RolloutError::new("policy", "several initiatives: roll out one after the other")),
        }
    }

    /// Something that is there already, by its id.
    pub fn existing(
        id: &str,
        document: &Value,
        look_up: &dyn Fn(&str) -> Option<Value>,
    ) -> Result<Self, RolloutError> {
        if properties(document).is_some_and(|own| own.contains_key("policyRule")) {
            return of_definition(id, document);
        }
        let mut own = members(id, document, &[], look_up)?;
        id.clone_into(&mut own.id);
        Ok(own)
    }
}

fn properties(document: &Value) -> Option<&Map<String, Value>> {
    let map = document.as_object()?;
    map.get("properties").and_then(Value::as_object).or(Some(map))
}

/// The parameters of a definition or initiative, and whether each has a default.
fn parameters(document: &Value) -> Vec<(String, bool)> {
    let all = properties(document).and_then(|own| own.get("parameters")).and_then(Value::as_object);
    all.into_iter().flatten().map(|(name, own)| (name.clone(), own.get("defaultValue").is_some())).collect()
}

fn display_name(document: &Value) -> String {
    let text = |name: &str| properties(document).and_then(|own| own.get(name)).and_then(Value::as_str);
    text("displayName")
        .or_else(|| document.get("name").and_then(Value::as_str))
        .unwrap_or("a policy")
        .to_owned()
}

/// The id that a document gets at its new home: its own name below it.
fn id_of(document: &Value, home: &str, kind: &str) -> Result<String, RolloutError> {
    let text = |name: &str| document.get(name).and_then(Value::as_str);
    let name = text("name").or_else(|| text("id").and_then(|id| id.rsplit('/').next())).unwrap_or("");
    let plain = |c: char| c.is_ascii_alphanumeric() || ['-', '_', '.'].contains(&c);
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        return Err(RolloutError::new(
            &display_name(document),
            "needs a `name` of letters, digits, `-`, `_` and `.`, of at most 64",
        ));
    }
    Ok(format!("{home}{kind}{name}"))
}

fn ready(document: &Value, home: &str, kind: &str) -> Result<Ready, RolloutError> {
    let id = id_of(document, home, kind)?;
    let own = properties(document).map(|own| writable_properties(&id, own)).unwrap_or_default();
    Ok(Ready { name: display_name(document), body: json!({ "properties": own }), id })
}

/// What can be done with the effect of a definition.
enum Switch {
    /// From audit to deny.
    Both,
    /// Nothing, and why.
    Fixed(String),
}

fn switch(name: &str, document: &Value) -> Result<Switch, RolloutError> {
    let parsed = Definition::parse(document).map_err(|error| RolloutError::new(name, &error.to_string()))?;
    let effects = parsed.effects();
    let harmless = |own: &Effect| {
        matches!(
            own,
            Effect::Audit
                | Effect::AuditIfNotExists
                | Effect::Manual
                | Effect::AuditAction
                | Effect::Disabled
        )
    };
    let (audits, denies) = (effects.contains(&Effect::Audit), effects.contains(&Effect::Deny));
    match effects.as_slice() {
        _ if audits && denies => Ok(Switch::Both),
        [Effect::Deny] => Ok(Switch::Both),
        [Effect::Audit] => Ok(Switch::Fixed("only audits".to_owned())),
        all if !all.is_empty() && all.iter().all(harmless) => Ok(Switch::Fixed("does not deny".to_owned())),
        all => {
            let names: Vec<&str> = all.iter().map(Effect::name).collect();
            Err(RolloutError::new(
                name,
                &format!(
                    "has the effect {}, which changes or refuses things as soon as it is assigned; a roll-out turns audit into \
                     deny, so take it out of what is rolled out",
                    names.join(" or ")
                ),
            ))
        }
    }
}

fn of_definition(id: &str, document: &Value) -> Result<Target, RolloutError> {
    let name = display_name(document);
    match switch(&name, document)? {
        Switch::Both => {}
        Switch::Fixed(why) => {
            return Err(RolloutError::new(&name, &format!("{why}: there is nothing to roll out")));
        }
    }
    Ok(Target {
        id: id.to_owned(),
        name,
        definitions: Vec::new(),
        initiative: None,
        references: Vec::new(),
        fixed: Vec::new(),
        parameters: parameters(document),
    })
}

fn of_initiative(
    initiative: &Value,
    definitions: Vec<Ready>,
    home: &str,
    look_up: &dyn Fn(&str) -> Option<Value>,
) -> Result<Target, RolloutError> {
    let mut own = ready(initiative, home, INITIATIVES)?;
    // What comes along is named where it will be; what is there already, where it is.
    let members_of = own.body.pointer_mut("/properties/policyDefinitions").and_then(Value::as_array_mut);
    for member in members_of.into_iter().flatten() {
        let Some(id) = member.get("policyDefinitionId").and_then(Value::as_str) else { continue };
        let last = id.rsplit('/').next().unwrap_or(id).to_owned();
        let same_name =
            |ready: &&Ready| ready.id.rsplit('/').next().is_some_and(|own| own.eq_ignore_ascii_case(&last));
        if let (Some(ready), Some(map)) = (definitions.iter().find(same_name), member.as_object_mut()) {
            map.insert("policyDefinitionId".to_owned(), ready.id.clone().into());
        }
    }
    let mut target = members(&own.id, &own.body, &definitions, look_up)?;
    target.name.clone_from(&own.name);
    target.definitions = definitions;
    target.initiative = Some(own);
    Ok(target)
}

/// What an initiative can be turned to.
fn members(
    id: &str,
    document: &Value,
    definitions: &[Ready],
    look_up: &dyn Fn(&str) -> Option<Value>,
) -> Result<Target, RolloutError> {
    let name = display_name(document);
    let initiative =
        Initiative::parse(document).map_err(|error| RolloutError::new(&name, &error.to_string()))?;
    let (mut references, mut fixed) = (Vec::new(), Vec::new());
    for member in &initiative.members {
        if member.reference.is_empty() {
            return Err(RolloutError::new(
                &name,
                "a policy of it has no `policyDefinitionReferenceId`, by which it could be chosen",
            ));
        }
        let own = definitions.iter().find(|ready| ready.id.eq_ignore_ascii_case(&member.definition));
        let document = own.map(|ready| ready.body.clone()).or_else(|| look_up(&member.definition));
        match document.as_ref().map(|own| switch(&member.reference, own)).transpose()? {
            Some(Switch::Both) => references.push(member.reference.clone()),
            Some(Switch::Fixed(why)) => {
                fixed.push(format!("`{}` keeps its effect: it {why}", member.reference));
            }
            None => {
                return Err(RolloutError::new(
                    &name,
                    &format!(
                        "the definition {} of `{}` was not given, so nobody knows what it does as soon as it is assigned: give \
                         it, or read an inventory that has it",
                        member.definition, member.reference
                    ),
                ));
            }
        }
    }
    if references.is_empty() {
        return Err(RolloutError::new(&name, "none of its policies can be turned from audit to deny"));
    }
    let parameters = parameters(document);
    Ok(Target {
        id: id.to_owned(),
        name,
        definitions: Vec::new(),
        initiative: None,
        references,
        fixed,
        parameters,
    })
}
