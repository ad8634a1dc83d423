//! Runs a file of tests.

use crate::blame::Decider;
use crate::coverage::{Condition, Counter, deciders};
use crate::estate::{Listed, context, named, now, outcome};
use crate::format::{self, File};
use crate::judge::{Got, pairs};
use crate::load::{Files, Loaded, document, load, parameters};
use dekey_policy::{Assigned, Subject, Surroundings};
use serde_json::Value;
use std::collections::BTreeSet;

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// As expected.
    Passed,
    /// Nobody can say: something that the policy asks for was not given.
    NotJudged,
    /// Not as expected, or the case cannot be run.
    Failed,
}

/// A case that was run.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// How it ended.
    pub status: Status,
    /// What was expected, and what came of it, in words.
    pub expected: String,
    /// What came of it, in words.
    pub got: String,
    /// What is not as expected.
    pub problems: Vec<String>,
    /// The conditions that decided, those of the policy that differs first.
    pub decided: Vec<Decider>,
    /// Everything that was evaluated, for a case that did not pass.
    pub trace: Vec<Decider>,
}

/// A file of tests that was run.
#[derive(Clone, Debug, PartialEq)]
pub struct Suite {
    /// What is tested.
    pub title: String,
    /// What the file says of itself.
    pub description: String,
    /// Its cases.
    pub cases: Vec<Case>,
    /// The conditions of what is tested.
    pub conditions: Vec<Condition>,
}

/// Runs a file. An error says why none of its cases could be run.
pub fn run(text: &str, files: &dyn Files) -> Result<Suite, String> {
    let file = format::parse(text)?;
    if file.cases.is_empty() {
        return Err("there are no cases".to_owned());
    }
    let loaded = load(&file, files)?;
    let mut runner = Runner { file: &file, loaded: &loaded, files, counter: Counter::default() };
    let cases = file.cases.iter().map(|case| runner.case(case)).collect();
    let counter = runner.counter;
    Ok(Suite {
        title: loaded.title.clone(),
        description: file.description.clone().unwrap_or_default(),
        cases,
        conditions: conditions(&loaded, &counter),
    })
}

struct Runner<'r> {
    file: &'r File,
    loaded: &'r Loaded,
    files: &'r dyn Files,
    counter: Counter,
}

/// What a case came to, and how, policy by policy.
struct Judged {
    got: Vec<Got>,
    steps: Vec<Vec<dekey_policy::Step>>,
    documents: Vec<Option<Value>>,
    message: Option<String>,
}

impl Runner<'_> {
    fn case(&mut self, case: &format::Case) -> Case {
        let wanted = match &case.expect {
            format::Expect::Whole(word) => word.trim().to_owned(),
            format::Expect::Parts(parts) => {
                parts.iter().map(|(name, word)| format!("{name}: {word}")).collect::<Vec<_>>().join(", ")
            }
        };
        let mut own = Case {
            name: case.name.clone(),
            status: Status::Passed,
            expected: wanted,
            got: String::new(),
            problems: Vec::new(),
            decided: Vec::new(),
            trace: Vec::new(),
        };
        if let Err(problem) = self.judge(case).and_then(|judged| compare(case, &judged, &mut own)) {
            own.status = Status::Failed;
            own.problems.push(problem);
        }
        own
    }

    fn judge(&mut self, case: &format::Case) -> Result<Judged, String> {
        let around = case.around.or(&self.file.around);
        let (body, request) = match (&case.resource, &case.request) {
            (Some(own), None) => (named(document(own, self.files)?), None),
            (None, Some(request)) => (outcome(request, self.files)?, Some(context(&around, request))),
            _ => return Err("a case has one of `resource` and `request`".to_owned()),
        };
        let method = case.request.as_ref().map(|own| own.method);
        let mut assignment = self.loaded.assignment.clone();
        assignment.parameters = parameters(&assignment.parameters, &self.file.parameters, &case.parameters);
        let assigned = Assigned::compile(assignment, &self.loaded.shelf, &self.loaded.knowledge)
            .map_err(|error| error.to_string())?;
        let listed = Listed::of(&around, self.files)?;
        let surroundings = Surroundings {
            now: now(&around)?,
            resource_group: around.resource_group.as_ref(),
            subscription: around.subscription.as_ref(),
            management_groups: around.management_groups.as_deref(),
            request: request.as_ref(),
            estate: &listed,
        };
        let version = request.as_ref().and_then(|own| own.get("apiVersion")).and_then(Value::as_str);
        let mut subject = Subject::new(&body);
        if let Some(version) = version {
            subject = subject.with_api_version(version);
        }
        let outcomes = assigned.judge(&subject, &surroundings, &self.loaded.exemptions);
        let mut judged = Judged { got: Vec::new(), steps: Vec::new(), documents: Vec::new(), message: None };
        for outcome in &outcomes {
            let explained = outcome.part.policy().map(|policy| policy.explain(&subject, &surroundings).1);
            let mut steps = explained.unwrap_or_default();
            // Whether a policy applies at all is asked after its rule, of the same conditions.
            let mut seen = BTreeSet::new();
            steps.retain(|step| seen.insert((step.pointer.clone(), step.elements.clone())));
            self.counter.count(&outcome.part.reference, &steps);
            judged.got.push(Got::of(outcome, method));
            judged.steps.push(steps);
            judged.documents.push(self.loaded.shelf.document(&outcome.part.definition).cloned());
        }
        let refusing = assigned.refusing(&outcomes).next();
        let message = refusing.and_then(|own| assigned.assignment.message(&own.part.reference));
        judged.message = message.map(str::to_owned);
        Ok(judged)
    }
}

/// Holds what came of a case against what was expected.
fn compare(case: &format::Case, judged: &Judged, own: &mut Case) -> Result<(), String> {
    let pairs = pairs(&case.expect, &judged.got)?;
    let mut told = Vec::new();
    let mut shown = None;
    for (wanted, got) in pairs {
        let name = if got.reference.is_empty() { String::new() } else { format!("{}: ", got.reference) };
        let detail = if got.detail.is_empty() { String::new() } else { format!(" ({})", got.detail) };
        told.push(format!("{name}{}{detail}", got.word));
        let matches = got.is(&wanted);
        let at = judged.got.iter().position(|other| std::ptr::eq(other, got));
        if !matches {
            let status = if got.word == "not judged" { Status::NotJudged } else { Status::Failed };
            own.status = own.status.max(status);
            own.problems.push(format!("{name}expected {wanted}, got {}{detail}", got.word));
        }
        if shown.is_none() || !matches {
            shown = at;
        }
    }
    own.got = told.join(", ");
    if let Some(at) = shown {
        let steps = judged.steps.get(at).map(Vec::as_slice).unwrap_or_default();
        let document = judged.documents.get(at).and_then(Option::as_ref);
        own.decided = document.map(|document| deciders(document, steps)).unwrap_or_default();
        let detail = judged.got.get(at).map(|got| got.detail.as_str()).unwrap_or_default();
        if own.status == Status::Passed {
            reasons(case, detail, own);
        }
        if own.status != Status::Passed {
            own.trace = steps.iter().map(Decider::of).collect();
        }
    }
    message(case, judged, own);
    Ok(())
}

/// A case that came to the right thing for the wrong reason has failed.
fn reasons(case: &format::Case, detail: &str, own: &mut Case) {
    for wanted in case.reason.as_slice() {
        let has = |text: &str| text.to_lowercase().contains(&wanted.to_lowercase());
        let among = |decider: &Decider| {
            has(&decider.expression) || has(&decider.path) || decider.pointer.ends_with(wanted.as_str())
        };
        if has(detail) || own.decided.iter().any(among) {
            continue;
        }
        let mut actual: Vec<String> = own.decided.iter().map(called).collect();
        actual.dedup();
        if !detail.is_empty() {
            actual.push(detail.to_owned());
        }
        own.status = Status::Failed;
        own.problems.push(format!("expected the reason `{wanted}`; what decided: {}", actual.join(", ")));
    }
}

/// A condition by what it looks at.
fn called(decider: &Decider) -> String {
    if decider.expression.is_empty() { decider.pointer.clone() } else { decider.expression.clone() }
}

fn message(case: &format::Case, judged: &Judged, own: &mut Case) {
    let Some(wanted) = &case.message else { return };
    let got = judged.message.as_deref();
    if got.is_some_and(|got| got.contains(wanted.as_str())) {
        return;
    }
    own.status = own.status.max(Status::Failed);
    own.problems.push(match got {
        Some(got) => format!("expected the message `{wanted}`, got `{got}`"),
        None => format!("expected the message `{wanted}`, and nobody is told anything"),
    });
}

/// The conditions of everything that is tested.
fn conditions(loaded: &Loaded, counter: &Counter) -> Vec<Condition> {
    use dekey_policy::Library;
    let target = &loaded.assignment.target;
    let members: Vec<(&str, &str)> = match loaded.shelf.initiative(target) {
        Some(initiative) => {
            initiative.members.iter().map(|own| (own.reference.as_str(), own.definition.as_str())).collect()
        }
        None => vec![("", target.as_str())],
    };
    let of = |(reference, id): (&str, &str)| {
        loaded.shelf.document(id).map(|document| counter.of(reference, document)).unwrap_or_default()
    };
    members.into_iter().flat_map(of).collect()
}
