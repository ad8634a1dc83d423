//! From a piece of a document to a batch of resources.

use crate::capture::{Capture, Envelope};
use crate::manifest::Manifest;
use crate::shape::{self, Shaped};
use dekey_model::{ArmId, Batch, Draft, Field, Kind, Note, NoteKind, Sym};
use std::sync::{Arc, Mutex, PoisonError};

/// What is kept of a resource besides the properties that rules know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// Nothing: enough for an audit.
    #[default]
    Facts,
    /// The whole document with secrets masked, for snapshots.
    Raw,
}

/// Where a value stands in a piece.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) line: u32,
}

/// Buffers on their way from the thread that parsed them to the one that fills them anew. Fresh memory costs more than
/// reading into it.
#[derive(Clone, Debug, Default)]
pub struct Buffers(Arc<Mutex<Vec<Vec<u8>>>>);

impl Buffers {
    /// How many wait at most, and how large they may be; the rest goes back to the system.
    const WAITING: usize = 16;
    const LARGEST: usize = 4 << 20;

    pub(crate) fn take(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    pub(crate) fn give_back(&self, mut buffer: Vec<u8>) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < Self::WAITING && buffer.capacity() <= Self::LARGEST {
            buffer.clear();
            waiting.push(buffer);
        }
    }
}

/// Resources of one document, not yet parsed. Can be sent to any thread.
#[derive(Debug)]
pub struct Piece {
    pub(crate) source: Arc<str>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) spans: Vec<Span>,
    pub(crate) columns: Option<Arc<[String]>>,
    pub(crate) from_graph: bool,
    pub(crate) buffers: Buffers,
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.buffers.give_back(std::mem::take(&mut self.bytes));
    }
}

impl Piece {
    /// A piece of values that are already parsed.
    pub fn of_values(source: &str, values: &[serde_json::Value]) -> Self {
        let mut bytes = Vec::new();
        let spans = values.iter().map(|value| {
            let start = bytes.len();
            bytes.extend_from_slice(value.to_string().as_bytes());
            Span { start, end: bytes.len(), line: 0 }
        });
        let spans = spans.collect();
        let buffers = Buffers::default();
        Self { source: source.into(), bytes, spans, columns: None, from_graph: false, buffers }
    }

    /// Parses every value into a batch. A value that cannot be read becomes a note, never a loss of its neighbours.
    pub fn parse(&self, keep: Keep, batch: &mut Batch) {
        for span in &self.spans {
            self.parse_value(*span, keep, batch);
        }
    }

    fn parse_value(&self, span: Span, keep: Keep, batch: &mut Batch) {
        let bytes = self.bytes.get(span.start..span.end).unwrap_or_default();
        if std::str::from_utf8(bytes).is_err() {
            let reason = "the text is not UTF-8".to_owned();
            return batch.notes.push(self.note(span, NoteKind::Malformed, reason));
        }
        // The parser does not look into what it skips, and both ways of reading must agree.
        if self.columns.is_none() && keep == Keep::Facts && escapes_are_valid(bytes) {
            let facts = batch.facts.len();
            let mut envelope = Envelope::default();
            if Capture::new(batch, &mut envelope, facts).json(bytes) && envelope.is_arm() {
                let whole = !self.from_graph && !envelope.is_graph_row();
                return commit(batch, &envelope, facts, whole, span.line, None);
            }
            batch.facts.truncate(facts);
        }
        match serde_json::from_slice::<serde_json::Value>(bytes).or_else(|error| mended(bytes).ok_or(error)) {
            Ok(value) => self.take_shaped(&value, span, keep, batch),
            Err(error) => batch.notes.push(self.malformed(span, &error)),
        }
    }

    fn take_shaped(&self, value: &serde_json::Value, span: Span, keep: Keep, batch: &mut Batch) {
        if Manifest::is_manifest(value) {
            match Manifest::read(value.clone()).and_then(|manifest| manifest.entries()) {
                Ok(entries) => batch.covers.extend(entries),
                Err(reason) => batch.notes.push(self.note(span, NoteKind::NotUnderstood, reason)),
            }
            return;
        }
        match shape::shape(value, self.columns.as_deref(), self.from_graph) {
            Ok(Shaped { resources, remark }) => {
                if let Some(reason) = remark {
                    batch.notes.push(self.note(span, NoteKind::Remark, reason));
                }
                for resource in resources {
                    self.take_value(&resource.value, resource.whole, span, keep, batch);
                }
            }
            Err(reason) => batch.notes.push(self.note(span, NoteKind::NotUnderstood, reason)),
        }
    }

    fn take_value(&self, value: &serde_json::Value, whole: bool, span: Span, keep: Keep, batch: &mut Batch) {
        let facts = batch.facts.len();
        let mut envelope = Envelope::default();
        if !Capture::new(batch, &mut envelope, facts).value(value) || envelope.id.is_none() {
            batch.facts.truncate(facts);
            let reason = "no resource id was found".to_owned();
            batch.notes.push(self.note(span, NoteKind::NotUnderstood, reason));
            return;
        }
        let raw = (keep == Keep::Raw).then(|| crate::snapshot::raw(value, whole && !envelope.partial));
        commit(batch, &envelope, facts, whole, span.line, raw);
    }

    fn note(&self, span: Span, kind: NoteKind, reason: String) -> Note {
        Note { source: self.source.to_string(), line: span.line.into(), column: 0, kind, reason }
    }

    /// The position that the parser names is within the value; the value's own line is known.
    fn malformed(&self, span: Span, error: &serde_json::Error) -> Note {
        let line = u64::from(span.line) + (error.line() as u64).saturating_sub(1);
        let column = if error.line() > 1 {
            error.column()
        } else {
            let before = self.bytes.get(..span.start).unwrap_or_default();
            let indent = before.len() - memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
            indent + error.column()
        };
        let mut reason = error.to_string();
        if let Some(at) = reason.rfind(" at line ") {
            reason.truncate(at);
        }
        Note {
            source: self.source.to_string(),
            line,
            column: column as u64,
            kind: NoteKind::Malformed,
            reason,
        }
    }
}

/// Whether each backslash starts an escape that stands for a character.
fn escapes_are_valid(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let after = rest.get(at + 1..).unwrap_or_default();
        let (valid, len) = match after.first() {
            Some(b'u') => (is_character(after), 5),
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => (true, 1),
            _ => (false, 1),
        };
        if !valid {
            return false;
        }
        rest = after.get(len..).unwrap_or_default();
    }
    true
}

/// Whether `uXXXX` is a character by itself; the halves of a pair are left to the parser that keeps what it reads.
fn is_character(escape: &[u8]) -> bool {
    let hex = escape.get(1..5).and_then(|hex| std::str::from_utf8(hex).ok());
    let code = hex.filter(|hex| !hex.starts_with('+')).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    code.is_some_and(|code| char::from_u32(code).is_some())
}

/// Half of a pair of surrogates is what is left of an emoji in a text that some tool cut short. It is replaced, so that the
/// resource is not lost.
fn mended(bytes: &[u8]) -> Option<serde_json::Value> {
    let mut deserializer = sonic_rs::Deserializer::from_slice(bytes).utf8_lossy();
    let value = serde::Deserialize::deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    Some(value)
}

fn commit(
    batch: &mut Batch,
    envelope: &Envelope,
    facts: usize,
    whole: bool,
    line: u32,
    raw: Option<Box<str>>,
) {
    let Some(id) = envelope.id else { return };
    let resource_type = envelope.resource_type.unwrap_or(Sym(u32::MAX));
    let mut given = batch.texts.get(resource_type).to_owned();
    let arm_id = ArmId(batch.texts.get(id));
    // PowerShell gives an extension the type of the resource that it is about.
    let of_another = |provider: &str| !given.split('/').next().unwrap_or("").eq_ignore_ascii_case(provider);
    if !given.contains('/') || arm_id.provider().is_some_and(of_another) {
        given = arm_id.resource_type().unwrap_or_default();
    }
    let kind = Kind::of_type(&given);
    if kind != Kind::Other && !given.bytes().any(|byte| byte.is_ascii_uppercase()) {
        // Resource Graph writes types in lower case.
        kind.resource_type().clone_into(&mut given);
    }
    let resource_type = batch.texts.intern(&given);
    if envelope.sparse {
        // Single properties: the block around them does not say that the others are absent.
        let own = batch.facts.split_off(facts);
        batch.facts.extend(own.into_iter().filter(|(field, _)| *field != Field::Properties));
    }
    let end = batch.facts.len();
    if let Some(own) = batch.facts.get_mut(facts..end) {
        own.sort_by_key(|fact| fact.0);
    }
    batch.drafts.push(Draft {
        id,
        resource_type,
        kind,
        api_version: envelope.api_version,
        read_at: envelope.read_at,
        whole: whole && !envelope.partial,
        line,
        facts: facts..end,
        raw,
    });
}
