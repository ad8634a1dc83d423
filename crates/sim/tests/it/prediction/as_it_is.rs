//! What cannot be updated as it is, by what holding the assignments against an inventory says.

use super::{Draw, GROUP_VERSION, KINDS, Predictor, With, export, knowledge, tenant};
use crate::{code, json};
use dekey_guard::{Options, simulate};
use dekey_model::ResourceIx;
use dekey_policy::{Effect, Enforcement, Library};
use std::collections::{BTreeMap, BTreeSet};

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
                open.extend(failed);
            } else {
                refused.extend(failed);
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
