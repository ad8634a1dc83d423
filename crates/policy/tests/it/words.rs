//! Definitions in plain words.

use dekey_expr::Value;
use dekey_policy::words::{Line, Subject, Words, condition, explain};
use proptest::prelude::*;
use serde_json::json;
use std::io::BufRead;
use std::path::{Path, PathBuf};

fn words_of(condition: &Value) -> Vec<String> {
    let definition = json!({ "properties": {
        "mode": "All",
        "policyRule": { "if": condition, "then": { "effect": "audit" } },
    } });
    match explain(&definition).unwrap().subject {
        Subject::Definition { looks_at, fires_when, .. } => {
            let line = |own: &Line| format!("{}{}", "  ".repeat(own.depth), own.text);
            std::iter::once(looks_at).chain(fires_when.iter().map(line)).collect()
        }
        Subject::Initiative { .. } => panic!("this is a definition"),
    }
}

const KEYS: &str = "Microsoft.Storage/storageAccounts/allowSharedKeyAccess";

#[test]
fn types_are_what_it_looks_at_and_the_rest_is_when_it_fires() {
    let storage = json!({ "field": "type", "equals": "Microsoft.Storage/storageAccounts" });
    assert_eq!(
        words_of(&json!({ "allOf": [storage, { "field": KEYS, "notEquals": false }] })),
        [
            "resources of type Microsoft.Storage/storageAccounts",
            "`allowSharedKeyAccess` is not `false` (or is missing)"
        ]
    );
    // Types in an alternative are conditions like others.
    assert_eq!(
        words_of(&json!({ "anyOf": [storage, { "field": KEYS, "equals": true }] })),
        [
            "resources of every type, resource groups and subscriptions",
            "one of these holds:",
            "  its type is `Microsoft.Storage/storageAccounts`",
            "  `allowSharedKeyAccess` of Microsoft.Storage/storageAccounts is `true`",
        ]
    );
    assert_eq!(words_of(&storage), ["resources of type Microsoft.Storage/storageAccounts"]);
}

#[test]
fn negation_keeps_its_meaning() {
    let told = |own: &Value| words_of(own).split_off(1);
    assert_eq!(
        told(&json!({ "not": { "field": "kind", "in": ["a", "b"] } })),
        ["its kind is none of `a` or `b` (or is missing)"]
    );
    assert_eq!(
        told(&json!({ "not": { "not": { "field": "location", "equals": "west" } } })),
        ["its location is `west`"]
    );
    let both = json!([{ "field": "name", "equals": "a" }, { "field": "tags.x", "exists": false }]);
    assert_eq!(
        told(&json!({ "not": { "allOf": both } })),
        ["not all of this holds:", "  its name is `a`", "  its tag `x` is missing"]
    );
    assert_eq!(told(&json!({ "not": { "anyOf": both } }))[0], "none of these holds:");
    let every = json!({ "field": "Microsoft.X/y/z[*].w", "equals": 1 });
    assert_eq!(told(&every), ["`w` of every element of `z` of Microsoft.X/y is `1`"]);
    assert_eq!(
        told(&json!({ "not": every })),
        ["`w` of some element of `z` of Microsoft.X/y is not `1` (or is missing)"]
    );
    let none = json!({ "count": { "field": "Microsoft.X/y/z[*]", "where": { "field": "Microsoft.X/y/z[*].w", "equals": 1 } }, "less": 1 });
    assert_eq!(told(&none), ["there is no element of `z` of Microsoft.X/y for which `w` is `1`"]);
    assert_eq!(
        told(&json!({ "not": none })),
        ["there is an element of `z` of Microsoft.X/y for which `w` is `1`"]
    );
}

#[test]
fn expressions_are_told_as_words() {
    let told = |own: Value| words_of(&own).split_off(1).join(" ");
    assert_eq!(
        told(json!({ "field": "[concat('tags[', parameters('tag'), ']')]", "exists": "false" })),
        "its tag named by the parameter `tag` is missing"
    );
    assert_eq!(
        told(json!({ "value": "[requestContext().apiVersion]", "less": "2020-01-01" })),
        "the API version of the request is less than `2020-01-01`"
    );
    assert_eq!(told(json!({ "value": "[empty(field('name'))]", "equals": false })), "its name is not empty");
    assert_eq!(
        told(json!({ "value": "[padLeft('a', 3, '0')]", "equals": "00a" })),
        "padLeft(`a`, `3`, `0`) is `00a`"
    );
    // Text that only looks like an expression is text.
    assert_eq!(told(json!({ "field": "name", "equals": "[[not one]" })), "its name is `[not one]`");
}

#[test]
fn what_is_no_policy_is_refused_with_the_place() {
    assert!(explain(&json!({ "properties": {} })).is_err());
    let error = explain(
        &json!({ "properties": { "policyRule": { "if": { "field": "name", "is": 1 }, "then": { "effect": "deny" } } } }),
    );
    assert!(error.unwrap_err().pointer.starts_with("/properties/policyRule/if"));
}

fn lines(path: &Path) -> impl Iterator<Item = Value> {
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    file.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap())
}

/// The words of everything that is public: there are some, they are the same each time, and no expression is left in them.
#[test]
fn every_public_policy_can_be_told() {
    let Some(corpora) = std::env::var_os("DEKEY_CORPORA").map(|own| PathBuf::from(own).join("policy")) else {
        eprintln!("skipped: DEKEY_CORPORA does not name the unpacked corpora");
        return;
    };
    let (mut told, mut initiatives, mut longest) = (0, 0, 0);
    for file in
        ["builtin-definitions.jsonl", "builtin-initiatives.jsonl", "community.jsonl", "landing-zone.jsonl"]
    {
        for line in lines(&corpora.join(file)) {
            let (path, doc) = (line["path"].as_str().unwrap(), &line["doc"]);
            let words = match explain(doc) {
                Ok(words) => words,
                // Not every file is one, and some use what is gone from the language.
                Err(error)
                    if !doc.is_object()
                        || error.message.contains("neither")
                        || error.message.contains("`source`") =>
                {
                    continue;
                }
                Err(error) => panic!("{path}: {error}"),
            };
            assert_eq!(words, explain(doc).unwrap(), "{path}");
            told += 1;
            match &words.subject {
                Subject::Definition { fires_when, does, .. } => {
                    assert!(!words.title.is_empty() && !does.is_empty(), "{path}: {words:?}");
                    assert!(
                        does.iter().all(|line| !line.text.contains("not documented"))
                            || path.contains("19539b54")
                            || file != "builtin-definitions.jsonl",
                        "{path}: {does:?}"
                    );
                    longest = longest.max(fires_when.len());
                    is_told(path, &words, fires_when);
                }
                Subject::Initiative { members, .. } => {
                    initiatives += 1;
                    assert!(!members.is_empty(), "{path}");
                }
            }
        }
    }
    eprintln!("{told} told, {initiatives} of them initiatives; the longest has {longest} conditions");
    assert!(told > 5_500 && initiatives > 200, "{told} {initiatives}");
}

/// Nothing is left as the JSON of a condition, and no line says nothing.
fn is_told(path: &str, words: &Words, lines: &[Line]) {
    for line in lines {
        assert!(!line.text.trim().is_empty(), "{path}: {words:?}");
        assert!(!line.text.contains("something "), "{path}: {}", line.text);
        assert!(
            !line.text.contains("{\"field\"") && !line.text.contains("[parameters("),
            "{path}: {}",
            line.text
        );
    }
}

proptest! {
    /// Whatever JSON is put in: words or an error, never a panic.
    #[test]
    fn anything_is_told_or_refused(own in any_json()) {
        let _ = condition(&own);
        let _ = explain(&json!({ "policyRule": { "if": own.clone(), "then": { "effect": "deny" } } }));
        let _ = explain(&own);
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        Just("allOf".to_owned()),
        Just("anyOf".to_owned()),
        Just("not".to_owned()),
        Just("field".to_owned()),
        Just("value".to_owned()),
        Just("count".to_owned()),
        Just("where".to_owned()),
        Just("equals".to_owned()),
        Just("notIn".to_owned()),
        Just("exists".to_owned()),
        Just("less".to_owned()),
        "[a-z]{1,3}",
    ];
    let text = prop_oneof![
        Just("type".to_owned()),
        Just("tags[".to_owned()),
        Just("[current()]".to_owned()),
        Just("A/b[*].c".to_owned()),
        Just("[if(empty(field('a')), 1, parameters('b'))]".to_owned()),
        Just("ü[*]".to_owned()),
        ".{0,6}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text.prop_map(Value::from)
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..4)
                .prop_map(|all| Value::Object(all.into_iter().collect())),
        ]
    })
}
