//! A user-assigned identity that nobody uses.

use crate::grants::Reach;
use crate::{Context, Out, controls, declare_rule};
use dekey_model::{ArmId, Field, Gap, Kind, Resource};

declare_rule! {
    /// User-assigned identity that nothing uses
    ///
    /// ## What it finds
    /// User-assigned identities that hold a role on a workspace, on what it depends on or above them, or that lie in the resource group of one, and
    /// that no workspace, compute, endpoint, storage account, vault or registry that was read has attached.
    ///
    /// ## Why it matters
    /// An identity outlives what it was made for. Whoever may attach it to a machine of their own acts with its roles, and its federated
    /// credentials, if it has any, sign in from outside of Azure.
    ///
    /// ## How it is put right
    /// Look for its sign-ins first: resources of other services, such as virtual machines and clusters, are not read, and may use it. When
    /// there are none, delete its role assignments and then the identity; deleting the identity alone leaves the assignments orphaned.
    ///
    /// ## When it stays silent
    /// For identities without a role here that lie elsewhere. When the computes of a workspace were not read it is not judged: they may use any
    /// identity. The confidence is medium, because other services are not looked at.
    ///
    /// ## Sources
    /// - [Managed identity best practices](https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/managed-identity-best-practice-recommendations)
    "unused-user-assigned-identity" {
        group: Identity,
        severity: Low,
        confidence: Medium,
        since: "0.1.0",
        subjects: [UserAssignedIdentity],
        needs: [Compute],
        controls: controls::LEAST_PRIVILEGE,
        remedy: {
            az: "# once its sign-in logs are empty; role assignments first\naz identity delete --ids {id}",
            bicep: "// Take the identity and its role assignments out of the template, then delete them.",
            terraform: "# Remove the azurerm_user_assigned_identity and its azurerm_role_assignment resources and apply.",
            portal: "Managed identities > {name} > Associated resources, Azure role assignments, then Delete",
        },
    }
}

fn check(cx: &Context<'_>, identity: Resource<'_>, out: &mut Out<'_>) {
    let grants = cx.grants();
    let roles = identity
        .text(Field::PrincipalId)
        .non_empty()
        .value()
        .map_or(0, |principal| grants.of_principal(principal).len());
    let group = ArmId(identity.id()).parent().unwrap_or("");
    if roles == 0 && grants.reach(group) == Reach::Elsewhere {
        return;
    }
    if grants.is_attached(identity.id()) {
        return out.pass();
    }
    if let Some(workspace) = grants.unread_computes() {
        return out.not_judged(Gap::unseen(cx.inventory.get(workspace), Kind::Compute));
    }
    let roles = match roles {
        0 => "it has no role here".to_owned(),
        1 => "it has a role on what they use".to_owned(),
        many => format!("it has {many} roles on what they use"),
    };
    out.finding(format!("no workspace, compute, endpoint or dependent that was read uses it, and {roles}"))
        .on(Field::PrincipalId)
        .done();
}
