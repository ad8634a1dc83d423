//! What is not known of where and how a policy counts is not taken for harmless.

use super::*;

fn keys() -> Value {
    json!({ "allOf": [of_type(), { "field": alias("allowSharedKeyAccess"), "notEquals": false }] })
}

fn bad() -> Value {
    account(json!({}))
}

fn good() -> Value {
    account(json!({ "allowSharedKeyAccess": false }))
}

/// Which nobody documents.
fn odd_selector() -> Value {
    json!([{ "kind": "moon", "in": ["full"] }])
}

#[test]
fn an_enrollment_that_is_not_understood_leaves_open_whether_it_is_enforced() {
    let enrollment = |selectors: Value| {
        Enrollment::parse(&json!({
            "id": format!("{GROUP}/providers/Microsoft.Authorization/policyEnrollments/e"),
            "properties": { "policyAssignmentId": assignment_id("keys"), "resourceSelectors": selectors },
        }))
        .unwrap()
    };
    let odd = enrollment(json!([{ "selectors": odd_selector() }]));
    let decided = |effect: &str, enrollments: &[&Enrollment], body: &Value| {
        let mut desk = Desk::default()
            .defining("keys", "Indexed", keys(), json!({ "effect": effect }))
            .assigning("keys", json!({ "enforcementMode": "Enroll" }));
        desk.enrollments = enrollments.iter().copied().cloned().collect();
        desk.put(body).decision()
    };
    assert_eq!(decided("deny", &[], &bad()), Decision::Admitted);
    assert_eq!(decided("deny", &[&odd], &bad()), Decision::Unknown);
    assert_eq!(decided("deny", &[&odd], &good()), Decision::Admitted);
    assert_eq!(decided("audit", &[&odd], &bad()), Decision::Admitted);
    // One that says yes is enough, in whichever order they come.
    let yes = enrollment(json!([]));
    assert_eq!(decided("deny", &[&odd, &yes], &bad()), Decision::Refused);
    assert_eq!(decided("deny", &[&yes, &odd], &bad()), Decision::Refused);
}

#[test]
fn an_action_is_open_where_enforcement_is() {
    let then = json!({ "effect": "denyAction", "details": { "actionNames": ["delete"] } });
    let mut desk = Desk::default()
        .defining("keys", "Indexed", of_type(), then)
        .assigning("keys", json!({ "enforcementMode": "Enroll" }));
    desk.enrollments = vec![
        Enrollment::parse(&json!({
            "id": format!("{GROUP}/providers/Microsoft.Authorization/policyEnrollments/e"),
            "properties": { "policyAssignmentId": assignment_id("keys"),
                "resourceSelectors": [{ "selectors": odd_selector() }] },
        }))
        .unwrap(),
    ];
    let body = json!({ "id": ACCOUNT, "type": STORAGE, "location": "x" });
    let admission = desk.rules().admit_action("delete", &Subject::new(&body), &[], &around());
    assert_eq!(admission.decision(), Decision::Unknown);
}

#[test]
fn an_override_that_is_not_understood_leaves_the_effect_open() {
    let desk = |own: &str, mode: &str| {
        let overrides = json!([{ "kind": "policyEffect", "value": "deny", "selectors": odd_selector() }]);
        Desk::default()
            .defining("keys", "Indexed", keys(), json!({ "effect": own }))
            .assigning("keys", json!({ "enforcementMode": mode, "overrides": overrides }))
    };
    for own in ["audit", "disabled", "deny"] {
        let enforced = desk(own, "Default");
        assert_eq!(enforced.put(&bad()).decision(), Decision::Unknown, "{own}");
        assert!(enforced.put(&bad()).not_judged[0].why.contains("moon"));
        // What the rule does not find is fine with any effect.
        assert_eq!(enforced.put(&good()).decision(), Decision::Admitted, "{own}");
        assert_eq!(desk(own, "DoNotEnforce").put(&bad()).decision(), Decision::Admitted, "{own}");
    }
    let then = json!({ "effect": "auditAction", "details": { "actionNames": ["delete"] } });
    let overrides = json!([{ "kind": "policyEffect", "value": "denyAction", "selectors": odd_selector() }]);
    let action = Desk::default()
        .defining("keys", "Indexed", of_type(), then)
        .assigning("keys", json!({ "overrides": overrides }));
    let body = json!({ "id": ACCOUNT, "type": STORAGE, "location": "x" });
    let delete = action.rules().admit_action("delete", &Subject::new(&body), &[], &around()).decision();
    assert_eq!(delete, Decision::Unknown);
}

#[test]
fn an_override_of_versions_that_is_not_understood_leaves_the_version_open() {
    let decided = |versions: [(&str, Value); 2], mode: &str, body: &Value| {
        let mut desk = Desk::default();
        for (version, (effect, condition)) in ["1.0.0", "2.0.0"].into_iter().zip(versions) {
            let rule = json!({ "if": condition, "then": { "effect": effect } });
            let own = json!({ "id": definition_id("keys"),
                "properties": { "mode": "Indexed", "version": version, "policyRule": rule } });
            desk.shelf.0.push(Definition::parse(&own).unwrap());
        }
        let overrides = json!([{ "kind": "policyVersion", "value": "2.*.*", "selectors": odd_selector() }]);
        let more = json!({ "definitionVersion": "1.*.*", "overrides": overrides, "enforcementMode": mode });
        desk.assigning("keys", more).put(body).decision()
    };
    let none = || json!({ "allOf": [of_type(), { "field": "location", "equals": "moon" }] });
    // The version that is assigned says that all is well, or that it is not about this.
    for first in [("deny", none()), ("audit", keys()), ("disabled", keys())] {
        let versions = [first, ("deny", keys())];
        assert_eq!(decided(versions.clone(), "Default", &bad()), Decision::Unknown);
        assert_eq!(decided(versions.clone(), "DoNotEnforce", &bad()), Decision::Admitted);
        // Here both do.
        assert_eq!(decided(versions, "Default", &good()), Decision::Admitted);
    }
    assert_eq!(decided([("deny", keys()), ("deny", none())], "Default", &bad()), Decision::Unknown);
}
