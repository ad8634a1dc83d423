//! Every rule has cases, and every case holds.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use dekey_testkit::cases::{CaseFile, run};
use std::collections::BTreeSet;
use std::path::Path;

fn files() -> Vec<(String, CaseFile)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let file = CaseFile::parse(&std::fs::read_to_string(&path).unwrap());
            (name.clone(), file.unwrap_or_else(|error| panic!("{name}: {error}")))
        })
        .collect();
    files.sort_by(|a, b| a.0.cmp(&b.0));
    files
}

#[test]
fn cases() {
    let mut problems = Vec::new();
    for (name, file) in files() {
        if file.rule != name {
            problems.push(format!("{name}: its first heading must be `# {name}`"));
        }
        for case in &file.cases {
            if let Err(problem) = run(&name, case) {
                problems.push(format!("{name}: {}\n    {problem}", case.title));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_rule_has_a_case_that_fires_one_that_stays_silent_and_one_that_is_not_judged() {
    let files = files();
    let mut problems = Vec::new();
    let named: BTreeSet<&str> = files.iter().map(|f| f.0.as_str()).collect();
    for rule in dekey_rules::all() {
        let Some((_, file)) = files.iter().find(|f| f.0 == rule.id) else {
            problems.push(format!("{}: no case file", rule.id));
            continue;
        };
        let lines: Vec<&str> = file.cases.iter().flat_map(|c| &c.expect).map(String::as_str).collect();
        for wanted in [&["finding"][..], &["pass", "silent"], &["not-judged"]] {
            if !lines.iter().any(|line| wanted.iter().any(|word| line.starts_with(word))) {
                problems.push(format!("{}: no case expects `{}`", rule.id, wanted.join("` or `")));
            }
        }
    }
    for name in named.iter().filter(|name| dekey_rules::by_id(name).is_none()) {
        problems.push(format!("{name}: a case file without a rule"));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
