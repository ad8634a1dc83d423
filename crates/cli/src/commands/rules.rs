//! `dekey rules`.

use crate::args::RulesFormat;
use crate::exit::{Error, Exit};
use dekey_rules::{Group, Rule};
use serde_json::json;
use std::io::Write;

pub(crate) fn run(format: RulesFormat) -> Result<Exit, Error> {
    let mut out = std::io::stdout().lock();
    match format {
        RulesFormat::Text => text(&mut out)?,
        RulesFormat::Json => {
            let rules: Vec<_> = dekey_rules::all().map(as_json).collect();
            writeln!(out, "{:#}", json!({ "dekey": "rules/1", "rules": rules }))?;
        }
    }
    Ok(Exit::Clean)
}

fn text(out: &mut dyn Write) -> std::io::Result<()> {
    let longest = dekey_rules::all().map(|rule| rule.id.len()).max().unwrap_or(0);
    for group in Group::ALL {
        writeln!(out, "{}", group.as_str())?;
        for rule in dekey_rules::all().filter(|rule| rule.group == group) {
            writeln!(out, "  {:longest$}  {:8}  {}", rule.id, rule.severity.as_str(), rule.title())?;
        }
        writeln!(out)?;
    }
    writeln!(out, "`dekey explain ID` prints a rule's page.")
}

fn as_json(rule: &Rule) -> serde_json::Value {
    let controls = rule
        .controls
        .iter()
        .map(|c| json!({ "framework": c.framework, "id": c.id, "source": c.source.as_str() }));
    json!({
        "id": rule.id,
        "title": rule.title(),
        "group": rule.group.as_str(),
        "severity": rule.severity.as_str(),
        "confidence": rule.confidence.as_str(),
        "since": rule.since,
        "subjects": rule.subjects.iter().map(|kind| kind.resource_type()).collect::<Vec<_>>(),
        "needs": rule.needs.iter().map(|kind| kind.resource_type()).collect::<Vec<_>>(),
        "controls": controls.collect::<Vec<_>>(),
    })
}
