//! From text to condition.

use super::expr::{Attribute, Compare, Condition, Each, Expr, Function, Operand, Source};
use super::lex::{Spanned, Token, tokens};
use super::{Operator, Value};
use crate::Pattern;
use std::str::FromStr;

/// Why a condition was not understood, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("condition, line {line}, column {column}: {message}")]
pub struct ConditionError {
    /// The byte.
    pub at: usize,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong, and what was expected.
    pub message: String,
}

impl ConditionError {
    pub(super) fn new(text: &str, at: usize, message: impl Into<String>) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Self { at, line, column, message: message.into() }
    }
}

/// Deeper than anything a person writes, and shallow enough for any stack.
const MAX_DEPTH: usize = 64;

impl FromStr for Condition {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, ConditionError> {
        let mut parser = Parser { text, tokens: tokens(text)?, at: 0, depth: 0 };
        let expr = parser.expr()?;
        match parser.tokens.get(parser.at) {
            None => Ok(Condition { expr }),
            Some((at, Token::Close)) => Err(parser.error(*at, "this `)` closes nothing")),
            Some((at, _)) => Err(parser.error(*at, "expected `AND`, `OR` or the end")),
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Spanned>,
    at: usize,
    depth: usize,
}

type Parsed<T> = Result<T, ConditionError>;

impl Parser<'_> {
    fn error(&self, at: usize, message: impl Into<String>) -> ConditionError {
        ConditionError::new(self.text, at, message)
    }

    /// An error where the next token is.
    fn expected(&self, what: &str) -> ConditionError {
        let at = self.tokens.get(self.at).map_or(self.text.trim_end().len(), |token| token.0);
        self.error(at, format!("expected {what}"))
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|token| &token.1)
    }

    fn take(&mut self) -> Option<Spanned> {
        let token = self.tokens.get(self.at).cloned()?;
        self.at += 1;
        Some(token)
    }

    fn takes(&mut self, token: &Token) -> bool {
        let is_next = self.peek() == Some(token);
        self.at += usize::from(is_next);
        is_next
    }

    fn must(&mut self, token: &Token, what: &str) -> Parsed<()> {
        if self.takes(token) { Ok(()) } else { Err(self.expected(what)) }
    }

    fn word(&self) -> Option<&str> {
        match self.peek() {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    /// Reads something one level further in.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let levels = format!("at most {MAX_DEPTH} levels of parentheses, negations and functions");
            return Err(self.expected(&levels));
        }
        let own = read(self)?;
        self.depth -= 1;
        Ok(own)
    }

    fn expr(&mut self) -> Parsed<Expr> {
        let first = self.unary()?;
        Ok(match self.peek() {
            Some(Token::And) => Expr::And(self.chain(first, &Token::And)?),
            Some(Token::Or) => Expr::Or(self.chain(first, &Token::Or)?),
            _ => first,
        })
    }

    fn chain(&mut self, first: Expr, link: &Token) -> Parsed<Vec<Expr>> {
        let mut all = vec![first];
        while self.takes(link) {
            all.push(self.unary()?);
        }
        match self.peek() {
            Some(Token::And | Token::Or) => Err(self.expected(
                "parentheses: `AND` and `OR` in a row are ambiguous, write `(a AND b) OR c` or `a AND (b OR c)`",
            )),
            _ => Ok(all),
        }
    }

    fn unary(&mut self) -> Parsed<Expr> {
        if self.takes(&Token::Not) {
            // `!(` is one level, as `!` is: a condition is printed with parentheses and must not become deeper.
            let inner =
                if self.peek() == Some(&Token::Open) { self.unary()? } else { self.deeper(Self::unary)? };
            return Ok(Expr::Not(Box::new(inner)));
        }
        if self.takes(&Token::Open) {
            let inner = self.deeper(Self::expr)?;
            self.must(&Token::Close, "`)`")?;
            return Ok(inner);
        }
        let is = |word: &str| self.word().is_some_and(|own| own.eq_ignore_ascii_case(word));
        if is("ActionMatches") {
            self.at += 1;
            return Ok(Expr::ActionMatches(self.patterns()?));
        }
        if is("SubOperationMatches") {
            self.at += 1;
            return Ok(Expr::SubOperationMatches(self.patterns()?));
        }
        if is("Exists") {
            self.at += 1;
            return Ok(Expr::Exists(self.operand()?));
        }
        if is("NotExists") {
            self.at += 1;
            // As deep as `!(Exists ..)`, which is how it is printed.
            return Ok(Expr::Not(Box::new(Expr::Exists(self.deeper(Self::operand)?))));
        }
        self.comparison()
    }

    /// `{'a', 'b'}`; Microsoft's interpreter takes parentheses as well.
    fn patterns(&mut self) -> Parsed<Vec<Pattern>> {
        let end = match self.peek() {
            Some(Token::OpenBrace) => Token::CloseBrace,
            Some(Token::Open) => Token::Close,
            _ => return Err(self.expected("`{'..'}`")),
        };
        self.at += 1;
        let mut patterns = Vec::new();
        loop {
            let Some(Token::Text(text)) = self.peek() else {
                return Err(self.expected("a pattern in single quotes"));
            };
            patterns.push(Pattern::new(text));
            self.at += 1;
            if self.takes(&end) {
                return Ok(patterns);
            }
            self.must(&Token::Comma, "`,` or the closing brace")?;
        }
    }

    fn comparison(&mut self) -> Parsed<Expr> {
        let start = self.at;
        let left = self.operand()?;
        let Some(word) = self.word().map(str::to_owned) else {
            return match left {
                Operand::Literal(Value::Bool(truth)) => Ok(Expr::Always(truth)),
                _ => Err(self.expected("an operator, such as `StringEquals`")),
            };
        };
        let (each, name) = match word.split_once(':') {
            Some((each, name)) => {
                let row = Each::TABLE.iter().find(|row| row.0.eq_ignore_ascii_case(each));
                let Some(row) = row else {
                    let names: Vec<&str> = Each::TABLE.iter().map(|row| row.0).collect();
                    return Err(self.expected(&format!("one of {} before `:`", names.join(", "))));
                };
                (Some(row.1), name)
            }
            // Microsoft's interpreter takes these alone and means equality.
            None => match Each::TABLE.iter().find(|row| row.0.eq_ignore_ascii_case(&word)) {
                Some(row) => (Some(row.1), "StringEquals"),
                None => (None, word.as_str()),
            },
        };
        let Some(operator) = Operator::of(name) else {
            if start == self.at {
                return Err(self.expected("an attribute, a value or a function"));
            }
            return Err(self.expected("an operator, such as `StringEquals`; this one is not known"));
        };
        self.at += 1;
        let right = self.operand()?;
        Ok(Expr::Compare(Compare { left, each, operator, right }))
    }

    fn operand(&mut self) -> Parsed<Operand> {
        let wanted = "an attribute (`@Resource[..]`), a value in single quotes, a number or a list";
        let Some((at, token)) = self.take() else { return Err(self.expected(wanted)) };
        match token {
            Token::Attribute(source, name) => {
                let row = Source::TABLE.iter().find(|row| row.0.eq_ignore_ascii_case(&source));
                let Some(&(_, source)) = row else {
                    let names: Vec<String> = Source::TABLE.iter().map(|row| format!("@{}", row.0)).collect();
                    return Err(self.error(at, format!("expected one of {}", names.join(", "))));
                };
                Ok(Operand::Attribute(Attribute { source, name }))
            }
            Token::Text(text) => Ok(Operand::Literal(Value::Text(text))),
            Token::OpenBrace => self.list(&Token::CloseBrace).map(Operand::Literal),
            Token::OpenBracket => self.list(&Token::CloseBracket).map(Operand::Literal),
            Token::Word(word) => {
                if let Some(row) = Function::TABLE.iter().find(|row| row.0.eq_ignore_ascii_case(&word)) {
                    return self.call(row.1, row.2);
                }
                word_value(&word)
                    .map(Operand::Literal)
                    .ok_or_else(|| self.error(at, format!("expected {wanted}")))
            }
            _ => Err(self.error(at, format!("expected {wanted}"))),
        }
    }

    fn call(&mut self, function: Function, count: usize) -> Parsed<Operand> {
        self.must(&Token::Open, "`(`")?;
        let arguments = self.deeper(|own| {
            let mut arguments = vec![own.operand()?];
            while own.takes(&Token::Comma) {
                arguments.push(own.operand()?);
            }
            Ok(arguments)
        })?;
        self.must(&Token::Close, "`,` or `)`")?;
        if arguments.len() != count {
            return Err(self.expected(&format!("{count} arguments before this")));
        }
        Ok(Operand::Call(function, arguments))
    }

    /// The values up to the closing sign.
    fn list(&mut self, end: &Token) -> Parsed<Value> {
        let mut values = Vec::new();
        if self.takes(end) {
            return Ok(Value::List(values));
        }
        loop {
            let value = match self.peek() {
                Some(Token::Text(text)) => Some(Value::Text(text.clone())),
                Some(Token::Word(word)) => word_value(word),
                _ => None,
            };
            values.push(value.ok_or_else(|| self.expected("a value in single quotes, a number or a GUID"))?);
            self.at += 1;
            if self.takes(end) {
                return Ok(Value::List(values));
            }
            self.must(&Token::Comma, "`,` or the end of the list")?;
        }
    }
}

/// The value of a word without quotes.
fn word_value(word: &str) -> Option<Value> {
    match word.to_ascii_lowercase().as_str() {
        "true" => return Some(Value::Bool(true)),
        "false" => return Some(Value::Bool(false)),
        "null" => return Some(Value::Null),
        _ => {}
    }
    let text = Value::Text(word.to_owned());
    // 32 digits are a GUID, not a number.
    if text.guid().is_some() { Some(text) } else { word.parse().ok().map(Value::Number) }
}
