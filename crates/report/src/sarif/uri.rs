//! Documents as URIs.

use std::fmt::Write as _;

/// A path or name, as the user gave it, as an RFC 3986 reference: relative for relative paths, `file:` for others. Whatever
/// is not an unreserved character or a `/` is percent-encoded, so that no name can pass for a scheme, query or host.
pub(super) fn of_source(name: &str) -> String {
    match name {
        "" => return "unknown".to_owned(),
        "-" => return "stdin".to_owned(),
        _ => {}
    }
    let path = name.replace('\\', "/");
    let drive = matches!(path.as_bytes(), [letter, b':', b'/', ..] if letter.is_ascii_alphabetic());
    let rooted = path.starts_with('/');
    let mut out = String::with_capacity(path.len() + 8);
    if drive || rooted {
        out.push_str("file:///");
    }
    let mut first = true;
    for segment in path.split('/').filter(|s| !s.is_empty() && *s != ".") {
        if !std::mem::take(&mut first) {
            out.push('/');
        }
        if drive && out == "file:///" {
            out.push_str(segment);
        } else {
            encode(segment, &mut out);
        }
    }
    if out.is_empty() { "unknown".to_owned() } else { out }
}

fn encode(segment: &str, out: &mut String) {
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        for (name, uri) in [
            ("exports/tenant one.json", "exports/tenant%20one.json"),
            ("./a//b.json", "a/b.json"),
            ("../x.json", "../x.json"),
            ("/tmp/ä.json", "file:///tmp/%C3%A4.json"),
            ("C:\\data\\x#1.json", "file:///C:/data/x%231.json"),
            ("a:b?c", "a%3Ab%3Fc"),
            ("?:/x", "%3F%3A/x"),
            ("//evil.example/x", "file:///evil.example/x"),
            ("snap.tar.zst!ws.json", "snap.tar.zst%21ws.json"),
            ("-", "stdin"),
            ("", "unknown"),
            ("/", "file:///"),
            ("\n::x%0A", "%0A%3A%3Ax%250A"),
        ] {
            assert_eq!(of_source(name), uri, "{name:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn only_characters_of_a_uri_are_written(name in "\\PC*|[\\x00-\\xff]*") {
            let uri = of_source(&name);
            assert!(!uri.is_empty() && uri.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%/:".contains(&b)), "{uri}");
        }
    }
}
