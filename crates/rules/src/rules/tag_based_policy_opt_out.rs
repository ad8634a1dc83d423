//! A policy that a tag switches off.

use crate::policies::{custom_topic, opt_outs};
use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Gap, Resource, Seen};

declare_rule! {
    /// Policy that a tag switches off
    ///
    /// ## What it finds
    /// Custom policy definitions on the identity of workspaces, or on keys of workspaces, storage accounts and container
    /// registries, whose `if` cannot come true without a certain tag being there, or not being there: on the resource, its
    /// resource group or its subscription. It follows `allOf`, `anyOf` and `not`, so a tag that only widens a policy is not
    /// reported.
    ///
    /// ## Why it matters
    /// Whoever may write tags decides then whether the policy applies, and that is every Contributor and Tag Contributor.
    /// Such an opt-out has no approver, no reason and no end, and shows in no list of exemptions: the resource looks
    /// compliant.
    ///
    /// ## How it is put right
    /// Take the condition out of the definition, and give exemptions with an expiry to those who need one: creating them
    /// takes the `exempt/action` permission on the assignment. If a service of Microsoft needs the tag, let a second policy
    /// deny the tag to everybody else.
    ///
    /// ## When it stays silent
    /// For built-in definitions, and for custom ones on anything else. One step lower when no assignment that was read uses
    /// the definition.
    ///
    /// ## Sources
    /// - [Azure Policy definition structure policy rule](https://learn.microsoft.com/azure/governance/policy/concepts/definition-structure-policy-rule)
    /// - [Azure Policy exemption structure](https://learn.microsoft.com/azure/governance/policy/concepts/exemption-structure)
    "tag-based-policy-opt-out" {
        group: Enforcement,
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        subjects: [PolicyDefinition],
        needs: [PolicyAssignment],
        controls: controls::ENFORCEMENT,
        remedy: {
            az: "az policy definition update --name {name} --rules <rule-without-the-tag>.json\naz policy exemption create --name <exemption> --scope <resource-id> --policy-assignment <assignment-id> --exemption-category Waiver --expires-on <yyyy-MM-ddTHH:mm:ssZ>",
            bicep: "// Remove the condition on the tag from policyRule.if of '{name}', then exempt what needs it:\nresource exemption 'Microsoft.Authorization/policyExemptions@2022-07-01-preview' = {\n  name: '<exemption>'\n  scope: workspace\n  properties: {\n    policyAssignmentId: assignmentId\n    exemptionCategory: 'Waiver'\n    expiresOn: '<yyyy-MM-ddTHH:mm:ssZ>'\n  }\n}",
            terraform: "# Remove the condition on the tag from policy_rule of \"{name}\", then exempt what needs it:\nresource \"azurerm_resource_policy_exemption\" \"<exemption>\" {\n  name                 = \"<exemption>\"\n  resource_id          = \"<resource-id>\"\n  policy_assignment_id = \"<assignment-id>\"\n  exemption_category   = \"Waiver\"\n  expires_on           = \"<yyyy-MM-ddTHH:mm:ssZ>\"\n}",
            portal: "Policy > Definitions > {name} > Edit definition, then Policy > Assignments > Create exemption",
        },
    }
}

fn check(cx: &Context<'_>, definition: Resource<'_>, out: &mut Out<'_>) {
    let Some(seen) = out.needs_field(Field::PolicyRule, definition.json(Field::PolicyRule)) else { return };
    let Seen::Value(rule) = seen else { return };
    if !rule.is_object() {
        return out.not_judged(Gap::Odd(Field::PolicyRule));
    }
    let Some(topic) = custom_topic(definition, rule) else { return };
    let tags = opt_outs(rule);
    if tags.is_empty() {
        return out.pass();
    }
    // An expression may go on for lines; the evidence has it whole.
    let quoted: Vec<String> = tags
        .iter()
        .map(|tag| if tag.len() > 60 { "a tag it computes".to_owned() } else { format!("`{tag}`") })
        .collect();
    let message = format!(
        "whoever may write {} decides whether this policy on {} applies",
        quoted.join(", "),
        topic.as_str()
    );
    let fired = out.finding(message).on_item(definition, "/properties/policyRule/if", tags.join(", "));
    if cx.policies().is_assigned(definition) {
        fired.done();
    } else {
        fired.lowered("no policy assignment that was read uses it").done();
    }
}
