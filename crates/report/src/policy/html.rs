//! One self-contained page: no script, no outside asset.

use askama::Template;
use std::io::{self, Write};

/// How many rows a table has, so that the page of a large tenant still opens.
pub(crate) const ROWS: usize = 300;

/// A number with what it counts.
pub(crate) struct Card {
    pub(crate) number: String,
    pub(crate) what: String,
    pub(crate) text: String,
}

/// A table, or a paragraph where there are no rows.
pub(crate) struct Section {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) head: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<Cell>>,
    pub(crate) more: usize,
}

/// A cell; `tag` is the class of its mark, if it is one.
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) tag: &'static str,
}

impl Cell {
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), tag: "" }
    }

    pub(crate) fn tag(text: impl Into<String>, tag: &'static str) -> Self {
        Self { text: text.into(), tag }
    }
}

#[derive(Template)]
#[template(path = "policy.html")]
pub(crate) struct Sheet<'a> {
    pub(crate) css: &'static str,
    pub(crate) title: &'static str,
    pub(crate) version: &'a str,
    pub(crate) about: String,
    pub(crate) cards: Vec<Card>,
    pub(crate) sections: Vec<Section>,
}

pub(crate) const CSS: &str = include_str!("../../templates/report.css");

impl Sheet<'_> {
    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let page = self.render().map_err(io::Error::other)?;
        out.write_all(page.as_bytes())
    }
}
