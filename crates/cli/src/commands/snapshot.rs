//! `dekey snapshot`.

pub(super) mod file;

use crate::args::{RulesFormat, SnapshotCommand};
use crate::exit::{Error, Exit};
use crate::{input, output};
use dekey_collect::Earlier;
use dekey_intake::{Keep, Manifest, SnapshotWriter};
use dekey_model::{Inventory, NoteKind};
use file::{Form, MANIFEST, RESOURCES};
use serde_json::json;
use std::fs::File;
use std::io::{BufRead, BufWriter, IsTerminal, Seek, Write};
use std::path::{Path, PathBuf};

pub(crate) fn run(command: &SnapshotCommand) -> Result<Exit, Error> {
    match command {
        SnapshotCommand::Pack { paths, output, taken_at } => pack(paths, output, *taken_at),
        SnapshotCommand::Unpack { archive, output } => unpack(archive, output),
        SnapshotCommand::Diff { old, new, format } => diff(old, new, *format),
        SnapshotCommand::Verify { snapshot } => verify(snapshot),
    }
}

fn read(paths: &[PathBuf]) -> Result<Inventory, Error> {
    input::read(paths, Keep::Raw, std::io::stderr().is_terminal())
}

fn pack(paths: &[PathBuf], path: &Path, taken_at: Option<jiff::Timestamp>) -> Result<Exit, Error> {
    let form = Form::of(path)?;
    let inventory = read(paths)?;
    complain_of_notes(&inventory);
    if inventory.is_empty() {
        return Err(Error::Input("no resource was read, so there is nothing to pack".to_owned()));
    }
    let taken = taken_at.map(|time| time.to_string());
    let manifest = Manifest { taken_from: taken.clone(), taken_to: taken, ..Manifest::default() };
    let resources = write(&inventory, form, path, manifest)?;
    output::tell(&format!("wrote {} with {resources} resources", path.display()));
    Ok(if broken(&inventory) { Exit::BadInput } else { Exit::Clean })
}

/// The times of a snapshot that was read from then until now.
pub(super) fn taken(from: jiff::Timestamp) -> Manifest {
    Manifest {
        taken_from: Some(format!("{from:.9}")),
        taken_to: Some(format!("{:.9}", jiff::Timestamp::now())),
        as_of: Some(format!("{from:.9}")),
        ..Manifest::default()
    }
}

/// Writes a snapshot of an inventory, with the times that a manifest gives; how many resources it holds.
pub(super) fn write(inventory: &Inventory, form: Form, path: &Path, times: Manifest) -> Result<u64, Error> {
    // The manifest comes first and holds the hash of what follows it.
    let mut lines = tempfile::tempfile().map_err(Error::write(std::env::temp_dir()))?;
    let mut writer = SnapshotWriter::new(BufWriter::new(&mut lines), times.taken_from.clone());
    writer.write_all(inventory)?;
    let (mut out, resources, hash) = writer.finish();
    out.flush()?;
    drop(out);
    lines.rewind()?;
    let manifest = Manifest {
        version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        resources: Some(resources),
        content_hash: Some(hash),
        coverage: Manifest::of(inventory.coverage().entries()).coverage,
        dekey: Manifest::MARK.to_owned(),
        ..times
    };
    form.write(path, &manifest, &mut lines).map_err(Error::write(path))?;
    Ok(resources)
}

fn unpack(archive: &Path, folder: &Path) -> Result<Exit, Error> {
    let path = folder.join(RESOURCES);
    let manifest = file::read(archive, &mut |lines| {
        std::fs::create_dir_all(folder).map_err(Error::write(folder))?;
        let mut out = File::create(&path).map_err(Error::write(&path))?;
        each_block(archive, lines, &mut |block| out.write_all(block).map_err(Error::write(&path)))
    })?;
    let path = folder.join(MANIFEST);
    std::fs::write(&path, manifest).map_err(Error::write(&path))?;
    output::tell(&format!("wrote {}", folder.display()));
    Ok(Exit::Clean)
}

fn each_block(
    path: &Path,
    input: &mut dyn BufRead,
    take: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    loop {
        let block = input.fill_buf().map_err(Error::file(path))?;
        if block.is_empty() {
            return Ok(());
        }
        take(block)?;
        let read = block.len();
        input.consume(read);
    }
}

fn diff(old: &Path, new: &Path, format: RulesFormat) -> Result<Exit, Error> {
    let (before, after) = (read(&[old.to_owned()])?, read(&[new.to_owned()])?);
    for inventory in [&before, &after] {
        complain_of_notes(inventory);
        if inventory.is_empty() {
            return Err(Error::Input("one of the two holds no resource that could be read".to_owned()));
        }
    }
    let changes = dekey_intake::diff(&before, &after);
    let mut out = std::io::stdout().lock();
    match format {
        RulesFormat::Json => {
            let list: Vec<_> = changes
                .iter()
                .map(|c| json!({ "resource": c.resource, "pointer": c.pointer, "old": c.old, "new": c.new, "words": c.words }))
                .collect();
            writeln!(out, "{:#}", json!({ "dekey": "diff/1", "changes": list }))?;
        }
        RulesFormat::Text if changes.is_empty() => writeln!(out, "nothing changed")?,
        RulesFormat::Text => {
            for change in &changes {
                writeln!(out, "{}", dekey_report::terminal::plain(&change.words))?;
            }
            let plural = if changes.len() == 1 { "" } else { "s" };
            writeln!(out, "\n{} change{plural}", changes.len())?;
        }
    }
    Ok(if changes.is_empty() { Exit::Clean } else { Exit::Findings })
}

/// The manifest of a snapshot that is as it was written, and each block of its resources on the way; their number and hash.
fn checked(
    path: &Path,
    take: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(Manifest, u64, String), Error> {
    let mut hasher = SnapshotWriter::new(std::io::sink(), None);
    let manifest = file::read(path, &mut |lines| {
        each_block(path, lines, &mut |block| {
            take(block)?;
            Ok(hasher.raw(block)?)
        })
    })?;
    let bad = |what: &str| Error::Input(format!("{}: {what}", path.display()));
    let value = serde_json::from_slice(&manifest).map_err(|error| bad(&format!("{MANIFEST}: {error}")))?;
    let manifest = Manifest::read(value).map_err(|error| bad(&format!("{MANIFEST}: {error}")))?;
    let (_, resources, hash) = hasher.finish();
    if manifest.content_hash.as_deref() != Some(hash.as_str()) {
        let said = manifest.content_hash.as_deref().unwrap_or("nothing");
        return Err(bad(&format!(
            "the resources were changed: the manifest says {said}, they hash to {hash}"
        )));
    }
    if manifest.resources != Some(resources) {
        return Err(bad(&format!(
            "{resources} resources, the manifest says {}",
            manifest.resources.unwrap_or(0)
        )));
    }
    Ok((manifest, resources, hash))
}

/// What a snapshot spares a run that goes on from it, and when the oldest resource in it was read.
pub(super) fn earlier(path: &Path) -> Result<(Earlier, Option<String>), Error> {
    let mut earlier = Earlier::default();
    let mut rest = Vec::new();
    let bad = |what: &str| Error::Input(format!("{}: {what}", path.display()));
    let (manifest, ..) = checked(path, &mut |block| {
        rest.extend_from_slice(block);
        let Some(end) = memchr::memrchr(b'\n', &rest) else { return Ok(()) };
        let next = rest.split_off(end + 1);
        for line in rest.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let text = std::str::from_utf8(line).map_err(|error| bad(&error.to_string()))?;
            earlier.line(text).map_err(|error| bad(&format!("a resource cannot be read: {error}")))?;
        }
        rest = next;
        Ok(())
    })?;
    let entries = manifest.entries().map_err(|error| bad(&error))?;
    earlier.covered(entries);
    let time = manifest.as_of.as_deref().or(manifest.taken_from.as_deref());
    let time =
        time.ok_or_else(|| bad("it does not say when it was taken, so nobody can ask what changed since"))?;
    earlier.as_of = time.parse().map_err(|error| bad(&format!("{MANIFEST}: {error}")))?;
    Ok((earlier, manifest.taken_from))
}

fn verify(path: &Path) -> Result<Exit, Error> {
    let (manifest, resources, hash) = checked(path, &mut |_| Ok(()))?;
    let bad = |what: &str| Error::Input(format!("{}: {what}", path.display()));
    let inventory = read(&[path.to_owned()])?;
    complain_of_notes(&inventory);
    if broken(&inventory) || inventory.len() as u64 != resources {
        return Err(bad(&format!("{} of {resources} resources can be read", inventory.len())));
    }
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{}: {resources} resources, {} coverage lines, {hash}: as written",
        path.display(),
        manifest.coverage.len()
    )?;
    Ok(Exit::Clean)
}

fn broken(inventory: &Inventory) -> bool {
    let notes = &inventory.coverage().notes;
    notes.iter().any(|n| matches!(n.kind, NoteKind::Malformed | NoteKind::Unreadable | NoteKind::TooLarge))
}

fn complain_of_notes(inventory: &Inventory) {
    for note in &inventory.coverage().notes {
        output::complain(&format!("{}: {}", note.place(), note.reason));
    }
}
