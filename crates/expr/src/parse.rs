//! Reads an expression into a tree.

use crate::functions::{self, Function};
use crate::lex::{Lexer, Token};
use crate::{Limits, ParseError, Value};

/// A function that the place of an expression brings with it.
#[derive(Clone, Copy, Debug)]
pub struct HostFunction {
    /// Its name; case does not matter.
    pub name: &'static str,
    /// The fewest arguments it takes.
    pub min: usize,
    /// The most arguments it takes.
    pub max: usize,
    /// Whether its value is known before there is anything to evaluate, so that it can be folded.
    pub constant: bool,
}

/// Which functions there are where an expression stands, and how large it may be.
#[derive(Clone, Copy, Debug)]
pub struct Language {
    /// Functions beyond the built-in ones.
    pub host: &'static [HostFunction],
    /// How large an expression and its values may be.
    pub limits: Limits,
}

/// An expression that was read.
#[derive(Clone, Debug)]
pub struct Expr {
    pub(crate) at: usize,
    pub(crate) node: Node,
}

#[derive(Clone, Debug)]
pub(crate) enum Node {
    Literal(Value),
    Call(&'static Function, Vec<Expr>),
    Host(usize, &'static HostFunction, Vec<Expr>),
    /// Properties and elements of a value, one after the other. Flat, so that a long chain is not a deep tree.
    Select(Box<Expr>, Vec<Expr>),
}

impl Expr {
    /// Reads an expression without its brackets. `base` is where it starts in the text that errors should point into.
    pub fn parse(text: &str, language: &Language) -> Result<Expr, ParseError> {
        Self::parse_within(text, 0, text.len(), language)
    }

    pub(crate) fn parse_within(
        text: &str,
        start: usize,
        end: usize,
        language: &Language,
    ) -> Result<Expr, ParseError> {
        if text.len() > language.limits.expression {
            let message = format!("an expression has at most {} characters", language.limits.expression);
            return Err(ParseError { message, at: language.limits.expression });
        }
        let inner = text.get(..end).unwrap_or(text);
        let mut parser = Parser { lexer: Lexer::new(inner, start), ahead: (Token::End, start), language };
        parser.advance()?;
        let expr = parser.value(0)?;
        match parser.ahead {
            (Token::End, _) => Ok(expr),
            (_, at) => Err(ParseError { message: "the expression should end here".into(), at }),
        }
    }

    /// A value that stands for itself.
    pub fn literal(value: Value) -> Expr {
        Expr { at: 0, node: Node::Literal(value) }
    }

    /// The value, if the expression is nothing but that.
    pub fn as_literal(&self) -> Option<&Value> {
        match &self.node {
            Node::Literal(value) => Some(value),
            _ => None,
        }
    }

    /// Where it starts, in bytes.
    pub fn at(&self) -> usize {
        self.at
    }

    /// If the expression is a call to a host function: which, and its arguments.
    pub fn as_host_call(&self) -> Option<(usize, &[Expr])> {
        match &self.node {
            Node::Host(which, _, args) => Some((*which, args)),
            _ => None,
        }
    }

    /// If the expression is a call, of whatever function: its name, and its arguments.
    pub fn as_call(&self) -> Option<(&'static str, &[Expr])> {
        match &self.node {
            Node::Call(function, args) => Some((function.name, args)),
            Node::Host(_, function, args) => Some((function.name, args)),
            _ => None,
        }
    }

    /// If the expression reads properties or elements of a value: that, and what is read one after the other.
    pub fn as_selection(&self) -> Option<(&Expr, &[Expr])> {
        match &self.node {
            Node::Select(base, keys) => Some((base, keys)),
            _ => None,
        }
    }

    /// Calls `visit` with every call to a host function below and including this expression: its number and arguments.
    pub fn host_calls<'a>(&'a self, visit: &mut dyn FnMut(usize, &'a [Expr], usize)) {
        match &self.node {
            Node::Literal(_) => {}
            Node::Call(_, args) => {
                for arg in args {
                    arg.host_calls(visit);
                }
            }
            Node::Host(which, _, args) => {
                visit(*which, args, self.at);
                for arg in args {
                    arg.host_calls(visit);
                }
            }
            Node::Select(base, keys) => {
                base.host_calls(visit);
                for key in keys {
                    key.host_calls(visit);
                }
            }
        }
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    ahead: (Token<'a>, usize),
    language: &'a Language,
}

impl<'a> Parser<'a> {
    fn advance(&mut self) -> Result<(Token<'a>, usize), ParseError> {
        let next = self.lexer.next()?;
        Ok(std::mem::replace(&mut self.ahead, next))
    }

    fn is(&self, sign: u8) -> bool {
        self.ahead.0 == Token::Sign(sign)
    }

    fn expect(&mut self, sign: u8, what: &str) -> Result<(), ParseError> {
        if self.is(sign) {
            return self.advance().map(drop);
        }
        Err(ParseError { message: what.to_owned(), at: self.ahead.1 })
    }

    fn value(&mut self, depth: usize) -> Result<Expr, ParseError> {
        let (token, at) = self.advance()?;
        if depth >= self.language.limits.depth {
            let message = format!("calls are nested more than {} deep", self.language.limits.depth);
            return Err(ParseError { message, at });
        }
        let literal = |value| Ok(Expr { at, node: Node::Literal(value) });
        match token {
            Token::Text(text) => literal(Value::String(text)),
            Token::Integer(number) => literal(Value::from(number)),
            Token::Float(number) => literal(Value::from(number)),
            Token::Name(name) => {
                let call = self.call(name, at, depth)?;
                self.selection(call, depth)
            }
            Token::End => Err(ParseError { message: "an expression is missing here".into(), at }),
            Token::Sign(sign) => {
                Err(ParseError { message: format!("`{}` cannot start a value", sign as char), at })
            }
        }
    }

    fn call(&mut self, name: &str, at: usize, depth: usize) -> Result<Expr, ParseError> {
        if !self.is(b'(') {
            let message = format!("`{name}` is neither a text in quotes nor a call: write `{name}(...)`");
            return Err(ParseError { message, at });
        }
        self.advance()?;
        let mut args = Vec::new();
        if !self.is(b')') {
            loop {
                args.push(self.value(depth + 1)?);
                if args.len() > self.language.limits.arguments {
                    let message =
                        format!("{name}() has more than {} arguments", self.language.limits.arguments);
                    return Err(ParseError { message, at });
                }
                if !self.is(b',') {
                    break;
                }
                self.advance()?;
            }
        }
        self.expect(b')', &format!("{name}() needs a closing parenthesis or another argument here"))?;
        let node = resolve(name, args, at, self.language)?;
        Ok(Expr { at, node })
    }

    fn selection(&mut self, base: Expr, depth: usize) -> Result<Expr, ParseError> {
        let mut keys = Vec::new();
        loop {
            if self.is(b'.') {
                self.advance()?;
                match self.advance()? {
                    (Token::Name(name), at) => {
                        keys.push(Expr { at, node: Node::Literal(Value::String(name.to_owned())) });
                    }
                    (_, at) => {
                        return Err(ParseError { message: "a property name belongs here".into(), at });
                    }
                }
            } else if self.is(b'[') {
                self.advance()?;
                keys.push(self.value(depth + 1)?);
                self.expect(b']', "a closing bracket belongs here")?;
            } else if keys.is_empty() {
                return Ok(base);
            } else {
                return Ok(Expr { at: base.at, node: Node::Select(Box::new(base), keys) });
            }
        }
    }
}

fn resolve(name: &str, args: Vec<Expr>, at: usize, language: &Language) -> Result<Node, ParseError> {
    let host =
        language.host.iter().enumerate().find(|(_, function)| function.name.eq_ignore_ascii_case(name));
    let (min, max) = match (host, functions::find(name)) {
        (Some((_, function)), _) => (function.min, function.max),
        (None, Some(function)) => (function.min, function.max),
        (None, None) => {
            return Err(ParseError { message: format!("there is no function {name}() here"), at });
        }
    };
    if args.len() < min || args.len() > max {
        let wanted = match (min, max) {
            (min, max) if min == max => format!("{min}"),
            (min, usize::MAX) => format!("at least {min}"),
            (min, max) => format!("{min} to {max}"),
        };
        return Err(ParseError {
            message: format!("{name}() takes {wanted} arguments, not {}", args.len()),
            at,
        });
    }
    match (host, functions::find(name)) {
        (Some((which, function)), _) => Ok(Node::Host(which, function, args)),
        (None, Some(function)) => Ok(Node::Call(function, args)),
        (None, None) => Err(ParseError { message: format!("there is no function {name}() here"), at }),
    }
}
