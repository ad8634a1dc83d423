//! The ARM template language: what stands between `[` and `]` in templates and policies.
//!
//! [`Expr::parse`] reads an expression with the position of every call; [`Expr::eval`] computes it. The functions are the 67
//! that Azure Policy allows, with the semantics of the published reference; what depends on where an expression stands
//! (`parameters()`, `field()`, `reference()`) is added by a [`Host`] through its [`Language`].
//!
//! Pure: no I/O, no clock, no environment, no randomness. `utcNow()` is an argument.

#![deny(clippy::disallowed_methods)]
#![expect(
    clippy::unnecessary_box_returns,
    reason = "faults are rare, and what is returned in their place is small"
)]

mod error;
mod eval;
mod functions;
mod lex;
mod limits;
mod parse;
mod sort;
mod template;
pub mod text;
pub mod time;
pub mod value;

pub use error::{Failure, Fault, Missing, ParseError};
pub use eval::{Host, Outcome};
pub use functions::{FUNCTIONS, call};
pub use limits::Limits;
pub use parse::{Expr, HostFunction, Language};
pub use serde_json::Value;
pub use template::Template;
