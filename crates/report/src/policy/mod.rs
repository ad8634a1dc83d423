//! What is said about policies.

mod document;
mod explain;
mod html;
mod pack;
mod sarif;
pub mod simulate;
pub mod status;
mod suite;

pub use document::{SCHEMA, schema};
pub use explain::{explain, explain_json};
pub use pack::pack;
pub use suite::{Tested, test_json, test_junit, tests};

use crate::TerminalOptions;
use crate::style::{Style, safe, wrap};
use std::io::{self, Write};

/// A terminal to write on.
pub(crate) struct Page<'p> {
    pub(crate) style: Style,
    pub(crate) width: usize,
    pub(crate) out: &'p mut dyn Write,
}

impl<'p> Page<'p> {
    pub(crate) fn new(options: &TerminalOptions, out: &'p mut dyn Write) -> Self {
        Page { style: Style { color: options.color }, width: options.width.max(40), out }
    }

    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", text.trim_end())
    }

    /// A text below a mark, wrapped, with its own look.
    pub(crate) fn text(
        &mut self,
        mark: &str,
        text: &str,
        look: impl Fn(Style, &str) -> String,
    ) -> io::Result<()> {
        let indent = mark.chars().count();
        let style = self.style;
        for (at, line) in wrap(&safe(text), self.width.saturating_sub(indent)).iter().enumerate() {
            let lead = if at == 0 { mark.to_owned() } else { " ".repeat(indent) };
            self.line(&format!("{lead}{}", look(style, line)))?;
        }
        Ok(())
    }

    pub(crate) fn plain(&mut self, mark: &str, text: &str) -> io::Result<()> {
        self.text(mark, text, |_, own| own.to_owned())
    }

    pub(crate) fn dim(&mut self, mark: &str, text: &str) -> io::Result<()> {
        self.text(mark, text, Style::dim)
    }

    pub(crate) fn heading(&mut self, text: &str) -> io::Result<()> {
        self.text("", text, Style::bold)
    }
}
