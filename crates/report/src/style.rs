//! Colour and wrapping for terminals.

use crate::clean;
use dekey_model::Severity;
use unicode_width::UnicodeWidthStr;

/// Writes words in colour, or plainly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) color: bool,
}

impl Style {
    fn paint(self, code: &str, text: &str) -> String {
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    pub(crate) fn code(self, text: &str) -> String {
        self.paint("36", text)
    }

    pub(crate) fn unknown(self, text: &str) -> String {
        self.paint("35", text)
    }

    pub(crate) fn severity(self, severity: Severity, text: &str) -> String {
        let code = match severity {
            Severity::Critical => "1;97;41",
            Severity::High => "1;31",
            Severity::Medium => "33",
            Severity::Low => "34",
            Severity::Info => "2",
        };
        self.paint(code, text)
    }
}

/// Text without anything that could move the cursor or hide.
pub(crate) fn safe(text: &str) -> String {
    clean::line(text).into_owned()
}

/// Breaks a text into lines of at most `width` columns, at spaces where there are any.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(20);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let mut word = word;
        let fits = line.is_empty() || line.width() + 1 + word.width() <= width;
        if !fits {
            lines.push(std::mem::take(&mut line));
        }
        // An id is one long word: it is cut where it must be.
        while word.width() > width {
            let at = cut_at(word, width);
            let (head, tail) = word.split_at_checked(at).unwrap_or((word, ""));
            lines.push(head.to_owned());
            word = tail;
            if at == 0 {
                break;
            }
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

/// How many bytes of a word fit into `width` columns.
fn cut_at(word: &str, width: usize) -> usize {
    let mut columns = 0;
    for (at, c) in word.char_indices() {
        columns += unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
        if columns > width {
            return at;
        }
    }
    word.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_nothing_is_lost() {
        let text = "the quick brown fox jumps over a/very/long/word/that/does/not/fit/on/one/line and on";
        let lines = wrap(text, 24);
        assert!(lines.iter().all(|line| line.width() <= 24), "{lines:?}");
        let joined: String = lines.concat().chars().filter(|c| *c != ' ').collect();
        assert_eq!(joined, text.replace(' ', ""));
        assert_eq!(wrap("", 30), [""]);
        assert!(wrap(&"東".repeat(100), 21).iter().all(|line| line.width() <= 21));
    }

    #[test]
    fn colour_is_only_on_demand() {
        assert_eq!(Style { color: false }.bold("x"), "x");
        assert_eq!(Style { color: true }.bold("x"), "\u{1b}[1mx\u{1b}[0m");
    }
}
