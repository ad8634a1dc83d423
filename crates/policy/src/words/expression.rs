//! Values and expressions in words.

use super::leaf::whether;
use super::{Cx, field};
use crate::language::LANGUAGE;
use dekey_expr::{Expr, Template, Value};

/// How many items of a list are told.
const ITEMS: usize = 10;

/// What something is compared with.
pub(super) fn right(value: &Value, cx: &Cx<'_>) -> String {
    match value {
        Value::String(text) => match Template::parse_text(text, &LANGUAGE) {
            Ok(Template::Expr(expr)) => words(&expr, cx),
            Ok(Template::Plain(Value::String(plain))) => quoted(&plain),
            _ => quoted(text),
        },
        Value::Array(items) if items.is_empty() => "nothing".to_owned(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| right(item, cx)).collect();
            field::list(&items, "or", ITEMS)
        }
        Value::Null => "null".to_owned(),
        Value::Object(map) if map.is_empty() => "an empty object".to_owned(),
        other => format!("`{other}`"),
    }
}

fn quoted(text: &str) -> String {
    if text.is_empty() { "the empty text".to_owned() } else { format!("`{text}`") }
}

/// A field whose name is an expression.
pub(super) fn named(text: &str, cx: &Cx<'_>) -> String {
    let Ok(Template::Expr(expr)) = Template::parse_text(text, &LANGUAGE) else { return format!("`{text}`") };
    // `concat('tags[', .., ']')` is how rules name a tag that a parameter chooses.
    if let Some(("concat", [first, name, last])) = expr.as_call()
        && first.as_literal().and_then(Value::as_str).is_some_and(|own| own.eq_ignore_ascii_case("tags["))
        && last.as_literal().and_then(Value::as_str) == Some("]")
    {
        return format!("its tag named by {}", words(name, cx));
    }
    format!("the field named by {}", words(&expr, cx))
}

/// An expression in words; what has none is told as a call.
pub(super) fn words(expr: &Expr, cx: &Cx<'_>) -> String {
    if let Some(value) = expr.as_literal() {
        return match value {
            Value::String(text) => quoted(text),
            other => format!("`{other}`"),
        };
    }
    if let Some((base, keys)) = expr.as_selection() {
        return selection(base, keys, cx);
    }
    let Some((name, args)) = expr.as_call() else { return "something".to_owned() };
    let own = |at: usize| args.get(at).map(|arg| words(arg, cx)).unwrap_or_default();
    let literal = |at: usize| args.get(at).and_then(Expr::as_literal).and_then(Value::as_str);
    match (name.to_ascii_lowercase().as_str(), args.len()) {
        ("parameters", 1) => match literal(0) {
            Some(parameter) => format!("the parameter `{parameter}`"),
            None => format!("the parameter named by {}", own(0)),
        },
        ("field", 1) => match literal(0) {
            // A function gets all elements at once.
            Some(name) => field::field(name, false, cx).replace("every element of", "the elements of"),
            None => format!("the field named by {}", own(0)),
        },
        ("current", 0) => "the element".to_owned(),
        ("current", 1) => match (literal(0), cx.counted) {
            (Some(name), Some(counted)) if dekey_expr::text::starts_with(name, counted) => {
                field::field(name, false, cx)
            }
            // That of a count further out.
            (Some(name), _) if name.contains("[*]") => {
                field::field(name, false, cx).replace("every element of", "the element of")
            }
            (Some(name), _) => format!("`{name}`"),
            _ => "the element".to_owned(),
        },
        ("utcnow", _) => "now".to_owned(),
        ("requestcontext", 0) => "the request".to_owned(),
        ("resourcegroup", 0) => "the resource group".to_owned(),
        ("subscription", 0) => "the subscription".to_owned(),
        ("policy", 0) => "the policy".to_owned(),
        ("claims", 0) => "what the external evaluation claims".to_owned(),
        ("true" | "false" | "null", 0) => format!("`{}`", name.to_ascii_lowercase()),
        (known, count) => of_function(known, count, &own).unwrap_or_else(|| {
            let args: Vec<String> = args.iter().map(|arg| words(arg, cx)).collect();
            format!("{name}({})", args.join(", "))
        }),
    }
}

/// Functions that read well as words.
fn of_function(name: &str, count: usize, own: &dyn Fn(usize) -> String) -> Option<String> {
    let all = |between: &str| (0..count).map(own).collect::<Vec<_>>().join(between);
    Some(match (name, count) {
        ("concat", _) => all(" + "),
        ("equals", 2) => format!("({} equals {})", own(0), own(1)),
        ("not", 1) => match own(0) {
            asked if asked.starts_with("whether ") => denied(&asked),
            other => format!("not {other}"),
        },
        ("and", _) => {
            format!("({})", (0..count).map(|at| stated(&own(at))).collect::<Vec<_>>().join(" and "))
        }
        ("or", _) => format!("({})", (0..count).map(|at| stated(&own(at))).collect::<Vec<_>>().join(" or ")),
        ("if", 3) => format!("({} if {}, otherwise {})", own(1), stated(&own(0)), own(2)),
        ("length", 1) => match own(0).strip_prefix("the elements of ") {
            Some(array) => format!("the number of elements of {array}"),
            None => format!("the length of {}", own(0)),
        },
        ("first", 1) => format!("the first of {}", own(0)),
        ("last", 1) => format!("the last of {}", own(0)),
        ("empty", 1) => format!("whether {} is empty", own(0)),
        ("contains", 2) => format!("whether {} contains {}", own(0), own(1)),
        ("greater", 2) => format!("({} is greater than {})", own(0), own(1)),
        ("greaterorequals", 2) => format!("({} is at least {})", own(0), own(1)),
        ("less", 2) => format!("({} is less than {})", own(0), own(1)),
        ("lessorequals", 2) => format!("({} is at most {})", own(0), own(1)),
        ("split", 2) => format!("the parts of {} between {}", own(0), own(1)),
        ("tolower", 1) => format!("{} in lower case", own(0)),
        ("toupper", 1) => format!("{} in upper case", own(0)),
        ("trim", 1) => format!("{} without spaces around it", own(0)),
        ("replace", 3) => format!("{} with {} in the place of {}", own(0), own(2), own(1)),
        ("int" | "string" | "bool" | "float" | "array", 1) => own(0),
        ("adddays", 2) => format!("{} days after {}", own(1), own(0)),
        ("add", 2) => format!("{} plus {}", own(0), own(1)),
        ("sub", 2) => format!("{} minus {}", own(0), own(1)),
        ("mul", 2) => format!("{} times {}", own(0), own(1)),
        ("intersection", _) => format!("what is in both {}", all(" and ")),
        ("union", _) => format!("{} together", all(" and ")),
        // What is missing reads as empty.
        ("coalesce", 2) if own(1) == "the empty text" => own(0),
        ("coalesce", _) => format!("the first that is there of {}", all(", ")),
        ("createarray", _) => all(", "),
        ("iprangecontains", 2) => format!("whether the range {} contains {}", own(0), own(1)),
        _ => return None,
    })
}

/// `whether x is empty`, as something that holds.
fn stated(told: &str) -> String {
    if told.starts_with("whether ") { whether(told, true) } else { told.to_owned() }
}

/// `whether x is empty`, as something that does not hold; where it is asked for, it is asked the other way round.
fn denied(asked: &str) -> String {
    format!("whether {}", whether(asked, false))
}

fn selection(base: &Expr, keys: &[Expr], cx: &Cx<'_>) -> String {
    let mut told = words(base, cx);
    for key in keys {
        told = match key.as_literal() {
            Some(Value::String(name)) => match name.to_ascii_lowercase().as_str() {
                "apiversion" => format!("the API version of {told}"),
                "identity" => format!("the caller of {told}"),
                _ => format!("`{name}` of {told}"),
            },
            Some(Value::Number(at)) => format!("element {at} of {told}"),
            _ => format!("the entry of {told} named by {}", words(key, cx)),
        };
    }
    told
}
