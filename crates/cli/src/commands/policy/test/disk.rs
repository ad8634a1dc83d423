//! The files that a file of tests refers to, by their paths from its own folder.

use dekey_suite::Files;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What tells that a file changed: when it was written, and how long it is. Nothing, where there is no such file.
pub(super) type Mark = Option<(SystemTime, u64)>;

/// The mark of a file.
pub(super) fn mark(path: &Path) -> Mark {
    let facts = std::fs::metadata(path).ok()?;
    Some((facts.modified().ok()?, facts.len()))
}

/// Reads from a folder, and remembers what was asked for, with what it was like before it was read.
pub(super) struct Disk {
    folder: PathBuf,
    used: RefCell<BTreeMap<PathBuf, Mark>>,
}

impl Disk {
    /// The folder of a file.
    pub(super) fn beside(file: &Path) -> Disk {
        let folder = file.parent().unwrap_or(Path::new(".")).to_owned();
        Disk { folder, used: RefCell::default() }
    }

    /// What was asked for, whether it was there or not.
    pub(super) fn used(self) -> BTreeMap<PathBuf, Mark> {
        self.used.into_inner()
    }

    fn note(&self, path: &Path) {
        self.used.borrow_mut().entry(path.to_owned()).or_insert_with(|| mark(path));
    }
}

impl Files for Disk {
    fn read(&self, path: &str) -> Result<String, String> {
        let whole = self.folder.join(path);
        self.note(&whole);
        std::fs::read_to_string(&whole).map_err(|error| format!("{path}: {error}"))
    }

    fn list(&self, path: &str) -> Option<Vec<String>> {
        let whole = self.folder.join(path);
        if !whole.is_dir() {
            return None;
        }
        self.note(&whole);
        let json = |entry: &walkdir::DirEntry| {
            entry.file_type().is_file() && entry.path().extension().is_some_and(|own| own == "json")
        };
        let files = walkdir::WalkDir::new(&whole).sort_by_file_name().into_iter().filter_map(Result::ok);
        let from_here = |entry: walkdir::DirEntry| {
            let below = entry.path().strip_prefix(&self.folder).unwrap_or(entry.path());
            below.to_str().map(str::to_owned)
        };
        Some(files.filter(json).filter_map(from_here).collect())
    }
}
