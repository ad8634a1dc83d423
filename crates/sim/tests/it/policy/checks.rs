//! What is checked of definitions, assignments and what belongs to them before they are taken.

use super::{GROUP, POLICY, PREVIEW, ROOT, SUB, no_keys, policy, world};
use crate::{World, code, json};
use serde_json::{Value, json};

/// Definitions that are not taken, and then a definition and an initiative that are.
fn defined(world: &mut World) -> (String, String) {
    let definition = policy(SUB, "policyDefinitions", "keys");
    let with = |rule: Value, parameters: Value| json!({ "properties": { "mode": "Indexed", "policyRule": rule, "parameters": parameters } });
    let effect = json!({ "effect": { "type": "String", "allowedValues": ["audit", "deny"] } });
    for (body, expected) in [
        (json!({ "properties": { "mode": "All" } }), "InvalidPolicyRule"),
        (
            with(json!({ "if": { "field": "type", "equal": "x" }, "then": { "effect": "deny" } }), json!({})),
            "InvalidPolicyRule",
        ),
        (with(no_keys("[parameters('effect')]"), json!({})), "InvalidPolicyRule"),
        (with(no_keys("deny"), effect.clone()), "UnusedPolicyParameters"),
    ] {
        let answer = world.put(&definition, POLICY, &body);
        assert_eq!((answer.status, code(&json(&answer))), (400, expected), "{body}");
    }
    world.made(&definition, POLICY, &with(no_keys("[parameters('effect')]"), effect));
    let set = policy(SUB, "policySetDefinitions", "set");
    let member = |id: &str, parameters: Value| {
        json!({ "properties": { "policyDefinitions": [
        { "policyDefinitionId": id, "policyDefinitionReferenceId": "keys", "parameters": parameters }] } })
    };
    for (body, status, expected) in [
        (
            member("/providers/Microsoft.Authorization/policyDefinitions/none", json!({})),
            404,
            "PolicyDefinitionNotFound",
        ),
        (member(&definition, json!({})), 400, "MissingPolicyParameter"),
        (
            member(&definition, json!({ "effect": { "value": "deny" }, "other": { "value": 1 } })),
            400,
            "UndefinedPolicyParameter",
        ),
    ] {
        let answer = world.put(&set, POLICY, &body);
        assert_eq!((answer.status, code(&json(&answer))), (status, expected), "{body}");
    }
    world.made(&set, POLICY, &member(&definition, json!({ "effect": { "value": "deny" } })));
    (definition, set)
}

#[test]
fn what_is_not_right_is_not_taken() {
    let mut world = world();
    let (definition, set) = defined(&mut world);
    let assign = |target: &str, parameters: Value| json!({ "properties": { "policyDefinitionId": target, "parameters": parameters } });
    let mut messages = assign(&set, json!({}));
    messages["properties"]["nonComplianceMessages"] =
        json!([{ "message": "m", "policyDefinitionReferenceId": "none" }]);
    for (body, status, expected) in [
        (json!({ "properties": {} }), 400, "InvalidCreatePolicyAssignmentRequest"),
        (assign(&policy(SUB, "policyDefinitions", "none"), json!({})), 404, "PolicyDefinitionNotFound"),
        (assign(&policy(SUB, "policySetDefinitions", "none"), json!({})), 404, "PolicySetDefinitionNotFound"),
        (assign(&definition, json!({})), 400, "MissingPolicyParameter"),
        (
            assign(&definition, json!({ "effect": { "value": "deny" }, "x": { "value": 1 } })),
            400,
            "UndefinedPolicyParameter",
        ),
        (
            assign(&definition, json!({ "effect": { "value": "Deny" } })),
            400,
            "PolicyParameterValueNotAllowed",
        ),
        (messages, 400, "InvalidCreatePolicyAssignmentRequest"),
    ] {
        let answer = world.put(&policy(SUB, "policyAssignments", "a"), POLICY, &body);
        assert_eq!((answer.status, code(&json(&answer))), (status, expected), "{body}: {}", json(&answer));
    }
    let own = json!({ "properties": { "policyAssignmentId": policy(SUB, "policyAssignments", "a"), "exemptionCategory": "Waiver" } });
    let answer = world.put(&policy(GROUP, "policyExemptions", "e"), PREVIEW, &own);
    assert_eq!((answer.status, code(&json(&answer))), (404, "PolicyAssignmentNotFound"));
    world.made(&policy(SUB, "policyAssignments", "a"), POLICY, &assign(&set, json!({})));
    world.made(&policy(GROUP, "policyExemptions", "e"), PREVIEW, &own);
    // It lies at or below its assignment, unless that is not to be validated.
    let above = policy(ROOT, "policyExemptions", "e");
    let answer = world.put(&above, PREVIEW, &own);
    assert_eq!((answer.status, code(&json(&answer))), (400, "InvalidCreatePolicyExemptionRequest"));
    let mut own = own;
    own["properties"]["assignmentScopeValidation"] = json!("DoNotValidate");
    world.made(&above, PREVIEW, &own);
}
