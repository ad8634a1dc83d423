//! What was read so far, on disk: lines of resources, and after the last of a list a line that says what came of it. It is an
//! export like any other, so that nothing is lost when a run ends early.

use crate::Known;
use dekey_intake::{Manifest, answered_line};
use dekey_model::{CoverageEntry, Kind, Outcome};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{self, BufRead, Write};

/// The lists that an earlier run read to their end: kind and scope, in lower case.
pub type Done = BTreeSet<(Kind, String)>;

/// A journal that is being written.
pub struct Journal<W> {
    out: W,
    resources: u64,
}

impl<W: Write> Journal<W> {
    /// A journal that goes on where `out` stands.
    pub fn new(out: W) -> Self {
        Self { out, resources: 0 }
    }

    /// Adds resources as Azure answered them.
    pub fn resources(
        &mut self,
        values: Vec<Value>,
        api_version: Option<&str>,
        read_at: &str,
    ) -> io::Result<()> {
        for value in values {
            self.out.write_all(answered_line(value, api_version, read_at).as_bytes())?;
            self.out.write_all(b"\n")?;
            self.resources += 1;
        }
        Ok(())
    }

    /// Adds lines of an earlier snapshot as they are.
    pub fn lines(&mut self, lines: &[Box<str>]) -> io::Result<()> {
        for line in lines {
            self.out.write_all(line.as_bytes())?;
            self.out.write_all(b"\n")?;
            self.resources += 1;
        }
        Ok(())
    }

    /// Says what came of a list. Whoever reads the journal later knows that nothing of it is missing before this line.
    pub fn covered(&mut self, entries: Vec<CoverageEntry>) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, &Manifest::of(entries.into_iter()))?;
        self.out.write_all(b"\n")?;
        self.out.flush()
    }

    /// How many resources were written.
    pub fn written(&self) -> u64 {
        self.resources
    }

    /// The writer.
    pub fn into_inner(self) -> W {
        self.out
    }
}

/// Copies an earlier journal as far as it can be relied on: whole lines, and of what is said about lists only that they were
/// read. What was refused, or read in part, is asked for again, and then the directory is as well: about whom that tells of.
pub fn carry_over(old: &mut dyn BufRead, new: &mut dyn Write) -> io::Result<(Known, Done)> {
    let (mut known, mut done) = (Known::default(), Done::new());
    let mut gaps = false;
    let mut line = Vec::new();
    loop {
        line.clear();
        old.read_until(b'\n', &mut line)?;
        if line.last() != Some(&b'\n') {
            return Ok((known, done));
        }
        let Ok(value) = serde_json::from_slice::<Value>(&line) else { continue };
        if !Manifest::is_manifest(&value) {
            known.see(&value);
            new.write_all(&line)?;
            continue;
        }
        let entries = Manifest::read(value).and_then(|manifest| manifest.entries()).unwrap_or_default();
        gaps |= entries.iter().any(|entry| entry.outcome != Outcome::Read && !of_directory(entry.kind));
        let holds = |entry: &CoverageEntry| {
            let depends = of_directory(entry.kind) && entry.scope == "/";
            entry.outcome == Outcome::Read && !(gaps && depends)
        };
        let read: Vec<CoverageEntry> = entries.into_iter().filter(holds).collect();
        if read.is_empty() {
            continue;
        }
        done.extend(read.iter().map(|entry| (entry.kind, entry.scope.to_ascii_lowercase())));
        serde_json::to_writer(&mut *new, &Manifest::of(read.into_iter()))?;
        new.write_all(b"\n")?;
    }
}

/// Whether a list is one of Microsoft Graph's.
pub(crate) fn of_directory(kind: Kind) -> bool {
    matches!(kind, Kind::ServicePrincipal | Kind::Application | Kind::Group)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entry(kind: Kind, scope: &str, outcome: Outcome) -> CoverageEntry {
        CoverageEntry { kind, scope: scope.to_owned(), outcome }
    }

    fn written() -> Vec<u8> {
        let mut journal = Journal::new(Vec::new());
        let id =
            "/subscriptions/S/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/w";
        let one = json!({ "id": id, "tags": { "note": "AccountKey=c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2Vjcg==" } });
        journal.resources(vec![one], Some("2025-12-01"), "2026-11-23T00:00:00Z").unwrap();
        journal.covered(vec![entry(Kind::Datastore, "/subscriptions/S", Outcome::Read)]).unwrap();
        journal
            .covered(vec![entry(Kind::Compute, "/subscriptions/S", Outcome::Refused("403".to_owned()))])
            .unwrap();
        assert_eq!(journal.written(), 1);
        journal.into_inner()
    }

    #[test]
    fn a_journal_reads_as_an_export_and_holds_no_secret() {
        let bytes = written();
        assert!(!String::from_utf8_lossy(&bytes).contains("c2VjcmV0"));
        let mut builder = dekey_model::Builder::new();
        dekey_intake::read_into(&mut builder, "journal", &mut bytes.as_slice(), dekey_intake::Keep::Facts)
            .unwrap();
        let inventory = builder.finish();
        assert_eq!(inventory.len(), 1);
        assert!(inventory.coverage().notes.is_empty(), "{:?}", inventory.coverage().notes);
        assert_eq!(inventory.coverage().entries().count(), 2);
        let workspace = inventory.resources().next().unwrap();
        assert_eq!(workspace.api_version(), Some("2025-12-01"));
        assert_eq!(workspace.read_at(), Some("2026-11-23T00:00:00Z"));
    }

    #[test]
    fn going_on_keeps_what_was_read_and_asks_again_for_the_rest() {
        let mut bytes = written();
        bytes.extend_from_slice(b"{\"id\":\"/half");
        let mut new = Vec::new();
        let (known, done) = carry_over(&mut bytes.as_slice(), &mut new).unwrap();
        assert_eq!(known.parents(Kind::Workspace).len(), 1);
        assert_eq!(done.into_iter().collect::<Vec<_>>(), [(Kind::Datastore, "/subscriptions/s".to_owned())]);
        let text = String::from_utf8(new).unwrap();
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(!text.contains("refused") && !text.contains("/half"));
    }

    #[test]
    fn who_was_not_asked_about_because_nobody_knew_is_asked_about() {
        let carried = |first: Outcome| {
            let mut journal = Journal::new(Vec::new());
            journal.covered(vec![entry(Kind::RoleAssignment, "/subscriptions/S", first)]).unwrap();
            journal.covered(vec![entry(Kind::ServicePrincipal, "/", Outcome::Read)]).unwrap();
            journal
                .covered(vec![entry(Kind::Group, "/providers/Microsoft.Graph/groups/g", Outcome::Read)])
                .unwrap();
            let mut new = Vec::new();
            carry_over(&mut journal.into_inner().as_slice(), &mut new).unwrap().1.len()
        };
        assert_eq!(carried(Outcome::Read), 3);
        assert_eq!(
            carried(Outcome::Refused("429".to_owned())),
            1,
            "the members of a group are what they were"
        );
    }
}
