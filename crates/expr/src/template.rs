//! A JSON value in which texts may be expressions.

use crate::{Expr, Fault, Host, Language, Outcome, ParseError, Value};
use serde_json::Map;
use std::borrow::Cow;

/// A JSON value whose texts were read: `[...]` as expressions, `[[...` as text that starts with a bracket.
#[derive(Clone, Debug)]
pub enum Template {
    /// Nothing to evaluate.
    Plain(Value),
    /// A text that is an expression.
    Expr(Box<Expr>),
    /// An array with an expression somewhere in it.
    Array(Vec<Template>),
    /// An object with an expression somewhere in it.
    Object(Vec<(String, Template)>),
}

impl Template {
    /// Reads the texts of a value. The error comes with the path of the text, as a JSON pointer.
    pub fn parse(value: &Value, language: &Language) -> Result<Template, (String, ParseError)> {
        match value {
            Value::String(text) => Self::parse_text(text, language).map_err(|error| (String::new(), error)),
            Value::Array(items) => {
                let parts = items.iter().enumerate().map(|(ix, item)| {
                    Self::parse(item, language).map_err(|(path, error)| (format!("/{ix}{path}"), error))
                });
                let parts = parts.collect::<Result<Vec<_>, _>>()?;
                if parts.iter().all(|part| matches!(part, Template::Plain(_))) {
                    return Ok(Template::Plain(Value::Array(parts.into_iter().filter_map(plain).collect())));
                }
                Ok(Template::Array(parts))
            }
            Value::Object(map) => {
                let parts = map.iter().map(|(key, item)| match Self::parse(item, language) {
                    Ok(part) => Ok((key.clone(), part)),
                    Err((path, error)) => Err((format!("/{key}{path}"), error)),
                });
                let parts = parts.collect::<Result<Vec<_>, _>>()?;
                if parts.iter().all(|(_, part)| matches!(part, Template::Plain(_))) {
                    let map = parts.into_iter().filter_map(|(key, part)| Some((key, plain(part)?)));
                    return Ok(Template::Plain(Value::Object(map.collect())));
                }
                Ok(Template::Object(parts))
            }
            other => Ok(Template::Plain(other.clone())),
        }
    }

    /// Reads one text.
    pub fn parse_text(text: &str, language: &Language) -> Result<Template, ParseError> {
        if !text.starts_with('[') || !text.ends_with(']') {
            return Ok(Template::Plain(Value::String(text.to_owned())));
        }
        if let Some(rest) = text.strip_prefix("[[") {
            return Ok(Template::Plain(Value::String(format!("[{rest}"))));
        }
        Expr::parse_within(text, 1, text.len() - 1, language).map(|expr| Template::Expr(Box::new(expr)))
    }

    /// The value, if there is nothing to evaluate.
    pub fn as_plain(&self) -> Option<&Value> {
        match self {
            Template::Plain(value) => Some(value),
            _ => None,
        }
    }

    /// Every expression in it.
    pub fn exprs<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        match self {
            Template::Plain(_) => {}
            Template::Expr(expr) => visit(expr),
            Template::Array(parts) => parts.iter().for_each(|part| part.exprs(visit)),
            Template::Object(parts) => parts.iter().for_each(|(_, part)| part.exprs(visit)),
        }
    }

    /// Evaluates whatever does not depend on what is only known later.
    #[must_use]
    pub fn fold(self, host: &dyn Host) -> Template {
        match self {
            Template::Plain(value) => Template::Plain(value),
            Template::Expr(expr) => {
                let expr = expr.fold(host);
                match expr.as_literal() {
                    Some(value) => Template::Plain(value.clone()),
                    None => Template::Expr(Box::new(expr)),
                }
            }
            Template::Array(parts) => {
                let parts: Vec<Template> = parts.into_iter().map(|part| part.fold(host)).collect();
                if parts.iter().all(|part| matches!(part, Template::Plain(_))) {
                    return Template::Plain(Value::Array(parts.into_iter().filter_map(plain).collect()));
                }
                Template::Array(parts)
            }
            Template::Object(parts) => {
                let parts: Vec<_> = parts.into_iter().map(|(key, part)| (key, part.fold(host))).collect();
                if parts.iter().all(|(_, part)| matches!(part, Template::Plain(_))) {
                    let map = parts.into_iter().filter_map(|(key, part)| Some((key, plain(part)?)));
                    return Template::Plain(Value::Object(map.collect()));
                }
                Template::Object(parts)
            }
        }
    }

    /// The value, with every expression evaluated.
    pub fn eval<'a>(&'a self, host: &'a dyn Host) -> Outcome<'a> {
        match self {
            Template::Plain(value) => Ok(Cow::Borrowed(value)),
            Template::Expr(expr) => expr.eval(host),
            Template::Array(parts) => {
                let items = parts.iter().map(|part| part.eval(host).map(Cow::into_owned));
                Ok(Cow::Owned(Value::Array(items.collect::<Result<_, Box<Fault>>>()?)))
            }
            Template::Object(parts) => {
                let mut map = Map::new();
                for (key, part) in parts {
                    map.insert(key.clone(), part.eval(host)?.into_owned());
                }
                Ok(Cow::Owned(Value::Object(map)))
            }
        }
    }
}

fn plain(template: Template) -> Option<Value> {
    match template {
        Template::Plain(value) => Some(value),
        _ => None,
    }
}
