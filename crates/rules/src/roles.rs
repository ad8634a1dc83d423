//! What workspaces and what acts in them need of their dependents, in words.

use crate::{Context, Out};
use dekey_access::{Acting, ActorAccess, Dependent, DependentAccess, WorkspaceAccess};
use dekey_model::{ArmId, Field, Gap, IdentityState, Kind, Resource, ResourceIx};
use dekey_rbac::{Answer, Held, Use};
use std::collections::{BTreeMap, BTreeSet};

/// A dependent of which somebody lacks something.
pub(crate) struct Lack {
    /// Who lacks it.
    pub(crate) actor: ResourceIx,
    /// What says as whom that acts.
    pub(crate) identity: Field,
    /// Who lacks it, and of what.
    pub(crate) words: String,
    /// Tells it from others of the same workspace.
    pub(crate) part: String,
    /// Whether a key does it today; nothing when that is not known.
    pub(crate) by_key: Option<bool>,
    /// It is storage, and nothing at all is allowed of what is needed there.
    pub(crate) stops_jobs: bool,
    /// The roles that would do.
    pub(crate) roles: String,
}

/// What the identities in a workspace lack of those dependents that it reaches by key, or without one. What cannot be decided is said, once
/// for each dependent.
pub(crate) fn lacks(
    cx: &Context<'_>,
    workspace: Resource<'_>,
    out: &mut Out<'_>,
    wanted: fn(Option<bool>) -> bool,
) -> Vec<Lack> {
    if !may_be_judged(cx, workspace, out) {
        return Vec::new();
    }
    let access = WorkspaceAccess::of(cx.engine(), workspace, cx.now());
    let mut all = Vec::new();
    let mut gaps: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for actor in &access.actors {
        if let Acting::Unknown(gap) = &actor.actor.acting {
            out.not_judged(gap.clone());
        }
        for (dependent, judged) in actor.judged().filter(|(own, _)| wanted(by_key(own))) {
            all.extend(lack(actor, dependent, judged));
            if let Some(why) = undecided(judged) {
                gaps.entry(why).or_default().insert(ArmId(&dependent.target.id).name());
            }
        }
    }
    for (why, of) in gaps {
        let of: Vec<&str> = of.into_iter().collect();
        out.not_judged(Gap::Other(format!("{}: {why}", of.join(", ")).into()));
    }
    if access.actors.iter().any(|own| own.actor.acting.principal().is_some()) {
        out.pass();
    }
    all
}

/// Whether there is anybody to judge, and anything to judge by.
pub(crate) fn may_be_judged(cx: &Context<'_>, workspace: Resource<'_>, out: &mut Out<'_>) -> bool {
    let nobody = matches!(workspace.identity(), IdentityState::Known(own) if own.is_none());
    if nobody && workspace.all_children().next().is_none() {
        return false;
    }
    // Some assignments without a word on the others are better than none: what they allow is allowed.
    let covered = || cx.inventory.coverage().covers(Kind::RoleAssignment, workspace.id());
    !cx.inventory.of_kind(Kind::RoleAssignment).is_empty()
        || out.needs_covered(workspace, Kind::RoleAssignment, covered())
}

/// Whether a key does it: for all that is done there, or else not.
fn by_key(dependent: &Dependent<'_>) -> Option<bool> {
    let parts = dependent.parts.iter().map(|part| part.by_key);
    parts
        .reduce(|all, own| if all == Some(false) || own == Some(false) { Some(false) } else { all.and(own) })
        .flatten()
}

/// Why something about a dependent could not be decided.
fn undecided(judged: &DependentAccess) -> Option<String> {
    let unknown = judged.unknown().find_map(|held| held.decision.gaps.first().map(ToString::to_string));
    let conditional = || {
        judged
            .conditional()
            .next()
            .map(|_| "a role counts under a condition only, which may hold or not".to_owned())
    };
    let unclear = || judged.unclear.first().map(|_| "its settings were not read".to_owned());
    unknown.or_else(unclear).or_else(conditional)
}

fn lack(actor: &ActorAccess<'_>, dependent: &Dependent<'_>, judged: &DependentAccess) -> Option<Lack> {
    let missing: Vec<&Held> = judged.missing().collect();
    let first = missing.first()?;
    let mut purposes: Vec<Use> = missing.iter().map(|own| own.need.purpose).collect();
    purposes.sort_unstable();
    purposes.dedup();
    let all = purposes.clone();
    purposes.retain(|own| !all.iter().any(|other| own.is_part_of(*other)));
    let what: Vec<&str> = purposes.iter().map(|own| words(*own)).collect();
    let mut roles: Vec<&str> = purposes.iter().map(|own| role(*own, first)).collect();
    roles.dedup();
    let user_assigned = match &actor.actor.acting {
        Acting::As(own) => own.user_assigned.as_deref(),
        _ => None,
    };
    let identity = user_assigned.map_or_else(String::new, |id| format!(" {}", ArmId(id).name()));
    let who = match actor.actor.resource.kind() {
        Kind::Workspace => format!("its identity{identity}"),
        _ => format!("the identity{identity} of {}", actor.actor.resource.name()),
    };
    let name = ArmId(&dependent.target.id).name();
    Some(Lack {
        actor: actor.actor.resource.ix(),
        identity: user_assigned.map_or(Field::IdentityPrincipal, |_| Field::UserAssignedIdentities),
        words: format!("{who} may not {} at {name}", what.join(" and ")),
        part: format!("{} {}", actor.actor.resource.name(), dependent.target.id.to_ascii_lowercase()),
        by_key: by_key(dependent),
        stops_jobs: purposes.iter().any(|own| matches!(own, Use::ReadBlobs | Use::WriteBlobs))
            && judged.held.iter().all(|own| own.decision.answer() == Answer::Denied),
        roles: roles.join(", "),
    })
}

/// What is done, so that `may not … at NAME` reads well.
fn words(own: Use) -> &'static str {
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
        Use::ReadEndpoint => "read the state of the endpoint",
    }
}

/// The least built-in role for a use.
fn role(own: Use, of: &Held) -> &'static str {
    let by_repository = of.need.action.folded().contains("/repositories/");
    match own {
        Use::ReadBlobs => "Storage Blob Data Reader",
        Use::WriteBlobs => "Storage Blob Data Contributor",
        Use::ReadFiles => "Storage File Data Privileged Reader",
        Use::WriteFiles => "Storage File Data Privileged Contributor",
        Use::TablesAndQueues => "Storage Table Data Contributor and Storage Queue Data Contributor",
        Use::ReadSecrets => "Key Vault Secrets User",
        Use::KeepSecrets => "Key Vault Secrets Officer",
        Use::PullImages if by_repository => "Container Registry Repository Reader",
        Use::PullImages => "AcrPull",
        Use::PushImages if by_repository => "Container Registry Repository Writer",
        Use::PushImages => "AcrPush",
        Use::WriteTelemetry => "Monitoring Metrics Publisher",
        Use::ReadEndpoint => "Reader",
    }
}
