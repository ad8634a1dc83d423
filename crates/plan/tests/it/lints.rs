//! A plan that is wrong is told so, whoever made it.

use crate::{SUBSCRIPTION, planned};
use dekey_plan::lint::check;
use dekey_plan::{Approval, Before, Phase, Plan, Undo, Verify};
use serde_json::{Value, json};

fn faults(change: impl FnOnce(&mut Plan)) -> String {
    let mut plan = planned();
    change(&mut plan);
    check(&plan).iter().map(|own| format!("{own}\n")).collect::<Vec<_>>().concat()
}

fn stage(plan: &Plan, name: &str) -> usize {
    plan.stages.iter().position(|own| own.name == name).unwrap()
}

#[test]
fn what_is_planned_is_in_order() {
    assert_eq!(faults(|_| {}), "");
}

#[test]
fn nothing_is_denied_that_was_not_audited() {
    let text = faults(|plan| {
        let at = stage(plan, "audit-second");
        plan.stages.remove(at);
    });
    assert!(text.contains("stage `audit-everything-else`: reaches further than one ring"), "{text}");
    let text = faults(|plan| plan.stages.retain(|own| own.phase != Phase::Audit));
    assert!(text.contains("stage `deny-first`: denies what no stage before it audits"), "{text}");
    let text = faults(|plan| {
        let (audit, deny) = (stage(plan, "audit-first"), stage(plan, "deny-first"));
        plan.stages[audit].steps[0].request.body = plan.stages[deny].steps[0].request.body.clone();
    });
    assert!(text.contains("stage `audit-first`: is to audit, and denies"), "{text}");
    let text = faults(|plan| {
        let at = stage(plan, "audit-first");
        plan.stages[at].steps[0].request.body.as_mut().unwrap()["properties"]["overrides"] = json!([]);
    });
    assert!(text.contains("is to audit, and denies"), "without an override nobody knows the effect: {text}");
    let text = faults(|plan| {
        let at = stage(plan, "deny-first");
        plan.stages[at].gate = None;
    });
    assert!(text.contains("denies without a gate"), "{text}");
}

#[test]
fn rings_are_reached_one_by_one() {
    let text = faults(|plan| {
        let at = stage(plan, "audit-second");
        plan.stages[at].ring = Some(2);
    });
    assert!(text.contains("reaches further than one ring beyond"), "{text}");
}

#[test]
fn every_step_can_be_taken_back_and_is_looked_at() {
    let text = faults(|plan| plan.stages[0].steps[0].undo = Undo::Impossible(String::new()));
    assert!(text.contains("cannot be taken back"), "{text}");
    let text = faults(|plan| {
        let step = &mut plan.stages[0].steps[0];
        (step.undo, step.approval) =
            (Undo::Impossible("it is gone for good".to_owned()), Approval::PolicyOwner);
    });
    assert_eq!(text, "");
    let text = faults(|plan| {
        let other = plan.stages[0].steps[1].undo.clone();
        plan.stages[0].steps[0].undo = other;
    });
    assert!(text.contains("taken back by a request to another resource"), "{text}");
    let text = faults(|plan| plan.stages[0].steps[0].before = Before::Present(json!({ "properties": {} })));
    assert!(text.contains("taken back to something that was not there"), "{text}");
    let text = faults(|plan| plan.stages[0].steps[0].verify = Verify::Shows(json!({})));
    assert!(text.contains("verified by nothing"), "{text}");
    let text = faults(|plan| plan.stages[0].steps[0].verify = Verify::Gone);
    assert!(text.contains("verified by the absence"), "{text}");
    let text = faults(|plan| {
        let at = stage(plan, "deny-first");
        plan.stages[at].steps[0].approval = Approval::Operator;
    });
    assert!(text.contains("needs the agreement"), "{text}");
}

#[test]
fn a_plan_stays_in_its_scope_and_to_its_purpose() {
    for (path, expected) in [
        (
            "/subscriptions/other/providers/Microsoft.Authorization/policyDefinitions/a".to_owned(),
            "outside the scope",
        ),
        (format!("{SUBSCRIPTION}/resourceGroups/rg"), "a type that this plan is not for"),
        (
            format!("{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/a"),
            "a type that this plan is not for",
        ),
        (
            format!("{SUBSCRIPTION}/../x/providers/Microsoft.Authorization/policyDefinitions/a"),
            "a path that is no id",
        ),
        (
            format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/policyDefinitions/a?x"),
            "a path that is no id",
        ),
    ] {
        let text = faults(|plan| plan.stages[0].steps[0].request.path = path.clone());
        assert!(text.contains(expected), "{path}: {text}");
    }
    let text = faults(|plan| {
        let first = plan.stages[0].steps[0].clone();
        plan.stages[0].steps.push(first);
    });
    assert!(text.contains("writes the same resource") && text.contains("has the same id"), "{text}");
}

#[test]
fn exemptions_end() {
    let exempting = |expires: Value, why: &str| {
        faults(|plan| {
            let at = stage(plan, "deny-first");
            let step = &mut plan.stages[at].steps[0];
            step.request.path =
                format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/policyExemptions/x");
            if let Undo::Request(undo) = &mut step.undo {
                undo.path.clone_from(&step.request.path);
            }
            step.request.body = Some(json!({ "properties": { "expiresOn": expires, "description": why } }));
        })
    };
    assert_eq!(exempting(json!("2027-02-01T00:00:00Z"), "because"), "");
    for expires in [json!(null), json!("2028-02-01T00:00:00Z"), json!("2026-01-01T00:00:00Z"), json!("soon")]
    {
        assert!(exempting(expires.clone(), "because").contains("without an end within a year"), "{expires}");
    }
    assert!(exempting(json!("2027-02-01T00:00:00Z"), " ").contains("without saying why"));
}
