//! JSON of any size, one item a line, made while it is written.

use crate::clean::is_hidden;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;
use std::borrow::Cow;
use std::io::{self, BufWriter, Write};

type Items<'a, T> = Box<dyn Iterator<Item = T> + 'a>;

/// A list whose items are made one at a time, while it is written.
pub(crate) struct Stream<'a, T>(Box<dyn Fn() -> Items<'a, T> + 'a>);

impl<'a, T> Stream<'a, T> {
    /// A list of whatever `items` gives.
    pub(crate) fn new<I: Iterator<Item = T> + 'a>(items: impl Fn() -> I + 'a) -> Self {
        Self(Box::new(move || Box::new(items())))
    }
}

impl<T: Serialize> Serialize for Stream<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// On the wire it is a list like any other.
impl<T: JsonSchema> JsonSchema for Stream<'_, T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Vec::<T>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<T>::json_schema(generator)
    }
}

/// Writes a value as JSON. What lies at most `depth` levels deep gets a line of its own, so that line tools and version
/// control see one item at a time; what lies deeper stays on the line of its item.
pub(crate) fn write<T: Serialize>(value: &T, depth: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    let lines = Lines { limit: depth, depth: 0, filled: false };
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, lines))?;
    out.write_all(b"\n")?;
    out.flush()
}

struct Lines {
    limit: usize,
    depth: usize,
    filled: bool,
}

impl Lines {
    fn begin<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.filled = false;
        out.write_all(bracket)
    }

    fn end<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        let own_line = self.filled && self.depth <= self.limit;
        self.depth = self.depth.saturating_sub(1);
        if own_line {
            self.break_line(out)?;
        }
        out.write_all(bracket)
    }

    fn item<W: ?Sized + Write>(&self, out: &mut W, first: bool) -> io::Result<()> {
        if !first {
            out.write_all(b",")?;
        }
        if self.depth <= self.limit { self.break_line(out) } else { Ok(()) }
    }

    fn break_line<W: ?Sized + Write>(&self, out: &mut W) -> io::Result<()> {
        out.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| out.write_all(b"  "))
    }
}

impl Formatter for Lines {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.begin(out, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.end(out, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.item(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.filled = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.begin(out, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.end(out, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.item(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(if self.depth <= self.limit { b": " } else { b":" })
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.filled = true;
        Ok(())
    }

    /// The value stays the same; only a terminal or editor that shows the raw file is spared.
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        if fragment.bytes().all(|b| (b' '..=b'~').contains(&b)) {
            return out.write_all(fragment.as_bytes());
        }
        let mut buffer = [0; 4];
        for c in fragment.chars() {
            if is_hidden(c) {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    write!(out, "\\u{unit:04x}")?;
                }
            } else {
                out.write_all(c.encode_utf8(&mut buffer).as_bytes())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn text(value: &Value, depth: usize) -> String {
        let mut out = Vec::new();
        write(value, depth, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn items_have_lines_and_what_is_in_them_has_none() {
        let value = json!({ "a": 1, "none": [], "list": [{ "b": [1, 2] }, {}] });
        let want = "{\n  \"a\": 1,\n  \"none\": [],\n  \"list\": [\n    {\"b\":[1,2]},\n    {}\n  ]\n}\n";
        assert_eq!(text(&value, 2), want);
        assert_eq!(text(&value, 0), format!("{value}\n"));
    }

    #[test]
    fn streams_are_lists() {
        let mut out = Vec::new();
        write(&Stream::new(|| (1..=3).map(|n| n * n)), 0, &mut out).unwrap();
        assert_eq!(out, b"[1,4,9]\n");
    }

    proptest::proptest! {
        #[test]
        fn every_string_survives_and_nothing_hidden_is_written(own in "\\PC*|[\\x00-\\xff\u{202e}\u{e0041}\u{2028}]*") {
            let written = text(&json!({ "k": own.clone() }), 1);
            assert!(!written.chars().any(|c| is_hidden(c) && c != '\n'), "{written:?}");
            assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), json!({ "k": own }));
        }
    }
}
