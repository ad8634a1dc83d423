//! Cuts an expression into tokens, each with its position.

use crate::ParseError;

/// A token of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token<'a> {
    /// A quoted text, with doubled quotes undone.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction or exponent.
    Float(f64),
    /// A name.
    Name(&'a str),
    /// One of `( ) [ ] , .`.
    Sign(u8),
    /// The end of the expression.
    End,
}

pub(crate) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a str, at: usize) -> Self {
        Lexer { text, at }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, keep: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !keep(c)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// The next token and where it starts.
    pub(crate) fn next(&mut self) -> Result<(Token<'a>, usize), ParseError> {
        self.take(char::is_whitespace);
        let at = self.at;
        let Some(first) = self.rest().chars().next() else { return Ok((Token::End, at)) };
        let token = match first {
            '\'' => Token::Text(self.quoted()?),
            '(' | ')' | '[' | ']' | ',' | '.' => {
                self.at += 1;
                Token::Sign(first as u8)
            }
            '-' | '+' | '0'..='9' => self.number()?,
            c if is_name_start(c) => Token::Name(self.take(is_name)),
            c => return Err(ParseError { message: format!("`{c}` has no meaning here"), at }),
        };
        Ok((token, at))
    }

    fn quoted(&mut self) -> Result<String, ParseError> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            text.push_str(self.take(|c| c != '\''));
            let rest = self.rest();
            if rest.starts_with("''") {
                text.push('\'');
                self.at += 2;
            } else if rest.starts_with('\'') {
                self.at += 1;
                return Ok(text);
            } else {
                return Err(ParseError { message: "this text has no closing quote".into(), at: start });
            }
        }
    }

    fn number(&mut self) -> Result<Token<'a>, ParseError> {
        let at = self.at;
        if self.rest().starts_with(['-', '+']) {
            self.at += 1;
        }
        self.take(|c| c.is_ascii_digit());
        // A dot that no digit follows belongs to what comes next.
        let rest = self.rest().as_bytes();
        if rest.first() == Some(&b'.') && rest.get(1).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
            self.take(|c| c.is_ascii_digit());
        }
        let written = self.text.get(at..self.at).unwrap_or_default();
        let plain = written.strip_prefix('+').unwrap_or(written);
        if let Ok(number) = plain.parse::<i64>() {
            return Ok(Token::Integer(number));
        }
        match plain.parse::<f64>() {
            Ok(number) if plain.contains('.') && number.is_finite() => Ok(Token::Float(number)),
            _ => Err(ParseError { message: format!("`{written}` is not a number of 64 bits"), at }),
        }
    }
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == '$'
}

fn is_name(c: char) -> bool {
    is_name_start(c) || c.is_numeric()
}
