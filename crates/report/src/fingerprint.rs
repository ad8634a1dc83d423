//! The identity of a finding over time.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// A finding's fingerprint: 32 hex digits that stay the same as long as rule, resource and part do, whatever the case of the
/// id, the order of documents, or the version of dekey.
pub fn fingerprint(rule: &str, resource: &str, part: Option<&str>) -> String {
    let resource = resource.trim_end_matches('/').to_ascii_lowercase();
    let digest = Sha256::new()
        .chain_update("dekey/1\n")
        .chain_update(rule)
        .chain_update("\n")
        .chain_update(resource)
        .chain_update("\n")
        .chain_update(part.unwrap_or(""))
        .finalize();
    digest.iter().take(16).fold(String::with_capacity(32), |mut hex, byte| {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::fingerprint;

    #[test]
    fn case_of_the_id_does_not_matter_and_everything_else_does() {
        let own = fingerprint("r", "/A/b", None);
        assert_eq!(own, fingerprint("r", "/a/B/", None));
        assert_eq!(own.len(), 32);
        for other in [
            fingerprint("s", "/a/b", None),
            fingerprint("r", "/a/c", None),
            fingerprint("r", "/a/b", Some("p")),
        ] {
            assert_ne!(own, other);
        }
    }
}
