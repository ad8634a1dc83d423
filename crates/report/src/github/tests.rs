use super::*;
use crate::sample::{Sample, rendered};

type Command = (String, Vec<(String, String)>, String);

/// As the runner reads it: command, properties, message; nothing for a line that is no command.
fn read(line: &str) -> Option<Command> {
    let (head, message) = line.strip_prefix("::")?.split_once("::")?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let unescape = |text: &str| {
        text.replace("%3A", ":")
            .replace("%2C", ",")
            .replace("%0D", "\r")
            .replace("%0A", "\n")
            .replace("%25", "%")
    };
    let pairs =
        properties.split(',').filter_map(|p| p.split_once('=')).map(|(k, v)| (k.to_owned(), unescape(v)));
    Some((name.to_owned(), pairs.collect(), unescape(message)))
}

#[test]
fn every_line_is_one_known_command_with_a_title() {
    for sample in Sample::all() {
        for line in rendered(&sample.report(), render).lines() {
            let (name, properties, message) = read(line).expect(line);
            assert!(["error", "warning", "notice"].contains(&name.as_str()));
            assert!(
                properties.iter().all(|(k, _)| ["file", "line", "col", "title"].contains(&k.as_str())),
                "{line}"
            );
            assert!(
                properties.last().is_some_and(|(k, v)| k == "title" && !v.is_empty()) && !message.is_empty()
            );
            assert!(!line.chars().any(clean::is_hidden) && line.chars().count() < 20_000);
        }
    }
}

#[test]
fn levels_follow_severity_and_places_follow_the_documents() {
    let text = rendered(&Sample::hostile().report(), render);
    let lines: Vec<_> = text.lines().filter_map(read).collect();
    let (first, second) = (&lines[0], &lines[1]);
    assert!(
        first.0 == "notice" && first.2.contains("strict compliance rate") && first.2.contains("Azure Policy")
    );
    assert_eq!(second.0, "error");
    assert_eq!(second.1[0], ("file".to_owned(), "exports/tenant one.json".to_owned()));
    assert!(second.1[1].0 == "line" && second.1[1].1.parse::<u32>().unwrap() > 0);
}

#[test]
fn long_lists_are_cut_and_say_so() {
    let sample = Sample::hostile();
    let text = rendered(&sample.report(), render);
    let not_judged = sample.report().not_judged().count();
    assert!(not_judged > SHOWN, "the sample shows nothing");
    assert!(text.contains(&format!("title={} more not judged::", not_judged - SHOWN)));
    assert_eq!(text.matches("title=not judged%3A").count(), SHOWN);
    assert_eq!(text.matches("title=waived%3A").count(), 1);
    assert!(
        text.contains("::warning title=waiver%3A expired::")
            && text.contains("::notice title=waiver%3A active::")
    );
    assert!(text.contains("::warning title=not read::computes at /: refused"));
}

#[test]
fn escaping_is_that_of_the_toolkit() {
    assert_eq!(data("100%\r\n"), "100%25%0D%0A");
    assert_eq!(property("a:b,c%"), "a%3Ab%2Cc%25");
    assert_eq!(property("\n::error::x"), " %3A%3Aerror%3A%3Ax");
}

proptest::proptest! {
    #[test]
    fn no_text_breaks_out_of_its_line(text in "\\PC*|[\\x00-\\xff%:,#\\[]*") {
        let mut out = Vec::new();
        let place = Place { source: &text, line: 1, column: 0 };
        command(&mut out, "error", &place, &text, std::slice::from_ref(&text)).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert_eq!(out.matches('\n').count(), 1);
        let (_, properties, message) = read(out.trim_end_matches('\n')).unwrap();
        assert_eq!(properties.last().unwrap().1, clean::cut(&clean::line(&text), LONG));
        assert_eq!(message, clean::cut(&clean::line(&text), LONG));
    }
}
