//! The report a person reads.

use super::*;
use crate::sample::{HOSTILE, IDENTITY, Sample};
use serde_json::json;
use unicode_width::UnicodeWidthStr;

fn rendered(sample: &Sample, width: usize, color: bool, all: bool) -> String {
    let mut out = Vec::new();
    render(&sample.report(), &TerminalOptions { width, color, all }, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn named(names: &[&str]) -> Sample {
    let items = names.iter().map(|name| json!({ "id": format!("ws/{name}"), "type": "Microsoft.MachineLearningServices/workspaces", "properties": {} }));
    Sample::new(&[("names.json", items.collect())], "", |_| {})
}

#[test]
fn every_line_fits_and_the_order_is_that_of_the_questions() {
    let text = rendered(&named(&["mlw-a", "mlw-b"]), 60, false, false);
    assert!(text.lines().all(|line| line.width() <= 60 || line.trim_start().starts_with("> ")), "{text}");
    let at = |word: &str| text.find(word).unwrap_or_else(|| panic!("{word} is missing:\n{text}"));
    assert!(
        at("read ") < at("compliance") && at("compliance") < at("judged") && at("judged") < at("findings")
    );
    assert!(at("findings") < at("mlw-a") && at("mlw-a") < at(IDENTITY));
    assert!(at("Azure Policy would show") < at("mlw-a"));
}

#[test]
fn only_the_worst_are_shown_and_what_was_cut_is_said() {
    let names: Vec<String> = (0..30).map(|n| format!("mlw-{n:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let few = rendered(&named(&names), 100, false, false);
    assert!(few.contains("and 20 more workspaces") && !few.contains("mlw-29"), "{few}");
    let all = rendered(&named(&names), 100, false, true);
    assert!(all.contains("mlw-29") && !all.contains("more workspaces"));
}

#[test]
fn of_many_users_of_one_account_some_are_named() {
    let mut items =
        vec![json!({ "id": "st/lake", "type": "Microsoft.Storage/storageAccounts", "properties": {} })];
    items.extend((0..30).map(|n| {
        json!({ "id": format!("ws/mlw-{n:02}"), "type": "Microsoft.MachineLearningServices/workspaces",
            "identity": { "type": "SystemAssigned" }, "properties": { "storageAccount": "st/lake" } })
    }));
    let text = rendered(&Sample::new(&[("shared.json", items)], "", |_| {}), 160, false, true);
    assert!(text.contains("used by mlw-00, mlw-01, mlw-02, mlw-03, mlw-04, mlw-05 and 24 more"), "{text}");
}

#[test]
fn hostile_names_move_nothing() {
    let names: Vec<&str> = HOSTILE.iter().copied().filter(|name| !name.contains('/')).collect();
    let text = rendered(&named(&names), 80, false, true);
    for c in ['\u{1b}', '\u{202e}', '\u{7}', '\u{0}', '\r'] {
        assert!(!text.contains(c), "{c:?}");
    }
    // With colour on, the only escapes are our own.
    let coloured = rendered(&named(&names), 80, true, true);
    assert!(coloured.split('\u{1b}').skip(1).all(|rest| rest.starts_with('[') && rest.contains('m')));
    assert!(!coloured.contains("\u{1b}[31mred"));
}

#[test]
fn nothing_read_is_not_all_well() {
    let text = rendered(&Sample::empty(), 80, false, false);
    assert!(text.contains("nothing; from 0 documents") && text.contains("n/a"), "{text}");
}

#[test]
fn what_was_not_judged_and_waived_is_there() {
    let text = rendered(&Sample::unknown(), 100, false, false);
    assert!(text.contains("Not judged:"), "{text}");
    assert_eq!(text, rendered(&Sample::unknown(), 100, false, false));
}
