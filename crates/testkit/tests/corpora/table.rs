//! The truth tables: comma-separated values with a heading, quoted where needed.

use std::collections::BTreeMap;
use std::path::Path;

/// One line of a table, by the names of its columns.
pub(crate) type Line = BTreeMap<String, String>;

/// Every line of a table.
pub(crate) fn read(path: &Path) -> Vec<Line> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut records = records(&text).into_iter();
    let heading = records.next().unwrap_or_default();
    records.map(|record| heading.iter().cloned().zip(record).collect()).collect()
}

fn records(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                record.push(std::mem::take(&mut cell));
                records.push(std::mem::take(&mut record));
            }
            other => cell.push(other),
        }
    }
    if !cell.is_empty() || !record.is_empty() {
        record.push(cell);
        records.push(record);
    }
    records
}

#[test]
fn quotes_commas_and_line_breaks() {
    let found = records("a,b\n\"x,\"\"y\"\"\n\",\r\nlast,");
    assert_eq!(found, [vec!["a", "b"], vec!["x,\"y\"\n", ""], vec!["last", ""]]);
}
