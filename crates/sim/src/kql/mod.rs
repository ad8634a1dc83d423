//! The part of the Kusto Query Language that Resource Graph and Log Analytics are asked in here. What it does not know is an
//! error: a query is never answered by half.

mod aggregate;
mod eval;
mod functions;
mod lex;
mod parse;
mod run;

pub(crate) use parse::{Expr, Op, Query, Source, parse};
pub(crate) use run::{Relation, Run, Tables, types_of};

use serde_json::{Map, Value};

/// A row.
pub(crate) type Row = Map<String, Value>;

/// What is wrong with a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Error {
    /// `ParserFailure`, `InvalidQueryLanguage`, …
    pub(crate) code: &'static str,
    /// The word that was not understood.
    pub(crate) token: String,
    /// Characters from the beginning, where they are known.
    pub(crate) at: Option<usize>,
}

impl Error {
    pub(crate) fn language(token: impl Into<String>) -> Self {
        Self { code: "InvalidQueryLanguage", token: token.into(), at: None }
    }

    pub(crate) fn column(name: impl Into<String>) -> Self {
        Self { code: "UnresolvedColumn", token: name.into(), at: None }
    }
}

#[cfg(test)]
mod tests;
