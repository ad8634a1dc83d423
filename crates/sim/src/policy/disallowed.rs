//! How Azure says that a policy disallows a request.

use crate::id;
use crate::store::Store;
use crate::wire::Response;
use dekey_model::secret;
use dekey_policy::{Denial, Effect, Refusal, Step};
use serde_json::{Map, Value, json};

/// What stands for a value that nobody is told.
const HIDDEN: &str = "[hidden]";

/// The answer to a request that policies refuse. `body` is the request, and `hidden` are the pointers of what its type never gives
/// back.
pub(crate) fn disallowed(
    store: &Store,
    target: &str,
    verb: &str,
    denials: &[Denial<'_>],
    body: &Value,
    hidden: &[&str],
) -> Response {
    let name = id::name(target);
    let what = match verb {
        "delete" => format!("Deletion of resource '{name}'"),
        _ => format!("Resource '{name}'"),
    };
    let reasons: Vec<&str> = denials.iter().filter_map(|own| own.message).collect();
    let message = if reasons.is_empty() {
        let named: Vec<Value> = denials.iter().map(|own| identifiers(store, own)).collect();
        format!("{what} was disallowed by policy. Policy identifiers: '{}'.", Value::from(named))
    } else {
        let reasons = reasons.join("', '");
        format!(
            "{what} was disallowed by policy. Reasons: '{reasons}'. See error details for policy resource IDs."
        )
    };
    let mut secrets = Vec::new();
    collect(body, &mut String::new(), hidden, &mut secrets);
    for own in denials {
        let given = Value::Object(own.source.assigned.assignment.parameters.clone());
        collect(&given, &mut String::new(), &[], &mut secrets);
    }
    // The longest first: what starts another one would leave the rest of it to be read.
    secrets.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
    secrets.dedup();
    let quiet = !secrets.is_empty();
    let info: Vec<Value> = denials
        .iter()
        .map(|own| json!({ "type": "PolicyViolation", "info": info(store, own, quiet) }))
        .collect();
    let mut error = json!({ "error": {
        "code": "RequestDisallowedByPolicy", "target": name, "message": message, "additionalInfo": info } });
    conceal(&mut error, &secrets);
    Response::json(403, &error)
}

fn display(store: &Store, id: &str) -> Option<String> {
    let value = store.value(id)?;
    let own = value.pointer("/properties/displayName").and_then(Value::as_str);
    own.filter(|own| !own.is_empty()).map(str::to_owned)
}

fn identifiers(store: &Store, denial: &Denial<'_>) -> Value {
    let assignment = &denial.source.assigned.assignment;
    let of =
        |id: &str| json!({ "name": display(store, id).unwrap_or_else(|| id::name(id).to_owned()), "id": id });
    let mut own = Map::new();
    own.insert("policyAssignment".to_owned(), of(&assignment.id));
    own.insert("policyDefinition".to_owned(), of(&denial.source.part.definition));
    if is_set(denial) {
        own.insert("policySetDefinition".to_owned(), of(&assignment.target));
    }
    Value::Object(own)
}

fn is_set(denial: &Denial<'_>) -> bool {
    let target = &denial.source.assigned.assignment.target;
    !target.eq_ignore_ascii_case(&denial.source.part.definition)
}

/// What a policy found. Where there are secrets in the request or the parameters, it is `quiet` about what expressions made of them.
fn info(store: &Store, denial: &Denial<'_>, quiet: bool) -> Value {
    let (assignment, part) = (&denial.source.assigned.assignment, denial.source.part);
    let definition = store.value(&part.definition).unwrap_or_default();
    let mut details = Map::new();
    let expressions: Vec<Value> =
        denial.steps.iter().map(|own| expression(&definition, own, quiet)).collect();
    details.insert("evaluatedExpressions".to_owned(), expressions.into());
    if let Some(reason) = reason(denial) {
        details.insert("reason".to_owned(), reason.into());
    }
    let effect = match &denial.refusal {
        Refusal::Effect(effect) | Refusal::Value { effect, .. } => effect.clone(),
        Refusal::Conflict { .. } => Effect::Modify,
        Refusal::Failed(_) => part.written_effect().map_or(Effect::Deny, Effect::parse),
    };
    // An override puts another effect in the place of the one that is written.
    let written = part.written_effect().filter(|own| Effect::parse(own) == effect);
    let spelled = written.unwrap_or(effect.name());
    let mut own = json!({
        "evaluationDetails": details,
        "policyDefinitionId": part.definition, "policyDefinitionName": id::name(&part.definition),
        "policyDefinitionEffect": spelled,
        "policyAssignmentId": assignment.id, "policyAssignmentName": id::name(&assignment.id),
        "policyAssignmentScope": assignment.scope, "policyAssignmentParameters": assignment.parameters,
        "policyExemptionIds": [],
    });
    let Value::Object(map) = &mut own else { return own };
    let mut show = |name: &str, id: &str| {
        if let Some(shown) = display(store, id) {
            map.insert(name.to_owned(), shown.into());
        }
    };
    show("policyDefinitionDisplayName", &part.definition);
    show("policyAssignmentDisplayName", &assignment.id);
    if is_set(denial) {
        show("policySetDefinitionDisplayName", &assignment.target);
        map.insert("policySetDefinitionId".to_owned(), assignment.target.as_str().into());
        map.insert("policySetDefinitionName".to_owned(), id::name(&assignment.target).into());
        map.insert("policyDefinitionReferenceId".to_owned(), part.reference.as_str().into());
    }
    own
}

/// What the assignment tells, and what the expressions do not show.
fn reason(denial: &Denial<'_>) -> Option<String> {
    let own = match &denial.refusal {
        Refusal::Effect(_) => None,
        Refusal::Failed(why) => Some(format!("The evaluation of the policy failed: {why}")),
        Refusal::Value { at, .. } => Some(format!(
            "The policy would set '{at}' to another value than the request, or cannot change it."
        )),
        Refusal::Conflict { field, with } => {
            Some(format!("The policies of this assignment and of '{with}' both change '{field}'."))
        }
    };
    match (denial.message, own) {
        (Some(message), Some(own)) => Some(format!("{message} {own}")),
        (Some(message), None) => Some(message.to_owned()),
        (None, own) => own,
    }
}

/// A condition that was evaluated. What an expression says is read where it stands in the definition.
fn expression(definition: &Value, step: &Step, quiet: bool) -> Value {
    let result = match &step.result {
        Ok(true) => "True",
        Ok(false) => "False",
        Err(_) => "Error",
    };
    let mut own = Map::new();
    own.insert("result".to_owned(), result.into());
    own.insert("expressionKind".to_owned(), step.kind.into());
    let condition = definition.pointer(&step.pointer).and_then(Value::as_object);
    let written = |name: &str| {
        let mut all = condition.into_iter().flatten();
        all.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, own)| own)
    };
    let shown = |name: &str, value: &Value| {
        // What is not found as it was written may have been made of a secret as well.
        let is_open = !quiet || written(name).is_some_and(|own| !reads_secrets(own));
        if is_open { value.clone() } else { HIDDEN.into() }
    };
    let expression = match step.kind {
        "Value" => written("value").cloned().unwrap_or_default(),
        _ => step.expression.as_str().into(),
    };
    own.insert("expression".to_owned(), expression);
    if step.kind != "Value" {
        own.insert("path".to_owned(), step.path.as_str().into());
    }
    if let Some(found) = &step.found {
        let found = if step.kind == "Value" { shown("value", found) } else { found.clone() };
        own.insert("expressionValue".to_owned(), found);
    }
    let name = step.operator.name();
    if let Some(target) = &step.target {
        own.insert("targetValue".to_owned(), shown(name, target));
    }
    let capital = name.get(..1).unwrap_or_default().to_ascii_uppercase() + name.get(1..).unwrap_or_default();
    own.insert("operator".to_owned(), capital.into());
    Value::Object(own)
}

/// Whether what is written may turn a secret into something that no longer looks like it. Spaces may stand before a parenthesis, so
/// the names of the functions are enough.
fn reads_secrets(written: &Value) -> bool {
    let text = written.to_string().to_ascii_lowercase();
    ["field", "current", "parameters"].iter().any(|own| text.contains(own))
}

/// Every text of a request that is a secret: by its form, by its name, or because its type never gives it back.
fn collect(value: &Value, pointer: &mut String, hidden: &[&str], found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (name, own) in map {
                let length = pointer.len();
                pointer.push('/');
                pointer.push_str(name);
                if let Value::String(text) = own
                    && is_secret(pointer, name, text, hidden)
                    && text.len() > 2
                {
                    found.push(text.clone());
                }
                collect(own, pointer, hidden, found);
                pointer.truncate(length);
            }
        }
        Value::Array(items) => {
            for own in items {
                if let Value::String(text) = own
                    && (secret::recognise(text).is_some() || is_below(pointer, hidden))
                    && text.len() > 2
                {
                    found.push(text.clone());
                }
                collect(own, pointer, hidden, found);
            }
        }
        _ => {}
    }
}

fn is_secret(pointer: &str, name: &str, text: &str, hidden: &[&str]) -> bool {
    is_below(pointer, hidden)
        || secret::recognise_variable(name, text).is_some()
        || (pointer.starts_with("/tags/") && secret::is_announced_by_tag(name, text))
}

fn is_below(pointer: &str, hidden: &[&str]) -> bool {
    let lower = pointer.to_ascii_lowercase();
    hidden.iter().any(|own| {
        let rest = lower.strip_prefix(&own.to_ascii_lowercase());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Takes secrets out of an answer, wherever they came to stand.
fn conceal(value: &mut Value, secrets: &[String]) {
    match value {
        Value::String(text) => {
            for own in secrets.iter().filter(|own| text.contains(own.as_str())).collect::<Vec<_>>() {
                *text = text.replace(own.as_str(), HIDDEN);
            }
            if let std::borrow::Cow::Owned(masked) = secret::mask(text) {
                *text = masked;
            }
        }
        Value::Object(map) => map.values_mut().for_each(|own| conceal(own, secrets)),
        Value::Array(items) => items.iter_mut().for_each(|own| conceal(own, secrets)),
        _ => {}
    }
}
