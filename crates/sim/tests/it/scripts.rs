//! Every script beside these tests is answered as the text beside it says.

use dekey_sim::{Azure, Options, Script};
use std::path::Path;

#[test]
fn scripts_are_answered_as_it_is_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|own| own != "txt") {
            continue;
        }
        seen += 1;
        let script: Script = std::fs::read_to_string(&path).unwrap().parse().unwrap();
        let mut azure = Azure::new(Options::new(1));
        azure.seed_example().unwrap();
        let told = script.run(&mut azure, jiff::Timestamp::UNIX_EPOCH);
        let expected = path.with_extension("out");
        if std::env::var_os("DEKEY_BLESS").is_some() {
            std::fs::write(&expected, &told).unwrap();
        }
        let expected = std::fs::read_to_string(&expected).unwrap_or_default();
        let differs = told.lines().zip(expected.lines()).find(|(told, expected)| told != expected);
        assert!(told == expected, "{}: {differs:?}; DEKEY_BLESS=1 writes it anew", path.display());
    }
    assert!(seen > 1, "no scripts");
}
