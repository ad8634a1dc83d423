//! Finds where JSON values end, without reading them.

use memchr::memchr2;

/// The deepest nesting that is read. Azure's own documents stay far below it.
pub(crate) const MAX_DEPTH: u32 = 100;

/// The end of a value, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scan {
    /// Position after the value.
    Done(usize),
    /// The window ends before the value does.
    More,
    /// Not well formed at this position; what was expected.
    Bad(usize, &'static str),
    /// Nested too deep at this position.
    Deep(usize),
}

/// The end of the value that starts at `at`, which must not be white space.
pub(crate) fn value_end(bytes: &[u8], at: usize) -> Scan {
    match bytes.get(at) {
        Some(b'{' | b'[') => container_end(bytes, at),
        Some(b'"') => string_end(bytes, at),
        Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => scalar_end(bytes, at),
        Some(_) => Scan::Bad(at, "a value"),
        None => Scan::More,
    }
}

/// The end of the string that starts at the quote at `at`.
pub(crate) fn string_end(bytes: &[u8], at: usize) -> Scan {
    let mut from = at + 1;
    while let Some(found) = bytes.get(from..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        if bytes.get(from + found) == Some(&b'"') {
            return Scan::Done(from + found + 1);
        }
        from += found + 2;
    }
    Scan::More
}

fn scalar_end(bytes: &[u8], at: usize) -> Scan {
    let rest = bytes.get(at..).unwrap_or_default();
    match rest.iter().position(|b| matches!(b, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t')) {
        Some(length) => Scan::Done(at + length),
        None => Scan::More,
    }
}

fn container_end(bytes: &[u8], at: usize) -> Scan {
    // One bit for each open bracket: set for an object.
    let (mut objects, mut depth) = (0u128, 0u32);
    let mut pos = at;
    loop {
        let rest = bytes.get(pos..).unwrap_or_default();
        let Some(step) = rest.iter().position(|b| matches!(b, b'"' | b'{' | b'}' | b'[' | b']')) else {
            return Scan::More;
        };
        pos += step;
        match bytes.get(pos) {
            Some(b'"') => match string_end(bytes, pos) {
                Scan::Done(end) => {
                    pos = end;
                    continue;
                }
                other => return other,
            },
            Some(open @ (b'{' | b'[')) => {
                if depth >= MAX_DEPTH {
                    return Scan::Deep(pos);
                }
                objects = (objects << 1) | u128::from(*open == b'{');
                depth += 1;
            }
            Some(close) => {
                let object = objects & 1 == 1;
                if object != (*close == b'}') {
                    return Scan::Bad(pos, if object { "`}`" } else { "`]`" });
                }
                objects >>= 1;
                depth -= 1;
                if depth == 0 {
                    return Scan::Done(pos + 1);
                }
            }
            None => return Scan::More,
        }
        pos += 1;
    }
}

/// Skips white space; the position of the next byte, or the end.
pub(crate) fn skip_space(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|b| !matches!(b, b' ' | b'\n' | b'\r' | b'\t')).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_end_where_json_says() {
        for (text, end) in [
            (r#"{"a":"}\"]"} x"#, 12),
            (r#"[[],{},"\\"],"#, 12),
            (r#""a\"b" "#, 6),
            ("12.5e3,", 6),
            ("null}", 4),
        ] {
            assert_eq!(value_end(text.as_bytes(), 0), Scan::Done(end), "{text}");
        }
    }

    #[test]
    fn what_is_open_asks_for_more_and_what_is_wrong_is_named() {
        for text in [r#"{"a":"#, r#""abc"#, r#""abc\"#, "[1,2", "12"] {
            assert_eq!(value_end(text.as_bytes(), 0), Scan::More, "{text}");
        }
        assert_eq!(value_end(b"{]", 0), Scan::Bad(1, "`}`"));
        assert_eq!(value_end(b"[}", 0), Scan::Bad(1, "`]`"));
        assert_eq!(value_end(b"?", 0), Scan::Bad(0, "a value"));
        let deep = "[".repeat(1000);
        assert_eq!(value_end(deep.as_bytes(), 0), Scan::Deep(MAX_DEPTH as usize));
    }
}
