//! A definition or initiative in plain words: for people, and as JSON.

use super::Page;
use crate::TerminalOptions;
use crate::style::Style;
use dekey_policy::words::{Line, MemberWords, ParameterWords, Subject, Words};
use serde_json::{Value, json};
use std::io::{self, Write};

/// How many policies of an initiative are told unless everything is asked for.
const MEMBERS: usize = 40;

/// Writes it for people. `title` knows the display names of definitions by id.
pub fn explain(
    words: &Words,
    title: &dyn Fn(&str) -> Option<String>,
    options: &TerminalOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut page = Page::new(options, out);
    page.heading(&words.title)?;
    for fact in [words.facts.join(", "), words.id.clone()] {
        if !fact.is_empty() {
            page.dim("", &fact)?;
        }
    }
    if !words.description.is_empty() {
        page.line("")?;
        page.plain("", &words.description)?;
    }
    match &words.subject {
        Subject::Definition { looks_at, fires_when, does } => {
            section(&mut page, "It looks at")?;
            page.plain("  ", looks_at)?;
            section(&mut page, "It fires when")?;
            if fires_when.is_empty() {
                page.plain("  ", "always: for everything that it looks at")?;
            }
            lines(&mut page, fires_when)?;
            section(&mut page, "What it does")?;
            lines(&mut page, does)?;
        }
        Subject::Initiative { members, groups } => {
            initiative(&mut page, members, groups, title, options.all)?;
        }
    }
    parameters(&mut page, &words.parameters)
}

fn section(page: &mut Page<'_>, name: &str) -> io::Result<()> {
    page.line("")?;
    page.heading(name)
}

fn lines(page: &mut Page<'_>, all: &[Line]) -> io::Result<()> {
    for line in all {
        // What lies deeper than a terminal is wide stays at its right.
        let depth = line.depth.min(page.width / 6);
        let mark = if depth == 0 { "  ".to_owned() } else { format!("{}- ", "  ".repeat(depth)) };
        page.plain(&mark, &line.text)?;
    }
    Ok(())
}

fn initiative(
    page: &mut Page<'_>,
    members: &[MemberWords],
    groups: &[(String, String)],
    title: &dyn Fn(&str) -> Option<String>,
    all: bool,
) -> io::Result<()> {
    section(page, &format!("Its policies ({})", members.len()))?;
    let shown = if all { members.len() } else { MEMBERS };
    for member in members.iter().take(shown) {
        let name = title(&member.definition).unwrap_or_else(|| member.definition.clone());
        page.plain("  ", &name)?;
        if !member.reference.is_empty() {
            page.dim("    called ", &member.reference)?;
        }
        let given: Vec<String> =
            member.parameters.iter().map(|(name, words)| format!("`{name}` is {words}")).collect();
        if !given.is_empty() {
            page.dim("    ", &given.join("; "))?;
        }
        if all && !member.groups.is_empty() {
            page.dim("    in ", &member.groups.join(", "))?;
        }
    }
    if members.len() > shown {
        page.dim("  ", &format!("and {} more: --all lists them", members.len() - shown))?;
    }
    if !groups.is_empty() {
        section(page, &format!("Its groups ({})", groups.len()))?;
        let shown = if all { groups.len() } else { MEMBERS / 2 };
        for (name, words) in groups.iter().take(shown) {
            let text = if words.is_empty() { name.clone() } else { format!("{name}: {words}") };
            page.plain("  ", &text)?;
        }
        if groups.len() > shown {
            page.dim("  ", &format!("and {} more: --all lists them", groups.len() - shown))?;
        }
    }
    Ok(())
}

fn parameters(page: &mut Page<'_>, all: &[ParameterWords]) -> io::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    section(page, "Its parameters")?;
    for own in all {
        page.text("  ", &format!("{} ({})", own.name, own.kind), Style::code)?;
        if !own.description.is_empty() {
            page.plain("    ", &own.description)?;
        }
        let default = own.default.as_ref().map(|value| format!("default {}", written(value)));
        let default = default.unwrap_or_else(|| "has to be given".to_owned());
        let allowed: Vec<String> = own.allowed.iter().map(written).collect();
        let allowed =
            if allowed.is_empty() { String::new() } else { format!("; one of {}", allowed.join(", ")) };
        page.dim("    ", &format!("{default}{allowed}"))?;
    }
    Ok(())
}

fn written(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "the empty text".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "nothing".to_owned(),
        Value::Array(items) if items.iter().all(|item| !item.is_object()) => {
            items.iter().map(written).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// The same as JSON, version 1.
pub fn explain_json(words: &Words) -> Value {
    let lines = |all: &[Line]| -> Vec<Value> {
        all.iter().map(|line| json!({ "depth": line.depth, "text": line.text })).collect()
    };
    let subject = match &words.subject {
        Subject::Definition { looks_at, fires_when, does } => json!({
            "kind": "definition",
            "looksAt": looks_at,
            "firesWhen": lines(fires_when),
            "does": lines(does),
        }),
        Subject::Initiative { members, groups } => {
            let member = |own: &MemberWords| {
                let given: Vec<Value> = own
                    .parameters
                    .iter()
                    .map(|(name, words)| json!({ "name": name, "words": words }))
                    .collect();
                json!({ "reference": own.reference, "definition": own.definition, "parameters": given, "groups": own.groups })
            };
            let groups: Vec<Value> =
                groups.iter().map(|(name, words)| json!({ "name": name, "words": words })).collect();
            json!({ "kind": "initiative", "policies": members.iter().map(member).collect::<Vec<_>>(), "groups": groups })
        }
    };
    let parameter = |own: &ParameterWords| {
        json!({
            "name": own.name, "type": own.kind, "description": own.description,
            "default": own.default, "allowed": own.allowed,
        })
    };
    json!({
        "dekey": "policy-explain/1",
        "id": words.id,
        "title": words.title,
        "description": words.description,
        "facts": words.facts,
        "policy": subject,
        "parameters": words.parameters.iter().map(parameter).collect::<Vec<_>>(),
    })
}
