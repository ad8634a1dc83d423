//! A single condition in words.

use super::condition::inline;
use super::{Cx, Line, expression, field};
use crate::{Operator, json};
use dekey_expr::Value;
use serde_json::Map;

/// The parts of a condition, as written.
pub(super) struct Leaf<'a> {
    pub(super) map: &'a Map<String, Value>,
    pub(super) operator: Operator,
    pub(super) right: &'a Value,
}

impl<'a> Leaf<'a> {
    pub(super) fn of(condition: &'a Value) -> Option<Leaf<'a>> {
        let map = condition.as_object()?;
        let (operator, right) = map.iter().find_map(|(key, value)| Some((Operator::parse(key)?, value)))?;
        Some(Leaf { map, operator, right })
    }

    /// The field that it tests, if it is a plain one.
    pub(super) fn field(&self) -> Option<&'a str> {
        json::string(self.map, "field")
    }

    /// Tells it, on one line or with what is counted below.
    pub(super) fn tell(&self, negated: bool, depth: usize, cx: &Cx<'_>, out: &mut Vec<Line>) {
        let count = json::get(self.map, "count").and_then(Value::as_object);
        if let Some(count) = count {
            return self.tell_count(count, negated, depth, cx, out);
        }
        out.push(Line { depth, text: self.sentence(negated, cx) });
    }

    fn sentence(&self, negated: bool, cx: &Cx<'_>) -> String {
        let (subject, missing) = match (self.field(), json::get(self.map, "value")) {
            (Some(name), _) => (field::field(name, negated, cx), field::may_be_missing(name)),
            (None, Some(value)) => (expression::right(value, cx), false),
            (None, None) => ("something".to_owned(), false),
        };
        if let (Operator::Equals, Value::Bool(wanted), true) =
            (self.operator, self.right, subject.starts_with("whether "))
        {
            return whether(&subject, *wanted != negated);
        }
        format!("{subject} {}", predicate(self.operator, self.right, negated, missing, cx))
    }

    fn tell_count(
        &self,
        count: &Map<String, Value>,
        negated: bool,
        depth: usize,
        cx: &Cx<'_>,
        out: &mut Vec<Line>,
    ) {
        let counted = json::string(count, "field");
        let of = match (counted, json::get(count, "value")) {
            (Some(name), _) => field::field(name.strip_suffix("[*]").unwrap_or(name), false, cx),
            (None, Some(value)) => match json::string(count, "name").filter(|_| count.len() > 2) {
                Some(name) => format!("{} (called `{name}`)", expression::right(value, cx)),
                None => expression::right(value, cx),
            },
            (None, None) => "something".to_owned(),
        };
        let inner = Cx { counted: counted.or(Some("\u{0}")), ..*cx };
        let filter = json::get(count, "where");
        let (head, tail) = self.how_many(negated, &of, cx);
        match filter.map(|own| (own, inline(own, &inner))) {
            None => out.push(Line { depth, text: format!("{head}{tail}") }),
            Some((_, Some(text))) => {
                let tail = if tail.is_empty() { String::new() } else { format!(",{tail}") };
                out.push(Line { depth, text: format!("{head} for which {text}{tail}") });
            }
            Some((filter, None)) => {
                out.push(Line { depth, text: format!("{head}{tail}, counting those for which") });
                super::condition::tell(filter, false, depth + 1, &inner, out);
            }
        }
    }

    /// What is counted, and how many there have to be where that is a number.
    fn how_many(&self, negated: bool, of: &str, cx: &Cx<'_>) -> (String, String) {
        use Operator::{Equals, Greater, GreaterOrEquals, Less, LessOrEquals, NotEquals};
        let none = match (self.operator, self.right.as_i64()) {
            (Equals | LessOrEquals, Some(0)) | (Less, Some(1)) => Some(true),
            (NotEquals | Greater, Some(0)) | (GreaterOrEquals, Some(1)) => Some(false),
            _ => None,
        };
        match none.map(|none| none != negated) {
            Some(true) => (format!("there is no element of {of}"), String::new()),
            Some(false) => (format!("there is an element of {of}"), String::new()),
            None => {
                let comparison = predicate(self.operator, self.right, negated, false, cx);
                (format!("the number of elements of {of}"), format!(" {comparison}"))
            }
        }
    }
}

/// `whether x is empty` as a statement.
pub(super) fn whether(subject: &str, holds: bool) -> String {
    let rest = subject.strip_prefix("whether ").unwrap_or(subject);
    if holds {
        return rest.to_owned();
    }
    for (word, negative) in [(" is empty", " is not empty"), (" contains ", " does not contain ")] {
        if let Some(at) = rest.rfind(word) {
            let (head, tail) =
                (rest.get(..at).unwrap_or_default(), rest.get(at + word.len()..).unwrap_or_default());
            return format!("{head}{negative}{tail}");
        }
    }
    format!("not: {rest}")
}

/// What is said of the subject. `missing` says that the subject may be missing, for which negative conditions hold too.
fn predicate(operator: Operator, right: &Value, negated: bool, missing: bool, cx: &Cx<'_>) -> String {
    use Operator as O;
    let words = expression::right(right, cx);
    if operator == O::Exists {
        let wanted = match right {
            Value::Bool(own) => Some(*own),
            Value::String(own) if own.eq_ignore_ascii_case("true") => Some(true),
            Value::String(own) if own.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        };
        return match wanted.map(|own| own != negated) {
            Some(true) => "is there".to_owned(),
            Some(false) => "is missing".to_owned(),
            None => format!("is there or missing, as {words} says"),
        };
    }
    let is_empty = right.as_str() == Some("");
    let (positive, negative, is_negative) = match operator {
        O::Equals => ("is", "is not", false),
        O::NotEquals => ("is", "is not", true),
        O::In => ("is", "is none of", false),
        O::NotIn => ("is", "is none of", true),
        O::Like => ("is like", "is not like", false),
        O::NotLike => ("is like", "is not like", true),
        O::Match | O::MatchInsensitively => ("has the form", "does not have the form", false),
        O::NotMatch | O::NotMatchInsensitively => ("has the form", "does not have the form", true),
        O::Contains => ("contains", "does not contain", false),
        O::NotContains => ("contains", "does not contain", true),
        O::ContainsKey => ("has the key", "has no key", false),
        O::NotContainsKey => ("has the key", "has no key", true),
        O::Less => ("is less than", "is not less than", false),
        O::LessOrEquals => ("is at most", "is more than", false),
        O::Greater => ("is greater than", "is at most", false),
        O::GreaterOrEquals => ("is at least", "is less than", false),
        O::Exists => ("is there", "is missing", false),
    };
    // What stands in a parameter is a list; what is written out reads as one.
    let listed = matches!(operator, O::In | O::NotIn) && !right.is_array();
    let (positive, negative) =
        if listed { ("is one of those in", "is none of those in") } else { (positive, negative) };
    let is_order = matches!(operator, O::Less | O::LessOrEquals | O::Greater | O::GreaterOrEquals);
    match is_negative != negated {
        false if is_empty && missing => "is empty or missing".to_owned(),
        false => format!("{positive} {words}"),
        true if is_empty => "is neither empty nor missing".to_owned(),
        true if missing && !is_order => format!("{negative} {words} (or is missing)"),
        true => format!("{negative} {words}"),
    }
}
