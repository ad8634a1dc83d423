//! Somebody may read keys and is not on the list of those who may.

use crate::{Context, Out, controls, declare_rule};
use dekey_access::{Usage, actors};
use dekey_model::{Field, Gap, Kind, Resource};
use dekey_rbac::{Answer, PrincipalIx, Target};
use std::collections::BTreeSet;

declare_rule! {
    /// Key readers outside the allow-list
    ///
    /// ## What it finds
    /// Principals that may go through a door to the keys of a storage account that a workspace uses, or to the credentials of a workspace's datastores and connections, and that are not in
    /// `access.key_readers` of the settings: those with `listKeys`, with a token signed by the key, or with the right to assign themselves a role, directly or through a group.
    ///
    /// ## Why it matters
    /// Whoever lists a key reads and writes everything in the account, from anywhere, until it is rotated, and no log says who that was. The list says who is meant to; everybody
    /// else is a way around the roles on data.
    ///
    /// ## How it is put right
    /// Take the role away, or give one without `listKeys`: Storage Blob Data Contributor in the place of Contributor. Turn the keys off: then the right to list them opens nothing.
    ///
    /// ## When it stays silent
    /// Without `access.key_readers`. For storage accounts whose keys are off, and for those that no workspace uses. When role assignments, the definition of a role or the members of a
    /// group were not read, it is not judged.
    ///
    /// ## Sources
    /// - [Prevent authorization with shared key](https://learn.microsoft.com/azure/storage/common/shared-key-authorization-prevent)
    /// - [Azure Policy and RBAC for Azure Machine Learning: roles that list keys](https://learn.microsoft.com/azure/machine-learning/how-to-assign-roles)
    "key-readers-outside-allow-list" {
        group: Identity,
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        subjects: [StorageAccount, Workspace],
        needs: [RoleAssignment],
        controls: controls::LEAST_PRIVILEGE,
        applies: |settings| !settings.access.key_readers.is_empty(),
        remedy: {
            az: "az role assignment list --scope {id} --include-inherited --output table\naz role assignment delete --ids <id of the assignment>",
            bicep: "// Assign a role without listKeys in the place of the broad one; then delete that: az role assignment delete --ids <id of the assignment>",
            terraform: "# Give the principal an azurerm_role_assignment with a data role, then remove the broad one and apply.",
            portal: "{name} > Access control (IAM) > Role assignments > the principal > Remove",
        },
    }
}

/// How many are named.
const NAMED: usize = 3;

fn check(cx: &Context<'_>, resource: Resource<'_>, out: &mut Out<'_>) {
    if resource.kind() == Kind::StorageAccount && resource.used_by().next().is_none() {
        return;
    }
    let covered = cx.inventory.coverage().covers(Kind::RoleAssignment, resource.id());
    if !out.needs_covered(resource, Kind::RoleAssignment, covered) {
        return;
    }
    let (engine, target) = (cx.engine(), Target::of(resource));
    let allowed: BTreeSet<String> =
        cx.settings.access.key_readers.iter().map(|own| own.to_ascii_lowercase()).collect();
    let own = own_identities(resource);
    let (mut readers, mut gaps) = (Vec::new(), BTreeSet::new());
    for who in candidates(cx, resource) {
        let id = engine.principal_id(who);
        if allowed.contains(id) || own.contains(id) || in_allowed_group(cx, who, &allowed) {
            continue;
        }
        let doors = engine.doors(Some(who), &target, cx.now());
        if doors.iter().any(|(_, _, decision)| decision.answer() == Answer::Allowed) {
            readers.push(called(cx, id));
        } else {
            gaps.extend(
                doors.iter().flat_map(|(_, _, decision)| decision.gaps.iter().map(ToString::to_string)),
            );
        }
    }
    if let Some(gap) = gaps.into_iter().next() {
        out.not_judged(Gap::Other(gap.into()));
    }
    if readers.is_empty() {
        return out.pass();
    }
    readers.sort();
    let named = readers.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let more = match readers.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let what = if resource.kind() == Kind::Workspace { "its credentials" } else { "its keys" };
    let are = if readers.len() == 1 { "is" } else { "are" };
    out.finding(format!("{named}{more} may read {what} and {are} not in the allow-list"))
        .on(Field::AllowSharedKeyAccess)
        .done();
}

/// Everybody with a role at the resource or above it. A group stands for who is in it.
fn candidates(cx: &Context<'_>, resource: Resource<'_>) -> BTreeSet<PrincipalIx> {
    let (grants, engine) = (cx.grants(), cx.engine());
    let mut all = BTreeSet::new();
    for ix in grants.covering(resource.id()) {
        let Some(id) = cx.inventory.get(*ix).text(Field::PrincipalId).value() else { continue };
        all.extend(engine.principal(id));
    }
    all
}

/// What the workspace itself acts as: that it reads its own keys is the business of other rules.
fn own_identities(resource: Resource<'_>) -> BTreeSet<String> {
    let workspaces: Vec<Resource<'_>> =
        if resource.kind() == Kind::Workspace { vec![resource] } else { resource.used_by().collect() };
    let acting = workspaces.into_iter().flat_map(|own| actors(own, &Usage::default()));
    acting.filter_map(|own| own.acting.principal().map(str::to_ascii_lowercase)).collect()
}

fn in_allowed_group(cx: &Context<'_>, who: PrincipalIx, allowed: &BTreeSet<String>) -> bool {
    let is_in = |group: &String| cx.engine().membership(Some(who), group) == dekey_rbac::Membership::Yes;
    allowed.iter().any(is_in)
}

/// The name that the directory knows, or the id.
fn called(cx: &Context<'_>, id: &str) -> String {
    let known = cx.grants().principal(id).map(|ix| cx.inventory.get(ix));
    let name = known.and_then(|own| own.text(Field::DisplayName).non_empty().value());
    name.unwrap_or(id).to_owned()
}
