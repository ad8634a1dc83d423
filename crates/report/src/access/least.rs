//! `access minimise`.

use super::fill::{Teller, danger, kind_word, use_word};
use super::needs::{assign, set_policy};
use super::types::{ActorLeast, Least, Pick, Policy};
use crate::words::counted;
use dekey_access::{Actor, LeastRoles, Usage, Wishes, actors, least_roles};
use dekey_model::{ArmId, Resource};
use dekey_rbac::{Action, Danger, Need, PickedRole, Plan, Plane, cover};
use serde_json::{Value, json};
use std::collections::BTreeSet;

impl Teller<'_> {
    /// The least that suffices for a workspace and what runs in it.
    pub fn least(&self, workspace: Resource<'_>, usage: &Usage, wishes: Wishes) -> Least {
        let all = actors(workspace, usage);
        let actors = all.iter().map(|own| self.least_of(own, wishes)).collect();
        Least { workspace: workspace.id().to_owned(), actors }
    }

    fn least_of(&self, actor: &Actor<'_>, wishes: Wishes) -> ActorLeast {
        let found = least_roles(self.engine, actor, wishes);
        let who = actor.acting.principal().unwrap_or_default();
        let plan = if let dekey_rbac::Least::Proven(plan) = &found.least { Some(plan) } else { None };
        let picks =
            |plan: &Plan| plan.picks.iter().map(|own| pick(own, &found.needs, who)).collect::<Vec<_>>();
        let policy = |(vault, permissions): (&String, &BTreeSet<&'static str>)| Policy {
            vault: vault.clone(),
            permissions: permissions.iter().map(|own| (*own).to_owned()).collect(),
            command: set_policy(vault, who, permissions),
        };
        ActorLeast {
            resource: actor.resource.id().to_owned(),
            kind: kind_word(actor.resource),
            principal: self.acting(actor.resource, &actor.acting),
            unread: self.gaps(&actor.unread),
            assignments: plan.map(picks).unwrap_or_default(),
            cost: plan.map(|own| own.cost),
            with_custom_roles: found.custom.as_ref().map(picks).unwrap_or_default(),
            cost_with_custom_roles: found.custom.as_ref().map(|own| own.cost),
            access_policies: found.policies.iter().map(policy).collect(),
            proof: plan.map(|own| proof(own, &found)).unwrap_or_default(),
            proven: plan.is_some_and(Plan::is_proven),
            open: open(&found),
        }
    }
}

/// What no role meets, and what is not known to be needed.
fn open(found: &LeastRoles) -> Vec<String> {
    let mut open: Vec<String> = found
        .unclear
        .iter()
        .map(|(own, at)| {
            format!(
                "{}: a setting of {} that decides what it takes was not read",
                use_word(*own),
                ArmId(at).name()
            )
        })
        .collect();
    match &found.least {
        dekey_rbac::Least::Proven(_) => {}
        dekey_rbac::Least::GaveUp => open.push("there were too many choices to look through".to_owned()),
        dekey_rbac::Least::Impossible(list) => {
            let needs = list.iter().filter_map(|ix| found.needs.get(*ix));
            open.extend(
                needs.map(|own| format!("no role permits {} on {}", own.action, ArmId(&own.scope).name())),
            );
        }
    }
    open
}

fn pick(own: &dekey_rbac::Pick, needs: &[Need], who: &str) -> Pick {
    let met: BTreeSet<String> = own
        .meets
        .iter()
        .filter_map(|ix| needs.get(*ix))
        .map(|need| format!("{} in {}", use_word(need.purpose), ArmId(&need.scope).name()))
        .collect();
    let (name, role_id, definition) = match &own.role {
        PickedRole::Existing { id, name } => (name.clone(), Some(id.clone()), None),
        PickedRole::Custom(actions) => {
            let name = format!("dekey {}", ArmId(&own.scope).name());
            let definition = definition(&name, actions, &own.scope);
            (name, None, Some(definition))
        }
    };
    let worst = own.excess.iter().max_by_key(|(action, _)| Danger::of(action));
    Pick {
        scope: own.scope.clone(),
        meets: met.into_iter().collect(),
        excess: own.excess.len(),
        worst: worst.map(|(action, _)| format!("{} ({})", action.name(), danger(Danger::of(action)))),
        command: assign(who, &name, &own.scope),
        role: name,
        role_id,
        definition,
    }
}

/// A custom role, as `az role definition create` takes it.
fn definition(name: &str, actions: &[Action], scope: &str) -> Value {
    let of = |plane: Plane| {
        actions.iter().filter(|own| own.plane() == plane).map(Action::name).collect::<Vec<_>>()
    };
    let group = ArmId(scope).ancestors().find(|own| ArmId(own).provider().is_none()).unwrap_or(scope);
    json!({
        "Name": name,
        "IsCustom": true,
        "Description": "What one identity needs, and nothing else.",
        "Actions": of(Plane::Control),
        "NotActions": [],
        "DataActions": of(Plane::Data),
        "NotDataActions": [],
        "AssignableScopes": [group],
    })
}

/// Why there is nothing less, in words.
fn proof(plan: &Plan, found: &LeastRoles) -> Vec<String> {
    let all = plan.problem.candidates.len();
    let replaced = plan.proof.replaced.len();
    let left = ends(&plan.proof.search);
    let mut told = vec![format!(
        "{} roles were looked at; assigned to a dependent or its resource group, {all} choices meet something that is needed",
        found.roles
    )];
    told.push(format!(
        "{replaced} of these are never better than another one, and all ways to combine the other {} were followed: {}, none \
         cheaper than {}",
        all - replaced,
        counted(left as u64, "end"),
        plan.cost
    ));
    for own in &found.alternatives {
        let (role, at) = (&own.without.0, ArmId(&own.without.1).name());
        told.push(match &own.then {
            None => format!("{role} on {at}: nothing else permits what it is needed for"),
            Some((roles, cost)) => {
                let roles: Vec<String> =
                    roles.iter().map(|(role, scope)| format!("{role} on {}", ArmId(scope).name())).collect();
                let own =
                    plan.picks.iter().find(|pick| pick.scope == own.without.1 && is_called(&pick.role, role));
                let own = own.map(|pick| plan_cost(plan, pick));
                format!(
                    "{role} on {at} costs {}; the next best, {}, costs {cost}",
                    own.unwrap_or_default(),
                    roles.join(" and ")
                )
            }
        });
    }
    told
}

fn is_called(role: &PickedRole, wanted: &str) -> bool {
    matches!(role, PickedRole::Existing { name, .. } if name == wanted)
}

/// What one pick costs by itself.
fn plan_cost(plan: &Plan, pick: &dekey_rbac::Pick) -> u64 {
    let price = plan.problem.candidates.first().map_or(0, |own| own.price);
    price + pick.excess.iter().map(|(action, _)| Danger::of(action).weight()).sum::<u64>()
}

/// How many ends a search has.
fn ends(step: &cover::Step) -> usize {
    match step {
        cover::Step::Ways(_, ways) => ways.iter().map(|(_, step)| ends(step)).sum(),
        _ => 1,
    }
}
