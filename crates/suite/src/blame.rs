//! Which conditions decided.

use dekey_expr::text;
use dekey_policy::Step;
use serde_json::Value;
use std::collections::BTreeMap;

/// What one condition came to, on one value.
#[derive(Clone, Debug, PartialEq)]
pub struct Decider {
    /// Where it stands in the definition, as a JSON pointer.
    pub pointer: String,
    /// The field that it tests; empty for an expression.
    pub expression: String,
    /// Where the field is in the resource.
    pub path: String,
    /// How it compares.
    pub operator: &'static str,
    /// With what.
    pub target: Option<Value>,
    /// What was found there; nothing where nothing was.
    pub found: Option<Value>,
    /// Which element, where it was asked of several.
    pub elements: Vec<usize>,
    /// Whether it held, or why nobody can say.
    pub held: Result<bool, String>,
}

impl Decider {
    pub(crate) fn of(step: &Step) -> Decider {
        Decider {
            pointer: step.pointer.clone(),
            expression: step.expression.clone(),
            path: step.path.clone(),
            operator: step.operator.name(),
            target: step.target.clone(),
            found: step.found.clone(),
            elements: step.elements.clone(),
            held: step.result.as_ref().copied().map_err(ToString::to_string),
        }
    }
}

/// A rule, with what its conditions came to.
pub(crate) struct Traced<'a> {
    steps: BTreeMap<&'a str, Vec<&'a Step>>,
}

/// A condition of a rule, with where it stands.
pub(crate) type Leaf<'r> = (String, &'r Value);

impl<'a> Traced<'a> {
    pub(crate) fn new(steps: &'a [Step]) -> Self {
        let mut by_pointer: BTreeMap<&str, Vec<&Step>> = BTreeMap::new();
        for step in steps {
            by_pointer.entry(&step.pointer).or_default().push(step);
        }
        Traced { steps: by_pointer }
    }

    /// Whether a condition held: of several elements each has to.
    fn leaf(&self, pointer: &str, condition: &Value) -> Option<bool> {
        let Some(steps) = self.steps.get(pointer) else {
            let field = condition.as_object().and_then(|map| text::get(map, "field")).and_then(Value::as_str);
            // Of no elements, whatever is asked holds.
            return field.is_some_and(|name| name.contains("[*]")).then_some(true);
        };
        let results: Vec<Option<bool>> =
            steps.iter().map(|step| step.result.as_ref().ok().copied()).collect();
        match results {
            all if all.contains(&Some(false)) => Some(false),
            all if all.contains(&None) => None,
            _ => Some(true),
        }
    }

    fn truth(&self, pointer: &str, condition: &Value) -> Option<bool> {
        let Some((name, key, inner)) = logic(condition) else { return self.leaf(pointer, condition) };
        let below = format!("{pointer}/{key}");
        if name == "not" {
            return self.truth(&below, inner).map(|yes| !yes);
        }
        let deciding = name == "anyof";
        let items = inner.as_array().map(Vec::as_slice).unwrap_or_default();
        let mut all = Some(!deciding);
        for (at, item) in items.iter().enumerate() {
            match self.truth(&format!("{below}/{at}"), item) {
                Some(yes) if yes == deciding => return Some(deciding),
                Some(_) => {}
                None => all = None,
            }
        }
        all
    }

    /// The conditions without which a tree would have come to something else.
    pub(crate) fn deciders(&self, pointer: &str, condition: &Value) -> Vec<Decider> {
        let mut out = Vec::new();
        self.collect(pointer, condition, &mut out);
        out
    }

    fn collect(&self, pointer: &str, condition: &Value, out: &mut Vec<Decider>) {
        let truth = self.truth(pointer, condition);
        let Some((name, key, inner)) = logic(condition) else {
            let steps = self.steps.get(pointer).map(Vec::as_slice).unwrap_or_default();
            let tells = |step: &&&Step| truth != Some(false) || step.result.as_ref().ok() == Some(&false);
            out.extend(steps.iter().filter(tells).map(|step| Decider::of(step)));
            return;
        };
        let below = format!("{pointer}/{key}");
        if name == "not" {
            return self.collect(&below, inner, out);
        }
        for (at, item) in inner.as_array().into_iter().flatten().enumerate() {
            let place = format!("{below}/{at}");
            if self.truth(&place, item) == truth {
                self.collect(&place, item, out);
            }
        }
    }
}

/// The logical operator of a condition: in lower case, as written, and what it is over.
fn logic(condition: &Value) -> Option<(&'static str, &str, &Value)> {
    let map = condition.as_object()?;
    map.iter().find_map(|(key, inner)| {
        let name = ["allof", "anyof", "not"].into_iter().find(|name| name.eq_ignore_ascii_case(key))?;
        Some((name, key.as_str(), inner))
    })
}

/// The two trees of conditions that a definition can have, each with where it stands.
pub(crate) fn trees(document: &Value) -> Vec<(String, &Value)> {
    let mut trees = Vec::new();
    let wrapped = child(document, "properties").filter(|own| own.1.is_object());
    let (base, properties) = wrapped.map_or(("", document), |own| ("/properties", own.1));
    let Some((_, rule)) = child(properties, "policyRule") else { return trees };
    if let Some((_, condition)) = child(rule, "if") {
        trees.push((format!("{base}/policyRule/if"), condition));
    }
    let details = child(rule, "then").and_then(|own| child(own.1, "details"));
    if let Some((key, condition)) = details.and_then(|own| child(own.1, "existenceCondition")) {
        trees.push((format!("{base}/policyRule/then/details/{key}"), condition));
    }
    trees
}

/// What an object has under a key, whatever the case of the key, with the key as written.
fn child<'v>(value: &'v Value, key: &str) -> Option<(&'v str, &'v Value)> {
    let map = value.as_object()?;
    map.iter().find(|(own, _)| own.eq_ignore_ascii_case(key)).map(|(own, value)| (own.as_str(), value))
}

/// Every single condition of a tree, those on counted elements included.
pub(crate) fn leaves<'r>(pointer: &str, condition: &'r Value, out: &mut Vec<Leaf<'r>>) {
    match logic(condition) {
        Some(("not", key, inner)) => leaves(&format!("{pointer}/{key}"), inner, out),
        Some((_, key, inner)) => {
            for (at, item) in inner.as_array().into_iter().flatten().enumerate() {
                leaves(&format!("{pointer}/{key}/{at}"), item, out);
            }
        }
        None => {
            out.push((pointer.to_owned(), condition));
            for (key, count) in condition.as_object().into_iter().flatten() {
                if !key.eq_ignore_ascii_case("count") {
                    continue;
                }
                for (inner, filter) in count.as_object().into_iter().flatten() {
                    if inner.eq_ignore_ascii_case("where") {
                        leaves(&format!("{pointer}/{key}/{inner}"), filter, out);
                    }
                }
            }
        }
    }
}
