//! Names of fields, and lists, in words.

use super::Cx;
use super::expression;
use crate::alias::type_of;
use dekey_expr::text;

/// Whether a field may be missing: what a resource is called and where it is always has a value.
pub(super) fn may_be_missing(name: &str) -> bool {
    !["type", "name", "fullname", "id", "location"].contains(&name.to_ascii_lowercase().as_str())
}

/// A field as the subject of a sentence. `some` where only one of several elements has to do.
pub(super) fn field(name: &str, some: bool, cx: &Cx<'_>) -> String {
    let name = name.trim();
    if name.starts_with('[') && name.ends_with(']') {
        return expression::named(name, cx);
    }
    let built_in = match name.to_ascii_lowercase().as_str() {
        "type" => "its type",
        "name" => "its name",
        "fullname" => "its full name",
        "kind" => "its kind",
        "id" => "its id",
        "location" => "its location",
        "tags" => "its tags",
        "identity.type" => "the type of its identity",
        _ => "",
    };
    if !built_in.is_empty() {
        return built_in.to_owned();
    }
    if let Some(tag) = tag(name) {
        return format!("its tag `{tag}`");
    }
    if let Some(counted) = cx.counted {
        if text::eq(name, counted) {
            return "the element".to_owned();
        }
        if text::starts_with(name, counted)
            && let Some(rest) = name.get(counted.len()..)
        {
            return of_elements(rest.trim_start_matches(['.', '/']), some);
        }
    }
    let own = type_of(name);
    let rest = name.get(own.len()..).unwrap_or(name).trim_start_matches('/');
    let short = of_elements(rest, some);
    if own.is_empty() || cx.types.iter().any(|known| text::eq(known, own)) {
        return short;
    }
    // Aliases of a type that the rule does not name, or names no types at all.
    format!("{short} of {own}")
}

/// A path in which `[*]` stands for the elements of an array.
fn of_elements(path: &str, some: bool) -> String {
    match path.rsplit_once("[*]") {
        None => format!("`{path}`"),
        Some((array, rest)) => {
            let which = if some { "some element" } else { "every element" };
            let rest = rest.trim_start_matches('.');
            if rest.is_empty() {
                format!("{which} of `{array}`")
            } else {
                format!("`{rest}` of {which} of `{array}`")
            }
        }
    }
}

fn tag(name: &str) -> Option<&str> {
    let rest = name.get(..4).filter(|head| head.eq_ignore_ascii_case("tags")).and_then(|_| name.get(4..))?;
    if let Some(tag) = rest.strip_prefix('.') {
        return Some(tag);
    }
    let inner = rest.strip_prefix('[')?.strip_suffix(']')?;
    (inner != "*").then(|| inner.trim_matches(['\'', '"']))
}

/// Items with commas, and a word before the last.
pub(super) fn list(items: &[String], word: &str, most: usize) -> String {
    match items {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        // Nobody is helped by "1 more".
        many if many.len() > most + 1 => {
            let shown: Vec<&str> = many.iter().take(most).map(String::as_str).collect();
            format!("{} {word} {} more", shown.join(", "), many.len() - shown.len())
        }
        [all @ .., last] => format!("{} {word} {last}", all.join(", ")),
    }
}
