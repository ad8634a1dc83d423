//! `dekey.toml`: what it accepts, and how it says no.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use dekey_rules::{IdentityStandard, Settings};
use jiff::civil::date;

fn parse(text: &str) -> Result<Settings, String> {
    Settings::parse(text, date(2026, 11, 23)).map_err(|error| error.to_string())
}

fn refused(text: &str, words: &[&str]) {
    let error = parse(text).unwrap_err();
    for word in words {
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn nothing_is_required() {
    let settings = parse("").unwrap();
    assert_eq!(settings.identity_standard, IdentityStandard::System);
    assert_eq!(settings.thresholds.max_key_age_days, 90);
}

#[test]
fn unknown_keys_are_refused_with_their_place_and_a_suggestion() {
    refused("identity_standart = \"user\"", &["line 1", "column 1", "did you mean `identity_standard`"]);
    refused("[tags]\nowners = [\"o\"]", &["line 2", "did you mean `owner`"]);
    refused("xyzzy = 1", &["unknown key `xyzzy`", "known are", "identity_standard"]);
}

#[test]
fn rules_and_severities_must_exist() {
    refused(
        "disabled_rules = [\"storage-shared-keys-access\"]",
        &["did you mean `storage-shared-key-access`"],
    );
    refused("[rules.storage-shared-key-access]\nseverity = \"bad\"", &["`bad` is no severity"]);
    assert!(parse("[rules.storage-shared-key-access]\nseverity = \"low\"").is_ok());
}

#[test]
fn waivers_need_a_reason_an_approver_and_an_end() {
    let waiver =
        |extra: &str| format!("[[waivers]]\nrule = \"storage-shared-key-access\"\nresource = \"*\"\n{extra}");
    refused(&waiver("justification = \"x\"\napprover = \"y\""), &["missing field `expires`"]);
    refused(
        &waiver("justification = \" \"\napprover = \"y\"\nexpires = \"2027-01-01\""),
        &["`justification` is empty"],
    );
    refused(
        &waiver("justification = \"x\"\napprover = \"y\"\nexpires = \"2099-01-01\""),
        &["at most 365", "max_waiver_days"],
    );
    refused(&waiver("justification = \"x\"\napprover = \"y\"\nexpires = \"soon\""), &["line 6"]);
    // An expired one is no error: its findings count again, and the report says so.
    assert!(parse(&waiver("justification = \"x\"\napprover = \"y\"\nexpires = \"2020-01-01\"")).is_ok());
}

#[test]
fn scopes_are_compared_by_segment_and_without_case() {
    let settings = parse(
        "[scopes]\ninclude = [\"/subscriptions/A\"]\nexclude = [\"/subscriptions/a/resourceGroups/lab\"]",
    )
    .unwrap();
    assert!(settings.in_scope("/SUBSCRIPTIONS/a/resourceGroups/rg/x"));
    assert!(!settings.in_scope("/subscriptions/ab/resourceGroups/rg"));
    assert!(!settings.in_scope("/subscriptions/a/resourcegroups/LAB/x"));
    assert!(settings.in_scope("/subscriptions/a/resourceGroups/lab2"));
    let slashed = parse("[scopes]\ninclude = [\"/subscriptions/A/\"]").unwrap();
    assert!(slashed.in_scope("/subscriptions/a/resourceGroups/rg") && slashed.in_scope("/subscriptions/a"));
    // A scope that can match nothing would leave nothing to find.
    refused("[scopes]\ninclude = [\"Contoso ML Production\"]", &["no resource id", "/subscriptions/.."]);
}
