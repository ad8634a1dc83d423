//! The inventory: an immutable value that rules read.

use crate::index::Index;
use crate::{ArmId, Coverage, Covered, Fact, Field, Kind, PairSpan, Seen, SourceIx, Sym, Texts};
use hashbrown::HashTable;

/// The position of a resource in its inventory. Positions follow the order of reading; nothing that is printed may depend
/// on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceIx(pub u32);

#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: Sym,
    pub(crate) resource_type: Sym,
    pub(crate) kind: Kind,
    pub(crate) whole: bool,
    pub(crate) facts_len: u16,
    pub(crate) facts_start: u32,
    pub(crate) api_version: Option<Sym>,
    pub(crate) read_at: Option<Sym>,
    pub(crate) source: SourceIx,
    pub(crate) line: u32,
    pub(crate) raw: Option<Box<str>>,
}

/// The tables behind an inventory.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) texts: Texts,
    pub(crate) pairs: Vec<(Sym, Sym)>,
    pub(crate) json: Vec<serde_json::Value>,
    pub(crate) facts: Vec<(Field, Fact)>,
    pub(crate) rows: Vec<Row>,
    pub(crate) by_id: HashTable<u32>,
}

impl Store {
    pub(crate) fn id_of(&self, ix: u32) -> &str {
        self.rows.get(ix as usize).map_or("", |row| self.texts.get(row.id))
    }

    pub(crate) fn facts_of(&self, ix: u32) -> &[(Field, Fact)] {
        let Some(row) = self.rows.get(ix as usize) else { return &[] };
        let start = row.facts_start as usize;
        self.facts.get(start..start + usize::from(row.facts_len)).unwrap_or(&[])
    }

    pub(crate) fn pairs_of(&self, span: PairSpan) -> impl Iterator<Item = (&str, &str)> {
        let start = span.start as usize;
        let pairs = self.pairs.get(start..start + usize::from(span.len)).unwrap_or(&[]);
        pairs.iter().map(|&(name, value)| (self.texts.get(name), self.texts.get(value)))
    }

    pub(crate) fn find(&self, id: &str) -> Option<u32> {
        self.by_id.find(crate::fold_hash(id), |&ix| crate::eq_ids(self.id_of(ix), id)).copied()
    }

    pub(crate) fn rebuild_ids(&mut self) {
        let mut table = HashTable::with_capacity(self.rows.len());
        for ix in 0..crate::build::offset(self.rows.len()) {
            let hash = crate::fold_hash(self.id_of(ix));
            table.insert_unique(hash, ix, |&other| crate::fold_hash(self.id_of(other)));
        }
        self.by_id = table;
    }
}

/// Where a workspace's dependent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The workspace has none.
    None,
    /// The document does not tell whether there is one.
    NotRead,
    /// It is in the inventory.
    Found {
        /// The dependent.
        resource: ResourceIx,
        /// Whether the workspace is a project that has it from its hub.
        through_hub: bool,
    },
    /// It is named, but not part of what was read.
    Missing {
        /// Its id, as the workspace spells it.
        id: Sym,
        /// Whether the workspace is a project that has it from its hub.
        through_hub: bool,
    },
    /// The workspace is a project whose hub was not read.
    HubMissing {
        /// The hub's id.
        hub: Sym,
    },
}

impl Link {
    /// The dependent, if it is in the inventory.
    pub fn found(self) -> Option<ResourceIx> {
        match self {
            Link::Found { resource, .. } => Some(resource),
            _ => None,
        }
    }
}

/// Everything that was read, with how it hangs together.
#[derive(Debug)]
pub struct Inventory {
    store: Store,
    index: Index,
    coverage: Coverage,
}

impl Inventory {
    pub(crate) fn new(store: Store, coverage: Coverage) -> Self {
        let index = Index::build(&store);
        Self { store, index, coverage }
    }

    /// How much of the tenant this is.
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// How many resources there are.
    pub fn len(&self) -> usize {
        self.store.rows.len()
    }

    /// Whether nothing was read.
    pub fn is_empty(&self) -> bool {
        self.store.rows.is_empty()
    }

    /// The resource at a position.
    pub fn get(&self, ix: ResourceIx) -> Resource<'_> {
        Resource { inventory: self, ix }
    }

    /// The resource with an id, in any case.
    pub fn find(&self, id: &str) -> Option<Resource<'_>> {
        self.store.find(id).map(|ix| self.get(ResourceIx(ix)))
    }

    /// All resources.
    pub fn resources(&self) -> impl Iterator<Item = Resource<'_>> {
        (0..crate::build::offset(self.len())).map(|ix| self.get(ResourceIx(ix)))
    }

    /// All resources of a kind.
    pub fn of_kind(&self, kind: Kind) -> &[ResourceIx] {
        self.index.by_kind.get(kind as usize).map_or(&[], Vec::as_slice)
    }

    /// The text of a symbol of this inventory.
    pub fn text(&self, sym: Sym) -> &str {
        self.store.texts.get(sym)
    }
}

/// One resource of an inventory.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'a> {
    inventory: &'a Inventory,
    ix: ResourceIx,
}

impl PartialEq for Resource<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.ix == other.ix
    }
}

impl<'a> Resource<'a> {
    fn row(self) -> Option<&'a Row> {
        self.inventory.store.rows.get(self.ix.0 as usize)
    }

    fn sym(self, sym: Option<Sym>) -> Option<&'a str> {
        sym.map(|s| self.inventory.store.texts.get(s))
    }

    /// Its position.
    pub fn ix(self) -> ResourceIx {
        self.ix
    }

    /// The inventory it is part of.
    pub fn inventory(self) -> &'a Inventory {
        self.inventory
    }

    /// Its id, as given.
    pub fn id(self) -> &'a str {
        self.inventory.store.id_of(self.ix.0)
    }

    /// Its id, to be taken apart.
    pub fn arm_id(self) -> ArmId<'a> {
        ArmId(self.id())
    }

    /// Its name.
    pub fn name(self) -> &'a str {
        self.arm_id().name()
    }

    /// Its resource type, as given.
    pub fn resource_type(self) -> &'a str {
        self.sym(self.row().map(|r| r.resource_type)).unwrap_or("")
    }

    /// Its kind.
    pub fn kind(self) -> Kind {
        self.row().map_or(Kind::Other, |r| r.kind)
    }

    /// The api-version it was read with.
    pub fn api_version(self) -> Option<&'a str> {
        self.sym(self.row().and_then(|r| r.api_version))
    }

    /// When it was read.
    pub fn read_at(self) -> Option<&'a str> {
        self.sym(self.row().and_then(|r| r.read_at))
    }

    /// The document and line it comes from.
    pub fn provenance(self) -> (&'a str, u32) {
        self.row().map_or(("", 0), |r| {
            let source = self.inventory.coverage.sources.get(r.source.0 as usize);
            (source.map_or("", |s| s.name.as_str()), r.line)
        })
    }

    /// The resource as JSON, where raw documents are kept.
    pub fn raw(self) -> Option<&'a str> {
        self.row().and_then(|r| r.raw.as_deref())
    }

    /// Whether the documents hold the resource's properties at all. Some list calls leave them out.
    pub fn has_properties(self) -> bool {
        self.fact(Field::Properties).is_some_and(|fact| fact == Fact::Bool(true))
    }

    fn fact(self, field: Field) -> Option<Fact> {
        self.facts().iter().find(|(own, _)| *own == field).map(|f| f.1)
    }

    pub(crate) fn facts(self) -> &'a [(Field, Fact)] {
        self.inventory.store.facts_of(self.ix.0)
    }

    fn seen<T>(self, field: Field, read: impl FnOnce(Fact) -> Option<T>) -> Seen<T> {
        match self.fact(field) {
            Some(Fact::Null) => Seen::Null,
            Some(fact) => read(fact).map_or(Seen::Odd, Seen::Value),
            None if field.in_properties() => {
                if self.has_properties() {
                    Seen::Absent
                } else {
                    Seen::NotRead
                }
            }
            None if self.row().is_some_and(|r| r.whole) => Seen::Absent,
            None => Seen::NotRead,
        }
    }

    /// A text or number.
    pub fn text(self, field: Field) -> Seen<&'a str> {
        self.seen(field, |fact| match fact {
            Fact::Text(s) | Fact::Number(s) => Some(self.inventory.store.texts.get(s)),
            Fact::Bool(true) => Some("true"),
            Fact::Bool(false) => Some("false"),
            _ => None,
        })
    }

    /// A boolean. Some clients write it as text.
    pub fn flag(self, field: Field) -> Seen<bool> {
        self.seen(field, |fact| match fact {
            Fact::Bool(value) => Some(value),
            Fact::Text(s) => match self.inventory.store.texts.get(s) {
                text if text.eq_ignore_ascii_case("true") => Some(true),
                text if text.eq_ignore_ascii_case("false") => Some(false),
                _ => None,
            },
            _ => None,
        })
    }

    /// Whether there is something other than `null` at a field of which only the presence is kept.
    pub fn is_present(self, field: Field) -> bool {
        self.fact(field) == Some(Fact::Bool(true))
    }

    /// The pairs of a map; none when it is absent, `null` or empty.
    pub fn pairs(self, field: Field) -> Seen<Vec<(&'a str, &'a str)>> {
        self.seen(field, |fact| match fact {
            Fact::Pairs(span) => Some(self.inventory.store.pairs_of(span).collect()),
            _ => None,
        })
    }

    /// A whole JSON value.
    pub fn json(self, field: Field) -> Seen<&'a serde_json::Value> {
        self.seen(field, |fact| match fact {
            Fact::Json(at) => self.inventory.store.json.get(at as usize),
            _ => None,
        })
    }

    /// The value of a field as text for people and evidence: `absent`, `null`, `not read`, or the value.
    pub fn shown(self, field: Field) -> String {
        match self.fact(field) {
            Some(Fact::Pairs(span)) => {
                let pairs = self.inventory.store.pairs_of(span);
                let mut list: Vec<String> = pairs
                    .map(|(name, value)| {
                        // The principals of attached identities are there for comparison, not to be shown.
                        let bare = value.is_empty() || field == Field::UserAssignedIdentities;
                        if bare { name.to_owned() } else { format!("{name}={value}") }
                    })
                    .collect();
                list.sort();
                list.join(", ")
            }
            Some(Fact::Json(_)) => match self.json(field) {
                Seen::Value(value) => {
                    // The order of names means nothing in JSON, and a snapshot has another one.
                    let mut value = value.clone();
                    value.sort_all_objects();
                    value.to_string()
                }
                _ => String::new(),
            },
            _ => match self.text(field) {
                Seen::NotRead => "not read".to_owned(),
                Seen::Absent => "absent".to_owned(),
                Seen::Null => "null".to_owned(),
                Seen::Value(text) => text.to_owned(),
                Seen::Odd => "not a value of the documented kind".to_owned(),
            },
        }
    }

    /// The resource this one is a child or extension of, if it was read.
    pub fn parent(self) -> Option<Resource<'a>> {
        self.inventory.index.parent(self.ix).map(|ix| self.inventory.get(ix))
    }

    /// The workspace this resource is, or belongs to.
    pub fn workspace(self) -> Option<Resource<'a>> {
        if self.kind() == Kind::Workspace {
            return Some(self);
        }
        self.parent().and_then(Resource::workspace)
    }

    /// Children and extensions of a kind.
    pub fn children(self, kind: Kind) -> impl Iterator<Item = Resource<'a>> {
        self.all_children().filter(move |child| child.kind() == kind)
    }

    /// Whether all children of a kind were read. Seeing one child is taken as having seen all, unless its list breaks off:
    /// list calls are whole or refused.
    pub fn children_covered(self, kind: Kind) -> Covered<'a> {
        let coverage = &self.inventory.coverage;
        match coverage.covers(kind, self.id()) {
            Covered::Unknown
                if self.children(kind).next().is_some() && !coverage.in_part(kind, self.id()) =>
            {
                Covered::Yes
            }
            covered => covered,
        }
    }

    /// A workspace's dependent: its own, or that of its hub.
    pub fn dependent(self, field: Field) -> Link {
        self.inventory.index.link(&self.inventory.store, self.ix, field)
    }

    /// The workspaces that use this resource as a dependent: as their own, through their hub, or by a datastore.
    pub fn used_by(self) -> impl Iterator<Item = Resource<'a>> {
        let inventory = self.inventory;
        let all = inventory.index.users.of(self.ix);
        all.iter().map(move |&ix| inventory.get(ix))
    }

    /// The storage account a datastore points to, if it was read.
    pub fn storage_account(self) -> Option<Resource<'a>> {
        let Seen::Value(name) = self.text(Field::AccountName) else { return None };
        self.inventory.index.account(&self.inventory.store, name).map(|ix| self.inventory.get(ix))
    }
}

impl<'a> Resource<'a> {
    /// Children and extensions of every kind.
    pub fn all_children(self) -> impl Iterator<Item = Resource<'a>> {
        let inventory = self.inventory;
        let all = inventory.index.children.of(self.ix);
        all.iter().map(move |&ix| inventory.get(ix))
    }
}
