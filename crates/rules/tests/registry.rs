//! What holds for every rule.

use dekey_rules::{Remedy, Rule, all};
use std::collections::BTreeSet;

fn each(check: impl Fn(&'static Rule) -> Result<(), String>) {
    let problems: Vec<String> =
        all().filter_map(|rule| check(rule).err().map(|why| format!("{}: {why}", rule.id))).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_page_has_every_heading_in_order_and_text_below_it() {
    each(|rule| {
        let page = rule.page();
        let headings: Vec<&str> = page.sections.iter().map(|s| s.0).collect();
        if headings != Rule::HEADINGS {
            return Err(format!("headings are {headings:?}"));
        }
        match page.sections.iter().find(|(_, text)| text.len() < 20) {
            Some((heading, _)) => Err(format!("`{heading}` is empty")),
            None if page.title.ends_with('.') || page.title.len() > 80 => {
                Err("the title is a short phrase".to_owned())
            }
            None => Ok(()),
        }
    });
}

#[test]
fn ids_are_kebab_case_unique_in_order_and_read_well_after_allow() {
    let ids: Vec<&str> = all().map(|rule| rule.id).collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
    each(|rule| {
        let kebab = rule
            .id
            .split('-')
            .all(|w| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        let verdict = ["no-", "disallow-", "check-", "missing-check", "should-", "must-", "ensure-", "use-"];
        match verdict.iter().find(|word| rule.id.starts_with(*word)) {
            _ if !kebab => Err("the id is not kebab-case".to_owned()),
            Some(word) => Err(format!("`allow {}` does not read well: drop `{word}`", rule.id)),
            None => Ok(()),
        }
    });
}

/// Ids are what people put into settings, waivers and baselines: none is ever taken away or given another meaning.
#[test]
fn ids_are_append_only() {
    let committed: BTreeSet<&str> =
        include_str!("../ids.txt").lines().filter(|l| !l.is_empty() && !l.starts_with('#')).collect();
    let now: BTreeSet<&str> = all().map(|rule| rule.id).collect();
    let gone: Vec<_> = committed.difference(&now).collect();
    assert!(gone.is_empty(), "rules that were released are gone: {gone:?}");
    let new: Vec<_> = now.difference(&committed).collect();
    assert!(new.is_empty(), "run `cargo xtask gen`, which appends to crates/rules/ids.txt: {new:?}");
    for fixed in [
        "workspace-without-system-assigned-identity",
        "storage-shared-key-access",
        "registry-admin-user",
        "system-datastores-access-key",
    ] {
        assert!(now.contains(fixed), "{fixed}");
    }
}

/// A bit for each rule is kept of every resource.
#[test]
fn there_are_no_more_rules_than_bits() {
    assert!(all().count() <= 128);
}

/// Every text of every remedy, whatever the identity standard.
fn texts(rule: &Rule) -> impl Iterator<Item = &'static str> {
    let all = std::iter::once(rule.remedy).chain(rule.other_remedies().map(|other| other.1));
    all.flat_map(|Remedy { az, bicep, terraform, portal }| [az, bicep, terraform, portal])
}

/// What only the reader knows stands in `<..>`, in words, so that nobody takes it for a value.
#[test]
fn what_the_reader_puts_into_a_remedy_is_described() {
    let words = ["JSON", "YAML", "HDFS"];
    each(|rule| {
        for text in texts(rule) {
            let shouted = text.split(|c: char| !c.is_ascii_alphabetic() && c != '_').find(|word| {
                word.len() > 3
                    && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
                    && !words.contains(word)
            });
            if let Some(word) = shouted {
                return Err(format!("`{word}` says nothing: write <what to put there>"));
            }
        }
        Ok(())
    });
}

#[test]
fn a_remedy_for_a_standard_differs_from_the_default() {
    each(|rule| match rule.other_remedies().find(|(_, other)| *other == rule.remedy) {
        Some((standard, _)) => Err(format!("the remedy under `{}` is the default one", standard.as_str())),
        None => Ok(()),
    });
    let differing: Vec<&str> =
        all().filter(|rule| rule.other_remedies().next().is_some()).map(|rule| rule.id).collect();
    assert_eq!(
        differing,
        [
            "audit-only-identity-policy",
            "unenforced-workspace-identity",
            "workspace-without-user-assigned-identity"
        ]
    );
}

#[test]
fn remedies_use_known_placeholders_only() {
    let known = [
        "id",
        "name",
        "symbol",
        "resource_group",
        "subscription",
        "workspace",
        "workspace_id",
        "parent",
        "parent_id",
        "location",
        "identity_type",
        "identity_type_with_user",
    ];
    each(|rule| {
        for text in texts(rule) {
            if text.trim().is_empty() {
                return Err("a remedy is empty".to_owned());
            }
            for part in text.split('{').skip(1) {
                let word = part.split('}').next().unwrap_or("");
                let placeholder =
                    !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
                if placeholder && !known.contains(&word) {
                    return Err(format!("unknown placeholder {{{word}}}"));
                }
            }
        }
        Ok(())
    });
}

#[test]
fn every_rule_maps_to_controls_with_version_and_source() {
    each(|rule| {
        if rule.controls.is_empty() {
            return Err("no controls".to_owned());
        }
        let unversioned = rule.controls.iter().find(|c| !c.framework.bytes().any(|b| b.is_ascii_digit()));
        unversioned.map_or(Ok(()), |c| Err(format!("{} has no version", c.framework)))
    });
}
