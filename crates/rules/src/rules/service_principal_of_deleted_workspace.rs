//! A service principal that a deleted workspace left behind.

use crate::{Context, Out, controls, declare_rule};
use dekey_model::{ArmId, Covered, Field, Gap, Kind, Resource, Seen};
use serde_json::Value;

declare_rule! {
    /// Service principal of a workspace that is gone
    ///
    /// ## What it finds
    /// Service principals of managed identities whose `alternativeNames` name a workspace that does not exist any more.
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
    /// When the workspace was read. When the workspaces of its subscription were not read whole it is not judged. For service principals of
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

const WORKSPACE: &str = "Microsoft.MachineLearningServices/workspaces";

fn check(cx: &Context<'_>, principal: Resource<'_>, out: &mut Out<'_>) {
    let Seen::Value(Value::Array(names)) = principal.json(Field::AlternativeNames) else { return };
    let is_workspace =
        |id: &&str| ArmId(id).resource_type().is_some_and(|own| own.eq_ignore_ascii_case(WORKSPACE));
    let Some(id) = names.iter().filter_map(Value::as_str).find(is_workspace) else { return };
    if cx.inventory.find(id).is_some() {
        return out.pass();
    }
    match cx.inventory.coverage().covers(Kind::Workspace, id) {
        Covered::Yes => {}
        Covered::Refused(why) => return out.not_judged(Gap::Refused(Kind::Workspace, why.into())),
        Covered::Unknown => return out.not_judged(Gap::unseen(principal, Kind::Workspace)),
    }
    let roles = match cx.grants().of_principal(principal.name()).len() {
        0 => "and no role here".to_owned(),
        1 => "and it still has a role".to_owned(),
        many => format!("and it still has {many} roles"),
    };
    let workspace = ArmId(id).name();
    out.finding(format!("its workspace {workspace} does not exist any more, {roles}"))
        .on(Field::AlternativeNames)
        .done();
}
