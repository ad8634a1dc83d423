//! Snapshots on disk: an archive of two files, or lines of which the first is the manifest; plain or behind zstd.

use crate::exit::Error;
use crate::input;
use dekey_intake::Manifest;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

/// The names inside an archive.
pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const RESOURCES: &str = "resources.jsonl";

/// Good compression at a speed that does not hold reading up.
const ZSTD_LEVEL: i32 = 6;

/// How a snapshot is written, told by its name.
#[derive(Clone, Copy)]
pub(in crate::commands) struct Form {
    archive: bool,
    packed: bool,
}

impl Form {
    pub(in crate::commands) fn of(path: &Path) -> Result<Self, Error> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let plain = name.strip_suffix(".zst");
        let archive = match plain.unwrap_or(&name).rsplit('.').next() {
            Some("tar") => true,
            Some("jsonl" | "ndjson") => false,
            _ => {
                let names = "its name must end in .tar.zst, .jsonl.zst, .tar or .jsonl";
                return Err(Error::Usage(format!("{}: {names}", path.display())));
            }
        };
        Ok(Self { archive, packed: plain.is_some() })
    }

    /// Writes the two parts; `lines` is read from where it stands.
    pub(super) fn write(self, path: &Path, manifest: &Manifest, lines: &mut File) -> io::Result<()> {
        let file = File::create(path)?;
        if self.packed {
            let mut encoder = zstd::Encoder::new(file, ZSTD_LEVEL)?;
            self.write_to(&mut encoder, manifest, lines)?;
            return encoder.finish()?.flush();
        }
        let mut file = io::BufWriter::new(file);
        self.write_to(&mut file, manifest, lines)?;
        file.flush()
    }

    fn write_to(self, out: &mut dyn Write, manifest: &Manifest, lines: &mut File) -> io::Result<()> {
        if !self.archive {
            serde_json::to_writer(&mut *out, manifest)?;
            out.write_all(b"\n")?;
            return io::copy(lines, out).map(|_| ());
        }
        let mut archive = tar::Builder::new(out);
        let mut text = serde_json::to_string_pretty(manifest)?;
        text.push('\n');
        let size = lines.metadata()?.len();
        let parts: [(&str, u64, &mut dyn Read); 2] =
            [(MANIFEST, text.len() as u64, &mut text.as_bytes()), (RESOURCES, size, lines)];
        for (name, size, bytes) in parts {
            let mut header = tar::Header::new_gnu();
            header.set_size(size);
            header.set_mode(0o644);
            // No time and no owner: equal input gives equal bytes.
            header.set_mtime(0);
            archive.append_data(&mut header, name, bytes)?;
        }
        archive.finish()
    }
}

/// A manifest names each list that was read; larger than this it is none.
const MAX_MANIFEST: u64 = 256 << 20;

/// What is done with the resources of a snapshot as they stream by.
pub(super) type Lines<'l> = &'l mut dyn FnMut(&mut dyn BufRead) -> Result<(), Error>;

/// Reads a snapshot of any form: hands its resources on, and returns its manifest.
pub(super) fn read(path: &Path, lines: Lines<'_>) -> Result<Vec<u8>, Error> {
    let fail = || Error::file(path);
    if path.is_dir() {
        let open = |name: &str| File::open(path.join(name)).map_err(Error::file(path.join(name)));
        let manifest = whole(&mut open(MANIFEST)?).map_err(fail())?;
        lines(&mut BufReader::new(open(RESOURCES)?))?;
        return Ok(manifest);
    }
    let file = File::open(path).map_err(fail())?;
    let (is_archive, mut input) = input::unpacked(file).map_err(fail())?;
    let manifest = if is_archive {
        archive(path, &mut input, lines)?
    } else {
        let first = first_line(&mut input).map_err(fail())?;
        if first.is_some() {
            lines(&mut input)?;
        }
        first
    };
    manifest.ok_or_else(|| {
        Error::Input(format!(
            "{}: not a snapshot: expected {MANIFEST} and {RESOURCES} in it, or lines of which the first is a manifest",
            path.display()
        ))
    })
}

fn whole(input: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(MAX_MANIFEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_MANIFEST {
        return Err(io::Error::other(format!("{MANIFEST} is larger than {} MiB", MAX_MANIFEST >> 20)));
    }
    Ok(bytes)
}

/// The first line, if it is a manifest.
fn first_line(input: &mut dyn BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    input.take(MAX_MANIFEST).read_until(b'\n', &mut line)?;
    Ok(serde_json::from_slice(&line).is_ok_and(|value| Manifest::is_manifest(&value)).then_some(line))
}

/// Names decide which entry is which, so that nothing in an archive can choose where it is written.
fn archive(path: &Path, input: &mut dyn Read, lines: Lines<'_>) -> Result<Option<Vec<u8>>, Error> {
    let fail = || Error::file(path);
    let (mut manifest, mut resources) = (None, false);
    let mut archive = tar::Archive::new(input);
    for entry in archive.entries().map_err(fail())? {
        let mut entry = entry.map_err(fail())?;
        let name = entry.path().map_err(fail())?.into_owned();
        if name == Path::new(MANIFEST) {
            manifest = Some(whole(&mut entry).map_err(fail())?);
        } else if name == Path::new(RESOURCES) && !resources {
            resources = true;
            lines(&mut BufReader::new(entry))?;
        }
    }
    Ok(manifest.filter(|_| resources))
}
