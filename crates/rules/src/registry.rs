//! All rules, in order of id.

use crate::Rule;

/// All rules, in order of id.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    crate::rules::ALL.iter().copied()
}

/// The rule of an id.
pub fn by_id(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id)
}
