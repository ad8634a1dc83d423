//! An invented tenant of any size and its whole analysis, for what is measured.
//!
//! Each identity has four dependents and ten assignments: on its own dependents, on a neighbour's, on groups and subscriptions;
//! some for the group of its team, some with a condition, some of roles that nobody read. Everybody is in a team, and teams are in
//! departments, which hold something at a management group. Deny assignments cut out some resource groups.

use dekey_rbac::{
    Assignment, DenyAssignment, EVERYONE, Engine, Group, Need, Permission, PrincipalType, Service, Target,
    Use,
};
use jiff::Timestamp;

pub(crate) const NOW: Timestamp = Timestamp::UNIX_EPOCH;

const TEAM: u32 = 50;
const DEPARTMENT: u32 = 1000;
const SUBSCRIPTION: u32 = 200;

const BLOB_CONTRIBUTOR: &str = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";
const VAULT_ADMINISTRATOR: &str = "00482a5a-887f-4fb3-b363-3b7fe8e74483";
const SECRETS_USER: &str = "4633458b-17de-408a-b874-0445c86b69e6";
const ACR_PULL: &str = "7f951dda-4ed3-4680-a7ca-43fe172d538d";
const METRICS_PUBLISHER: &str = "3913510d-42f4-4e42-8a64-420c390055eb";
const CONTRIBUTOR: &str = "b24988ac-6180-42a0-ab88-20f7382dd24c";
const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
const FILE_CONTRIBUTOR: &str = "69566ab7-960f-475b-8e7c-b3118f30c6bd";
const DATA_SCIENTIST: &str = "f6c7c914-8db3-469d-8ca1-694a8f32e121";
const UNREAD: &str = "99999999-0000-0000-0000-000000000000";

const MINE: &str =
    "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringEquals 'mine'";

pub(crate) fn principal(identity: u32) -> String {
    format!("{identity:08x}-1111-2222-3333-444444444444")
}

fn team(identity: u32) -> String {
    format!("{:08x}-5555-2222-3333-444444444444", identity / TEAM)
}

fn department(identity: u32) -> String {
    format!("{:08x}-6666-2222-3333-444444444444", identity / DEPARTMENT)
}

/// Every tenth is gone from the directory.
pub(crate) fn is_gone(identity: u32) -> bool {
    identity % 10 == 9
}

pub(crate) fn subscription(identity: u32) -> String {
    format!("/subscriptions/00000000-0000-0000-0000-{:012}", identity / SUBSCRIPTION)
}

fn resource_group(identity: u32) -> String {
    format!("{}/resourceGroups/rg-{}", subscription(identity), identity / 4)
}

fn management_group(identity: u32) -> String {
    format!("/providers/Microsoft.Management/managementGroups/mg-{}", identity / DEPARTMENT)
}

/// The dependents of an identity, and how each is used.
pub(crate) fn dependents(identity: u32) -> [(Target, Use); 4] {
    let group = resource_group(identity);
    let one = |kind: &str, name: &str, service| Target {
        id: format!("{group}/providers/{kind}/{name}{identity}"),
        service,
    };
    [
        (
            one("Microsoft.Storage/storageAccounts", "st", Service::Storage { shared_keys: Some(false) }),
            Use::WriteBlobs,
        ),
        (
            one(
                "Microsoft.KeyVault/vaults",
                "kv",
                Service::Vault { rbac: Some(true), policies: Some(Vec::new()) },
            ),
            Use::KeepSecrets,
        ),
        (
            one(
                "Microsoft.ContainerRegistry/registries",
                "acr",
                Service::Registry { by_repository: Some(false), admin_user: Some(false) },
            ),
            Use::PullImages,
        ),
        (one("Microsoft.Insights/components", "appi", Service::Other), Use::WriteTelemetry),
    ]
}

/// The assignments of an identity, one of which may be its team's or its department's instead.
pub(crate) fn assignments(identity: u32, of: u32) -> impl Iterator<Item = Assignment<'static>> {
    let [storage, vault, registry, insights] = dependents(identity).map(|(target, _)| target.id);
    // A neighbour's account as well: not everything is one's own.
    let [(other, _), ..] = dependents((identity * 7 + 3) % of);
    let group = || resource_group(identity);
    let every = move |nth: u32| identity.is_multiple_of(nth);
    let of_department = (department(identity), management_group(identity));
    let (upper, above) =
        if every(100) { of_department } else { (principal(identity), subscription(identity)) };
    let rows = [
        (principal(identity), BLOB_CONTRIBUTOR, storage.clone()),
        (principal(identity), FILE_CONTRIBUTOR, storage),
        (principal(identity), if every(7) { SECRETS_USER } else { VAULT_ADMINISTRATOR }, vault),
        (principal(identity), ACR_PULL, registry),
        (principal(identity), METRICS_PUBLISHER, insights),
        (principal(identity), BLOB_CONTRIBUTOR, other.id),
        (upper, READER, above),
        (principal(identity), DATA_SCIENTIST, group()),
        (
            if every(10) { team(identity) } else { principal(identity) },
            if every(3) { CONTRIBUTOR } else { READER },
            group(),
        ),
        (principal(identity), if every(50) { UNREAD } else { READER }, group()),
    ];
    rows.into_iter().zip(0..).map(move |((who, role, scope), number)| Assignment {
        id: format!(
            "{scope}/providers/Microsoft.Authorization/roleAssignments/{identity:08x}-0000-0000-0000-{number:012}"
        )
        .into(),
        principal_type: if who == principal(identity) {
            PrincipalType::ServicePrincipal
        } else {
            PrincipalType::Group
        },
        principal: who.into(),
        role: role.into(),
        scope: scope.into(),
        condition: (number == 0 && every(20)).then(|| MINE.into()),
        ..Assignment::default()
    })
}

/// Two deny assignments for every so many identities: one cuts out deleting but for the team, one stays at its subscription.
pub(crate) fn denials(of: u32) -> impl Iterator<Item = DenyAssignment> {
    (0..of).step_by(200).flat_map(|identity| {
        let one = |scope: String, this_scope_only, pattern: &str| DenyAssignment {
            id: format!("{scope}/providers/Microsoft.Authorization/denyAssignments/{identity}"),
            name: "keep".to_owned(),
            scope,
            this_scope_only,
            permissions: vec![Permission {
                actions: vec![pattern.to_owned()],
                data_actions: vec![pattern.to_owned()],
                ..Permission::default()
            }],
            principals: vec![EVERYONE.to_owned()],
            excluded: vec![team(identity / 2)],
            condition: None,
        };
        [one(resource_group(identity), false, "*/delete"), one(subscription(identity), true, "*")]
    })
}

/// Teams and what they are in.
pub(crate) fn groups(of: u32) -> impl Iterator<Item = Group> {
    let teams = (0..of).step_by(TEAM as usize).map(move |first| Group {
        id: team(first),
        members: (first..of.min(first + TEAM)).map(principal).collect(),
        is_whole: true,
    });
    let departments = (0..of).step_by(DEPARTMENT as usize).map(move |first| Group {
        id: department(first),
        members: (first..of.min(first + DEPARTMENT)).step_by(TEAM as usize).map(team).collect(),
        is_whole: true,
    });
    teams.chain(departments)
}

/// Subscriptions, and the names of the management groups above.
pub(crate) fn ancestors(of: u32) -> impl Iterator<Item = (String, [String; 2])> {
    (0..of)
        .step_by(SUBSCRIPTION as usize)
        .map(|own| (subscription(own), [format!("mg-{}", own / DEPARTMENT), "top".to_owned()]))
}

/// What the analysis adds up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Needs that are not met.
    pub(crate) missing: u64,
    /// What is allowed at a dependent and not needed there.
    pub(crate) beyond: u64,
    /// What is allowed under a condition.
    pub(crate) conditional: u64,
    /// What nobody knows.
    pub(crate) unknown: u64,
    /// Assignments of principals that are gone.
    pub(crate) orphans: u64,
}

/// Of each identity, at each of its dependents: what is missing, what is beyond; and whose assignments are orphans.
pub(crate) fn analyse(engine: &Engine, of: u32, is_there: impl Fn(&str) -> bool) -> Totals {
    let mut totals = Totals::default();
    for identity in 0..of {
        let who = engine.principal(&principal(identity));
        for (target, purpose) in dependents(identity) {
            let needs: Vec<Need> = purpose.needs(&target).unwrap_or_default();
            let excess = engine.excess(who, &needs, &target, NOW);
            let is_met = |need: &&Need| {
                engine.actions().find(&need.action).is_some_and(|ix| excess.all.allowed.contains(ix))
            };
            totals.missing += (needs.len() - needs.iter().filter(is_met).count()) as u64;
            totals.beyond += u64::from(excess.beyond.len());
            totals.conditional += u64::from(excess.all.conditional.len());
            totals.unknown += u64::from(excess.all.unknown.len());
        }
    }
    for who in engine.principals().filter(|who| !is_there(engine.principal_id(*who))) {
        totals.orphans += engine.held_by(who).count() as u64;
    }
    totals
}
