//! Simulates the policies that dekey brings, as deny, over an invented tenant: `simulate N` for N workspaces with their dependents.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "what it is for")]

use dekey_guard::{Estate, Options, blast, conflicts, force, simulate};
use dekey_intake::{Keep, Piece};
use dekey_model::{Batch, Builder};
use dekey_pack::{Choices, Scope};
use dekey_policy::{Aliases, Definition, Effect, Knowledge, Semantics, Unlisted};
use dekey_tenant::Tenant;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;

fn main() {
    let wanted: u64 = std::env::args().nth(1).and_then(|own| own.parse().ok()).unwrap_or(10_000);
    let started = Instant::now();
    let mut builder = Builder::new();
    let source = builder.source("invented");
    let mut batch = Batch::default();
    let mut waiting: Vec<Value> = Vec::new();
    for bundle in Tenant::generate(1, wanted) {
        waiting.extend(bundle.items.into_iter().map(|own| own.1));
        if waiting.len() >= 1024 {
            Piece::of_values("invented", &waiting).parse(Keep::Raw, &mut batch);
            builder.absorb(source, &mut batch);
            waiting.clear();
        }
    }
    Piece::of_values("invented", &waiting).parse(Keep::Raw, &mut batch);
    builder.absorb(source, &mut batch);
    let inventory = builder.finish();
    told("made and read", started);
    let started = Instant::now();
    let scope = Scope::ManagementGroup("mg".to_owned());
    let mut estate = Estate::of(&inventory);
    for own in dekey_pack::definitions() {
        let mut definition = Definition::parse(&own.resource(&scope)).unwrap();
        definition.id = own.id(&scope);
        estate.define(definition);
    }
    let initiative = dekey_pack::initiative(&scope, &Choices::default());
    estate.add(&initiative, "").unwrap();
    let assignment = json!({ "id": "/providers/Microsoft.Authorization/policyAssignments/all",
        "properties": { "scope": "/", "policyDefinitionId": initiative["id"] } });
    estate.add(&assignment, "").unwrap();
    let knowledge = Knowledge {
        aliases: Arc::new(Aliases::built_in()),
        unlisted: Unlisted::NotJudged,
        semantics: Semantics::DOCUMENTED,
    };
    let compiled = estate.compile(&knowledge);
    told("estate", started);
    let started = Instant::now();
    let (forces, _) = force(&estate, &compiled.assigned, &Effect::Deny, &|_| true);
    let now = "2026-11-23T00:00:00Z".parse().ok();
    let options = Options { now, forces: Some(&forces), scope: None };
    let simulation = simulate(&estate, &compiled.assigned, options);
    told("simulate", started);
    let started = Instant::now();
    let stuck = blast(&estate, &compiled.assigned, Some(&forces), &simulation, None, &|_| true);
    let pairs = conflicts(&estate, &compiled.assigned, options, &simulation, &|_| true);
    told("blast radius and conflicts", started);
    let policies: usize = compiled.assigned.iter().map(|own| own.parts.len()).sum();
    println!("{} resources, {policies} policies: {:?}", inventory.len(), simulation.counts());
    println!("{} resources refused as they are, {} conflicts", stuck.stuck.len(), pairs.len());
}

fn told(what: &str, started: Instant) {
    println!("{what}: {:.2} s", started.elapsed().as_secs_f64());
}
