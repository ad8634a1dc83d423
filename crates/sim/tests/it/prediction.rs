//! Prediction equals admission: what is said of a write from an export of the tenant is what becomes of it.
//!
//! Tenants, policies and writes are random. The prediction knows only what an export holds, read as any other export is; the
//! writes are then made. `DEKEY_TENANTS` says how many tenants there are, `DEKEY_SEED` which is the first.

#![expect(clippy::print_stderr, reason = "a long test says what it counted")]

mod draw;

use crate::{World, code, json};
use dekey_guard::{Around, Body, Estate, Options, simulate};
use dekey_intake::{Keep, read_into};
use dekey_model::{Builder, Inventory, ResourceIx};
use dekey_policy::{
    Aliases, Assigned, Decision, Effect, Enforcement, Enrollment, Exemption, Knowledge, Library, Rules,
    Semantics, Subject, Surroundings, Unlisted, Write,
};
use draw::{Draw, KINDS, Kind, MANAGED, SUBSCRIPTIONS, groups, managed, written};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const POLICY: &str = "2025-03-01";
const PREVIEW: &str = "2026-01-01-preview";
const GROUP_VERSION: &str = "2021-04-01";
const WRITES: usize = 40;

/// Which policies a tenant has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum With {
    /// All that there are.
    Everything,
    /// Those that refuse a request or let it pass as it is.
    WhatRefuses,
}

/// A request.
#[derive(Debug)]
struct Asked {
    method: &'static str,
    id: String,
    version: &'static str,
    body: Value,
}

fn policy(scope: &str, kind: &str, name: &str) -> String {
    format!("{scope}/providers/Microsoft.Authorization/{kind}/{name}")
}

/// A tenant with groups and resources, and whatever Azure takes of what is defined and assigned.
fn tenant(draw: &mut Draw, with: With, taken: &mut BTreeMap<String, usize>) -> World {
    let mut world = World::filled(dekey_sim::Options::new(draw.next()), |azure| {
        for (name, above) in MANAGED {
            let parent = above.first().map(|own| json!({ "id": managed(own) }));
            let own = json!({ "id": managed(name), "name": name, "properties": { "displayName": name, "details": { "parent": parent } } });
            assert!(azure.seed(own));
        }
        for (at, id) in SUBSCRIPTIONS.iter().enumerate() {
            let (name, above) = MANAGED[at + 1];
            let chain: Vec<Value> = std::iter::once(name)
                .chain(above.iter().copied())
                .map(|own| json!({ "name": own, "displayName": own }))
                .collect();
            assert!(
                azure.seed(json!({ "id": id, "properties": { "managementGroupAncestorsChain": chain } }))
            );
        }
        for id in groups() {
            assert!(azure.seed(json!({ "id": id, "location": draw.of(&["westeurope", "northeurope"]), "tags": draw.tags(), "properties": {} })));
            for kind in KINDS {
                for at in 0..3 {
                    let mut own = draw.body(kind);
                    own["id"] = json!(format!("{id}/providers/{}/r{at}", kind.name));
                    assert!(azure.seed(own));
                }
            }
        }
    });
    policies(draw, &mut world, with, taken);
    world
}

fn put(
    world: &mut World,
    id: &str,
    version: &str,
    properties: &Value,
    taken: &mut BTreeMap<String, usize>,
) -> bool {
    let answer = world.ask(
        "PUT",
        &format!("{id}?api-version={version}"),
        &json!({ "properties": properties }).to_string(),
    );
    let word = if answer.status < 300 { "taken".to_owned() } else { code(&json(&answer)).to_owned() };
    let kind = id.rsplit('/').nth(1).unwrap();
    *taken.entry(format!("{kind} {word}")).or_default() += 1;
    answer.status < 300
}

fn policies(draw: &mut Draw, world: &mut World, with: With, taken: &mut BTreeMap<String, usize>) {
    let mut targets: Vec<(String, bool, Vec<String>)> = Vec::new();
    let own = written();
    for at in 0..8 {
        let mut properties = if draw.chance(35) { draw.of(&own) } else { draw.definition() };
        let effect = properties["policyRule"]["then"]["effect"].as_str().unwrap();
        if with == With::WhatRefuses && ["modify", "append"].contains(&effect) {
            properties["policyRule"]["then"] = json!({ "effect": "deny" });
        }
        let id = policy(&managed("top"), "policyDefinitions", &format!("d{at}"));
        let takes = properties.get("parameters").is_some();
        if put(world, &id, POLICY, &properties, taken) {
            targets.push((id, takes, Vec::new()));
        }
    }
    if targets.is_empty() {
        return;
    }
    for at in 0..2 {
        let mut references = Vec::new();
        let members: Vec<Value> = (0..=draw.below(3))
            .map(|member| {
                let (id, takes, _) = draw.of(&targets);
                let reference = format!("m{member}");
                references.push(reference.clone());
                let mut own = json!({ "policyDefinitionId": id, "policyDefinitionReferenceId": reference });
                if takes {
                    own["parameters"] = json!({ "effect": { "value": "[parameters('effect')]" } });
                }
                own
            })
            .collect();
        let takes = json!({ "effect": { "type": "String", "defaultValue": "Deny", "allowedValues": ["Audit", "Deny", "Disabled"] } });
        let id = policy(&managed("top"), "policySetDefinitions", &format!("s{at}"));
        if put(world, &id, POLICY, &json!({ "policyDefinitions": members, "parameters": takes }), taken) {
            targets.push((id, true, references));
        }
    }
    for at in 0..6 {
        let (target, takes, references) = draw.of(&targets);
        let (scope, own) = draw.assignment(&target, takes, &references);
        let id = policy(&scope, "policyAssignments", &format!("a{at}"));
        if !put(world, &id, POLICY, &own, taken) {
            continue;
        }
        for (kind, chance) in [("policyExemptions", 25), ("policyEnrollments", 70)] {
            let counts = with == With::Everything || kind == "policyExemptions";
            if draw.chance(chance) && counts {
                let (scope, own) = draw.exception(&id, &references, kind == "policyExemptions");
                put(world, &policy(&scope, kind, &format!("x{at}")), PREVIEW, &own, taken);
            }
        }
    }
}

/// What an export of the tenant holds: every list, page by page, as anybody's export has them.
fn export(world: &mut World) -> Inventory {
    let mut documents: Vec<String> = Vec::new();
    let mut lists: Vec<String> = Vec::new();
    for own in SUBSCRIPTIONS {
        lists.push(format!("{own}/resourcegroups?api-version={GROUP_VERSION}"));
        for kind in KINDS {
            lists.push(format!("{own}/providers/{}?api-version={}", kind.name, kind.version));
        }
        for kind in ["policyDefinitions", "policySetDefinitions", "policyAssignments"] {
            lists.push(format!("{own}/providers/Microsoft.Authorization/{kind}?api-version={POLICY}"));
        }
        for kind in ["policyExemptions", "policyEnrollments"] {
            lists.push(format!("{own}/providers/Microsoft.Authorization/{kind}?api-version={PREVIEW}"));
        }
    }
    for list in lists {
        let (all, _) = world.all(&list);
        documents.push(json!({ "value": all }).to_string());
    }
    let query = json!({ "query": "resourcecontainers | where type == 'microsoft.resources/subscriptions'" });
    let answer = world.ask(
        "POST",
        "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01",
        &query.to_string(),
    );
    assert_eq!(answer.status, 200, "{}", json(&answer));
    documents.push(String::from_utf8(answer.body).unwrap());
    let mut builder = Builder::new();
    for (at, own) in documents.iter().enumerate() {
        read_into(&mut builder, &format!("list {at}"), &mut own.as_bytes(), Keep::Raw).unwrap();
    }
    builder.finish()
}

fn writes(draw: &mut Draw) -> Vec<Asked> {
    let mut all = Vec::new();
    let mut used = BTreeSet::new();
    while all.len() < WRITES {
        let kind = &KINDS[draw.below(KINDS.len())];
        // What lies in the groups that are kept is not written: they are deleted as a whole.
        let group = draw.group();
        let at = draw.below(8);
        let id = format!("{group}/providers/{}/r{at}", kind.name);
        let asked = match draw.below(12) {
            0 if group.ends_with("/kept") => {
                Asked { method: "DELETE", id: group, version: GROUP_VERSION, body: json!({}) }
            }
            1 => {
                let id = format!("{}/resourceGroups/new{}", draw.of(SUBSCRIPTIONS), all.len());
                let body = json!({ "location": draw.of(&["westeurope", "eastus"]), "tags": draw.tags() });
                Asked { method: "PUT", id, version: GROUP_VERSION, body }
            }
            _ if group.ends_with("/kept") => continue,
            2 if at < 3 => Asked { method: "DELETE", id, version: kind.version, body: json!({}) },
            3..=5 if at < 3 && kind.patches => {
                Asked { method: "PATCH", id, version: kind.version, body: patch(draw, kind) }
            }
            6 if kind.name.ends_with("workspaces") && at < 3 => {
                let credentials = draw.of(&["None", "AccountKey"]);
                let body = json!({ "properties": { "datastoreType": "AzureBlob", "credentials": { "credentialsType": credentials } } });
                Asked {
                    method: "PUT",
                    id: format!("{id}/datastores/d{}", draw.below(3)),
                    version: kind.version,
                    body,
                }
            }
            _ => Asked { method: "PUT", id, version: kind.version, body: draw.body(kind) },
        };
        // One write for each resource and what lies in it: what came of one must not change what is said of another.
        let key = asked.id.split("/datastores/").next().unwrap().to_owned();
        if used.insert(key) {
            all.push(asked);
        }
    }
    all
}

fn patch(draw: &mut Draw, kind: &Kind) -> Value {
    match draw.below(3) {
        0 => json!({ "tags": draw.tags() }),
        1 => json!({ "properties": draw.properties(kind) }),
        _ => json!({ "tags": draw.tags(), "properties": draw.properties(kind) }),
    }
}

/// JSON merge patch; what is not in `properties` is put in its place.
fn merged(mut own: Value, change: &Value) -> Value {
    fn merge(into: &mut Value, change: &Value) {
        match (into, change) {
            (Value::Object(into), Value::Object(change)) => {
                for (name, value) in change {
                    merge(into.entry(name).or_insert(Value::Null), value);
                }
            }
            (into, change) => *into = change.clone(),
        }
    }
    for (name, value) in change.as_object().unwrap() {
        if name == "properties" {
            merge(&mut own["properties"], value);
        } else {
            own[name] = value.clone();
        }
    }
    own
}

/// What is said of a write, and what it would change.
struct Predicted {
    decision: Decision,
    why: String,
    changes: Vec<(String, Option<Value>)>,
}

struct Predictor<'i> {
    estate: Estate<'i>,
    assigned: Vec<Assigned>,
    exemptions: Vec<Exemption>,
    enrollments: Vec<Enrollment>,
}

fn knowledge() -> Knowledge {
    Knowledge {
        aliases: Arc::new(Aliases::built_in()),
        unlisted: Unlisted::NotJudged,
        semantics: Semantics::DOCUMENTED,
    }
}

impl<'i> Predictor<'i> {
    fn new(inventory: &'i Inventory, knowledge: &Knowledge) -> Self {
        let estate = Estate::of(inventory);
        assert!(estate.problems.is_empty(), "{:?}", estate.problems);
        let compiled = estate.compile(knowledge);
        assert!(compiled.problems.is_empty(), "{:?}", compiled.problems);
        let exemptions = estate.all_exemptions().cloned().collect();
        let enrollments = estate.enrollments().to_vec();
        Self { estate, assigned: compiled.assigned, exemptions, enrollments }
    }

    fn predict(&self, asked: &Asked, now: jiff::Timestamp) -> Predicted {
        let around = Around::new(&self.estate, Some(now));
        let lookups = around.lookups();
        // The scopes of what is asked, and who asks with which version, are known of every write.
        let request = json!({ "apiVersion": asked.version });
        let surroundings = Surroundings { request: Some(&request), ..lookups.of(&asked.id) };
        let rules =
            Rules { assigned: &self.assigned, exemptions: &self.exemptions, enrollments: &self.enrollments };
        let there = self.estate.inventory.find(&asked.id).and_then(Body::of);
        let admission = match asked.method {
            "DELETE" => {
                let own = self.estate.inventory.find(&asked.id).unwrap();
                let body = there.unwrap();
                let target = body.subject(own).with_api_version(asked.version).with_id(&asked.id);
                let inside: Vec<_> =
                    self.estate.in_order().iter().map(|ix| self.estate.inventory.get(*ix)).collect();
                let below = format!("{}/providers/", asked.id).to_ascii_lowercase();
                let is_group = !asked.id.contains("/providers/");
                let inside: Vec<_> = inside
                    .into_iter()
                    .filter(|own| is_group && own.id().to_ascii_lowercase().starts_with(&below))
                    .map(|own| (Body::of(own).unwrap(), own))
                    .collect();
                let inside: Vec<Subject<'_>> = inside.iter().map(|(body, own)| body.subject(*own)).collect();
                rules.admit_action("delete", &target, &inside, &surroundings)
            }
            "PATCH" => {
                let body = merged(there.unwrap().value, &asked.body);
                let subject = Subject::new(&body).with_id(&asked.id).with_api_version(asked.version);
                rules.admit(&Write { subject: &subject, patch: Some(&asked.body) }, &surroundings)
            }
            _ => {
                let subject = Subject::new(&asked.body).with_id(&asked.id).with_api_version(asked.version);
                rules.admit(&Write { subject: &subject, patch: None }, &surroundings)
            }
        };
        let named = |own: &dekey_policy::Source<'_>| own.assigned.assignment.id.clone();
        let refused =
            admission.refused_by.iter().map(|own| format!("{} {:?}", named(&own.source), own.refusal));
        let open = admission
            .not_judged
            .iter()
            .map(|own| format!("{} open ({}): {}", named(&own.source), own.matters, own.why));
        Predicted {
            decision: admission.decision(),
            why: refused.chain(open).collect::<Vec<_>>().join("; "),
            changes: admission
                .changed
                .iter()
                .map(|own| (own.change.pointer.clone(), own.change.new.clone()))
                .collect(),
        }
    }
}

#[derive(Debug, Default)]
struct Tally {
    taken: BTreeMap<String, usize>,
    came: BTreeMap<&'static str, usize>,
    refused_by: BTreeMap<String, usize>,
    writes: usize,
    changed: usize,
}

fn one(seed: u64, knowledge: &Knowledge, tally: &mut Tally) {
    let mut draw = Draw(seed);
    let mut world = tenant(&mut draw, With::Everything, &mut tally.taken);
    let inventory = export(&mut world);
    let predictor = Predictor::new(&inventory, knowledge);
    for asked in writes(&mut draw) {
        let predicted = predictor.predict(&asked, world.now);
        let url = format!("{}?api-version={}", asked.id, asked.version);
        let answer = world.ask(asked.method, &url, &asked.body.to_string());
        let body = json(&answer);
        let refused = answer.status == 403 && code(&body) == "RequestDisallowedByPolicy";
        let open = answer.header("x-simulator-policies-not-judged").is_some();
        let at = || {
            format!(
                "seed {seed}, {asked:#?}\npredicted {:?}: {}\nanswer {}: {body}",
                predicted.decision, predicted.why, answer.status
            )
        };
        tally.writes += 1;
        let word = match (predicted.decision, refused) {
            (Decision::Refused, true) => "refused, as predicted",
            (Decision::Admitted, false) => "admitted, as predicted",
            // Whoever knows no better there says so.
            (Decision::Unknown, _) if open => "open in both",
            _ => "neither",
        };
        assert!(word != "neither", "{}", at());
        *tally.came.entry(word).or_default() += 1;
        if refused {
            let named: Vec<&str> = body["error"]["additionalInfo"]
                .as_array()
                .unwrap()
                .iter()
                .map(|own| own["info"]["policyAssignmentId"].as_str().unwrap())
                .collect();
            assert!(!named.is_empty() && named.iter().all(|own| predicted.why.contains(own)), "{}", at());
            for own in body["error"]["additionalInfo"].as_array().unwrap() {
                *tally.refused_by.entry(own["info"]["policyDefinitionEffect"].to_string()).or_default() += 1;
            }
        }
        if answer.status < 300 && asked.method != "DELETE" && !predicted.changes.is_empty() {
            let (status, made) = world.get(&url);
            assert_eq!(status, 200, "{}", at());
            tally.changed += 1;
            // Of several changes of one property the last one counts.
            let last: BTreeMap<&String, &Option<Value>> =
                predicted.changes.iter().map(|(at, new)| (at, new)).collect();
            for (pointer, new) in last {
                assert_eq!(made.pointer(pointer), new.as_ref(), "{pointer}: {}", at());
            }
        }
    }
}

#[test]
fn what_is_predicted_to_be_refused_is_refused_and_nothing_else() {
    let number = |name: &str, other: u64| std::env::var(name).ok().map_or(other, |own| own.parse().unwrap());
    let (first, tenants) = (number("DEKEY_SEED", 1), number("DEKEY_TENANTS", 200));
    let knowledge = knowledge();
    let mut tally = Tally::default();
    for seed in first..first + tenants {
        one(seed, &knowledge, &mut tally);
    }
    eprintln!("{tenants} tenants: {tally:#?}");
    assert_eq!(tally.writes, usize::try_from(tenants).unwrap() * WRITES);
    if tenants >= 100 {
        let came = |word: &str| tally.came.get(word).copied().unwrap_or(0);
        assert!(came("refused, as predicted") * 20 > tally.writes, "few writes are refused: {tally:#?}");
        assert!(came("admitted, as predicted") * 5 > tally.writes, "few writes are admitted: {tally:#?}");
        assert!(came("open in both") * 10 < tally.writes, "most is open: {tally:#?}");
    }
}

/// The resources that could not be written as they are, by what holding the assignments against the inventory says; and those of
/// which it does not know.
fn stuck(predictor: &Predictor<'_>, now: jiff::Timestamp) -> (BTreeSet<String>, BTreeSet<String>) {
    let (estate, assigned) = (&predictor.estate, &predictor.assigned);
    let found = simulate(estate, assigned, Options { now: Some(now), ..Options::default() });
    let (mut refused, mut open) = (BTreeSet::new(), BTreeSet::new());
    for (own, said) in assigned.iter().zip(&found.assessments) {
        if own.assignment.enforcement != Enforcement::Default {
            continue;
        }
        for (part, said) in own.parts.iter().zip(&said.parts) {
            let effects = estate.definition(&part.definition).unwrap().effects();
            let of_actions = effects.iter().any(Effect::is_of_actions);
            let ids = |all: &[ResourceIx]| -> Vec<String> {
                all.iter().map(|ix| estate.inventory.get(*ix).id().to_ascii_lowercase()).collect()
            };
            for (effect, all) in &said.non_compliant {
                if effect.eq_ignore_ascii_case("deny") {
                    refused.extend(ids(all));
                }
            }
            let failed = said.failed.values().flat_map(|all| ids(all));
            // What is about actions says nothing of a write, unless the assignment gives it another effect.
            if of_actions {
                open.extend(failed)
            } else {
                refused.extend(failed)
            }
            open.extend(said.not_judged.values().flat_map(|all| ids(all)));
        }
    }
    (refused, open)
}

/// What `simulate` says cannot be updated as it is, is refused when it is written as it is; everything else is not.
#[test]
fn what_cannot_be_updated_as_it_is_is_refused_as_it_is() {
    let number = |name: &str, other: u64| std::env::var(name).ok().map_or(other, |own| own.parse().unwrap());
    let (first, tenants) = (number("DEKEY_SEED", 1), number("DEKEY_TENANTS", 200) / 4);
    let knowledge = knowledge();
    let mut came: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in first..first + tenants {
        let mut world = tenant(&mut Draw(seed), With::WhatRefuses, &mut BTreeMap::new());
        let inventory = export(&mut world);
        let predictor = Predictor::new(&inventory, &knowledge);
        let (refused, open) = stuck(&predictor, world.now);
        for own in inventory.resources() {
            let kind = KINDS.iter().find(|kind| kind.name.eq_ignore_ascii_case(own.resource_type()));
            let version = match (kind, own.kind()) {
                (Some(kind), _) => kind.version,
                (None, dekey_model::Kind::ResourceGroup) => GROUP_VERSION,
                _ => continue,
            };
            let id = own.id().to_ascii_lowercase();
            if open.contains(&id) {
                *came.entry("open").or_default() += 1;
                continue;
            }
            let answer = world.ask("PUT", &format!("{}?api-version={version}", own.id()), own.raw().unwrap());
            let body = json(&answer);
            let is_refused = answer.status == 403 && code(&body) == "RequestDisallowedByPolicy";
            assert_eq!(
                is_refused,
                refused.contains(&id),
                "seed {seed}: {id}\n{}\n{}: {body}",
                own.raw().unwrap(),
                answer.status
            );
            *came
                .entry(if is_refused { "refused, as simulated" } else { "taken, as simulated" })
                .or_default() += 1;
        }
    }
    eprintln!("{tenants} tenants: {came:?}");
    let refused = came.get("refused, as simulated").copied().unwrap_or(0);
    assert!(tenants < 25 || refused * 30 > came.values().sum::<usize>(), "few are refused: {came:?}");
}
