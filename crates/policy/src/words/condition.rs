//! The tree of conditions in words.

use super::leaf::Leaf;
use super::{Cx, Line};
use crate::Operator;
use dekey_expr::{Value, text};

/// What a rule says of types, and what is left of it.
pub(super) struct Scope<'a> {
    /// The types it looks at; empty where it names none.
    pub(super) types: Vec<String>,
    /// The conditions that have to hold besides.
    rest: Vec<&'a Value>,
}

impl<'a> Scope<'a> {
    /// Takes the conditions on types out of a rule, as far as all of it depends on them.
    pub(super) fn of(condition: &'a Value) -> Scope<'a> {
        let mut scope = Scope { types: Vec::new(), rest: Vec::new() };
        let mut parts = Vec::new();
        flatten(condition, &mut parts);
        for part in parts {
            match types_in(part) {
                Some(types) if scope.types.is_empty() => scope.types = types,
                _ => scope.rest.push(part),
            }
        }
        scope
    }
}

/// The parts of nested `allOf`.
fn flatten<'a>(condition: &'a Value, parts: &mut Vec<&'a Value>) {
    match logic(condition) {
        Some(("allof", Value::Array(items))) => items.iter().for_each(|item| flatten(item, parts)),
        _ => parts.push(condition),
    }
}

/// The types that a condition asks for, if it is about types alone.
fn types_in(condition: &Value) -> Option<Vec<String>> {
    if let Some(("anyof", Value::Array(items))) = logic(condition) {
        let all: Option<Vec<Vec<String>>> = items.iter().map(types_in).collect();
        return all.map(|all| all.concat()).filter(|all| !all.is_empty());
    }
    let leaf = Leaf::of(condition)?;
    leaf.field().filter(|name| text::eq(name, "type"))?;
    let plain = |value: &Value| value.as_str().filter(|own| !own.starts_with('[')).map(str::to_owned);
    match (leaf.operator, leaf.right) {
        (Operator::Equals, value) => plain(value).map(|own| vec![own]),
        (Operator::In, Value::Array(items)) => items.iter().map(plain).collect(),
        _ => None,
    }
}

/// The logical operator of a condition, in lower case, and what it is over.
fn logic(condition: &Value) -> Option<(&'static str, &Value)> {
    let map = condition.as_object()?;
    map.iter().find_map(|(key, value)| {
        let name = ["allof", "anyof", "not"].into_iter().find(|name| name.eq_ignore_ascii_case(key))?;
        Some((name, value))
    })
}

/// Tells what a rule asks besides types.
pub(super) fn tell_rest(scope: &Scope<'_>, cx: &Cx<'_>, out: &mut Vec<Line>) {
    match scope.rest.as_slice() {
        [] => {}
        [one] => tell(one, false, 0, cx, out),
        many => {
            out.push(Line { depth: 0, text: "all of this holds:".to_owned() });
            for part in many {
                tell(part, false, 1, cx, out);
            }
        }
    }
}

/// Tells a condition.
pub(super) fn tell(condition: &Value, negated: bool, depth: usize, cx: &Cx<'_>, out: &mut Vec<Line>) {
    match logic(condition) {
        Some(("not", inner)) => tell(inner, !negated, depth, cx, out),
        Some((_, Value::Array(items))) if items.len() == 1 => {
            for item in items {
                tell(item, negated, depth, cx, out);
            }
        }
        Some((name, Value::Array(items))) => {
            let heading = match (name, negated) {
                ("allof", false) => "all of this holds:",
                ("allof", true) => "not all of this holds:",
                (_, false) => "one of these holds:",
                (_, true) => "none of these holds:",
            };
            out.push(Line { depth, text: heading.to_owned() });
            let mut parts = Vec::new();
            if name == "allof" {
                flatten(condition, &mut parts);
            } else {
                parts.extend(items);
            }
            for part in parts {
                tell(part, false, depth + 1, cx, out);
            }
        }
        _ => match Leaf::of(condition) {
            Some(leaf) => leaf.tell(negated, depth, cx, out),
            None => out.push(Line { depth, text: format!("`{condition}`") }),
        },
    }
}

/// A condition on one line, if it has room there.
pub(super) fn inline(condition: &Value, cx: &Cx<'_>) -> Option<String> {
    let mut lines = Vec::new();
    tell(condition, false, 0, cx, &mut lines);
    match lines.as_slice() {
        [one] => Some(one.text.clone()),
        [heading, parts @ ..] if heading.text == "all of this holds:" && parts.len() <= 3 => {
            let flat = parts.iter().all(|part| part.depth == 1 && !part.text.ends_with(':'));
            let texts: Vec<&str> = parts.iter().map(|part| part.text.as_str()).collect();
            flat.then(|| texts.join(" and "))
        }
        _ => None,
    }
}
