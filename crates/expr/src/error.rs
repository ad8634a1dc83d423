//! What can go wrong, with where and in which function.

use std::fmt;

/// An expression that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// What is wrong and what would be right.
    pub message: String,
    /// The byte in the expression where it was noticed.
    pub at: usize,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at {})", self.message, self.at)
    }
}

impl std::error::Error for ParseError {}

/// An evaluation that Azure itself would not get through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The function that failed; empty where no function was at work.
    pub function: String,
    /// The byte in the expression where the call stands.
    pub at: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.function.as_str() {
            "" => write!(f, "{} (at {})", self.message, self.at),
            function => write!(f, "{function}(): {} (at {})", self.message, self.at),
        }
    }
}

/// Something that would have to be known, and was not given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Missing {
    /// What is missing, in words that say where to get it.
    pub what: String,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// Why there is no value: Azure fails too, or we do not know enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Azure's evaluation fails.
    Failed(Failure),
    /// Not enough is known to evaluate.
    Missing(Missing),
}

impl Fault {
    /// A failure of no function in particular.
    pub fn failed(message: impl Into<String>) -> Box<Fault> {
        Box::new(Fault::Failed(Failure { function: String::new(), at: 0, message: message.into() }))
    }

    /// Something that is not known.
    pub fn missing(what: impl Into<String>) -> Box<Fault> {
        Box::new(Fault::Missing(Missing { what: what.into() }))
    }

    /// The same fault, with the call it happened in where that is not known yet.
    #[must_use]
    pub fn within(mut self: Box<Self>, function: &str, at: usize) -> Box<Self> {
        if let Fault::Failed(failure) = self.as_mut()
            && failure.function.is_empty()
            && failure.at == 0
        {
            function.clone_into(&mut failure.function);
            failure.at = at;
        }
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Failed(failure) => failure.fmt(f),
            Fault::Missing(missing) => missing.fmt(f),
        }
    }
}

impl std::error::Error for Fault {}
