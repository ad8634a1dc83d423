//! The functions that need nothing but their arguments: those of template deployment that Azure Policy allows.
//!
//! Their semantics are those of the published reference implementation; where an article says something else, the comment at
//! the function says so.

#![expect(clippy::unnecessary_wraps, reason = "all functions of the language have one signature")]

mod args;
mod collection;
mod compare;
mod convert;
mod encode;
mod format;
mod hash;
mod net;
mod number;
mod string;

use crate::eval::Host;
use crate::{Fault, Limits, Value, time};
use std::borrow::Cow;

pub(crate) type Args<'a> = [Cow<'a, Value>];
pub(crate) type Answer = Result<Value, Box<Fault>>;

/// A function.
#[derive(Debug)]
pub struct Function {
    /// Its name; case does not matter in a call.
    pub name: &'static str,
    /// The fewest arguments it takes.
    pub min: usize,
    /// The most arguments it takes.
    pub max: usize,
    run: Run,
}

#[derive(Debug)]
enum Run {
    Pure(fn(&Args<'_>) -> Answer),
    /// Evaluates its own arguments.
    If,
    Now,
}

impl Function {
    pub(crate) fn is_if(&self) -> bool {
        matches!(self.run, Run::If)
    }

    pub(crate) fn is_clock(&self) -> bool {
        matches!(self.run, Run::Now)
    }
}

const fn function(name: &'static str, min: usize, max: usize, run: fn(&Args<'_>) -> Answer) -> Function {
    Function { name, min, max, run: Run::Pure(run) }
}

const ANY: usize = usize::MAX;

/// Every built-in function, by name.
pub static FUNCTIONS: &[Function] = &[
    function("add", 2, 2, number::add),
    function("addDays", 2, 2, convert::add_days),
    function("and", 2, ANY, compare::and),
    function("array", 1, 1, collection::array),
    function("base64", 1, 1, encode::base64),
    function("base64ToJson", 1, 1, encode::base64_to_json),
    function("base64ToString", 1, 1, encode::base64_to_string),
    function("bool", 1, 1, convert::bool),
    function("coalesce", 1, ANY, collection::coalesce),
    function("concat", 1, ANY, string::concat),
    function("contains", 2, 2, collection::contains),
    function("createArray", 0, ANY, collection::create_array),
    function("createObject", 0, ANY, collection::create_object),
    function("dataUri", 1, 1, encode::data_uri),
    function("dataUriToString", 1, 1, encode::data_uri_to_string),
    function("div", 2, 2, number::div),
    function("empty", 1, 1, collection::empty),
    function("endsWith", 2, 2, string::ends_with),
    function("equals", 2, 2, compare::equals),
    function("false", 0, 0, compare::no),
    function("first", 1, 1, collection::first),
    function("float", 1, 1, convert::float),
    function("format", 1, ANY, format::format),
    function("greater", 2, 2, compare::greater),
    function("greaterOrEquals", 2, 2, compare::greater_or_equals),
    function("guid", 1, ANY, hash::guid),
    Function { name: "if", min: 3, max: 3, run: Run::If },
    function("indexFromEnd", 2, 2, collection::index_from_end),
    function("indexOf", 2, 2, collection::index_of),
    function("int", 1, 1, convert::int),
    function("intersection", 2, ANY, collection::intersection),
    function("ipRangeContains", 2, 2, net::ip_range_contains),
    function("items", 1, 1, collection::items),
    function("join", 2, 2, string::join),
    function("json", 1, 1, convert::json),
    function("last", 1, 1, collection::last),
    function("lastIndexOf", 2, 2, collection::last_index_of),
    function("length", 1, 1, collection::length),
    function("less", 2, 2, compare::less),
    function("lessOrEquals", 2, 2, compare::less_or_equals),
    function("max", 1, ANY, number::max),
    function("min", 1, ANY, number::min),
    function("mod", 2, 2, number::rem),
    function("mul", 2, 2, number::mul),
    function("not", 1, 1, compare::not),
    function("null", 0, 0, compare::null),
    function("or", 2, ANY, compare::or),
    function("padLeft", 2, 3, string::pad_left),
    function("range", 2, 2, number::range),
    function("replace", 3, 3, string::replace),
    function("skip", 2, 2, collection::skip),
    function("split", 2, 2, string::split),
    function("startsWith", 2, 2, string::starts_with),
    function("string", 1, 1, convert::string),
    function("sub", 2, 2, number::sub),
    function("substring", 2, 3, string::substring),
    function("take", 2, 2, collection::take),
    function("toLower", 1, 1, string::to_lower),
    function("toUpper", 1, 1, string::to_upper),
    function("trim", 1, 1, string::trim),
    function("true", 0, 0, compare::yes),
    function("tryGet", 2, ANY, collection::try_get),
    function("tryIndexFromEnd", 2, 2, collection::try_index_from_end),
    function("union", 2, ANY, collection::union),
    function("uniqueString", 1, ANY, hash::unique_string),
    function("uri", 2, 2, net::uri),
    function("uriComponent", 1, 1, encode::uri_component),
    function("uriComponentToString", 1, 1, encode::uri_component_to_string),
    Function { name: "utcNow", min: 0, max: 0, run: Run::Now },
];

/// The function with a name, whatever its case.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name.eq_ignore_ascii_case(name))
}

/// Calls a function and holds what it returns to the limits.
pub(crate) fn run(function: &Function, args: &Args<'_>, host: &dyn Host) -> Answer {
    let value = match function.run {
        Run::Pure(run) => run(args)?,
        Run::Now => Value::String(time::format(host.now()?)),
        Run::If => return Err(Fault::failed("evaluates its own arguments")),
    };
    match host.limits().exceeded(&value) {
        Some(what) => Err(Fault::failed(what)),
        None => Ok(value),
    }
}

/// Calls a built-in function by name, outside any expression. `None` if there is none of that name, or if it needs more than
/// its arguments (`if`, `utcNow`).
pub fn call(name: &str, args: &[Value]) -> Option<Answer> {
    let function = find(name)?;
    let Run::Pure(run) = function.run else { return None };
    if args.len() < function.min || args.len() > function.max {
        return Some(Err(Fault::failed(format!("does not take {} arguments", args.len()))));
    }
    let args: Vec<Cow<'_, Value>> = args.iter().map(Cow::Borrowed).collect();
    let answer = run(&args).and_then(|value| match Limits::POLICY.exceeded(&value) {
        Some(what) => Err(Fault::failed(what)),
        None => Ok(value),
    });
    Some(answer.map_err(|fault| fault.within(function.name, 0)))
}
