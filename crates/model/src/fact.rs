//! The compact form in which property values are kept.

use crate::Sym;

/// A run of pairs in the inventory's pair table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairSpan {
    /// Index of the first pair.
    pub start: u32,
    /// How many pairs.
    pub len: u16,
}

/// One property value. Eight bytes, so that a resource costs little more than its distinct texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Explicit `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A string.
    Text(Sym),
    /// A number, as written.
    Number(Sym),
    /// Pairs of texts: tags, keys of a map, names of suspicious variables.
    Pairs(PairSpan),
    /// A whole JSON value in the inventory's side table.
    Json(u32),
    /// Something of another kind than documented.
    Odd,
}
