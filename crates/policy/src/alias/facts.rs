//! Facts about the types that dekey deals with, for when nobody gives a table.

use super::{Alias, Aliases};
use crate::Path;

/// A line with a type starts in the first column and says whether the type has tags and a location; below it, each alias
/// without its type, then its path where that is not `properties.` and the same name, then `modifiable`.
const TABLE: &str = include_str!("facts.tsv");

pub(super) fn built_in() -> Aliases {
    let mut aliases = Aliases::new();
    let mut resource_type = "";
    for line in TABLE.lines() {
        let mut cells = line.trim_start().split('\t');
        let first = cells.next().unwrap_or_default();
        if !line.starts_with('\t') {
            resource_type = first;
            let indexed = cells.next().map(|cell| cell == "indexed");
            aliases.insert_type(resource_type, indexed, None);
            continue;
        }
        let path = match cells.next() {
            None | Some("") => format!("properties.{first}"),
            Some(path) => path.to_owned(),
        };
        let Some(path) = Path::parse(&path) else { continue };
        aliases.insert(Alias {
            name: format!("{resource_type}/{first}"),
            resource_type: resource_type.to_owned(),
            path,
            versions: Vec::new(),
            modifiable: cells.next().map(|cell| cell == "modifiable"),
            token: None,
        });
    }
    aliases
}
