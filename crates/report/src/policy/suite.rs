//! What came of tests of policies: for people, as JUnit, and as JSON.

use super::Page;
use crate::TerminalOptions;
use crate::junit::{Escaped, case, named};
use crate::style::Style;
use crate::words::counted;
use dekey_model::{Severity, secret};
use dekey_suite::{Case, Condition, Decider, Status, Suite};
use serde_json::{Value, json};
use std::io::{self, Write};

/// How many conditions are told unless everything is asked for.
const CONDITIONS: usize = 6;
/// How long a value may be.
const VALUE: usize = 120;

/// A file of tests that was run, or why it could not be.
#[derive(Clone, Debug)]
pub struct Tested {
    /// The file.
    pub file: String,
    /// What came of it.
    pub suite: Result<Suite, String>,
}

/// How many cases ended how, and how many files could not be run.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    passed: usize,
    failed: usize,
    not_judged: usize,
    broken: usize,
}

impl Tally {
    fn of(all: &[Tested]) -> Tally {
        let mut tally = Tally::default();
        for own in all {
            match &own.suite {
                Ok(suite) => suite.cases.iter().for_each(|case| tally.add(case.status)),
                Err(_) => tally.broken += 1,
            }
        }
        tally
    }

    fn add(&mut self, status: Status) {
        match status {
            Status::Passed => self.passed += 1,
            Status::Failed => self.failed += 1,
            Status::NotJudged => self.not_judged += 1,
        }
    }

    fn cases(self) -> usize {
        self.passed + self.failed + self.not_judged
    }
}

/// Writes it for people: what did not pass, and why; every case when everything is asked for.
pub fn tests(all: &[Tested], options: &TerminalOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(options, out);
    for own in all {
        match &own.suite {
            Ok(suite) => file(&mut page, &own.file, suite, options.all)?,
            Err(why) => {
                page.heading(&own.file)?;
                page.text("  cannot be run: ", why, |style, text| style.severity(Severity::High, text))?;
            }
        }
        page.line("")?;
    }
    let tally = Tally::of(all);
    let files = counted(all.len() as u64, "file");
    let mut text = format!("{files}, {}: {} passed", counted(tally.cases() as u64, "case"), tally.passed);
    for (count, word) in [
        (tally.failed, "failed"),
        (tally.not_judged, "not judged"),
        (tally.broken, "files that cannot be run"),
    ] {
        if count > 0 {
            text = format!("{text}, {count} {word}");
        }
    }
    page.heading(&text)
}

fn file(page: &mut Page<'_>, name: &str, suite: &Suite, all: bool) -> io::Result<()> {
    page.heading(name)?;
    if !suite.title.is_empty() {
        page.dim("  ", &suite.title)?;
    }
    for own in &suite.cases {
        match own.status {
            Status::Passed if all => page.plain("  passed      ", &format!("{}: {}", own.name, own.got))?,
            Status::Passed => {}
            Status::Failed => {
                let mark = page.style.severity(Severity::High, "FAILED");
                wrong(page, own, &format!("  {mark}      "), all)?;
            }
            Status::NotJudged => {
                let mark = page.style.unknown("NOT JUDGED");
                wrong(page, own, &format!("  {mark}  "), all)?;
            }
        }
    }
    let passed = suite.cases.iter().filter(|own| own.status == Status::Passed).count();
    page.plain("  ", &format!("{passed} of {} passed", counted(suite.cases.len() as u64, "case")))?;
    coverage(page, &suite.conditions, all)
}

fn wrong(page: &mut Page<'_>, own: &Case, mark: &str, all: bool) -> io::Result<()> {
    page.line(&format!("{mark}{}", crate::style::safe(&own.name)))?;
    for problem in &own.problems {
        page.plain("              ", problem)?;
    }
    let shown = if all { &own.trace } else { &own.decided };
    if !shown.is_empty() {
        page.dim("              ", if all { "everything that was evaluated:" } else { "what decided:" })?;
    }
    for decider in shown {
        page.plain("              - ", &told(decider))?;
        page.dim("                ", &decider.pointer)?;
    }
    Ok(())
}

/// A condition with what was found.
fn told(own: &Decider) -> String {
    let subject = if own.expression.is_empty() { "the value" } else { own.expression.as_str() };
    let path = if own.path.is_empty() || own.path == own.expression {
        String::new()
    } else {
        format!(" ({})", own.path)
    };
    let target = own.target.as_ref().map(|value| format!(" {}", short(value))).unwrap_or_default();
    let found = own
        .found
        .as_ref()
        .map_or_else(|| "found nothing".to_owned(), |value| format!("found {}", short(value)));
    let element = match own.elements.as_slice() {
        [] => String::new(),
        at => {
            let at: Vec<String> = at.iter().map(ToString::to_string).collect();
            format!(", element {}", at.join("."))
        }
    };
    let held = match &own.held {
        Ok(true) => "holds".to_owned(),
        Ok(false) => "does not hold".to_owned(),
        Err(why) => format!("cannot be said: {why}"),
    };
    format!("{subject}{path} {}{target}: {found}{element}; {held}", own.operator)
}

/// A value on one line, without secrets, and no longer than helps.
fn short(value: &Value) -> String {
    let text = value.to_string();
    let masked = secret::mask(&text);
    crate::clean::cut(&masked, VALUE).into_owned()
}

fn coverage(page: &mut Page<'_>, conditions: &[Condition], all: bool) -> io::Result<()> {
    let lacking: Vec<(&Condition, &str)> =
        conditions.iter().filter_map(|own| Some((own, lack(own)?))).collect();
    if conditions.is_empty() {
        return Ok(());
    }
    let both = conditions.len() - lacking.len();
    page.plain(
        "  ",
        &format!("{both} of {} seen both to hold and not to", counted(conditions.len() as u64, "condition")),
    )?;
    let limit = if all { lacking.len() } else { CONDITIONS };
    for (own, lack) in lacking.iter().take(limit) {
        let of = if own.reference.is_empty() { String::new() } else { format!("{}: ", own.reference) };
        page.text("    ", &format!("{lack}: {of}{}", own.words), Style::dim)?;
    }
    if lacking.len() > limit {
        page.dim("    ", &format!("and {} more: --all lists them", lacking.len() - limit))?;
    }
    Ok(())
}

/// What the cases do not show of a condition.
fn lack(own: &Condition) -> Option<&'static str> {
    match (own.seen.held, own.seen.failed) {
        (0, 0) => Some("never evaluated"),
        (0, _) => Some("never held"),
        (_, 0) => Some("never failed"),
        _ => None,
    }
}

/// Writes JUnit XML: a suite for each file. What is not judged is skipped, with the reason.
pub fn test_junit(all: &[Tested], out: &mut dyn Write) -> io::Result<()> {
    let tally = Tally::of(all);
    out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")?;
    writeln!(out, "<testsuites name=\"dekey policy test\" {}>", attributes(tally))?;
    for own in all {
        writeln!(
            out,
            "  <testsuite name=\"{}\" {}>",
            Escaped(named(&own.file)),
            attributes(Tally::of(std::slice::from_ref(own)))
        )?;
        match &own.suite {
            Ok(suite) => {
                for one in &suite.cases {
                    junit_case(&own.file, one, out)?;
                }
            }
            Err(why) => case(out, &own.file, "(the file)", "error type=\"unreadable\"", why, "")?,
        }
        out.write_all(b"  </testsuite>\n")?;
    }
    out.write_all(b"</testsuites>\n")
}

fn attributes(tally: Tally) -> String {
    let tests = tally.cases() + tally.broken;
    let Tally { failed, not_judged, broken, .. } = tally;
    format!("tests=\"{tests}\" failures=\"{failed}\" errors=\"{broken}\" skipped=\"{not_judged}\"")
}

fn junit_case(file: &str, own: &Case, out: &mut dyn Write) -> io::Result<()> {
    let problems = own.problems.join("; ");
    let details: Vec<String> =
        own.decided.iter().map(|one| format!("{} [{}]", told(one), one.pointer)).collect();
    match own.status {
        Status::Passed => writeln!(
            out,
            "    <testcase classname=\"{}\" name=\"{}\"/>",
            Escaped(named(file)),
            Escaped(named(&own.name))
        ),
        Status::Failed => {
            case(out, file, &own.name, "failure type=\"policy\"", &problems, &details.join("\n"))
        }
        Status::NotJudged => case(out, file, &own.name, "skipped", &format!("not judged: {problems}"), ""),
    }
}

/// The same as JSON, version 1.
pub fn test_json(all: &[Tested]) -> Value {
    let tally = Tally::of(all);
    let file = |own: &Tested| match &own.suite {
        Err(why) => json!({ "file": own.file, "error": why }),
        Ok(suite) => json!({
            "file": own.file,
            "title": suite.title,
            "description": suite.description,
            "cases": suite.cases.iter().map(case_json).collect::<Vec<_>>(),
            "conditions": suite.conditions.iter().map(condition_json).collect::<Vec<_>>(),
        }),
    };
    json!({
        "dekey": "policy-test/1",
        "passed": tally.passed, "failed": tally.failed, "notJudged": tally.not_judged, "unreadable": tally.broken,
        "files": all.iter().map(file).collect::<Vec<_>>(),
    })
}

fn case_json(own: &Case) -> Value {
    let status = match own.status {
        Status::Passed => "passed",
        Status::Failed => "failed",
        Status::NotJudged => "not judged",
    };
    let decider = |own: &Decider| {
        let held = own.held.as_ref().ok();
        let masked = |value: &Option<Value>| value.as_ref().map(short);
        json!({
            "pointer": own.pointer, "expression": own.expression, "path": own.path, "operator": own.operator,
            "target": masked(&own.target), "found": masked(&own.found), "elements": own.elements,
            "held": held, "unknown": own.held.as_ref().err(),
        })
    };
    json!({
        "name": own.name, "status": status, "expected": own.expected, "got": own.got, "problems": own.problems,
        "decided": own.decided.iter().map(decider).collect::<Vec<_>>(),
    })
}

fn condition_json(own: &Condition) -> Value {
    json!({
        "policy": own.reference, "pointer": own.pointer, "words": own.words,
        "held": own.seen.held, "failed": own.seen.failed,
    })
}
