//! The policies that are assigned in this Azure, ready to judge.

mod disallowed;
mod estate;

pub(crate) use disallowed::disallowed;
pub(crate) use estate::Around;

use crate::store::Store;
use dekey_policy::{
    Aliases, Assigned, Assignment, Definition, Enrollment, Exemption, Initiative, Knowledge, Library, Rules,
    Semantics, Unlisted,
};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// The types, in lower case.
pub(crate) const DEFINITION: &str = "microsoft.authorization/policydefinitions";
pub(crate) const INITIATIVE: &str = "microsoft.authorization/policysetdefinitions";
pub(crate) const ASSIGNMENT: &str = "microsoft.authorization/policyassignments";
pub(crate) const EXEMPTION: &str = "microsoft.authorization/policyexemptions";
pub(crate) const ENROLLMENT: &str = "microsoft.authorization/policyenrollments";

static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(|| Knowledge {
    aliases: Arc::new(Aliases::built_in()),
    unlisted: Unlisted::NotJudged,
    semantics: Semantics::DOCUMENTED,
});

/// What policies are compiled with.
pub(crate) fn knowledge() -> &'static Knowledge {
    &KNOWLEDGE
}

/// Definitions and initiatives of a store, found by id when they are asked for.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    definitions: HashMap<String, Definition>,
    initiatives: HashMap<String, Initiative>,
    /// What cannot be read, by id, with the reason.
    pub(crate) unreadable: Vec<(String, String)>,
}

impl Library for Shelf {
    fn definition(&self, id: &str) -> Option<&Definition> {
        self.definitions.get(&id.to_ascii_lowercase())
    }

    fn initiative(&self, id: &str) -> Option<&Initiative> {
        self.initiatives.get(&id.to_ascii_lowercase())
    }
}

impl Shelf {
    /// Takes over what an id names, and what that names.
    pub(crate) fn take(&mut self, store: &Store, id: &str) {
        let lower = id.to_ascii_lowercase();
        if self.definitions.contains_key(&lower) || self.initiatives.contains_key(&lower) {
            return;
        }
        let Some(value) = store.value(&lower) else { return };
        if crate::id::type_of(&lower) == INITIATIVE {
            match Initiative::parse(&value) {
                Ok(own) => {
                    let members: Vec<String> =
                        own.members.iter().map(|member| member.definition.clone()).collect();
                    self.initiatives.insert(lower, own);
                    for member in &members {
                        self.take(store, member);
                    }
                }
                Err(why) => self.unreadable.push((lower, why.to_string())),
            }
            return;
        }
        match Definition::parse(&value) {
            Ok(own) => {
                self.definitions.insert(lower, own);
            }
            Err(why) => self.unreadable.push((lower, why.to_string())),
        }
    }
}

/// Everything that is assigned, compiled.
#[derive(Debug, Default)]
pub(crate) struct Policies {
    assigned: Vec<Assigned>,
    exemptions: Vec<Exemption>,
    enrollments: Vec<Enrollment>,
    /// Assignments, exemptions and definitions that cannot be read, with the reason.
    pub(crate) unreadable: Vec<(String, String)>,
}

fn values<'s>(store: &'s Store, kind: &'s str) -> impl Iterator<Item = (&'s str, Value)> {
    store
        .below(kind, "", None)
        .filter_map(|(id, own)| Some((id, serde_json::from_str(&own.body.text()).ok()?)))
}

impl Policies {
    /// Compiles what a store holds.
    pub(crate) fn of(store: &Store) -> Self {
        let mut own = Self::default();
        let mut shelf = Shelf::default();
        let mut bad = |id: &str, why: String| own.unreadable.push((id.to_owned(), why));
        for (id, value) in values(store, ASSIGNMENT) {
            let assignment = match Assignment::parse(&value) {
                Ok(assignment) => assignment,
                Err(why) => {
                    bad(id, why.to_string());
                    continue;
                }
            };
            shelf.take(store, &assignment.target);
            match Assigned::compile(assignment, &shelf, knowledge()) {
                Ok(compiled) => own.assigned.push(compiled),
                Err(why) => bad(id, why.to_string()),
            }
        }
        for (id, value) in values(store, EXEMPTION) {
            match Exemption::parse(&value) {
                Ok(exemption) => own.exemptions.push(exemption),
                Err(why) => bad(id, why.to_string()),
            }
        }
        for (id, value) in values(store, ENROLLMENT) {
            match Enrollment::parse(&value) {
                Ok(enrollment) => own.enrollments.push(enrollment),
                Err(why) => bad(id, why.to_string()),
            }
        }
        own.unreadable.append(&mut shelf.unreadable);
        own
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.assigned.is_empty() && self.unreadable.is_empty()
    }

    pub(crate) fn assigned(&self) -> &[Assigned] {
        &self.assigned
    }

    pub(crate) fn exemptions(&self) -> &[Exemption] {
        &self.exemptions
    }

    pub(crate) fn rules(&self) -> Rules<'_> {
        Rules { assigned: &self.assigned, exemptions: &self.exemptions, enrollments: &self.enrollments }
    }
}

/// The policies of a store, compiled again when one of them was written.
#[derive(Debug, Default)]
pub(crate) struct Compiled(Option<(u64, Arc<Policies>)>);

impl Compiled {
    pub(crate) fn of(&mut self, store: &Store) -> Arc<Policies> {
        let written = store.policies_written();
        match &self.0 {
            Some((at, own)) if *at == written => Arc::clone(own),
            _ => {
                let own = Arc::new(Policies::of(store));
                self.0 = Some((written, Arc::clone(&own)));
                own
            }
        }
    }
}
