//! What is needed, held against what there is.

use crate::{Actor, Dependent, Usage, actors};
use dekey_model::Resource;
use dekey_rbac::{
    Action, Answer, Engine, Excess, Held, Need, Plane, PrincipalIx, Service, Target, Use, is_known_at,
    policy_permission,
};
use jiff::Timestamp;

/// Everything that acts in a workspace, with what it needs, has and lacks.
#[derive(Clone, Debug)]
pub struct WorkspaceAccess<'a> {
    /// The workspace.
    pub workspace: Resource<'a>,
    /// The workspace itself first, then its computes and endpoints.
    pub actors: Vec<ActorAccess<'a>>,
}

/// One that acts.
#[derive(Clone, Debug)]
pub struct ActorAccess<'a> {
    /// Who, as whom, and what it reaches.
    pub actor: Actor<'a>,
    /// Its principal, if the engine has heard of it.
    pub who: Option<PrincipalIx>,
    /// A verdict on each of the actor's dependents, in their order; none when it is not known as whom it acts.
    pub dependents: Vec<DependentAccess>,
}

/// What is needed of one dependent.
#[derive(Clone, Debug)]
pub struct DependentAccess {
    /// Each need, and whether it is met.
    pub held: Vec<Held>,
    /// Uses of which the needs are not known, because a setting of the dependent was not read.
    pub unclear: Vec<Use>,
    /// What may be done beyond that.
    pub excess: Excess,
}

impl DependentAccess {
    fn with(&self, answer: Answer) -> impl Iterator<Item = &Held> {
        self.held.iter().filter(move |own| own.decision.answer() == answer)
    }

    /// What is needed and not there.
    pub fn missing(&self) -> impl Iterator<Item = &Held> {
        self.with(Answer::Denied)
    }

    /// What is needed and there.
    pub fn met(&self) -> impl Iterator<Item = &Held> {
        self.with(Answer::Allowed)
    }

    /// What depends on a condition.
    pub fn conditional(&self) -> impl Iterator<Item = &Held> {
        self.with(Answer::Conditional)
    }

    /// What could not be decided. [`Self::unclear`] comes on top.
    pub fn unknown(&self) -> impl Iterator<Item = &Held> {
        self.with(Answer::Unknown)
    }
}

impl<'a> WorkspaceAccess<'a> {
    /// A workspace at a moment, in the way its documents say it is used.
    pub fn of(engine: &Engine, workspace: Resource<'a>, now: Timestamp) -> Self {
        Self::used(engine, workspace, &Usage::default(), now)
    }

    /// The same, with what people know of the way it is used.
    pub fn used(engine: &Engine, workspace: Resource<'a>, usage: &Usage, now: Timestamp) -> Self {
        let actors = actors(workspace, usage).into_iter().map(|actor| ActorAccess::of(engine, actor, now));
        Self { workspace, actors: actors.collect() }
    }
}

impl<'a> ActorAccess<'a> {
    fn of(engine: &Engine, actor: Actor<'a>, now: Timestamp) -> Self {
        let principal = actor.acting.principal();
        let who = principal.and_then(|id| engine.principal(id));
        let judge = |own: &Dependent<'_>| judge(engine, who, own, now);
        let dependents = principal.map(|_| actor.dependents.iter().map(judge).collect()).unwrap_or_default();
        Self { actor, who, dependents }
    }

    /// Each dependent with its verdict.
    pub fn judged(&self) -> impl Iterator<Item = (&Dependent<'a>, &DependentAccess)> {
        self.actor.dependents.iter().zip(&self.dependents)
    }
}

fn judge(
    engine: &Engine,
    who: Option<PrincipalIx>,
    dependent: &Dependent<'_>,
    now: Timestamp,
) -> DependentAccess {
    let (mut needs, mut unclear): (Vec<Need>, Vec<Use>) = (Vec::new(), Vec::new());
    for own in dependent.uses() {
        match own.needs(&dependent.target) {
            // What is read is needed once, be it written as well or not.
            Some(more) => more.into_iter().for_each(|need| {
                if !needs.iter().any(|own| own.action == need.action) {
                    needs.push(need);
                }
            }),
            None => unclear.push(own),
        }
    }
    let held = engine.held(who, &needs, std::slice::from_ref(&dependent.target), now);
    let mut excess = engine.excess(who, &needs, &dependent.target, now);
    in_effect(engine, who, &mut excess, &dependent.target, now);
    let spared = unclear.iter().flat_map(|own| possible(*own, &dependent.target));
    for action in spared.chain(needs.iter().map(|own| own.action.clone())) {
        spare(engine, &mut excess, &action, &dependent.target);
    }
    DependentAccess { held, unclear, excess }
}

/// Takes what is needed out of the excess. A permission of an access policy can cover several actions: they come together.
fn spare(engine: &Engine, excess: &mut Excess, action: &Action, target: &Target) {
    let by_policy = matches!(target.service, Service::Vault { rbac: Some(false), .. });
    let permission = by_policy.then(|| policy_permission(action)).flatten();
    for (ix, other) in
        engine.actions().iter().filter(|(ix, _)| excess.beyond.contains(*ix)).collect::<Vec<_>>()
    {
        if other == action || (permission.is_some() && policy_permission(other) == permission) {
            excess.beyond.take(ix);
        }
    }
}

/// What a use may take, whatever the setting that was not read.
fn possible(own: Use, target: &Target) -> Vec<Action> {
    let modes = [true, false].map(|mode| Target {
        id: target.id.clone(),
        service: Service::Registry { by_repository: Some(mode), admin_user: None },
    });
    modes.iter().filter_map(|mode| own.actions(mode)).flatten().collect()
}

/// Vaults and registries disregard some roles, and vaults may go by access policies instead.
fn in_effect(
    engine: &Engine,
    who: Option<PrincipalIx>,
    excess: &mut Excess,
    target: &Target,
    now: Timestamp,
) {
    if !matches!(target.service, Service::Vault { .. } | Service::Registry { .. }) {
        return;
    }
    let is_vault = matches!(target.service, Service::Vault { .. });
    for (ix, action) in engine.actions().iter().filter(|(_, own)| is_known_at(own, &target.id)) {
        let by_policy = is_vault && action.plane() == Plane::Data;
        let is_asked = by_policy || (!is_vault && excess.beyond.contains(ix));
        if !is_asked {
            continue;
        }
        if engine.may(who, action, target, now).answer() == Answer::Allowed {
            excess.beyond.insert(ix);
        } else {
            excess.beyond.take(ix);
        }
    }
}
