//! Aliases: the names that policies have for properties, and what else is known of types of resources.

mod facts;
mod read;

use crate::Path;
use hashbrown::HashMap;
use std::sync::Arc;

/// A name for a property, with where the property is in each API version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// As the provider spells it.
    pub name: String,
    /// The type of resource that has it.
    pub resource_type: String,
    /// Where it is where no version says otherwise.
    pub path: Path,
    /// Where it is in certain API versions.
    pub versions: Vec<(Vec<String>, Path)>,
    /// Whether `modify` may set it; `None` where nobody said.
    pub modifiable: Option<bool>,
    /// The kind of value, as Azure names it (`String`, `Boolean`, `Array`, ...), where it is known.
    pub token: Option<String>,
}

impl Alias {
    /// Where the property is in an API version.
    pub(crate) fn path_in(&self, version: Option<&str>) -> &Path {
        if self.versions.is_empty() {
            return &self.path;
        }
        let listed = version.and_then(|version| {
            let has = |list: &[String]| list.iter().any(|known| known.eq_ignore_ascii_case(version));
            self.versions.iter().find(|(list, _)| has(list)).map(|(_, path)| path)
        });
        listed.unwrap_or(&self.path)
    }
}

/// What is known of a type of resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypeFacts {
    /// Whether it has tags and a location, which is what mode `Indexed` asks for; `None` where nobody said.
    pub indexed: Option<bool>,
    /// The latest API version that any source names.
    pub latest: Option<String>,
}

/// All aliases that are known, and the types they belong to.
#[derive(Clone, Debug, Default)]
pub struct Aliases {
    by_name: HashMap<String, Vec<Arc<Alias>>, foldhash::fast::FixedState>,
    types: HashMap<String, TypeFacts, foldhash::fast::FixedState>,
}

impl Aliases {
    /// No aliases at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// The built-in facts about the types that dekey deals with.
    pub fn built_in() -> Self {
        facts::built_in()
    }

    /// How many names are known.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Reads a document in any of the public forms and adds what it says; what it says again replaces what was known.
    pub fn read(&mut self, document: &str) -> Result<usize, String> {
        read::read(self, document)
    }

    /// Adds an alias; the same name on the same type is replaced.
    pub fn insert(&mut self, alias: Alias) {
        let same = self.by_name.entry(alias.name.to_lowercase()).or_default();
        same.retain(|known| !known.resource_type.eq_ignore_ascii_case(&alias.resource_type));
        for version in alias.versions.iter().flat_map(|(versions, _)| versions) {
            let facts = self.types.entry(alias.resource_type.to_lowercase()).or_default();
            if facts.latest.as_ref().is_none_or(|latest| latest < version) {
                facts.latest = Some(version.clone());
            }
        }
        same.push(Arc::new(alias));
    }

    /// Adds what is known of a type.
    pub fn insert_type(&mut self, resource_type: &str, indexed: Option<bool>, latest: Option<&str>) {
        let facts = self.types.entry(resource_type.to_lowercase()).or_default();
        facts.indexed = indexed.or(facts.indexed);
        if let Some(latest) = latest
            && facts.latest.as_ref().is_none_or(|known| known.as_str() < latest)
        {
            facts.latest = Some(latest.to_owned());
        }
    }

    /// The aliases of a name: usually one, and several where types share it.
    pub fn find(&self, name: &str) -> &[Arc<Alias>] {
        match self.by_name.get(name) {
            Some(found) => found,
            None => self.by_name.get(&name.to_lowercase()).map(Vec::as_slice).unwrap_or_default(),
        }
    }

    /// The aliases of a type, in order of name.
    pub fn of_type(&self, resource_type: &str) -> Vec<&Alias> {
        let all = self.by_name.values().flatten().map(AsRef::as_ref);
        let mut own: Vec<&Alias> =
            all.filter(|own: &&Alias| own.resource_type.eq_ignore_ascii_case(resource_type)).collect();
        own.sort_by(|one, other| one.name.cmp(&other.name));
        own
    }

    /// What is known of a type.
    pub fn type_facts(&self, resource_type: &str) -> Option<&TypeFacts> {
        self.types.get(&resource_type.to_lowercase())
    }
}

/// The type in an alias' name: everything up to the last slash that is outside quotes.
pub(crate) fn type_of(name: &str) -> &str {
    let end = name.find('[').unwrap_or(name.len());
    let head = name.get(..end).unwrap_or(name);
    head.rfind('/').and_then(|at| name.get(..at)).unwrap_or("")
}
