//! Reads one source, whatever it is: JSON in any of its shapes, JSON Lines, or YAML; UTF-8 or UTF-16.

use crate::split::SplitOutcome;
use crate::{Buffers, Format, Keep, Limits, Piece, Splitter, StopReason, yaml};
use dekey_model::{Batch, Builder, DocumentEnd, Note, NoteKind, SourceIx};
use std::io::{Cursor, Read};

/// How much of a source is looked at to tell JSON from YAML.
const SNIFF: u64 = 4096;

/// Cuts a source into pieces. `pieces` answers false to stop.
pub fn read_document(
    name: &str,
    input: &mut dyn Read,
    limits: Limits,
    buffers: &Buffers,
    pieces: &mut dyn FnMut(Piece) -> bool,
) -> Result<SplitOutcome, StopReason> {
    let mut head = Vec::new();
    (&mut *input).take(SNIFF).read_to_end(&mut head).map_err(StopReason::Read)?;
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        // UTF-16, as Windows PowerShell redirects output into files. What comes out is not looked at for another mark: the
        // decoder hands on a mark that nothing follows as it is.
        let mut decoded = encoding_rs_io::DecodeReaderBytes::new(Cursor::new(head).chain(input));
        let mut head = Vec::new();
        (&mut decoded).take(SNIFF).read_to_end(&mut head).map_err(StopReason::Read)?;
        return read_utf8(name, head, &mut decoded, limits, buffers, pieces);
    }
    read_utf8(name, head, input, limits, buffers, pieces)
}

fn read_utf8(
    name: &str,
    head: Vec<u8>,
    input: &mut dyn Read,
    limits: Limits,
    buffers: &Buffers,
    pieces: &mut dyn FnMut(Piece) -> bool,
) -> Result<SplitOutcome, StopReason> {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head);
    let first = text.iter().find(|b| !b.is_ascii_whitespace() && **b != 0x1e);
    if matches!(first, Some(b'{' | b'[') | None) {
        return Splitter::new(name, &mut Cursor::new(head).chain(input), limits, buffers, pieces).run();
    }
    read_text(name, &mut Cursor::new(head).chain(input), limits, pieces)
}

fn read_text(
    name: &str,
    input: &mut dyn Read,
    limits: Limits,
    pieces: &mut dyn FnMut(Piece) -> bool,
) -> Result<SplitOutcome, StopReason> {
    let mut bytes = Vec::new();
    input.take(limits.value as u64 + 1).read_to_end(&mut bytes).map_err(StopReason::Read)?;
    let total = bytes.len() as u64;
    let outcome = |note: Option<Note>, alone: bool| {
        let end = DocumentEnd { alone, ..DocumentEnd::default() };
        SplitOutcome { format: Format::NotJson, bytes: total, note, end }
    };
    let Ok(text) = String::from_utf8(bytes) else {
        let reason = "neither JSON nor YAML: the content is not text".to_owned();
        let kind = NoteKind::NotUnderstood;
        return Ok(outcome(Some(Note { source: name.to_owned(), line: 0, column: 0, kind, reason }), false));
    };
    match yaml::read_yaml(name, &text) {
        Ok((values, listed)) => {
            if pieces(Piece::of_values(name, &values)) {
                Ok(outcome(None, !listed))
            } else {
                Err(StopReason::Cancelled)
            }
        }
        Err(note) => Ok(outcome(Some(note), false)),
    }
}

/// Reads a source into a builder, on this thread.
pub fn read_into(builder: &mut Builder, name: &str, input: &mut dyn Read, keep: Keep) -> std::io::Result<()> {
    let source = builder.source(name);
    let mut batch = Batch::default();
    let mut absorb = |piece: Piece| {
        piece.parse(keep, &mut batch);
        builder.absorb(source, &mut batch);
        true
    };
    match read_document(name, input, Limits::default(), &Buffers::default(), &mut absorb) {
        Ok(outcome) => {
            close(builder, source, name, outcome);
            Ok(())
        }
        Err(StopReason::Read(error)) => Err(error),
        Err(StopReason::Cancelled) => Ok(()),
    }
}

/// Tells the builder what a source came to.
pub fn close(builder: &mut Builder, source: SourceIx, name: &str, outcome: SplitOutcome) {
    builder.describe(source, outcome.format.as_str(), outcome.bytes);
    builder.end_document(source, &outcome.end);
    if outcome.format == Format::Empty && outcome.note.is_none() {
        let reason = "nothing is in it: did the command that exports it fail?".to_owned();
        let kind = NoteKind::NotUnderstood;
        builder.note(Note { source: name.to_owned(), line: 0, column: 0, kind, reason });
    }
    if let Some(note) = outcome.note {
        builder.note(note);
    }
    if outcome.end.more_pages {
        let reason = "its last page names a next page: the export may not be complete".to_owned();
        builder.note(Note { source: name.to_owned(), line: 0, column: 0, kind: NoteKind::Remark, reason });
    }
}
