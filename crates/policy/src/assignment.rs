//! Assignments: where policies count, with which parameters, and whether they are enforced.

use crate::selector::Selectors;
use crate::subject::{Subject, Surroundings, scope_before};
use crate::{Effect, LoadError, json};
use dekey_expr::{Value, text};
use serde_json::Map;

/// Whether what an assignment denies is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enforcement {
    /// It is.
    Default,
    /// It is only told.
    DoNotEnforce,
    /// It is where an enrollment says so.
    Enroll,
}

/// An assignment of a definition or an initiative.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// Its resource id.
    pub id: String,
    /// Its display name, or its name.
    pub name: String,
    /// Where it counts, and below.
    pub scope: String,
    /// Where it does not, below that.
    pub not_scopes: Vec<String>,
    /// The definition or initiative.
    pub target: String,
    /// The version of the definition or initiative that it asks for, such as `1.*.*`.
    pub version: Option<String>,
    /// The values of parameters.
    pub parameters: Map<String, Value>,
    /// Whether it is enforced.
    pub enforcement: Enforcement,
    /// What is told to who is refused; for one policy of an initiative, or all of them.
    pub messages: Vec<(Option<String>, String)>,
    selectors: Selectors,
    overrides: Vec<(Effect, Selectors)>,
    versions: Vec<(String, Selectors)>,
}

/// Whether an assignment is about a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// It is.
    Covered,
    /// It counts elsewhere.
    Elsewhere,
    /// The resource is excluded.
    Excluded,
    /// Its selectors leave the resource out.
    Unselected,
    /// What would have to be known.
    Unknown(String),
}

const SUFFIX: &str = "/providers/Microsoft.Authorization/policyAssignments/";

impl Assignment {
    /// Reads an assignment as ARM answers it.
    pub fn parse(document: &Value) -> Result<Assignment, LoadError> {
        let root = json::object(document, "", "an assignment")?;
        let properties = json::properties(root);
        let id = json::string(root, "id").unwrap_or_default();
        let of_id = || scope_before(id, SUFFIX);
        let scope = json::string(properties, "scope").or_else(of_id);
        let target = json::string(properties, "policyDefinitionId");
        let enforcement = match json::string(properties, "enforcementMode") {
            Some(mode) if mode.eq_ignore_ascii_case("DoNotEnforce") => Enforcement::DoNotEnforce,
            Some(mode) if mode.eq_ignore_ascii_case("Enroll") => Enforcement::Enroll,
            _ => Enforcement::Default,
        };
        let name = json::string(properties, "displayName").or_else(|| json::string(root, "name"));
        let parameters = json::get(properties, "parameters").and_then(Value::as_object);
        Ok(Assignment {
            id: id.to_owned(),
            name: name.unwrap_or_default().to_owned(),
            scope: scope
                .ok_or_else(|| LoadError::new("/properties/scope", "an assignment needs a scope"))?
                .to_owned(),
            not_scopes: json::strings(properties, "notScopes"),
            target: target
                .ok_or_else(|| LoadError::new("/properties", "an assignment needs a `policyDefinitionId`"))?
                .to_owned(),
            version: json::string(properties, "definitionVersion").map(str::to_owned),
            parameters: parameters.map(crate::policy::values).unwrap_or_default(),
            enforcement,
            messages: messages(properties),
            selectors: Selectors::parse(properties)?,
            overrides: overrides(properties, "policyEffect", Effect::parse)?,
            versions: overrides(properties, "policyVersion", str::to_owned)?,
        })
    }

    /// Whether it is about a resource.
    pub fn covers(&self, subject: &Subject<'_>, around: &Surroundings<'_>) -> Coverage {
        match lies_in(subject, &self.scope, around) {
            Ok(false) => return Coverage::Elsewhere,
            Err(why) => return Coverage::Unknown(why),
            Ok(true) => {}
        }
        for scope in &self.not_scopes {
            match lies_in(subject, scope, around) {
                Ok(true) => return Coverage::Excluded,
                Err(why) => return Coverage::Unknown(why),
                Ok(false) => {}
            }
        }
        match self.selectors.select(subject, "") {
            Ok(true) => Coverage::Covered,
            Ok(false) => Coverage::Unselected,
            Err(why) => Coverage::Unknown(why),
        }
    }

    /// Whether it looks at more of a resource than where it is.
    pub fn is_selective(&self) -> bool {
        !self.selectors.is_empty()
    }

    /// The effect that it puts in the place of a policy's own. The first override that fits counts.
    pub fn effect(&self, subject: &Subject<'_>, reference: &str) -> Result<Option<&Effect>, String> {
        for (effect, selectors) in &self.overrides {
            if selectors.select(subject, reference)? {
                return Ok(Some(effect));
            }
        }
        Ok(None)
    }

    /// The versions that overrides put in the place of its own.
    pub(crate) fn other_versions(&self) -> impl Iterator<Item = &str> {
        self.versions.iter().map(|(version, _)| version.as_str())
    }

    /// Which of them counts for a resource.
    pub(crate) fn other_version(&self, subject: &Subject<'_>) -> Result<Option<usize>, String> {
        for (at, (_, selectors)) in self.versions.iter().enumerate() {
            if selectors.select(subject, "")? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// What is told to who is refused by a policy.
    pub fn message(&self, reference: &str) -> Option<&str> {
        let own =
            self.messages.iter().find(|(of, _)| of.as_deref().is_some_and(|of| text::eq(of, reference)));
        own.or_else(|| self.messages.iter().find(|(of, _)| of.is_none())).map(|own| own.1.as_str())
    }
}

fn messages(properties: &Map<String, Value>) -> Vec<(Option<String>, String)> {
    let all = json::get(properties, "nonComplianceMessages").and_then(Value::as_array);
    let one = |own: &Map<String, Value>| {
        let of = json::string(own, "policyDefinitionReferenceId").map(str::to_owned);
        Some((of, json::string(own, "message")?.to_owned()))
    };
    all.into_iter().flatten().filter_map(Value::as_object).filter_map(one).collect()
}

/// The overrides of a kind, with what they put in the place of what.
fn overrides<T>(
    properties: &Map<String, Value>,
    kind: &str,
    read: impl Fn(&str) -> T,
) -> Result<Vec<(T, Selectors)>, LoadError> {
    let all = json::get(properties, "overrides").and_then(Value::as_array);
    let mut found = Vec::new();
    for (at, own) in all.into_iter().flatten().enumerate() {
        let pointer = format!("/properties/overrides/{at}");
        let map = json::object(own, &pointer, "an override")?;
        if json::string(map, "kind").is_some_and(|own| own.eq_ignore_ascii_case(kind)) {
            let value = json::string(map, "value").unwrap_or_default();
            found.push((read(value), Selectors::of_override(map, &pointer)?));
        }
    }
    Ok(found)
}

/// Whether a resource lies at or below a scope; an error says what would have to be known.
pub(crate) fn lies_in(subject: &Subject<'_>, scope: &str, around: &Surroundings<'_>) -> Result<bool, String> {
    let scope = scope.trim_end_matches('/');
    if scope.is_empty() {
        return Ok(true);
    }
    if text::contains(scope, "/managementGroups/") {
        let Some(above) = around.management_groups else {
            return Err("which management groups the subscription lies in".to_owned());
        };
        let name = |id: &str| id.rsplit('/').next().unwrap_or(id).to_owned();
        return Ok(above.iter().any(|own| text::eq(&name(own), &name(scope))));
    }
    let id = subject.id();
    if id.is_empty() {
        return Err("the id of the resource".to_owned());
    }
    let rest = text::starts_with(id, scope).then(|| id.get(scope.len()..)).flatten();
    Ok(rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}
