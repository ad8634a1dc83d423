//! Probes written from Microsoft's documents, each with its source: `policy/semantics-probes.ndjson` below `DEKEY_CORPORA`.

use dekey_expr::Value;
use dekey_policy::{
    About, Aliases, Definition, Knowledge, Mode, Policy, Semantics, Subject, Surroundings, Unlisted, Verdict,
};
use serde_json::{Map, json};
use std::path::PathBuf;
use std::sync::Arc;

#[test]
fn probes_agree_with_the_documents_that_they_cite() {
    let Some(corpora) = std::env::var_os("DEKEY_CORPORA").map(PathBuf::from) else {
        eprintln!("skipped: DEKEY_CORPORA does not name the unpacked corpora");
        return;
    };
    let text = std::fs::read_to_string(corpora.join("policy/semantics-probes.ndjson")).unwrap();
    let mut aliases = Aliases::new();
    aliases.insert_type("Microsoft.Test/resourceType", Some(true), Some("2024-01-01"));
    let knowledge = Knowledge {
        aliases: Arc::new(aliases),
        unlisted: Unlisted::AsPath,
        semantics: Semantics::DOCUMENTED,
    };
    let mut differ = Vec::new();
    let probes: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for probe in &probes {
        let mut definition = Definition::parse(&json!({ "policyRule": probe["rule"] })).unwrap();
        definition.mode = Mode::All;
        let policy = Policy::compile(&definition, &Map::new(), &About::default(), &knowledge);
        let got = match policy {
            Err(error) => format!("ERROR {error}"),
            Ok(policy) => {
                // A caller without claims, in the group and subscription that the probes speak of.
                let group = json!({ "name": "rg", "location": "eastus" });
                let subscription = json!({ "subscriptionId": "s" });
                let request = json!({ "apiVersion": "2024-01-01", "identity": {} });
                let around = Surroundings {
                    now: Some("2026-11-23T00:00:00Z".parse().unwrap()),
                    resource_group: Some(&group),
                    subscription: Some(&subscription),
                    request: Some(&request),
                    ..Surroundings::UNKNOWN
                };
                match policy.judge(&Subject::new(&probe["resource"]), &around) {
                    Verdict::NonCompliant(_) => "MATCH".to_owned(),
                    Verdict::Compliant(_) | Verdict::NotApplicable(_) => "no-match".to_owned(),
                    Verdict::Failed(why) => format!("EVALERR {why}"),
                    Verdict::NotJudged(why) => format!("NOT JUDGED {why}"),
                }
            }
        };
        let wanted = probe["expect"].as_str().unwrap();
        // A question mark is a question to Azure itself: no document answers it.
        if wanted != "?" && !got.to_ascii_lowercase().starts_with(&wanted.to_ascii_lowercase()) {
            differ.push(format!("{}: documented {wanted}, here {got} ({})", probe["note"], probe["source"]));
        }
    }
    assert_eq!(probes.len(), 76);
    assert!(differ.is_empty(), "{} of {} differ:\n{}", differ.len(), probes.len(), differ.join("\n"));
}
