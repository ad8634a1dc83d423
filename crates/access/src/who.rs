//! Everyone who can do something somewhere, also by ways that need no permission there.

use dekey_model::{Covered, Field, Inventory, Kind, Link, Resource, Seen, eq_ids};
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

/// Everyone who can do something, might, or could once a role is activated.
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
    let can = |own: &Holder| {
        let denied = own.decision.verdict == Verdict::Denied;
        !denied || !own.ways.is_empty() || !own.decision.eligible.is_empty()
    };
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

/// Doors of a workspace, by how their actions end.
const KEYS: [&str; 2] = ["workspaces/listKeys/action", "workspaces/listStorageAccountKeys/action"];
const DATASTORES: &str = "/datastores/listsecrets/action";
const CONNECTIONS: &str = "/connections/listsecrets/action";
const SECRETS: &str = "/metadata/secrets/read";

/// The doors of a workspace that lead to a dependent of it, and whether a setting keeps them shut.
fn leading(workspace: Resource<'_>, to: Resource<'_>, on: &Target) -> Vec<(&'static str, Lock)> {
    match to.kind() {
        Kind::StorageAccount => {
            let mut all = Vec::new();
            // The workspace hands out the keys of its own account alone.
            let own = |link| matches!(link, Link::Found { resource, .. } if resource == to.ix());
            if own(workspace.dependent(Field::StorageAccount)) {
                all.extend(KEYS.iter().filter_map(|end| Some((*end, lock(on)?))));
            }
            all.extend(stored(workspace, to, on).map(|lock| (DATASTORES, lock)));
            all
        }
        Kind::ContainerRegistry => lock(on).map(|lock| (KEYS[0], lock)).into_iter().collect(),
        Kind::Vault => [DATASTORES, CONNECTIONS, SECRETS].map(|end| (end, Lock::Open)).to_vec(),
        _ => Vec::new(),
    }
}

/// Whether datastores hold credentials that open an account; nothing when they hold none.
fn stored(workspace: Resource<'_>, account: Resource<'_>, on: &Target) -> Option<Lock> {
    let is_here = |own: &Resource<'_>| own.storage_account() == Some(account);
    let holds = |datastore: Resource<'_>| match datastore.text(Field::CredentialsType).non_empty() {
        Seen::Value(kind) if kind.eq_ignore_ascii_case("None") => None,
        // What is signed with the account's key opens nothing where the account refuses that.
        Seen::Value(kind) if ["AccountKey", "Sas"].iter().any(|own| own.eq_ignore_ascii_case(kind)) => {
            lock(on)
        }
        Seen::Value(_) => Some(Lock::Open),
        _ => Some(Lock::Unknown),
    };
    let known: Vec<Lock> = workspace.children(Kind::Datastore).filter(is_here).filter_map(holds).collect();
    let unread = workspace.children_covered(Kind::Datastore) != Covered::Yes;
    if known.contains(&Lock::Open) {
        Some(Lock::Open)
    } else {
        (unread || !known.is_empty()).then_some(Lock::Unknown)
    }
}

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
    for (workspace, to) in users.filter_map(|own| Some((own, resource?))) {
        let target = Target::of(workspace);
        let leading = leading(workspace, to, on);
        for (door, _) in target.doors() {
            let found = leading.iter().find(|(end, _)| door.action.ends_with(end));
            all.extend(found.map(|(_, lock)| (door, *lock, target.clone())));
        }
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
