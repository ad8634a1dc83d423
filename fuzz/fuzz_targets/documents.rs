//! Any bytes as a document: every reader, then every rule and every format over what was read. Nothing may panic, and a
//! snapshot of what was read must read as the same resources.

#![no_main]

use dekey_intake::{Keep, SnapshotWriter, read_into};
use dekey_model::{Builder, Inventory};
use dekey_report::{Report, TerminalOptions};
use dekey_rules::Settings;
use libfuzzer_sys::fuzz_target;

const AS_OF: jiff::civil::Date = jiff::civil::date(2026, 11, 23);

fn read(mut bytes: &[u8], keep: Keep) -> Inventory {
    let mut builder = Builder::new();
    read_into(&mut builder, "fuzz", &mut bytes, keep).expect("memory can be read");
    builder.finish()
}

fuzz_target!(|bytes: &[u8]| {
    let inventory = read(bytes, Keep::Facts);
    let raw = read(bytes, Keep::Raw);
    assert_eq!(inventory.len(), raw.len());
    if inventory.is_empty() {
        // Nothing to judge; the formats of an empty report are tested elsewhere.
        return;
    }
    let mut writer = SnapshotWriter::new(Vec::new(), None);
    writer.write_all(&raw).expect("memory can be written");
    let (lines, count, _) = writer.finish();
    assert_eq!(read(&lines, Keep::Facts).len() as u64, count);

    let settings = Settings::default();
    let audit = dekey_rules::audit(&inventory, &settings, AS_OF);
    assert!(audit.errors.is_empty(), "a rule failed");
    let report = Report::new(&inventory, &audit, &settings, "0", None);
    let out = &mut std::io::sink();
    let options = TerminalOptions { width: 80, color: true, all: true };
    dekey_report::terminal::render(&report, &options, out).expect("a sink takes all");
    dekey_report::json::v1::render(&report, out).expect("a sink takes all");
    dekey_report::sarif::render(&report, out).expect("a sink takes all");
    dekey_report::junit::render(&report, out).expect("a sink takes all");
    dekey_report::csv::render(&report, out).expect("a sink takes all");
    dekey_report::markdown::render(&report, out).expect("a sink takes all");
    dekey_report::github::render(&report, out).expect("a sink takes all");
    dekey_report::html::render(&report, out).expect("a sink takes all");
});
