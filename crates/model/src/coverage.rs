//! What was asked, read, refused and absent. "Could not look" is never "no finding".

use crate::{ArmId, Kind};
use std::collections::BTreeMap;

/// A document or snapshot that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Path or name, as the user gave it.
    pub name: String,
    /// What the document turned out to be.
    pub format: String,
    /// How many resources it held.
    pub resources: u64,
    /// Its size in bytes, after decompression.
    pub bytes: u64,
}

/// Why something in a document was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoteKind {
    /// The document breaks off or is not well formed.
    Malformed,
    /// Well formed, but nothing dekey knows.
    NotUnderstood,
    /// Beyond a limit on size or depth.
    TooLarge,
    /// The file could not be opened or read.
    Unreadable,
    /// Taken, but something about it limits what can be said.
    Remark,
}

/// Something in the input that was not taken, or only in part. The rest is still read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// The document.
    pub source: String,
    /// Line, from 1; 0 when there is none.
    pub line: u64,
    /// Column, from 1; 0 when there is none.
    pub column: u64,
    /// What it is.
    pub kind: NoteKind,
    /// What happened and what was expected, in words. Never quotes the document, which may hold secrets.
    pub reason: String,
}

impl Note {
    /// The document, with line and column where they are known.
    pub fn place(&self) -> String {
        match (self.line, self.column) {
            (0, _) => self.source.clone(),
            (line, 0) => format!("{}:{line}", self.source),
            (line, column) => format!("{}:{line}:{column}", self.source),
        }
    }
}

/// The result of asking for one kind of resources at one scope.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Everything there is was read.
    Read,
    /// Some was read: a resource by itself, or a list that breaks off or names a next page that was not read.
    InPart,
    /// Azure refused; the reason in words.
    Refused(String),
    /// Nobody asked, and that is known.
    NotAsked,
}

/// One line of a coverage manifest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CoverageEntry {
    /// What was asked for.
    pub kind: Kind,
    /// Where: a tenant (`/`), management group, subscription, resource group or resource.
    pub scope: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// How much of a tenant an inventory holds.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// The documents, in order of name.
    pub sources: Vec<Source>,
    /// What was not taken, in order of place.
    pub notes: Vec<Note>,
    entries: BTreeMap<(Kind, String), Outcome>,
}

/// Whether absence of resources of a kind below a scope means anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covered<'a> {
    /// All were read: what is not there does not exist.
    Yes,
    /// Asking was refused.
    Refused(&'a str),
    /// No document says.
    Unknown,
}

impl Coverage {
    /// Adds a line. Of two lines on the same kind and scope the one that says less wins, so that order does not matter.
    pub fn add(&mut self, entry: CoverageEntry) {
        let key = (entry.kind, entry.scope.trim_end_matches('/').to_ascii_lowercase());
        let kept = self.entries.entry(key).or_insert_with(|| entry.outcome.clone());
        if entry.outcome > *kept {
            *kept = entry.outcome;
        }
    }

    /// All lines, by kind and scope. Scopes are in lower case.
    pub fn entries(&self) -> impl Iterator<Item = CoverageEntry> {
        self.entries.iter().map(|((kind, scope), outcome)| CoverageEntry {
            kind: *kind,
            scope: scope.clone(),
            outcome: outcome.clone(),
        })
    }

    /// Whether all resources of `kind` at and below `scope` were read. The nearest line at or above the scope decides.
    pub fn covers(&self, kind: Kind, scope: &str) -> Covered<'_> {
        match self.nearest(kind, scope) {
            Some(Outcome::Read) => Covered::Yes,
            Some(Outcome::Refused(why)) => Covered::Refused(why),
            Some(Outcome::InPart | Outcome::NotAsked) | None => Covered::Unknown,
        }
    }

    /// Whether resources of `kind` at and below `scope` are known to be missing from what was read, so that seeing some says
    /// nothing of the others.
    pub fn in_part(&self, kind: Kind, scope: &str) -> bool {
        self.nearest(kind, scope) == Some(&Outcome::InPart)
    }

    /// Whether a line at or above the scope says anything of a kind.
    pub(crate) fn knows(&self, kind: Kind, scope: &str) -> bool {
        self.nearest(kind, scope).is_some()
    }

    fn nearest(&self, kind: Kind, scope: &str) -> Option<&Outcome> {
        if self.entries.is_empty() {
            return None;
        }
        let scope = scope.trim_end_matches('/').to_ascii_lowercase();
        let mut scopes = std::iter::once(scope.as_str()).chain(ArmId(&scope).ancestors()).chain([""]);
        scopes.find_map(|at| self.entries.get(&(kind, at.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: Kind, scope: &str, outcome: Outcome) -> CoverageEntry {
        CoverageEntry { kind, scope: scope.to_owned(), outcome }
    }

    #[test]
    fn the_nearest_line_decides_and_the_weaker_of_two_wins() {
        let mut coverage = Coverage::default();
        let ws =
            "/subscriptions/S/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws";
        assert_eq!(coverage.covers(Kind::Datastore, ws), Covered::Unknown);
        coverage.add(entry(Kind::Datastore, "/subscriptions/s", Outcome::Read));
        assert_eq!(coverage.covers(Kind::Datastore, ws), Covered::Yes);
        assert_eq!(coverage.covers(Kind::Compute, ws), Covered::Unknown);
        coverage.add(entry(Kind::Datastore, ws, Outcome::Refused("403".to_owned())));
        coverage.add(entry(Kind::Datastore, ws, Outcome::Read));
        assert_eq!(coverage.covers(Kind::Datastore, ws), Covered::Refused("403"));
        coverage.add(entry(Kind::Compute, "/", Outcome::Read));
        assert_eq!(coverage.covers(Kind::Compute, ws), Covered::Yes);
    }
}
