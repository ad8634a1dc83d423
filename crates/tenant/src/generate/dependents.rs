//! A workspace and the storage account, registry and vault that come with it.

use super::block::{Place, Role, time};
use super::{Bundle, Part};
use crate::draw::Draw;
use crate::shape::keyvault::{EVERYTHING, MANAGE, READ, Vault, access};
use crate::shape::registry::Registry;
use crate::shape::storage::Storage;
use crate::shape::workspace::Workspace;
use crate::shape::{Wire, name_of, principal_of};
use serde_json::Value;

/// What was drawn for a workspace and matters to what hangs on it.
#[derive(Clone, Debug)]
pub(super) struct Drawn {
    pub(super) id: String,
    pub(super) storage: String,
    pub(super) vault: String,
    pub(super) registry: Option<String>,
    pub(super) insights: String,
    /// `identity.type` as spelled.
    pub(super) identity: &'static str,
    pub(super) users: Vec<String>,
    pub(super) keyless: bool,
    pub(super) created: String,
    pub(super) created_by: String,
}

impl Drawn {
    pub(super) fn system(&self) -> bool {
        self.identity.to_ascii_lowercase().contains("systemassigned")
    }

    /// The principal that acts for the workspace, if there is one.
    pub(super) fn principal(&self) -> Option<String> {
        if self.system() {
            Some(principal_of(&self.id))
        } else {
            self.users.first().map(|id| principal_of(id))
        }
    }
}

/// Adds the workspace and the dependents that no workspace before it has brought.
pub(super) fn add(place: &Place, bundle: &mut Bundle) -> Drawn {
    let drawn = workspace(place, bundle);
    if place.dependents_of == place.index {
        if place.storage_of == place.index {
            storage(place, bundle);
        }
        if drawn.registry.is_some() {
            registry(place, &drawn, bundle);
        }
        vault(place, &drawn, bundle);
    }
    drawn
}

fn identity_type(draw: &mut Draw) -> &'static str {
    // 70 in a hundred include a system-assigned identity. Spellings with a space or another case do occur.
    draw.share(
        &[
            (58, "SystemAssigned"),
            (10, "SystemAssigned,UserAssigned"),
            (1, "SystemAssigned, UserAssigned"),
            (1, "systemAssigned"),
            (15, "UserAssigned"),
            (6, "None"),
            (4, "null"),
        ],
        "",
    )
}

fn auth_mode(draw: &mut Draw) -> (Wire, bool, bool) {
    let mode = draw.share(
        &[
            (40, "accesskey"),
            (10, "AccessKey"),
            (25, "identity"),
            (10, "Identity"),
            (4, "UserDelegationSAS"),
            (1, "null"),
        ],
        "",
    );
    let keyless = mode.eq_ignore_ascii_case("identity") || mode == "UserDelegationSAS";
    let wire = match mode {
        "" => None,
        "null" => Some(Value::Null),
        mode => Some(Value::from(mode)),
    };
    (wire, keyless, mode.eq_ignore_ascii_case("accesskey"))
}

/// The same id as clients spell it: providers and `resourceGroups` come in several cases.
fn spelled(draw: &mut Draw, id: &str) -> String {
    match draw.below(20) {
        0 => id.replace("/resourceGroups/", "/resourcegroups/"),
        1..4 => id
            .replace("Microsoft.KeyVault", "Microsoft.Keyvault")
            .replace("microsoft.insights", "Microsoft.insights"),
        4 => id.replace("Microsoft.Storage", "microsoft.storage"),
        _ => id.to_owned(),
    }
}

fn draw_workspace(place: &Place, draw: &mut Draw) -> (Drawn, Wire, bool) {
    let identity = identity_type(draw);
    let both = draw.chance(20);
    let users = match identity.to_ascii_lowercase().contains("userassigned") {
        true if both => vec![place.user_assigned(0), place.user_assigned(1)],
        true => vec![place.user_assigned(0)],
        false => Vec::new(),
    };
    let (mode, keyless, keys) = auth_mode(draw);
    // Registries are made when the first image is built: one workspace in twenty has none yet.
    let registry = Draw::keyed(place.seed, "has registry", place.dependents_of).chance(95);
    let drawn = Drawn {
        id: place.workspace(place.index),
        storage: place.storage(place.storage_of),
        vault: place.vault(place.dependents_of),
        registry: registry.then(|| place.registry(place.dependents_of)),
        insights: place.insights(place.dependents_of),
        identity,
        users,
        keyless,
        created: time(draw),
        created_by: place.owner(draw),
    };
    (drawn, mode, keys)
}

fn workspace(place: &Place, bundle: &mut Bundle) -> Drawn {
    let mut draw = place.draw("workspace");
    let (drawn, mode, keys) = draw_workspace(place, &mut draw);
    let project = place.role == Role::Project;
    // Most projects leave their dependents to the hub; some repeat them, in whatever case.
    let names = !project || draw.chance(15);
    let spell = |draw: &mut Draw, id: &str| if names { spelled(draw, id) } else { String::new() };
    let (storage, vault) = (spell(&mut draw, &drawn.storage), spell(&mut draw, &drawn.vault));
    let insights = spell(&mut draw, &drawn.insights);
    let registry = match &drawn.registry {
        Some(id) if names => Some(Value::from(spelled(&mut draw, id))),
        _ if draw.chance(50) => Some(Value::Null),
        _ => None,
    };
    let projects: Vec<String> = place.projects.iter().map(|i| place.workspace(*i)).collect();
    let primary = if draw.chance(70) { drawn.users.first().map_or("", String::as_str) } else { "" };
    let wire = Workspace {
        id: &drawn.id,
        kind: place.role.kind(),
        location: place.location,
        friendly_name: name_of(&drawn.id),
        description: if draw.chance(30) { "Created by the platform team's template" } else { "" },
        created_by: &drawn.created_by,
        created: &drawn.created,
        modified: &drawn.created,
        tags: place.tags(&mut draw),
        identity: drawn.identity,
        users: &drawn.users,
        primary_user: primary,
        storage: &storage,
        vault: &vault,
        registry,
        insights: &insights,
        auth_mode: mode,
        hub: &place.hub.map(|hub| place.workspace(hub)).unwrap_or_default(),
        projects: &projects,
        private: draw.chance(30),
    };
    bundle.push(Part::Workspaces, wire.to_json());
    let truth = &mut bundle.truth;
    truth.workspaces += 1;
    truth.without_system_assigned += u64::from(!drawn.system());
    truth.user_assigned_only += u64::from(drawn.identity == "UserAssigned");
    truth.hubs += u64::from(place.role == Role::Hub);
    truth.projects += u64::from(project);
    truth.access_key += u64::from(keys);
    drawn
}

fn storage(place: &Place, bundle: &mut Bundle) {
    let mut draw = place.draw("storage");
    let (absent, null) = (None, Some(Value::Null));
    let allow = match draw.below(100) {
        0..40 => Some(Value::Bool(true)),
        40..52 => absent,
        52..60 => null,
        _ => Some(Value::Bool(false)),
    };
    let created = time(&mut draw);
    let rotated = if draw.chance(30) { time(&mut draw).max(created.clone()) } else { created.clone() };
    let keys = if draw.chance(8) { ["", ""] } else { [created.as_str(), rotated.as_str()] };
    let wire = Storage {
        id: &place.storage(place.index),
        location: place.location,
        created: &created,
        tags: place.tags(&mut draw),
        default_to_oauth: draw.share(&[(30, Some(true)), (40, Some(false))], None).map(Value::Bool),
        keys,
        key_days: draw.chance(25).then_some(90),
        sas: draw.share(&[(15, Some(["1.00:00:00", "Log"])), (10, Some(["0.08:00:00", "Block"]))], None),
        private: draw.chance(30),
        data_lake: draw.chance(10),
        allow_shared_key: allow.clone(),
    };
    bundle.push(Part::Storage, wire.to_json());
    let truth = &mut bundle.truth;
    truth.accounts += 1;
    truth.shared_key += u64::from(allow != Some(Value::Bool(false)));
    truth.shared_key_unsaid += u64::from(!matches!(allow, Some(Value::Bool(_))));
}

fn registry(place: &Place, drawn: &Drawn, bundle: &mut Bundle) {
    let mut draw = place.draw("registry");
    let admin = draw.chance(40);
    let wire = Registry {
        id: &place.registry(place.index),
        location: place.location,
        created: &drawn.created,
        created_by: &drawn.created_by,
        tags: place.tags(&mut draw),
        admin,
        anonymous: draw.chance(3),
        role_mode: draw.share(&[(60, "LegacyRegistryPermissions"), (15, "AbacRepositoryPermissions")], ""),
        premium: draw.chance(60),
    };
    bundle.push(Part::Registries, wire.to_json());
    bundle.truth.registries += 1;
    bundle.truth.admin_user += u64::from(admin);
}

fn vault(place: &Place, drawn: &Drawn, bundle: &mut Bundle) {
    let mut draw = place.draw("vault");
    let rbac = match draw.below(100) {
        0..50 => Some(Value::Bool(true)),
        50..85 => Some(Value::Bool(false)),
        85..95 => None,
        _ => Some(Value::Null),
    };
    let on_policies = rbac != Some(Value::Bool(true));
    let rights = draw.share(&[(60, EVERYTHING), (25, MANAGE)], READ);
    let policies = match drawn.principal() {
        Some(principal) if on_policies => {
            vec![access(&principal, rights), access(&principal_of(&drawn.created_by), MANAGE)]
        }
        _ => Vec::new(),
    };
    let wire = Vault {
        id: &place.vault(place.index),
        location: place.location,
        created: &drawn.created,
        created_by: &drawn.created_by,
        tags: place.tags(&mut draw),
        rbac,
        policies,
    };
    bundle.push(Part::Vaults, wire.to_json());
    bundle.truth.vaults += 1;
    bundle.truth.access_policies += u64::from(on_policies);
}
