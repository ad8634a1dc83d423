//! What an identity is compared with, besides what it needs.

use super::fill::Teller;
use super::show::reaches;
use super::types::{Compared, Grant, ProfileGrant};
use dekey_access::{Acting, ActorAccess, Role};
use dekey_model::Kind;
use dekey_rbac::{
    Action, Answer, On, Plane, PrincipalIx, Profile, Setting, Target, catalogue, is_known_at,
    policy_permission,
};

/// What stands for a profile on the wire, and in a sentence.
fn names(profile: Profile) -> (&'static str, &'static str) {
    match profile {
        Profile::ServiceDefault => {
            ("default", "what the service grants to a system-assigned identity by itself")
        }
        Profile::DocumentedUserAssigned => {
            ("documented", "what Microsoft documents for a user-assigned identity")
        }
        Profile::Hardened => ("hardened", "the least that the documented uses take"),
    }
}

impl Teller<'_> {
    /// The identity of a workspace beside a profile; nothing for what runs in it, and for nobody.
    pub(super) fn compared(&self, access: &ActorAccess<'_>, profile: Profile) -> Option<Compared> {
        let actor = &access.actor;
        let principal = match &actor.acting {
            Acting::As(_) if actor.resource.kind() == Kind::Workspace => actor.acting.principal(),
            _ => return None,
        };
        let (name, about) = names(profile);
        let who = principal.and_then(|id| self.engine.principal(id));
        let held = self.grants(who, None);
        let roles = catalogue::roles();
        let grant = |row: &dekey_rbac::Grant, target: &Target| {
            let so = row.setting.map(|own| own.is_so(target));
            let by_policy = so == Some(Some(false)) && !row.policy.is_empty();
            let name = || roles.iter().find(|own| own.id == row.role).map_or(row.role, |own| &own.name);
            let setting = row.setting.filter(|_| so == Some(None)).map(Setting::words);
            let when: Vec<&str> =
                setting.into_iter().chain([row.when]).filter(|own| !own.is_empty()).collect();
            ProfileGrant {
                role: if by_policy { format!("access policy for {}", row.policy) } else { name().to_owned() },
                role_id: if by_policy { String::new() } else { row.role.to_owned() },
                scope: target.id.clone(),
                when: (!when.is_empty()).then(|| when.join(", and ")),
                source: row.source.to_owned(),
                state: match (principal, so) {
                    (_, Some(Some(false))) if !by_policy => "not_applicable",
                    (None, _) => "unknown",
                    _ if by_policy => self.by_policy(who, target),
                    _ => self.state(&held, row.role, target),
                },
            }
        };
        let rows = profile
            .grants()
            .flat_map(|row| targets(access, row.on).into_iter().map(move |target| (row, target)));
        let grants = rows.map(|(row, target)| grant(row, &target)).collect();
        Some(Compared { profile: name, about: about.to_owned(), grants })
    }

    /// Whether access policies permit somebody everything in a vault but purging.
    fn by_policy(&self, who: Option<PrincipalIx>, on: &Target) -> &'static str {
        let all = self.engine.actions().iter().map(|own| own.1);
        let data = all.filter(|own| own.plane() == Plane::Data && is_known_at(own, &on.id));
        let asked = data.filter(|own| !own.folded().contains("/purge/") && policy_permission(own).is_some());
        let answers: Vec<Answer> =
            asked.map(|own| self.engine.may(who, own, on, self.now).answer()).collect();
        if answers.iter().all(|own| *own == Answer::Allowed) {
            "held"
        } else if answers.contains(&Answer::Denied) {
            "missing"
        } else {
            "unknown"
        }
    }

    /// Whether one of somebody's grants is of a role and reaches something.
    fn state(&self, grants: &[Grant], role: &str, on: &Target) -> &'static str {
        let is_it = |own: &&Grant| own.standing == "active" && own.reason.role_id.ends_with(role);
        // Whoever has nothing is denied everything, unless a list was not read that may hold more.
        let any = Action::control("Microsoft.Authorization/roleAssignments/read");
        if grants.iter().filter(is_it).any(|own| reaches(&own.reason.scope, &on.id)) {
            "held"
        } else if self.engine.may(None, &any, on, self.now).answer() == Answer::Unknown {
            "unknown"
        } else {
            "missing"
        }
    }
}

/// What a row of a profile is on.
fn targets(access: &ActorAccess<'_>, on: On) -> Vec<Target> {
    let workspace = access.actor.resource;
    let wanted = match on {
        On::Workspace => return vec![Target::of(workspace)],
        On::ResourceGroup => {
            let group = workspace.arm_id().parent().unwrap_or_default();
            return vec![Target { id: group.to_owned(), service: dekey_rbac::Service::Other }];
        }
        On::Storage => Role::Storage,
        On::Vault => Role::Vault,
        On::Registry => Role::Registry,
        On::Insights => Role::Insights,
    };
    let is_it = |own: &&dekey_access::Dependent<'_>| own.parts.iter().any(|part| part.role == wanted);
    access.actor.dependents.iter().filter(is_it).map(|own| own.target.clone()).collect()
}
