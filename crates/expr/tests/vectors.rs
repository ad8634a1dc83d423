//! The function vectors that Microsoft publishes with regorus 0.14.1, read in place: `DEKEY_REGORUS` names the source folder
//! of that crate. Each row where we differ has its document.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::print_stderr, reason = "totals are what a person wants to see of this test")]

use dekey_expr::{Value, call, time, value};
use serde::Deserialize;
use std::path::PathBuf;

#[derive(Deserialize)]
struct File {
    builtin: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    note: String,
    args: Vec<Value>,
    want: Option<Value>,
    #[serde(default)]
    want_null: bool,
    #[serde(default)]
    want_undefined: bool,
    want_error: Option<String>,
}

/// Functions that no policy can call: machinery of regorus, and what the article on policy rules excludes.
const NOT_OURS: &[(&str, &str)] = &[
    ("azure.policy.fn.date_time_add", "not allowed in Azure Policy (definition-structure-policy-rule)"),
    (
        "azure.policy.fn.date_time_from_epoch",
        "not allowed in Azure Policy (definition-structure-policy-rule)",
    ),
    ("azure.policy.fn.date_time_to_epoch", "not allowed in Azure Policy (definition-structure-policy-rule)"),
    ("azure.policy.get_parameter", "an instruction of regorus; parameters are tested with policies"),
    ("azure.policy.resolve_field", "an instruction of regorus; fields are tested with policies"),
    ("azure.policy.if", "evaluates its own arguments; tested as an expression"),
];

/// Cases that we answer differently, with the document that we follow. `REF` is ExpressionBuiltInFunctions.cs of
/// Azure/azure-policy-linter, written by the Azure Policy team.
const DIFFERENT: &[(&str, &[&str], &str)] = &[
    (
        "add_days",
        &["*"],
        "written as .NET's round-trip format with seven digits (REF: AddDays); the instant is the same",
    ),
    ("bool", &["\"1\"", "\"0\""], "Boolean.Parse knows only true and false (REF: ConvertToBool)"),
    ("create_object", &["1,"], "names must be strings (REF: CreateObject)"),
    ("empty", &["0", "false", "true"], "no other kinds than strings, arrays and objects (REF: Empty)"),
    ("int", &["3.9", "-2.7", "\"3.14\""], "an integer, or a string that is one (REF: ConvertToInt)"),
    (
        "ip_range_contains",
        &["\"not-a-cidr\"", "\"10.0.0.0/8\",\"not-an-ip\""],
        "an evaluation failure (definition-structure-policy-rule)",
    ),
    (
        "join",
        &["[1,2,3]", "[true,false]", "[\"a\",null,\"b\"]"],
        "elements are strings, null an empty one (REF: Join)",
    ),
    ("logic_all", &["true]", "false]", ""], "at least two booleans (REF: LogicalAnd)"),
    ("logic_any", &["true]", "false]", ""], "at least two booleans (REF: LogicalOr)"),
    ("pad_left", &["\"abc\",0"], "a width from 1 to 16 (REF: GetPaddingWidthParameter)"),
    (
        "string",
        &["true", "false", "null"],
        "True and False as .NET spells them, null as the empty string (REF: ConvertToString)",
    ),
];

fn our_name(builtin: &str) -> String {
    let name = builtin.rsplit('.').next().unwrap();
    match name {
        "logic_all" => return "and".to_owned(),
        "logic_any" => return "or".to_owned(),
        "int_div" => return "div".to_owned(),
        "int_mod" => return "mod".to_owned(),
        _ => {}
    }
    let mut camel = String::new();
    for (ix, part) in name.split('_').enumerate() {
        let mut letters = part.chars();
        match letters.next() {
            Some(first) if ix > 0 => camel.extend(first.to_uppercase()),
            Some(first) => camel.push(first),
            None => {}
        }
        camel.extend(letters);
    }
    camel
}

fn agrees(case: &Case, name: &str) -> Result<(), String> {
    let answer = call(name, &case.args).unwrap_or_else(|| panic!("there is no function {name}"));
    match answer {
        Err(_) if case.want_undefined || case.want_error.is_some() => Ok(()),
        Err(fault) => Err(format!("fails: {fault}")),
        Ok(got) if case.want_undefined || case.want_error.is_some() => {
            Err(format!("got {got}, wanted failure"))
        }
        Ok(got) => {
            let want = if case.want_null { Value::Null } else { case.want.clone().unwrap_or_default() };
            if value::deep_equals(&got, &want) || got.as_f64().is_some_and(|n| want.as_f64() == Some(n)) {
                return Ok(());
            }
            Err(format!("got {got}, wanted {want}"))
        }
    }
}

/// Whether a row of the table is about these arguments: what they start with, or all of them.
fn is_about(pattern: &str, args: &str) -> bool {
    let inner = args.strip_prefix('[').unwrap();
    match pattern {
        "*" => true,
        "" => inner == "]",
        pattern if pattern.ends_with([',', ']']) && !pattern.starts_with('[') => {
            inner.starts_with(pattern) && (pattern.ends_with(',') || inner == pattern)
        }
        pattern => inner.strip_prefix(pattern).is_some_and(|rest| rest.starts_with([',', ']'])),
    }
}

#[test]
fn published_vectors() {
    let Some(folder) = std::env::var_os("DEKEY_REGORUS").map(PathBuf::from) else {
        eprintln!("skipped: DEKEY_REGORUS names no source folder of regorus 0.14.1");
        return;
    };
    let folder = folder.join("tests/azure_policy_builtins/cases");
    let (mut total, mut same, mut different, mut not_ours) = (0, 0, 0, 0);
    let mut problems = Vec::new();
    let mut used = vec![false; DIFFERENT.len()];
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file: File = serde_saphyr::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        for case in &file.cases {
            total += 1;
            if NOT_OURS.iter().any(|(name, _)| *name == file.builtin) {
                not_ours += 1;
                continue;
            }
            let args = Value::Array(case.args.clone()).to_string();
            let row = DIFFERENT
                .iter()
                .position(|(name, patterns, _)| *name == stem && patterns.iter().any(|p| is_about(p, &args)));
            match (agrees(case, &our_name(&file.builtin)), row) {
                (Ok(()), _) => same += 1,
                (Err(_), Some(row)) => {
                    different += 1;
                    if let Some(used) = used.get_mut(row) {
                        *used = true;
                    }
                }
                (Err(problem), None) => problems.push(format!("{stem} {}: {args}: {problem}", case.note)),
            }
        }
    }
    eprintln!(
        "{total} vectors: {same} the same, {different} different with a document, {not_ours} not callable in a policy"
    );
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(used.iter().all(|used| *used), "a row of DIFFERENT is about nothing: {used:?}");
    assert_eq!(total, 494, "the published set");
}

/// What differs about `addDays` is only how the answer is written.
#[test]
fn days_are_the_same_instant() {
    for (start, days, want) in [
        ("2024-02-28T00:00:00Z", 1, "2024-02-29T00:00:00Z"),
        ("2024-01-15T12:00:00Z", -1, "2024-01-14T12:00:00Z"),
    ] {
        let got = call("addDays", &[Value::from(start), Value::from(days)]).unwrap().unwrap();
        assert_eq!(time::parse(got.as_str().unwrap()), time::parse(want));
    }
}
