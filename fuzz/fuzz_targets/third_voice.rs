//! Any text as a condition, judged here and by regorus, Microsoft's own interpreter of them, about one request of which everything is
//! known. Where both decide a comparison, they agree, or the difference is one of `EXPLAINED`; where they agree on every comparison,
//! they agree on the whole.
//!
//! What regorus refuses is not held against anybody. That is much: it does not know `ActionMatches{'..'}` or `ForAnyOfAnyValues:StringEquals`,
//! which are the only spellings in Microsoft's text, nor the `IgnoreCase` forms of `StringStartsWith` and `StringLike`.

#![no_main]

use dekey_rbac::Condition;
use dekey_rbac::condition::{Compare, Expr, Facts, Known, Operand, Outcome, Request, Source, Value};
use libfuzzer_sys::fuzz_target;
use regorus::languages::azure_rbac::ast::EvaluationContext;
use regorus::languages::azure_rbac::interpreter::ConditionInterpreter;
use serde_json::{Value as Json, json};
use std::sync::LazyLock;

const ACTION: &str = "microsoft.storage/storageaccounts/read";
const SUBOPERATION: &str = "sub/read";

/// What each source has: the attributes that regorus' own published cases are about.
static KNOWN: LazyLock<[(Source, Json); 3]> = LazyLock::new(|| {
    let request = json!({ "owner": "alice", "text": "HelloWorld", "tags": ["prod", "gold"], "count": 10, "enabled": true,
        "ip": "10.0.0.8", "guid": "A1B2C3D4-0000-0000-0000-000000000000", "time": "12:30:15", "date": "2023-05-01T12:00:00Z",
        "numbers": [1, 2, 3], "letters": ["a", "b"], "action": ACTION });
    let resource = json!({ "owner": "alice", "tags": ["a", "b"], "count": 5, "enabled": false, "ip": "10.0.0.5",
        "guid": "a1b2c3d4-0000-0000-0000-000000000000", "id": "/r", "type": "t", "scope": "/s" });
    let principal =
        json!({ "department": "eng", "levels": ["L1", "L2"], "id": "user-1", "principalType": "User" });
    [(Source::Request, request), (Source::Resource, resource), (Source::Principal, principal)]
});

static FACTS: LazyLock<Facts> = LazyLock::new(|| {
    let mut facts = Facts::default();
    for (source, all) in KNOWN.iter() {
        for (name, own) in all.as_object().expect("an object") {
            facts.set(*source, name, value(own));
        }
        facts.close(*source);
    }
    facts.close(Source::Environment);
    facts.close(Source::Context);
    facts
});

static CONTEXT: LazyLock<EvaluationContext> = LazyLock::new(|| {
    let [(_, request), (_, resource), (_, principal)] = &*KNOWN;
    let context = json!({
        "principal": { "id": "user-1", "principal_type": "User", "custom_security_attributes": principal },
        "resource": { "id": "/r", "resource_type": "t", "scope": "/s", "attributes": resource },
        "request": { "action": ACTION, "data_action": null, "attributes": request },
        "environment": { "is_private_link": null, "private_endpoint": null, "subnet": null, "utc_now": null },
        "action": ACTION, "suboperation": SUBOPERATION,
    });
    serde_json::from_value(context).expect("a context")
});

fn value(json: &Json) -> Value {
    match json {
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => Value::Number(number.as_i64().expect("a whole number")),
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(all) => Value::List(all.iter().map(value).collect()),
        Json::Null | Json::Object(_) => Value::Null,
    }
}

/// What is known about one side of a comparison.
fn operands(expr: &Expr) -> Vec<&Operand> {
    match expr {
        Expr::Exists(operand) => vec![operand],
        Expr::Compare(Compare { left, right, .. }) => vec![left, right],
        _ => Vec::new(),
    }
}

fn any(operand: &Operand, is: &dyn Fn(&Operand) -> bool) -> bool {
    let inside = |own: &[Operand]| own.iter().any(|one| any(one, is));
    is(operand) || matches!(operand, Operand::Call(_, arguments) if inside(arguments))
}

fn texts(value: &Value) -> Vec<&str> {
    value.each().iter().filter_map(Value::text).collect()
}

fn is_list(operand: &Operand) -> bool {
    match operand {
        Operand::Literal(value) => matches!(value, Value::List(_)),
        Operand::Attribute(own) => matches!(FACTS.get(own), Known::Value(Value::List(_))),
        Operand::Call(..) => true,
    }
}

type Explains = fn(&Expr) -> bool;

/// Why the two may differ about a comparison.
const EXPLAINED: &[(&str, Explains)] = &[
    (
        "regorus compares with an attribute that does not exist as with any value; the text says that it does not hold",
        |expr| {
            let is_absent = |own: &Operand| matches!(own, Operand::Attribute(own) if matches!(FACTS.get(own), Known::Absent));
            operands(expr).iter().any(|own| any(own, &is_absent))
        },
    ),
    (
        "regorus finds an attribute without the namespace that it is asked for, and minds the case of names",
        |expr| {
            let other = |own: &Operand| match own {
                Operand::Attribute(own) => {
                    own.name.contains(':')
                        || matches!(FACTS.get(own), Known::Value(_))
                            && own.name.chars().any(char::is_uppercase)
                }
                _ => false,
            };
            operands(expr).iter().any(|own| any(own, &other))
        },
    ),
    (
        "regorus compares lists as wholes, or looks a value up in one; here, as in the text, one value that matches is enough",
        |expr| matches!(expr, Expr::Compare(_)) && operands(expr).iter().any(|own| any(own, &is_list)),
    ),
    (
        "regorus lets `*` be one whole segment of an action and minds case; here actions are matched as in roles",
        |expr| {
            matches!(expr, Expr::ActionMatches(all) | Expr::SubOperationMatches(all)
            if all.iter().any(|own| own.as_str().chars().any(|own| own == '*' || own.is_uppercase() || own.is_whitespace())))
        },
    ),
    (
        "regorus takes `?` and the backslash of `StringLike` for themselves; the text gives both a meaning",
        |expr| {
            matches!(expr, Expr::Compare(own) if own.operator.name().contains("Like")
            && matches!(&own.right, Operand::Literal(own) if texts(own).iter().any(|own| own.contains(['?', '\\']))))
        },
    ),
    (
        "regorus compares GUIDs letter by letter; here dashes and braces do not count",
        |expr| matches!(expr, Expr::Compare(own) if own.operator.is_guid()),
    ),
];

/// What regorus says; nothing when it refuses to.
fn regorus(text: &str) -> Option<bool> {
    ConditionInterpreter::new(&CONTEXT).evaluate_str(text).ok()
}

fn own(condition: &Condition) -> Option<bool> {
    let request = Request { action: ACTION, suboperation: Known::Value(SUBOPERATION), facts: &FACTS };
    match condition.judge(&request) {
        Outcome::Holds => Some(true),
        Outcome::Fails => Some(false),
        Outcome::Open(_) => None,
    }
}

/// A comparison as regorus spells it.
fn spelled(leaf: &Expr) -> String {
    match leaf {
        Expr::ActionMatches(all) if all.len() == 1 => format!("ActionMatches('{}')", all[0].as_str()),
        Expr::SubOperationMatches(all) if all.len() == 1 => {
            format!("SubOperationMatches('{}')", all[0].as_str())
        }
        other => other.to_string(),
    }
}

/// Whether both decide every comparison and agree on all.
fn agree(expr: &Expr) -> bool {
    match expr {
        // All of them are looked at, also after one that differs.
        Expr::And(all) | Expr::Or(all) => all.iter().fold(true, |so_far, one| agree(one) && so_far),
        Expr::Not(inner) => agree(inner),
        leaf => {
            let text = spelled(leaf);
            let condition: Condition = leaf.to_string().parse().expect("what is printed parses");
            match (own(&condition), regorus(&text)) {
                (Some(own), Some(other)) if own != other => {
                    assert!(EXPLAINED.iter().any(|row| row.1(leaf)), "{text}: {own} here, {other} there");
                    false
                }
                (own, other) => own.is_some() && other.is_some(),
            }
        }
    }
}

/// A whole condition as regorus spells it: it minds the case of `true`, which Microsoft's text does not speak of.
fn whole(expr: &Expr) -> String {
    let joined = |all: &[Expr], word: &str| {
        let all: Vec<String> = all.iter().map(|own| format!("({})", whole(own))).collect();
        all.join(word)
    };
    match expr {
        Expr::And(all) => joined(all, " AND "),
        Expr::Or(all) => joined(all, " OR "),
        Expr::Not(inner) => format!("!({})", whole(inner)),
        leaf => spelled(leaf),
    }
}

fuzz_target!(|text: &str| {
    let Ok(condition) = text.parse::<Condition>() else { return };
    if agree(condition.expr())
        && let Some(other) = regorus(&whole(condition.expr()))
    {
        assert_eq!(own(&condition), Some(other), "{text}");
    }
});
