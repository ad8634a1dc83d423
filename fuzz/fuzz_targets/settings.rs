//! Any text as settings or baseline.

#![no_main]

use dekey_report::Baseline;
use dekey_rules::Settings;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = Settings::parse(text, jiff::civil::date(2026, 11, 23));
    let _ = Baseline::parse(text);
});
