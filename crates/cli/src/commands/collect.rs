//! `dekey collect`, and what `dekey audit --azure` shares with it.

use super::snapshot;
use super::snapshot::file::Form;
use crate::args::{AzureArgs, CollectArgs, PermissionsFormat};
use crate::azure::{block_on, connect};
use crate::exit::{Error, Exit};
use crate::{input, output};
use dekey_azure::Client;
use dekey_collect::{
    Collected, Collector, Done, Earlier, Failure, Journal, Known, Missing, Progress, Records, carry_over,
    permissions,
};
use dekey_intake::Keep;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fs::File;
use std::io::{BufReader, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The journal of a live audit.
pub(super) const LIVE: &str = "azure.jsonl";

/// How many days of the activity log `dekey policy --azure` reads.
const ACTIVITY_DAYS: u16 = 14;

/// How many reasons are spelled out.
const REASONS: usize = 20;

pub(crate) fn run(args: &CollectArgs) -> Result<Exit, Error> {
    if let Some(format) = args.print_permissions {
        return print_permissions(format, &args.connection.subscriptions);
    }
    if args.preflight {
        return preflight(&args.connection);
    }
    let Some(path) = &args.output else { return Err(Error::Usage("say where to: -o FILE".to_owned())) };
    let form = Form::of(path)?;
    let journal = journal_of(path);
    let (earlier, first) = args.since.as_deref().map(snapshot::earlier).transpose()?.unzip();
    let (file, known, done) = open(&journal, args.resume)?;
    let from = jiff::Timestamp::now();
    let quiet = args.quiet || !std::io::stderr().is_terminal();
    let (collected, calls) = block_on(async {
        let connection = connect(&args.connection).await?;
        let records = Records { activity_days: args.activity_days, policy_states: args.policy_states };
        let before = Before { known, done, earlier: earlier.as_ref(), records };
        let collected = read(&connection.client, &args.connection, file, before, quiet).await?;
        Ok((collected, connection.calls))
    })?;
    let inventory = input::read(std::slice::from_ref(&journal), Keep::Raw, !quiet)?;
    if inventory.is_empty() {
        return Err(Error::Azure(
            "nothing was read: no subscription can be seen, or none holds anything".to_owned(),
        ));
    }
    let mut times = snapshot::taken(from);
    if collected.spared > 0 {
        times.taken_from = first.flatten().or(times.taken_from);
    }
    let resources = snapshot::write(&inventory, form, path, times)?;
    if !args.quiet {
        if args.since.is_some() {
            output::tell(&format!("{} lists were taken over, as nothing changed there", collected.spared));
        }
        output::tell(&format!("wrote {} with {resources} resources, after {calls}", path.display()));
    }
    for (scope, why) in &collected.anew {
        output::complain(&format!("{scope} was read anew: {}", dekey_report::terminal::plain(why)));
    }
    tell_refused(&collected);
    if collected.stopped {
        output::tell(&format!("stopped before the end; --resume goes on with {}", journal.display()));
        return Ok(Exit::NotJudged);
    }
    std::fs::remove_file(&journal).map_err(Error::write(&journal))?;
    Ok(if collected.refused.is_empty() { Exit::Clean } else { Exit::NotJudged })
}

/// Reads the tenant for `dekey audit --azure`: into a journal that is gone with the process.
pub(super) fn into_folder(args: &AzureArgs, quiet: bool) -> Result<tempfile::TempDir, Error> {
    into_folder_before(args, quiet, Before::default())
}

/// The same for `dekey policy`, which wants to know who wrote what lately, and what Azure says.
pub(super) fn into_folder_with_records(args: &AzureArgs, quiet: bool) -> Result<tempfile::TempDir, Error> {
    let records = Records { activity_days: ACTIVITY_DAYS, policy_states: true };
    into_folder_before(args, quiet, Before { records, ..Before::default() })
}

fn into_folder_before(args: &AzureArgs, quiet: bool, before: Before<'_>) -> Result<tempfile::TempDir, Error> {
    let folder = tempfile::tempdir().map_err(Error::write(std::env::temp_dir()))?;
    let path = folder.path().join(LIVE);
    let file = File::create(&path).map_err(Error::write(&path))?;
    block_on(async {
        let connection = connect(args).await?;
        read(&connection.client, args, file, before, quiet).await
    })?;
    Ok(folder)
}

fn journal_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".journal.jsonl");
    name.into()
}

/// Opens the journal: a new one, or what can be relied on of an earlier one.
fn open(path: &Path, resume: bool) -> Result<(File, Known, Done), Error> {
    let before = std::fs::metadata(path).ok();
    if before.is_none() && resume {
        return Err(Error::Usage(format!("{}: there is nothing to go on with", path.display())));
    }
    // An empty journal is what is left of a run that could not sign in.
    if before.is_none_or(|file| file.len() == 0) {
        let file = File::create(path).map_err(Error::write(path))?;
        return Ok((file, Known::default(), Done::new()));
    }
    if !resume {
        return Err(Error::Usage(format!(
            "{}: an earlier run was interrupted; --resume goes on with it, or delete the file",
            path.display()
        )));
    }
    let mut old = BufReader::new(File::open(path).map_err(Error::file(path))?);
    let next = path.with_extension("next");
    let mut new = BufWriter::new(File::create(&next).map_err(Error::write(&next))?);
    let (known, done) = carry_over(&mut old, &mut new).map_err(Error::write(&next))?;
    let file = new.into_inner().map_err(|error| Error::write(&next)(error.into_error()))?;
    std::fs::rename(&next, path).map_err(Error::write(path))?;
    Ok((file, known, done))
}

/// What a run goes on from.
#[derive(Default)]
pub(super) struct Before<'e> {
    known: Known,
    done: Done,
    earlier: Option<&'e Earlier>,
    records: Records,
}

async fn read(
    client: &Client,
    args: &AzureArgs,
    file: File,
    before: Before<'_>,
    quiet: bool,
) -> Result<Collected, Error> {
    let stop = Arc::new(AtomicBool::new(false));
    let stopping = Arc::clone(&stop);
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            output::tell("stopping: what is under way is finished, what was read is kept");
            stopping.store(true, Ordering::Relaxed);
        }
    });
    collected(client, (&args.subscriptions, &args.management_groups), file, before, (quiet, &stop)).await
}

/// Reads subscriptions and management groups into a file, until it is told to stop.
pub(super) async fn collected(
    client: &Client,
    (subscriptions, groups): (&[String], &[String]),
    file: File,
    before: Before<'_>,
    (quiet, stop): (bool, &AtomicBool),
) -> Result<Collected, Error> {
    let progress = Bar::new(quiet);
    let journal = Journal::new(BufWriter::new(file));
    let Before { known, done, earlier, records } = before;
    let collector =
        Collector::new(client, journal, (known, done), &progress, stop).since(earlier).with_records(records);
    let collected = collector.run(subscriptions.to_vec(), groups).await;
    progress.bar.finish_and_clear();
    collected.map_err(|failure| match failure {
        Failure::Azure(error) => Error::Azure(error.to_string()),
        Failure::Journal(error) => Error::Azure(format!("the journal cannot be written: {error}")),
    })
}

fn tell_refused(collected: &Collected) {
    for (kind, scope, why) in collected.refused.iter().take(REASONS) {
        let why = dekey_report::terminal::plain(why);
        output::complain(&format!(
            "{} of {} were not read: {why}",
            kind.plural(),
            dekey_report::terminal::plain(scope)
        ));
    }
    let further = collected.refused.len().saturating_sub(REASONS);
    if further > 0 {
        output::complain(&format!("and {further} more lists; the snapshot's manifest names them all"));
    }
}

fn print_permissions(format: PermissionsFormat, subscriptions: &[String]) -> Result<Exit, Error> {
    let mut scopes: Vec<String> = subscriptions.iter().map(|id| format!("/subscriptions/{id}")).collect();
    if scopes.is_empty() {
        scopes.push("/subscriptions/<subscription-id>".to_owned());
    }
    let text = match format {
        PermissionsFormat::Json => permissions::as_json(&scopes),
        PermissionsFormat::Bicep => permissions::as_bicep(),
        PermissionsFormat::Az => permissions::as_az(&scopes),
    };
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(Exit::Clean)
}

fn preflight(args: &AzureArgs) -> Result<Exit, Error> {
    let all = block_on(async {
        let connection = connect(args).await?;
        let asked = dekey_collect::preflight(&connection.client, &args.subscriptions).await;
        asked.map_err(|error| Error::Azure(error.to_string()))
    })?;
    if all.is_empty() {
        return Err(Error::Azure("no subscription can be seen: the identity has no role in any".to_owned()));
    }
    let mut out = std::io::stdout().lock();
    for Missing { scope, name, actions } in &all {
        let name = dekey_report::terminal::plain(name);
        if actions.is_empty() {
            writeln!(out, "{scope} {name}: everything can be read")?;
            continue;
        }
        writeln!(out, "{scope} {name}")?;
        for (action, kinds) in actions {
            let kinds: Vec<&str> = kinds.iter().map(|kind| kind.plural()).collect();
            let lost = if kinds.is_empty() { "less is checked".to_owned() } else { kinds.join(", ") };
            writeln!(
                out,
                "  missing {}; not judged without it: {lost}",
                dekey_report::terminal::plain(action)
            )?;
        }
    }
    let missing = all.iter().any(|own| !own.actions.is_empty());
    if missing {
        writeln!(out, "\ndekey collect --print-permissions az prints the commands that grant them")?;
    }
    Ok(if missing { Exit::NotJudged } else { Exit::Clean })
}

/// A bar for each phase.
struct Bar {
    bar: ProgressBar,
}

impl Bar {
    fn new(quiet: bool) -> Self {
        let bar = ProgressBar::new(0);
        if quiet {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let template = "{msg:14} [{bar:30}] {pos}/{len} {per_sec}, {eta} left; {prefix} resources";
        bar.set_style(
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        Self { bar }
    }
}

impl Progress for Bar {
    fn phase(&self, name: &str, steps: usize) {
        self.bar.reset();
        self.bar.set_message(name.to_owned());
        self.bar.set_length(steps as u64);
    }

    fn step(&self, resources: u64) {
        self.bar.set_prefix(resources.to_string());
        self.bar.inc(1);
    }
}
