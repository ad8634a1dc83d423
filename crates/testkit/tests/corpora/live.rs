//! Recorded answers against the table of what is true of each resource in them.

use crate::recordings::{Answer, answers};
use crate::table::{self, Line};
use crate::verdicts::Judged;
use crate::{agree, corpora, read};
use dekey_model::{Field, Inventory, Kind, NoteKind, Resource, Seen};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What the table cuts long texts to.
const ID_CUT: usize = 220;
const NAME_CUT: usize = 80;
const URI_CUT: usize = 200;

/// Rows that dekey rightly reads otherwise: part of the file's name, part of id and type, and why.
const EXPLAINED: &[(&str, &str, &str)] = &[
    ("psrule-tests/Resources.ACR.json", "/providers/Microsoft.Security/assessments/", EXTENSION),
    ("psrule-tests/Resources.ACR.json", "/providers/microsoft.insights/diagnosticSettings/", EXTENSION),
    ("psrule-tests/Resources.ACR.json", "/registries/listusages", "a counter without id: no resource"),
    (
        "psrule-tests/Resources.Deployments.json",
        "/userassignedidentities",
        "in the template of a deployment: what would be, not what is",
    ),
    ("/ListUsages.json", "usages", "counters, of which several share one id: no resources"),
    ("/ResourceChangeDetails.json", "/storageaccounts", "in the record of a change: what was, not what is"),
    (
        "/ListSupportedPrivateLinkResources.json",
        " microsoft.",
        "a type that can be linked to, without id or name",
    ),
    ("steampipe/", "{{", "a template of an expected answer, with placeholders for ids"),
];
const EXTENSION: &str = "an extension, to which PowerShell gives the type of the resource that it is about";

/// What must at least be compared, so that the test cannot pass by reading nothing.
const LEAST_ROWS: usize = 6_900;
const LEAST_FIELDS: usize = 30_000;
const LEAST_VERDICTS: usize = 1_100;

#[derive(Default)]
pub(crate) struct Tally {
    rows: usize,
    fields: usize,
    pub(crate) verdicts: BTreeMap<String, usize>,
    templates: usize,
    inside: usize,
    /// By position in [`EXPLAINED`].
    explained: BTreeMap<usize, usize>,
    pub(crate) problems: Vec<String>,
}

/// A resource as it stands in an answer, found without dekey.
pub(crate) struct Found<'v> {
    pub(crate) answer: usize,
    /// Inside another resource.
    pub(crate) inside: bool,
    pub(crate) value: &'v Value,
}

/// The member of an object, whatever its case: PowerShell capitalises.
pub(crate) fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    value.as_object()?.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|pair| pair.1)
}

pub(crate) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    member(value, name).and_then(Value::as_str).unwrap_or("")
}

pub(crate) fn find<'v>(value: &'v Value, answer: usize, inside: bool, found: &mut Vec<Found<'v>>) {
    match value {
        Value::Object(map) => {
            let resource = ["type", "ResourceType"].iter().any(|name| text(value, name).contains('/'))
                || text(value, "id").contains('/');
            if resource {
                found.push(Found { answer, inside, value });
            }
            map.values().for_each(|inner| find(inner, answer, inside || resource, found));
        }
        Value::Array(items) => items.iter().for_each(|item| find(item, answer, inside, found)),
        _ => {}
    }
}

/// The id that a resource gives itself.
pub(crate) fn id_of(value: &Value) -> &str {
    [text(value, "id"), text(value, "ResourceId")].into_iter().find(|id| !id.is_empty()).unwrap_or("")
}

fn same_type(row: &Line, value: &Value) -> bool {
    ["type", "ResourceType"].iter().any(|name| text(value, name).eq_ignore_ascii_case(&row["type"]))
}

fn matches(row: &Line, answer: &Answer, value: &Value) -> bool {
    let same = |text: &str, at: usize, told: &str| text.chars().take(at).eq(told.chars());
    same(id_of(value), ID_CUT, &row["id"])
        && same(&answer.uri, URI_CUT, &row["uri"])
        && row["method"] == answer.method
        && row["status"] == answer.status
        && (!row["id"].is_empty() || same(text(value, "name"), NAME_CUT, &row["name"]))
}

/// One file: its rows in order, each with the next resource it describes.
fn file(name: &str, path: &Path, rows: &[Line], tally: &mut Tally) {
    let answers = answers(path);
    let bodies: Vec<Value> = answers
        .iter()
        .map(|a| serde_json::from_str(a.body.trim_start_matches('\u{feff}')).unwrap_or_default())
        .collect();
    let mut found = Vec::new();
    for (at, body) in bodies.iter().enumerate() {
        find(body, at, false, &mut found);
    }
    let mut read_answers: BTreeMap<usize, Judged> = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for row in rows {
        // Of several with one id the one of the row's type, and rather one that stands for itself.
        let at = (0..found.len())
            .filter(|at| !taken.contains(at) && matches(row, &answers[found[*at].answer], found[*at].value))
            .min_by_key(|at| (!same_type(row, found[*at].value), found[*at].inside));
        let Some(at) = at else {
            tally.problems.push(format!("{name}: the row of {} describes nothing in the file", row["id"]));
            continue;
        };
        taken.insert(at);
        let found = &found[at];
        let answer = &answers[found.answer];
        let judged = read_answers
            .entry(found.answer)
            .or_insert_with(|| Judged::new(read(name, answer.body.as_bytes()), &bodies[found.answer]));
        compare(name, row, found, answer, judged, tally);
    }
}

/// The position of the explanation for a row that was read otherwise.
fn explanation(name: &str, row: &Line) -> Option<usize> {
    let about = format!("{} {}", row["id"], row["type"]);
    EXPLAINED.iter().position(|(file, part, _)| name.contains(file) && about.contains(part))
}

fn compare(
    name: &str,
    row: &Line,
    found: &Found<'_>,
    answer: &Answer,
    judged: &mut Judged,
    tally: &mut Tally,
) {
    if is_template(&judged.inventory) {
        tally.templates += 1;
        return;
    }
    let Some(resource) = locate(row, found.value, &judged.inventory) else {
        if found.inside && Kind::of_type(&row["type"]) == Kind::Other {
            tally.inside += 1;
        } else if let Some(at) = explanation(name, row) {
            *tally.explained.entry(at).or_default() += 1;
        } else {
            tally.problems.push(format!("{name}: {} ({}) was not read", row["id"], row["type"]));
        }
        return;
    };
    let resource = resource.ix();
    tally.rows += 1;
    let differences =
        differences(row, found.value, answer, judged.inventory.get(resource), &mut tally.fields);
    tally.problems.extend(differences.into_iter().map(|d| format!("{name}: {}: {d}", row["id"])));
    judged.compare(name, row, found.value, resource, tally);
}

/// Whether the document was refused for what it is: a template says what would be deployed, not what is.
fn is_template(inventory: &Inventory) -> bool {
    inventory.is_empty()
        && inventory
            .coverage()
            .notes
            .iter()
            .any(|n| n.kind == NoteKind::NotUnderstood && n.reason.contains("ARM template"))
}

fn locate<'i>(row: &Line, value: &Value, inventory: &'i Inventory) -> Option<Resource<'i>> {
    let same_type = |resource: &Resource<'_>| resource.resource_type().eq_ignore_ascii_case(&row["type"]);
    match id_of(value).trim_start_matches('/') {
        "" => inventory.resources().find(|r| same_type(r) && r.name() == row["name"]),
        id => inventory.find(&format!("/{id}")).filter(same_type),
    }
}

fn differences(
    row: &Line,
    value: &Value,
    answer: &Answer,
    resource: Resource<'_>,
    compared: &mut usize,
) -> Vec<String> {
    let mut out = Vec::new();
    let from_graph = answer.uri.contains("Microsoft.ResourceGraph");
    let has_properties = member(value, "properties").is_some_and(Value::is_object);
    let unread = |field: Field| if field.in_properties() { !has_properties } else { from_graph };
    let mut expect = |field: Field, want: &Value, got: Seen<String>| {
        *compared += 1;
        let want = match want.as_str() {
            Some("ABSENT") if unread(field) => Seen::NotRead,
            Some("ABSENT") => Seen::Absent,
            Some(text) => Seen::Value(text.to_owned()),
            None if want.is_null() => Seen::Null,
            None => Seen::Value(want.to_string()),
        };
        if got != want {
            out.push(format!("{}: {want:?} in the table, {got:?} in the inventory", field.pointer()));
        }
    };
    let own = |seen: Seen<&str>| seen.map(str::to_owned);
    match row["identity"].as_str() {
        "ABSENT" => expect(Field::Identity, &"ABSENT".into(), own(resource.text(Field::Identity))),
        "null" => expect(Field::Identity, &Value::Null, own(resource.text(Field::Identity))),
        word => expect(Field::IdentityType, &word.into(), own(resource.text(Field::IdentityType))),
    }
    let tags = resource.pairs(Field::Tags).map(|p| if p.is_empty() { "empty" } else { "present" }.to_owned());
    let want = if row["tags"] == "null" { Value::Null } else { row["tags"].clone().into() };
    expect(Field::Tags, &want, tags);
    let fields: Map<String, Value> = serde_json::from_str(&row["fields"]).unwrap();
    for (path, want) in &fields {
        let pointer = format!("/{}", path.replace('.', "/"));
        if let Some(field) = Field::all().find(|f| f.pointer() == pointer) {
            expect(field, want, own(resource.text(field)));
        }
    }
    out
}

#[test]
fn recorded_answers_are_read_as_the_table_says() {
    let Some(corpora) = corpora() else { return };
    let mut files: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    for row in table::read(&corpora.join("truth/live_resources_truth.csv")) {
        files.entry(format!("{}/{}", row["source"], row["file"])).or_default().push(row);
    }
    let mut tally = Tally::default();
    for (name, rows) in &files {
        file(name, &corpora.join("live").join(name), rows, &mut tally);
    }
    report(&tally);
    agree(&tally.problems);
    let verdicts: usize = tally.verdicts.values().sum();
    assert!(
        tally.rows >= LEAST_ROWS && tally.fields >= LEAST_FIELDS && verdicts >= LEAST_VERDICTS,
        "less was compared than there is"
    );
}

fn report(tally: &Tally) {
    eprintln!(
        "live: {} rows and {} fields compared; {} rows of templates, {} inside other resources",
        tally.rows, tally.fields, tally.templates, tally.inside
    );
    for (verdict, count) in &tally.verdicts {
        eprintln!("live: {count} times {verdict}");
    }
    for (at, (file, _, why)) in EXPLAINED.iter().enumerate() {
        let count = tally.explained.get(&at).copied().unwrap_or_default();
        eprintln!("live: {count} rows of {file} differ: {why}");
        assert!(count > 0, "no row needs this explanation any more: {file}");
    }
}
