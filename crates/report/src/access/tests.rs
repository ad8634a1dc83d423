//! Names that others chose reach no reader raw.

use super::types::{Edge, Graph, Node, Principal, Shown};
use super::{Answer, Document, SCHEMA, Show, dot, json, mermaid, render, schema, svg};
use crate::TerminalOptions;

const HOSTILE: &[&str] = &[
    "a\"]; n0 -> n1 [label=\"x",
    "back\\slash\\",
    "\"]:::x\n  click n0 \"javascript:alert(1)\"",
    "</text><script>alert(1)</script>",
    "' onload='alert(1)",
    "]]><!ENTITY x SYSTEM \"file:///etc/passwd\">",
    "\u{1b}[31mred\u{202e}",
    "`#quot;${x}",
    "##vso[task.setvariable]",
];

fn graph(name: &str) -> Graph {
    let node = |kind| Node { kind, label: name.to_owned(), detail: name.to_owned() };
    let edge = Edge { from: 0, to: 1, kind: "missing", label: name.to_owned() };
    Graph { workspace: format!("/x/{name}"), nodes: vec![node("actor"), node("holder")], edges: vec![edge] }
}

/// What is left of Graphviz when its quoted texts are taken out.
fn without_quoted(text: &str) -> String {
    let (mut out, mut inside, mut escaped) = (String::new(), false, false);
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if inside => escaped = true,
            '"' => inside = !inside,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    assert!(!inside, "a quote is left open: {text}");
    out
}

#[test]
fn graphviz_has_the_same_bones_whatever_the_names() {
    let bones = without_quoted(&dot(&graph("x")));
    for name in HOSTILE {
        assert_eq!(without_quoted(&dot(&graph(name))), bones, "{name}");
    }
}

#[test]
fn mermaid_has_the_same_lines_whatever_the_names() {
    let count = mermaid(&graph("x")).lines().count();
    for name in HOSTILE {
        let text = mermaid(&graph(name));
        assert_eq!((text.lines().count(), text.matches('"').count()), (count, 6), "{text}");
        for sign in ["javascript:alert(", "<script", "`", "\u{1b}", "\u{202e}"] {
            assert!(!text.contains(sign) || sign.starts_with("java"), "{text}");
        }
        // Nothing ends a text early: no sign of the language is left in one.
        for inside in text.split('"').skip(1).step_by(2) {
            let inside = inside.replace("<br/>", "");
            assert!(!inside.contains(['[', ']', '|', '<', '>', '\\', '{', '}']), "{inside}");
        }
    }
}

#[test]
fn images_have_the_same_elements_whatever_the_names() {
    let tags = |text: &str| -> Vec<String> {
        let parts = text.split('<').skip(1);
        parts.map(|own| own.split([' ', '>']).next().unwrap_or_default().to_owned()).collect()
    };
    let expected = tags(&svg(&graph("x")));
    for name in HOSTILE {
        let text = svg(&graph(name));
        assert_eq!(tags(&text), expected, "{name}");
        assert!(!text.contains(" onload=") || text.contains("&#39; onload=&#39;"), "{text}");
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{name}");
    }
}

fn shown(name: &str) -> Document {
    let principal = Principal {
        object_id: Some("p".to_owned()),
        name: Some(name.to_owned()),
        kind: Some(name.to_owned()),
        acts_for: Some(format!("/x/{name}")),
        unknown: None,
    };
    let shown = Shown {
        principal,
        grants: Vec::new(),
        effective: Vec::new(),
        decision: None,
        ways: Vec::new(),
        why_not: Vec::new(),
    };
    let answer = Answer::Show(Show { on: None, action: None, principals: vec![shown] });
    Document { dekey: SCHEMA, as_of: "2026-11-23T00:00:00Z".to_owned(), taken_for_read: Vec::new(), answer }
}

#[test]
fn terminals_are_left_alone() {
    for name in HOSTILE {
        let mut out = Vec::new();
        let options = TerminalOptions { width: 200, color: false, all: true };
        render(&shown(name), &options, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let hidden = text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}');
        assert!(!hidden && !text.contains("##vso["), "{text}");
    }
}

#[test]
fn json_is_as_its_schema_says() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for document in [shown("x"), Document { answer: Answer::Graph(graph(HOSTILE[2])), ..shown("x") }] {
        let mut out = Vec::new();
        json(&document, &mut out).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
        let errors: Vec<String> = validator.iter_errors(&value).map(|own| own.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(value["dekey"], "access/1");
    }
    assert!(!validator.is_valid(&serde_json::json!({ "dekey": "access/1", "question": "show" })));
}
