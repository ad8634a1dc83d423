//! The example tenant shows every outcome of every rule.

use crate::{Run, example};
use std::collections::BTreeMap;

#[test]
fn every_rule_fires_passes_and_is_not_judged_somewhere() {
    let run = Run::new();
    let json = run.dekey(&["audit", &example(), "--as-of", "2026-11-23", "--format", "json"]).json();
    let mut seen: BTreeMap<String, [u64; 3]> = BTreeMap::new();
    for rule in json["summary"]["rules"].as_array().unwrap() {
        let id = rule["id"].as_str().or(rule["rule"].as_str()).unwrap().to_owned();
        let counts = if rule["counts"].is_object() { &rule["counts"] } else { rule };
        seen.insert(id, [0, counts["pass"].as_u64().unwrap(), 0]);
    }
    for (list, slot) in [("findings", 0), ("not_judged", 2)] {
        for entry in json[list].as_array().unwrap() {
            seen.get_mut(entry["rule"].as_str().unwrap()).unwrap()[slot] += 1;
        }
    }
    let missing: Vec<String> = seen
        .iter()
        .filter(|(id, _)| !EXCEPTIONS.iter().any(|(own, _)| own == id))
        .filter(|(_, [found, passed, unjudged])| *found == 0 || *passed == 0 || *unjudged == 0)
        .map(|(id, [found, passed, unjudged])| {
            format!("{id}: {found} findings, {passed} passes, {unjudged} not judged")
        })
        .collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    assert_eq!(json["errors"].as_array().unwrap().len(), 0);
}

const GRANTS: &str = "about role assignments and the directory, which are no part of a workspace's pairs";

/// Rules of which the example cannot show every outcome, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("conflicting-identity-policy", "about assignments, which are no part of a workspace's pairs"),
    ("expired-policy-exemption", "about exemptions, which are no part of a workspace's pairs"),
    ("policy-exemption-without-expiry", "about exemptions, which are no part of a workspace's pairs"),
    ("tag-based-policy-opt-out", "about definitions, which are no part of a workspace's pairs"),
    ("unenforced-policy-assignment", "about assignments, which are no part of a workspace's pairs"),
    ("application-of-deleted-workspace", GRANTS),
    ("direct-role-of-person", GRANTS),
    ("expired-application-credential", GRANTS),
    ("expiring-application-credential", GRANTS),
    ("long-lived-application-secret", GRANTS),
    ("orphaned-role-assignment", GRANTS),
    ("role-assignments-near-limit", GRANTS),
    ("role-through-group", GRANTS),
    ("service-principal-of-deleted-workspace", GRANTS),
    ("unused-user-assigned-identity", GRANTS),
    ("registry-token", "the registry of the disabled token has an enabled one too"),
    (
        "storage-without-diagnostic-settings",
        "workspaces with complete logs also use the shared lake, which has none",
    ),
    ("workspace-without-owner-tag", "every subscription has an owner, so every gap is closed"),
];

/// `{words}` in a text that dekey was to fill in.
fn unfilled(text: &str) -> Option<&str> {
    let mut words = text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
    let named = |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    words.find(named)
}

/// Whatever the standard, a remedy is complete but for what stands in `<..>`, which says what the reader is to put there.
#[test]
fn no_finding_of_the_example_leaves_a_placeholder_unfilled() {
    let run = Run::new();
    for standard in ["system", "user", "either", "both"] {
        run.write("dekey.toml", &format!("identity_standard = \"{standard}\"\n"));
        let args =
            ["audit", &example(), "--settings", "dekey.toml", "--as-of", "2026-11-23", "--format", "json"];
        let json = run.dekey(&args).json();
        let findings = json["findings"].as_array().unwrap();
        assert!(findings.len() > 100, "{standard}");
        for finding in findings {
            for way in ["az", "bicep", "terraform", "portal"] {
                let text = finding["remedy"][way].as_str().unwrap();
                let told = || format!("{} under {standard}, {way}: {text}", finding["rule"]);
                assert_eq!(unfilled(text), None, "{}", told());
                for open in text.split('<').skip(1).filter_map(|rest| Some(rest.split_once('>')?.0)) {
                    assert!(open.contains(|c: char| c.is_ascii_lowercase()), "{}", told());
                    assert!(!open.contains("unusual characters"), "{}", told());
                }
            }
        }
    }
}

/// The remedy of what nothing enforces is the policy for the identity that is asked for.
#[test]
fn remedies_follow_the_identity_standard() {
    let run = Run::new();
    let built_in = "5f0c7d88-c7de-45b8-ac49-db49e72eaa78";
    for (standard, wanted, unwanted) in [
        ("system", "notContains", built_in),
        ("user", built_in, "notContains"),
        ("either", "\"exists\": false", "notContains"),
        ("both", built_in, "\"exists\": false"),
    ] {
        run.write("dekey.toml", &format!("identity_standard = \"{standard}\"\n"));
        let args = ["audit", &example(), "--settings", "dekey.toml", "--as-of", "2026-11-23", "--format"];
        let json = run.dekey(&[args.as_slice(), &["json"]].concat()).json();
        let remedies: Vec<&str> = json["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|finding| finding["rule"] == "unenforced-workspace-identity")
            .map(|finding| finding["remedy"]["az"].as_str().unwrap())
            .collect();
        assert!(!remedies.is_empty(), "{standard}");
        assert!(remedies.iter().all(|az| az.contains(wanted) && !az.contains(unwanted)), "{standard}");
        // Formats that do not go through the view of a finding.
        for format in ["html", "sarif"] {
            let text = run.dekey(&[args.as_slice(), &[format]].concat()).out();
            assert_eq!(
                text.contains("--name aml-user-identity"),
                ["user", "both"].contains(&standard),
                "{format}"
            );
        }
    }
}

/// The remedy says to take the objectId of the policy that the finding names.
#[test]
fn a_finding_on_an_access_policy_names_whom_it_is_for() {
    let run = Run::new();
    let json = run.dekey(&["audit", &example(), "--as-of", "2026-11-23", "--format", "json"]).json();
    let findings = json["findings"].as_array().unwrap();
    let about: Vec<_> = findings.iter().filter(|f| f["rule"] == "vault-policy-beyond-secrets").collect();
    assert!(!about.is_empty());
    for finding in about {
        let evidence = finding["evidence"].as_array().unwrap();
        let named = evidence.iter().find(|e| e["pointer"].as_str().unwrap().ends_with("/objectId")).unwrap();
        assert!(!named["value"].as_str().unwrap().is_empty());
    }
}
