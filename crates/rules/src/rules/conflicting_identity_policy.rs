//! A policy against the identity that the settings ask for.

use crate::policies::{Effect, Known, Member, Mode, Place, State, label};
use crate::{Context, IdentityStandard, Out, controls, declare_rule};
use dekey_model::{Field, Gap, Resource, Severity};

declare_rule! {
    /// Policy that contradicts the identity standard
    ///
    /// ## What it finds
    /// With `identity_standard = "system"`: policy assignments that flag a workspace for having a system-assigned identity
    /// only. That is what built-in policy 5f0c7d88-c7de-45b8-ac49-db49e72eaa78 does, "Azure Machine Learning workspaces
    /// should use user-assigned managed identity", alone or in an initiative: the landing zones' guardrails for machine
    /// learning assign it with `Deny`, the preview of the Microsoft cloud security benchmark v2 audits it.
    ///
    /// ## Why it matters
    /// The policy looks for a primary user-assigned identity, so every workspace that meets the standard fails it. With
    /// `Deny` nobody can create such a workspace, or change one that exists, and the way to the standard ends in
    /// `RequestDisallowedByPolicy`. With `Audit` the two compliance pages contradict each other.
    ///
    /// ## How it is put right
    /// Decide. One state satisfies both: `SystemAssigned,UserAssigned` with `primaryUserAssignedIdentity` set; say
    /// `identity_standard = "both"` then. Or set the effect of the built-in to `Disabled` where the standard holds. Or follow
    /// Microsoft's policy with `identity_standard = "user"`. Adding a user-assigned identity to a workspace with a
    /// system-assigned one cannot be undone.
    ///
    /// ## When it stays silent
    /// With any other `identity_standard`, and when the effect is `Disabled`. When a custom definition or initiative behind
    /// an assignment was not read it is not judged.
    ///
    /// ## Sources
    /// - [Azure Policy built-in definitions for Azure Machine Learning](https://learn.microsoft.com/azure/machine-learning/policy-reference)
    /// - [Authentication between Azure Machine Learning and other services](https://learn.microsoft.com/azure/machine-learning/how-to-identity-based-service-authentication)
    /// - Azure Policy 5f0c7d88-c7de-45b8-ac49-db49e72eaa78, e3ec7e09-768c-4b64-882c-fcada3772047; Azure/Enterprise-Scale Enforce-Guardrails-MachineLearning
    "conflicting-identity-policy" {
        group: Enforcement,
        severity: High,
        confidence: High,
        since: "0.1.0",
        subjects: [PolicyAssignment],
        needs: [PolicyDefinition, PolicySetDefinition],
        controls: controls::ENFORCEMENT,
        applies: |settings| settings.identity_standard == IdentityStandard::System,
        remedy: {
            az: "# as key=value: JSON after --params would replace every other parameter of the assignment\naz policy assignment update --name {name} --scope {parent_id} --params <effect-parameter>.value=Disabled",
            bicep: "resource assignment 'Microsoft.Authorization/policyAssignments@2023-04-01' = {\n  name: '{name}'\n  properties: {\n    overrides: [\n      {\n        kind: 'policyEffect'\n        value: 'Disabled'\n        selectors: [\n          {\n            kind: 'policyDefinitionReferenceId'\n            in: ['<reference-id-in-the-initiative>']\n          }\n        ]\n      }\n    ]\n  }\n}",
            terraform: "resource \"azurerm_subscription_policy_assignment\" \"{symbol}\" {\n  overrides {\n    value = \"Disabled\"\n\n    selectors {\n      in = [\"<reference-id-in-the-initiative>\"]\n    }\n  }\n}",
            portal: "Policy > Assignments > {name} > Edit assignment > Advanced > Policy effect overrides: Disabled",
        },
    }
}

fn check(cx: &Context<'_>, resource: Resource<'_>, out: &mut Out<'_>) {
    let Some(assignment) = cx.policies().assignment(resource) else { return };
    let mut unclear = None;
    for member in &assignment.members {
        let Some(requirement) = member.requirement else { continue };
        out.pass();
        let effect = assignment.effect(cx.inventory, member, Place::Anywhere);
        match (requirement.flags(State::System), effect) {
            (Known::No, _) | (_, Effect::Disabled) => {}
            (Known::Yes, Effect::Deny) if assignment.mode == Mode::Default => {
                report(member, Effect::Deny, out);
            }
            (Known::Yes, Effect::Audit) => report(member, Effect::Audit, out),
            (Known::Yes, Effect::Deny) if assignment.mode != Mode::Unknown => {
                report(member, Effect::Audit, out);
            }
            _ => {
                unclear =
                    Some("its conditions, effect or enforcementMode could not be worked out".to_owned());
            }
        }
    }
    if let Some(id) = assignment.unread.first() {
        let what = if id == resource.id() { "what it assigns".to_owned() } else { format!("`{id}`") };
        unclear = Some(format!(
            "{what} was not read: export definitions and initiatives (az policy definition list, az policy set-definition list)"
        ));
    }
    if let Some(why) = unclear {
        out.not_judged(Gap::Other(
            format!("whether `{}` flags system-assigned identities: {why}", label(resource)).into(),
        ));
    }
}

fn report(member: &Member, effect: Effect, out: &mut Out<'_>) {
    let way_out = match member.requirement.map(|requirement| requirement.flags(State::Both)) {
        Some(Known::No) => {
            "only `SystemAssigned,UserAssigned` with a primary user-assigned identity satisfies both"
        }
        Some(Known::Yes) => "no workspace satisfies both",
        _ => "whether `SystemAssigned,UserAssigned` satisfies both depends on more than the identity",
    };
    let verb = if effect == Effect::Deny { "denies" } else { "lists" };
    let message = format!(
        "it {verb} workspaces that have a system-assigned identity only, which is what the settings ask for; {way_out}"
    );
    let part = member.reference.as_deref().unwrap_or(&member.definition).to_ascii_lowercase();
    let fired = out.finding(message).part(&part).on(Field::PolicyDefinitionId).on(Field::EnforcementMode);
    if effect == Effect::Deny {
        fired.done();
    } else {
        fired.severity(Severity::Low, "nothing is denied: it audits, or is not enforced everywhere").done();
    }
}
