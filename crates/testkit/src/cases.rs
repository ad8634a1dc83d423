//! Literate cases: one Markdown file per rule is its test, its example in the documentation, and a demo.
//!
//! A case is a heading, a small inventory in YAML, settings if it needs any, and the verdicts expected of the rule:
//!
//! ```text
//! finding ws/fraud medium: user-assigned identities only
//! pass ws/churn
//! not-judged ws/vision: was not read
//! silent ws/nlp
//! ```
//!
//! All findings and all not-judged results of the rule must be listed; passes and silence are checked where listed.

use crate::ids::{expand, expand_all};
use dekey_intake::{Keep, Manifest, Piece};
use dekey_model::{Batch, Builder, Inventory};
use dekey_rules::{Audit, Context, Settings};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The day on which every case is audited.
pub const AS_OF: jiff::civil::Date = jiff::civil::date(2026, 11, 23);

/// One case of a file.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// The heading.
    pub title: String,
    /// The inventory, as YAML.
    pub inventory: String,
    /// The settings, as TOML.
    pub settings: String,
    /// The expected verdicts, a line each.
    pub expect: Vec<String>,
}

/// A case file: the rule's id and its cases.
#[derive(Clone, Debug, Default)]
pub struct CaseFile {
    /// The rule.
    pub rule: String,
    /// Its cases.
    pub cases: Vec<Case>,
}

impl CaseFile {
    /// Takes a file apart.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut file = CaseFile::default();
        let mut block: Option<(String, String)> = None;
        for line in text.lines() {
            if let Some((language, mut body)) = block.take() {
                if line.trim_end() == "```" {
                    file.block(&language, body)?;
                } else {
                    body.push_str(line);
                    body.push('\n');
                    block = Some((language, body));
                }
            } else if let Some(language) = line.strip_prefix("```") {
                block = Some((language.trim().to_owned(), String::new()));
            } else if let Some(title) = line.strip_prefix("## ") {
                file.cases.push(Case { title: title.trim().to_owned(), ..Case::default() });
            } else if let Some(rule) = line.strip_prefix("# ") {
                rule.trim().clone_into(&mut file.rule);
            }
        }
        if block.is_some() {
            return Err("a code block is not closed".to_owned());
        }
        Ok(file)
    }

    fn block(&mut self, language: &str, body: String) -> Result<(), String> {
        let Some(case) = self.cases.last_mut() else {
            return Err("a code block before the first case".to_owned());
        };
        match language {
            "yaml" => case.inventory = body,
            "toml" => case.settings = body,
            "expect" => {
                case.expect =
                    body.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned).collect();
            }
            other => {
                return Err(format!("{}: a code block in `{other}`; use yaml, toml or expect", case.title));
            }
        }
        Ok(())
    }
}

/// Reads a case's inventory.
pub fn inventory(yaml: &str) -> Result<Inventory, String> {
    let items: Vec<Value> = serde_saphyr::from_str(yaml).map_err(|error| format!("inventory: {error}"))?;
    let mut builder = Builder::new();
    let source = builder.source("case");
    let documents: Vec<Value> =
        items.into_iter().map(|item| coverage(&item).unwrap_or_else(|| expand_all(item))).collect();
    let mut batch = Batch::default();
    Piece::of_values("case", &documents).parse(Keep::Facts, &mut batch);
    builder.absorb(source, &mut batch);
    let inventory = builder.finish();
    let notes: Vec<String> = inventory.coverage().notes.iter().map(|note| note.reason.clone()).collect();
    if notes.is_empty() { Ok(inventory) } else { Err(format!("inventory: {}", notes.join("; "))) }
}

/// `covers`, `in-part` and `refused` lines as a manifest.
fn coverage(item: &Value) -> Option<Value> {
    let lines = [("covers", "read"), ("in-part", "read in part"), ("refused", "refused")];
    let (kinds, outcome) = lines.into_iter().find_map(|(key, outcome)| Some((item.get(key)?, outcome)))?;
    let scope = expand(item.get("scope").and_then(Value::as_str).unwrap_or("/"));
    let mut manifest = Manifest::of(std::iter::empty());
    for kind in kinds.as_array().into_iter().flatten().filter_map(Value::as_str) {
        let mut line = json!({ "kind": kind, "scope": scope, "outcome": outcome });
        if let (Some(reason), Some(map)) = (item.get("reason"), line.as_object_mut()) {
            map.insert("reason".to_owned(), reason.clone());
        }
        manifest.coverage.extend(serde_json::from_value::<Vec<_>>(json!([line])).unwrap_or_default());
    }
    serde_json::to_value(manifest).ok()
}

/// Runs a case; the differences between what was expected and what the rule said.
pub fn run(rule: &str, case: &Case) -> Result<(), String> {
    if case.inventory.is_empty() || case.expect.is_empty() {
        return Err("a case needs a yaml and an expect block".to_owned());
    }
    let inventory = inventory(&case.inventory)?;
    let settings = Settings::parse(&case.settings, AS_OF).map_err(|error| format!("settings: {error}"))?;
    let audit = dekey_rules::audit(&inventory, &settings, AS_OF);
    let said = verdicts(rule, &inventory, &audit);
    let mut problems = Vec::new();
    let mut met = BTreeSet::new();
    for line in &case.expect {
        let outcome =
            expected(line, &said).and_then(|found| passed(rule, line, &inventory, &settings).map(|()| found));
        match outcome {
            Ok(found) => met.extend(found),
            Err(problem) => problems.push(problem),
        }
    }
    for (_, verdict) in said.iter().enumerate().filter(|(at, _)| !met.contains(at)) {
        problems.push(format!("not expected: {}", verdict.line()));
    }
    for error in &audit.errors {
        problems.push(format!("the rule failed on {}", inventory.get(error.resource).id()));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n    ")) }
}

/// A `pass` line means that the rule applied; a `silent` line that it did not, or that the resource is not there.
fn passed(rule: &str, line: &str, inventory: &Inventory, settings: &Settings) -> Result<(), String> {
    let mut words = line.split_whitespace();
    let (word, id) = (words.next().unwrap_or(""), expand(words.next().unwrap_or("")));
    if word != "pass" && word != "silent" {
        return Ok(());
    }
    let cx = Context::new(inventory, settings, AS_OF);
    let passed = match (inventory.find(&id), dekey_rules::by_id(rule)) {
        (Some(resource), Some(rule)) => dekey_rules::passes(&cx, rule, resource),
        (None, _) if word == "pass" => return Err(format!("no such resource: {line}")),
        _ => false,
    };
    if passed == (word == "pass") { Ok(()) } else { Err(format!("the rule said otherwise: {line}")) }
}

struct Said {
    word: &'static str,
    id: String,
    severity: String,
    text: String,
}

impl Said {
    fn line(&self) -> String {
        format!("{} {} {}: {}", self.word, self.id, self.severity, self.text)
    }
}

/// Findings and not-judged results of the rule.
fn verdicts(rule: &str, inventory: &Inventory, audit: &Audit) -> Vec<Said> {
    let own = |ix| audit.rule(ix).is_some_and(|r| r.id == rule);
    let findings = audit.findings.iter().filter(|f| own(f.rule)).map(|finding| Said {
        word: "finding",
        id: inventory.get(finding.resource).id().to_owned(),
        severity: finding.severity.as_str().to_owned(),
        text: match &finding.context {
            Some(context) => {
                format!("{} ({context}) [confidence {}]", finding.message, finding.confidence.as_str())
            }
            None => format!("{} [confidence {}]", finding.message, finding.confidence.as_str()),
        },
    });
    let gaps = audit.not_judged.iter().filter(|n| n.rules.rules().any(own)).map(|entry| Said {
        word: "not-judged",
        id: inventory.get(entry.resource).id().to_owned(),
        severity: String::new(),
        text: entry.gap.explain(inventory),
    });
    findings.chain(gaps).collect()
}

/// Which verdicts an expected line names; one for each finding line.
fn expected(line: &str, said: &[Said]) -> Result<Vec<usize>, String> {
    let (head, text) = line.split_once(':').unwrap_or((line, ""));
    let mut words = head.split_whitespace();
    let (word, id) = (words.next().unwrap_or(""), expand(words.next().unwrap_or("")));
    let severity = words.next().unwrap_or("");
    let about = |s: &Said| s.id.eq_ignore_ascii_case(&id);
    let found = said.iter().enumerate().find(|(_, s)| {
        s.word == word
            && about(s)
            && (severity.is_empty() || s.severity == severity)
            && s.text.contains(text.trim())
    });
    match word {
        "finding" | "not-judged" => found.map(|(at, _)| vec![at]).ok_or_else(|| format!("missing: {line}")),
        "pass" | "silent" if said.iter().any(about) => {
            Err(format!("neither finding nor gap expected: {line}"))
        }
        "pass" | "silent" => Ok(Vec::new()),
        _ => Err(format!("an expected line starts with finding, pass, not-judged or silent: {line}")),
    }
}
