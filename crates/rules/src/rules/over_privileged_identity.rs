//! An identity with a role that allows far more than it needs.

use crate::roles::may_be_judged;
use crate::{Context, Out, controls, declare_rule};
use dekey_access::{Acting, Actor, actors};
use dekey_model::{ArmId, Field, Gap, Kind, Resource, Severity};
use dekey_rbac::{PrincipalIx, Reason, Standing};

declare_rule! {
    /// Over-privileged identity
    ///
    /// ## What it finds
    /// Roles of the identities of a workspace, its computes and its endpoints, their own or a group's, that
    /// - may assign roles (Owner, User Access Administrator, Role Based Access Control Administrator, and whatever has a wildcard over them),
    /// - may list the keys of storage accounts at a resource group or above, or of a storage account itself,
    /// - have a wildcard over all of Azure or over a whole resource provider (`*/write`, `Microsoft.Storage/*`) at a resource group or above,
    /// - reach data (blobs, files, secrets, images) at a resource group or above, in the place of the dependent.
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
    /// For roles on the workspace itself and for data roles on a dependent; for roles that are not active, or have ended. When role assignments, the members of a group that has
    /// such a role, or a role's definition were not read, it is not judged.
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

fn check(cx: &Context<'_>, workspace: Resource<'_>, out: &mut Out<'_>) {
    if !may_be_judged(cx, workspace, out) {
        return;
    }
    let covered = cx.inventory.coverage().covers(Kind::RoleAssignment, workspace.id());
    let mut seen: Vec<String> = Vec::new();
    let mut acts = false;
    for actor in actors(workspace, &dekey_access::Usage::default()) {
        match &actor.acting {
            Acting::Unknown(gap) => out.not_judged(gap.clone()),
            Acting::Nobody => {}
            Acting::As(_) => acts = true,
        }
        let Some(principal) = actor.acting.principal() else { continue };
        unread_groups(cx, &actor, principal, out);
        for held in cx.engine().principal(principal).into_iter().flat_map(|who| held(cx, who)) {
            if !seen.contains(&held.reason.assignment) {
                seen.push(held.reason.assignment.clone());
                judge(cx, actor.resource, &held, out);
            }
        }
    }
    if acts && out.needs_covered(workspace, Kind::RoleAssignment, covered) {
        out.pass();
    }
}

/// A role of somebody that counts on the day of the audit.
struct HeldRole {
    reason: Reason,
    group: Option<PrincipalIx>,
}

/// The roles of somebody, by itself and through groups. Eligible ones count once they are activated.
fn held(cx: &Context<'_>, who: PrincipalIx) -> Vec<HeldRole> {
    let (engine, now) = (cx.engine(), cx.now());
    let counts = |own: &Reason| {
        own.standing == Standing::Active
            && own.from.is_none_or(|from| from <= now)
            && own.until.is_none_or(|until| now < until)
    };
    let groups = engine.groups_of(who).iter().copied().map(Some);
    let all = std::iter::once(None).chain(groups).flat_map(|group| {
        engine.grants_of(group.unwrap_or(who)).map(move |reason| HeldRole { reason, group })
    });
    all.filter(|own| counts(&own.reason)).collect()
}

fn judge(cx: &Context<'_>, actor: Resource<'_>, held: &HeldRole, out: &mut Out<'_>) {
    let reason = &held.reason;
    let Some(role) = cx.engine().role(&reason.role).filter(|role| role.is_known()) else {
        return out
            .not_judged(Gap::Other(format!("the definition of role {} was not read", reason.role).into()));
    };
    let Some((severity, why)) = cx.dangers().judge(role, &reason.scope) else { return };
    let whose = match actor.kind() {
        Kind::Workspace => "its identity".to_owned(),
        _ => format!("the identity of {}", actor.name()),
    };
    let through = held.group.map_or_else(String::new, |group| {
        format!(", through group {},", called(cx, cx.engine().principal_id(group)))
    });
    let on = if reason.scope == "/" { "the tenant" } else { ArmId(&reason.scope).name() };
    let finding = out
        .finding(format!("{whose}{through} is {} on {on}: it {why}", role.name()))
        .on(Field::IdentityPrincipal)
        .part(&reason.assignment.to_ascii_lowercase());
    if severity == Severity::Medium {
        finding.done();
    } else {
        finding.severity(severity, format!("of what the role is and where: {}", role.name())).done();
    }
}

/// What somebody would have who is in a group that nobody read.
fn unread_groups(cx: &Context<'_>, actor: &Actor<'_>, principal: &str, out: &mut Out<'_>) {
    let dependents = actor.dependents.iter().map(|own| own.target.id.as_str());
    let unread = std::iter::once(actor.resource.id())
        .chain(dependents)
        .filter_map(|id| cx.dangers().unread_above(id))
        .find(|own| !own.group.eq_ignore_ascii_case(principal));
    if let Some(own) = unread {
        let group = called(cx, &own.group);
        out.not_judged(Gap::Other(
            format!("who is in group {group} was not read: it is {}", own.role).into(),
        ));
    }
}

/// The name that the directory knows, or the id.
fn called(cx: &Context<'_>, id: &str) -> String {
    let known = cx.grants().principal(id).map(|ix| cx.inventory.get(ix));
    let name = known.and_then(|own| own.text(Field::DisplayName).non_empty().value());
    name.unwrap_or(id).to_owned()
}
