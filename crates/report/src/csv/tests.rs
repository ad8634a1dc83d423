use super::*;
use crate::sample::{HOSTILE, Sample, rendered};

/// A reader after RFC 4180, written for this test only.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut quoted, mut chars) = (false, text.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => field.push(chars.next().unwrap()),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\r' if !quoted => {
                assert_eq!(chars.next(), Some('\n'));
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            c => field.push(c),
        }
    }
    assert!(!quoted && field.is_empty() && row.is_empty(), "the last record is not closed");
    rows
}

fn column(name: &str) -> usize {
    COLUMNS.iter().position(|c| *c == name).unwrap()
}

#[test]
fn every_record_has_every_column_on_one_line() {
    for sample in Sample::all() {
        let text = rendered(&sample.report(), render);
        let rows = records(&text);
        assert!(rows.iter().all(|row| row.len() == COLUMNS.len()));
        assert_eq!(rows.len(), text.lines().count());
        assert!(!text.replace("\r\n", "").chars().any(clean::is_hidden));
    }
}

#[test]
fn the_status_tells_what_a_record_is() {
    let sample = Sample::hostile();
    let rows = records(&rendered(&sample.report(), render));
    let count = |status: &str| rows.iter().filter(|row| row[0] == status).count();
    assert_eq!(count("finding"), sample.audit.findings.len());
    assert_eq!((count("waived"), count("waiver")), (1, 2));
    assert_eq!(count("not judged"), sample.report().not_judged().count());
    assert_eq!(count("not read"), 6);
    let waived = rows.iter().find(|row| row[0] == "waived").unwrap();
    assert_eq!(waived[column("waiver_expires")], "2026-12-24");
    let rate = rows.iter().find(|row| row[column("title")].contains("Azure Policy")).unwrap();
    assert!(rate[column("message")].contains(" of ") && rate[column("context")].contains("for comparison"));
    let unknown = records(&rendered(&Sample::unknown().report(), render));
    assert!(
        unknown.iter().any(|row| row[column("title")] == "strict compliance rate"
            && row[column("message")] == "0.0 % (0 of 1)")
    );
}

#[test]
fn no_cell_is_a_formula_whatever_separates_cells() {
    let text = rendered(&Sample::hostile().report(), render);
    let risky = |c: char| "=+-@＝＋－＠\t\r".contains(c);
    for cell in records(&text).iter().flatten() {
        assert!(cell.split(';').all(|piece| !piece.trim_start().starts_with(risky)), "{cell:?}");
    }
    let owners: Vec<String> =
        records(&text).into_iter().map(|mut row| row.swap_remove(column("owner"))).collect();
    for (raw, want) in
        [("=cmd|' -C calc'!A0", "'=cmd|' -C calc'!A0"), ("-2", "'-2"), ("x;=cmd()\t=1", "x;'=cmd() =1")]
    {
        assert!(HOSTILE.contains(&raw) && owners.iter().any(|o| o == want), "{want}");
    }
}

#[test]
fn cells_are_quoted_where_they_have_to_be() {
    for (raw, want) in [
        ("plain", "plain"),
        ("a,b", "\"a,b\""),
        ("say \"x\"", "\"say \"\"x\"\"\""),
        ("\t=1", "' =1"),
        ("\rx", "' x"),
        (" =1", "' =1"),
        ("a;b", "\"a;b\""),
        ("\"=1", "\"'\"\"=1\""),
        ("", ""),
    ] {
        assert_eq!(cell(raw), want, "{raw:?}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_one_safe_cell(text in "\\PC*|[\\x00-\\xff;\"=@]*") {
        let line = format!("{}\r\n", cell(&text));
        let rows = records(&line);
        assert_eq!((rows.len(), rows[0].len()), (1, 1));
        assert!(rows[0][0].split(';').all(|p| !p.trim_start().starts_with(['=', '+', '-', '@'])));
    }
}
