//! Patterns of actions, as role definitions spell them.

use std::fmt;

/// A pattern such as `Microsoft.Storage/storageAccounts/*/read`.
///
/// A `*` stands for any run of characters, `/` included, and may stand anywhere, any number of times. The pattern
/// covers an action from its first to its last character. Case and space around it do not count: published role definitions have
/// both.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern {
    folded: Box<str>,
    given: Box<str>,
}

impl Pattern {
    /// The pattern of a text.
    pub fn new(text: &str) -> Self {
        let given = text.trim();
        Self { folded: given.to_ascii_lowercase().into(), given: given.into() }
    }

    /// As it was given, without the space around it.
    pub fn as_str(&self) -> &str {
        &self.given
    }

    /// Whether the pattern has a `*`.
    pub fn is_wild(&self) -> bool {
        self.folded.contains('*')
    }

    /// Whether the pattern covers an action that is in lower case already.
    pub fn covers_folded(&self, action: &str) -> bool {
        let mut parts = self.folded.split('*');
        let first = parts.next().unwrap_or("");
        let Some(last) = parts.next_back() else { return *self.folded == *action };
        let middle = action.strip_prefix(first).and_then(|rest| rest.strip_suffix(last));
        let found = parts.try_fold(middle, |rest, part| {
            let rest = rest?;
            // The first place that fits leaves the most for what follows.
            Some(rest.split_once(part).map(|(_, after)| after))
        });
        found.flatten().is_some()
    }

    /// Whether the pattern covers an action.
    pub fn covers(&self, action: &str) -> bool {
        self.covers_folded(&action.trim().to_ascii_lowercase())
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(pattern: &str, action: &str) -> bool {
        Pattern::new(pattern).covers(action)
    }

    #[test]
    fn a_star_crosses_slashes_and_the_ends_are_anchored() {
        assert!(covers("*", "Microsoft.Storage/storageAccounts/read"));
        assert!(covers("*", ""));
        assert!(covers("*/read", "Microsoft.Storage/storageAccounts/read"));
        assert!(!covers("*/read", "Microsoft.Storage/storageAccounts/readAll"));
        assert!(covers(
            "Microsoft.Compute/virtualMachines/*",
            "Microsoft.Compute/virtualMachines/extensions/write"
        ));
        assert!(!covers("Microsoft.Compute/virtualMachines/*", "Microsoft.Compute/virtualMachines"));
        assert!(covers("Microsoft.Network/*/read", "Microsoft.Network/virtualNetworks/subnets/read"));
        assert!(!covers("Microsoft.Network/*/read", "Microsoft.Network/read"));
        assert!(!covers("Microsoft.Network/read", "Microsoft.Network/reads"));
    }

    #[test]
    fn several_stars_do_not_share_characters() {
        assert!(covers("a*b*c", "abc"));
        assert!(covers("a*b*c", "a-b-b-c"));
        assert!(!covers("ab*ba", "aba"));
        assert!(!covers("a*bc*bc", "abc"));
        assert!(covers("**", ""));
        assert!(covers("*a*", "bab"));
    }

    #[test]
    fn case_and_space_do_not_count() {
        assert!(covers("Microsoft.Network/virtualNetworks/read ", "microsoft.network/virtualnetworks/READ"));
        assert_eq!(Pattern::new(" A/b ").as_str(), "A/b");
    }
}
