//! Snapshots on disk: an archive of two files, or lines of which the first is the manifest; plain or behind zstd.

use crate::exit::Error;
use crate::input;
use dekey_intake::Manifest;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// The names inside an archive.
pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const RESOURCES: &str = "resources.jsonl";

/// Good compression at a speed that does not hold reading up.
const ZSTD_LEVEL: i32 = 6;

/// How a snapshot is written, told by its name.
#[derive(Clone, Copy)]
pub(super) struct Form {
    archive: bool,
    packed: bool,
}

impl Form {
    pub(super) fn of(path: &Path) -> Result<Self, Error> {
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

    pub(super) fn write(self, path: &Path, manifest: &Manifest, lines: &[u8]) -> io::Result<()> {
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

    fn write_to(self, out: &mut dyn Write, manifest: &Manifest, lines: &[u8]) -> io::Result<()> {
        if !self.archive {
            serde_json::to_writer(&mut *out, manifest)?;
            out.write_all(b"\n")?;
            return out.write_all(lines);
        }
        let mut archive = tar::Builder::new(out);
        let mut text = serde_json::to_string_pretty(manifest)?;
        text.push('\n');
        for (name, bytes) in [(MANIFEST, text.as_bytes()), (RESOURCES, lines)] {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            // No time and no owner: equal input gives equal bytes.
            header.set_mtime(0);
            archive.append_data(&mut header, name, bytes)?;
        }
        archive.finish()
    }
}

/// The two parts of a snapshot.
pub(super) struct Parts {
    pub(super) manifest: Vec<u8>,
    pub(super) resources: Vec<u8>,
}

impl Parts {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        if path.is_dir() {
            let read = |name: &str| std::fs::read(path.join(name)).map_err(Error::file(path.join(name)));
            return Ok(Self { manifest: read(MANIFEST)?, resources: read(RESOURCES)? });
        }
        let file = File::open(path).map_err(Error::file(path))?;
        let found = Self::read(file).map_err(Error::file(path))?;
        found.ok_or_else(|| {
            Error::Input(format!(
                "{}: not a snapshot: expected {MANIFEST} and {RESOURCES} in it, or lines of which the first is a manifest",
                path.display()
            ))
        })
    }

    fn read(file: File) -> io::Result<Option<Self>> {
        let mut input = input::unpacked(file)?;
        if input::is_archive(&mut input)? {
            return Self::from_archive(&mut input);
        }
        let mut resources = Vec::new();
        input.read_to_end(&mut resources)?;
        let Some(end) = memchr::memchr(b'\n', &resources) else { return Ok(None) };
        let rest = resources.split_off(end + 1);
        let manifest = serde_json::from_slice(&resources).is_ok_and(|line| Manifest::is_manifest(&line));
        Ok(manifest.then_some(Self { manifest: resources, resources: rest }))
    }

    fn from_archive(input: &mut dyn Read) -> io::Result<Option<Self>> {
        let mut archive = tar::Archive::new(input);
        let (mut manifest, mut resources) = (None, None);
        for entry in archive.entries()? {
            let mut entry = entry?;
            // Names decide, so that nothing in an archive can choose where it is written.
            let slot = match entry.path()?.to_str() {
                Some(MANIFEST) => &mut manifest,
                Some(RESOURCES) => &mut resources,
                _ => continue,
            };
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            *slot = Some(bytes);
        }
        Ok(manifest.zip(resources).map(|(manifest, resources)| Self { manifest, resources }))
    }
}
