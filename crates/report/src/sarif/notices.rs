//! What could not be looked at, as notifications.

use super::types::{Descriptor, Help, Location, Message, Notification, Reference};
use super::{location, message, place};
use crate::lines::Stream;
use crate::{Report, words};
use dekey_model::{CoverageEntry, Note, NoteKind, Outcome, RuleIx};

const NOT_JUDGED: usize = 0;
const INPUT: usize = 1;
const NOT_READ: usize = 2;
const RULE_FAILED: usize = 3;
const WAIVER_EXPIRED: usize = 4;
const BEYOND_LIMIT: usize = 5;

/// Results of one run of which GitHub code scanning takes in the worst, and how many it takes before it rejects the file.
const SHOWN: usize = 5_000;
const ACCEPTED: usize = 25_000;

/// Id, and what it says.
const KINDS: [(&str, &str); 6] = [
    ("not-judged", "A rule could not judge a resource. This is neither a finding nor a pass."),
    ("input-not-taken", "Something in a document was not taken, or only in part. The rest was audited."),
    ("not-read", "Resources of a kind were not read at a scope, so nothing is known about them."),
    ("rule-failed", "A rule failed on a resource: a mistake in dekey. Nothing is known about the resource."),
    ("waiver-expired", "A waiver has expired. Its findings count again."),
    (
        "beyond-limit",
        "There are more results than GitHub code scanning takes in. Nothing was left out of this file.",
    ),
];

/// What GitHub code scanning will not show of a report. The file has every result all the same.
pub fn beyond_limit(report: &Report<'_>) -> Option<String> {
    let results = report.listed().len() + report.audit.waived.len();
    if results <= SHOWN {
        return None;
    }
    let what = if results <= ACCEPTED {
        format!("takes in the worst {SHOWN} of them")
    } else {
        format!("rejects a file with more than {ACCEPTED} of them")
    };
    Some(format!(
        "{results} results: GitHub code scanning {what}; audit one part of the tenant at a time (scopes.include in the settings), or put what is known into a baseline"
    ))
}

pub(super) fn descriptors() -> Vec<Descriptor> {
    let descriptor = |&(id, text): &(&'static str, &str)| Descriptor {
        id,
        name: String::new(),
        short_description: Message { text: text.to_owned() },
        full_description: Message { text: text.to_owned() },
        help: Help { text: text.to_owned(), markdown: text.to_owned() },
        help_uri: None,
        default_configuration: None,
        properties: None,
    };
    KINDS.iter().map(descriptor).collect()
}

pub(super) fn all<'a>(report: &'a Report<'a>) -> Stream<'a, Notification<'a>> {
    Stream::new(|| {
        let coverage = report.inventory.coverage();
        let not_read = coverage.entries().filter(|e| e.outcome != Outcome::Read);
        let limit = beyond_limit(report).map(|text| notice(BEYOND_LIMIT, "warning", &format!("{text}.")));
        limit
            .into_iter()
            .chain(errors(report))
            .chain(coverage.notes.iter().map(input))
            .chain(not_read.map(|entry| unread(&entry)))
            .chain(expired(report))
            .chain(not_judged(report))
    })
}

fn not_judged<'a>(report: &'a Report<'a>) -> impl Iterator<Item = Notification<'a>> {
    report.not_judged().filter_map(|question| {
        let view = report.view_not_judged(&question)?;
        let text = format!("'{}' was not judged: {}.", view.resource.name(), view.reason);
        Some(Notification {
            associated_rule: rule(report, question.rule),
            locations: vec![location(view.resource)],
            ..notice(NOT_JUDGED, "warning", &text)
        })
    })
}

fn errors<'a>(report: &'a Report<'a>) -> impl Iterator<Item = Notification<'a>> {
    report.errors().into_iter().map(|error| {
        let resource = report.inventory.get(error.resource);
        Notification {
            associated_rule: rule(report, error.rule),
            locations: vec![location(resource)],
            ..notice(RULE_FAILED, "error", &format!("'{}': {}.", resource.name(), words::RULE_FAILED))
        }
    })
}

fn expired<'a>(report: &'a Report<'a>) -> impl Iterator<Item = Notification<'a>> {
    let over = |used: &&dekey_rules::WaiverUse| words::waiver_state(used.state).1.is_none();
    report.audit.waivers.iter().filter(over).map(|used| {
        let own = &used.waiver;
        let text = format!(
            "The waiver of {} on '{}' expired on {}; findings that count again: {}.",
            own.rule, own.resource, own.expires, used.findings
        );
        notice(WAIVER_EXPIRED, "warning", &text)
    })
}

fn input(note: &Note) -> Notification<'_> {
    let level = match note.kind {
        NoteKind::Malformed | NoteKind::TooLarge | NoteKind::Unreadable => "error",
        NoteKind::NotUnderstood => "warning",
        NoteKind::Remark => "note",
    };
    let physical_location = place(&note.source, note.line, note.column);
    Notification {
        locations: vec![Location { physical_location, logical_locations: None }],
        ..notice(INPUT, level, &format!("{}: {}.", words::note_kind(note.kind), note.reason))
    }
}

fn unread<'a>(entry: &CoverageEntry) -> Notification<'a> {
    let (word, reason) = words::outcome(&entry.outcome);
    let scope = if entry.scope.is_empty() { "/" } else { &entry.scope };
    let reason = reason.map_or(String::new(), |why| format!(": {why}"));
    notice(NOT_READ, "warning", &format!("{} at '{scope}' were {word}{reason}.", entry.kind.plural()))
}

fn notice<'a>(kind: usize, level: &'static str, text: &str) -> Notification<'a> {
    Notification {
        descriptor: Reference { id: KINDS.get(kind).map_or("", |k| k.0), index: kind },
        associated_rule: None,
        level,
        message: message(text),
        locations: Vec::new(),
    }
}

fn rule(report: &Report, ix: RuleIx) -> Option<Reference> {
    Some(Reference { id: report.rule(ix)?.id, index: usize::from(ix.0) })
}
