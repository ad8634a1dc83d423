//! The least that suffices for one who acts.

use crate::Actor;
use crate::causes::is_documented;
use dekey_model::{ArmId, Kind, Resource, eq_ids};
use dekey_rbac::{
    Engine, Least, Menu, Need, PickedRole, Plan, Role, Service, Use, catalogue, minimise, policy_permission,
};
use std::collections::{BTreeMap, BTreeSet};

/// What may be chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Every role of the tenant, rather than the built-in ones that Microsoft documents for Azure Machine Learning and its dependents, and
    /// the custom ones.
    pub all_roles: bool,
}

/// What an assignment costs by itself, so that one is better than two that permit as much.
const ASSIGNMENT: u64 = 2;

/// What a custom role costs: somebody has to look after it. As much as two excess deletions.
const CUSTOM_ROLE: u64 = 20;

/// How many places are searched before giving up.
const PLACES: usize = 200_000;

/// The next best choice, if one of the roles were not to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// The role that is left out, and where.
    pub without: (String, String),
    /// The cheapest choice then; nothing when there is none.
    pub then: Option<(Vec<(String, String)>, u64)>,
}

/// The least that suffices.
#[derive(Clone, Debug)]
pub struct LeastRoles {
    /// What roles have to permit.
    pub needs: Vec<Need>,
    /// Permissions that access policies have to hold, by vault: roles have no say there.
    pub policies: BTreeMap<String, BTreeSet<&'static str>>,
    /// Uses of which the needs are not known, and where.
    pub unclear: Vec<(Use, String)>,
    /// The cheapest assignments of roles that there are.
    pub least: Least,
    /// The cheapest with custom roles, where that is strictly better.
    pub custom: Option<Plan>,
    /// Why each of the roles is in it.
    pub alternatives: Vec<Alternative>,
    /// How many roles were looked at.
    pub roles: usize,
}

/// The least that suffices for one who acts.
pub fn least_roles(engine: &Engine, actor: &Actor<'_>, wishes: Wishes) -> LeastRoles {
    let mut own = needs(actor);
    let roles = roles(engine, wishes);
    let scopes = scopes(&own.0);
    let around = around(actor.resource, &scopes);
    let menu = Menu {
        roles: &roles,
        actions: engine.actions(),
        scopes: &scopes,
        around: &around,
        assignment: ASSIGNMENT,
        custom: None,
        most: PLACES,
    };
    let least = minimise(&own.0, &menu);
    let cost = if let Least::Proven(plan) = &least { Some(plan.cost) } else { None };
    let custom = match minimise(&own.0, &Menu { custom: Some(CUSTOM_ROLE), ..menu.clone() }) {
        Least::Proven(plan) if cost.is_none_or(|cost| plan.cost < cost) => Some(plan),
        _ => None,
    };
    let alternatives =
        if let Least::Proven(plan) = &least { alternatives(&own.0, &menu, plan) } else { Vec::new() };
    own.0.shrink_to_fit();
    LeastRoles {
        needs: own.0,
        policies: own.1,
        unclear: own.2,
        least,
        custom,
        alternatives,
        roles: roles.len(),
    }
}

type Needs = (Vec<Need>, BTreeMap<String, BTreeSet<&'static str>>, Vec<(Use, String)>);

fn needs(actor: &Actor<'_>) -> Needs {
    let (mut by_role, mut by_policy, mut unclear): Needs = (Vec::new(), BTreeMap::new(), Vec::new());
    for dependent in &actor.dependents {
        let target = &dependent.target;
        for purpose in dependent.uses() {
            let known = !matches!(target.service, Service::Vault { rbac: None, .. });
            match purpose.needs(target).filter(|_| known) {
                None => unclear.push((purpose, target.id.clone())),
                Some(more) if matches!(target.service, Service::Vault { rbac: Some(false), .. }) => {
                    let permissions = more.iter().filter_map(|need| policy_permission(&need.action));
                    by_policy.entry(target.id.clone()).or_default().extend(permissions);
                }
                Some(more) => more.into_iter().for_each(|need| {
                    let same = |own: &Need| own.action == need.action && eq_ids(&own.scope, &need.scope);
                    if !by_role.iter().any(same) {
                        by_role.push(need);
                    }
                }),
            }
        }
    }
    (by_role, by_policy, unclear)
}

/// What to choose from. Roles that were made for other services may permit less, and their makers may change them.
fn roles(engine: &Engine, wishes: Wishes) -> Vec<Role> {
    let documented: BTreeSet<String> = catalogue::roles().into_iter().map(|own| own.id).collect();
    let all = engine.roles().iter().filter(|own| own.is_known());
    let mut roles: Vec<Role> = all
        .filter(|own| wishes.all_roles || own.is_custom() || documented.contains(own.id()))
        .cloned()
        .collect();
    for own in catalogue::roles() {
        if !roles.iter().any(|role| role.id() == own.id) {
            roles.push(Role::new(&own, engine.actions()));
        }
    }
    // Of two that cost as much the first is taken: the one that Microsoft names.
    let key = |own: &Role| (!is_documented(own.id()), own.name().to_owned(), own.id().to_owned());
    roles.sort_by_cached_key(key);
    roles
}

/// The resources of the needs, and their resource groups.
fn scopes(needs: &[Need]) -> Vec<String> {
    let mut scopes: BTreeMap<String, String> = BTreeMap::new();
    for need in needs {
        let group = ArmId(&need.scope).ancestors().find(|own| ArmId(own).provider().is_none());
        for scope in [Some(need.scope.as_str()), group].into_iter().flatten() {
            scopes.entry(scope.to_ascii_lowercase()).or_insert_with(|| scope.to_owned());
        }
    }
    scopes.into_values().collect()
}

/// What else lies in the groups.
fn around(of: Resource<'_>, scopes: &[String]) -> Vec<String> {
    let inventory = of.inventory();
    let kinds =
        [Kind::Workspace, Kind::StorageAccount, Kind::Vault, Kind::ContainerRegistry, Kind::AppInsights];
    let all = kinds.iter().flat_map(|kind| inventory.of_kind(*kind)).map(|ix| inventory.get(*ix).id());
    let inside =
        |id: &&str| ArmId(id).parent().is_some_and(|group| scopes.iter().any(|own| eq_ids(own, group)));
    let mut found: Vec<String> = all.filter(inside).map(str::to_owned).collect();
    found.sort();
    found
}

/// What each pick would be replaced by.
fn alternatives(needs: &[Need], menu: &Menu<'_>, plan: &Plan) -> Vec<Alternative> {
    let one = |pick: &dekey_rbac::Pick| {
        let PickedRole::Existing { id, name } = &pick.role else { return None };
        let met: Vec<Need> = pick.meets.iter().filter_map(|ix| needs.get(*ix)).cloned().collect();
        let others: Vec<Role> = menu.roles.iter().filter(|own| own.id() != id).cloned().collect();
        let then = match minimise(&met, &Menu { roles: &others, ..menu.clone() }) {
            Least::Proven(plan) => Some((picked(&plan), plan.cost)),
            _ => None,
        };
        Some(Alternative { without: (name.clone(), pick.scope.clone()), then })
    };
    plan.picks.iter().filter_map(one).collect()
}

/// The roles of a plan and where they are assigned.
fn picked(plan: &Plan) -> Vec<(String, String)> {
    let name = |role: &PickedRole| match role {
        PickedRole::Existing { name, .. } => name.clone(),
        PickedRole::Custom(_) => "custom role".to_owned(),
    };
    plan.picks.iter().map(|pick| (name(&pick.role), pick.scope.clone())).collect()
}
