//! What a file of tests refers to.

use crate::format::{File, Source};
use dekey_policy::{
    Aliases, Assignment, Definition, Exemption, Initiative, Knowledge, Library, Semantics, Unlisted,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where documents come from.
pub trait Files {
    /// The text of a file, by its path from the file of tests.
    fn read(&self, path: &str) -> Result<String, String>;
    /// The JSON files of a folder and below it, in order; nothing if it is no folder.
    fn list(&self, path: &str) -> Option<Vec<String>>;
}

/// Definitions and initiatives by id, with the documents they were read from.
#[derive(Default)]
pub(crate) struct Shelf {
    definitions: BTreeMap<String, (Definition, Value)>,
    initiatives: BTreeMap<String, Initiative>,
}

impl Library for Shelf {
    fn definition(&self, id: &str) -> Option<&Definition> {
        self.definitions.get(&id.to_ascii_lowercase()).map(|own| &own.0)
    }

    fn initiative(&self, id: &str) -> Option<&Initiative> {
        self.initiatives.get(&id.to_ascii_lowercase())
    }
}

/// Everything that cases are judged with.
pub(crate) struct Loaded {
    pub(crate) shelf: Shelf,
    pub(crate) assignment: Assignment,
    pub(crate) exemptions: Vec<Exemption>,
    pub(crate) knowledge: Knowledge,
    /// What is tested, by name.
    pub(crate) title: String,
}

const SUBJECT: &str = "/providers/Microsoft.Authorization/policyDefinitions/under-test";

impl Shelf {
    /// The document of a definition.
    pub(crate) fn document(&self, id: &str) -> Option<&Value> {
        self.definitions.get(&id.to_ascii_lowercase()).map(|own| &own.1)
    }

    /// Adds a definition or an initiative; other documents are none of its business.
    fn add(&mut self, document: Value, fallback: Option<&str>) -> Result<Option<(String, String)>, String> {
        let properties = document.get("properties").unwrap_or(&document);
        let own_id = document.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
        let id = own_id.or(fallback).unwrap_or_default().to_owned();
        if properties.get("policyRule").is_some() {
            let definition = Definition::parse(&document).map_err(|error| error.to_string())?;
            let name = definition.name.clone();
            self.definitions.insert(id.to_ascii_lowercase(), (definition, document));
            Ok(Some((id, name)))
        } else if properties.get("policyDefinitions").is_some() {
            let initiative = Initiative::parse(&document).map_err(|error| error.to_string())?;
            let name = initiative.name.clone();
            self.initiatives.insert(id.to_ascii_lowercase(), initiative);
            Ok(Some((id, name)))
        } else {
            Ok(None)
        }
    }
}

/// Reads a document of a file: JSON, or YAML.
pub(crate) fn document(source: &Source, files: &dyn Files) -> Result<Value, String> {
    match source {
        Source::Inline(map) => Ok(Value::Object(map.clone())),
        Source::Path(path) => read(path, files),
    }
}

fn read(path: &str, files: &dyn Files) -> Result<Value, String> {
    let text = files.read(path)?;
    let is_yaml = [".yaml", ".yml"].iter().any(|end| path.to_ascii_lowercase().ends_with(end));
    if is_yaml {
        return serde_saphyr::from_str(&text).map_err(|_| format!("{path}: this is not YAML"));
    }
    let text = text.trim_start_matches('\u{feff}');
    serde_json::from_str(text).map_err(|error| {
        format!("{path}: line {}, column {}: this is not JSON", error.line(), error.column())
    })
}

/// What a document is called in errors.
fn called(source: &Source) -> &str {
    match source {
        Source::Path(path) => path,
        Source::Inline(_) => "the document in this file",
    }
}

/// Reads all that a file refers to, but for the resources of its cases.
pub(crate) fn load(file: &File, files: &dyn Files) -> Result<Loaded, String> {
    let mut shelf = Shelf::default();
    for path in file.definitions.as_slice() {
        for path in files.list(path).unwrap_or_else(|| vec![path.clone()]) {
            shelf.add(read(&path, files)?, None).map_err(|error| format!("{path}: {error}"))?;
        }
    }
    let given = [&file.definition, &file.initiative, &file.assignment];
    let mut given = given.into_iter().flatten();
    let (Some(source), None) = (given.next(), given.next()) else {
        return Err("say what is tested: one of `definition`, `initiative` and `assignment`".to_owned());
    };
    let subject = document(source, files)?;
    let at = |error: String| format!("{}: {error}", called(source));
    let (assignment, title) = if file.assignment.is_some() {
        let assignment = Assignment::parse(&subject).map_err(|error| at(error.to_string()))?;
        let title = assignment.name.clone();
        (assignment, title)
    } else {
        let added = shelf.add(subject, Some(SUBJECT)).map_err(at)?;
        let (id, title) = added.ok_or_else(|| {
            at("there is neither a `policyRule` nor a list of `policyDefinitions`".to_owned())
        })?;
        (everywhere(&id)?, title)
    };
    let exempt = |own: &Source| {
        let document = document(own, files)?;
        Exemption::parse(&document).map_err(|error| format!("{}: {error}", called(own)))
    };
    Ok(Loaded {
        shelf,
        assignment,
        exemptions: file.exemptions.iter().map(exempt).collect::<Result<_, _>>()?,
        knowledge: knowledge(file, files)?,
        title,
    })
}

/// An assignment that covers whatever a case has.
fn everywhere(target: &str) -> Result<Assignment, String> {
    let document = json!({
        "id": "/providers/Microsoft.Authorization/policyAssignments/under-test",
        "properties": { "scope": "/", "policyDefinitionId": target },
    });
    Assignment::parse(&document).map_err(|error| error.to_string())
}

fn knowledge(file: &File, files: &dyn Files) -> Result<Knowledge, String> {
    let mut aliases = Aliases::built_in();
    for path in file.aliases.as_slice() {
        aliases.read(&files.read(path)?).map_err(|error| format!("{path}: {error}"))?;
    }
    Ok(Knowledge {
        aliases: Arc::new(aliases),
        unlisted: Unlisted::NotJudged,
        semantics: Semantics::DOCUMENTED,
    })
}

/// Parameters of the assignment, then those of the file, then those of the case: the last one counts.
pub(crate) fn parameters(
    assigned: &Map<String, Value>,
    file: &Map<String, Value>,
    case: &Map<String, Value>,
) -> Map<String, Value> {
    let mut all = assigned.clone();
    for (name, value) in dekey_policy::values(file).into_iter().chain(dekey_policy::values(case)) {
        all.retain(|own, _| !own.eq_ignore_ascii_case(&name));
        all.insert(name, value);
    }
    all
}
