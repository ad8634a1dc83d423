//! `dekey audit`.

use crate::args::{AuditArgs, FailOn, Format, FormatArg};
use crate::exit::{Error, Exit};
use crate::output::{self, ColorChoice};
use crate::{input, settings};
use dekey_intake::Keep;
use dekey_model::{Coverage, Note, NoteKind};
use dekey_report::{Baseline, Report, TerminalOptions};
use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::Path;

pub(crate) fn run(args: &AuditArgs, color: ColorChoice) -> Result<Exit, Error> {
    check(args)?;
    let as_of = args.as_of.unwrap_or_else(today);
    let loaded = settings::load(args.settings.as_deref(), as_of)?;
    let baseline = match &args.baseline {
        Some(path) => Some(settings::read_baseline(path)?),
        None => loaded.baseline()?,
    };
    let progress = !args.quiet && std::io::stderr().is_terminal();
    // The folder goes with this value; by then everything in it was read.
    let live = args.azure.then(|| super::collect::into_folder(&args.connection, !progress)).transpose()?;
    let file = live.as_ref().map(|folder| folder.path().join(super::collect::LIVE));
    let inventory = input::read_with(&args.paths, file, Keep::Facts, progress)?;
    let audit = dekey_rules::audit(&inventory, &loaded.settings, as_of);
    let report =
        Report::new(&inventory, &audit, &loaded.settings, env!("CARGO_PKG_VERSION"), baseline.as_ref());
    write_all(args, color, &report)?;
    if let Some(path) = &args.write_baseline {
        let known = audit.findings.iter().map(|finding| report.fingerprint(finding));
        std::fs::write(path, Baseline::of(known).render()).map_err(Error::write(path))?;
        say(args, path);
    }
    Ok(verdict(args, &report))
}

/// Today, in UTC: the same day for everybody who audits the same export.
fn today() -> jiff::civil::Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

fn check(args: &AuditArgs) -> Result<(), Error> {
    if args.formats.iter().filter(|format| format.file.is_none()).count() > 1 {
        let message = "only one format can go to the standard output; give the others a file (--format sarif=out.sarif)";
        return Err(Error::Usage(message.to_owned()));
    }
    Ok(())
}

fn write_all(args: &AuditArgs, color: ColorChoice, report: &Report<'_>) -> Result<(), Error> {
    for FormatArg { format, file } in &args.formats {
        if let Some(path) = file {
            let mut out = BufWriter::new(File::create(path).map_err(Error::write(path))?);
            let options = TerminalOptions { width: 100, color: false, all: args.all };
            write(*format, report, &options, &mut out)
                .and_then(|()| out.flush())
                .map_err(Error::write(path))?;
            say(args, path);
        }
    }
    if args.formats.iter().any(|wanted| wanted.format == Format::Sarif) {
        remark_on_sarif(args, report);
    }
    let to_stdout = args.formats.iter().find(|format| format.file.is_none()).map(|format| format.format);
    let format = match to_stdout {
        Some(format) => format,
        None if args.quiet => return Ok(()),
        None => Format::Terminal,
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    let options = TerminalOptions { width: output::width(), color: color.stdout(), all: args.all };
    write(format, report, &options, &mut out)?;
    out.flush()?;
    Ok(())
}

fn remark_on_sarif(args: &AuditArgs, report: &Report<'_>) {
    if let Some(remark) = dekey_report::sarif::beyond_limit(report).filter(|_| !args.quiet) {
        output::tell(&format!("SARIF: {remark}"));
    }
}

fn say(args: &AuditArgs, path: &Path) {
    if !args.quiet {
        output::tell(&format!("wrote {}", path.display()));
    }
}

fn write(
    format: Format,
    report: &Report<'_>,
    options: &TerminalOptions,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    match format {
        Format::Terminal => dekey_report::terminal::render(report, options, out),
        Format::Json => dekey_report::json::v1::render(report, out),
        Format::Sarif => dekey_report::sarif::render(report, out),
        Format::Junit => dekey_report::junit::render(report, out),
        Format::Csv => dekey_report::csv::render(report, out),
        Format::Markdown => dekey_report::markdown::render(report, out),
        Format::Github => dekey_report::github::render(report, out),
        Format::Html => dekey_report::html::render(report, out),
    }
}

/// The exit code: what weighs most wins.
fn verdict(args: &AuditArgs, report: &Report<'_>) -> Exit {
    let FailOn(least) = args.fail_on;
    let coverage = report.inventory.coverage();
    let unread = |note: &Note| match note.kind {
        NoteKind::Malformed | NoteKind::Unreadable | NoteKind::TooLarge => true,
        NoteKind::NotUnderstood => gave_nothing(args, coverage, note),
        NoteKind::Remark => false,
    };
    if !report.audit.errors.is_empty() {
        return Exit::Internal;
    }
    match (report.worst(), least) {
        (Some(worst), Some(least)) if worst >= least => Exit::Findings,
        _ if report.inventory.is_empty() || coverage.notes.iter().any(unread) => Exit::BadInput,
        _ if !report.audit.not_judged.is_empty() && !args.accept_not_judged => Exit::NotJudged,
        _ => Exit::Clean,
    }
}

/// Whether the user named this very file and nothing in it was understood. Of what else is in a folder, nobody knows whether
/// it was meant.
fn gave_nothing(args: &AuditArgs, coverage: &Coverage, note: &Note) -> bool {
    let named = args.paths.iter().any(|path| path.as_os_str() == note.source.as_str());
    named && coverage.sources.iter().any(|source| source.name == note.source && source.resources == 0)
}
