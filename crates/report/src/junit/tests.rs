use super::*;
use crate::sample::{IDENTITY, SHARED_KEY, Sample, rendered};
use std::collections::BTreeMap;

/// Checks that tags nest, and that every suite holds what it says. Not a parser: it relies on quotes being escaped.
fn checked(text: &str) -> BTreeMap<String, usize> {
    let mut open: Vec<(String, BTreeMap<String, usize>, String)> = Vec::new();
    let mut total = BTreeMap::new();
    for tag in text.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("a tag ends");
        if tag.starts_with('?') {
            continue;
        }
        let name = tag.trim_matches('/').split([' ', '/']).next().unwrap().to_owned();
        if tag.starts_with('/') {
            let (opened, counts, said) = open.pop().unwrap();
            assert_eq!(opened, name);
            if name == "testsuite" || name == "testsuites" {
                for key in ["tests", "failures", "errors", "skipped"] {
                    let want = format!("{key}=\"{}\"", counts.get(key).copied().unwrap_or(0));
                    assert!(said.contains(&want), "{want} in {said}");
                }
                if name == "testsuites" {
                    total = counts;
                }
            }
            continue;
        }
        let key = match name.as_str() {
            "testcase" => Some("tests"),
            "failure" => Some("failures"),
            "error" => Some("errors"),
            "skipped" => Some("skipped"),
            _ => None,
        };
        if let Some(key) = key {
            open.iter_mut().for_each(|level| *level.1.entry(key.to_owned()).or_default() += 1);
        }
        if !tag.ends_with('/') {
            open.push((name, BTreeMap::new(), tag.to_owned()));
        }
    }
    assert!(open.is_empty());
    total
}

#[test]
fn what_suites_say_of_themselves_is_what_they_hold() {
    for sample in Sample::all() {
        let total = checked(&rendered(&sample.report(), render));
        assert_eq!(total.get("failures").copied().unwrap_or(0), sample.audit.findings.len());
    }
}

#[test]
fn no_character_that_xml_cannot_hold_is_written() {
    let text = rendered(&Sample::hostile().report(), render);
    assert!(!text.chars().any(|c| c != '\n' && clean::is_hidden(c)));
    assert!(text.contains("&lt;script&gt;alert(1)&lt;") && text.contains("]]&gt;&amp;amp;&quot;&#39;"));
    assert!(text.contains("\\u{1b}[31mred"));
}

#[test]
fn every_outcome_has_its_own_element() {
    let text = rendered(&Sample::hostile().report(), render);
    for part in [
        "<failure type=\"high\" message=\"high: the workspace has no managed identity",
        "<skipped message=\"waived until 2026-12-24 by ana|&lt;b&gt;: moves in December",
        "<skipped message=\"not judged: ",
        "<error type=\"input\" message=\"malformed: ",
        "name=\"computes at /\"><skipped message=\"refused: ",
        "<system-out>1 of ",
        "name=\"rate Azure Policy would show\"",
    ] {
        assert!(text.contains(part), "{part}");
    }
    assert!(text.contains(&format!("<testsuite name=\"{IDENTITY}\"")) && text.contains(&format!("<testsuite name=\"{SHARED_KEY}\"")));
}

#[test]
fn what_was_not_judged_passes_nowhere() {
    let text = rendered(&Sample::unknown().report(), render);
    assert!(!text.contains("workspaces that pass"));
    assert!(text.contains("strict compliance rate\" value=\"0.0 % (0 of 1)"));
    assert_eq!(checked(&rendered(&Sample::empty().report(), render)).get("tests"), None);
}

proptest::proptest! {
    #[test]
    fn any_text_is_harmless(text in "\\PC*|[\\x00-\\xff\u{fffe}\u{ffff}]*") {
        let own = Escaped(&text).to_string();
        assert!(!own.contains(['<', '>', '"', '\'']) && !own.chars().any(|c| c.is_control() || c == '\u{fffe}'));
    }
}
