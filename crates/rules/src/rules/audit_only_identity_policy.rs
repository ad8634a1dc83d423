//! A policy sees a workspace without the identity that is asked for, and lets it pass.

use super::unenforced_workspace_identity::wanted;
use crate::policies::{Effect, Mode, Standing, State, Watcher, label};
use crate::{Context, Out, controls, declare_rule, remedies};
use dekey_model::{Field, Gap, Kind, Resource, Severity};

declare_rule! {
    /// Identity policy that only audits
    ///
    /// ## What it finds
    /// Workspaces over which a policy assignment asks for the identity of `identity_standard`, but none denies a workspace
    /// without it: the effect is `audit`, `auditIfNotExists` or `disabled`, or `enforcementMode` is `DoNotEnforce`. The
    /// effect is the one in force: parameters of the assignment and the initiative, defaults, and overrides are resolved.
    ///
    /// ## Why it matters
    /// An audit effect fills a compliance page and stops nobody. A disabled one does not even do that, and looks like
    /// enforcement to everyone who only sees that the assignment exists.
    ///
    /// ## How it is put right
    /// Put right what the policy lists, then give the assignment the effect `Deny`, or `enforcementMode: Default` if it was
    /// `DoNotEnforce`. Existing workspaces stay as they are: `deny` applies to what is created or changed from then on, and
    /// a change of effect can take 30 minutes. Built-in 5f0c7d88-c7de-45b8-ac49-db49e72eaa78 takes its effect as a parameter
    /// and audits unless told otherwise; the Microsoft cloud security benchmark passes none on, so assign it by itself then.
    ///
    /// ## When it stays silent
    /// When no assignment asks for the identity: `unenforced-workspace-identity` says so. When assignments, definitions or
    /// effects were not read or cannot be worked out, it is not judged.
    ///
    /// ## Sources
    /// - [Azure Policy definitions effect basics](https://learn.microsoft.com/azure/governance/policy/concepts/effect-basics)
    /// - [Azure Policy assignment structure](https://learn.microsoft.com/azure/governance/policy/concepts/assignment-structure)
    /// - [Safe deployment of Azure Policy assignments](https://learn.microsoft.com/azure/governance/policy/how-to/policy-safe-deployment-practices)
    "audit-only-identity-policy" {
        group: Enforcement,
        severity: Low,
        confidence: High,
        since: "0.1.0",
        subjects: [Workspace],
        needs: [PolicyAssignment, PolicyDefinition, PolicySetDefinition, PolicyExemption, Subscription],
        controls: controls::ENFORCEMENT,
        remedy_under: remedies::enforcing,
        remedy: {
            az: remedies::ENFORCE.az,
            bicep: remedies::ENFORCE.bicep,
            terraform: remedies::ENFORCE.terraform,
            portal: remedies::ENFORCE.portal,
        },
    }
}

fn check(cx: &Context<'_>, workspace: Resource<'_>, out: &mut Out<'_>) {
    let standard = cx.settings.identity_standard;
    if !out.needs_policies(cx, workspace, Kind::PolicyAssignment) {
        return;
    }
    let watchers = match cx.policies().standing(workspace, State::lacking(standard), cx.as_of) {
        Standing::Watched(watchers) => watchers,
        Standing::Enforced => return out.pass(),
        Standing::Unclear(why) => return out.not_judged(Gap::Other(why.into())),
        Standing::Exempt { .. } | Standing::Nothing => return,
    };
    let idle = watchers.iter().all(|watcher| watcher.effect == Effect::Disabled);
    let how: Vec<String> = watchers.iter().map(|watcher| said(cx, *watcher)).collect();
    let message = format!("a workspace without {} is not denied here: {}", wanted(standard), how.join(", "));
    let fired = watchers.iter().fold(out.finding(message), |fired, watcher| {
        let assignment = cx.inventory.get(watcher.assignment);
        fired.on_other(assignment, Field::PolicyParameters).on_other(assignment, Field::EnforcementMode)
    });
    if idle {
        fired.severity(Severity::Medium, "nothing lists it either").done();
    } else {
        fired.done();
    }
}

fn said(cx: &Context<'_>, watcher: Watcher) -> String {
    let name = label(cx.inventory.get(watcher.assignment));
    match (watcher.effect, watcher.mode) {
        (Effect::Disabled, _) => format!("`{name}` is switched off by its effect"),
        (Effect::Deny, Mode::DoNotEnforce) => format!("`{name}` is set to DoNotEnforce"),
        _ => format!("`{name}` only audits"),
    }
}
