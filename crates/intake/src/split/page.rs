//! Pages of lists, and tables: objects whose elements stream by.

use super::{Format, Splitter, Step, bad};
use std::sync::Arc;

impl Splitter<'_> {
    fn end_page(&mut self, head: Head) {
        self.end.more_pages = head.more_pages;
        self.end_list(!head.more_pages);
        let Some(version) = head.api_version else { return };
        self.versions_differ |= self.end.api_version.as_ref().is_some_and(|known| *known != version);
        self.end.api_version = (!self.versions_differ).then_some(version);
    }

    /// The rest of a page whose elements start at `open`.
    pub(super) fn page(&mut self, open: usize, key: &str, mut head: Head) -> Step<()> {
        self.from_graph = key.eq_ignore_ascii_case("data");
        self.set_format(if self.from_graph { Format::ResourceGraph } else { Format::ListPage });
        self.start_list(open);
        self.at = open;
        self.array()?;
        self.rest_of_object(&mut head)?;
        let cut = self.at;
        self.emit(cut)?;
        self.from_graph = false;
        self.end_page(head);
        Ok(())
    }

    /// A Resource Graph table: the names of the columns, then the rows.
    pub(super) fn table(&mut self, open: usize, mut head: Head) -> Step<()> {
        self.set_format(Format::ResourceGraphTable);
        self.start_list(open);
        self.at = open + 1;
        loop {
            match self.peek()? {
                Some(b'}') => {
                    self.at += 1;
                    break;
                }
                Some(b',') => self.at += 1,
                Some(b'"') => {
                    let (key, value_at) = self.key(self.at, 0)?;
                    let (_, value_at) = self.peek_from(self.at, value_at)?;
                    self.at += value_at;
                    match key.as_str() {
                        "columns" => self.table_columns()?,
                        "rows" if self.columns.is_some() => self.array()?,
                        "rows" => return Err(bad(self.at, "`columns` before `rows`")),
                        _ => self.at = self.scan(0)?,
                    }
                }
                _ => return Err(bad(self.at, "a property name or `}`")),
            }
        }
        let cut = self.at;
        self.emit(cut)?;
        self.columns = None;
        self.rest_of_object(&mut head)?;
        self.end_page(head);
        Ok(())
    }

    fn table_columns(&mut self) -> Step<()> {
        let end = self.scan(0)?;
        let text = self.window.get(self.at..end).unwrap_or_default();
        let columns: Result<Vec<serde_json::Value>, _> = serde_json::from_slice(text);
        let names = columns.ok().map(|columns| {
            let name =
                |c: &serde_json::Value| c.get("name").and_then(|n| n.as_str()).unwrap_or("").to_owned();
            columns.iter().map(name).collect::<Arc<[String]>>()
        });
        let Some(names) = names else { return Err(bad(self.at, "a list of columns with names")) };
        self.columns = Some(names);
        self.at = end;
        Ok(())
    }

    /// The members that follow a page's elements, up to and with the closing brace.
    fn rest_of_object(&mut self, head: &mut Head) -> Step<()> {
        loop {
            match self.peek()? {
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b',') => self.at += 1,
                Some(b'"') => {
                    let (key, value_at) = self.key(self.at, 0)?;
                    let (_, value_at) = self.peek_from(self.at, value_at)?;
                    self.at += value_at;
                    let end = self.scan(0)?;
                    head.member(&key, self.window.get(self.at..end).unwrap_or_default());
                    self.at = end;
                }
                Some(_) => return Err(bad(self.at, "a property name or `}`")),
                None => return Err(self.truncated("`}`")),
            }
        }
    }
}

/// Keys whose array holds resources.
pub(super) fn holds_resources(key: &str) -> bool {
    key.eq_ignore_ascii_case("value") || key.eq_ignore_ascii_case("data")
}

/// What was seen of an object before its elements.
#[derive(Default)]
pub(super) struct Head {
    has_id: bool,
    has_type: bool,
    api_version: Option<String>,
    more_pages: bool,
}

impl Head {
    pub(super) fn is_resource(&self) -> bool {
        self.has_id && self.has_type
    }

    pub(super) fn member(&mut self, key: &str, value: &[u8]) {
        match key {
            "id" => self.has_id = true,
            "type" => self.has_type = true,
            "nextLink" | "@odata.nextLink" | "$skipToken" | "skip_token" | "SkipToken" => {
                let next = serde_json::from_slice::<Option<String>>(value).ok().flatten();
                let next = next.filter(|text| !text.is_empty());
                self.more_pages |= next.is_some();
                self.api_version = next.as_deref().and_then(api_version_in).or(self.api_version.take());
            }
            _ => {}
        }
    }
}

fn api_version_in(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("api-version=")?;
    Some(rest.split('&').next().unwrap_or(rest).to_owned())
}
