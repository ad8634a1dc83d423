//! `access show`.

use super::fill::{Teller, danger, place, plane, verdict};
use super::types::{Effective, Grant, Principal, Show, Shown};
use dekey_access::{Found, who_ways};
use dekey_model::{ArmId, eq_ids};
use dekey_rbac::condition::Facts;
use dekey_rbac::{
    Action, Bits, Danger, Engine, PrincipalIx, Role, Standing, Target, Verdict, catalogue, is_known_at,
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
        match (asking.on, asking.action) {
            (Some(on), Some(action)) => {
                let decision = self.engine.may(who, action, on, self.now);
                let denied = decision.verdict == Verdict::Denied;
                shown.ways = who_ways(self.engine, self.inventory, who, on, action, self.now)
                    .iter()
                    .map(|own| self.way(own))
                    .collect();
                if denied && asking.why_not {
                    shown.why_not = self.why_not(&shown.grants, action, on);
                }
                shown.decision = Some(self.decision(&decision));
            }
            (Some(on), None) => shown.effective = self.effective(who, on, asking.why),
            (None, Some(action)) => {
                // Where it could be done: only the assignments that permit it.
                let permits = |own: &Grant| {
                    self.engine
                        .role(&own.reason.role_id)
                        .is_none_or(|role| !role.is_known() || role.covers(action))
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

    fn grant(&self, own: &dekey_rbac::Reason) -> Grant {
        let actions = self.engine.actions();
        let role = self.engine.role(&own.role).filter(|role| role.is_known());
        let permits = role.into_iter().flat_map(|role| role.always().iter().chain(role.sometimes().iter()));
        let worst = permits.filter_map(|ix| actions.get(ix)).map(Danger::of).max();
        Grant {
            reason: self.reason(own),
            standing: if own.standing == Standing::Eligible { "eligible" } else { "active" },
            worst: worst.map(danger),
        }
    }

    fn effective(&self, who: Option<PrincipalIx>, on: &Target, why: bool) -> Vec<Effective> {
        let all = self.engine.effective(who, self.engine.place(&on.id), self.now, &Facts::of_scope(&on.id));
        let asked = self.engine.actions().bits(|own| is_known_at(own, &on.id));
        let mut bits: Bits = all.allowed;
        bits.add(&all.conditional);
        bits.add(&all.unknown);
        if matches!(on.service, dekey_rbac::Service::Vault { .. }) {
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
    fn why_not(&self, grants: &[Grant], action: &Action, on: &Target) -> Vec<String> {
        let mut told: Vec<String> = grants.iter().map(|own| near_miss(self.engine, own, action)).collect();
        if grants.is_empty() {
            told.push("no role is assigned to it here or above".to_owned());
        }
        if matches!(on.service, dekey_rbac::Service::Vault { rbac: Some(false), .. })
            && action.plane() == dekey_rbac::Plane::Data
        {
            let permission = dekey_rbac::policy_permission(action).unwrap_or("none");
            told.push(format!(
                "the vault goes by access policies, where roles have no say: `{permission}` is what it takes"
            ));
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

fn near_miss(engine: &Engine, own: &Grant, action: &Action) -> String {
    let (name, scope) = (&own.reason.role, place(&own.reason.scope));
    let role = engine.role(&own.reason.role_id);
    if own.standing == "eligible" {
        return format!("{name} on {scope} has to be activated first");
    }
    match role {
        Some(role) if !role.is_known() => format!("{name} on {scope}: its definition was not read"),
        Some(role) if role.covers(action) => {
            format!(
                "{name} on {scope} covers it, but a condition, its times or a deny assignment stand in the way"
            )
        }
        _ => format!("{name} on {scope} does not cover it"),
    }
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
