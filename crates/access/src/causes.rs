//! What the excess comes from, and which of it is as Microsoft means it.

use crate::{ActorAccess, Dependent, DependentAccess, Role};
use dekey_model::{ArmId, Kind, eq_ids};
use dekey_rbac::{Action, Danger, Engine, On, Profile, Reason, Service, Target, Use, catalogue};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// How an assignment relates to what is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// The role that Microsoft documents for what is needed, on the dependent itself: it permits a little more by its nature.
    Narrowest,
    /// The service grants it by itself, and may grant it again. Microsoft warns against taking it away.
    ByDefault,
    /// Nothing that is needed asks for it.
    Beyond,
}

/// An assignment, or access policy, that permits more than is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// How it does.
    pub reason: Reason,
    /// How it relates to what is needed.
    pub fit: Fit,
    /// What it permits beyond that, the most dangerous first.
    pub actions: Vec<(Danger, Action)>,
}

/// Which roles are the narrowest documented ones for a use.
const NARROWEST: &[(Use, &[&str])] = &[
    (Use::ReadBlobs, &["2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"]),
    (Use::WriteBlobs, &["ba92f5b4-2d11-453d-a403-e96b0029c9fe"]),
    (Use::ReadFiles, &["b8eda974-7b85-4f76-af95-65846b26df6d"]),
    (Use::WriteFiles, &["69566ab7-960f-475b-8e7c-b3118f30c6bd"]),
    (Use::KeepSecrets, &["b86a8fe4-44ce-4948-aee5-eccb2c155cd7"]),
    (Use::ReadSecrets, &["4633458b-17de-408a-b874-0445c86b69e6"]),
    (Use::PullImages, &["7f951dda-4ed3-4680-a7ca-43fe172d538d", "b93aa761-3e63-49ed-ac28-beffa264f7ac"]),
    (
        Use::PushImages,
        &[
            "8311e382-0749-4cb8-b61a-304f252e45ec",
            "2a1e307c-b015-4ebd-883e-5b7698a07328",
            // Pushing is pushing and pulling.
            "7f951dda-4ed3-4680-a7ca-43fe172d538d",
            "b93aa761-3e63-49ed-ac28-beffa264f7ac",
        ],
    ),
    (Use::WriteTelemetry, &["3913510d-42f4-4e42-8a64-420c390055eb"]),
    (Use::ReadEndpoint, &["acdd72a7-3385-48ef-bd42-f606fba81ae7"]),
];

/// Whether a role is the one that Microsoft documents for some use.
pub(crate) fn is_documented(role: &str) -> bool {
    NARROWEST.iter().any(|row| row.1.contains(&role))
}

/// The narrowest role that Microsoft documents for a use: its GUID and name; nothing where the mode of a registry was not read, or
/// where roles have no say.
pub fn documented_role(purpose: Use, on: &Target) -> Option<(&'static str, String)> {
    let row = NARROWEST.iter().find(|row| row.0 == purpose)?;
    let at = match on.service {
        Service::Registry { by_repository, .. } => usize::from(by_repository?),
        Service::Vault { rbac, .. } if rbac != Some(true) => return None,
        _ => 0,
    };
    let id = row.1.get(at)?;
    let name = catalogue::roles().into_iter().find(|own| own.id == *id)?.name;
    Some((id, name))
}

/// What the excess at a dependent comes from, worst first.
pub fn causes(
    engine: &Engine,
    actor: &ActorAccess<'_>,
    dependent: &Dependent<'_>,
    access: &DependentAccess,
    now: Timestamp,
) -> Vec<Cause> {
    let mut found: BTreeMap<String, Cause> = BTreeMap::new();
    for action in access.excess.beyond.iter().filter_map(|ix| engine.actions().get(ix)) {
        let decision = engine.may(actor.who, action, &dependent.target, now);
        for reason in decision.because.into_iter().filter(|own| own.condition.is_none()) {
            let fit = fit(&reason, actor, dependent);
            let cause = found.entry(reason.assignment.to_ascii_lowercase());
            let cause = cause.or_insert_with(|| Cause { reason, fit, actions: Vec::new() });
            cause.actions.push((Danger::of(action), action.clone()));
        }
    }
    let mut all: Vec<Cause> = found.into_values().collect();
    for cause in &mut all {
        cause.actions.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    }
    let worst = |own: &Cause| own.actions.first().map(|own| own.0);
    all.sort_by_key(|own| std::cmp::Reverse((own.fit, worst(own), own.actions.len())));
    all
}

fn fit(reason: &Reason, actor: &ActorAccess<'_>, dependent: &Dependent<'_>) -> Fit {
    let at_dependent = eq_ids(&reason.scope, &dependent.target.id);
    let uses = dependent.uses();
    let narrowest =
        NARROWEST.iter().filter(|row| uses.contains(&row.0)).any(|row| row.1.contains(&reason.role.as_str()));
    if at_dependent && narrowest {
        Fit::Narrowest
    } else if is_by_default(reason, actor, dependent) {
        Fit::ByDefault
    } else {
        Fit::Beyond
    }
}

/// Whether the service itself grants something like this to the system-assigned identity of a workspace.
fn is_by_default(reason: &Reason, actor: &ActorAccess<'_>, dependent: &Dependent<'_>) -> bool {
    let workspace = actor.actor.resource;
    let is_system = match &actor.actor.acting {
        crate::Acting::As(identity) => identity.user_assigned.is_none(),
        _ => false,
    };
    if workspace.kind() != Kind::Workspace || !is_system || reason.through_group {
        return false;
    }
    let on: Vec<On> = if eq_ids(&reason.scope, workspace.id()) {
        vec![On::Workspace]
    } else if eq_ids(&reason.scope, &dependent.target.id) {
        dependent.parts.iter().filter_map(|part| on(&part.role)).collect()
    } else if workspace.arm_id().parent().is_some_and(|group| eq_ids(&reason.scope, group)) {
        vec![On::ResourceGroup]
    } else {
        return false;
    };
    // An access policy has no role; the service writes one for the workspace.
    let policy = reason.role.is_empty() && on.contains(&On::Vault);
    policy
        || Profile::ServiceDefault
            .grants()
            .any(|own| on.contains(&own.on) && own.role == ArmId(&reason.role).name())
}

fn on(role: &Role) -> Option<On> {
    match role {
        Role::Storage => Some(On::Storage),
        Role::Vault => Some(On::Vault),
        Role::Registry => Some(On::Registry),
        Role::Insights => Some(On::Insights),
        Role::Datastore(_) | Role::PrivateEndpoint => None,
    }
}
