//! Arguments as functions want them.

use super::Args;
use crate::value::{is_integer, kind};
use crate::{Fault, Value};

static NULL: Value = Value::Null;

/// An argument; one that is not there is null.
pub(crate) fn value<'a>(args: &'a Args<'_>, ix: usize) -> &'a Value {
    args.get(ix).map_or(&NULL, AsRef::as_ref)
}

/// An argument that is a string; null reads as the empty one.
pub(crate) fn text<'a>(args: &'a Args<'_>, ix: usize) -> Result<&'a str, Box<Fault>> {
    match value(args, ix) {
        Value::String(text) => Ok(text),
        Value::Null => Ok(""),
        other => Err(wrong(ix, "a string", other)),
    }
}

/// An argument that is an integer.
pub(crate) fn integer(args: &Args<'_>, ix: usize) -> Result<i64, Box<Fault>> {
    match value(args, ix) {
        Value::Number(number) if is_integer(number) => {
            number.as_i64().ok_or_else(|| Fault::failed(format!("argument {} is out of range", ix + 1)))
        }
        other => Err(wrong(ix, "an integer", other)),
    }
}

/// An argument that is an integer of 32 bits.
pub(crate) fn small(args: &Args<'_>, ix: usize) -> Result<i32, Box<Fault>> {
    let number = integer(args, ix)?;
    i32::try_from(number).map_err(|_| Fault::failed(format!("argument {} is out of range", ix + 1)))
}

/// An argument that is a boolean.
pub(crate) fn boolean(args: &Args<'_>, ix: usize) -> Result<bool, Box<Fault>> {
    match value(args, ix) {
        Value::Bool(yes) => Ok(*yes),
        other => Err(wrong(ix, "a boolean", other)),
    }
}

/// The complaint about an argument of the wrong kind.
pub(crate) fn wrong(ix: usize, wanted: &str, found: &Value) -> Box<Fault> {
    Fault::failed(format!("argument {} must be {wanted}, not {}", ix + 1, kind(found)))
}
