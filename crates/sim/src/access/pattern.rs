//! The wildcards of role definitions.

/// Whether an action is one of a pattern. A `*` stands for any run of characters, slashes too; case does not matter.
pub(super) fn matches(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.trim().to_ascii_lowercase(), action.to_ascii_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = action.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_anything() {
        assert!(matches("*/read", "Microsoft.X/ts/read"));
        assert!(matches("*", "a"));
        assert!(matches("Microsoft.Network/*/read", "microsoft.network/a/b/read"));
        assert!(!matches("Microsoft.Network/*/read", "Microsoft.Network/read"));
        assert!(matches("Microsoft.Authorization/*/Delete", "Microsoft.Authorization/locks/delete"));
        assert!(matches("Microsoft.Network/virtualNetworks/read ", "Microsoft.Network/virtualNetworks/read"));
        assert!(!matches("a/read", "a/read/b"));
        assert!(matches("a*b*c", "a1b2c") && !matches("a*b*c", "a1c"));
    }
}
