//! Runs tests again whenever a file changes that they depend on.

use super::once;
use crate::args::TestArgs;
use crate::exit::{Error, Exit};
use crate::output::{self, ColorChoice};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How often files are looked at. Asking for their times is cheap, and works on every file system, shared ones too.
const PAUSE: Duration = Duration::from_millis(300);

/// What tells that a file changed: when it was written, and how long it is.
type Mark = Option<(SystemTime, u64)>;

pub(super) fn run(args: &TestArgs, color: ColorChoice) -> Result<Exit, Error> {
    let mut used = Vec::new();
    loop {
        let known = marks(args, &used);
        // While somebody edits, files may be gone or broken for a moment: that is told, and waited for.
        match once(args, color) {
            Ok((_, now)) => used = now,
            Err(error @ Error::Output(_)) => return Err(error),
            Err(error) => output::complain(&error.to_string()),
        }
        output::tell("\nWaiting for changes; Ctrl-C ends.");
        // What changed while the tests ran is a change, too.
        let mut before = marks(args, &used);
        before.extend(known);
        loop {
            let now = marks(args, &used);
            if now.iter().any(|(path, mark)| before.get(path) != Some(mark))
                || before.keys().any(|path| !now.contains_key(path))
            {
                break;
            }
            std::thread::sleep(PAUSE);
        }
    }
}

/// The marks of everything that was used, and of every file that could be one of tests.
fn marks(args: &TestArgs, used: &[PathBuf]) -> BTreeMap<PathBuf, Mark> {
    let mut paths: Vec<PathBuf> = used.to_vec();
    for path in &args.paths {
        let yaml = |own: &Path| own.extension().is_some_and(|own| own == "yaml" || own == "yml");
        let all = walkdir::WalkDir::new(path).follow_links(true).into_iter().filter_map(Result::ok);
        paths.extend(all.map(walkdir::DirEntry::into_path).filter(|own| yaml(own)));
        paths.push(path.clone());
    }
    let mark = |path: PathBuf| {
        let facts = std::fs::metadata(&path).ok();
        let mark = facts.and_then(|own| Some((own.modified().ok()?, own.len())));
        (path, mark)
    };
    paths.into_iter().map(mark).collect()
}
