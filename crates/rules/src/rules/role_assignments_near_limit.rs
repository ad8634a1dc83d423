//! A subscription that is about to have no room for role assignments.

use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Kind, Resource, Severity};

declare_rule! {
    /// Role assignments near the limit of a subscription
    ///
    /// ## What it finds
    /// Subscriptions with `thresholds.role_assignments_notice` role assignments or more (3,200 unless set), at the subscription, its resource groups
    /// and its resources.
    ///
    /// ## Why it matters
    /// A subscription holds 4,000, and Azure does not raise it. Moving a workspace to its identity takes a handful of new assignments; when the
    /// limit is reached in the middle of a migration, `RoleAssignmentLimitExceeded` stops it, and whatever else needs a role that day.
    ///
    /// ## How it is put right
    /// Delete the assignments of principals that are gone, and those that a wider one makes superfluous. Give groups of people one role in place of many; assign one role at a
    /// resource group where every resource in it needs it.
    ///
    /// ## When it stays silent
    /// Below that number. Eligible assignments and those of management groups do not count towards this limit. When the role assignments of the subscription were not
    /// read whole it is not judged.
    ///
    /// ## Sources
    /// - [Troubleshoot Azure RBAC limits](https://learn.microsoft.com/azure/role-based-access-control/troubleshoot-limits)
    "role-assignments-near-limit" {
        group: Identity,
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        subjects: [Subscription],
        needs: [RoleAssignment],
        controls: controls::LEAST_PRIVILEGE,
        remedy: {
            az: "az graph query -q \"authorizationresources | where type =~ 'microsoft.authorization/roleassignments' | summarize count() by tostring(properties.principalId)\" --subscriptions {name}",
            bicep: "// Which assignments can go is found with queries, not with a template.",
            terraform: "# Which assignments can go is found with queries, not with a configuration.",
            portal: "Subscription > Access control (IAM) > Role assignments: the count and the limit stand above the list",
        },
    }
}

/// What a subscription holds.
const LIMIT: u32 = 4000;

fn check(cx: &Context<'_>, subscription: Resource<'_>, out: &mut Out<'_>) {
    let covered = cx.inventory.coverage().covers(Kind::RoleAssignment, subscription.id());
    if !out.needs_covered(subscription, Kind::RoleAssignment, covered) {
        return;
    }
    let count = cx.grants().in_subscription(subscription.name());
    if count < cx.settings.thresholds.role_assignments_notice {
        return out.pass();
    }
    let finding = out.finding(format!("{count} of {LIMIT} role assignments are used"));
    if count >= LIMIT {
        return finding.severity(Severity::High, "there is no room for another one").done();
    }
    finding.done();
}
