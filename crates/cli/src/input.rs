//! Files into an inventory: one thread cuts documents into pieces, the others parse them, this one puts them together.

use crate::exit::Error;
use dekey_intake::{Buffers, Keep, Limits, Piece, SplitOutcome, StopReason, read_document};
use dekey_model::{Batch, Builder, Inventory, Note, NoteKind, SourceIx};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Extensions that are read in a folder; a file that is named is always read.
const EXTENSIONS: &[&str] = &["json", "jsonl", "ndjson", "yaml", "yml", "zst", "tar"];

/// How much of a file is read at once.
const BUFFER: usize = 1 << 17;

/// What a zstd stream starts with.
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// How many pieces may wait for a thread; bounds memory.
const WAITING: usize = 8;

/// A message to the thread that builds; numbered, so that the result does not depend on which thread was faster.
enum Message {
    Open(String),
    Batch(Batch),
    Close(String, SplitOutcome),
    Note(Note),
}

/// Reads every path into one inventory. A path that does not exist is an error; what is inside a document never is.
pub(crate) fn read(paths: &[PathBuf], keep: Keep, progress: bool) -> Result<Inventory, Error> {
    read_with(paths, None, keep, progress)
}

/// The same, with what was read from Azure just now.
pub(crate) fn read_with(
    paths: &[PathBuf],
    live: Option<PathBuf>,
    keep: Keep,
    progress: bool,
) -> Result<Inventory, Error> {
    let mut files = files(paths)?;
    files.extend(live.map(Input::Live));
    let bar = bar(&files, progress);
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let (to_parse, pieces) = sync_channel::<(u64, Piece)>(WAITING);
    let (to_build, parsed) = sync_channel::<(u64, Message)>(WAITING * 4);
    // Owned by the threads: when they are gone, nobody waits for them.
    let (pieces, spare) = (Arc::new(Mutex::new(pieces)), Spare::default());
    let inventory = std::thread::scope(|scope| {
        for _ in 0..threads {
            let (pieces, to_build, spare) = (Arc::clone(&pieces), to_build.clone(), &spare);
            scope.spawn(move || parse_pieces(&pieces, &to_build, spare, keep));
        }
        drop(pieces);
        let reader_bar = bar.clone();
        scope.spawn(move || {
            let buffers = Buffers::default();
            let mut reader = Reader { next: 0, to_parse, to_build, buffers, bar: reader_bar };
            for file in &files {
                reader.file(file);
            }
        });
        build(parsed, &spare)
    });
    bar.finish_and_clear();
    Ok(inventory)
}

/// What there is to read, in an order that does not depend on the file system.
enum Input {
    Stdin,
    File(PathBuf),
    /// What was read from Azure just now. Nobody chose the name of the file.
    Live(PathBuf),
    /// Something in a folder that is not read, and why.
    Skipped(PathBuf, NoteKind, String),
}

fn files(paths: &[PathBuf]) -> Result<Vec<Input>, Error> {
    let mut files = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            files.push(Input::Stdin);
        } else if std::fs::metadata(path).map_err(Error::file(path))?.is_dir() {
            folder(path, &mut files);
        } else {
            files.push(Input::File(path.clone()));
        }
    }
    Ok(files)
}

fn folder(path: &Path, files: &mut Vec<Input>) {
    let mut skipped = 0;
    for entry in walkdir::WalkDir::new(path).follow_links(true).sort_by_file_name() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                // A link to a folder above leads to what is read anyway.
                let looped = error.loop_ancestor().is_some();
                let kind = if looped { NoteKind::Remark } else { NoteKind::Unreadable };
                let place = error.path().unwrap_or(path).to_owned();
                files.push(Input::Skipped(place, kind, error.to_string()));
                continue;
            }
        };
        if !entry.file_type().is_file() {
            continue;
        }
        let known = entry.path().extension().and_then(|e| e.to_str());
        if known.is_some_and(|e| EXTENSIONS.iter().any(|own| own.eq_ignore_ascii_case(e))) {
            files.push(Input::File(entry.into_path()));
        } else {
            skipped += 1;
        }
    }
    if skipped > 0 {
        let count = if skipped == 1 { "1 file".to_owned() } else { format!("{skipped} files") };
        let reason = format!("{count} of other types not read: {} are", EXTENSIONS.join(", "));
        files.push(Input::Skipped(path.to_owned(), NoteKind::Remark, reason));
    }
}

fn bar(files: &[Input], wanted: bool) -> ProgressBar {
    let size = |file: &Input| match file {
        Input::File(path) | Input::Live(path) => std::fs::metadata(path).map_or(0, |m| m.len()),
        Input::Stdin | Input::Skipped(..) => 0,
    };
    let target = if wanted { ProgressDrawTarget::stderr_with_hz(5) } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(files.iter().map(size).sum()), target);
    if let Ok(style) =
        ProgressStyle::with_template("reading {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}")
    {
        bar.set_style(style);
    }
    bar
}

/// Batches that were taken over, on their way back to the threads that fill them.
#[derive(Default)]
struct Spare(Mutex<Vec<Batch>>);

impl Spare {
    fn take(&self) -> Batch {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn give_back(&self, batch: Batch) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(batch);
    }
}

fn parse_pieces(
    pieces: &Mutex<Receiver<(u64, Piece)>>,
    to_build: &SyncSender<(u64, Message)>,
    spare: &Spare,
    keep: Keep,
) {
    loop {
        let next = match pieces.lock() {
            Ok(pieces) => pieces.recv(),
            Err(_) => return,
        };
        let Ok((number, piece)) = next else { return };
        let mut batch = spare.take();
        piece.parse(keep, &mut batch);
        if to_build.send((number, Message::Batch(batch))).is_err() {
            return;
        }
    }
}

fn build(parsed: Receiver<(u64, Message)>, spare: &Spare) -> Inventory {
    let mut builder = Builder::new();
    let mut early: BTreeMap<u64, Message> = BTreeMap::new();
    let (mut next, mut source) = (0, SourceIx(0));
    for (number, message) in parsed {
        early.insert(number, message);
        while let Some(message) = early.remove(&next) {
            next += 1;
            match message {
                Message::Open(name) => source = builder.source(&name),
                Message::Batch(mut batch) => {
                    builder.absorb(source, &mut batch);
                    spare.give_back(batch);
                }
                Message::Close(name, outcome) => {
                    dekey_intake::close(&mut builder, source, &name, outcome);
                }
                Message::Note(note) => builder.note(note),
            }
        }
    }
    builder.finish()
}

/// What is in a file, be it as it is or behind zstd, and whether that is an archive. Content decides, names may lie.
pub(crate) fn unpacked<'r>(file: impl Read + 'r) -> io::Result<(bool, BufReader<Box<dyn Read + 'r>>)> {
    let (head, file) = peek(file)?;
    if !head.starts_with(ZSTD_MAGIC) {
        return Ok((is_archive(&head), BufReader::with_capacity(BUFFER, Box::new(file))));
    }
    let (head, plain) = peek(zstd::Decoder::new(file)?)?;
    Ok((is_archive(&head), BufReader::with_capacity(BUFFER, Box::new(plain))))
}

/// A tar archive says what it is in its first header, behind the name of the first file.
fn is_archive(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

/// What a stream starts with. A pipe hands on less at once than was asked for, so this reads until it has enough.
fn peek(mut input: impl Read) -> io::Result<(Vec<u8>, impl Read)> {
    let mut head = Vec::new();
    (&mut input).take(512).read_to_end(&mut head)?;
    Ok((head.clone(), Cursor::new(head).chain(input)))
}

/// Opens files and cuts them into pieces.
struct Reader {
    next: u64,
    to_parse: SyncSender<(u64, Piece)>,
    to_build: SyncSender<(u64, Message)>,
    buffers: Buffers,
    bar: ProgressBar,
}

impl Reader {
    fn say(&mut self, message: Message) {
        // The builder lives as long as this thread: a send fails only when it has panicked.
        let _ = self.to_build.send((self.next, message));
        self.next += 1;
    }

    fn file(&mut self, input: &Input) {
        match input {
            Input::Stdin => self.packed("-", &mut io::stdin().lock()),
            Input::Skipped(path, kind, reason) => {
                self.note(&path.display().to_string(), *kind, reason.clone());
            }
            Input::File(path) => self.named(&path.display().to_string(), path),
            Input::Live(path) => self.named("Azure", path),
        }
    }

    fn named(&mut self, name: &str, path: &Path) {
        match File::open(path) {
            Ok(file) => {
                let mut counted = self.bar.wrap_read(file);
                self.packed(name, &mut counted);
            }
            Err(error) => self.note(name, NoteKind::Unreadable, error.to_string()),
        }
    }

    /// A file as it is, or behind zstd, or an archive.
    fn packed(&mut self, name: &str, file: &mut dyn Read) {
        match unpacked(file) {
            Ok((true, mut input)) => self.archive(name, &mut input),
            Ok((false, mut input)) => self.document(name, &mut input),
            Err(error) => self.note(name, NoteKind::Unreadable, error.to_string()),
        }
    }

    fn archive(&mut self, name: &str, input: &mut dyn Read) {
        let mut archive = tar::Archive::new(input);
        let entries = match archive.entries() {
            Ok(entries) => entries,
            Err(error) => return self.note(name, NoteKind::Unreadable, format!("archive: {error}")),
        };
        for entry in entries {
            let mut entry = match entry {
                Ok(entry) => entry,
                Err(error) => return self.note(name, NoteKind::Unreadable, format!("archive: {error}")),
            };
            if !entry.header().entry_type().is_file() {
                continue;
            }
            let path = entry.path().map_or_else(|_| "?".to_owned(), |path| path.display().to_string());
            self.document(&format!("{name}!{path}"), &mut entry);
        }
    }

    fn document(&mut self, name: &str, input: &mut dyn Read) {
        self.say(Message::Open(name.to_owned()));
        let Self { next, to_parse, buffers, .. } = self;
        let mut hand_on = |piece: Piece| {
            *next += 1;
            to_parse.send((*next - 1, piece)).is_ok()
        };
        match read_document(name, input, Limits::default(), buffers, &mut hand_on) {
            Ok(outcome) => self.say(Message::Close(name.to_owned(), outcome)),
            Err(StopReason::Read(error)) => self.note(name, NoteKind::Unreadable, error.to_string()),
            Err(StopReason::Cancelled) => {}
        }
    }

    fn note(&mut self, name: &str, kind: NoteKind, reason: String) {
        self.say(Message::Note(Note { source: name.to_owned(), line: 0, column: 0, kind, reason }));
    }
}
