//! Everyone who can do something somewhere, also by ways that need no permission there.

use dekey_model::{Inventory, Kind, Resource, eq_ids};
use dekey_rbac::{
    Action, Danger, Decision, Door, Engine, Lock, Plane, PrincipalIx, Service, Target, Verdict,
};
use jiff::Timestamp;

/// A way around permissions: somebody may get a key, a secret or a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The action that opens it, and what is behind it.
    pub door: Door,
    /// The resource that the action is done to: the target itself, or a workspace that uses it.
    pub at: String,
    /// Whether a setting keeps it shut.
    pub lock: Lock,
    /// Whether the action is permitted.
    pub decision: Decision,
}

/// Somebody who can, or might.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Who.
    pub who: PrincipalIx,
    /// Whether by permission.
    pub decision: Decision,
    /// And by which other ways.
    pub ways: Vec<Way>,
}

/// Everyone who can do something, or might.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// In the order of object ids.
    pub holders: Vec<Holder>,
    /// The answer for somebody whom no document names: *unknown* where others may be able to.
    pub others: Decision,
}

/// Everyone who can do something to a resource.
pub fn who_can(engine: &Engine, inventory: &Inventory, on: &Target, action: &Action, now: Timestamp) -> Who {
    let doors = doors(inventory, on, action);
    let holder = |who: PrincipalIx| {
        let decision = engine.may(Some(who), action, on, now);
        Holder { who, decision, ways: through(engine, Some(who), &doors, now) }
    };
    let can = |own: &Holder| own.decision.verdict != Verdict::Denied || !own.ways.is_empty();
    let mut holders: Vec<Holder> = engine.principals().map(holder).filter(can).collect();
    holders.sort_by(|a, b| engine.principal_id(a.who).cmp(engine.principal_id(b.who)));
    Who { holders, others: engine.may(None, action, on, now) }
}

/// The ways of one principal to what an action on a resource gives, besides being permitted it.
pub fn who_ways(
    engine: &Engine,
    inventory: &Inventory,
    who: Option<PrincipalIx>,
    on: &Target,
    action: &Action,
    now: Timestamp,
) -> Vec<Way> {
    through(engine, who, &doors(inventory, on, action), now)
}

fn through(
    engine: &Engine,
    who: Option<PrincipalIx>,
    doors: &[(Door, Lock, Target)],
    now: Timestamp,
) -> Vec<Way> {
    let way = |(door, lock, at): &(Door, Lock, Target)| {
        let decision = engine.may(who, &Action::control(door.action), at, now);
        let is_shut = decision.verdict == Verdict::Denied;
        (!is_shut).then(|| Way { door: *door, at: at.id.clone(), lock: *lock, decision })
    };
    doors.iter().filter_map(way).collect()
}

/// Doors of a workspace that lead to a kind of dependent.
const THROUGH_WORKSPACE: &[(Kind, &[&str])] = &[
    (
        Kind::StorageAccount,
        &[
            "workspaces/listKeys/action",
            "workspaces/listStorageAccountKeys/action",
            "/datastores/listsecrets/action",
        ],
    ),
    (Kind::ContainerRegistry, &["workspaces/listKeys/action"]),
    (
        Kind::Vault,
        &["/datastores/listsecrets/action", "/connections/listsecrets/action", "/metadata/secrets/read"],
    ),
];

/// The doors to what an action does, with the resource that each is a door of.
fn doors(inventory: &Inventory, on: &Target, action: &Action) -> Vec<(Door, Lock, Target)> {
    let resource = inventory.find(&on.id);
    // Who changes something in the control plane does so by permission, or by handing it to himself.
    let is_behind = action.plane() == Plane::Data || Danger::of(action) == Danger::Secrets;
    let grant = |door: &Door| {
        Danger::of(&Action::control(door.action)) == Danger::Grant && !door.opens.contains("policy")
    };
    let own = on.doors().into_iter().filter(|(door, lock)| {
        *lock != Lock::Shut
            && Action::control(door.action) != *action
            && (action.plane() == Plane::Data || grant(door))
    });
    let mut all: Vec<_> = own.map(|(door, lock)| (door, lock, on.clone())).collect();
    let users = resource.into_iter().filter(|_| is_behind).flat_map(Resource::used_by);
    let suffixes = resource.and_then(|own| THROUGH_WORKSPACE.iter().find(|row| row.0 == own.kind()));
    for (workspace, (_, suffixes)) in users.filter_map(|own| suffixes.map(|row| (own, row))) {
        let target = Target::of(workspace);
        let through = target
            .doors()
            .into_iter()
            .filter(|(door, _)| suffixes.iter().any(|end| door.action.ends_with(end)));
        all.extend(through.filter_map(|(door, _)| Some((door, lock(on)?, target.clone()))));
    }
    all.dedup_by(|a, b| a.0 == b.0 && eq_ids(&a.2.id, &b.2.id));
    all
}

/// Whether keys that a workspace hands out still open the resource; nothing when they do not.
fn lock(on: &Target) -> Option<Lock> {
    let setting = match &on.service {
        Service::Storage { shared_keys } => *shared_keys,
        Service::Registry { admin_user, .. } => *admin_user,
        _ => Some(true),
    };
    match setting {
        Some(true) => Some(Lock::Open),
        Some(false) => None,
        None => Some(Lock::Unknown),
    }
}
