//! Assignments, initiatives and exemptions.

use dekey_expr::Value;
use dekey_policy::{
    Aliases, Assigned, Assignment, Category, Definition, Effect, Exemption, Initiative, Knowledge, Library,
    Semantics, Standing, Subject, Surroundings, Unlisted, Verdict,
};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const KEYS: &str = "/providers/Microsoft.Authorization/policyDefinitions/keys";
const PLACE: &str = "/providers/Microsoft.Authorization/policyDefinitions/place";
const SET: &str = "/providers/Microsoft.Authorization/policySetDefinitions/set";

/// Definitions and initiatives by id in lower case.
#[derive(Default)]
struct Shelf {
    definitions: BTreeMap<String, Definition>,
    initiatives: BTreeMap<String, Initiative>,
}

impl Library for Shelf {
    fn definition(&self, id: &str) -> Option<&Definition> {
        self.definitions.get(&id.to_ascii_lowercase())
    }

    fn initiative(&self, id: &str) -> Option<&Initiative> {
        self.initiatives.get(&id.to_ascii_lowercase())
    }
}

fn shelf() -> Shelf {
    let mut shelf = Shelf::default();
    let choice = |default: &str| json!({ "type": "String", "allowedValues": ["Audit", "Deny", "Disabled"], "defaultValue": default });
    for (id, rule, default) in [
        (
            KEYS,
            json!({ "allOf": [
                { "field": "type", "equals": "Microsoft.Storage/storageAccounts" },
                { "field": "Microsoft.Storage/storageAccounts/allowSharedKeyAccess", "notEquals": false },
            ] }),
            "Deny",
        ),
        (PLACE, json!({ "field": "location", "notIn": "[parameters('places')]" }), "Audit"),
    ] {
        let document = json!({ "id": id, "properties": {
            "mode": "Indexed",
            "parameters": { "effect": choice(default), "places": { "type": "Array", "defaultValue": [] } },
            "policyRule": { "if": rule, "then": { "effect": "[parameters('effect')]" } },
        } });
        shelf.definitions.insert(id.to_ascii_lowercase(), Definition::parse(&document).unwrap());
    }
    let set = json!({ "id": SET, "properties": {
        "parameters": { "where": { "type": "Array", "defaultValue": ["westeurope"] } },
        "policyDefinitions": [
            { "policyDefinitionId": KEYS, "policyDefinitionReferenceId": "keys" },
            { "policyDefinitionId": PLACE, "policyDefinitionReferenceId": "place",
              "parameters": { "places": { "value": "[parameters('where')]" } } },
            { "policyDefinitionId": "/providers/x/policyDefinitions/gone", "policyDefinitionReferenceId": "gone" },
        ],
    } });
    shelf.initiatives.insert(SET.to_ascii_lowercase(), Initiative::parse(&set).unwrap());
    shelf
}

fn knowledge() -> Knowledge {
    Knowledge {
        aliases: Arc::new(Aliases::built_in()),
        unlisted: Unlisted::NotJudged,
        semantics: Semantics::DOCUMENTED,
    }
}

fn assignment(change: &Value) -> Assignment {
    let mut own = json!({
        "id": "/subscriptions/s/providers/Microsoft.Authorization/policyAssignments/a",
        "properties": { "scope": "/subscriptions/s", "policyDefinitionId": SET },
    });
    for (name, value) in change.as_object().unwrap() {
        own["properties"][name] = value.clone();
    }
    Assignment::parse(&own).unwrap()
}

/// What each policy of the initiative says of an account with keys in northern Europe.
fn judged(change: &Value, exemptions: &[Value]) -> Vec<String> {
    let shelf = shelf();
    let assigned = Assigned::compile(assignment(change), &shelf, &knowledge()).unwrap();
    let exemptions: Vec<Exemption> = exemptions.iter().map(|own| Exemption::parse(own).unwrap()).collect();
    let account = json!({
        "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/st", "location": "North Europe",
        "type": "Microsoft.Storage/storageAccounts", "properties": {},
    });
    let around = Surroundings { now: "2026-11-23T00:00:00Z".parse().ok(), ..Surroundings::UNKNOWN };
    let subject = Subject::new(&account);
    let outcomes = assigned.judge(&subject, &around, &exemptions);
    let refusing: Vec<&str> = assigned.refusing(&outcomes).map(|own| own.part.reference.as_str()).collect();
    let word = |own: &dekey_policy::Outcome<'_>| {
        let refuses = if refusing.contains(&own.part.reference.as_str()) { ", refuses" } else { "" };
        let words = match &own.standing {
            Standing::Judged(Verdict::NotJudged(_)) => "not judged".to_owned(),
            Standing::Judged(verdict) => verdict.to_string(),
            Standing::Exempt { verdict, category: Category::Waiver, .. } => format!("waived: {verdict}"),
            Standing::Exempt { verdict, .. } => format!("mitigated: {verdict}"),
            Standing::Excluded => "excluded".to_owned(),
            Standing::Elsewhere => "elsewhere".to_owned(),
        };
        format!("{}: {words}{refuses}", own.part.reference)
    };
    outcomes.iter().map(word).collect()
}

const PLAIN: [&str; 3] =
    ["keys: non-compliant (deny), refuses", "place: non-compliant (audit)", "gone: not judged"];

#[test]
fn parameters_pass_through_and_what_is_missing_is_not_judged() {
    assert_eq!(judged(&json!({}), &[]), PLAIN);
    let north = json!({ "parameters": { "where": { "value": ["northeurope", "westeurope"] } } });
    assert_eq!(judged(&north, &[])[1], "place: compliant (audit)");
}

#[test]
fn scopes_and_selectors_say_what_it_is_about() {
    let elsewhere = ["keys: elsewhere", "place: elsewhere", "gone: elsewhere"];
    assert_eq!(judged(&json!({ "scope": "/subscriptions/other" }), &[]), elsewhere);
    // A name that starts alike is another one.
    assert_eq!(judged(&json!({ "scope": "/subscriptions/S/resourcegroups/G" }), &[]), PLAIN);
    assert_eq!(judged(&json!({ "scope": "/subscriptions/s/resourceGroups/g2" }), &[]), elsewhere);
    let excluded = json!({ "notScopes": ["/subscriptions/s/resourceGroups/g/"] });
    assert_eq!(judged(&excluded, &[])[0], "keys: excluded");
    let group = json!({ "scope": "/providers/Microsoft.Management/managementGroups/m" });
    assert_eq!(judged(&group, &[])[0], "keys: not judged");
    let selected = |places: &[&str]| {
        json!({ "resourceSelectors": [
            { "selectors": [{ "kind": "resourceType", "in": ["Microsoft.Storage/storageAccounts"] }, { "kind": "resourceLocation", "in": places }] },
        ] })
    };
    assert_eq!(judged(&selected(&["East US", "north europe"]), &[]), PLAIN);
    assert_eq!(judged(&selected(&["eastus"]), &[]), elsewhere);
    let unheard = json!({ "resourceSelectors": [{ "selectors": [{ "kind": "moon", "in": ["full"] }] }] });
    assert_eq!(judged(&unheard, &[])[0], "keys: not judged");
}

#[test]
fn overrides_and_modes_decide_what_is_refused() {
    let other = |effect: &str| {
        json!({ "overrides": [{ "kind": "policyEffect", "value": effect,
            "selectors": [{ "kind": "policyDefinitionReferenceId", "in": ["keys"] }] }] })
    };
    assert_eq!(judged(&other("audit"), &[])[0], "keys: non-compliant (audit)");
    assert_eq!(judged(&other("disabled"), &[])[0], "keys: not applicable");
    assert_eq!(judged(&other("disabled"), &[])[1], PLAIN[1]);
    for mode in ["DoNotEnforce", "Enroll"] {
        assert_eq!(judged(&json!({ "enforcementMode": mode }), &[])[0], "keys: non-compliant (deny)");
    }
}

#[test]
fn exemptions_excuse_until_they_end() {
    let exemption = |expires: &str, references: &[&str], scope: &str| {
        json!({
            "id": format!("{scope}/providers/Microsoft.Authorization/policyExemptions/e"),
            "properties": {
                "policyAssignmentId": "/subscriptions/S/providers/microsoft.authorization/policyassignments/A",
                "exemptionCategory": "Waiver", "expiresOn": expires, "policyDefinitionReferenceIds": references,
            },
        })
    };
    let group = "/subscriptions/s/resourceGroups/g";
    let told = |own: Value| judged(&json!({}), &[own]);
    assert_eq!(told(exemption("2027-01-01T00:00:00Z", &[], group))[0], "keys: waived: non-compliant (deny)");
    let one = told(exemption("2027-01-01T00:00:00Z", &["place"], group));
    assert_eq!((one[0].as_str(), one[1].as_str()), (PLAIN[0], "place: waived: non-compliant (audit)"));
    assert_eq!(told(exemption("2026-11-23T00:00:00Z", &[], group)), PLAIN);
    assert_eq!(told(exemption("2027-01-01T00:00:00Z", &[], "/subscriptions/s/resourceGroups/h")), PLAIN);
    assert!(Exemption::parse(&exemption("next year", &[], group)).is_err());
}

fn lines(path: &Path) -> impl Iterator<Item = Value> {
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    file.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap())
}

/// Every public initiative is assigned, each of its policies with the parameters that it passes on.
#[test]
fn every_public_initiative_compiles() {
    let Some(corpora) = std::env::var_os("DEKEY_CORPORA").map(|own| PathBuf::from(own).join("policy")) else {
        eprintln!("skipped: DEKEY_CORPORA does not name the unpacked corpora");
        return;
    };
    let mut shelf = Shelf::default();
    for line in lines(&corpora.join("builtin-definitions.jsonl")) {
        let own = Definition::parse(&line["doc"]).unwrap();
        shelf.definitions.insert(own.id.to_ascii_lowercase(), own);
    }
    let (mut initiatives, mut policies, mut missing) = (0, 0, 0);
    for line in lines(&corpora.join("builtin-initiatives.jsonl")) {
        let Ok(own) = Initiative::parse(&line["doc"]) else { continue };
        initiatives += 1;
        for member in &own.members {
            if shelf.definition(&member.definition).is_none() {
                missing += 1;
                continue;
            }
            let mut given = serde_json::Map::new();
            for parameter in own.parameters.iter().filter(|own| own.default.is_none()) {
                let first = parameter.allowed.as_ref().and_then(|all| all.first()).cloned();
                let is_array = parameter.kind.eq_ignore_ascii_case("array");
                let value = first
                    .filter(|_| !is_array)
                    .unwrap_or_else(|| if is_array { json!([]) } else { json!("text") });
                given.insert(parameter.name.clone(), value);
            }
            let filled = own.filled(member, &given).unwrap();
            // Definitions of other versions may take others; each name is one that the initiative gave a value.
            assert!(filled.values().all(|own| !own.is_null()), "{}", member.definition);
            policies += 1;
        }
    }
    eprintln!("{initiatives} initiatives, {policies} policies in them, {missing} without a definition");
    assert!(initiatives >= 181 && policies > 5_000, "{initiatives} {policies}");
}

#[test]
fn official_examples_of_assignments_are_read() {
    let Some(corpora) = std::env::var_os("DEKEY_CORPORA").map(PathBuf::from) else {
        eprintln!("skipped: DEKEY_CORPORA does not name the unpacked corpora");
        return;
    };
    let folder = corpora.join("examples/spec-2024-07/policy/2023-04-01");
    let read = |name: &str| -> Value {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["responses"]["201"]["body"].clone()
    };
    let overridden = Assignment::parse(&read("createPolicyAssignmentWithOverrides.json")).unwrap();
    let body = json!({ "id": "/subscriptions/x", "type": "Microsoft.Resources/subscriptions" });
    let subject = Subject::new(&body);
    assert_eq!(overridden.effect(&subject, "limit_skus"), Ok(Some(&Effect::Audit)));
    assert_eq!(overridden.effect(&subject, "Resource_Naming"), Ok(None));
    let messages = Assignment::parse(&read("createPolicyAssignmentNonComplianceMessages.json")).unwrap();
    assert!(messages.message("").is_some_and(|own| !own.is_empty()), "{messages:?}");
    assert!(Assignment::parse(&read("createPolicyAssignmentWithResourceSelectors.json")).is_ok());
}
