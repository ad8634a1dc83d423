//! Words of a condition, with where they stand.

use super::parse::ConditionError;

/// A word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Open,
    Close,
    OpenBrace,
    CloseBrace,
    OpenBracket,
    CloseBracket,
    Comma,
    Not,
    And,
    Or,
    /// Source and name.
    Attribute(String, String),
    /// What stands in quotes.
    Text(String),
    /// Anything else: keywords, operators, numbers, GUIDs.
    Word(String),
}

/// A token and the byte where it starts.
pub(super) type Spanned = (usize, Token);

/// Azure takes conditions of 8 KiB; anything far beyond is not one.
const MAX_LENGTH: usize = 64 * 1024;

pub(super) fn tokens(text: &str) -> Result<Vec<Spanned>, ConditionError> {
    if text.len() > MAX_LENGTH {
        let message = format!("the condition has {} bytes; Azure takes far fewer", text.len());
        return Err(ConditionError::new(text, 0, message));
    }
    let mut lexer = Lexer { text, at: 0 };
    let mut found = Vec::new();
    while let Some(token) = lexer.next()? {
        found.push(token);
    }
    Ok(found)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

fn is_word(own: char) -> bool {
    own.is_ascii_alphanumeric() || "_-.:/".contains(own)
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn error(&self, at: usize, message: impl Into<String>) -> ConditionError {
        ConditionError::new(self.text, at, message)
    }

    /// Takes what a test holds for.
    fn take(&mut self, test: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|own| !test(own)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or("")
    }

    fn next(&mut self) -> Result<Option<Spanned>, ConditionError> {
        self.take(char::is_whitespace);
        let start = self.at;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(None) };
        let (length, token) = match first {
            '(' => (1, Token::Open),
            ')' => (1, Token::Close),
            '{' => (1, Token::OpenBrace),
            '}' => (1, Token::CloseBrace),
            '[' => (1, Token::OpenBracket),
            ']' => (1, Token::CloseBracket),
            ',' => (1, Token::Comma),
            '!' => (1, Token::Not),
            '&' if rest.starts_with("&&") => (2, Token::And),
            '|' if rest.starts_with("||") => (2, Token::Or),
            '\'' => return self.quoted(start).map(Some),
            '@' => return self.attribute(start).map(Some),
            _ if is_word(first) => {
                let word = self.take(is_word);
                let token = match word.to_ascii_uppercase().as_str() {
                    "AND" => Token::And,
                    "OR" => Token::Or,
                    "NOT" => Token::Not,
                    _ => Token::Word(word.to_owned()),
                };
                return Ok(Some((start, token)));
            }
            '"' => return Err(self.error(start, "expected a single quote (`'`): conditions know no others")),
            other => return Err(self.error(start, format!("`{}` has no meaning here", other.escape_debug()))),
        };
        self.at += length;
        Ok(Some((start, token)))
    }

    /// A text in single quotes. A backslash keeps a quote from ending it; before anything else it is kept, because it may escape a
    /// wildcard.
    fn quoted(&mut self, start: usize) -> Result<Spanned, ConditionError> {
        let mut text = String::new();
        let mut chars = self.rest().char_indices().skip(1).peekable();
        while let Some((at, own)) = chars.next() {
            match own {
                '\'' => {
                    self.at += at + 1;
                    return Ok((start, Token::Text(text)));
                }
                '\\' => match chars.next_if(|(_, next)| "'\\".contains(*next)) {
                    Some((_, '\'')) => text.push('\''),
                    Some(_) => text.push_str("\\\\"),
                    None => text.push(own),
                },
                _ => text.push(own),
            }
        }
        Err(self.error(start, "the text that starts here has no closing quote (`'`)"))
    }

    /// `@Source[name]`.
    fn attribute(&mut self, start: usize) -> Result<Spanned, ConditionError> {
        self.at += 1;
        let source = self.take(|own| own.is_ascii_alphabetic()).to_owned();
        self.take(char::is_whitespace);
        if !self.rest().starts_with('[') {
            return Err(self.error(self.at, "expected `[` and the attribute's name"));
        }
        self.at += 1;
        let name = self.take(|own| own != ']').trim().to_owned();
        if !self.rest().starts_with(']') {
            return Err(self.error(start, "the attribute that starts here has no closing bracket (`]`)"));
        }
        if name.is_empty() {
            return Err(self.error(self.at, "expected the attribute's name"));
        }
        self.at += 1;
        Ok((start, Token::Attribute(source, name)))
    }
}
