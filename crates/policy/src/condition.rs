//! The condition tree of a rule, as it is written.

use crate::language::LANGUAGE;
use crate::{LoadError, Operator, json};
use dekey_expr::{Template, Value};
use serde_json::Map;

/// Deeper than any rule that Azure takes.
const DEEPEST: usize = 128;

/// A condition, its expressions read and not yet evaluated.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Leaf(Box<Leaf>),
}

#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    pub(crate) left: Left,
    pub(crate) operator: Operator,
    pub(crate) right: Template,
    /// Where it stands in the definition, as a JSON pointer.
    pub(crate) pointer: String,
}

#[derive(Clone, Debug)]
pub(crate) enum Left {
    Field(Template),
    Value(Template),
    Count(Box<Count>),
}

#[derive(Clone, Debug)]
pub(crate) struct Count {
    pub(crate) of: CountOf,
    pub(crate) filter: Option<Condition>,
}

#[derive(Clone, Debug)]
pub(crate) enum CountOf {
    /// The elements that an alias with `[*]` selects.
    Field(Template),
    /// The elements of an array, and the name by which `current()` knows them.
    Value(Template, String),
}

impl Condition {
    pub(crate) fn parse(value: &Value, pointer: &str) -> Result<Condition, LoadError> {
        Self::parse_at(value, pointer, 0)
    }

    fn parse_at(value: &Value, pointer: &str, depth: usize) -> Result<Condition, LoadError> {
        let map = json::object(value, pointer, "a condition")?;
        if depth > DEEPEST {
            return Err(LoadError::new(pointer, "conditions are nested too deep"));
        }
        let logic = ["allOf", "anyOf", "not"];
        let Some((key, inner)) =
            map.iter().find(|(key, _)| logic.iter().any(|l| l.eq_ignore_ascii_case(key)))
        else {
            return Ok(Condition::Leaf(Box::new(leaf(map, pointer, depth)?)));
        };
        if let Some(extra) = map.keys().find(|other| *other != key) {
            return Err(LoadError::new(pointer, format!("`{extra}` cannot stand beside `{key}`")));
        }
        let inside = format!("{pointer}/{key}");
        if key.eq_ignore_ascii_case("not") {
            return Ok(Condition::Not(Box::new(Self::parse_at(inner, &inside, depth + 1)?)));
        }
        let Value::Array(items) = inner else {
            return Err(LoadError::new(inside, format!("`{key}` must be an array of conditions")));
        };
        let parts = items
            .iter()
            .enumerate()
            .map(|(ix, item)| Self::parse_at(item, &format!("{inside}/{ix}"), depth + 1));
        let parts = parts.collect::<Result<Vec<_>, _>>()?;
        Ok(if key.eq_ignore_ascii_case("allOf") { Condition::All(parts) } else { Condition::Any(parts) })
    }
}

fn template(value: &Value, pointer: &str) -> Result<Template, LoadError> {
    Template::parse(value, &LANGUAGE).map_err(|error| LoadError::expression(pointer, error))
}

fn leaf(map: &Map<String, Value>, pointer: &str, depth: usize) -> Result<Leaf, LoadError> {
    let mut left = None;
    let mut right = None;
    for (key, value) in map {
        let inside = format!("{pointer}/{key}");
        if let Some(operator) = Operator::parse(key) {
            let expected = template(value, &inside)?;
            if right.replace((operator, expected)).is_some() {
                return Err(LoadError::new(pointer, "a condition has one operator; put others into `allOf`"));
            }
            continue;
        }
        let side = match key.to_ascii_lowercase().as_str() {
            "field" if value.is_string() => Left::Field(template(value, &inside)?),
            "value" => Left::Value(template(value, &inside)?),
            "count" => Left::Count(Box::new(count(value, &inside, depth)?)),
            "source" => {
                return Err(LoadError::new(inside, "`source` is no longer supported; test the field `type`"));
            }
            "field" => return Err(LoadError::new(inside, "`field` must be the name of a field")),
            _ => {
                return Err(LoadError::new(inside, format!("`{key}` is no operator and nothing to compare")));
            }
        };
        if left.replace(side).is_some() {
            return Err(LoadError::new(pointer, "a condition has one of `field`, `value` and `count`"));
        }
    }
    match (left, right) {
        (Some(left), Some((operator, right))) => {
            Ok(Leaf { left, operator, right, pointer: pointer.to_owned() })
        }
        (None, _) => Err(LoadError::new(pointer, "a condition needs one of `field`, `value` and `count`")),
        (_, None) => Err(LoadError::new(pointer, "a condition needs an operator")),
    }
}

fn count(value: &Value, pointer: &str, depth: usize) -> Result<Count, LoadError> {
    let map = json::object(value, pointer, "`count`")?;
    let (mut of, mut name, mut filter) = (None, None, None);
    for (key, value) in map {
        let inside = format!("{pointer}/{key}");
        match key.to_ascii_lowercase().as_str() {
            "field" | "value" if of.is_some() => {
                return Err(LoadError::new(pointer, "`count` has either `field` or `value`"));
            }
            "field" => of = Some((true, template(value, &inside)?)),
            "value" => of = Some((false, template(value, &inside)?)),
            "name" => match value.as_str() {
                Some(text) => name = Some(text.to_owned()),
                None => return Err(LoadError::new(inside, "the `name` of a count must be a text")),
            },
            "where" => filter = Some(Condition::parse_at(value, &inside, depth + 1)?),
            _ => return Err(LoadError::new(inside, format!("`count` has no `{key}`"))),
        }
    }
    match (of, name) {
        (Some((true, _)), Some(_)) => Err(LoadError::new(pointer, "only a count of `value` has a `name`")),
        (Some((true, field)), None) => {
            if let Some(Value::String(text)) = field.as_plain() {
                check_counted(text, pointer)?;
            }
            Ok(Count { of: CountOf::Field(field), filter })
        }
        (Some((false, value)), name) => {
            Ok(Count { of: CountOf::Value(value, name.unwrap_or_else(|| "default".to_owned())), filter })
        }
        (None, _) => Err(LoadError::new(pointer, "`count` needs `field` or `value`")),
    }
}

/// A counted field is an alias with `[*]`, and never a tag.
pub(crate) fn check_counted(field: &str, pointer: &str) -> Result<(), LoadError> {
    if crate::field::Field::is_tag(field) {
        return Err(LoadError::new(pointer, "count over a tag field is not supported"));
    }
    if !field.contains("[*]") {
        return Err(LoadError::new(
            pointer,
            format!("the counted field must contain [*], and `{field}` does not"),
        ));
    }
    Ok(())
}
