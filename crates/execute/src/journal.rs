//! The journal: a line is on the disk before what it says is done.

use crate::entry::{Entry, FORMAT};
use crate::past::Past;
use jiff::Timestamp;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// The longest journal that is read.
const MAX_BYTES: u64 = 256 << 20;

/// Something that keeps lines, whatever happens to this process or to the machine.
pub trait Durable: Send {
    /// Keeps a line. When this returns, the line will be there after a crash.
    fn append(&mut self, line: &[u8]) -> io::Result<()>;
}

impl Durable for File {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        self.write_all(line)?;
        self.sync_data()
    }
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be opened, read or written.
    #[error("the journal {path} cannot be used: {error}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        error: io::Error,
    },
    /// Another process writes to it.
    #[error("the journal {0} is in use: another dekey carries out this plan; wait until it is over")]
    Locked(String),
    /// A line is no line of a journal.
    #[error(
        "line {line} of the journal is not understood ({why}): what was done cannot be told, so nothing is done; look at the file"
    )]
    Broken {
        /// Which.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// It belongs to another plan.
    #[error(
        "the journal belongs to the plan {found}, and this is {wanted}: give each plan a journal of its own"
    )]
    OtherPlan {
        /// The plan that it names.
        found: String,
        /// The plan at hand.
        wanted: String,
    },
    /// A line could not be written. Nothing that it says was done.
    #[error("the journal cannot be written, so nothing more is done: {0}")]
    Write(io::Error),
}

/// A journal that is written to.
pub struct Journal {
    out: Box<dyn Durable>,
    past: Past,
}

impl Journal {
    /// Opens the journal of a plan, or begins one. It stays locked until it is dropped. A line that a crash cut short is cut off:
    /// what it was about to say had not begun.
    pub fn open(path: &Path, plan: &str) -> Result<Self, JournalError> {
        let named = |error| JournalError::File { path: path.display().to_string(), error };
        let is_new = !path.exists();
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(named)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(JournalError::Locked(path.display().to_string())),
            Err(TryLockError::Error(error)) => return Err(named(error)),
        }
        let mut bytes = Vec::new();
        (&mut file).take(MAX_BYTES).read_to_end(&mut bytes).map_err(named)?;
        let (past, kept) = read(&bytes)?;
        file.set_len(kept).map_err(named)?;
        file.seek(SeekFrom::Start(kept)).map_err(named)?;
        if is_new {
            // The name of a new file is on the disk only when its folder is.
            let folder = path.parent().filter(|own| !own.as_os_str().is_empty()).unwrap_or(Path::new("."));
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(named)?;
        }
        Self::begun(Box::new(file), past, plan)
    }

    /// A journal that is kept elsewhere, going on from what was kept so far.
    pub fn over(out: Box<dyn Durable>, kept: &[u8], plan: &str) -> Result<Self, JournalError> {
        let (past, _) = read(kept)?;
        Self::begun(out, past, plan)
    }

    fn begun(out: Box<dyn Durable>, past: Past, plan: &str) -> Result<Self, JournalError> {
        let mut own = Self { out, past };
        match own.past.plan() {
            Some(found) if found != plan => {
                Err(JournalError::OtherPlan { found: found.to_owned(), wanted: plan.to_owned() })
            }
            Some(_) => Ok(own),
            None => {
                own.note(Entry::Opened {
                    dekey: FORMAT.to_owned(),
                    plan: plan.to_owned(),
                    at: Timestamp::now(),
                })?;
                Ok(own)
            }
        }
    }

    /// What was done so far.
    pub fn past(&self) -> &Past {
        &self.past
    }

    /// Writes a line, and returns when it is kept.
    pub(crate) fn note(&mut self, entry: Entry) -> Result<(), JournalError> {
        let mut line = serde_json::to_vec(&entry).map_err(|error| JournalError::Write(error.into()))?;
        line.push(b'\n');
        self.out.append(&line).map_err(JournalError::Write)?;
        self.past.entries.push(entry);
        Ok(())
    }
}

impl Past {
    /// Reads a journal that somebody else may be writing to; nothing when there is none.
    pub fn of_file(path: &Path) -> Result<Option<Self>, JournalError> {
        match std::fs::read(path) {
            Ok(bytes) => Ok(Some(read(&bytes)?.0)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(JournalError::File { path: path.display().to_string(), error }),
        }
    }
}

/// The lines of a journal, and how many bytes they take. A last line without an end is none.
fn read(bytes: &[u8]) -> Result<(Past, u64), JournalError> {
    let mut past = Past::default();
    let mut kept = 0;
    for (at, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        if line.last() != Some(&b'\n') {
            break;
        }
        let broken = |why: String| JournalError::Broken { line: at + 1, why };
        let entry: Entry =
            serde_json::from_slice(line).map_err(|error| broken(format!("column {}", error.column())))?;
        match (&entry, at) {
            (Entry::Opened { dekey, .. }, 0) if dekey == FORMAT => {}
            (Entry::Opened { .. }, _) => return Err(broken("it is of another version".to_owned())),
            (_, 0) => return Err(broken("it does not say which plan it is of".to_owned())),
            _ => {}
        }
        past.entries.push(entry);
        kept += line.len() as u64;
    }
    Ok((past, kept))
}
