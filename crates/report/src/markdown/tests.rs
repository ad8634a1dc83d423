use super::*;
use crate::sample::{IDENTITY, Sample, rendered};
use dekey_model::{Builder, Note};
use serde_json::json;

/// The cells of a row, as tables are split: at every `|` without a backslash in front.
fn cells(row: &str) -> Vec<String> {
    let marked = row.trim().trim_matches('|').replace("\\|", "\u{0}");
    marked.split('|').map(|cell| cell.trim().replace('\u{0}', "|")).collect()
}

/// What is left of a line when its code spans are taken out.
fn outside_code(line: &str) -> String {
    let (mut out, mut open) = (String::new(), None);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let mut run = 0;
        if c == '`' {
            run = 1;
            while chars.next_if_eq(&'`').is_some() {
                run += 1;
            }
        }
        match (open, run) {
            (None, 0) => out.push(c),
            (None, run) => open = Some(run),
            (Some(fence), run) if fence == run => open = None,
            _ => {}
        }
    }
    assert!(open.is_none(), "a code span is not closed: {line}");
    out
}

#[test]
fn tables_keep_their_shape_and_names_stay_in_code() {
    let text = rendered(&Sample::hostile().report(), render);
    let mut width = None;
    for line in text.lines() {
        match (line.starts_with('|'), width) {
            (true, None) => width = Some(cells(line).len()),
            (true, Some(width)) => assert_eq!(cells(line).len(), width, "{line}"),
            (false, _) => width = None,
        }
        assert!(!line.chars().any(clean::is_hidden));
        let outside = outside_code(line);
        for part in ["<", "](", "@", "http", "www.", "::error", "octocat", "script"] {
            assert!(!outside.contains(part), "{part} in {outside}");
        }
    }
}

#[test]
fn every_part_of_the_story_is_told() {
    let text = rendered(&Sample::hostile().report(), render);
    for part in [
        "# dekey audit of 2026-11-23",
        "**Strict compliance rate**",
        "What Azure Policy would show",
        "## By rule and severity",
        &format!("`{IDENTITY}`"),
        "## Worst workspaces",
        "## Not judged, by reason",
        "storage accounts that are named but were not read",
        "active until 2026-12-24 (31 days)",
        "**expired** on 2026-11-01",
        "## Input that was not taken, or only in part",
        "| computes | `/` | refused |",
        "… and ",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn empty_and_unknown_are_not_good_news() {
    let empty = rendered(&Sample::empty().report(), render);
    assert!(empty.contains("n/a (nothing in scope)") && empty.contains("0 documents: no resources."));
    let unknown = rendered(&Sample::unknown().report(), render);
    assert!(unknown.contains("**0.0 % (0 of 1)**") && unknown.contains("| Not judged | 1 |"));
    let clean = rendered(&Sample::clean().report(), render);
    assert!(clean.contains("**100.0 % (2 of 2)**") && clean.matches("## ").count() == 1, "{clean}");
}

#[test]
fn the_worst_tenant_fits_in_a_comment() {
    let long = "\u{1f4a3}|`\\|".repeat(5000);
    let items = (0..60).map(|ix| {
        json!({
            "id": format!("/subscriptions/s/resourceGroups/{ix}{}/providers/Microsoft.MachineLearningServices/workspaces/{ix}{}", long.replace('/', ""), long),
            "type": "Microsoft.MachineLearningServices/workspaces",
            "identity": { "type": "None" },
            "tags": { "owner": format!("{ix}{long}") },
            "properties": {},
        })
    });
    let waiver = |ix: i32| {
        format!(
            "[[waivers]]\nrule = \"{IDENTITY}\"\nresource = \"{ix}{0}\"\njustification = \"{0}\"\napprover = \"{0}\"\nexpires = \"2026-12-24\"\n",
            "\u{1f4a3}".repeat(400)
        )
    };
    let toml: String = (0..40).map(waiver).collect();
    let sample = Sample::new(&[("x.json", items.collect())], &toml, |builder: &mut Builder| {
        for line in 0..40 {
            builder.note(Note {
                source: long.clone(),
                line,
                column: 1,
                kind: NoteKind::Malformed,
                reason: long.clone(),
            });
        }
    });
    let text = rendered(&sample.report(), render);
    assert!(text.len() < 60_000, "{}", text.len());
    assert!(text.matches("… and ").count() >= 3);
}

#[test]
fn code_spans_hold_any_text() {
    for (raw, want) in [
        ("mlw-fraud", "`mlw-fraud`"),
        ("a|b", "`a\\|b`"),
        ("a\\|b", "`a\\ \\|b`"),
        ("`", "`` ` ``"),
        ("a``b", "```a``b```"),
        ("", "–"),
        (" \n ", "–"),
        ("[x](y)\n# z", "`[x](y) # z`"),
    ] {
        assert_eq!(code(raw, NAME), want, "{raw:?}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_one_cell_of_code(text in "\\PC*|[`|\\\\ a\n]*") {
        let span = code(&text, NAME);
        assert_eq!(cells(&format!("| {span} | x |")).len(), 2);
        let outside = outside_code(&span);
        assert!(outside.is_empty() || outside == "–", "{outside}");
    }
}
