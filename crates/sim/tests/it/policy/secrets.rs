//! No refusal tells a secret, whatever the policy made of it.

use super::*;
use base64::{Engine, engine::general_purpose::STANDARD};

const SECRET: &str = "S3cr3t-canary-01234567";
const TYPE: &str = "Microsoft.Storage/storageAccounts";

/// What a refused account is told, with its tags and what the assignment gives.
fn told(rule: Value, parameters: &[&str], given: Value, tags: Value) -> (Value, String) {
    let mut world = world();
    let declared: serde_json::Map<String, Value> =
        parameters.iter().map(|own| ((*own).to_owned(), json!({ "type": "String" }))).collect();
    let definition = policy(SUB, "policyDefinitions", "p");
    let own = json!({ "properties": { "mode": "Indexed", "policyRule": rule, "parameters": declared } });
    world.made(&definition, POLICY, &own);
    let own = json!({ "properties": { "policyDefinitionId": definition, "parameters": given } });
    world.made(&policy(SUB, "policyAssignments", "p"), POLICY, &own);
    let body = json!({ "location": "westeurope", "kind": "StorageV2", "sku": { "name": "Standard_LRS" }, "tags": tags, "properties": {} });
    let answer = world.put(&account("st"), STORAGE, &body);
    let text = String::from_utf8(answer.body.clone()).unwrap();
    assert_eq!(answer.status, 403, "{text}");
    let info = json(&answer)["error"]["additionalInfo"][0]["info"].clone();
    (info["evaluationDetails"]["evaluatedExpressions"].clone(), text)
}

fn denied(conditions: Value) -> Value {
    json!({ "if": { "allOf": conditions }, "then": { "effect": "deny" } })
}

#[test]
fn what_a_condition_compares_with_may_be_made_of_a_secret() {
    let rule = denied(json!([
        { "field": "type", "equals": TYPE },
        { "field": "kind", "NotEquals": "[base64(field('tags.password'))]" },
        { "field": "kind", "notIn": ["x", "[toUpper(field ('tags.password'))]"] },
    ]));
    let (steps, text) = told(rule.clone(), &[], json!({}), json!({ "password": SECRET }));
    assert!(!text.contains(&STANDARD.encode(SECRET)) && !text.contains(&SECRET.to_uppercase()), "{text}");
    assert_eq!(steps[0]["targetValue"], TYPE);
    assert_eq!(
        (&steps[1]["targetValue"], &steps[2]["targetValue"]),
        (&json!("[hidden]"), &json!("[hidden]"))
    );
    assert_eq!(steps[1]["expressionValue"], "StorageV2");
    // Where there is no secret, nothing is hidden.
    let (steps, _) = told(rule, &[], json!({}), json!({ "password": "x" }));
    assert_eq!(steps[1]["targetValue"], STANDARD.encode("x"));
}

#[test]
fn what_is_made_of_a_parameter_may_be_made_of_a_secret() {
    let rule = denied(json!([
        { "field": "type", "equals": TYPE },
        { "value": "[toUpper(parameters('adminPassword'))]", "notEquals": "x" },
        { "field": "kind", "notEquals": "[base64(parameters('adminPassword'))]" },
    ]));
    let given = json!({ "adminPassword": { "value": SECRET } });
    let (steps, text) = told(rule, &["adminPassword"], given, json!({}));
    assert!(!text.contains(SECRET) && !text.contains(&SECRET.to_uppercase()), "{text}");
    assert!(!text.contains(&STANDARD.encode(SECRET)), "{text}");
    let of =
        |kind: &str| steps.as_array().unwrap().iter().rfind(|own| own["expressionKind"] == kind).unwrap();
    assert_eq!(of("Value")["expressionValue"], "[hidden]");
    assert_eq!(of("Field")["targetValue"], "[hidden]");
}

#[test]
fn a_secret_that_starts_another_does_not_leave_its_rest() {
    let rule = denied(json!([
        { "field": "type", "equals": TYPE },
        { "field": "tags.b-password", "exists": true },
        { "field": "tags.b-password", "notEquals": "x" },
    ]));
    let longer = format!("{SECRET}-and-what-follows");
    let (steps, text) = told(rule, &[], json!({}), json!({ "a-password": SECRET, "b-password": longer }));
    assert!(!text.contains("what-follows"), "{text}");
    assert_eq!(steps[2]["expressionValue"], "[hidden]");
}
