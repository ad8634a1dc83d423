//! Conditions on role assignments and on the permissions of roles: Azure's attribute-based access control, version 2.0.
//!
//! Written from Microsoft's *Azure role assignment condition format and syntax*. A condition is parsed once and then judged
//! with three answers: it holds, it does not, or it depends on attributes that nobody told; what it depends on is a condition
//! again, and can be printed.
//!
//! What Microsoft's text leaves open is decided like this:
//! - `AND` and `OR` in a row without parentheses are an error, because the text calls their order ambiguous.
//! - A comparison with an attribute that does not exist does not hold, negated operators included; that is what `Exists` is
//!   for.
//! - An operator without `For..Of..Values` on several values holds when one of them matches; its negation when none does.
//! - Operators and functions that are missing from the text but that Microsoft's own interpreter (`regorus`) knows are understood
//!   the way it understands them.

mod eval;
mod expr;
mod facts;
mod lex;
mod operator;
mod parse;
mod print;
mod value;

pub use eval::{Outcome, Request};
pub use expr::{Attribute, Compare, Condition, Each, Expr, Function, Operand, Source};
pub use facts::{Facts, Known};
pub use operator::Operator;
pub use parse::ConditionError;
pub use value::Value;
