//! The language from outside: parsing, positions, evaluation, and properties that hold for every input.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use dekey_expr::{Expr, Fault, Host, HostFunction, Language, Limits, Outcome, Template, Value, time};
use proptest::prelude::*;
use serde_json::json;
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
    fn call<'a>(&'a self, which: usize, args: &[Cow<'a, Value>]) -> Outcome<'a> {
        match (which, args.first().and_then(|arg| arg.as_str())) {
            (0, Some("list")) => Ok(Cow::Owned(json!(["a", "b"]))),
            (0, Some("deep")) => Ok(Cow::Owned(json!({"Outer": {"inner": [10, 20]}}))),
            (0, Some(name)) => Err(Fault::failed(format!("there is no parameter `{name}`"))),
            (1, Some("name")) => Ok(Cow::Owned(json!("ws1"))),
            _ => Err(Fault::missing("that field")),
        }
    }

    fn now(&self) -> Result<time::Instant, Box<Fault>> {
        Ok(time::parse("2026-11-23T10:00:00Z").unwrap())
    }

    fn absent(&self, which: usize, key: &str) -> Option<Outcome<'static>> {
        (which == 0 && key == "later").then(|| Err(Fault::missing("what comes later")))
    }
}

fn eval(text: &str) -> Result<Value, String> {
    let expr = Expr::parse(text, &LANGUAGE).map_err(|error| error.to_string())?;
    let plain = expr.eval(&Place).map(Cow::into_owned).map_err(|fault| fault.to_string());
    let folded =
        expr.clone().fold(&Place).eval(&Place).map(Cow::into_owned).map_err(|fault| fault.to_string());
    assert_eq!(plain, folded, "folding changes {text}");
    plain
}

#[test]
fn values() {
    for (text, want) in [
        ("'it''s'", json!("it's")),
        ("-5", json!(-5)),
        ("concat('a', 1, true())", json!("a1True")),
        ("CONCAT(createArray(1), createArray('x'))", json!([1, "x"])),
        ("parameters('deep').outer.INNER[1]", json!(20)),
        ("parameters('deep')['Outer']['inner'][0]", json!(10)),
        ("if(equals(field('name'), 'ws1'), 'yes', substring('a', 0, 9))", json!("yes")),
        ("utcNow()", json!("2026-11-23T10:00:00.0000000Z")),
        ("addDays(utcNow(), -5)", json!("2026-11-18T10:00:00.0000000Z")),
        ("equals(5, float('5.0'))", json!(true)),
        ("equals('5', 5)", json!(false)),
        ("equals('a', 'A')", json!(false)),
        ("less('a', 'B')", json!(true)),
        ("less('B', 'a')", json!(false)),
        ("less('a', 'A')", json!(true)),
        ("replace('ABCabc', 'b', 'x')", json!("AxCaxc")),
        ("contains('Straße', 'STRASSE')", json!(true)),
        ("indexOf('añb', 'B')", json!(2)),
        ("lastIndexOf('aaa', 'aa')", json!(1)),
        ("lastIndexOf('éaéa', 'ÉA')", json!(2)),
        ("uniqueString('aaa')", json!("zavj67f3en4hc")),
        ("uniqueString('bbb')", json!("w5eragfxe33cy")),
        ("uniqueString('zzz')", json!("cryksdzzzawae")),
        ("uniqueString('xxx', 'yyy', 'zzz')", json!("lghi7k5js7itq")),
        ("length(guid('a'))", json!(36)),
        ("ipRangeContains('192.168.0.1-192.168.0.9', '192.168.0.5')", json!(true)),
        ("ipRangeContains('0.0.0.0/0', '2001:db8::/32')", json!(false)),
        ("ipRangeContains('::/0', '2001:db8::/32')", json!(true)),
        ("tryGet(parameters('deep'), 'no')", json!(null)),
        ("tryGet(parameters('deep'), 'outer', 'inner', 0)", json!(10)),
        ("uri('https://x.net/a/b', '../c?d=1')", json!("https://x.net/c?d=1")),
        ("dataUriToString('data:;base64,SGVsbG8=')", json!("Hello")),
        ("split('a-b_c', createArray('_', '-'))", json!(["a", "b", "c"])),
        ("items(createObject('b', 1, 'A', 2))", json!([{"key": "A", "value": 2}, {"key": "b", "value": 1}])),
        ("union(createObject('A', 1), createObject('a', 2))", json!({"A": 2})),
        ("format('{0:N0}|{1,4}|{2}', 1234567, 'x', createArray('q'))", json!("1,234,567|   x|['q']")),
    ] {
        assert_eq!(eval(text), Ok(want), "{text}");
    }
}

/// The UUID of version 5 of the text `a` in ARM's namespace, computed with Python's `uuid`.
#[test]
fn guids_are_of_version_5() {
    assert_eq!(eval("guid('a')"), Ok(json!("3703365d-5a9f-59b4-bca7-b9681389e4c1")));
}

#[test]
fn errors_say_where_and_which_function() {
    for (text, want) in [
        ("concat('a', substring('ab', 0, 3))", "substring(): cannot take 3 from 0 of a string of 2 (at 12)"),
        ("concat('a'", "concat() needs a closing parenthesis or another argument here (at 10)"),
        ("nothing('a')", "there is no function nothing() here (at 0)"),
        ("substring('a')", "substring() takes 2 to 3 arguments, not 1 (at 0)"),
        ("'abc", "this text has no closing quote (at 0)"),
        ("concat('a') 'b'", "the expression should end here (at 12)"),
        ("abc", "`abc` is neither a text in quotes nor a call: write `abc(...)` (at 0)"),
        ("", "an expression is missing here (at 0)"),
        ("parameters('deep').nope", "there is no property `nope` (at 19)"),
        ("parameters('deep').later", "what comes later"),
        ("parameters('list')[7]", "there is no element 7 in an array of 2 (at 19)"),
        ("parameters('x')", "parameters(): there is no parameter `x` (at 0)"),
        (
            "format('{18446744073709551615}', 1)",
            "format(): the format is wrong: there is no argument for {18446744073709551615} (at 0)",
        ),
        ("div(1, 0)", "div(): cannot divide by zero (at 0)"),
        ("add(9223372036854775807, 1)", "add(): the result is out of range (at 0)"),
        ("less('a', 1)", "less(): cannot order a string and an integer (at 0)"),
        ("and(true(), 'x')", "and(): argument 2 must be a boolean, not a string (at 0)"),
        ("format('{0:E2}', 1)", "what the number format `E2` of format() writes"),
    ] {
        assert_eq!(eval(text), Err(want.to_owned()), "{text}");
    }
}

#[test]
fn limits_hold() {
    let deep = |levels: usize| format!("{}'x'{}", "toLower(".repeat(levels), ")".repeat(levels));
    assert!(Expr::parse(&deep(63), &LANGUAGE).is_ok());
    assert!(Expr::parse(&deep(64), &LANGUAGE).unwrap_err().message.contains("64 deep"));
    assert!(Expr::parse(&deep(100_000), &LANGUAGE).is_err());
    let wide = |args: usize| format!("concat({})", vec!["'a'"; args].join(","));
    assert!(Expr::parse(&wide(128), &LANGUAGE).is_ok());
    assert!(Expr::parse(&wide(129), &LANGUAGE).is_err());
    // A long chain of properties is read, evaluated and dropped without depth.
    let chain = format!("parameters('deep'){}", ".a".repeat(40_000));
    assert!(eval(&chain).unwrap_err().contains("there is no property `a`"));
    let double = "concat(parameters('list'), parameters('list'))";
    assert!(eval(double).is_ok());
    let long = format!("'{}'", "x".repeat(60_000));
    let doubled = format!("replace({long}, 'x', 'yyy')");
    assert!(eval(&doubled).unwrap_err().contains("131072 characters"));
}

#[test]
fn templates_evaluate_in_place() {
    let value = json!({"plain": [1, "[[x]"], "made": ["[concat('a', field('name'))]"]});
    let template = Template::parse(&value, &LANGUAGE).unwrap().fold(&Place);
    assert_eq!(template.eval(&Place).unwrap().as_ref(), &json!({"plain": [1, "[x]"], "made": ["aws1"]}));
    let (path, error) = Template::parse(&json!({"a": ["b", "[no('x')]"]}), &LANGUAGE).unwrap_err();
    assert_eq!((path.as_str(), error.at), ("/a/1", 1));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*") {
        if let Ok(expr) = Expr::parse(&text, &LANGUAGE) {
            let _ = expr.eval(&Place);
        }
    }

    #[test]
    fn anything_like_an_expression_evaluates_as_it_folds(text in "(concat|first|split|if|union|less|json|replace|take)\\((('[a-z,é]{0,3}'|[0-9]{1,3}|true\\(\\)|parameters\\('list'\\)|field\\('name'\\))(, )?){0,3}\\)") {
        let _ = eval(&text);
    }

    #[test]
    fn any_text_can_be_quoted(text in "\\PC*") {
        let quoted = format!("'{}'", text.replace('\'', "''"));
        prop_assert_eq!(eval(&quoted), Ok(Value::String(text)));
    }

    #[test]
    fn text_order_is_total(a in "[a-zA-ZéÉ0-9 _-]{0,4}", b in "[a-zA-ZéÉ0-9 _-]{0,4}", c in "[a-zA-ZéÉ0-9 _-]{0,4}") {
        use dekey_expr::text::compare;
        prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
        if compare(&a, &b).is_le() && compare(&b, &c).is_le() {
            prop_assert!(compare(&a, &c).is_le());
        }
    }

    #[test]
    fn base64_comes_back(text in "\\PC*") {
        let quoted = text.replace('\'', "''");
        prop_assert_eq!(eval(&format!("base64ToString(base64('{quoted}'))")), Ok(Value::String(text.clone())));
        prop_assert_eq!(eval(&format!("uriComponentToString(uriComponent('{quoted}'))")), Ok(Value::String(text)));
    }

    #[test]
    fn split_and_join_are_inverse(text in "[a-c,é]{0,12}") {
        prop_assert_eq!(eval(&format!("join(split('{text}', ','), ',')")), Ok(Value::String(text)));
    }
}
