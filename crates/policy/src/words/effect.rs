//! What a policy does, in words.

use super::{Cx, Line, condition, expression, field};
use crate::{Effect, json};
use dekey_expr::Value;
use serde_json::Map;

pub(super) fn tell(then: &Map<String, Value>, cx: &Cx<'_>, out: &mut Vec<Line>) {
    let written = json::string(then, "effect").unwrap_or_default();
    let details = json::get(then, "details");
    let is_expression = written.starts_with('[');
    let effects = if is_expression { chosen(written, cx, out) } else { vec![Effect::parse(written)] };
    let depth = usize::from(is_expression);
    for effect in &effects {
        // Some definitions allow the same effect in two spellings.
        let line = Line { depth, text: format!("{}: {}", effect.name(), summary(effect)) };
        if !out.contains(&line) {
            out.push(line);
        }
    }
    let Some(details) = details else { return };
    if effects.iter().any(Effect::needs_existence)
        && let Some(map) = details.as_object()
    {
        existence(map, cx, out);
        deployment(map, out);
    }
    if effects.contains(&Effect::Modify)
        && let Some(map) = details.as_object()
    {
        modify(map, cx, out);
    }
    match details {
        Value::Array(items) => {
            for item in items.iter().filter_map(Value::as_object) {
                let name = json::string(item, "field").unwrap_or_default();
                let value = json::get(item, "value").unwrap_or(&Value::Null);
                let text =
                    format!("adds {} = {}", field::field(name, false, cx), expression::right(value, cx));
                out.push(Line { depth: 0, text });
            }
        }
        Value::Object(map) if effects.contains(&Effect::DenyAction) => {
            let actions = json::strings(map, "actionNames");
            out.push(Line {
                depth: 0,
                text: format!("refused actions: {}", field::list(&actions, "and", 8)),
            });
        }
        _ => {}
    }
}

/// The effects that an assignment chooses among, with how.
fn chosen(written: &str, cx: &Cx<'_>, out: &mut Vec<Line>) -> Vec<Effect> {
    let by = expression::right(&Value::String(written.to_owned()), cx);
    let name = by.strip_prefix("the parameter `").and_then(|own| own.strip_suffix('`'));
    let parameter =
        name.and_then(|name| cx.parameters.iter().find(|own| own.name.eq_ignore_ascii_case(name)));
    let default = parameter.and_then(|own| own.default.as_ref()?.as_str());
    let mut text = format!("what {by} says");
    if let Some(default) = default {
        text = format!("{text}; unless an assignment says otherwise, {default}");
    }
    out.push(Line { depth: 0, text });
    let allowed = parameter.map(|own| own.allowed.as_slice()).unwrap_or_default();
    let mut effects: Vec<Effect> = allowed.iter().filter_map(Value::as_str).map(Effect::parse).collect();
    if effects.is_empty() {
        effects.extend(default.map(Effect::parse));
    }
    effects
}

fn summary(effect: &Effect) -> &str {
    match effect {
        Effect::Disabled => "nothing; it is switched off",
        Effect::Append => "adds to the request what is missing; what is there already is non-compliant",
        Effect::Modify => {
            "changes the request before it is carried out; what is there already can be remediated"
        }
        Effect::Deny => "refuses the request; what is there already is non-compliant and stays",
        Effect::Audit => "refuses nothing; the resource is non-compliant",
        Effect::Manual => "nothing is looked at: somebody attests compliance by hand",
        Effect::AuditIfNotExists => "the resource is non-compliant unless something related to it exists",
        Effect::DeployIfNotExists => {
            "deploys something unless it exists, after the request succeeded; what is there already can be remediated"
        }
        Effect::DenyAction => "refuses the action; the resource may still be changed",
        Effect::AuditAction => "notes the action and refuses nothing",
        Effect::Mutate => "changes what is admitted to the cluster",
        Effect::AddToNetworkGroup => "makes it a member of a network group",
        Effect::EnforceRegoPolicy | Effect::EnforceOpaConstraint => {
            "the rule is enforced inside of the cluster"
        }
        Effect::EnforceSetting => "the service enforces a setting",
        Effect::Other(_) => "not documented",
    }
}

fn existence(details: &Map<String, Value>, cx: &Cx<'_>, out: &mut Vec<Line>) {
    let kind = json::string(details, "type").unwrap_or_default();
    let mut text = format!("what has to exist: a resource of type {}", plain(kind, cx));
    if let Some(name) = json::string(details, "name") {
        text.extend([" named ", &plain(name, cx)]);
    }
    let below = cx.types.iter().any(|own| kind.len() > own.len() && dekey_expr::text::starts_with(kind, own));
    let subscription =
        json::string(details, "existenceScope").is_some_and(|own| own.eq_ignore_ascii_case("subscription"));
    let place = match json::string(details, "resourceGroupName") {
        Some(group) => format!(", in the resource group {}", plain(group, cx)),
        None if subscription || of_subscription(cx) => ", anywhere in the subscription".to_owned(),
        None if below => ", in the resource".to_owned(),
        None => ", in its resource group".to_owned(),
    };
    text.push_str(&place);
    let inner_types = [kind.to_owned()];
    let inner = Cx { types: &inner_types, ..*cx };
    match json::get(details, "existenceCondition") {
        None => out.push(Line { depth: 0, text }),
        Some(own) => {
            out.push(Line { depth: 0, text: format!("{text}, for which") });
            condition::tell(own, false, 1, &inner, out);
        }
    }
}

/// Whether what is looked at is the subscription itself.
fn of_subscription(cx: &Cx<'_>) -> bool {
    let is = |own: &String| own.eq_ignore_ascii_case("Microsoft.Resources/subscriptions");
    !cx.types.is_empty() && cx.types.iter().all(is)
}

fn plain(text: &str, cx: &Cx<'_>) -> String {
    let told = expression::right(&Value::String(text.to_owned()), cx);
    if text.starts_with('[') { told } else { told.trim_matches('`').to_owned() }
}

fn deployment(details: &Map<String, Value>, out: &mut Vec<Line>) {
    let Some(own) = json::get(details, "deployment") else { return };
    let mut types = Vec::new();
    deployed(own, &mut types, 0);
    if !types.is_empty() {
        out.push(Line { depth: 0, text: format!("what it deploys: {}", field::list(&types, "and", 8)) });
    }
    roles(details, out);
}

/// The types of the resources of a template, and of those nested in it.
fn deployed(value: &Value, types: &mut Vec<String>, depth: usize) {
    if depth > 64 {
        return;
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| deployed(item, types, depth + 1)),
        Value::Object(map) => {
            let kind = json::string(map, "type")
                .filter(|kind| kind.contains('/') && json::get(map, "apiVersion").is_some());
            if let Some(kind) =
                kind.filter(|kind| !kind.eq_ignore_ascii_case("Microsoft.Resources/deployments"))
                && !types.iter().any(|own| own.eq_ignore_ascii_case(kind))
            {
                types.push(kind.to_owned());
            }
            map.values().for_each(|item| deployed(item, types, depth + 1));
        }
        _ => {}
    }
}

fn modify(details: &Map<String, Value>, cx: &Cx<'_>, out: &mut Vec<Line>) {
    let operations = json::get(details, "operations").and_then(Value::as_array);
    for operation in operations.into_iter().flatten().filter_map(Value::as_object) {
        let name = field::field(json::string(operation, "field").unwrap_or_default(), false, cx);
        let value = || expression::right(json::get(operation, "value").unwrap_or(&Value::Null), cx);
        let mut text =
            match json::string(operation, "operation").unwrap_or_default().to_ascii_lowercase().as_str() {
                "remove" => format!("takes {name} away"),
                "add" => format!("adds {name} = {}", value()),
                _ => format!("sets {name} to {}", value()),
            };
        if let Some(when) = json::get(operation, "condition") {
            text.extend([", if ", &expression::right(when, cx)]);
        }
        out.push(Line { depth: 0, text });
    }
    if json::string(details, "conflictEffect").is_none_or(|own| own.eq_ignore_ascii_case("deny")) {
        let text = "where two policies change the same property differently, the request is refused";
        out.push(Line { depth: 0, text: text.to_owned() });
    }
    roles(details, out);
}

fn roles(details: &Map<String, Value>, out: &mut Vec<Line>) {
    let roles = json::strings(details, "roleDefinitionIds");
    let name = |id: &String| id.rsplit('/').next().unwrap_or(id).to_owned();
    if !roles.is_empty() {
        let names: Vec<String> = roles.iter().map(name).collect();
        let text =
            format!("the identity of the assignment needs the roles {}", field::list(&names, "and", 6));
        out.push(Line { depth: 0, text });
    }
}
