use super::*;
use crate::Baseline;
use crate::sample::{HOSTILE, IDENTITY, SHARED_KEY, Sample, rendered};
use serde_json::Value;
use std::collections::BTreeMap;

fn parsed(report: &Report) -> Value {
    serde_json::from_str(&rendered(report, render)).unwrap()
}

/// The schema with every object closed, so that a property it does not name is an error.
fn closed() -> jsonschema::Validator {
    fn close(value: &mut Value) {
        match value {
            Value::Object(map) => {
                if map.get("additionalProperties") == Some(&Value::Bool(true)) {
                    map.insert("additionalProperties".to_owned(), false.into());
                }
                map.values_mut().for_each(close);
            }
            Value::Array(items) => items.iter_mut().for_each(close),
            _ => {}
        }
    }
    let mut own = schema();
    close(&mut own);
    jsonschema::draft202012::new(&own).unwrap()
}

#[test]
fn every_report_has_the_properties_of_the_schema_and_no_others() {
    let validator = closed();
    for sample in Sample::all() {
        let value = parsed(&sample.report());
        let problems: Vec<String> =
            validator.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(problems.is_empty(), "{problems:#?}");
    }
}

/// Collects properties without a description, and refuses references to elsewhere.
fn walk(value: &Value, path: &str, undescribed: &mut Vec<String>) {
    if let Some(Value::String(target)) = value.get("$ref") {
        assert!(target.starts_with("#/$defs/"), "{target}");
    }
    for (name, property) in value.get("properties").and_then(Value::as_object).into_iter().flatten() {
        if property.get("description").is_none() {
            undescribed.push(format!("{path}.{name}"));
        }
    }
    match value {
        Value::Object(map) => map.iter().for_each(|(k, v)| walk(v, &format!("{path}/{k}"), undescribed)),
        Value::Array(items) => items.iter().for_each(|v| walk(v, path, undescribed)),
        _ => {}
    }
}

#[test]
fn the_schema_stands_alone_and_explains_itself() {
    let own = schema();
    assert_eq!(
        (&own["$id"], &own["$schema"]),
        (&Value::from(SCHEMA), &Value::from("https://json-schema.org/draft/2020-12/schema"))
    );
    let mut undescribed = Vec::new();
    walk(&own, "", &mut undescribed);
    assert!(undescribed.is_empty(), "{undescribed:?}");
    for name in ["schema", "findings", "not_judged", "coverage", "summary", "waived", "waivers", "errors"] {
        assert!(own["required"].as_array().unwrap().contains(&name.into()), "{name}");
    }
}

#[test]
fn names_and_reasons_come_through_unchanged_on_one_line_each() {
    let sample = Sample::hostile();
    let text = rendered(&sample.report(), render);
    assert!(!text.chars().any(|c| c != '\n' && crate::clean::is_hidden(c)));
    let value: Value = serde_json::from_str(&text).unwrap();
    let owners: Vec<&str> =
        value["findings"].as_array().unwrap().iter().filter_map(|f| f["owner"]["value"].as_str()).collect();
    for name in HOSTILE {
        assert!(owners.contains(name), "{name:?}");
    }
    let lines = text.lines().filter(|l| l.starts_with("    {\"rule\":")).count();
    let items =
        ["findings", "waived", "not_judged", "errors"].map(|list| value[list].as_array().unwrap().len());
    assert_eq!(lines, items.iter().sum::<usize>() + value["waivers"].as_array().unwrap().len());
}

#[test]
fn counts_agree_with_the_lists() {
    let sample = Sample::hostile();
    let value = parsed(&sample.report());
    let findings = value["findings"].as_array().unwrap();
    let mut by_rule: BTreeMap<&str, u64> = BTreeMap::new();
    for finding in findings {
        *by_rule.entry(finding["rule"].as_str().unwrap()).or_default() += 1;
    }
    for rule in value["summary"]["rules"].as_array().unwrap() {
        assert_eq!(rule["findings"].as_u64(), by_rule.get(rule["id"].as_str().unwrap()).copied());
    }
    let severities: u64 = value["summary"]["findings_by_severity"]
        .as_object()
        .unwrap()
        .values()
        .filter_map(Value::as_u64)
        .sum();
    assert_eq!(severities, findings.len() as u64);
    let pairs = &value["summary"]["pairs"];
    let sum: u64 =
        ["pass", "fail", "waived", "not_judged", "error"].iter().map(|k| pairs[k].as_u64().unwrap()).sum();
    assert_eq!(pairs["in_scope"].as_u64(), Some(sum));
    let rate = value["summary"]["strict_rate"].as_f64().unwrap();
    let policy = &value["summary"]["azure_policy_rate"];
    assert!(
        rate < policy["value"].as_f64().unwrap()
            && policy["explanation"].as_str().unwrap().contains("Azure Policy")
    );
}

#[test]
fn waivers_gaps_and_notes_are_all_there() {
    let sample = Sample::hostile();
    let value = parsed(&sample.report());
    let waived = &value["waived"].as_array().unwrap()[0];
    assert_eq!(
        (waived["rule"].as_str(), waived["waiver"]["state"].as_str()),
        (Some(SHARED_KEY), Some("active"))
    );
    assert_eq!(waived["waiver"]["expires"], "2026-12-24");
    assert_eq!(value["waivers"][1]["state"], "expired");
    assert_eq!(value["waivers"][1]["findings"], 1);
    assert!(!value["not_judged"].as_array().unwrap().is_empty());
    let notes = value["coverage"]["notes"].as_array().unwrap();
    assert_eq!(notes.len(), 3);
    assert!(notes.iter().any(|n| n["line"].is_null()) && notes.iter().any(|n| n["line"] == 3));
    let outcomes: Vec<&str> = value["coverage"]["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|e| e["outcome"].as_str())
        .collect();
    assert_eq!(outcomes, ["read", "read in part", "refused", "not asked"]);
}

#[test]
fn nothing_in_scope_is_no_rate() {
    let value = parsed(&Sample::empty().report());
    assert!(
        value["summary"]["strict_rate"].is_null() && value["summary"]["azure_policy_rate"]["value"].is_null()
    );
    let unknown = parsed(&Sample::unknown().report());
    assert_eq!(unknown["summary"]["strict_rate"], 0.0);
}

#[test]
fn a_baseline_shortens_the_list_and_leaves_the_rates() {
    let sample = Sample::hostile();
    let whole = sample.report();
    let known = Baseline::of(
        whole
            .findings()
            .into_iter()
            .filter(|f| whole.rule(f.rule).unwrap().id == IDENTITY)
            .map(|f| whole.fingerprint(f)),
    );
    let report = Report::new(&sample.inventory, &sample.audit, &sample.settings, "0.1.0", Some(&known));
    let (old, new) = (parsed(&whole), parsed(&report));
    assert_eq!(new["known_from_baseline"], known.len());
    assert_eq!(
        new["findings"].as_array().unwrap().len() + known.len(),
        old["findings"].as_array().unwrap().len()
    );
    assert_eq!(new["summary"]["strict_rate"], old["summary"]["strict_rate"]);
    assert_eq!(
        new["summary"]["findings_by_severity"]["high"].as_u64(),
        new["findings"].as_array().map(|f| f.iter().filter(|f| f["severity"] == "high").count() as u64)
    );
}

#[test]
fn the_order_of_reading_does_not_show() {
    let [forth, back] = Sample::twice().map(|sample| {
        let mut value = parsed(&sample.report());
        for list in ["findings", "waived", "not_judged"] {
            let items = value[list].as_array_mut().unwrap();
            assert!(items.len() > 5, "{list}");
            // The same resource stands on another line.
            for item in items {
                item["line"] = Value::Null;
            }
        }
        value
    });
    assert_eq!(forth, back);
}
