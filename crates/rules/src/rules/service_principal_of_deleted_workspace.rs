//! A service principal that a deleted workspace left behind.

use crate::applications::last_day;
use crate::deleted::workspace_of;
use crate::{Context, Out, controls, declare_rule};
use dekey_model::{ArmId, Field, Kind, Resource};

declare_rule! {
    /// Service principal of a workspace that is gone
    ///
    /// ## What it finds
    /// Service principals of managed identities whose `alternativeNames` name a workspace that is not in the list of workspaces any more, or a compute or endpoint of such a
    /// workspace. Azure does not list soft-deleted workspaces, so they look like deleted ones.
    ///
    /// ## Why it matters
    /// Microsoft Entra deletes the service principal of a system-assigned identity together with its resource. One that is still
    /// there, and still holds roles, is an identity that nobody owns, reviews or expects. Nothing of Azure's own should be able to sign in as it, so
    /// whoever can is worth knowing.
    ///
    /// ## How it is put right
    /// A soft-deleted workspace can be recovered for 14 days, and its identity may come back with it: decide first whether it is to be
    /// recovered or purged. Then delete the role assignments; Azure removes the service principal of a managed identity itself, it cannot be
    /// deleted by hand. If it stays, open a support request.
    ///
    /// ## When it stays silent
    /// When the workspace was read, even if the compute or endpoint is gone. When the workspaces of its subscription were not read whole it is not judged. For service principals of
    /// other resources, of user-assigned identities and of applications.
    ///
    /// ## Sources
    /// - [Managed identities: what happens when the resource is deleted](https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/managed-identities-faq)
    /// - [Recover workspace data while soft deleted](https://learn.microsoft.com/azure/machine-learning/concept-soft-delete)
    "service-principal-of-deleted-workspace" {
        group: Identity,
        severity: Low,
        confidence: Medium,
        since: "0.1.0",
        subjects: [ServicePrincipal],
        needs: [Workspace],
        controls: controls::LEAST_PRIVILEGE,
        remedy: {
            az: "# once it is sure that the workspace is not to be recovered\naz role assignment list --all --assignee {name} --query '[].id' -o tsv | xargs -r az role assignment delete --ids",
            bicep: "// Role assignments that no template knows are deleted with the Azure CLI.",
            terraform: "# Role assignments that no configuration knows are deleted with the Azure CLI.",
            portal: "Microsoft Entra ID > Enterprise applications > Application type: Managed identities > the identity > Azure role assignments",
        },
    }
}

fn check(cx: &Context<'_>, principal: Resource<'_>, out: &mut Out<'_>) {
    let Some(id) = workspace_of(principal) else { return };
    if cx.inventory.find(id).is_some() {
        return out.pass();
    }
    if !out.needs_covered(principal, Kind::Workspace, cx.inventory.coverage().covers(Kind::Workspace, id)) {
        return;
    }
    let roles = match cx.grants().of_principal(principal.name()).len() {
        0 => "no role here".to_owned(),
        1 => "a role".to_owned(),
        many => format!("{many} roles"),
    };
    let credential = last_day(principal, cx.as_of)
        .map_or_else(String::new, |day| format!(", and a credential that is good until {day}"));
    let workspace = ArmId(id).name();
    out.finding(format!(
        "its workspace {workspace} does not exist any more, or is soft-deleted; it still has {roles}{credential}"
    ))
    .on(Field::AlternativeNames)
    .done();
}
