//! A policy exemption that never ends.

use crate::policies::Concern;
use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Resource, Seen, Severity};

declare_rule! {
    /// Policy exemption without an expiry
    ///
    /// ## What it finds
    /// Exemptions without `expiresOn` that free a workspace from any policy, or any scope from a policy on the identity of
    /// workspaces, their keys, shared keys of storage accounts, or the admin user of container registries.
    ///
    /// ## Why it matters
    /// An exempt resource counts as compliant in Azure Policy's own percentage, and is denied nothing. Without an end
    /// nobody has to look at it again: a migration that was due last spring stays exempt for ever, and invisible.
    ///
    /// ## How it is put right
    /// Give it a date by which the reason is gone; the exemption object stays after that, and is no longer honoured. If the
    /// reason never goes, exclude the scope in the assignment instead, where everybody sees it.
    ///
    /// ## When it stays silent
    /// For exemptions that concern neither a workspace nor such a policy. When the assignment or what stands behind it was
    /// not read, and the exempted scope may hold workspaces, it is not judged.
    ///
    /// ## Sources
    /// - [Azure Policy exemption structure](https://learn.microsoft.com/azure/governance/policy/concepts/exemption-structure)
    /// - [Azure Policy compliance states](https://learn.microsoft.com/azure/governance/policy/concepts/compliance-states)
    "policy-exemption-without-expiry" {
        group: Enforcement,
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        subjects: [PolicyExemption],
        needs: [PolicyAssignment, PolicyDefinition, PolicySetDefinition],
        controls: controls::ENFORCEMENT,
        remedy: {
            az: "az policy exemption update --name {name} --scope {parent_id} --expires-on <yyyy-MM-ddTHH:mm:ssZ>",
            bicep: "resource exemption 'Microsoft.Authorization/policyExemptions@2022-07-01-preview' = {\n  name: '{name}'\n  properties: {\n    expiresOn: '<yyyy-MM-ddTHH:mm:ssZ>'\n  }\n}",
            terraform: "resource \"azurerm_resource_policy_exemption\" \"{symbol}\" {\n  expires_on = \"<yyyy-MM-ddTHH:mm:ssZ>\"\n}",
            portal: "Policy > Exemptions > {name} > Edit exemption > Exemption expiration",
        },
    }
}

fn check(cx: &Context<'_>, exemption: Resource<'_>, out: &mut Out<'_>) {
    let concern = cx.policies().concern(exemption);
    if concern == Concern::No {
        return;
    }
    let Some(seen) = out.needs_field(Field::ExpiresOn, exemption.text(Field::ExpiresOn).non_empty()) else {
        return;
    };
    let from = match concern {
        _ if !seen.is_unset() => return out.pass(),
        Concern::Yes(from) => from,
        Concern::Unclear(gap) => return out.not_judged(gap),
        Concern::No => return,
    };
    let fired = out
        .finding(format!("it frees its scope for ever from {from}"))
        .on(Field::ExpiresOn)
        .on(Field::PolicyAssignmentId);
    match exemption.text(Field::ExemptionCategory) {
        Seen::Value(category) if category.eq_ignore_ascii_case("Mitigated") => {
            fired.severity(Severity::Low, "its category says that the intent is met in another way").done();
        }
        _ => fired.done(),
    }
}
