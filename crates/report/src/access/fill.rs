//! From the engine's answers to the wire.

use super::types::{Decision, Principal, Reason};
use dekey_access::{Acting, Identity, Named, Names, Role};
use dekey_model::{ArmId, Field, Inventory, Kind, Resource};
use dekey_rbac::{Action, Danger, Engine, Lock, Plane, Use, Verdict};
use jiff::Timestamp;

/// Tells answers: whatever that takes.
#[derive(Clone, Copy, Debug)]
pub struct Teller<'a> {
    /// What was read.
    pub inventory: &'a Inventory,
    /// What follows from it.
    pub engine: &'a Engine,
    /// Who is who.
    pub names: &'a Names,
    /// When.
    pub now: Timestamp,
}

impl Teller<'_> {
    pub(super) fn principal(&self, id: &str) -> Principal {
        let named = self.names.get(id);
        Principal {
            object_id: Some(id.to_owned()),
            name: named.map(|own| own.name.clone()),
            kind: named.map(|own| self.kind(own)),
            acts_for: None,
            unknown: None,
        }
    }

    fn kind(&self, named: &Named) -> String {
        let resource = self.inventory.get(named.resource);
        match kind_word(resource) {
            "" => named.kind.to_owned(),
            of if named.kind.starts_with("system") => format!("{} of a {of}", named.kind),
            _ => named.kind.to_owned(),
        }
    }

    /// As whom something acts; nothing when as nobody.
    pub(super) fn acting(&self, resource: Resource<'_>, acting: &Acting) -> Option<Principal> {
        let acts_for = Some(resource.id().to_owned());
        let known = |identity: &Identity| Principal {
            object_id: identity.principal.clone(),
            name: Some(
                identity.user_assigned.as_deref().map_or(resource.name(), |id| ArmId(id).name()).to_owned(),
            ),
            kind: Some(
                identity
                    .user_assigned
                    .as_ref()
                    .map_or("system-assigned identity", |_| "user-assigned identity")
                    .to_owned(),
            ),
            acts_for: acts_for.clone(),
            unknown: identity.principal.is_none().then(|| {
                "no document says its object id: export user-assigned identities (az identity list)"
                    .to_owned()
            }),
        };
        match acting {
            Acting::As(identity) => Some(known(identity)),
            Acting::Nobody => None,
            Acting::Unknown(gap) => Some(Principal {
                object_id: None,
                name: None,
                kind: None,
                acts_for,
                unknown: Some(gap.explain(self.inventory)),
            }),
        }
    }

    pub(super) fn reason(&self, own: &dekey_rbac::Reason) -> Reason {
        let role =
            if own.role_name.is_empty() { format!("role {}", own.role) } else { own.role_name.clone() };
        Reason {
            assignment: own.assignment.clone(),
            role,
            role_id: own.role.clone(),
            scope: own.scope.clone(),
            pattern: own.pattern.clone(),
            through_group: own.through_group.then(|| self.principal(&own.principal)),
            condition: own.condition.clone(),
            since: own.from.map(|own| own.to_string()).or_else(|| self.created(&own.assignment)),
            until: own.until.map(|own| own.to_string()),
        }
    }

    fn created(&self, assignment: &str) -> Option<String> {
        let own = self.inventory.find(assignment).filter(|own| own.kind() == Kind::RoleAssignment)?;
        own.text(Field::CreatedOn).non_empty().value().map(str::to_owned)
    }

    pub(super) fn decision(&self, own: &dekey_rbac::Decision) -> Decision {
        let reasons = |list: &[dekey_rbac::Reason]| list.iter().map(|own| self.reason(own)).collect();
        let denial = |own: &dekey_rbac::Denial| Reason {
            assignment: own.id.clone(),
            role: own.name.clone(),
            role_id: String::new(),
            scope: own.scope.clone(),
            pattern: own.pattern.clone(),
            through_group: None,
            condition: own.condition.clone(),
            since: None,
            until: None,
        };
        Decision {
            verdict: verdict(&own.verdict),
            condition: if let Verdict::Conditional(left) = &own.verdict {
                Some(left.to_string())
            } else {
                None
            },
            because: reasons(&own.because),
            denied_by: own.denied_by.iter().map(denial).collect(),
            eligible: reasons(&own.eligible),
            gaps: own.gaps.iter().map(ToString::to_string).collect(),
            assumed: own.assumed.iter().map(ToString::to_string).collect(),
        }
    }

    pub(super) fn way(&self, own: &dekey_access::Way) -> super::types::Way {
        super::types::Way {
            action: own.door.action.to_owned(),
            at: own.at.clone(),
            opens: own.door.opens.to_owned(),
            lock: match own.lock {
                Lock::Open => "open",
                Lock::Shut => "shut",
                Lock::Unknown => "unknown",
            },
            decision: self.decision(&own.decision),
        }
    }

    pub(super) fn gaps(&self, all: &[dekey_model::Gap]) -> Vec<String> {
        let mut told: Vec<String> = all.iter().map(|gap| gap.explain(self.inventory)).collect();
        told.sort();
        told.dedup();
        told
    }
}

pub(super) fn verdict(own: &Verdict) -> &'static str {
    match own {
        Verdict::Allowed => "allowed",
        Verdict::Denied => "denied",
        Verdict::Conditional(_) => "conditional",
        Verdict::Unknown => "unknown",
    }
}

pub(super) fn plane(of: &Action) -> &'static str {
    match of.plane() {
        Plane::Control => "control",
        Plane::Data => "data",
    }
}

pub(super) fn danger(own: Danger) -> &'static str {
    match own {
        Danger::Read => "read",
        Danger::Act => "act",
        Danger::Write => "write",
        Danger::Delete => "delete",
        Danger::Secrets => "secrets",
        Danger::Grant => "grant",
    }
}

/// What something that acts is, in a word.
pub(super) fn kind_word(resource: Resource<'_>) -> &'static str {
    match resource.kind() {
        Kind::Workspace => "workspace",
        Kind::Compute => "compute",
        Kind::OnlineEndpoint => "online endpoint",
        _ => "",
    }
}

pub(super) fn use_word(own: Use) -> &'static str {
    match own {
        Use::ReadBlobs => "read blobs",
        Use::WriteBlobs => "write blobs",
        Use::ReadFiles => "read files",
        Use::WriteFiles => "write files",
        Use::TablesAndQueues => "use tables and queues",
        Use::ReadSecrets => "read secrets",
        Use::KeepSecrets => "keep secrets",
        Use::PullImages => "pull images",
        Use::PushImages => "push images",
        Use::WriteTelemetry => "write telemetry",
        Use::ReadEndpoint => "read the endpoint's state",
    }
}

pub(super) fn role_word(own: &Role) -> &'static str {
    match own {
        Role::Storage => "storage",
        Role::Vault => "vault",
        Role::Registry => "registry",
        Role::Insights => "application insights",
        Role::Datastore(_) => "datastore",
        Role::PrivateEndpoint => "private endpoint",
    }
}

/// A scope as short as it stays clear.
pub(super) fn place(scope: &str) -> String {
    let id = ArmId(scope);
    if id.provider().is_none() {
        return match (id.resource_group(), id.subscription()) {
            (Some(group), _) => format!("resource group {group}"),
            (None, Some(subscription)) => format!("subscription {subscription}"),
            _ => scope.to_owned(),
        };
    }
    let kind = id.resource_type().unwrap_or_default();
    let kind = kind.rsplit('/').next().unwrap_or_default();
    let known = TYPES.iter().find(|row| row.0.eq_ignore_ascii_case(kind));
    format!("{} {}", known.map_or(kind, |row| row.1), id.name())
}

/// The last word of a resource type, and what people call it.
const TYPES: &[(&str, &str)] = &[
    ("workspaces", "workspace"),
    ("computes", "compute"),
    ("onlineEndpoints", "online endpoint"),
    ("datastores", "datastore"),
    ("storageAccounts", "storage account"),
    ("vaults", "vault"),
    ("registries", "registry"),
    ("components", "Application Insights"),
    ("userAssignedIdentities", "identity"),
    ("privateEndpoints", "private endpoint"),
    ("managementGroups", "management group"),
];
