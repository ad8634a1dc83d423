//! `access show`.

use super::fill::{Teller, danger, place, plane, verdict};
use super::types::{Effective, Grant, Principal, Reason, Show, Shown};
use dekey_access::{Found, who_ways};
use dekey_model::{ArmId, Kind, eq_ids};
use dekey_rbac::condition::Facts;
use dekey_rbac::{
    AccessPolicy, Action, Bits, Danger, Engine, Membership, PrincipalIx, Role, Service, Standing, Target,
    Verdict, catalogue, is_known_at,
};

/// What is asked of somebody.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'q> {
    /// Where.
    pub on: Option<&'q Target>,
    /// What.
    pub action: Option<&'q Action>,
    /// Whether the reasons are wanted for everything.
    pub why: bool,
    /// Whether it is wanted why something is not permitted.
    pub why_not: bool,
}

impl Teller<'_> {
    /// What somebody can do.
    pub fn show(&self, found: &[Found<'_>], asking: Asking<'_>) -> Show {
        Show {
            on: asking.on.map(|own| own.id.clone()),
            action: asking.action.map(|own| own.name().to_owned()),
            principals: found.iter().map(|own| self.shown(own, asking)).collect(),
        }
    }

    fn shown(&self, found: &Found<'_>, asking: Asking<'_>) -> Shown {
        let principal = match (found.actor, &found.acting) {
            (Some(actor), Some(acting)) => self.acting(actor, acting).unwrap_or_else(|| nobody(actor.id())),
            _ => self.principal(found.principal.as_deref().unwrap_or_default()),
        };
        let mut shown = Shown {
            principal,
            grants: Vec::new(),
            effective: Vec::new(),
            decision: None,
            ways: Vec::new(),
            why_not: Vec::new(),
        };
        // Of somebody who is not known nothing can be said.
        let Some(id) = &found.principal else { return shown };
        let who = self.engine.principal(id);
        shown.grants = self.grants(who, asking.on);
        shown.grants.extend(self.policies(who, asking));
        match (asking.on, asking.action) {
            (Some(on), Some(action)) => {
                let decision = self.engine.may(who, action, on, self.now);
                let denied = decision.verdict == Verdict::Denied;
                shown.ways = who_ways(self.engine, self.inventory, who, on, action, self.now)
                    .iter()
                    .map(|own| self.way(own))
                    .collect();
                if denied && asking.why_not {
                    shown.why_not = self.why_not(&shown.grants, action, on, &decision);
                }
                shown.decision = Some(self.decision(&decision));
            }
            (Some(on), None) => shown.effective = self.effective(who, on, asking.why),
            (None, Some(action)) => {
                // Where it could be done: only the assignments that permit it.
                let permits = |own: &Grant| {
                    let role = self.engine.role(&own.reason.role_id);
                    role.is_none_or(|role| !role.is_known() || role.covers(action))
                };
                shown.grants.retain(permits);
            }
            (None, None) => {}
        }
        shown
    }

    /// The assignments of somebody and of the groups it is in, the widest first.
    pub(super) fn grants(&self, who: Option<PrincipalIx>, on: Option<&Target>) -> Vec<Grant> {
        let Some(who) = who else { return Vec::new() };
        let groups = self.engine.groups_of(who).iter().copied();
        let all = std::iter::once(who).chain(groups).flat_map(|own| {
            self.engine
                .grants_of(own)
                .map(move |grant| dekey_rbac::Reason { through_group: own != who, ..grant })
        });
        let here = all.filter(|own| on.is_none_or(|on| reaches(&own.scope, &on.id)));
        let mut found: Vec<Grant> = here.map(|own| self.grant(&own)).collect();
        found.sort_by_key(|own| {
            (own.reason.scope.matches('/').count(), own.reason.scope.clone(), own.reason.role.clone())
        });
        found
    }

    /// The access policies of somebody, of vaults that go by them: of the one that is asked about, or of all.
    fn policies(&self, who: Option<PrincipalIx>, asking: Asking<'_>) -> Vec<Grant> {
        let all = || self.inventory.of_kind(Kind::Vault).iter().map(|ix| Target::of(self.inventory.get(*ix)));
        let vaults: Vec<Target> = asking.on.map_or_else(|| all().collect(), |on| vec![on.clone()]);
        let mut found = Vec::new();
        for vault in &vaults {
            let Service::Vault { rbac: Some(false), policies: Some(policies) } = &vault.service else {
                continue;
            };
            let own = |policy: &&AccessPolicy| {
                asking.action.is_none_or(|action| policy.covers(action))
                    && self.engine.membership(who, &policy.object_id) == Membership::Yes
            };
            found.extend(policies.iter().filter(own).map(|policy| self.policy(who, vault, policy)));
        }
        found
    }

    fn policy(&self, who: Option<PrincipalIx>, vault: &Target, own: &AccessPolicy) -> Grant {
        let itself =
            who.is_some_and(|who| self.engine.principal_id(who).eq_ignore_ascii_case(&own.object_id));
        let actions = self.engine.actions().iter().map(|own| own.1);
        let worst = actions.filter(|action| own.covers(action)).map(Danger::of).max();
        Grant {
            reason: Reason {
                assignment: format!("{}/accessPolicies/{}", vault.id, own.object_id),
                role: "access policy".to_owned(),
                role_id: String::new(),
                scope: vault.id.clone(),
                pattern: own.permissions.join(", "),
                through_group: (!itself).then(|| self.principal(&own.object_id)),
                condition: own.application_id.as_ref().map(|id| format!("it comes through application {id}")),
                since: None,
                until: None,
            },
            standing: "active",
            worst: worst.map(danger),
        }
    }

    /// Whether an assignment counts now.
    fn standing(&self, own: &dekey_rbac::Reason) -> &'static str {
        if own.until.is_some_and(|until| until <= self.now) {
            "ended"
        } else if own.from.is_some_and(|from| self.now < from) {
            "later"
        } else if own.standing == Standing::Eligible {
            "eligible"
        } else {
            "active"
        }
    }

    fn grant(&self, own: &dekey_rbac::Reason) -> Grant {
        let actions = self.engine.actions();
        let role = self.engine.role(&own.role).filter(|role| role.is_known());
        let permits = role.into_iter().flat_map(|role| role.always().iter().chain(role.sometimes().iter()));
        let worst = permits.filter_map(|ix| actions.get(ix)).map(Danger::of).max();
        Grant { reason: self.reason(own), standing: self.standing(own), worst: worst.map(danger) }
    }

    fn effective(&self, who: Option<PrincipalIx>, on: &Target, why: bool) -> Vec<Effective> {
        let all = self.engine.effective(who, self.engine.place(&on.id), self.now, &Facts::of_scope(&on.id));
        let asked = self.engine.actions().bits(|own| is_known_at(own, &on.id));
        let mut bits: Bits = all.allowed;
        bits.add(&all.conditional);
        bits.add(&all.unknown);
        if matches!(on.service, Service::Vault { .. }) {
            // Access policies give what no role does.
            bits.add(&asked);
        }
        let actions = bits.and(&asked);
        let one = |action: &Action| {
            let decision = self.engine.may(who, action, on, self.now);
            let because = || decision.because.iter().map(|own| self.reason(own)).collect();
            (decision.verdict != Verdict::Denied).then(|| {
                let own = Effective {
                    action: action.name().to_owned(),
                    plane: plane(action),
                    danger: danger(Danger::of(action)),
                    verdict: verdict(&decision.verdict),
                    because: if why { because() } else { Vec::new() },
                };
                (Danger::of(action), own)
            })
        };
        let mut found: Vec<_> =
            actions.iter().filter_map(|ix| self.engine.actions().get(ix)).filter_map(one).collect();
        found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.action.cmp(&b.1.action)));
        found.into_iter().map(|own| own.1).collect()
    }

    /// Why what reaches a resource does not permit an action, and what would.
    fn why_not(
        &self,
        grants: &[Grant],
        action: &Action,
        on: &Target,
        decision: &dekey_rbac::Decision,
    ) -> Vec<String> {
        let mut told: Vec<String> =
            grants.iter().map(|own| near_miss(self.engine, own, action, on, decision)).collect();
        if grants.is_empty() {
            told.push("no role is assigned to it here or above".to_owned());
        }
        if let Some(why) = on.service.disregards_roles(action) {
            let takes =
                dekey_rbac::policy_permission(action).map(|own| format!(": `{own}` is what it takes"));
            told.push(format!("{why}{}", takes.unwrap_or_default()));
            return told;
        }
        let roles = catalogue::roles().into_iter().map(|own| Role::new(&own, self.engine.actions()));
        let mut would: Vec<(u32, String)> = roles
            .filter(|role| role.covers(action))
            .map(|role| (role.always().len(), role.name().to_owned()))
            .collect();
        would.sort();
        let names: Vec<String> = would.into_iter().take(3).map(|own| own.1).collect();
        if !names.is_empty() {
            told.push(format!("roles that would permit it, the narrowest first: {}", names.join(", ")));
        }
        told
    }
}

/// Why one assignment does not permit an action that is denied.
fn near_miss(
    engine: &Engine,
    own: &Grant,
    action: &Action,
    on: &Target,
    decision: &dekey_rbac::Decision,
) -> String {
    let grant = format!("{} on {}", own.reason.role, place(&own.reason.scope));
    let day = |time: &Option<String>| time.as_deref().map_or("?", day).to_owned();
    let Some(role) = engine.role(&own.reason.role_id).filter(|role| role.is_known()) else {
        let is_policy = own.reason.role_id.is_empty();
        return format!(
            "{grant}{}",
            if is_policy { " does not cover it" } else { ": its definition was not read" }
        );
    };
    if !role.covers(action) {
        return format!("{grant} does not cover it");
    }
    let why = match own.standing {
        "ended" => format!("it ended on {}", day(&own.reason.until)),
        "later" => format!("it counts from {} only", day(&own.reason.since)),
        "eligible" => "it has to be activated first".to_owned(),
        _ => match (on.service.disregards_roles(action), decision.denied_by.first(), &own.reason.condition) {
            (Some(why), ..) => why.to_owned(),
            (_, Some(denial), _) => format!("deny assignment {} forbids it", denial.name),
            (.., Some(condition)) => format!("its condition does not hold: {condition}"),
            _ => "the condition of its role does not hold".to_owned(),
        },
    };
    format!("{grant} covers it, but {why}")
}

/// The day of a time.
pub(super) fn day(time: &str) -> &str {
    time.get(..10).unwrap_or(time)
}

fn nobody(id: &str) -> Principal {
    Principal {
        object_id: None,
        name: Some(ArmId(id).name().to_owned()),
        kind: None,
        acts_for: Some(id.to_owned()),
        unknown: Some("it has no managed identity".to_owned()),
    }
}

/// Whether a scope is at or above another. What a management group holds is not told by ids: it counts.
pub(super) fn reaches(scope: &str, id: &str) -> bool {
    let above = ArmId(scope).subscription().is_none();
    above || eq_ids(scope, id) || ArmId(id).ancestors().any(|own| eq_ids(own, scope))
}
