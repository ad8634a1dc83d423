//! From parsed documents to an inventory: interning, and merging what several documents say of one resource.

use crate::inventory::{Row, Store};
use crate::{
    ArmId, Coverage, CoverageEntry, Fact, Field, Inventory, Kind, Note, NoteKind, Outcome, PairSpan,
    ParentKind, Source, Sym, Texts,
};
use hashbrown::HashTable;
use serde_json::Value;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// The position of a source in the order in which it was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceIx(pub u32);

/// A resource as one document has it, inside a [`Batch`].
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its id.
    pub id: Sym,
    /// Its resource type, as given.
    pub resource_type: Sym,
    /// What dekey takes the type for.
    pub kind: Kind,
    /// The api-version it was read with, where known.
    pub api_version: Option<Sym>,
    /// When it was read, where known.
    pub read_at: Option<Sym>,
    /// The document holds the whole envelope: what is absent from it does not exist.
    pub whole: bool,
    /// Line in the source, from 1.
    pub line: u32,
    /// Its facts, in the batch's table.
    pub facts: std::ops::Range<usize>,
    /// The resource as JSON, when raw documents are kept.
    pub raw: Option<Box<str>>,
}

/// Resources parsed together, with tables of their own, so that batches can be made on any thread.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Texts of this batch.
    pub texts: Texts,
    /// Pairs that facts point to.
    pub pairs: Vec<(Sym, Sym)>,
    /// JSON values that facts point to.
    pub json: Vec<Value>,
    /// Facts of all drafts.
    pub facts: Vec<(Field, Fact)>,
    /// The resources.
    pub drafts: Vec<Draft>,
    /// What was not taken.
    pub notes: Vec<Note>,
    /// Lines of coverage manifests.
    pub covers: Vec<CoverageEntry>,
}

/// Collects batches into an [`Inventory`]. The result does not depend on the order of documents or batches, but for which
/// of two identical documents is named as the source.
#[derive(Debug, Default)]
pub struct Builder {
    store: Store,
    coverage: Coverage,
    document_start: usize,
    /// Lines of the document at hand that could not be read.
    lost: Vec<u64>,
    /// Lists of which not all could be read: the source, and the lines from where to where, in order.
    in_part: Vec<(SourceIx, u32, u32)>,
    /// Sources that hold one resource by itself, in order: whether there are others beside it is not known.
    alone: Vec<SourceIx>,
    /// How many notes each source gave of each kind.
    noted: BTreeMap<(SourceIx, NoteKind), usize>,
}

/// What is known of a document only at its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentEnd {
    /// The api-version of the list call, from its `nextLink`; nothing when pages differ.
    pub api_version: Option<String>,
    /// The last page names a next one.
    pub more_pages: bool,
    /// Its lists, in order.
    pub lists: Vec<List>,
    /// It is one object, and no list.
    pub alone: bool,
}

/// Where in a document a list of resources stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List {
    /// Its first line.
    pub from: u32,
    /// Its last line.
    pub to: u32,
    /// It neither breaks off nor names a next page.
    pub whole: bool,
}

/// How many notes of one kind are kept of one source; the rest is counted. A hostile document has one in every other byte.
const MAX_NOTES: usize = 100;

impl Builder {
    /// An empty builder.
    pub fn new() -> Self {
        Self::default()
    }

    /// Announces a source.
    pub fn source(&mut self, name: &str) -> SourceIx {
        let ix = u32::try_from(self.coverage.sources.len()).unwrap_or(u32::MAX);
        self.coverage.sources.push(Source {
            name: name.to_owned(),
            format: String::new(),
            resources: 0,
            bytes: 0,
        });
        SourceIx(ix)
    }

    /// Says what a source turned out to be.
    pub fn describe(&mut self, source: SourceIx, format: &str, bytes: u64) {
        if let Some(entry) = self.coverage.sources.get_mut(source.0 as usize) {
            format.clone_into(&mut entry.format);
            entry.bytes = bytes;
        }
    }

    /// Adds something that was not taken.
    pub fn note(&mut self, note: Note) {
        self.coverage.notes.push(note);
    }

    /// Adds a line of a coverage manifest.
    pub fn covers(&mut self, entry: CoverageEntry) {
        self.coverage.add(entry);
    }

    /// Takes what is in a batch, and leaves it empty for the next piece.
    pub fn absorb(&mut self, source: SourceIx, batch: &mut Batch) {
        if let Some(entry) = self.coverage.sources.get_mut(source.0 as usize) {
            entry.resources += batch.drafts.len() as u64;
        }
        for note in batch.notes.drain(..) {
            if matches!(note.kind, NoteKind::Malformed | NoteKind::TooLarge) {
                self.lost.push(note.line);
            }
            let seen = self.noted.entry((source, note.kind)).or_default();
            *seen += 1;
            if *seen <= MAX_NOTES {
                self.coverage.notes.push(note);
            }
        }
        batch.covers.drain(..).for_each(|entry| self.coverage.add(entry));
        self.store.absorb(source, batch);
    }

    /// Closes a document.
    pub fn end_document(&mut self, source: SourceIx, end: &DocumentEnd) {
        let api_version = end.api_version.as_deref().map(|text| self.store.texts.intern(text));
        for row in self.store.rows.iter_mut().skip(self.document_start) {
            row.api_version = row.api_version.or(api_version);
        }
        if end.alone && self.store.rows.len() - self.document_start == 1 {
            self.alone.push(source);
        }
        self.document_start = self.store.rows.len();
        let lost = std::mem::take(&mut self.lost);
        let in_part = |list: &&List| {
            !list.whole || lost.iter().any(|line| (u64::from(list.from)..=u64::from(list.to)).contains(line))
        };
        self.in_part.extend(end.lists.iter().filter(in_part).map(|list| (source, list.from, list.to)));
    }

    /// Merges, indexes and closes.
    pub fn finish(mut self) -> Inventory {
        self.cover_lists();
        self.store.merge_duplicates();
        self.count_further_notes();
        self.coverage.notes.sort();
        self.coverage.notes.dedup();
        Inventory::new(self.store, self.coverage)
    }

    /// Finds the lists, by kind and scope, of which only some was read. The pages of one list are often apart: the last of
    /// them completes it. Of a resource by itself, a manifest may know more.
    fn cover_lists(&mut self) {
        if self.in_part.is_empty() && self.alone.is_empty() {
            return;
        }
        let (mut broken, mut alone) = (BTreeSet::new(), BTreeSet::new());
        let mut whole: Vec<&Row> = Vec::new();
        for row in self.store.rows.iter().filter(|row| row.kind != Kind::Other) {
            if self.is_in_part(row) {
                broken.extend(self.store.list_of(row));
            } else if self.alone.binary_search(&row.source).is_ok() {
                alone.extend(self.store.list_of(row));
            } else {
                whole.push(row);
            }
        }
        for list in whole.into_iter().filter_map(|row| self.store.list_of(row)) {
            broken.remove(&list);
            alone.remove(&list);
        }
        alone.retain(|(kind, scope)| !self.coverage.knows(*kind, scope));
        for (kind, scope) in broken.into_iter().chain(alone) {
            self.coverage.add(CoverageEntry { kind, scope, outcome: Outcome::InPart });
        }
    }

    fn is_in_part(&self, row: &Row) -> bool {
        let before =
            self.in_part.partition_point(|(source, from, _)| (*source, *from) <= (row.source, row.line));
        let nearest = before.checked_sub(1).and_then(|ix| self.in_part.get(ix));
        nearest.is_some_and(|(source, _, to)| *source == row.source && row.line <= *to)
    }

    fn count_further_notes(&mut self) {
        for ((source, kind), seen) in &self.noted {
            let further = seen.saturating_sub(MAX_NOTES);
            let name = self.coverage.sources.get(source.0 as usize).map(|source| source.name.clone());
            if let (Some(source), true) = (name, further > 0) {
                let reason = format!("{further} more places like those below are not listed");
                self.coverage.notes.push(Note { source, line: 0, column: 0, kind: *kind, reason });
            }
        }
    }
}

impl Store {
    fn absorb(&mut self, source: SourceIx, batch: &mut Batch) {
        let map = self.texts.absorb(&batch.texts);
        batch.texts.clear();
        let sym = |s: Sym| map.get(s.0 as usize).copied().unwrap_or(s);
        let (pairs_base, json_base) = (offset(self.pairs.len()), offset(self.json.len()));
        self.pairs.extend(batch.pairs.drain(..).map(|(name, value)| (sym(name), sym(value))));
        self.json.append(&mut batch.json);
        let facts_base = self.facts.len();
        self.facts.extend(batch.facts.drain(..).map(|(field, fact)| {
            let moved = match fact {
                Fact::Text(s) => Fact::Text(sym(s)),
                Fact::Number(s) => Fact::Number(sym(s)),
                Fact::Pairs(span) => {
                    Fact::Pairs(PairSpan { start: span.start.saturating_add(pairs_base), len: span.len })
                }
                Fact::Json(ix) => Fact::Json(ix.saturating_add(json_base)),
                Fact::Null | Fact::Bool(_) | Fact::Odd => fact,
            };
            (field, moved)
        }));
        self.rows.extend(batch.drafts.drain(..).map(|draft| Row {
            id: sym(draft.id),
            resource_type: sym(draft.resource_type),
            kind: draft.kind,
            api_version: draft.api_version.map(sym),
            read_at: draft.read_at.map(sym),
            whole: draft.whole,
            source,
            line: draft.line,
            facts_start: offset(facts_base + draft.facts.start),
            facts_len: u16::try_from(draft.facts.len()).unwrap_or(u16::MAX),
            raw: draft.raw,
        }));
    }

    fn list_of(&self, row: &Row) -> Option<(Kind, String)> {
        Some((row.kind, list_of(row.kind, ArmId(self.texts.get(row.id)))?))
    }

    /// Finds rows of one id and folds them into one: the newest wins, what it does not say is filled in from the next.
    fn merge_duplicates(&mut self) {
        let mut table: HashTable<u32> = HashTable::with_capacity(self.rows.len());
        let mut groups: Vec<Vec<u32>> = Vec::new();
        let mut group_of: hashbrown::HashMap<u32, usize, foldhash::fast::FixedState> =
            hashbrown::HashMap::default();
        for ix in 0..offset(self.rows.len()) {
            let id = self.id_of(ix);
            let hash = crate::fold_hash(id);
            if let Some(&first) = table.find(hash, |&other| crate::eq_ids(self.id_of(other), id)) {
                let group = *group_of.entry(first).or_insert_with(|| {
                    groups.push(vec![first]);
                    groups.len() - 1
                });
                if let Some(group) = groups.get_mut(group) {
                    group.push(ix);
                }
            } else {
                table.insert_unique(hash, ix, |&other| crate::fold_hash(self.id_of(other)));
            }
        }
        if groups.is_empty() {
            self.by_id = table;
            return;
        }
        let mut dropped = vec![false; self.rows.len()];
        for group in groups {
            self.fold_group(group, &mut dropped);
        }
        let mut keep = dropped.iter().map(|d| !d);
        self.rows.retain(|_| keep.next().unwrap_or(true));
        self.rebuild_ids();
    }

    fn fold_group(&mut self, mut group: Vec<u32>, dropped: &mut [bool]) {
        group.sort_by(|&a, &b| self.rank(b, a));
        let Some((&winner, rest)) = group.split_first() else { return };
        let mut facts: Vec<(Field, Fact)> = self.facts_of(winner).to_vec();
        let mut whole = self.rows.get(winner as usize).is_some_and(|r| r.whole);
        let mut raw = self.take_raw(winner);
        for &older in rest {
            let mut added: Vec<(Field, Fact)> = Vec::new();
            for &(field, fact) in self.facts_of(older) {
                // What a whole answer does not have in its envelope was taken away since.
                let taken_away = whole && !field.in_properties();
                if !taken_away && !facts.iter().any(|&known| overrides(known, field)) {
                    added.push((field, fact));
                }
            }
            facts.retain(|known| !added.iter().any(|(field, _)| *field == known.0));
            facts.append(&mut added);
            raw = fill_raw(raw, self.take_raw(older), whole);
            whole |= self.rows.get(older as usize).is_some_and(|r| r.whole);
            if let Some(flag) = dropped.get_mut(older as usize) {
                *flag = true;
            }
        }
        facts.sort_by_key(|f| f.0);
        let start = offset(self.facts.len());
        self.facts.extend_from_slice(&facts);
        if let Some(row) = self.rows.get_mut(winner as usize) {
            row.facts_start = start;
            row.facts_len = u16::try_from(facts.len()).unwrap_or(u16::MAX);
            row.whole = whole;
            row.raw = raw.map(|value| value.to_string().into_boxed_str());
        }
    }

    fn take_raw(&mut self, row: u32) -> Option<Value> {
        let raw = self.rows.get_mut(row as usize)?.raw.take()?;
        serde_json::from_str(&raw).ok()
    }

    /// Orders two rows of one resource, newest last: when it was read, when it was changed, with which api-version; then
    /// by content, so that the order of documents never matters.
    fn rank(&self, a: u32, b: u32) -> Ordering {
        let key = |ix: u32| {
            let row = self.rows.get(ix as usize);
            let read = row.and_then(|r| r.read_at).and_then(|s| instant(self.texts.get(s)));
            let changed = self.facts_of(ix).iter().find_map(|&(field, fact)| match (field, fact) {
                (Field::ModifiedAt, Fact::Text(s)) => instant(self.texts.get(s)),
                _ => None,
            });
            let version = row.and_then(|r| r.api_version).map(|s| self.texts.get(s));
            (read, changed, version)
        };
        key(a).cmp(&key(b)).then_with(|| self.content(a).cmp(&self.content(b)))
    }

    fn content(&self, ix: u32) -> String {
        use std::fmt::Write as _;
        let mut out = self.id_of(ix).to_owned();
        for &(field, fact) in self.facts_of(ix) {
            // Writing to a string does not fail.
            let _ = write!(out, "\n{field:?} ");
            let _ = match fact {
                Fact::Text(s) | Fact::Number(s) => out.write_str(self.texts.get(s)),
                Fact::Json(at) => {
                    write!(out, "{}", self.json.get(at as usize).unwrap_or(&Value::Null))
                }
                Fact::Pairs(span) => {
                    self.pairs_of(span).try_for_each(|(name, value)| write!(out, "{name}={value};"))
                }
                Fact::Null | Fact::Bool(_) | Fact::Odd => write!(out, "{fact:?}"),
            };
        }
        out
    }
}

/// The scope at which a resource is listed with others of its kind.
fn list_of(kind: Kind, id: ArmId<'_>) -> Option<String> {
    let scope = match (kind.parent(), id.subscription()) {
        (ParentKind::None, Some(subscription)) if kind != Kind::Subscription => {
            return Some(format!("/subscriptions/{}", subscription.to_ascii_lowercase()));
        }
        (ParentKind::None, _) => "",
        _ => id.parent()?,
    };
    Some(scope.to_ascii_lowercase())
}

/// Whether a fact already known stands in the way of an older one: the same field, or the `null` of a block around it. A list
/// that leaves `properties` out writes `null` there, which says nothing.
fn overrides(known: (Field, Fact), field: Field) -> bool {
    let unread = known == (Field::Properties, Fact::Null);
    if known.0 == field {
        return !unread;
    }
    let below = || field.pointer().strip_prefix(known.0.pointer()).is_some_and(|rest| rest.starts_with('/'));
    known.1 == Fact::Null && !unread && below()
}

/// Fills what the newer document does not have from the older one.
fn fill_raw(newer: Option<Value>, older: Option<Value>, whole: bool) -> Option<Value> {
    let (mut value, mut rest) = match (newer, older) {
        (Some(newer), Some(older)) => (newer, older),
        (newer, older) => return newer.or(older),
    };
    if let Value::Object(map) = &mut value {
        if rest.pointer("/dekey/partial").is_none() {
            map.remove("dekey");
        }
        if map.get("properties").is_some_and(Value::is_null) {
            map.remove("properties");
        }
    }
    if let Value::Object(map) = &mut rest {
        map.retain(|name, _| name != "dekey" && (!whole || name.eq_ignore_ascii_case("properties")));
    }
    fill(&mut value, rest);
    Some(value)
}

fn fill(value: &mut Value, from: Value) {
    let (Value::Object(into), Value::Object(from)) = (value, from) else { return };
    let own: BTreeMap<String, String> =
        into.keys().map(|key| (key.to_ascii_lowercase(), key.clone())).collect();
    for (name, theirs) in from {
        match own.get(&name.to_ascii_lowercase()).and_then(|key| into.get_mut(key)) {
            // Tags and attached identities are one value each: a name missing from the newer set was taken away.
            Some(_) if ["tags", "userAssignedIdentities"].contains(&name.as_str()) => {}
            Some(mine) => fill(mine, theirs),
            None => {
                into.insert(name, theirs);
            }
        }
    }
}

fn instant(text: &str) -> Option<jiff::Timestamp> {
    text.parse().ok()
}

/// Tables are bounded by memory long before 2^32 entries.
pub(crate) fn offset(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
