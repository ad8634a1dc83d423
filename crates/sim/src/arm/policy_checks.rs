//! What Azure checks of definitions, assignments and what belongs to them before it takes them.

use crate::access::above;
use crate::azure::Azure;
use crate::id::{self, Path};
use crate::policy::{self, ASSIGNMENT, DEFINITION, ENROLLMENT, EXEMPTION, INITIATIVE, Shelf};
use crate::types::Type;
use crate::wire::Response;
use dekey_policy::{
    Assigned, Assignment, Definition, Enrollment, Exemption, Initiative, Library, LoadError, Parameter,
};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

fn bad(code: &str, message: &str) -> Response {
    Response::error(400, code, message)
}

/// The document with its id, which readers take the scope from.
fn with_id(path: &Path, body: &Map<String, Value>) -> Value {
    let mut own = body.clone();
    own.insert("id".to_owned(), path.id.as_str().into());
    Value::Object(own)
}

fn text<'v>(document: &'v Value, name: &str) -> &'v str {
    document.pointer(&format!("/properties/{name}")).and_then(Value::as_str).unwrap_or("")
}

fn not_there(id: &str) -> Response {
    let name = id::name(id);
    if id::type_of(id) == INITIATIVE {
        let message = format!("The policy set definition '{name}' could not be found.");
        return Response::error(404, "PolicySetDefinitionNotFound", &message);
    }
    Response::error(
        404,
        "PolicyDefinitionNotFound",
        &format!("The policy definition '{name}' could not be found."),
    )
}

impl Azure {
    /// Checks what is about policies; everything else passes.
    pub(super) fn check_policy(
        &self,
        row: &Type,
        path: &Path,
        body: &Map<String, Value>,
    ) -> Result<(), Response> {
        let document = with_id(path, body);
        match row.name.to_ascii_lowercase().as_str() {
            DEFINITION => check_definition(path, &document),
            INITIATIVE => self.check_initiative(path, &document),
            ASSIGNMENT => self.check_policy_assignment(path, &document),
            EXEMPTION => self.check_exemption(path, &document),
            ENROLLMENT => self.check_enrollment(path, &document),
            _ => Ok(()),
        }
    }

    fn check_initiative(&self, path: &Path, document: &Value) -> Result<(), Response> {
        let invalid = |why: LoadError| bad("InvalidCreatePolicySetDefinitionRequest", &why.to_string());
        let initiative = Initiative::parse(document).map_err(invalid)?;
        let what = format!("The policy set definition '{}'", id::name(&path.id));
        let mut names = BTreeSet::new();
        for member in &initiative.members {
            if !member.reference.is_empty() && !names.insert(member.reference.to_ascii_lowercase()) {
                let message =
                    format!("{what} has more than one policy definition reference '{}'.", member.reference);
                return Err(bad("InvalidCreatePolicySetDefinitionRequest", &message));
            }
            let mut shelf = Shelf::default();
            shelf.take(&self.store, &member.definition);
            let Some(definition) = shelf.definition(&member.definition) else {
                return Err(not_there(&member.definition));
            };
            let given: Vec<&str> = member.parameter_names().collect();
            let name = id::name(&member.definition);
            undefined(&definition.parameters, &given)
                .map(|all| format!("{what} is attempting to assign the parameter(s) '{all}' which are not defined in the policy definition '{name}'."))
                .map_or(Ok(()), |message| Err(bad("UndefinedPolicyParameter", &message)))?;
            missing(&definition.parameters, &given)
                .map(|all| format!("{what} is missing the parameter(s) '{all}' as defined in the policy definition '{name}'."))
                .map_or(Ok(()), |message| Err(bad("MissingPolicyParameter", &message)))?;
        }
        Ok(())
    }

    fn check_policy_assignment(&self, path: &Path, document: &Value) -> Result<(), Response> {
        let invalid = |why: &str| {
            let message = format!("The policy assignment request is invalid. {why}");
            bad("InvalidCreatePolicyAssignmentRequest", &message)
        };
        let assignment = Assignment::parse(document).map_err(|why| invalid(&why.to_string()))?;
        let target = assignment.target.clone();
        let mut shelf = Shelf::default();
        shelf.take(&self.store, &target);
        let (parameters, references) = match (shelf.definition(&target), shelf.initiative(&target)) {
            (Some(own), _) => (own.parameters.as_slice(), None),
            (None, Some(own)) => {
                let names = own.members.iter().map(|member| member.reference.to_ascii_lowercase());
                (own.parameters.as_slice(), Some(names.collect::<BTreeSet<_>>()))
            }
            (None, None) => return Err(not_there(&target)),
        };
        let name = id::name(&path.id);
        let given: Vec<&str> = assignment.parameters.keys().map(String::as_str).collect();
        let of = id::name(&target);
        let what = if references.is_some() { "policy set definition" } else { "policy definition" };
        if let Some(all) = undefined(parameters, &given) {
            let message = format!(
                "The policy assignment '{name}' has the parameter(s) '{all}' which are not defined in the {what} '{of}'."
            );
            return Err(bad("UndefinedPolicyParameter", &message));
        }
        if let Some(all) = missing(parameters, &given) {
            let message = format!(
                "The policy assignment '{name}' is missing the parameter(s) '{all}' as defined in the {what} '{of}'."
            );
            return Err(bad("MissingPolicyParameter", &message));
        }
        not_allowed(parameters, &assignment.parameters, what, of)?;
        let unknown: Vec<&str> = assignment
            .messages
            .iter()
            .filter_map(|(reference, _)| reference.as_deref())
            .filter(|own| !references.as_ref().is_some_and(|all| all.contains(&own.to_ascii_lowercase())))
            .collect();
        if !unknown.is_empty() {
            return Err(invalid(&format!(
                "The following policy definition reference IDs used in non-compliance messages do not exist in the assigned policy \
                 set definition: '{}'.",
                unknown.join(",")
            )));
        }
        Assigned::compile(assignment, &shelf, policy::knowledge())
            .map_err(|why| invalid(&why.to_string()))?;
        Ok(())
    }

    /// An assignment that something is for.
    fn assignment_of(&self, id: &str) -> Result<Assignment, Response> {
        let value = self.store.value(id).filter(|_| id::type_of(id) == ASSIGNMENT);
        value.and_then(|own| Assignment::parse(&own).ok()).ok_or_else(|| {
            let message = format!("The policy assignment '{}' is not found.", id::name(id));
            Response::error(404, "PolicyAssignmentNotFound", &message)
        })
    }

    /// Whether something may lie at a scope: at or below that of its assignment, unless it is not to be validated.
    fn is_in_scope(&self, path: &Path, document: &Value, assignment: &Assignment) -> bool {
        let over = assignment.scope.trim_end_matches('/').to_ascii_lowercase();
        let scope = path.scope.to_ascii_lowercase();
        text(document, "assignmentScopeValidation").eq_ignore_ascii_case("DoNotValidate")
            || id::covers(&over, &scope)
            || above(&self.store, &scope).contains(&over)
    }

    fn check_exemption(&self, path: &Path, document: &Value) -> Result<(), Response> {
        let category = text(document, "exemptionCategory");
        let invalid = |why: &str| bad("InvalidCreatePolicyExemptionRequest", why);
        if !["Waiver", "Mitigated"].iter().any(|own| own.eq_ignore_ascii_case(category)) {
            return Err(invalid("The exemption category must be 'Waiver' or 'Mitigated'."));
        }
        let exemption = Exemption::parse(document).map_err(|why| invalid(&why.to_string()))?;
        let assignment = self.assignment_of(&exemption.assignment)?;
        if self.is_in_scope(path, document, &assignment) {
            return Ok(());
        }
        Err(invalid(&format!("The scope of the policy exemption is not at or below '{}'.", assignment.scope)))
    }

    fn check_enrollment(&self, path: &Path, document: &Value) -> Result<(), Response> {
        let invalid = |why: &str| bad("InvalidCreatePolicyEnrollmentRequest", why);
        let enrollment = Enrollment::parse(document).map_err(|why| invalid(&why.to_string()))?;
        let assignment = self.assignment_of(&enrollment.assignment)?;
        if assignment.enforcement != dekey_policy::Enforcement::Enroll {
            let name = id::name(&assignment.id);
            return Err(invalid(&format!(
                "The enforcement mode of the policy assignment '{name}' is not 'Enroll'."
            )));
        }
        if self.is_in_scope(path, document, &assignment) {
            return Ok(());
        }
        Err(invalid(&format!(
            "The scope of the policy enrollment is not at or below '{}'.",
            assignment.scope
        )))
    }
}

fn check_definition(path: &Path, document: &Value) -> Result<(), Response> {
    let name = id::name(&path.id);
    let definition = Definition::parse(document)
        .map_err(|why| bad("InvalidPolicyRule", &format!("Failed to parse policy rule: '{why}'.")))?;
    let rule = document.pointer("/properties/policyRule").cloned().unwrap_or_default();
    let mut used = BTreeSet::new();
    parameters_in(&rule, false, &mut used);
    if let Some(own) = used.iter().find(|own| !has(&definition.parameters, own)) {
        let message = format!(
            "A function or parameter in policy '{name}' could not be validated. The policy '{name}' has undefined parameter '{own}' \
             which is used in the policy rule. Please either define it in policy definition or remove the reference in policy rule."
        );
        return Err(bad("InvalidPolicyRule", &message));
    }
    parameters_in(&rule, true, &mut used);
    let unused: Vec<&str> = definition
        .parameters
        .iter()
        .map(|own| own.name.as_str())
        .filter(|own| !used.iter().any(|used| used.eq_ignore_ascii_case(own)))
        .collect();
    if unused.is_empty() {
        return Ok(());
    }
    let message = format!(
        "The policy '{name}' has defined parameters '{}' which are not used in the policy rule. Please either remove these parameters \
         from the definition or ensure that they are used in the policy rule.",
        unused.join(",")
    );
    Err(bad("UnusedPolicyParameters", &message))
}

fn has(parameters: &[Parameter], name: &str) -> bool {
    parameters.iter().any(|own| own.name.eq_ignore_ascii_case(name))
}

/// The parameters that expressions ask for. Templates of deployments have parameters of their own.
fn parameters_in(value: &Value, templates: bool, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.starts_with('[') && !text.starts_with("[[") => {
            let lower = text.to_ascii_lowercase();
            for (at, start) in lower.match_indices("parameters(") {
                let rest = text.get(at + start.len()..).unwrap_or_default().trim_start();
                if let Some((name, _)) = rest.strip_prefix('\'').and_then(|rest| rest.split_once('\'')) {
                    found.insert(name.to_owned());
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|own| parameters_in(own, templates, found)),
        Value::Object(map) => {
            let inside = |name: &str| templates || !name.eq_ignore_ascii_case("template");
            let own = map.iter().filter(|(name, _)| inside(name));
            own.for_each(|(_, own)| parameters_in(own, templates, found));
        }
        _ => {}
    }
}

fn undefined(parameters: &[Parameter], given: &[&str]) -> Option<String> {
    let all: Vec<&str> = given.iter().copied().filter(|own| !has(parameters, own)).collect();
    (!all.is_empty()).then(|| all.join(","))
}

fn missing(parameters: &[Parameter], given: &[&str]) -> Option<String> {
    let needed = parameters.iter().filter(|own| own.default.is_none()).map(|own| own.name.as_str());
    let all: Vec<&str> =
        needed.filter(|own| !given.iter().any(|given| given.eq_ignore_ascii_case(own))).collect();
    (!all.is_empty()).then(|| all.join(","))
}

/// Refuses a value that a parameter does not allow. Case matters, and of an array every element counts.
fn not_allowed(
    parameters: &[Parameter],
    given: &Map<String, Value>,
    what: &str,
    of: &str,
) -> Result<(), Response> {
    for (name, value) in given {
        let own = parameters.iter().find(|own| own.name.eq_ignore_ascii_case(name));
        let Some(allowed) = own.and_then(|own| own.allowed.as_ref()) else { continue };
        let fits = |value: &Value| allowed.contains(value);
        if fits(value) || value.as_array().is_some_and(|all| all.iter().all(fits)) {
            continue;
        }
        let shown = |own: &Value| own.as_str().map_or_else(|| own.to_string(), str::to_owned);
        let all: Vec<String> = allowed.iter().map(shown).collect();
        let message = format!(
            "The value '{}' is not allowed for policy parameter '{name}' in {what} '{of}'. The allowed values are '{}'.",
            shown(value),
            all.join(", ")
        );
        return Err(bad("PolicyParameterValueNotAllowed", &message));
    }
    Ok(())
}
