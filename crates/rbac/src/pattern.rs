//! Patterns of actions, as role definitions spell them.

use std::fmt;

/// A pattern such as `Microsoft.Storage/storageAccounts/*/read`.
///
/// A `*` stands for any run of characters, `/` included, and may stand anywhere, any number of times. The pattern
/// covers an action from its first to its last character. Case and space around it do not count: published role definitions have
/// both.
///
/// `a/*/read` covers `a/read` too: the slashes around a `*` may be the same one. Microsoft's text does not say so, but roles
/// of Microsoft's own do only what their descriptions say if it is so. *Virtual Machine User Login* ("view virtual machines") reads
/// `Microsoft.Compute/virtualMachines/*/read` and nothing else of them, *Managed Identity Operator* assigns
/// `userAssignedIdentities/*/assign/action`, and *AzureML Data Scientist* excepts `workspaces/write` from `workspaces/*/write`
/// and keeps people from creating computes by `computes/*/write`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern {
    folded: Box<str>,
    given: Box<str>,
}

/// Providers of which almost every built-in role has everything, and nobody minds.
const HARMLESS: [&str; 2] = ["microsoft.support", "microsoft.resourcehealth"];

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

    /// Whether it takes in a whole resource provider, or several, and more than reading.
    pub(crate) fn is_broad(&self) -> bool {
        let provider = self.folded.split('/').next().unwrap_or("");
        let wide = provider.contains('*')
            || self.folded.get(provider.len()..).is_some_and(|rest| rest.starts_with("/*"));
        wide && !self.folded.ends_with("/read") && !HARMLESS.contains(&provider)
    }

    /// Whether the pattern covers an action that is in lower case already.
    pub fn covers_folded(&self, action: &str) -> bool {
        let mut parts = self.folded.split('*');
        let first = parts.next().unwrap_or("");
        let Some(last) = parts.next_back() else { return *self.folded == *action };
        if !action.starts_with(first) || !action.ends_with(last) {
            return false;
        }
        // Where what comes next may start: the first place that fits leaves the most for what follows.
        let (mut free, mut before) = (first.len(), first);
        for part in parts {
            let from = free - shared(before, part);
            let Some(at) = action.get(from..).and_then(|rest| rest.find(part)) else { return false };
            (free, before) = (from + at + part.len(), part);
        }
        free - shared(before, last) <= action.len() - last.len()
    }

    /// Whether the pattern covers an action.
    pub fn covers(&self, action: &str) -> bool {
        self.covers_folded(&action.trim().to_ascii_lowercase())
    }
}

/// How many characters the parts around a `*` may share: the slash, if both have it.
fn shared(before: &str, after: &str) -> usize {
    usize::from(before.ends_with('/') && after.starts_with('/'))
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
        assert!(covers("Microsoft.Network/*/read", "Microsoft.Network/read"));
        assert!(!covers("Microsoft.Network/*/read", "Microsoft.Networkread"));
        assert!(!covers("Microsoft.Network*/read", "Microsoft.Network"));
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
        assert!(covers("a/*/b/*/c", "a/b/c"));
        assert!(covers("a/*/b/*/c", "a/x/b/c"));
        assert!(!covers("a/*b*/c", "a/c"));
    }

    #[test]
    fn case_and_space_do_not_count() {
        assert!(covers("Microsoft.Network/virtualNetworks/read ", "microsoft.network/virtualnetworks/READ"));
        assert_eq!(Pattern::new(" A/b ").as_str(), "A/b");
    }
}
