//! A policy exemption whose time is over.

use crate::policies::Concern;
use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Gap, Resource, Seen};

declare_rule! {
    /// Expired policy exemption
    ///
    /// ## What it finds
    /// Exemptions whose `expiresOn` lies before the day of the audit and that freed a workspace from any policy, or any
    /// scope from a policy on the identity of workspaces, their keys, shared keys of storage accounts, or the admin user of
    /// container registries.
    ///
    /// ## Why it matters
    /// Azure keeps the object and no longer honours it. What it covered is non-compliant again, and with a `deny` policy
    /// its next change fails, often during an incident. Whoever finds the object in the list believes that it still holds.
    ///
    /// ## How it is put right
    /// Put right what was exempt and delete the exemption. If more time was granted, set a new date, with the approval noted
    /// in its description.
    ///
    /// ## When it stays silent
    /// When the date is the day of the audit or later, and when there is none: `policy-exemption-without-expiry` says so.
    /// For exemptions that concern neither a workspace nor such a policy.
    ///
    /// ## Sources
    /// - [Azure Policy exemption structure](https://learn.microsoft.com/azure/governance/policy/concepts/exemption-structure)
    "expired-policy-exemption" {
        group: Enforcement,
        severity: Low,
        confidence: High,
        since: "0.1.0",
        subjects: [PolicyExemption],
        needs: [PolicyAssignment, PolicyDefinition, PolicySetDefinition],
        controls: controls::ENFORCEMENT,
        remedy: {
            az: "az policy exemption delete --name {name} --scope {parent_id}",
            bicep: "// Take the resource out of the template, then delete it: az policy exemption delete --name {name} --scope {parent_id}",
            terraform: "# Remove the azurerm_*_policy_exemption resource \"{name}\" and apply.",
            portal: "Policy > Exemptions > {name} > Delete exemption",
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
    let Seen::Value(expires) = seen else { return };
    let days = match cx.days_since(expires) {
        Some(days) if days <= 0 => return out.pass(),
        Some(days) => days,
        None => return out.not_judged(Gap::Odd(Field::ExpiresOn)),
    };
    match concern {
        Concern::Yes(from) => {
            let ago = if days == 1 { "yesterday".to_owned() } else { format!("{days} days ago") };
            out.finding(format!("it ended {ago} and no longer frees its scope from {from}"))
                .on(Field::ExpiresOn)
                .on(Field::PolicyAssignmentId)
                .done();
        }
        Concern::Unclear(gap) => out.not_judged(gap),
        Concern::No => {}
    }
}
