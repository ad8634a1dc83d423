//! Runs tests again whenever a file changes that they depend on.

use super::disk::{Mark, mark};
use super::once;
use crate::args::TestArgs;
use crate::exit::{Error, Exit};
use crate::output::{self, ColorChoice};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often files are looked at. Asking for their times is cheap, and works on every file system, shared ones too.
const PAUSE: Duration = Duration::from_millis(300);

pub(super) fn run(args: &TestArgs, color: ColorChoice) -> Result<Exit, Error> {
    let mut used = BTreeMap::new();
    loop {
        // While somebody edits, files may be gone or broken for a moment: that is told, and waited for.
        let mut before = marks(args, &used);
        match once(args, color) {
            Ok((_, now)) => used = now,
            Err(error @ Error::Output(_)) => return Err(error),
            Err(error) => output::complain(&error.to_string()),
        }
        output::tell("\nWaiting for changes; Ctrl-C ends.");
        // What changed while the tests ran is a change, too.
        before.extend(used.clone());
        while marks(args, &before) == before {
            std::thread::sleep(PAUSE);
        }
    }
}

/// What files are like now: those that were used, and every one that could be a file of tests.
fn marks(args: &TestArgs, used: &BTreeMap<PathBuf, Mark>) -> BTreeMap<PathBuf, Mark> {
    let mut paths: Vec<PathBuf> = used.keys().cloned().collect();
    for path in &args.paths {
        let yaml = |own: &Path| own.extension().is_some_and(|own| own == "yaml" || own == "yml");
        let all = walkdir::WalkDir::new(path).follow_links(true).into_iter().filter_map(Result::ok);
        paths.extend(all.map(walkdir::DirEntry::into_path).filter(|own| yaml(own)));
    }
    paths.into_iter().map(|path| (path.clone(), mark(&path))).collect()
}
