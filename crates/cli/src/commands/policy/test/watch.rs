//! Runs tests again whenever a file changes that they depend on.

use super::once;
use crate::args::TestArgs;
use crate::exit::{Error, Exit};
use crate::output::{self, ColorChoice};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How often files are looked at. Asking for their times is cheap, and works on every file system, shared ones too.
const PAUSE: Duration = Duration::from_millis(300);

/// What tells that a file changed: when it was written, and how long it is.
type Mark = Option<(SystemTime, u64)>;

pub(super) fn run(args: &TestArgs, color: ColorChoice) -> Result<Exit, Error> {
    loop {
        // While somebody edits, files may be gone or broken for a moment: that is told, and waited for.
        let used = match once(args, color) {
            Ok((_, used)) => used,
            Err(error @ Error::Output(_)) => return Err(error),
            Err(error) => {
                output::complain(&error.to_string());
                Vec::new()
            }
        };
        output::tell("\nWaiting for changes; Ctrl-C ends.");
        let before = marks(args, &used);
        while marks(args, &used) == before {
            std::thread::sleep(PAUSE);
        }
    }
}

/// The marks of everything that was used, and of every file that could be one of tests.
fn marks(args: &TestArgs, used: &[PathBuf]) -> Vec<(PathBuf, Mark)> {
    let mut paths: Vec<PathBuf> = used.to_vec();
    for path in &args.paths {
        let yaml = |own: &Path| own.extension().is_some_and(|own| own == "yaml" || own == "yml");
        let all = walkdir::WalkDir::new(path).follow_links(true).into_iter().filter_map(Result::ok);
        paths.extend(all.map(walkdir::DirEntry::into_path).filter(|own| yaml(own)));
        paths.push(path.clone());
    }
    paths.sort();
    paths.dedup();
    let mark = |path: PathBuf| {
        let facts = std::fs::metadata(&path).ok();
        let mark = facts.and_then(|own| Some((own.modified().ok()?, own.len())));
        (path, mark)
    };
    paths.into_iter().map(mark).collect()
}
