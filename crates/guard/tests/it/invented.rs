//! Assignments over invented resources: scopes, exemptions, what was not read.

use crate::given::{agrees, knowledge, listed, now};
use dekey_guard::{Differs, Estate, Options, StandsFor, compare_states, force, simulate, status};
use dekey_policy::Effect;
use serde_json::{Value, json};

const SUB: &str = "/subscriptions/11111111-1111-4111-8111-111111111111";
const KEYS: &str = "/providers/Microsoft.Authorization/policyDefinitions/keys";

fn account(group: &str, name: &str, shared_key: &Value) -> Value {
    let mut properties = json!({ "accessTier": "Hot" });
    if !shared_key.is_null() {
        properties["allowSharedKeyAccess"] = shared_key.clone();
    }
    json!({
        "id": format!("{SUB}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts/{name}"),
        "name": name, "type": "Microsoft.Storage/storageAccounts", "location": "westeurope", "kind": "StorageV2",
        "tags": {}, "properties": properties,
    })
}

fn definition(rule: &Value) -> Value {
    json!({
        "id": KEYS, "name": "keys", "type": "Microsoft.Authorization/policyDefinitions",
        "properties": { "displayName": "No shared keys", "mode": "Indexed",
            "parameters": { "effect": { "type": "String", "allowedValues": ["Audit", "Deny", "Disabled"], "defaultValue": "Audit" } },
            "policyRule": { "if": rule, "then": { "effect": "[parameters('effect')]" } } },
    })
}

fn keys() -> Value {
    definition(&json!({ "allOf": [
        { "field": "type", "equals": "Microsoft.Storage/storageAccounts" },
        { "field": "Microsoft.Storage/storageAccounts/allowSharedKeyAccess", "notEquals": false },
    ] }))
}

fn assignment(more: &Value) -> Value {
    let mut own = json!({
        "id": format!("{SUB}/providers/Microsoft.Authorization/policyAssignments/keys"), "name": "keys",
        "type": "Microsoft.Authorization/policyAssignments",
        "properties": { "scope": SUB, "policyDefinitionId": KEYS, "displayName": "No shared keys" },
    });
    for (name, value) in more.as_object().unwrap() {
        own["properties"][name] = value.clone();
    }
    own
}

#[test]
fn every_standing_has_its_place() {
    let exemption = json!({
        "id": format!("{SUB}/resourceGroups/b/providers/Microsoft.Authorization/policyExemptions/later"),
        "name": "later", "type": "Microsoft.Authorization/policyExemptions",
        "properties": { "policyAssignmentId": assignment(&json!({}))["id"], "exemptionCategory": "Waiver",
            "expiresOn": "2027-01-01T00:00:00Z" },
    });
    let inventory = listed(&[
        keys(),
        assignment(&json!({ "notScopes": [format!("{SUB}/resourceGroups/c")] })),
        exemption,
        account("a", "one", &json!(true)),
        account("a", "two", &json!(false)),
        account("a", "three", &Value::Null),
        account("b", "four", &json!(true)),
        account("c", "five", &json!(true)),
        json!({ "id": format!("{SUB}/resourceGroups/a/providers/Microsoft.Storage/storageAccounts/bare"),
            "name": "bare", "type": "Microsoft.Storage/storageAccounts", "location": "westeurope" }),
        json!({ "id": format!("{SUB}/resourceGroups/a/providers/Microsoft.KeyVault/vaults/kv"),
            "name": "kv", "type": "Microsoft.KeyVault/vaults", "location": "westeurope", "properties": {} }),
    ]);
    let estate = Estate::of(&inventory);
    let compiled = estate.compile(&knowledge());
    assert_eq!(compiled.problems, []);
    let simulation = agrees(&estate, &compiled.assigned);
    let own = &simulation.assessments[0].parts[0];
    let c = own.counts;
    assert_eq!(
        (c.compliant, c.non_compliant, c.exempt, c.excluded, c.failed, c.not_judged),
        (1, 2, 1, 1, 0, 1)
    );
    assert!(c.not_applicable >= 1);
    let reason = own.not_judged.keys().next().unwrap();
    assert!(reason.contains("allowSharedKeyAccess") && reason.contains("not read"), "{reason}");
    assert_eq!(own.non_compliant.keys().collect::<Vec<_>>(), ["audit"]);
    // What if it were deny.
    let (forces, unforced) = force(&estate, &compiled.assigned, &Effect::Deny, &|_| true);
    assert_eq!(unforced, []);
    let options = Options { now: Some(now()), forces: Some(&forces), scope: None };
    let denied = simulate(&estate, &compiled.assigned, options);
    assert_eq!(denied.assessments[0].parts[0].refused().count(), 2);
    let there = format!("{SUB}/resourceGroups/b");
    let options = Options { now: Some(now()), forces: None, scope: Some(&there) };
    assert_eq!(simulate(&estate, &compiled.assigned, options).counts().non_compliant, 0);
}

#[test]
fn an_alias_that_nobody_gave_is_named() {
    let rule = json!({ "allOf": [
        { "field": "type", "equals": "Microsoft.Storage/storageAccounts" },
        { "field": "Microsoft.Storage/storageAccounts/nobodyKnows", "equals": "x" },
    ] });
    let inventory = listed(&[definition(&rule), assignment(&json!({})), account("a", "one", &json!(true))]);
    let estate = Estate::of(&inventory);
    let simulation = agrees(&estate, &estate.compile(&knowledge()).assigned);
    let reasons: Vec<&String> = simulation.assessments[0].parts[0].not_judged.keys().collect();
    assert_eq!(reasons.len(), 1);
    assert!(reasons[0].contains("Microsoft.Storage/storageAccounts/nobodyKnows"), "{reasons:?}");
}

#[test]
fn a_value_that_was_masked_decides_nothing_but_that_it_exists() {
    let secret = format!("{}{}", "sig=", "a".repeat(43) + "%3D");
    let mut one = account("a", "one", &json!(true));
    one["tags"]["token"] = json!(format!("https://x.blob.core.windows.net/c?sv=2022-11-02&{secret}"));
    for (rule, word) in [
        (json!({ "field": "tags['token']", "like": "*x.blob*" }), "masked"),
        (json!({ "value": "[length(field('tags[token]'))]", "greater": 3 }), "masked"),
        (json!({ "field": "tags['token']", "exists": true }), ""),
        (json!({ "field": "location", "equals": "westeurope" }), ""),
    ] {
        let inventory = listed(&[definition(&rule), assignment(&json!({})), one.clone()]);
        let estate = Estate::of(&inventory);
        let simulation = agrees(&estate, &estate.compile(&knowledge()).assigned);
        let own = &simulation.assessments[0].parts[0];
        let reasons: Vec<&String> = own.not_judged.keys().collect();
        assert_eq!(word.is_empty(), own.counts.non_compliant == 1, "{rule} {reasons:?}");
        assert!(word.is_empty() || reasons[0].contains(word), "{rule} {reasons:?}");
    }
}

#[test]
fn what_is_related_counts_only_where_its_list_was_read() {
    let rule = json!({ "properties": { "mode": "Indexed", "policyRule": {
        "if": { "field": "type", "equals": "Microsoft.Storage/storageAccounts" },
        "then": { "effect": "auditIfNotExists", "details": { "type": "Microsoft.Insights/diagnosticSettings" } } } } });
    let mut own = rule.clone();
    own["id"] = json!(KEYS);
    own["type"] = json!("Microsoft.Authorization/policyDefinitions");
    let one = account("a", "one", &json!(true));
    let setting = json!({ "id": format!("{}/providers/Microsoft.Insights/diagnosticSettings/d", one["id"].as_str().unwrap()),
        "type": "Microsoft.Insights/diagnosticSettings", "name": "d", "properties": { "logs": [] } });
    let covers = json!({ "dekey": "manifest/1", "coverage": [
        { "kind": "diagnostic settings", "scope": "/", "outcome": "read" } ] });
    for (more, expected) in
        [(vec![], (0, 0, 1)), (vec![setting.clone()], (1, 0, 0)), (vec![covers], (0, 1, 0))]
    {
        let all: Vec<Value> =
            [own.clone(), assignment(&json!({})), one.clone()].into_iter().chain(more).collect();
        let inventory = listed(&all);
        let estate = Estate::of(&inventory);
        let simulation = agrees(&estate, &estate.compile(&knowledge()).assigned);
        let c = simulation.assessments[0].parts[0].counts;
        assert_eq!((c.compliant, c.non_compliant, c.not_judged), expected);
    }
}

/// Management groups are known from their subscriptions; where nobody said, what is assigned to them is not judged.
#[test]
fn management_groups_are_those_that_subscriptions_name() {
    let mut own = assignment(&json!({ "scope": "/providers/Microsoft.Management/managementGroups/mg-ml" }));
    own["id"] = json!(
        "/providers/Microsoft.Management/managementGroups/mg-ml/providers/Microsoft.Authorization/policyAssignments/keys"
    );
    let subscription = |groups: &Value| {
        json!({ "id": SUB, "type": "Microsoft.Resources/subscriptions", "name": "s", "displayName": "ML",
            "properties": { "managementGroupAncestorsChain": groups } })
    };
    let one = account("a", "one", &json!(true));
    for (more, counts) in [
        (vec![], (0, 1)),
        (vec![subscription(&json!([{ "name": "mg-ml" }, { "name": "root" }]))], (1, 0)),
        (vec![subscription(&json!([{ "name": "other" }]))], (0, 0)),
    ] {
        let all: Vec<Value> = [keys(), own.clone(), one.clone()].into_iter().chain(more).collect();
        let inventory = listed(&all);
        let estate = Estate::of(&inventory);
        let found = agrees(&estate, &estate.compile(&knowledge()).assigned).counts();
        assert_eq!((found.non_compliant, found.not_judged), counts);
    }
    let inventory =
        listed(&[keys(), own, one, subscription(&json!([{ "name": "mg-ml" }, { "name": "root" }]))]);
    let estate = Estate::of(&inventory);
    let assigned = estate.compile(&knowledge()).assigned;
    for (scope, expected) in [("root", 1), ("mg-ml", 1), ("other", 0)] {
        let scope = format!("/providers/Microsoft.Management/managementGroups/{scope}");
        let options = Options { now: Some(now()), forces: None, scope: Some(&scope) };
        assert_eq!(simulate(&estate, &assigned, options).counts().non_compliant, expected, "{scope}");
    }
    let rule_of = |_: &dekey_policy::Part| vec![StandsFor { rule: 0, closest: true }];
    let options = Options { now: Some(now()), ..Options::default() };
    let found = status(&estate, &assigned, options, &["keys".to_owned()], &rule_of);
    let told: Vec<(&str, usize, &str, u64)> = found
        .scopes
        .iter()
        .map(|own| (own.name.as_str(), own.depth, own.rules[0].stand.word(), own.counts.non_compliant))
        .collect();
    assert_eq!(told, [("root", 0, "bare", 1), ("mg-ml", 1, "audited", 1), ("ML", 2, "audited", 1)]);
}

/// A denial that looks at what the service fills in says something else of a request than of what there is.
#[test]
fn requests_that_differ_from_answers_are_told_apart() {
    let mut one = account("a", "one", &json!(true));
    one["properties"]["minimumTlsVersion"] = json!("TLS1_2");
    one["properties"]["provisioningState"] = json!("Succeeded");
    let old = json!({ "allOf": [
        { "field": "type", "equals": "Microsoft.Storage/storageAccounts" },
        { "field": "Microsoft.Storage/storageAccounts/minimumTlsVersion", "notEquals": "TLS1_2" },
    ] });
    let new = json!({ "allOf": [
        { "field": "type", "equals": "Microsoft.Storage/storageAccounts" },
        { "field": "Microsoft.Storage/storageAccounts/minimumTlsVersion", "equals": "TLS1_2" },
    ] });
    for (rule, expected) in [
        (old, Some(Differs::IfLeftOut)),
        (new, Some(Differs::NotIfLeftOut)),
        (keys()["properties"]["policyRule"]["if"].clone(), None),
    ] {
        let own = assignment(&json!({ "parameters": { "effect": { "value": "Deny" } } }));
        let inventory = listed(&[definition(&rule), own, one.clone()]);
        let estate = Estate::of(&inventory);
        let found = agrees(&estate, &estate.compile(&knowledge()).assigned);
        let judged = &found.assessments[0].parts[0];
        assert_eq!(judged.requests.keys().next().cloned(), expected, "{rule}");
        assert_eq!(judged.hangs_on.contains("properties.minimumTlsVersion"), expected.is_some());
    }
}

/// Where nobody said which management groups a subscription lies in, it may lie in the one that is asked for.
#[test]
fn what_may_lie_in_the_scope_is_not_judged() {
    let inventory = listed(&[keys(), assignment(&json!({})), account("a", "one", &json!(true))]);
    let estate = Estate::of(&inventory);
    let assigned = estate.compile(&knowledge()).assigned;
    let asked = "/providers/Microsoft.Management/managementGroups/mg-ml";
    let options = Options { now: Some(now()), forces: None, scope: Some(asked) };
    let counts = simulate(&estate, &assigned, options).counts();
    assert_eq!((counts.non_compliant, counts.not_judged), (0, 1));
    let rule_of = |_: &dekey_policy::Part| vec![StandsFor { rule: 0, closest: true }];
    let found = status(&estate, &assigned, options, &["keys".to_owned()], &rule_of);
    assert_eq!(found.scopes.len(), 1);
    assert_eq!(found.scopes[0].rules[0].stand.word(), "not judged");
    assert_eq!(found.scopes[0].counts.not_judged, 1);
}

/// A management group below the one that is asked for lies in it, and one above does not.
#[test]
fn management_groups_lie_in_those_above_them() {
    let subscription = json!({ "id": SUB, "type": "Microsoft.Resources/subscriptions", "name": "s", "displayName": "ML",
        "properties": { "managementGroupAncestorsChain": [{ "name": "mg-ml" }, { "name": "root" }] } });
    let inventory = listed(&[subscription]);
    let estate = Estate::of(&inventory);
    let id = |name: &str| format!("/providers/Microsoft.Management/managementGroups/{name}");
    for (own, scope, expected) in [
        ("mg-ml", "root", Some(true)),
        ("root", "mg-ml", Some(false)),
        ("nobody-said", "root", None),
        ("mg-ml", "other", Some(false)),
    ] {
        assert_eq!(estate.lies_in(&id(own), &id(scope)), expected, "{own} {scope}");
    }
    assert_eq!(estate.lies_in(&id("root"), SUB), Some(false));
}

/// What dekey never looked at is not what it calls compliant.
#[test]
fn states_of_what_was_not_looked_at_agree_with_nothing() {
    let own = assignment(&json!({ "notScopes": [format!("{SUB}/resourceGroups/c")] }));
    let vault = json!({ "id": format!("{SUB}/resourceGroups/a/providers/Microsoft.KeyVault/vaults/kv"),
        "name": "kv", "type": "Microsoft.KeyVault/vaults", "location": "westeurope", "properties": {} });
    let role = json!({ "id": "/providers/Microsoft.Authorization/roleDefinitions/r", "name": "r",
        "type": "Microsoft.Authorization/roleDefinitions", "properties": { "roleName": "r" } });
    let resources = [
        account("a", "good", &json!(false)),
        account("a", "bad", &json!(true)),
        account("b", "elsewhere", &json!(false)),
        account("c", "excluded", &json!(false)),
        vault,
        role,
    ];
    let state = |resource: &Value| {
        json!({ "timestamp": "2026-11-22T00:00:00Z", "complianceState": "Compliant", "resourceId": resource["id"],
            "policyAssignmentId": own["id"], "policyDefinitionId": KEYS, "policyDefinitionReferenceId": "",
            "policyDefinitionAction": "audit", "isCompliant": true })
    };
    let mut all: Vec<Value> = resources.iter().map(state).collect();
    all.extend(resources.iter().cloned());
    all.extend([keys(), own.clone()]);
    let inventory = listed(&all);
    let estate = Estate::of(&inventory);
    let assigned = estate.compile(&knowledge()).assigned;
    let options = Options { now: Some(now()), ..Options::default() };
    let found = compare_states(&estate, &assigned, options).unwrap();
    let words = |found: &dekey_guard::Compared| {
        found.differences.iter().map(|own| own.own).collect::<Vec<&'static str>>()
    };
    assert_eq!(words(&found), ["not applicable", "NonCompliant", "excluded"]);
    assert_eq!((found.states, found.same, found.not_compared.values().sum::<u64>()), (6, 2, 1));
    let there = format!("{SUB}/resourceGroups/a");
    let found = compare_states(&estate, &assigned, Options { scope: Some(&there), ..options }).unwrap();
    assert_eq!(words(&found), ["not applicable", "NonCompliant"]);
    assert_eq!((found.same, found.not_judged), (1, 0));
    let outside = found.not_compared.iter().filter(|own| own.0.contains("outside the scope"));
    assert_eq!(outside.map(|own| own.1).sum::<u64>(), 3);
}

/// A policy that was not read may be about any rule: it is not one of those about none.
#[test]
fn a_policy_that_was_not_read_leaves_no_rule_bare() {
    let mut lost = assignment(&json!({ "policyDefinitionId": format!("{KEYS}-lost") }));
    lost["id"] = json!(format!("{SUB}/providers/Microsoft.Authorization/policyAssignments/lost"));
    let rules = ["keys".to_owned(), "other".to_owned()];
    let rule_of = |part: &dekey_policy::Part| {
        part.policy().map(|_| vec![StandsFor { rule: 0, closest: true }]).unwrap_or_default()
    };
    for (more, expected, unclear) in
        [(vec![], ["audited", "bare"], vec![]), (vec![lost], ["audited", "not judged"], vec![(1, 0)])]
    {
        let all: Vec<Value> = [keys(), assignment(&json!({})), account("a", "one", &json!(true))]
            .into_iter()
            .chain(more)
            .collect();
        let inventory = listed(&all);
        let estate = Estate::of(&inventory);
        let assigned = estate.compile(&knowledge()).assigned;
        let options = Options { now: Some(now()), ..Options::default() };
        let found = status(&estate, &assigned, options, &rules, &rule_of);
        let stands: Vec<&str> = found.scopes[0].rules.iter().map(|own| own.stand.word()).collect();
        assert_eq!(stands, expected);
        assert_eq!((found.others, found.unclear), (vec![], unclear));
    }
}

/// Exemptions and enrollments count for the policies and resources that they name, and for no others.
#[test]
fn what_is_excused_or_enrolled_in_part_is_told_so() {
    let about = |kind: &str, more: &Value| {
        let mut own = json!({ "id": format!("{SUB}/providers/Microsoft.Authorization/policy{kind}/x"), "name": "x",
            "type": format!("Microsoft.Authorization/policy{kind}"),
            "properties": { "policyAssignmentId": assignment(&json!({}))["id"], "exemptionCategory": "Waiver" } });
        own["properties"].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        own
    };
    let all = json!({});
    let west = json!({ "resourceSelectors": [
        { "name": "s", "selectors": [{ "kind": "resourceLocation", "in": ["westeurope"] }] } ] });
    let another = json!({ "policyDefinitionReferenceIds": ["another"] });
    for (mode, more, expected) in [
        ("Default", None, ("enforced", false)),
        ("Default", Some(about("Exemptions", &all)), ("exempt", false)),
        ("Default", Some(about("Exemptions", &west)), ("enforced", true)),
        ("Default", Some(about("Exemptions", &another)), ("enforced", false)),
        ("Enroll", None, ("audited", true)),
        ("Enroll", Some(about("Enrollments", &all)), ("enforced", false)),
        ("Enroll", Some(about("Enrollments", &west)), ("enforced", true)),
        ("Enroll", Some(about("Enrollments", &another)), ("audited", true)),
    ] {
        let own =
            assignment(&json!({ "enforcementMode": mode, "parameters": { "effect": { "value": "Deny" } } }));
        let documents: Vec<Value> = [keys(), own].into_iter().chain(more.clone()).collect();
        let inventory = listed(&documents);
        let estate = Estate::of(&inventory);
        assert_eq!(estate.problems, []);
        let assigned = estate.compile(&knowledge()).assigned;
        let rule_of = |_: &dekey_policy::Part| vec![StandsFor { rule: 0, closest: true }];
        let options = Options { now: Some(now()), ..Options::default() };
        let found = status(&estate, &assigned, options, &["keys".to_owned()], &rule_of);
        let rule = &found.scopes[0].rules[0];
        assert_eq!((rule.stand.word(), rule.in_part), expected, "{mode} {more:?}");
    }
}
