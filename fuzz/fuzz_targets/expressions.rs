//! Any text as an expression: read, folded and evaluated, with the same answer both ways.

#![no_main]

use dekey_expr::{Expr, Fault, Host, HostFunction, Language, Limits, Outcome, Value, time};
use libfuzzer_sys::fuzz_target;
use std::borrow::Cow;

const LANGUAGE: Language = Language {
    host: &[
        HostFunction { name: "parameters", min: 1, max: 1, constant: true },
        HostFunction { name: "field", min: 1, max: 1, constant: false },
    ],
    limits: Limits::POLICY,
};

struct Place;

impl Host for Place {
    fn call<'a>(&'a self, _: usize, args: &[Cow<'a, Value>]) -> Outcome<'a> {
        args.first().cloned().ok_or_else(|| Fault::missing("an argument"))
    }

    fn now(&self) -> Result<time::Instant, Box<Fault>> {
        Ok(time::Instant::UNIX_EPOCH)
    }
}

fuzz_target!(|text: &str| {
    let Ok(expr) = Expr::parse(text, &LANGUAGE) else { return };
    let plain = expr.eval(&Place).map(Cow::into_owned);
    let folded = expr.clone().fold(&Place);
    assert_eq!(plain, folded.eval(&Place).map(Cow::into_owned));
});
