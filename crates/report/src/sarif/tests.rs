use super::*;
use crate::sample::{HOSTILE, SHARED_KEY, Sample, rendered};
use serde_json::Value;

fn run_of(sample: &Sample) -> Value {
    let log: Value = serde_json::from_str(&rendered(&sample.report(), render)).unwrap();
    assert_eq!(log["version"], "2.1.0");
    log["runs"][0].clone()
}

#[test]
fn every_finding_is_a_result_with_place_and_identity() {
    let sample = Sample::hostile();
    let run = run_of(&sample);
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), sample.audit.findings.len() + sample.audit.waived.len());
    let ids: Vec<&str> =
        run["tool"]["driver"]["rules"].as_array().unwrap().iter().filter_map(|r| r["id"].as_str()).collect();
    for result in results {
        let ix = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(Some(ids[ix]), result["ruleId"].as_str());
        let place = &result["locations"][0];
        assert!(place["physicalLocation"]["region"]["startLine"].as_u64().unwrap() >= 1);
        assert_eq!(place["physicalLocation"]["artifactLocation"]["uri"], "exports/tenant%20one.json");
        assert!(
            place["logicalLocations"][0]["fullyQualifiedName"]
                .as_str()
                .unwrap()
                .starts_with("/subscriptions/")
        );
        let own = result["partialFingerprints"]["dekey/v1"].as_str().unwrap();
        assert_eq!(result["partialFingerprints"]["primaryLocationLineHash"], format!("{own}:1"));
        assert!(!result["message"]["text"].as_str().unwrap().contains("]("));
    }
}

#[test]
fn waived_findings_are_suppressed_and_no_other() {
    let run = run_of(&Sample::hostile());
    let results = run["results"].as_array().unwrap();
    let suppressed: Vec<&Value> =
        results.iter().filter(|r| !r["suppressions"].as_array().unwrap().is_empty()).collect();
    assert_eq!(suppressed.len(), 1);
    assert_eq!(suppressed[0]["ruleId"], SHARED_KEY);
    let suppression = &suppressed[0]["suppressions"][0];
    assert_eq!(
        (suppression["kind"].as_str(), suppression["status"].as_str()),
        (Some("external"), Some("accepted"))
    );
    assert!(suppression["justification"].as_str().unwrap().contains("December"));
    assert_eq!(suppression["properties"]["expires"], "2026-12-24");
}

#[test]
fn what_could_not_be_looked_at_is_a_notification_and_never_a_result() {
    for sample in Sample::all() {
        let run = run_of(&sample);
        let notices = run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
        let known = run["tool"]["driver"]["notifications"].as_array().unwrap();
        for notice in notices {
            let ix = usize::try_from(notice["descriptor"]["index"].as_u64().unwrap()).unwrap();
            assert_eq!(known[ix]["id"], notice["descriptor"]["id"]);
        }
        let count = |id: &str| notices.iter().filter(|n| n["descriptor"]["id"] == id).count();
        assert_eq!(count("not-judged"), sample.report().not_judged().count());
        assert_eq!(count("rule-failed"), sample.audit.errors.len());
        assert_eq!(count("input-not-taken"), sample.inventory.coverage().notes.len());
        assert!(run["results"].as_array().unwrap().iter().all(|r| r["kind"] == "fail"));
        assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    }
    let run = run_of(&Sample::hostile());
    let notices = run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
    let has = |id: &str, text: &str| {
        notices
            .iter()
            .any(|n| n["descriptor"]["id"] == id && n["message"]["text"].as_str().unwrap().contains(text))
    };
    assert!(
        has("not-read", "computes") && has("not-read", "not asked") && has("waiver-expired", "2026-11-01")
    );
}

#[test]
fn rates_are_labelled_and_documents_listed() {
    let run = run_of(&Sample::hostile());
    let rate = &run["properties"]["azure_policy_rate"];
    assert!(
        rate["text"].as_str().unwrap().contains(" of ")
            && rate["explanation"].as_str().unwrap().contains("Azure Policy")
    );
    assert_eq!(run["artifacts"][1]["location"]["uri"], "stdin");
    assert_eq!(run_of(&Sample::unknown())["properties"]["strict_rate"]["text"], "0.0 % (0 of 1)");
}

#[test]
fn hostile_names_stay_data() {
    let text = rendered(&Sample::hostile().report(), render);
    assert!(!text.chars().any(|c| c != '\n' && clean::is_hidden(c)));
    let run: Value = serde_json::from_str(&text).unwrap();
    let owners: Vec<&str> = run["runs"][0]["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|r| r["properties"]["owner"].as_str())
        .collect();
    assert!(HOSTILE.iter().all(|name| owners.contains(name)));
}

/// A report of so many findings.
fn crowd(findings: usize) -> Sample {
    let mut sample = Sample::hostile();
    let mut all = sample.audit.findings.iter().cycle();
    sample.audit.findings = std::iter::from_fn(|| all.next().cloned()).take(findings).collect();
    sample.audit.waived.truncate(1);
    sample
}

#[test]
fn what_code_scanning_would_not_take_in_is_said_and_nothing_is_cut() {
    for (findings, said) in [
        (4_999, None),
        (5_000, Some("the worst 5000")),
        (25_000, Some("rejects a file with more than 25000")),
    ] {
        let sample = crowd(findings);
        assert_eq!(sample.audit.waived.len(), 1);
        let run = run_of(&sample);
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), findings + 1);
        let worst_first = ["9.5", "8.0", "5.5", "2.0", "0.0"];
        let rank =
            |result: &Value| worst_first.iter().position(|s| result["properties"]["security-severity"] == *s);
        // The waived one comes last, whatever its severity.
        assert!(results[..findings].is_sorted_by_key(|result| rank(result).unwrap()));
        let notices = run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
        let limits: Vec<&Value> =
            notices.iter().filter(|n| n["descriptor"]["id"] == "beyond-limit").collect();
        assert_eq!(limits.len(), usize::from(said.is_some()), "{findings}");
        assert!(
            limits.iter().all(|n| n["message"]["text"].as_str().unwrap().contains(said.unwrap_or_default()))
        );
    }
}
