//! What is wrong with a document that people wrote.

use dekey_expr::ParseError;
use std::fmt;

/// A definition, initiative, assignment or exemption that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    /// Where in the document, as a JSON pointer.
    pub pointer: String,
    /// Where in the text at that place, if it is an expression.
    pub at: Option<usize>,
    /// What is wrong and what would be right.
    pub message: String,
}

impl LoadError {
    pub(crate) fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        LoadError { pointer: pointer.into(), at: None, message: message.into() }
    }

    pub(crate) fn expression(pointer: &str, (path, error): (String, ParseError)) -> Self {
        LoadError { pointer: format!("{pointer}{path}"), at: Some(error.at), message: error.message }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&*self.pointer, self.at) {
            ("", _) => f.write_str(&self.message),
            (pointer, None) => write!(f, "{pointer}: {}", self.message),
            (pointer, Some(at)) => write!(f, "{pointer}, character {at}: {}", self.message),
        }
    }
}

impl std::error::Error for LoadError {}
