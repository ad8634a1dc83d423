//! The page a manager reads.

use super::*;
use crate::sample::{HOSTILE, Sample};
use serde_json::json;

fn rendered(sample: &Sample) -> String {
    let mut out = Vec::new();
    render(&sample.report(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn hostile_names_stay_text() {
    let names: Vec<&str> = HOSTILE.iter().copied().filter(|name| !name.contains('/')).collect();
    let item = |name: &&str| json!({ "id": format!("ws/{name}"), "type": "Microsoft.MachineLearningServices/workspaces", "tags": { "owner": name }, "properties": {} });
    let sample = Sample::new(&[("names.json", names.iter().map(item).collect())], "", |_| {});
    let text = rendered(&sample);
    for never in ["<script", "javascript:alert(1)\"", "\u{1b}", "\u{202e}", "\u{0}"] {
        assert!(!text.contains(never), "{never:?}");
    }
    assert!(text.contains("&#60;script") || text.contains("&lt;script"));
}

#[test]
fn the_page_needs_nothing_from_outside() {
    let text = rendered(&Sample::unknown());
    for never in ["<script", "src=", "@import", "url(", "<link", "<iframe"] {
        assert!(!text.contains(never), "{never}");
    }
    assert!(text.contains("default-src 'none'"));
}

#[test]
fn unknown_is_never_shown_as_pass() {
    let text = rendered(&Sample::unknown());
    assert!(text.contains("tag unknown") && text.contains("They are not passes"));
    let empty = rendered(&Sample::empty());
    assert!(empty.contains("n/a") && empty.contains("Nothing was read, so nothing is known"), "{empty}");
}

#[test]
fn equal_input_gives_equal_bytes() {
    assert_eq!(rendered(&Sample::unknown()), rendered(&Sample::unknown()));
    assert_eq!(rendered(&Sample::clean()), rendered(&Sample::clean()));
}

#[test]
fn a_large_tenant_gives_a_page_that_still_opens() {
    let item = |n: u32| json!({ "id": format!("ws/w{n}"), "type": "Microsoft.MachineLearningServices/workspaces", "properties": {} });
    let sample = Sample::new(&[("many.json", (0..1000).map(item).collect())], "", |_| {});
    let text = rendered(&sample);
    assert!(text.len() < 2_000_000, "{}", text.len());
    assert!(text.contains("850 more groups"));
}
