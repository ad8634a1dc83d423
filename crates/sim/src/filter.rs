//! OData filters, as far as Azure's lists take them.

use serde_json::Value;

/// A filter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Filter {
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    Not(Box<Filter>),
    /// A path, an operator, a literal.
    Compare(String, String, String),
    In(String, Vec<String>),
    /// `atScope()`, `assignedTo('…')`, `startswith(path,'…')`.
    Call(String, Vec<String>),
    /// `alternativeNames/any(x:x eq '…')`.
    Any(String, Box<Filter>),
}

/// How deep filters may nest.
const DEPTH: usize = 32;

/// Parses a filter. The error names what was not understood.
pub(crate) fn parse(text: &str) -> Result<Filter, String> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0 };
    let filter = parser.or()?;
    match parser.peek() {
        None => Ok(filter),
        Some(token) => Err(format!("'{}' was not expected", token.text)),
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Token {
    text: String,
    quoted: bool,
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(&c) = rest.peek() {
        let mut own = String::new();
        let quoted = c == '\'';
        if quoted {
            rest.next();
            loop {
                match rest.next() {
                    Some('\'') if rest.peek() == Some(&'\'') => {
                        rest.next();
                        own.push('\'');
                    }
                    Some('\'') => break,
                    Some(c) => own.push(c),
                    None => return Err("a quote is not closed".to_owned()),
                }
            }
        } else if c.is_whitespace() {
            rest.next();
            continue;
        } else if "(),:".contains(c) {
            rest.next();
            own.push(c);
        } else {
            while let Some(c) =
                rest.next_if(|c| !c.is_whitespace() && !"(),'".contains(*c) && (*c != ':' || is_time(&own)))
            {
                own.push(c);
            }
        }
        tokens.push(Token { text: own, quoted });
    }
    Ok(tokens)
}

/// A colon is part of a time that is written without quotes.
fn is_time(own: &str) -> bool {
    own.starts_with(|c: char| c.is_ascii_digit())
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        self.at += 1;
        self.tokens.get(self.at - 1).cloned()
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|token| !token.quoted && token.text.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, word: &str) -> Result<(), String> {
        if self.take(word) { Ok(()) } else { Err(format!("'{word}' was expected")) }
    }

    fn or(&mut self) -> Result<Filter, String> {
        let mut left = self.and()?;
        while self.take("or") {
            left = Filter::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Filter, String> {
        let mut left = self.one()?;
        while self.take("and") {
            left = Filter::And(Box::new(left), Box::new(self.one()?));
        }
        Ok(left)
    }

    fn one(&mut self) -> Result<Filter, String> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err("it nests too deeply".to_owned());
        }
        let filter = self.primary();
        self.depth -= 1;
        filter
    }

    fn primary(&mut self) -> Result<Filter, String> {
        if self.take("not") {
            return Ok(Filter::Not(Box::new(self.one()?)));
        }
        if self.take("(") {
            let inner = self.or()?;
            self.expect(")")?;
            return Ok(inner);
        }
        let name = self.next().filter(|token| !token.quoted).ok_or("a property was expected")?.text;
        if self.take("(") {
            return self.call(name);
        }
        let operator = self.next().ok_or("an operator was expected")?.text.to_ascii_lowercase();
        if operator == "in" {
            self.expect("(")?;
            return Ok(Filter::In(name, self.list()?));
        }
        if !["eq", "ne", "ge", "gt", "le", "lt"].contains(&operator.as_str()) {
            return Err(format!("'{operator}' is no operator"));
        }
        let literal = self.next().ok_or("a value was expected")?.text;
        Ok(Filter::Compare(name, operator, literal))
    }

    fn call(&mut self, name: String) -> Result<Filter, String> {
        if let Some(path) = name.strip_suffix("/any") {
            self.next();
            self.expect(":")?;
            let inner = self.or()?;
            self.expect(")")?;
            return Ok(Filter::Any(path.to_owned(), Box::new(inner)));
        }
        Ok(Filter::Call(name, self.list()?))
    }

    fn list(&mut self) -> Result<Vec<String>, String> {
        let mut all = Vec::new();
        while !self.take(")") {
            all.push(self.next().ok_or("')' was expected")?.text);
            self.take(",");
        }
        Ok(all)
    }
}

/// What a list makes of the functions that are its own; nothing when it knows no such function.
pub(crate) type Calls<'c> = &'c dyn Fn(&str, &[String], &Value) -> Option<bool>;

impl Filter {
    /// What a property must be equal to, wherever the filter says so.
    pub(crate) fn wanted(&self, name: &str) -> Option<&str> {
        match self {
            Filter::And(a, b) | Filter::Or(a, b) => a.wanted(name).or_else(|| b.wanted(name)),
            Filter::Compare(path, operator, literal)
                if operator == "eq" && path.eq_ignore_ascii_case(name) =>
            {
                Some(literal)
            }
            _ => None,
        }
    }

    /// Whether something passes.
    pub(crate) fn passes(&self, value: &Value, calls: Calls<'_>) -> Result<bool, String> {
        Ok(match self {
            Filter::And(a, b) => a.passes(value, calls)? && b.passes(value, calls)?,
            Filter::Or(a, b) => a.passes(value, calls)? || b.passes(value, calls)?,
            Filter::Not(inner) => !inner.passes(value, calls)?,
            Filter::Compare(path, operator, literal) => compares(&at(value, path), operator, literal),
            Filter::In(path, list) => list.iter().any(|literal| compares(&at(value, path), "eq", literal)),
            Filter::Any(path, inner) => {
                let all = at(value, path);
                let all = all.as_array().map(Vec::as_slice).unwrap_or_default();
                let mut found = false;
                for one in all {
                    found |= inner.passes(one, calls)?;
                }
                found
            }
            Filter::Call(name, arguments) => return run_call(name, arguments, value, calls),
        })
    }
}

fn run_call(name: &str, arguments: &[String], value: &Value, calls: Calls<'_>) -> Result<bool, String> {
    if let Some(answer) = calls(name, arguments, value) {
        return Ok(answer);
    }
    let (Some(first), Some(second)) = (arguments.first(), arguments.get(1)) else {
        return Err(format!("'{name}' is no function of this list"));
    };
    let text = |path: &str| at(value, path).as_str().unwrap_or("").to_ascii_lowercase();
    match name.to_ascii_lowercase().as_str() {
        "startswith" => Ok(text(first).starts_with(&second.to_ascii_lowercase())),
        "endswith" => Ok(text(first).ends_with(&second.to_ascii_lowercase())),
        "contains" => Ok(text(first).contains(&second.to_ascii_lowercase())),
        "substringof" => Ok(text(second).contains(&first.to_ascii_lowercase())),
        _ => Err(format!("'{name}' is no function of this list")),
    }
}

/// The value at a path with slashes, in any case; a name that is not there is looked for in `properties`.
fn at(value: &Value, path: &str) -> Value {
    if !value.is_object() {
        return value.clone();
    }
    let step = |value: &Value, name: &str| {
        let map = value.as_object()?;
        map.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
    };
    let walk = |from: &Value| path.split('/').try_fold(from.clone(), |value, name| step(&value, name));
    walk(value).or_else(|| walk(value.get("properties")?)).unwrap_or(Value::Null)
}

fn compares(value: &Value, operator: &str, literal: &str) -> bool {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Null => "null".to_owned(),
        other => other.to_string(),
    };
    let numbers = text.parse::<f64>().ok().zip(literal.parse::<f64>().ok());
    let times = text.parse::<jiff::Timestamp>().ok().zip(literal.parse::<jiff::Timestamp>().ok());
    let order = match (times, numbers) {
        (Some((a, b)), _) => a.cmp(&b),
        (None, Some((a, b))) => a.partial_cmp(&b).unwrap_or(Less),
        _ => text.to_ascii_lowercase().cmp(&literal.to_ascii_lowercase()),
    };
    match operator {
        "eq" => order == Equal,
        "ne" => order != Equal,
        "ge" => order != Less,
        "gt" => order == Greater,
        "le" => order != Greater,
        _ => order == Less,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn passes(filter: &str, value: &Value) -> Result<bool, String> {
        parse(filter)?.passes(value, &|name, _, _| name.eq_ignore_ascii_case("atScope").then_some(true))
    }

    #[test]
    fn filters_say_yes_and_no() {
        let value = json!({ "properties": { "principalId": "P", "time": "2026-01-02T00:00:00Z" }, "count": 3,
            "names": ["isExplicit=True", "/x"], "name": "o'neill" });
        for (filter, expected) in [
            ("principalId eq 'p'", true),
            ("properties/principalId ne 'p'", false),
            ("atScope() and principalId eq 'p'", true),
            ("time ge '2026-01-01' and time le 2026-01-03T00:00:00Z", true),
            ("count gt 10 or not (count eq 4)", true),
            ("name eq 'o''neill'", true),
            ("principalId in ('a','p')", true),
            ("startswith(name, 'O')", true),
            ("substringof('neil', name)", true),
            ("names/any(x:x eq '/X')", true),
            ("names/any(x: startswith(x, 'no'))", false),
            ("missing eq null", true),
        ] {
            assert_eq!(passes(filter, &value), Ok(expected), "{filter}");
        }
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for filter in ["a eq", "a like 'b'", "a eq 'b", "f(a)", "a eq 1 b", "", "(a eq 1"] {
            assert!(passes(filter, &json!({})).is_err(), "{filter}");
        }
        assert!(parse(&"(".repeat(100_000)).is_err());
    }
}
