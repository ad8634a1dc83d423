//! Cuts a stream of bytes into its resources.

use crate::parse::{Buffers, Piece, Span};
use crate::scan::{Scan, skip_space, string_end, value_end};
use dekey_model::{DocumentEnd, List, Note, NoteKind};
use page::{Head, holds_resources};
use std::io::Read;
use std::sync::Arc;

mod page;

/// What a document turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Nothing was in it.
    Empty,
    /// One JSON document, or several in a row (JSON Lines).
    Documents,
    /// A JSON array.
    Array,
    /// A page of a list: `{"value": [..]}`.
    ListPage,
    /// A Resource Graph answer.
    ResourceGraph,
    /// A Resource Graph answer as a table.
    ResourceGraphTable,
    /// Not JSON: YAML, perhaps.
    NotJson,
}

impl Format {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Empty => "empty",
            Format::Documents => "JSON documents",
            Format::Array => "JSON array",
            Format::ListPage => "ARM list page",
            Format::ResourceGraph => "Resource Graph answer",
            Format::ResourceGraphTable => "Resource Graph table",
            Format::NotJson => "YAML",
        }
    }
}

/// Bounds, so that a hostile document costs little.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The largest single resource, in bytes.
    pub value: usize,
    /// How many bytes go into one piece.
    pub piece: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { value: 64 << 20, piece: 256 << 10 }
    }
}

/// Why splitting stopped before the end.
#[derive(Debug)]
pub enum StopReason {
    /// The source could not be read.
    Read(std::io::Error),
    /// The receiver of pieces wants no more.
    Cancelled,
}

enum Halt {
    Stop(StopReason),
    /// The rest of the document cannot be read; position in the window, kind and reason.
    Note(usize, NoteKind, String),
}

type Step<T> = Result<T, Halt>;

/// Cuts one source into pieces. Keeps no more than a piece and the resource it is in.
pub struct Splitter<'r> {
    input: &'r mut dyn Read,
    name: Arc<str>,
    limits: Limits,
    buffers: Buffers,
    window: Vec<u8>,
    /// Position in the window.
    at: usize,
    /// Line breaks before the position `counted` of the window.
    lines: u64,
    counted: usize,
    /// Bytes since the last line break before the window.
    column_base: usize,
    eof: bool,
    total: u64,
    spans: Vec<Span>,
    columns: Option<Arc<[String]>>,
    from_graph: bool,
    format: Format,
    pieces: &'r mut dyn FnMut(Piece) -> bool,
    end: DocumentEnd,
    /// The first line of the list at hand. Objects in a row are a list as well.
    list: Option<u32>,
    /// How many objects stand by themselves.
    objects: u64,
    /// Pages were read with several api-versions.
    versions_differ: bool,
}

/// What one source came to.
#[derive(Debug)]
pub struct SplitOutcome {
    /// What it was.
    pub format: Format,
    /// How many bytes were read.
    pub bytes: u64,
    /// What could not be read.
    pub note: Option<Note>,
    /// What its documents said of all their resources.
    pub end: DocumentEnd,
}

impl<'r> Splitter<'r> {
    /// A splitter over a source; `pieces` answers false to stop.
    pub fn new(
        name: &str,
        input: &'r mut dyn Read,
        limits: Limits,
        buffers: &Buffers,
        pieces: &'r mut dyn FnMut(Piece) -> bool,
    ) -> Self {
        Self {
            input,
            name: name.into(),
            limits,
            buffers: buffers.clone(),
            window: buffers.take(),
            at: 0,
            lines: 0,
            counted: 0,
            column_base: 0,
            eof: false,
            total: 0,
            spans: Vec::new(),
            columns: None,
            from_graph: false,
            format: Format::Empty,
            pieces,
            end: DocumentEnd::default(),
            list: None,
            objects: 0,
            versions_differ: false,
        }
    }

    /// Reads the source to its end, or to where it cannot be read any further.
    pub fn run(mut self) -> Result<SplitOutcome, StopReason> {
        let halted = self.documents();
        let note = match halted {
            Ok(()) => None,
            Err(Halt::Stop(reason)) => return Err(reason),
            Err(Halt::Note(at, kind, reason)) => Some(self.note(at, kind, reason)),
        };
        self.end_list(note.is_none());
        self.end.alone = self.objects == 1 && self.end.lists.len() == 1 && note.is_none();
        let cut = self.at;
        self.emit(cut).or_else(|halt| match halt {
            Halt::Stop(reason) => Err(reason),
            Halt::Note(..) => Ok(()),
        })?;
        self.buffers.give_back(self.window);
        Ok(SplitOutcome { format: self.format, bytes: self.total, note, end: self.end })
    }

    fn documents(&mut self) -> Step<()> {
        self.fill()?;
        if self.window.starts_with(b"\xef\xbb\xbf") {
            self.at = 3;
        }
        loop {
            let Some(first) = self.peek()? else { return Ok(()) };
            match first {
                b'[' => {
                    self.set_format(Format::Array);
                    self.start_list(self.at);
                    self.array()?;
                    self.end_list(true);
                }
                b'{' => self.object()?,
                b',' | 0x1e => self.at += 1,
                _ if self.format == Format::Empty => {
                    self.format = Format::NotJson;
                    return Err(Halt::Note(
                        self.at,
                        NoteKind::NotUnderstood,
                        "not JSON: expected `{` or `[`".into(),
                    ));
                }
                _ => return Err(bad(self.at, "`{` or `[`, or the end of the document")),
            }
        }
    }

    fn set_format(&mut self, format: Format) {
        if matches!(self.format, Format::Empty | Format::Documents) {
            self.format = format;
        }
    }

    fn start_list(&mut self, at: usize) {
        self.end_list(true);
        self.list = Some(self.line_at(at));
    }

    fn end_list(&mut self, whole: bool) {
        let Some(from) = self.list.take() else { return };
        let to = self.line_at(self.at);
        self.end.lists.push(List { from, to, whole });
    }

    /// The elements of the array at the position, each as a resource.
    fn array(&mut self) -> Step<()> {
        self.at += 1;
        loop {
            match self.peek()? {
                Some(b']') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b',') => self.at += 1,
                Some(_) => self.element()?,
                None => return Err(self.truncated("`]`")),
            }
        }
    }

    fn element(&mut self) -> Step<()> {
        let end = self.scan(0)?;
        self.take_value(self.at, end)
    }

    fn take_value(&mut self, start: usize, end: usize) -> Step<()> {
        let line = self.line_at(start);
        self.spans.push(Span { start, end, line });
        self.at = end;
        if end >= self.limits.piece { self.emit(end) } else { Ok(()) }
    }

    /// An object: a page of a list, whose elements stream by, or a document of its own.
    fn object(&mut self) -> Step<()> {
        self.set_format(Format::Documents);
        let start = self.at;
        // Positions are relative to the start of the object: the window may move while it is read.
        let mut head = Head::default();
        let mut pos = 1;
        loop {
            let (byte, at) = self.peek_from(start, pos)?;
            match byte {
                b'}' => {
                    self.objects += 1;
                    if self.list.is_none() {
                        self.start_list(start);
                    }
                    return self.take_value(start, start + at + 1);
                }
                b',' => pos = at + 1,
                b'"' => {
                    let (key, value_at) = self.key(start, at)?;
                    if !head.is_resource() && holds_resources(&key) {
                        let (opens, value_at) = self.peek_from(start, value_at)?;
                        if opens == b'[' {
                            return self.page(start + value_at, &key, head);
                        }
                        if opens == b'{' && key.eq_ignore_ascii_case("data") {
                            return self.table(start + value_at, head);
                        }
                    }
                    let (_, value_at) = self.peek_from(start, value_at)?;
                    let end = self.scan_from(start, value_at)?;
                    head.member(&key, self.window.get(start + value_at..start + end).unwrap_or_default());
                    pos = end;
                }
                _ => return Err(bad(start + at, "a property name or `}`")),
            }
        }
    }

    /// The property name at `start + at`; with the position after its colon.
    fn key(&mut self, start: usize, at: usize) -> Step<(String, usize)> {
        let end = loop {
            match string_end(&self.window, start + at) {
                Scan::Done(end) => break end - start,
                _ => self.more("the end of a property name")?,
            }
        };
        let text = self.window.get(start + at..start + end).unwrap_or_default();
        let key: String = serde_json::from_slice(text).map_err(|_| bad(start + at, "a property name"))?;
        let (colon, at) = self.peek_from(start, end)?;
        if colon != b':' {
            return Err(bad(start + at, "`:`"));
        }
        Ok((key, at + 1))
    }

    /// The next byte that is not white space, at the position.
    fn peek(&mut self) -> Step<Option<u8>> {
        loop {
            self.at = skip_space(&self.window, self.at);
            if let Some(&byte) = self.window.get(self.at) {
                return Ok(Some(byte));
            }
            if self.eof {
                return Ok(None);
            }
            if self.spans.is_empty() {
                self.drop_front();
            } else {
                let cut = self.at;
                self.emit(cut)?;
            }
            self.fill()?;
        }
    }

    fn peek_from(&mut self, start: usize, pos: usize) -> Step<(u8, usize)> {
        loop {
            let at = skip_space(&self.window, start + pos);
            if let Some(&byte) = self.window.get(at) {
                return Ok((byte, at - start));
            }
            self.more("`}`")?;
        }
    }

    /// The end of the value at the position plus `pos`, in the window as it is then.
    fn scan(&mut self, pos: usize) -> Step<usize> {
        self.scan_from(self.at, pos).map(|end| self.at + end)
    }

    fn scan_from(&mut self, start: usize, pos: usize) -> Step<usize> {
        loop {
            match value_end(&self.window, start + pos) {
                Scan::Done(end) => return Ok(end - start),
                Scan::Bad(at, expected) => return Err(bad(at, expected)),
                Scan::Deep(at) => {
                    let reason = format!("nested deeper than {} levels", crate::scan::MAX_DEPTH);
                    return Err(Halt::Note(at, NoteKind::TooLarge, reason));
                }
                Scan::More if self.eof && self.ends_in_scalar(start + pos) => {
                    return Ok(self.window.len() - start);
                }
                Scan::More => self.more("the end of a value")?,
            }
        }
    }

    fn ends_in_scalar(&self, at: usize) -> bool {
        !matches!(self.window.get(at), None | Some(b'{' | b'[' | b'"'))
    }

    /// Reads on, while a value is open.
    fn more(&mut self, expected: &str) -> Step<()> {
        if self.eof {
            return Err(self.truncated(expected));
        }
        if self.window.len() - self.at > self.limits.value {
            let reason = format!("a value larger than {} MiB", self.limits.value >> 20);
            return Err(Halt::Note(self.at, NoteKind::TooLarge, reason));
        }
        self.fill()
    }

    fn fill(&mut self) -> Step<()> {
        // Grows with what is open, so that a large value is not scanned again for every block.
        let want = (self.window.len() - self.at).max(self.limits.piece / 2).max(1);
        let before = self.window.len();
        self.window.reserve(want);
        let mut input = (&mut *self.input).take(want as u64);
        let got = input
            .read_to_end(&mut self.window)
            .map_err(|error| Halt::Note(self.window.len(), NoteKind::Unreadable, error.to_string()))?;
        self.eof = got < want;
        self.total += (self.window.len() - before) as u64;
        Ok(())
    }

    /// Hands on the values so far, and keeps what follows `cut`.
    fn emit(&mut self, cut: usize) -> Step<()> {
        if self.spans.is_empty() {
            self.drop_front();
            return Ok(());
        }
        self.count_lines(cut);
        let mut rest = self.buffers.take();
        rest.extend_from_slice(self.window.get(cut..).unwrap_or_default());
        let mut bytes = std::mem::replace(&mut self.window, rest);
        bytes.truncate(cut);
        self.forget(&bytes);
        self.at = self.at.saturating_sub(cut);
        let piece = Piece {
            source: Arc::clone(&self.name),
            bytes,
            spans: std::mem::take(&mut self.spans),
            columns: self.columns.clone(),
            from_graph: self.from_graph,
            buffers: self.buffers.clone(),
        };
        if (self.pieces)(piece) { Ok(()) } else { Err(Halt::Stop(StopReason::Cancelled)) }
    }

    fn drop_front(&mut self) {
        let cut = self.at.min(self.window.len());
        self.count_lines(cut);
        self.column_base = match self.window.get(..cut).and_then(|gone| memchr::memrchr(b'\n', gone)) {
            Some(at) => cut - at - 1,
            None => self.column_base + cut,
        };
        self.counted = self.counted.saturating_sub(cut);
        self.window.drain(..cut);
        self.at = 0;
    }

    fn forget(&mut self, gone: &[u8]) {
        self.column_base = match memchr::memrchr(b'\n', gone) {
            Some(at) => gone.len() - at - 1,
            None => self.column_base + gone.len(),
        };
        self.counted = self.counted.saturating_sub(gone.len());
    }

    fn count_lines(&mut self, to: usize) {
        if let Some(slice) = self.window.get(self.counted..to) {
            self.lines += memchr::memchr_iter(b'\n', slice).count() as u64;
            self.counted = to;
        }
    }

    fn line_at(&mut self, at: usize) -> u32 {
        self.count_lines(at);
        u32::try_from(self.lines + 1).unwrap_or(u32::MAX)
    }

    fn truncated(&self, expected: &str) -> Halt {
        let reason = format!("the document breaks off; expected {expected}");
        Halt::Note(self.window.len(), NoteKind::Malformed, reason)
    }

    fn note(&self, at: usize, kind: NoteKind, reason: String) -> Note {
        let before = self.window.get(..at).unwrap_or(&self.window);
        let breaks = |from: usize, to: usize| {
            self.window.get(from..to).map_or(0, |slice| memchr::memchr_iter(b'\n', slice).count() as u64)
        };
        let line = if at >= self.counted {
            self.lines + breaks(self.counted, at)
        } else {
            self.lines.saturating_sub(breaks(at, self.counted))
        } + 1;
        let column = match memchr::memrchr(b'\n', before) {
            Some(newline) => before.len() - newline,
            None => self.column_base + before.len() + 1,
        };
        Note { source: self.name.to_string(), line, column: column as u64, kind, reason }
    }
}

fn bad(at: usize, expected: &str) -> Halt {
    Halt::Note(at, NoteKind::Malformed, format!("expected {expected}"))
}
