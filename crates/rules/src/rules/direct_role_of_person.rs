//! A role that was given to one person, on what a workspace depends on.

use crate::grants::{Reach, scope_of};
use crate::{Context, Out, controls, declare_rule};
use dekey_model::{ArmId, Field, Kind, Resource};

declare_rule! {
    /// Role of one person on what a workspace depends on
    ///
    /// ## What it finds
    /// Role assignments whose principal is a user, on a storage account, key vault, container registry or Application Insights that a workspace uses, or on
    /// something in one.
    ///
    /// ## Why it matters
    /// It stays when the person changes teams, because nobody who reviews groups sees it, and each such assignment is one of the 4,000 of the
    /// subscription. Often it is what remains of a quick fix for a job that could not read its data: the identity of the workspace should have the role.
    ///
    /// ## How it is put right
    /// Give the role to a group, or make the person eligible for it in Privileged Identity Management, and delete the assignment. Where a job needs it, give it
    /// to the identity that the job runs as.
    ///
    /// ## When it stays silent
    /// For groups, service principals and managed identities. For roles on workspaces, resource groups and above.
    ///
    /// ## Sources
    /// - [Best practices for Azure RBAC: assign roles to groups, not users](https://learn.microsoft.com/azure/role-based-access-control/best-practices)
    "direct-role-of-person" {
        group: Identity,
        severity: Low,
        confidence: High,
        since: "0.1.0",
        subjects: [RoleAssignment],
        needs: [],
        controls: controls::LEAST_PRIVILEGE,
        remedy: {
            az: "az role assignment create --assignee-object-id <object id of a group> --assignee-principal-type Group --role <the same role> --scope {parent_id}\naz role assignment delete --ids {id}",
            bicep: "// Assign the role to a group (principalType: 'Group'), then delete this one: az role assignment delete --ids {id}",
            terraform: "resource \"azurerm_role_assignment\" \"{symbol}\" {\n  scope                = \"{parent_id}\"\n  role_definition_name = \"<the same role>\"\n  principal_id         = \"<object id of a group>\"\n}",
            portal: "The resource > Access control (IAM) > Role assignments > the person > Remove",
        },
    }
}

fn check(cx: &Context<'_>, assignment: Resource<'_>, out: &mut Out<'_>) {
    let scope = scope_of(assignment);
    if cx.grants().reach(scope) != Reach::Ours {
        return;
    }
    let on = std::iter::once(scope)
        .chain(ArmId(scope).ancestors())
        .filter_map(|id| cx.inventory.find(id))
        .find(|own| own.used_by().next().is_some());
    let Some(on) = on.filter(|own| own.kind() != Kind::Workspace) else { return };
    let Some(kind) = out.needs_text(assignment, Field::PrincipalType) else { return };
    if !kind.eq_ignore_ascii_case("User") {
        return out.pass();
    }
    let users = match on.used_by().count() {
        1 => "a workspace uses".to_owned(),
        many => format!("{many} workspaces use"),
    };
    out.finding(format!("it is one person's, on {}, which {users}", on.name()))
        .on(Field::PrincipalId)
        .on(Field::PrincipalType)
        .on(Field::RoleDefinitionId)
        .done();
}
