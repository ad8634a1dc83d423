//! The bodies of assignments and exemptions, stage by stage.

use super::Wish;
use crate::gate::Refusal;
use crate::plan::Phase;
use crate::rings::Ring;
use serde_json::{Map, Value, json};

/// How many values Azure takes in one selector.
const MOST_VALUES: usize = 50;

/// An assignment and its body at a stage.
pub(super) struct Wanted {
    pub(super) id: String,
    pub(super) body: Value,
}

/// The id of an assignment at a scope.
pub(super) fn id_at(scope: &str, name: &str) -> String {
    format!("{scope}/providers/Microsoft.Authorization/policyAssignments/{name}")
}

/// The ids of all assignments of a roll-out.
pub(super) fn ids(wish: &Wish) -> Vec<String> {
    if super::is_by_scope(&wish.rings) {
        wish.rings.iter().flat_map(|ring| &ring.scopes).map(|scope| id_at(scope, &wish.name)).collect()
    } else {
        vec![id_at(&wish.scope, &wish.name)]
    }
}

/// The assignment that reaches a resource.
pub(super) fn reaching(wish: &Wish, resource: &str) -> Option<String> {
    ids(wish).into_iter().find(|id| {
        let scope = id.to_ascii_lowercase();
        let scope = scope.split("/providers/microsoft.authorization/policyassignments/").next().unwrap_or("");
        let lower = resource.to_ascii_lowercase();
        let below = lower.strip_prefix(scope).is_some_and(|rest| rest.starts_with('/'));
        below || scope.starts_with("/providers/microsoft.management/")
    })
}

/// What a stage makes of the assignments that it is about.
pub(super) fn wanted(wish: &Wish, phase: Phase, ring: usize) -> Vec<Wanted> {
    let Some(own) = wish.rings.get(ring) else { return Vec::new() };
    if !own.scopes.is_empty() {
        let overrides = overrides(wish, phase == Phase::Deny, None);
        let body = body(wish, None, &overrides);
        let one = |scope: &String| Wanted { id: id_at(scope, &wish.name), body: body.clone() };
        return own.scopes.iter().map(one).collect();
    }
    let reached: Vec<String> =
        wish.rings.iter().take(ring + 1).flat_map(|ring: &Ring| ring.locations.clone()).collect();
    let everywhere = own.is_rest();
    let body = match (phase, everywhere) {
        (Phase::Deny, true) => body(wish, None, &overrides(wish, true, None)),
        // Those that are not reached yet go on being audited: selectors would leave them out, so overrides choose.
        (Phase::Deny, false) => body(wish, None, &overrides(wish, true, Some(&reached))),
        (_, true) => body(wish, None, &overrides(wish, false, None)),
        (_, false) => body(wish, Some(&reached), &overrides(wish, false, None)),
    };
    vec![Wanted { id: id_at(&wish.scope, &wish.name), body }]
}

/// Which policies do what: deny at these locations or everywhere, and audit.
fn overrides(wish: &Wish, deny: bool, at: Option<&[String]>) -> Vec<Value> {
    let one = |effect: &str, references: &[String], at: Option<&[String]>| {
        let mut selectors = Vec::new();
        if !references.is_empty() {
            selectors.push(json!({ "kind": "policyDefinitionReferenceId", "in": references }));
        }
        if let Some(at) = at {
            selectors.push(json!({ "kind": "resourceLocation", "in": at }));
        }
        let mut own = json!({ "kind": "policyEffect", "value": effect });
        if let (false, Some(map)) = (selectors.is_empty(), own.as_object_mut()) {
            map.insert("selectors".to_owned(), selectors.into());
        }
        own
    };
    let references = &wish.target.references;
    let chunks: Vec<&[String]> =
        if references.is_empty() { vec![&[]] } else { references.chunks(MOST_VALUES).collect() };
    let mut all = Vec::new();
    if deny {
        all.extend(chunks.iter().map(|own| one("Deny", own, at)));
    }
    // The first override that fits counts, so what is left is audited.
    if !deny || at.is_some() {
        all.extend(chunks.iter().map(|own| one("Audit", own, None)));
    }
    all
}

fn body(wish: &Wish, at: Option<&[String]>, overrides: &[Value]) -> Value {
    let parameters: Map<String, Value> =
        wish.parameters.iter().map(|(name, own)| (name.clone(), json!({ "value": own }))).collect();
    let selectors = match at {
        Some(at) => json!([{ "name": "rings", "selectors": [{ "kind": "resourceLocation", "in": at }] }]),
        None => json!([]),
    };
    json!({ "properties": {
        "displayName": wish.title,
        "description": "Rolled out ring by ring by dekey, first to audit, then to deny.",
        "policyDefinitionId": wish.target.id,
        "parameters": parameters,
        "enforcementMode": "Default",
        "metadata": { "assignedBy": "dekey" },
        "nonComplianceMessages": [{ "message": wish.message }],
        "resourceSelectors": selectors,
        "overrides": overrides,
    } })
}

/// The exemptions of a ring: one for each resource, with the policies that it does not comply with.
pub(super) fn exemptions(wish: &Wish, ring: usize) -> Vec<(Wanted, String)> {
    let Some(excuses) = &wish.excuses else { return Vec::new() };
    let mut sorted: Vec<&Refusal> = excuses.refusals.get(ring).into_iter().flatten().collect();
    sorted.sort();
    let mut all: Vec<(Wanted, String)> = Vec::new();
    for group in sorted.chunk_by(|a, b| a.resource.eq_ignore_ascii_case(&b.resource)) {
        let Some(first) = group.first() else { continue };
        // Whom nobody can ask is not excused: an exemption has somebody who takes the risk.
        let (Some(owner), Some(assignment)) = (&first.owner, reaching(wish, &first.resource)) else {
            continue;
        };
        let references: Vec<&str> = if wish.target.references.is_empty() {
            Vec::new()
        } else {
            let mut own: Vec<&str> = group.iter().map(|own| own.policy.as_str()).collect();
            own.dedup();
            own
        };
        let ends = excuses.until.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let body = json!({ "properties": {
            "policyAssignmentId": assignment,
            "policyDefinitionReferenceIds": references,
            "exemptionCategory": "Waiver",
            "expiresOn": ends,
            "displayName": format!("{}: excused until {}", wish.title, ends.get(..10).unwrap_or(&ends)),
            "description": excuses.why,
            "metadata": { "requestedBy": owner, "assignedBy": "dekey" },
        } });
        let id =
            format!("{}/providers/Microsoft.Authorization/policyExemptions/{}", first.resource, wish.name);
        all.push((Wanted { id, body }, owner.clone()));
    }
    all
}
