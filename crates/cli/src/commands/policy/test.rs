//! `dekey policy test`.

mod disk;
mod watch;

use crate::args::{TestArgs, TestFormat, TestKind};
use crate::exit::{Error, Exit};
use crate::output::{self, ColorChoice};
use dekey_report::TerminalOptions;
use dekey_report::policy::Tested;
use dekey_report::terminal::plain;
use dekey_suite::Status;
use disk::{Disk, Mark};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

pub(crate) fn run(args: &TestArgs, color: ColorChoice) -> Result<Exit, Error> {
    if args.watch {
        return watch::run(args, color);
    }
    Ok(once(args, color)?.0)
}

/// Runs everything once, and says which files that depended on.
fn once(args: &TestArgs, color: ColorChoice) -> Result<(Exit, BTreeMap<PathBuf, Mark>), Error> {
    let found = find(&args.paths)?;
    if found.is_empty() {
        return Err(Error::Input(
            "no file of tests was found: they are YAML files that have `cases:` (`dekey policy test --help` shows one)".to_owned(),
        ));
    }
    let mut used = BTreeMap::new();
    let mut all = Vec::new();
    for path in &found {
        let disk = Disk::beside(path);
        used.insert(path.clone(), disk::mark(path));
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string());
        let suite = text.and_then(|text| dekey_suite::run(&text, &disk));
        all.push(Tested { file: path.display().to_string(), suite });
        used.extend(disk.used());
    }
    let terminal = [TestFormat { kind: TestKind::Terminal, file: None }];
    let formats = if args.formats.is_empty() { terminal.as_slice() } else { args.formats.as_slice() };
    for format in formats {
        write(format, &all, args.all, color)?;
    }
    Ok((exit(&all, args.accept_not_judged), used))
}

/// The files of tests among paths. One that is named is always run; in folders, those that have cases.
fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    for path in paths {
        if !std::fs::metadata(path).map_err(Error::file(path))?.is_dir() {
            found.push(path.clone());
            continue;
        }
        for entry in walkdir::WalkDir::new(path).follow_links(true).sort_by_file_name() {
            let entry = match entry {
                Ok(entry) => entry,
                // A link to a folder above leads to what is looked at anyway.
                Err(error) if error.loop_ancestor().is_some() => continue,
                Err(error) => return Err(Error::Input(plain(&error.to_string()))),
            };
            let is_yaml = entry.path().extension().is_some_and(|own| own == "yaml" || own == "yml");
            if entry.file_type().is_file() && is_yaml && has_cases(entry.path())? {
                found.push(entry.into_path());
            }
        }
    }
    Ok(found)
}

fn has_cases(path: &Path) -> Result<bool, Error> {
    let bytes = std::fs::read(path).map_err(Error::file(path))?;
    Ok(dekey_suite::is_suite(&String::from_utf8_lossy(&bytes)))
}

fn write(format: &TestFormat, all: &[Tested], everything: bool, color: ColorChoice) -> Result<(), Error> {
    let mut bytes = Vec::new();
    let to_terminal = format.file.is_none();
    match format.kind {
        TestKind::Terminal => {
            let color = to_terminal && color.stdout();
            let options = TerminalOptions { width: output::width(), color, all: everything };
            dekey_report::policy::tests(all, &options, &mut bytes)?;
        }
        TestKind::Junit => dekey_report::policy::test_junit(all, &mut bytes)?,
        TestKind::Json => writeln!(bytes, "{:#}", dekey_report::policy::test_json(all))?,
    }
    match &format.file {
        Some(path) => std::fs::write(path, bytes).map_err(Error::write(path)),
        None => Ok(std::io::stdout().lock().write_all(&bytes)?),
    }
}

/// What failed weighs most, then what cannot be run, then what nobody can say.
fn exit(all: &[Tested], accept_not_judged: bool) -> Exit {
    let cases = || all.iter().filter_map(|own| own.suite.as_ref().ok()).flat_map(|suite| &suite.cases);
    if cases().any(|case| case.status == Status::Failed) {
        Exit::Findings
    } else if all.iter().any(|own| own.suite.is_err()) {
        Exit::BadInput
    } else if !accept_not_judged && cases().any(|case| case.status == Status::NotJudged) {
        Exit::NotJudged
    } else {
        Exit::Clean
    }
}
