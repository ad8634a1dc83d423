//! What acts in a workspace, and what each of them reaches.

use crate::datastore::{self, Service as ReadAs};
use crate::identity::acting;
use crate::{
    Acting, Identity, SystemDatastores, identities, is_system_datastore, storage_account_id,
    system_datastores,
};
use dekey_model::{Covered, Field, Gap, Kind, Link, Resource, Seen, eq_ids};
use dekey_rbac::{Service, Target, Use};

/// What only people know of the way a workspace is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Names of datastores that are written. The others are read only.
    pub writes: Vec<String>,
}

impl Usage {
    fn is_written(&self, datastore: Resource<'_>) -> bool {
        self.writes.iter().any(|own| own.eq_ignore_ascii_case(datastore.name()))
    }
}

/// What a dependent is to a workspace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Its storage account, which its system datastores are in.
    Storage,
    /// Its key vault.
    Vault,
    /// Its container registry.
    Registry,
    /// Its Application Insights.
    Insights,
    /// The storage account of a datastore of this name.
    Datastore(String),
    /// A private endpoint of its storage account.
    PrivateEndpoint,
}

/// One way in which a dependent is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is to the workspace.
    pub role: Role,
    /// What is done there.
    pub uses: Vec<Use>,
    /// Whether that is done with a key today, which needs no role; nothing when the documents do not tell.
    pub by_key: Option<bool>,
    /// Whether the workspace is a project that has it from its hub.
    pub through_hub: bool,
}

/// Something that an actor reaches.
#[derive(Clone, Debug)]
pub struct Dependent<'a> {
    /// Its id and the settings that decide what counts.
    pub target: Target,
    /// The resource, if it was read.
    pub resource: Option<Resource<'a>>,
    /// How it is used. A storage account may serve several datastores.
    pub parts: Vec<Part>,
}

impl Dependent<'_> {
    /// Everything that is done there, each once.
    pub fn uses(&self) -> Vec<Use> {
        let mut uses: Vec<Use> = self.parts.iter().flat_map(|part| part.uses.iter().copied()).collect();
        uses.sort_unstable();
        uses.dedup();
        uses
    }
}

/// A workspace, compute or endpoint, and what it reaches as its own identity.
#[derive(Clone, Debug)]
pub struct Actor<'a> {
    /// The workspace, compute or endpoint.
    pub resource: Resource<'a>,
    /// As whom.
    pub acting: Acting,
    /// What it reaches.
    pub dependents: Vec<Dependent<'a>>,
    /// What was not read, so that it may reach more.
    pub unread: Vec<Gap>,
}

impl<'a> Actor<'a> {
    fn new(resource: Resource<'a>, acting: Acting) -> Self {
        Self { resource, acting, dependents: Vec::new(), unread: Vec::new() }
    }

    /// Adds a way in which something is used. What is used in several ways is one dependent.
    fn reach(&mut self, target: Target, resource: Option<Resource<'a>>, part: Part) {
        match self.dependents.iter_mut().find(|own| eq_ids(&own.target.id, &target.id)) {
            Some(own) => own.parts.push(part),
            None => self.dependents.push(Dependent { target, resource, parts: vec![part] }),
        }
    }

    fn link(&mut self, workspace: Resource<'a>, field: Field, unread: Service, part: Part) {
        let inventory = workspace.inventory();
        match workspace.dependent(field) {
            Link::None => {}
            Link::NotRead => self.unread.push(Gap::NotRead(field)),
            Link::HubMissing { hub } => self.unread.push(Gap::Missing(Kind::Workspace, hub)),
            Link::Found { resource, through_hub } => {
                let resource = inventory.get(resource);
                self.reach(Target::of(resource), Some(resource), Part { through_hub, ..part });
            }
            Link::Missing { id, through_hub } => {
                let target = Target { id: inventory.text(id).to_owned(), service: unread };
                self.reach(target, None, Part { through_hub, ..part });
            }
        }
    }
}

const UNREAD_STORAGE: Service = Service::Storage { shared_keys: None };
const UNREAD_REGISTRY: Service = Service::Registry { by_repository: None, admin_user: None };

fn part(role: Role, uses: &[Use], by_key: Option<bool>) -> Part {
    Part { role, uses: uses.to_vec(), by_key, through_hub: false }
}

/// What acts in a workspace: itself, its computes and its endpoints, with what each of them reaches.
pub fn actors<'a>(workspace: Resource<'a>, usage: &Usage) -> Vec<Actor<'a>> {
    let mut all = of_workspace(workspace, usage);
    let computes = workspace.children(Kind::Compute).filter(|own| is_own_compute(*own));
    all.extend(computes.map(|own| of_compute(workspace, own, usage)));
    let endpoints = workspace.children(Kind::OnlineEndpoint);
    all.extend(endpoints.map(|own| of_endpoint(workspace, own)));
    if let Some(own) = all.first_mut() {
        own.unread.extend(
            [Kind::Compute, Kind::OnlineEndpoint].into_iter().filter_map(|kind| unseen(workspace, kind)),
        );
    }
    all
}

/// Attached computes sign in their own way.
fn is_own_compute(compute: Resource<'_>) -> bool {
    let kind = compute.text(Field::ComputeType).value().unwrap_or("");
    ["AmlCompute", "ComputeInstance"].iter().any(|own| own.eq_ignore_ascii_case(kind))
}

fn unseen(workspace: Resource<'_>, kind: Kind) -> Option<Gap> {
    match workspace.children_covered(kind) {
        Covered::Yes => None,
        Covered::Refused(why) => Some(Gap::Refused(kind, why.into())),
        Covered::Unknown => Some(Gap::unseen(workspace, kind)),
    }
}

fn by_key(workspace: Resource<'_>) -> Option<bool> {
    match system_datastores(workspace) {
        SystemDatastores::AccessKey | SystemDatastores::Default => Some(true),
        SystemDatastores::Keyless => Some(false),
        SystemDatastores::NotRead | SystemDatastores::Unsaid | SystemDatastores::Odd => None,
    }
}

/// A flag that is off where it is absent.
fn is_on(resource: Resource<'_>, field: Field) -> Option<bool> {
    match resource.flag(field) {
        Seen::Value(on) => Some(on),
        Seen::Absent | Seen::Null => Some(false),
        Seen::NotRead | Seen::Odd => None,
    }
}

/// The workspace's own storage and registry, as everything in it uses them.
fn own<'a>(actor: &mut Actor<'a>, workspace: Resource<'a>, storage: &[Use], registry: &[Use]) {
    let storage = part(Role::Storage, storage, by_key(workspace));
    actor.link(workspace, Field::StorageAccount, UNREAD_STORAGE, storage);
    let found = workspace.dependent(Field::ContainerRegistry).found().map(|ix| workspace.inventory().get(ix));
    let admin = found.and_then(|own| is_on(own, Field::AdminUserEnabled));
    actor.link(workspace, Field::ContainerRegistry, UNREAD_REGISTRY, part(Role::Registry, registry, admin));
}

fn of_workspace<'a>(workspace: Resource<'a>, usage: &Usage) -> Vec<Actor<'a>> {
    let mut actor = Actor::new(workspace, acting(workspace));
    own(&mut actor, workspace, &[Use::WriteBlobs, Use::WriteFiles], &[Use::PushImages]);
    let vault = Service::Vault { rbac: None, policies: None };
    actor.link(workspace, Field::KeyVault, vault, part(Role::Vault, &[Use::KeepSecrets], Some(false)));
    insights(&mut actor, workspace);
    private_endpoints(&mut actor, workspace);
    let system = system_assigned(workspace, &actor.acting);
    let mut beside = Actor::new(workspace, system.clone().map_or(Acting::Nobody, Acting::As));
    actor.unread.extend(unseen(workspace, Kind::Datastore));
    for datastore in workspace.children(Kind::Datastore).filter(|own| !is_system_datastore(*own)) {
        match (is_keyless(datastore), datastore::read_as(datastore)) {
            // Nobody's identity is used but that of whoever asks.
            (Some(true), Some(ReadAs::Caller)) => {}
            (Some(true), Some(ReadAs::System)) if system.is_some() => data(&mut beside, datastore, usage),
            (Some(true), None) => actor.unread.push(Gap::NotRead(Field::ServiceDataAccessAuthIdentity)),
            _ => data(&mut actor, datastore, usage),
        }
    }
    let mut all = vec![actor];
    all.extend((!beside.dependents.is_empty()).then_some(beside));
    all
}

/// The system-assigned identity of a workspace that acts as another one.
fn system_assigned(workspace: Resource<'_>, acting: &Acting) -> Option<Identity> {
    let Acting::As(Identity { user_assigned: Some(_), .. }) = acting else { return None };
    identities(workspace).ok()?.into_iter().find(|own| own.user_assigned.is_none())
}

/// Telemetry needs a role only where keys are refused.
fn insights<'a>(actor: &mut Actor<'a>, workspace: Resource<'a>) {
    let found =
        workspace.dependent(Field::ApplicationInsights).found().map(|ix| workspace.inventory().get(ix));
    let refuses = found.and_then(|own| is_on(own, Field::DisableLocalAuth));
    if found.is_some() && refuses.is_none() {
        actor.unread.push(Gap::NotRead(Field::DisableLocalAuth));
    }
    let uses: &[Use] = if refuses == Some(true) { &[Use::WriteTelemetry] } else { &[] };
    let part = part(Role::Insights, uses, refuses.map(|own| !own));
    actor.link(workspace, Field::ApplicationInsights, Service::Other, part);
}

/// Data behind private endpoints is shown in the studio only to whom may read the state of these.
fn private_endpoints<'a>(actor: &mut Actor<'a>, workspace: Resource<'a>) {
    let storage = workspace.dependent(Field::StorageAccount).found().map(|ix| workspace.inventory().get(ix));
    let list =
        storage.and_then(|own| own.json(Field::PrivateEndpoints).value()).and_then(|own| own.as_array());
    for connection in list.into_iter().flatten() {
        // Some clients leave `properties` out.
        let inside = connection.get("properties").unwrap_or(connection);
        let id = inside.get("privateEndpoint").and_then(|own| own.get("id")).and_then(|own| own.as_str());
        if let Some(id) = id {
            let target = Target { id: id.to_owned(), service: Service::Other };
            let part = part(Role::PrivateEndpoint, &[Use::ReadEndpoint], Some(false));
            actor.reach(target, workspace.inventory().find(id), part);
        }
    }
}

/// Whether no credential is stored for a datastore; nothing when the document does not tell.
fn is_keyless(datastore: Resource<'_>) -> Option<bool> {
    datastore.text(Field::CredentialsType).non_empty().value().map(|own| own.eq_ignore_ascii_case("None"))
}

/// The account of a datastore. File shares have no way but keys, and other services have permissions of their own.
fn data<'a>(actor: &mut Actor<'a>, datastore: Resource<'a>, usage: &Usage) {
    let kind = match datastore.text(Field::DatastoreType).non_empty() {
        Seen::Value(kind) => kind,
        Seen::Odd => return actor.unread.push(Gap::Odd(Field::DatastoreType)),
        _ => return actor.unread.push(Gap::NotRead(Field::DatastoreType)),
    };
    if !["AzureBlob", "AzureDataLakeGen2"].iter().any(|own| own.eq_ignore_ascii_case(kind)) {
        return;
    }
    let Some(id) = storage_account_id(datastore) else {
        return actor.unread.push(Gap::NotRead(Field::AccountName));
    };
    let uses: &[Use] = if usage.is_written(datastore) { &[Use::WriteBlobs] } else { &[Use::ReadBlobs] };
    let part = part(
        Role::Datastore(datastore.name().to_owned()),
        uses,
        is_keyless(datastore).map(|keyless| !keyless),
    );
    let account = datastore.storage_account();
    let target = account.map_or(Target { id, service: UNREAD_STORAGE }, Target::of);
    actor.reach(target, account, part);
}

/// Jobs write their output to the workspace's storage and read datastores for which no credential is stored.
fn of_compute<'a>(workspace: Resource<'a>, compute: Resource<'a>, usage: &Usage) -> Actor<'a> {
    let mut actor = Actor::new(compute, acting(compute));
    own(&mut actor, workspace, &[Use::WriteBlobs], &[Use::PullImages]);
    actor.unread.extend(unseen(workspace, Kind::Datastore));
    let others = workspace.children(Kind::Datastore).filter(|own| !is_system_datastore(*own));
    for datastore in others.filter(|own| is_keyless(*own) == Some(true)) {
        data(&mut actor, datastore, usage);
    }
    actor
}

/// Deployments pull their image and model.
fn of_endpoint<'a>(workspace: Resource<'a>, endpoint: Resource<'a>) -> Actor<'a> {
    let mut actor = Actor::new(endpoint, acting(endpoint));
    own(&mut actor, workspace, &[Use::ReadBlobs], &[Use::PullImages]);
    actor
}
