//! Computes an expression.

use crate::parse::Node;
use crate::time::Instant;
use crate::{Expr, Fault, Limits, Value, functions, text, value};
use smallvec::SmallVec;
use std::borrow::Cow;

/// A value, borrowed where it exists already, or why there is none.
pub type Outcome<'a> = Result<Cow<'a, Value>, Box<Fault>>;

/// Most calls have so few arguments that they need no room on the heap.
type Arguments<'a> = SmallVec<[Cow<'a, Value>; 2]>;

/// What an expression can ask of the place it stands in.
pub trait Host {
    /// Calls the host function with this number in its [`Language`](crate::Language).
    fn call<'a>(&'a self, which: usize, args: &[Cow<'a, Value>]) -> Outcome<'a>;

    /// The current time, where there is one.
    fn now(&self) -> Result<Instant, Box<Fault>>;

    /// Called when what a host function returned has no such property: says what it is then, or why it is not known. Without
    /// an answer the evaluation fails.
    fn absent(&self, which: usize, key: &str) -> Option<Outcome<'static>> {
        let _ = (which, key);
        None
    }

    /// How large values may become.
    fn limits(&self) -> &Limits {
        &Limits::POLICY
    }
}

impl Expr {
    /// The value of the expression.
    pub fn eval<'a>(&'a self, host: &'a dyn Host) -> Outcome<'a> {
        match &self.node {
            Node::Literal(value) => Ok(Cow::Borrowed(value)),
            Node::Call(function, args) if function.is_if() => {
                eval_if(args, host).map_err(|fault| fault.within(function.name, self.at))
            }
            Node::Call(function, args) => {
                let args = args.iter().map(|arg| arg.eval(host)).collect::<Result<Arguments<'_>, _>>()?;
                functions::run(function, &args, host)
                    .map(Cow::Owned)
                    .map_err(|fault| fault.within(function.name, self.at))
            }
            Node::Host(which, function, args) => {
                let args = args.iter().map(|arg| arg.eval(host)).collect::<Result<Arguments<'_>, _>>()?;
                host.call(*which, &args).map_err(|fault| fault.within(function.name, self.at))
            }
            Node::Select(base, keys) => {
                let mut current = base.eval(host)?;
                for key in keys {
                    let wanted = key.eval(host)?;
                    current =
                        select(current, &wanted, base, host).map_err(|fault| fault.within("", key.at))?;
                }
                Ok(current)
            }
        }
    }

    /// The same expression with everything evaluated that is known already. What fails is left to fail when it is reached,
    /// because it may never be.
    #[must_use]
    pub fn fold(self, host: &dyn Host) -> Expr {
        let at = self.at;
        let node = match self.node {
            Node::Literal(value) => Node::Literal(value),
            Node::Call(function, args) => {
                let args: Vec<Expr> = args.into_iter().map(|arg| arg.fold(host)).collect();
                return fold_call(function, args, at, host);
            }
            Node::Host(which, function, args) => {
                let args: Vec<Expr> = args.into_iter().map(|arg| arg.fold(host)).collect();
                let known = function.constant && args.iter().all(|arg| arg.as_literal().is_some());
                return settle(Expr { at, node: Node::Host(which, function, args) }, known, host);
            }
            Node::Select(base, keys) => {
                let keys: Vec<Expr> = keys.into_iter().map(|key| key.fold(host)).collect();
                let (base, base_known) = fold_base(*base, host);
                let known = base_known && keys.iter().all(|key| key.as_literal().is_some());
                return settle(Expr { at, node: Node::Select(Box::new(base), keys) }, known, host);
            }
        };
        Expr { at, node }
    }
}

/// A call stays a call below its properties, so that the host is still asked about one that is absent.
fn fold_base(base: Expr, host: &dyn Host) -> (Expr, bool) {
    let at = base.at;
    if let Node::Host(which, function, args) = base.node {
        let args: Vec<Expr> = args.into_iter().map(|arg| arg.fold(host)).collect();
        let known = function.constant && args.iter().all(|arg| arg.as_literal().is_some());
        return (Expr { at, node: Node::Host(which, function, args) }, known);
    }
    let base = base.fold(host);
    let known = base.as_literal().is_some();
    (base, known)
}

fn fold_call(
    function: &'static functions::Function,
    mut args: Vec<Expr>,
    at: usize,
    host: &dyn Host,
) -> Expr {
    if function.is_if()
        && args.len() == 3
        && let Some(Value::Bool(condition)) = args.first().and_then(Expr::as_literal)
    {
        return args.swap_remove(if *condition { 1 } else { 2 });
    }
    let known = !function.is_clock() && args.iter().all(|arg| arg.as_literal().is_some());
    settle(Expr { at, node: Node::Call(function, args) }, known, host)
}

fn settle(expr: Expr, known: bool, host: &dyn Host) -> Expr {
    if !known {
        return expr;
    }
    match expr.eval(host).map(Cow::into_owned) {
        Ok(value) => Expr { at: expr.at, node: Node::Literal(value) },
        Err(_) => expr,
    }
}

/// `if` evaluates only the branch it takes: the documented guard around what would fail.
fn eval_if<'a>(args: &'a [Expr], host: &'a dyn Host) -> Outcome<'a> {
    let [condition, then, otherwise] = args else { return Err(Fault::failed("takes 3 arguments")) };
    match condition.eval(host)?.as_ref() {
        Value::Bool(true) => then.eval(host),
        Value::Bool(false) => otherwise.eval(host),
        other => Err(Fault::failed(format!("needs a boolean condition, not {}", value::kind(other)))),
    }
}

fn select<'a>(current: Cow<'a, Value>, key: &Value, base: &Expr, host: &dyn Host) -> Outcome<'a> {
    let missing = |what: String| {
        let known = match (&base.node, key) {
            (Node::Host(which, ..), Value::String(name)) => host.absent(*which, name),
            _ => None,
        };
        known.unwrap_or_else(|| Err(Fault::failed(what)))
    };
    match (current.as_ref(), key) {
        (Value::Object(_), Value::String(name)) => match property(current, name) {
            Some(found) => Ok(found),
            None => missing(format!("there is no property `{name}`")),
        },
        (Value::Array(items), Value::Number(index)) => {
            let index = index.as_u64().and_then(|index| usize::try_from(index).ok());
            match index.filter(|index| *index < items.len()) {
                Some(index) => Ok(element(current, index)),
                None => missing(format!("there is no element {key} in an array of {}", items.len())),
            }
        }
        (Value::Null, _) => missing(format!("nothing can be selected from null, so there is no {key}")),
        (other, _) => missing(format!("{key} cannot be selected from {}", value::kind(other))),
    }
}

/// A property of an object; case does not matter.
fn property<'a>(object: Cow<'a, Value>, name: &str) -> Option<Cow<'a, Value>> {
    match object {
        Cow::Borrowed(Value::Object(map)) => text::get(map, name).map(Cow::Borrowed),
        Cow::Owned(Value::Object(mut map)) => {
            let key = text::key(&map, name)?.to_owned();
            map.swap_remove(&key).map(Cow::Owned)
        }
        _ => None,
    }
}

fn element(array: Cow<'_, Value>, index: usize) -> Cow<'_, Value> {
    match array {
        Cow::Borrowed(Value::Array(items)) => items.get(index).map_or(Cow::Owned(Value::Null), Cow::Borrowed),
        Cow::Owned(Value::Array(mut items)) => Cow::Owned(items.swap_remove(index)),
        _ => Cow::Owned(Value::Null),
    }
}
