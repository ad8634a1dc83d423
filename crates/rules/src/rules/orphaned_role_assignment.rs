//! A role assignment of a principal that is gone.

use crate::grants::{Reach, scope_of};
use crate::{Context, Out, controls, declare_rule};
use dekey_model::{ArmId, Field, Kind, Resource};

declare_rule! {
    /// Role assignment whose principal is gone
    ///
    /// ## What it finds
    /// Role assignments on a workspace, on what it depends on, or above them, whose principal Microsoft Entra does not know any
    /// more. The portal shows them as *Identity not found*.
    ///
    /// ## Why it matters
    /// Deleting a workspace removes its system-assigned identity and leaves the identity's role assignments behind. They grant
    /// nothing, as no principal gets the same object id again, but they count towards the 4,000 of a subscription, they hide who
    /// really has access, and a template that assigns the same role at the same scope can fail over them.
    ///
    /// ## How it is put right
    /// Delete the assignment. A workspace that was soft-deleted gets the assignments of its own identity again when it is recovered,
    /// for the new object id.
    ///
    /// ## When it stays silent
    /// When a resource that was read has the principal as its identity, and when the directory was asked and knows it. For principals of another
    /// tenant (`ForeignGroup`) and for devices, which the directory is not asked about. When the directory could not be read it is not judged: a principal that
    /// nobody may look up is not one that is gone.
    ///
    /// ## Sources
    /// - [Troubleshoot Azure RBAC: role assignments with identity not found](https://learn.microsoft.com/azure/role-based-access-control/troubleshooting)
    /// - [Recover workspace data while soft deleted](https://learn.microsoft.com/azure/machine-learning/concept-soft-delete)
    "orphaned-role-assignment" {
        group: Identity,
        severity: Low,
        confidence: High,
        since: "0.1.0",
        subjects: [RoleAssignment],
        needs: [ServicePrincipal],
        controls: controls::LEAST_PRIVILEGE,
        remedy: {
            az: "az role assignment delete --ids {id}",
            bicep: "// Take the assignment out of the template, then delete it: az role assignment delete --ids {id}",
            terraform: "# Remove the azurerm_role_assignment and apply; one that Terraform does not know: az role assignment delete --ids {id}",
            portal: "The scope > Access control (IAM) > Role assignments > Identity not found > Delete",
        },
    }
}

fn check(cx: &Context<'_>, assignment: Resource<'_>, out: &mut Out<'_>) {
    let grants = cx.grants();
    if grants.reach(scope_of(assignment)) == Reach::Elsewhere {
        return;
    }
    let kind = assignment.text(Field::PrincipalType).value().unwrap_or("");
    if ["ForeignGroup", "Device"].iter().any(|own| own.eq_ignore_ascii_case(kind)) {
        return;
    }
    let Some(principal) = out.needs_text(assignment, Field::PrincipalId) else { return };
    if grants.resource_of(principal).is_some() || grants.principal(principal).is_some() {
        return out.pass();
    }
    if !out.needs_tenant(assignment, Kind::ServicePrincipal) {
        return;
    }
    let on = ArmId(scope_of(assignment)).name();
    out.finding(format!("its principal does not exist any more: it grants nothing on {on} and still counts"))
        .on(Field::PrincipalId)
        .on(Field::PrincipalType)
        .on(Field::RoleDefinitionId)
        .done();
}
