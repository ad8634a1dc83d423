//! `dekey demo`: the whole way on an invented tenant, in one process. It signs in, collects and audits as it would with Azure.

use super::{audit, collect, snapshot};
use crate::args::{Cli, Command, DemoArgs};
use crate::azure::block_on;
use crate::exit::{Error, Exit};
use crate::output::{self, ColorChoice};
use crate::{azure, input};
use clap::Parser;
use collect::Before;
use dekey_intake::Keep;
use dekey_sim::{Azure, InProcess, Options};
use snapshot::file::Form;
use std::ffi::OsString;
use std::fs::File;
use std::path::Path;
use std::sync::atomic::AtomicBool;

pub(crate) fn run(args: &DemoArgs, color: ColorChoice) -> Result<Exit, Error> {
    std::fs::create_dir_all(&args.output).map_err(Error::write(&args.output))?;
    let path = args.output.join("tenant.tar.zst");
    let resources = read(args, &path)?;
    output::tell(&format!("collected {resources} resources of an invented tenant: {}", path.display()));
    let report = args.output.join("report.html");
    let mut html = OsString::from("html=");
    html.push(&report);
    let words: [OsString; 7] = [
        "dekey".into(),
        "audit".into(),
        path.into_os_string(),
        "--format".into(),
        html,
        "--format".into(),
        "terminal".into(),
    ];
    match Cli::try_parse_from(words).map(|cli| cli.command) {
        // That the example has findings is no failure of the demonstration.
        Ok(Command::Audit(own)) => audit::run(&own, color).map(|_| Exit::Clean),
        Ok(_) | Err(_) => Err(Error::Usage(format!("{}: not a name for a folder", args.output.display()))),
    }
}

/// Collects the tenant into a snapshot, and says how many resources that are.
fn read(args: &DemoArgs, path: &Path) -> Result<u64, Error> {
    let mut tenant = Azure::new(Options::with_roles(args.seed, &[("Reader", "/")]));
    match args.workspaces {
        Some(workspaces) => Ok(tenant.seed_workspaces(args.seed, workspaces)),
        None => tenant.seed_example(),
    }
    .map_err(|error| Error::Input(error.to_string()))?;
    let folder = tempfile::tempdir().map_err(Error::write(std::env::temp_dir()))?;
    let journal = folder.path().join("journal.jsonl");
    let file = File::create(&journal).map_err(Error::write(&journal))?;
    let now = jiff::Timestamp::now();
    block_on(async {
        let client = azure::in_process(InProcess::new(tenant, now))?;
        let before = Before::default();
        collect::collected(&client, (&[], &[]), file, before, (true, &AtomicBool::new(false))).await
    })?;
    let inventory = input::read(&[journal], Keep::Raw, false)?;
    snapshot::write(&inventory, Form::of(path)?, path, snapshot::taken(now))
}
