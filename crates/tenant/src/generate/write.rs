//! One JSON array per part, written as it is generated.

use super::{Part, Tenant, Truth};
use std::io::{self, Write};

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many resources of each part, in the order of [`Part::ALL`].
    pub resources: Vec<(Part, u64)>,
    /// What an audit must find.
    pub truth: Truth,
}

struct File<W> {
    part: Part,
    out: W,
    items: u64,
}

impl Tenant {
    /// Writes the tenant, one JSON array per part. `open` gets the part's name and gives what to write it to; give it a
    /// buffer.
    pub fn write<W: Write>(self, mut open: impl FnMut(&str) -> io::Result<W>) -> io::Result<Tally> {
        let opened = self.parts().map(|part| Ok(File { part, out: open(part.name())?, items: 0 }));
        let mut files = opened.collect::<io::Result<Vec<_>>>()?;
        let mut truth = Truth::default();
        for bundle in self {
            truth.add(&bundle.truth);
            for (part, value) in &bundle.items {
                // Parts that are always written come first, so a part's place in the list is its number.
                if let Some(file) = files.get_mut(*part as usize) {
                    file.out.write_all(if file.items == 0 { b"[\n" } else { b",\n" })?;
                    serde_json::to_writer(&mut file.out, value)?;
                    file.items += 1;
                }
            }
        }
        for file in &mut files {
            file.out.write_all(if file.items == 0 { b"[]\n" } else { b"\n]\n" })?;
            file.out.flush()?;
        }
        Ok(Tally { resources: files.iter().map(|file| (file.part, file.items)).collect(), truth })
    }
}
