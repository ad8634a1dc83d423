//! A policy assignment that would deny, and is not enforced.

use crate::policies::{Effect, Mode, Place, label};
use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Gap, Resource, Seen, Severity};

declare_rule! {
    /// Policy assignment that is not enforced
    ///
    /// ## What it finds
    /// Assignments of policies on the identity of workspaces, or on keys of workspaces, storage accounts and container
    /// registries, whose effect is to deny or to change, and whose `enforcementMode` is `DoNotEnforce` or `Enroll`.
    ///
    /// ## Why it matters
    /// `DoNotEnforce` is meant for the days in which a policy is tried out: it fills the compliance page and stops nobody.
    /// Left there it looks like enforcement to everyone who reads the effect. `Enroll` enforces only where somebody has
    /// created a policy enrollment; everything else in its scope is listed and let through.
    ///
    /// ## How it is put right
    /// Put right what the assignment lists, then set `enforcementMode` to `Default`. Roll out in rings with resource
    /// selectors if much is still open. With `Enroll`, enroll every scope that should be enforced, or go to `Default`.
    ///
    /// ## When it stays silent
    /// When everything behind the assignment that concerns dekey audits or is disabled: there is nothing to enforce. When
    /// `enforcementMode` is `Default` or absent, which means the same.
    ///
    /// ## Sources
    /// - [Azure Policy assignment structure](https://learn.microsoft.com/azure/governance/policy/concepts/assignment-structure)
    /// - [Azure Policy enrollment structure](https://learn.microsoft.com/azure/governance/policy/concepts/enrollment-structure)
    "unenforced-policy-assignment" {
        group: Enforcement,
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        subjects: [PolicyAssignment],
        needs: [PolicyDefinition, PolicySetDefinition],
        controls: controls::ENFORCEMENT,
        remedy: {
            az: "az policy assignment update --name {name} --scope {parent_id} --enforcement-mode Default",
            bicep: "resource assignment 'Microsoft.Authorization/policyAssignments@2023-04-01' = {\n  name: '{name}'\n  properties: {\n    enforcementMode: 'Default'\n  }\n}",
            terraform: "resource \"azurerm_subscription_policy_assignment\" \"{symbol}\" {\n  enforce = true\n}\n\n# azurerm does not know Enroll; set it with azapi_update_resource on Microsoft.Authorization/policyAssignments.",
            portal: "Policy > Assignments > {name} > Edit assignment > Basics > Policy enforcement: Enabled",
        },
    }
}

fn check(cx: &Context<'_>, resource: Resource<'_>, out: &mut Out<'_>) {
    let Some(assignment) = cx.policies().assignment(resource) else { return };
    let mut topics: Vec<&str> = Vec::new();
    let mut unclear = false;
    for member in &assignment.members {
        match assignment.effect(cx.inventory, member, Place::Anywhere) {
            Effect::Deny | Effect::Act => topics.push(member.topic.as_str()),
            Effect::Unknown => unclear = true,
            Effect::Audit | Effect::Disabled => {}
        }
    }
    topics.sort_unstable();
    topics.dedup();
    let unread = assignment.unread.first().or(assignment.known_for_identities.as_ref());
    match assignment.mode {
        Mode::Default if topics.is_empty() => {}
        Mode::Default => out.pass(),
        Mode::Unknown => match resource.text(Field::EnforcementMode) {
            _ if topics.is_empty() && !unclear && unread.is_none() => {}
            Seen::NotRead => out.not_judged(Gap::NotRead(Field::EnforcementMode)),
            _ => out.not_judged(Gap::Odd(Field::EnforcementMode)),
        },
        mode if !topics.is_empty() => report(mode, &topics.join(" and "), out),
        _ if unclear => out.not_judged(Gap::Other(
            format!("the effect of the policy assignment `{}` could not be worked out", label(resource))
                .into(),
        )),
        _ => {
            if let Some(id) = unread {
                let what = if id == resource.id() { "what it assigns" } else { id };
                let reason = format!(
                    "{what} was not read: export definitions and initiatives (az policy definition list, az policy set-definition list)"
                );
                out.not_judged(Gap::Other(reason.into()));
            }
        }
    }
}

fn report(mode: Mode, topics: &str, out: &mut Out<'_>) {
    if mode == Mode::Enroll {
        out.finding(format!("its policy on {topics} is enforced only where a policy enrollment exists"))
            .on(Field::EnforcementMode)
            .severity(Severity::Low, "dekey does not read enrollments, which may cover everything")
            .done();
    } else {
        out.finding(format!("its policy on {topics} lists what it finds and stops nobody"))
            .on(Field::EnforcementMode)
            .on(Field::PolicyDefinitionId)
            .done();
    }
}
