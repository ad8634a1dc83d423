//! What each stage of an audit costs, on an invented tenant of 1,000 workspaces with a tenth of their children.
//!
//! `cargo bench -p dekey-cli`. Whole audits of large tenants, beside other tools and a bare parse, are in `bench/`.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]

use dekey_intake::{Keep, SnapshotWriter, read_into};
use dekey_model::{Builder, Inventory};
use dekey_report::{Report, TerminalOptions};
use dekey_rules::{Audit, Settings};
use dekey_tenant::{Children, Tenant};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

const AS_OF: jiff::civil::Date = jiff::civil::date(2026, 11, 23);
const WORKSPACES: u64 = 1000;

fn main() {
    divan::main();
}

/// A file in memory.
#[derive(Clone, Default)]
struct Memory(Rc<RefCell<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn documents() -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    let tenant = Tenant::generate(1, WORKSPACES).with_children(Children::Some);
    tenant
        .write(|_| {
            files.push(Memory::default());
            Ok(files.last().unwrap().clone())
        })
        .unwrap();
    files.into_iter().map(|file| file.0.take()).collect()
}

fn read(documents: &[Vec<u8>], keep: Keep) -> Inventory {
    let mut builder = Builder::new();
    for document in documents {
        read_into(&mut builder, "bench.json", &mut document.as_slice(), keep).unwrap();
    }
    builder.finish()
}

fn size(documents: &[Vec<u8>]) -> BytesCount {
    BytesCount::new(documents.iter().map(Vec::len).sum::<usize>())
}

#[divan::bench(args = [Keep::Facts, Keep::Raw])]
fn reading(bencher: Bencher<'_, '_>, keep: Keep) {
    let documents = documents();
    bencher.counter(size(&documents)).bench_local(|| read(&documents, keep));
}

#[divan::bench]
fn rules(bencher: Bencher<'_, '_>) {
    let (inventory, settings) = (read(&documents(), Keep::Facts), Settings::default());
    let count = ItemsCount::new(inventory.len());
    bencher.counter(count).bench_local(|| dekey_rules::audit(&inventory, &settings, AS_OF));
}

#[divan::bench]
fn packing(bencher: Bencher<'_, '_>) {
    let documents = documents();
    let inventory = read(&documents, Keep::Raw);
    bencher.counter(size(&documents)).bench_local(|| {
        let mut writer = SnapshotWriter::new(io::sink(), None);
        writer.write_all(&inventory).unwrap();
        writer.finish().1
    });
}

type Render = fn(&Report<'_>, &mut dyn Write) -> io::Result<()>;

const FORMATS: [(&str, Render); 8] = [
    ("terminal", |report, out| {
        let options = TerminalOptions { width: 100, color: true, all: false };
        dekey_report::terminal::render(report, &options, out)
    }),
    ("json", dekey_report::json::v1::render),
    ("sarif", dekey_report::sarif::render),
    ("junit", dekey_report::junit::render),
    ("csv", dekey_report::csv::render),
    ("markdown", dekey_report::markdown::render),
    ("github", dekey_report::github::render),
    ("html", dekey_report::html::render),
];

#[divan::bench(args = FORMATS.map(|format| format.0))]
fn writing(bencher: Bencher<'_, '_>, name: &str) {
    let (inventory, settings) = (read(&documents(), Keep::Facts), Settings::default());
    let audit: Audit = dekey_rules::audit(&inventory, &settings, AS_OF);
    let render = FORMATS.iter().find(|format| format.0 == name).unwrap().1;
    bencher.counter(ItemsCount::new(audit.findings.len())).bench_local(|| {
        // Anew each time: the order of findings is worked out with the first format.
        let report = Report::new(&inventory, &audit, &settings, "0", None);
        render(&report, &mut io::sink()).unwrap();
    });
}
