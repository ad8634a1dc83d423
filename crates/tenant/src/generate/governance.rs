//! What surrounds workspaces: containers, components, identities, diagnostic settings, role assignments, policy.

use super::block::{GROUP, GROUPS, Place, time};
use super::dependents::Drawn;
use super::{Bundle, Part};
use crate::draw::Draw;
use crate::shape::authorization::{
    ACR_PULL, AI_ADMINISTRATOR, BLOB_CONTRIBUTOR, CONTRIBUTOR, FILE_CONTRIBUTOR, VAULT_ADMINISTRATOR,
    role_assignment, user_assigned,
};
use crate::shape::container;
use crate::shape::policy::{
    BUILT_IN_USER_ASSIGNED, assignment, definition, exemption, without_primary_user_assigned,
    without_system_assigned,
};
use crate::shape::telemetry::{component, diagnostics};
use serde_json::{Value, json};

/// Adds the resource group and the subscription with the first workspace in them, and what policy says there.
pub(super) fn add_containers(place: &Place, bundle: &mut Bundle) {
    if !place.index.is_multiple_of(GROUP) {
        return;
    }
    let mut draw = place.draw("containers");
    if place.group_index == 0 {
        let value = definition(
            BUILT_IN_USER_ASSIGNED,
            "Use user-assigned identities",
            &without_primary_user_assigned(),
            "Audit",
            &["Audit", "Deny", "Disabled"],
        );
        bundle.push(Part::Policy, value);
    }
    if place.group_index.is_multiple_of(GROUPS) {
        let number = place.group_index / GROUPS;
        let tags = draw.share(&[(50, Some("CC-9000"))], None).map(|center| json!({ "cost-center": center }));
        let name = format!("Contoso ML {number:04}");
        bundle.push(Part::Containers, container::subscription(&place.subscription, &name, tags));
        policies(place, &mut draw, bundle);
    }
    let tags = place.tags(&mut draw);
    bundle.push(Part::Containers, container::resource_group(&place.group, place.location, tags));
}

fn policies(place: &Place, draw: &mut Draw, bundle: &mut Bundle) {
    let scope = &place.subscription;
    let custom = format!("{scope}/providers/Microsoft.Authorization/policyDefinitions/aml-system-assigned");
    let title = "Workspaces have a system-assigned identity";
    bundle.push(
        Part::Policy,
        definition(&custom, title, &without_system_assigned(), "Audit", &["Audit", "Deny"]),
    );
    let (id, effect, mode) = draw.share(
        &[
            (30, (custom.as_str(), "Deny", "Default")),
            (30, (custom.as_str(), "Audit", "Default")),
            (20, (custom.as_str(), "Deny", "DoNotEnforce")),
        ],
        (BUILT_IN_USER_ASSIGNED, "Audit", "Default"),
    );
    let assigned = assignment(scope, "aml-identity", title, id, effect, mode);
    let of = assigned.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    bundle.push(Part::Policy, assigned);
    if draw.chance(40) {
        let expires = draw.pick(&["", "2026-03-31T00:00:00Z", "2027-03-31T00:00:00Z"]);
        let value =
            exemption(&place.group, "aml-identity-later", &of, "Waiver", "Migration is planned", expires);
        bundle.push(Part::Policy, value);
    }
}

/// Adds what surrounds one workspace.
pub(super) fn add(place: &Place, drawn: &Drawn, bundle: &mut Bundle) {
    let mut draw = place.draw("governance");
    if place.dependents_of == place.index {
        let off = draw.share(&[(30, Some(true)), (50, Some(false))], None).map(Value::Bool);
        let tags = place.tags(&mut draw);
        let value = component(&drawn.insights, place.location, &drawn.created, &place.logs(), off, tags);
        bundle.push(Part::Insights, value);
    }
    for id in &drawn.users {
        bundle.push(Part::Identities, user_assigned(id, place.location, place.tags(&mut draw)));
    }
    logs(place, drawn, &mut draw, bundle);
    roles(place, drawn, &mut draw, bundle);
}

fn logs(place: &Place, drawn: &Drawn, draw: &mut Draw, bundle: &mut Bundle) {
    let to = place.logs();
    let mut add = |draw: &mut Draw, percent: u64, resource: &str, categories: &[&str]| {
        if draw.chance(percent) {
            bundle.push(Part::Diagnostics, diagnostics(resource, "to-central", &to, categories));
        }
    };
    add(draw, 40, &drawn.id, &["<allLogs>"]);
    if place.storage_of == place.index {
        let services =
            [("blobServices", 40), ("fileServices", 20), ("queueServices", 10), ("tableServices", 10)];
        for (service, percent) in services {
            let id = format!("{}/{service}/default", place.storage(place.index));
            add(draw, percent, &id, &["StorageRead", "StorageWrite", "StorageDelete"]);
        }
    }
    if place.dependents_of == place.index {
        add(draw, 50, &drawn.vault, &["AuditEvent", "-AzurePolicyEvaluationDetails"]);
        if let Some(registry) = &drawn.registry {
            add(draw, 30, registry, &["ContainerRegistryLoginEvents", "ContainerRegistryRepositoryEvents"]);
        }
    }
}

fn roles(place: &Place, drawn: &Drawn, draw: &mut Draw, bundle: &mut Bundle) {
    let Some(principal) = drawn.principal() else { return };
    let mut grant = |draw: &mut Draw, percent: u64, scope: &str, role: [&str; 2]| {
        if draw.chance(percent) {
            let value = role_assignment(scope, role, &principal, "ServicePrincipal", &time(draw));
            bundle.push(Part::Authorization, value);
        }
    };
    let broad = if drawn.created.as_str() > "2024-11-19" { AI_ADMINISTRATOR } else { CONTRIBUTOR };
    grant(draw, 90, &place.group, broad);
    grant(draw, 95, &drawn.storage, BLOB_CONTRIBUTOR);
    grant(draw, 40, &drawn.storage, FILE_CONTRIBUTOR);
    grant(draw, 50, &drawn.vault, VAULT_ADMINISTRATOR);
    if let Some(registry) = &drawn.registry {
        grant(draw, 60, registry, ACR_PULL);
    }
}
