//! An identity with a role that allows far more than it needs.

use crate::roles::{Dangers, may_be_judged};
use crate::{Context, Out, controls, declare_rule};
use dekey_access::{Acting, actors};
use dekey_model::{ArmId, Field, Gap, Kind, Resource, Severity};
use dekey_rbac::{Bits, Role};

declare_rule! {
    /// Over-privileged identity
    ///
    /// ## What it finds
    /// Roles of the identities of a workspace, its computes and its endpoints that
    /// - may assign roles (Owner, User Access Administrator, Role Based Access Control Administrator, and whatever has a wildcard over them),
    /// - may list the keys of storage accounts at a resource group or above, or of a storage account itself,
    /// - reach data (blobs, secrets, images) at a resource group or above, in the place of the dependent.
    ///
    /// Contributor on the resource group is what the service granted until 2024-11-19. Since then it grants Azure AI Administrator, which an older
    /// workspace can be converted to. That one is narrower, and **still lists keys**: `Microsoft.Storage/storageAccounts/*` is in it.
    ///
    /// ## Why it matters
    /// Every job runs as the identity. Whoever may submit one has its roles: with listed keys, all data in the account, and with role assignments, everything
    /// below the scope.
    ///
    /// ## How it is put right
    /// Assign what is needed on each dependent, see that jobs run, then delete the broad role. For the legacy Contributor:
    /// `az ml workspace update --allow-roleassignment-on-rg true`. Microsoft warns against revoking what the service grants itself: Contributor on
    /// the workspace, and the default roles on its dependents, stay.
    ///
    /// ## When it stays silent
    /// For roles on the workspace itself and for data roles on a dependent. When role assignments were not read, or a role's definition is not known, it is not judged.
    ///
    /// ## Sources
    /// - [Manage access to Azure Machine Learning workspaces](https://learn.microsoft.com/azure/machine-learning/how-to-assign-roles)
    /// - [Enterprise security: managed identity](https://learn.microsoft.com/azure/machine-learning/concept-enterprise-security)
    "over-privileged-identity" {
        group: Identity,
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        subjects: [Workspace],
        needs: [RoleAssignment],
        controls: controls::LEAST_PRIVILEGE,
        remedy: {
            az: "# the legacy Contributor on the resource group\naz ml workspace update --name {name} --resource-group {resource_group} --allow-roleassignment-on-rg true\n# any other, once what is needed is assigned on each dependent\naz role assignment delete --ids <id of the assignment>",
            bicep: "// Assign roles on each dependent in the place of the group; then delete the broad assignment: az role assignment delete --ids <id of the assignment>",
            terraform: "# Give each dependent an azurerm_role_assignment of its own, then remove the broad one and apply.",
            portal: "The scope > Access control (IAM) > Role assignments > the identity > Remove",
        },
    }
}

/// Where a role is assigned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Account,
    Resource,
    Group,
    Above,
}

fn place(scope: &str) -> Place {
    let id = ArmId(scope);
    match (id.resource_group(), id.provider()) {
        (Some(_), None) => Place::Group,
        (Some(_), Some(_)) => {
            let kind = id.resource_type().map_or(Kind::Other, |own| Kind::of_type(&own));
            if kind == Kind::StorageAccount { Place::Account } else { Place::Resource }
        }
        (None, _) => Place::Above,
    }
}

const CONTRIBUTOR: &str = "b24988ac-6180-42a0-ab88-20f7382dd24c";
const AI_ADMINISTRATOR: &str = "b78c5d69-af96-48a3-bf8d-a8b4d589de94";

/// What is wrong with a role at a place, if anything, and how bad that is.
fn judge(role: &Role, at: Place, dangers: &Dangers) -> Option<(Severity, &'static str)> {
    let has = |bits: &Bits| !role.always().and(bits).is_empty();
    let is = |guid: &str| role.id().to_ascii_lowercase().ends_with(guid);
    match at {
        _ if has(&dangers.assigns) => Some((Severity::High, "may give itself and others any role there")),
        Place::Group if is(AI_ADMINISTRATOR) => Some((
            Severity::Info,
            "is the service's own grant, and still lists the keys of every storage account there",
        )),
        Place::Group if is(CONTRIBUTOR) => Some((
            Severity::Medium,
            "lists the keys of everything there: the service grants Azure AI Administrator since 2024, which is narrower and still lists keys",
        )),
        Place::Group if has(&dangers.lists) => {
            Some((Severity::Medium, "lists the keys of every storage account there"))
        }
        Place::Above if has(&dangers.lists) => {
            Some((Severity::High, "lists the keys of every storage account there"))
        }
        Place::Account if has(&dangers.lists) => Some((Severity::Medium, "lists its keys")),
        Place::Group if has(&dangers.data) => {
            Some((Severity::Low, "reaches the data of everything there, in the place of one dependent"))
        }
        Place::Above if has(&dangers.data) => {
            Some((Severity::Medium, "reaches the data of everything there, in the place of one dependent"))
        }
        _ => None,
    }
}

fn check(cx: &Context<'_>, workspace: Resource<'_>, out: &mut Out<'_>) {
    if !may_be_judged(cx, workspace, out) {
        return;
    }
    let engine = cx.engine();
    let covered = cx.inventory.coverage().covers(Kind::RoleAssignment, workspace.id());
    let mut seen: Vec<String> = Vec::new();
    let mut acts = false;
    for actor in actors(workspace, &dekey_access::Usage::default()) {
        match &actor.acting {
            Acting::Unknown(gap) => out.not_judged(gap.clone()),
            Acting::Nobody => {}
            Acting::As(_) => acts = true,
        }
        let Some(who) = actor.acting.principal().and_then(|id| engine.principal(id)) else { continue };
        for (scope, role, id) in engine.held_by(who) {
            if seen.contains(&id) {
                continue;
            }
            seen.push(id.clone());
            if !role.is_known() {
                out.not_judged(Gap::Other(
                    format!("the definition of role {} was not read", role.id()).into(),
                ));
                continue;
            }
            let Some((severity, why)) = judge(role, place(&scope), cx.dangers()) else { continue };
            let whose = match actor.resource.kind() {
                Kind::Workspace => "its identity".to_owned(),
                _ => format!("the identity of {}", actor.resource.name()),
            };
            let on = if scope == "/" { "the tenant" } else { ArmId(&scope).name() };
            let finding = out
                .finding(format!("{whose} is {} on {on}: it {why}", role.name()))
                .on(Field::IdentityPrincipal)
                .part(&id.to_ascii_lowercase());
            if severity == Severity::Medium {
                finding.done();
            } else {
                finding.severity(severity, format!("of what the role is and where: {}", role.name())).done();
            }
        }
    }
    if acts && out.needs_covered(workspace, Kind::RoleAssignment, covered) {
        out.pass();
    }
}
