//! What `dekey policy simulate` and `dekey policy status` share: reading, aliases, formats, exit codes.

use crate::args::{GuardInput, PolicyFormat, PolicyFormatArg};
use crate::exit::{Error, Exit};
use crate::output::{self, ColorChoice};
use crate::{input, settings};
use dekey_guard::Estate;
use dekey_intake::Keep;
use dekey_model::{Inventory, NoteKind};
use dekey_policy::{Aliases, Knowledge, Semantics, Unlisted};
use dekey_report::TerminalOptions;
use dekey_report::terminal::plain;
use dekey_rules::Settings;
use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

/// What was read.
pub(super) struct Read {
    pub(super) inventory: Inventory,
    pub(super) settings: Settings,
    pub(super) now: jiff::Timestamp,
    pub(super) as_of: jiff::civil::Date,
}

impl Read {
    pub(super) fn new(args: &GuardInput) -> Result<Self, Error> {
        if args.formats.iter().filter(|format| format.file.is_none()).count() > 1 {
            let message = "only one format can go to the standard output; give the others a file (--format html=out.html)";
            return Err(Error::Usage(message.to_owned()));
        }
        let now = args.as_of.unwrap_or_else(super::super::now);
        let as_of = now.to_zoned(jiff::tz::TimeZone::UTC).date();
        let loaded = settings::load(args.settings.as_deref(), as_of)?;
        let progress = !args.quiet && std::io::stderr().is_terminal();
        // The folder goes with this value; by then everything in it was read.
        let collect = crate::commands::collect::into_folder_with_records;
        let live = args.azure.then(|| collect(&args.connection, !progress)).transpose()?;
        let file = live.as_ref().map(|folder| folder.path().join(crate::commands::collect::LIVE));
        let inventory = input::read_with(&args.paths, file, Keep::Raw, progress)?;
        if inventory.is_empty() {
            let message = "nothing was read: no document holds anything that is understood";
            return Err(Error::Input(message.to_owned()));
        }
        Ok(Self { inventory, settings: loaded.settings, now, as_of })
    }

    /// The exit code: what weighs most wins. Says what could not be read.
    pub(super) fn exit(&self, args: &GuardInput, findings: bool, unknowns: bool) -> Exit {
        let mut broken = false;
        for note in &self.inventory.coverage().notes {
            if matches!(note.kind, NoteKind::Malformed | NoteKind::Unreadable | NoteKind::TooLarge) {
                output::complain(&format!("{}: {}", plain(&note.place()), plain(&note.reason)));
                broken = true;
            }
        }
        match (findings, broken, unknowns && !args.accept_not_judged) {
            (true, ..) => Exit::Findings,
            (_, true, _) => Exit::BadInput,
            (.., true) => Exit::NotJudged,
            _ => Exit::Clean,
        }
    }
}

/// The aliases that are built in, those of the inventory, and those of files, in this order: the later say more.
pub(super) fn knowledge(args: &GuardInput, estate: &Estate<'_>) -> Result<Knowledge, Error> {
    let mut aliases = Aliases::built_in();
    for text in estate.provider_documents() {
        // A provider without aliases is no mistake.
        let _ = aliases.read(&text);
    }
    for path in &args.aliases {
        let text = std::fs::read_to_string(path).map_err(Error::file(path))?;
        let unreadable = |why: String| Error::Input(format!("{}: {}", path.display(), plain(&why)));
        aliases.read(&text).map_err(unreadable)?;
    }
    Ok(Knowledge {
        aliases: Arc::new(aliases),
        unlisted: Unlisted::NotJudged,
        semantics: Semantics::DOCUMENTED,
    })
}

/// Writes each format that was asked for; for people, if none goes to the standard output.
pub(super) fn write(
    args: &GuardInput,
    color: ColorChoice,
    render: &dyn Fn(PolicyFormat, &TerminalOptions, &mut dyn Write) -> std::io::Result<()>,
) -> Result<(), Error> {
    for PolicyFormatArg { format, file } in &args.formats {
        let Some(path) = file else { continue };
        let mut out = BufWriter::new(File::create(path).map_err(Error::write(path))?);
        let options = TerminalOptions { width: 100, color: false, all: args.all };
        render(*format, &options, &mut out).and_then(|()| out.flush()).map_err(Error::write(path))?;
        say(args, path);
    }
    let format = match args.formats.iter().find(|format| format.file.is_none()) {
        Some(own) => own.format,
        None if args.quiet => return Ok(()),
        None => PolicyFormat::Terminal,
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    let options = TerminalOptions { width: output::width(), color: color.stdout(), all: args.all };
    render(format, &options, &mut out)?;
    out.flush()?;
    Ok(())
}

fn say(args: &GuardInput, path: &Path) {
    if !args.quiet {
        output::tell(&format!("wrote {}", path.display()));
    }
}
