//! The pack for an evaluator.

use crate::{Choices, Scope, definitions, initiative};
use dekey_policy::{Definition, Initiative, Library, LoadError};
use std::collections::BTreeMap;

/// Every definition and the initiative, read, by id.
#[derive(Clone, Debug)]
pub struct Shelf {
    definitions: BTreeMap<String, Definition>,
    initiative: Initiative,
}

impl Shelf {
    /// The pack as it would be in a scope.
    pub fn new(scope: &Scope, choices: &Choices) -> Result<Shelf, LoadError> {
        let mut all = BTreeMap::new();
        for own in definitions() {
            all.insert(own.id(scope).to_ascii_lowercase(), Definition::parse(&own.resource(scope))?);
        }
        Ok(Shelf { definitions: all, initiative: Initiative::parse(&initiative(scope, choices))? })
    }

    /// The definitions of Microsoft's that the initiative refers to, in our own words: for a library that lacks them.
    pub fn equivalent(&self, id: &str) -> Option<&Definition> {
        let found = self.definition(id)?;
        id.to_ascii_lowercase().starts_with("/providers/microsoft.authorization/").then_some(found)
    }
}

impl Library for Shelf {
    fn definition(&self, id: &str) -> Option<&Definition> {
        self.definitions.get(&id.to_ascii_lowercase())
    }

    fn initiative(&self, id: &str) -> Option<&Initiative> {
        id.eq_ignore_ascii_case(&self.initiative.id).then_some(&self.initiative)
    }
}
