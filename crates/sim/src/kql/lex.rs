//! Words of a query.

use super::Error;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Name(String),
    Text(String),
    Number(f64, bool),
    /// A span of time, in milliseconds.
    Span(f64),
    Sign(&'static str),
    End,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) at: usize,
}

const SIGNS: &[&str] = &[
    "!=", "==", "=~", "!~", "<=", ">=", "..", "|", "(", ")", "[", "]", "{", "}", ",", ".", "=", "<", ">",
    "+", "-", "*", "/", "%", ":", ";", "$",
];

/// The longest query that is read.
const LONGEST: usize = 200_000;

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Error> {
    if text.len() > LONGEST {
        return Err(Error::language("the query is too long"));
    }
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = skip(rest);
        let at = text.len() - rest.len();
        let Some(first) = rest.chars().next() else { break };
        let (kind, after) = match first {
            '\'' | '"' | '@' => quoted(rest, at)?,
            '0'..='9' => number(rest, at)?,
            c if c.is_alphabetic() || c == '_' => name(rest),
            _ => sign(rest, at)?,
        };
        let is_time = matches!(&kind, Kind::Name(name) if name == "datetime");
        tokens.push(Token { kind, at });
        rest = after;
        // What stands in the parentheses of a time is no expression.
        let bare =
            rest.strip_prefix('(').filter(|inner| is_time && inner.starts_with(|c: char| c.is_ascii_digit()));
        if let Some((time, _)) = bare.and_then(|inner| inner.split_once(')')) {
            tokens.push(Token { kind: Kind::Sign("("), at });
            tokens.push(Token { kind: Kind::Text(time.trim().to_owned()), at });
            rest = rest.get(1 + time.len()..).unwrap_or("");
        }
    }
    tokens.push(Token { kind: Kind::End, at: text.len() });
    Ok(tokens)
}

fn skip(mut rest: &str) -> &str {
    loop {
        rest = rest.trim_start();
        match rest.strip_prefix("//") {
            Some(comment) => rest = comment.split_once('\n').map_or("", |(_, after)| after),
            None => return rest,
        }
    }
}

fn failure(token: &str, at: usize) -> Error {
    Error { code: "ParserFailure", token: token.to_owned(), at: Some(at) }
}

fn quoted(text: &str, at: usize) -> Result<(Kind, &str), Error> {
    let (verbatim, text) = text.strip_prefix('@').map_or((false, text), |rest| (true, rest));
    let mut chars = text.chars();
    let quote = chars.next().filter(|c| *c == '\'' || *c == '"').ok_or_else(|| failure("@", at))?;
    let mut own = String::new();
    loop {
        match chars.next() {
            None => return Err(failure(&quote.to_string(), at)),
            Some(c) if c == quote && verbatim && chars.as_str().starts_with(quote) => {
                chars.next();
                own.push(quote);
            }
            Some(c) if c == quote => return Ok((Kind::Text(own), chars.as_str())),
            Some('\\') if !verbatim => own.push(match chars.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                Some(c @ ('\\' | '\'' | '"')) => c,
                _ => return Err(failure("\\", at)),
            }),
            Some(c) => own.push(c),
        }
    }
}

fn number(text: &str, at: usize) -> Result<(Kind, &str), Error> {
    let mut end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let mut whole = true;
    let (_, after) = text.split_at(end);
    if let Some(fraction) =
        after.strip_prefix('.').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    {
        whole = false;
        end += 1 + fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
    }
    let (digits, after) = text.split_at(end);
    let value: f64 = digits.parse().map_err(|_| failure(digits, at))?;
    let unit_end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
    let (unit, rest) = after.split_at(unit_end);
    let factor = match unit {
        "" => return Ok((Kind::Number(value, whole), rest)),
        "d" => 86_400_000.0,
        "h" => 3_600_000.0,
        "m" => 60_000.0,
        "s" => 1000.0,
        "ms" => 1.0,
        _ => return Err(failure(unit, at + end)),
    };
    Ok((Kind::Span(value * factor), rest))
}

fn name(text: &str) -> (Kind, &str) {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let (own, mut rest) = text.split_at(end);
    let mut own = own.to_owned();
    // Operators of two words, and `in~`.
    for joined in
        ["project-away", "project-keep", "project-rename", "project-reorder", "mv-expand", "mv-apply"]
    {
        let Some((head, tail)) = joined.split_once('-') else { continue };
        let follows = rest.strip_prefix('-').and_then(|after| after.strip_prefix(tail));
        if let (true, Some(after)) = (own == head, follows) {
            (own, rest) = (joined.to_owned(), after);
        }
    }
    if ["in", "has_any", "has_all"].contains(&own.as_str())
        && let Some(after) = rest.strip_prefix('~')
    {
        own.push('~');
        rest = after;
    }
    (Kind::Name(own), rest)
}

fn sign(text: &str, at: usize) -> Result<(Kind, &str), Error> {
    for word in ["in~", "in", "has_cs", "has", "contains_cs", "contains", "startswith", "endswith"] {
        // `!in`, `!has`, …: a name with its negation.
        let after = text.strip_prefix('!').and_then(|rest| rest.strip_prefix(word));
        if let Some(after) = after.filter(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        {
            return Ok((Kind::Name(format!("!{word}")), after));
        }
    }
    for sign in SIGNS {
        if let Some(after) = text.strip_prefix(sign) {
            return Ok((Kind::Sign(sign), after));
        }
    }
    Err(failure(&text.chars().take(1).collect::<String>(), at))
}
