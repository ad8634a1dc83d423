//! Nothing denies a workspace without the identity that is asked for.

use crate::policies::{Standing, State, label};
use crate::{Context, IdentityStandard, Out, controls, declare_rule, remedies};
use dekey_model::{Field, Gap, IdentityState, Kind, Resource, Severity};

declare_rule! {
    /// Workspace identity that nothing enforces
    ///
    /// ## What it finds
    /// Workspaces over which no policy assignment in force denies a workspace without the identity that `identity_standard`
    /// asks for, or lists one: not at the workspace, its resource group, its subscription, or a management group above.
    /// Excluded scopes, resource selectors, overrides and exemptions count; several assignments may do it together.
    ///
    /// ## Why it matters
    /// An identity that nobody enforces is a state of today. The next workspace comes from a template of last year, the
    /// next change to this one drops the identity, and both are found by an audit instead of being refused.
    ///
    /// ## How it is put right
    /// Assign a policy that denies it, as high up as the standard goes. No built-in policy asks for a system-assigned
    /// identity, or for any, so define one; for `identity_standard = "user"` assign built-in
    /// 5f0c7d88-c7de-45b8-ac49-db49e72eaa78, and for `"both"` the two together.
    /// Begin with `enforcementMode: DoNotEnforce`, look at what it lists, put that right, then switch to `Default`: denying
    /// first stops every change to a workspace that does not comply yet. Compare with `notContains`: the service writes
    /// `SystemAssigned,UserAssigned` with and without a space. `modify` cannot set the identity of a workspace.
    ///
    /// ## When it stays silent
    /// When an assignment denies it. When one looks and lets pass, `audit-only-identity-policy` says so instead. When the
    /// assignments or definitions were not read, or a condition, effect or management group cannot be worked out, it is not
    /// judged. Of unread definitions, those of Microsoft are known: as of April 2026 only 5f0c7d88 is about this identity.
    ///
    /// ## Sources
    /// - [Azure Policy assignment structure](https://learn.microsoft.com/azure/governance/policy/concepts/assignment-structure)
    /// - [Safe deployment of Azure Policy assignments](https://learn.microsoft.com/azure/governance/policy/how-to/policy-safe-deployment-practices)
    /// - [Azure Policy definitions modify effect](https://learn.microsoft.com/azure/governance/policy/concepts/effect-modify)
    "unenforced-workspace-identity" {
        group: Enforcement,
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        subjects: [Workspace],
        needs: [PolicyAssignment, PolicyDefinition, PolicySetDefinition, PolicyExemption, Subscription],
        controls: controls::ENFORCEMENT,
        remedy_under: remedies::denying,
        remedy: {
            az: remedies::SYSTEM.az,
            bicep: remedies::SYSTEM.bicep,
            terraform: remedies::SYSTEM.terraform,
            portal: remedies::SYSTEM.portal,
        },
    }
}

fn check(cx: &Context<'_>, workspace: Resource<'_>, out: &mut Out<'_>) {
    let standard = cx.settings.identity_standard;
    if !out.needs_policies(cx, workspace, Kind::PolicyAssignment) {
        return;
    }
    match cx.policies().standing(workspace, State::lacking(standard), cx.as_of) {
        Standing::Unclear(why) => out.not_judged(Gap::Other(why.into())),
        Standing::Watched(_) => {}
        // An exemption would let it pass.
        Standing::Enforced => {
            if out.needs_policies(cx, workspace, Kind::PolicyExemption) {
                out.pass();
            }
        }
        Standing::Exempt { assignment, exemption } => {
            let (assignment, exemption) = (cx.inventory.get(assignment), cx.inventory.get(exemption));
            let message = format!(
                "the exemption `{}` frees it from `{}`, which denies a workspace without {}",
                label(exemption),
                label(assignment),
                wanted(standard)
            );
            out.finding(message)
                .severity(Severity::Low, "somebody has exempted it on purpose")
                .on_other(exemption, Field::PolicyAssignmentId)
                .on_other(exemption, Field::ExpiresOn)
                .done();
        }
        Standing::Nothing => {
            let message = format!(
                "no policy assignment denies, or even lists, a workspace without {} here",
                wanted(standard)
            );
            let fired = out.finding(message).on(Field::IdentityType);
            match workspace.identity() {
                IdentityState::Known(own) if !State::lacking(standard).contains(&State::of(own)) => {
                    fired.lowered("the workspace has it today").done();
                }
                _ => fired.done(),
            }
        }
    }
}

/// The identity that the settings ask for, in words.
pub(super) fn wanted(standard: IdentityStandard) -> &'static str {
    match standard {
        IdentityStandard::System => "a system-assigned identity",
        IdentityStandard::User => "a user-assigned identity",
        IdentityStandard::Either => "a managed identity",
        IdentityStandard::Both => "both a system-assigned and a user-assigned identity",
    }
}
