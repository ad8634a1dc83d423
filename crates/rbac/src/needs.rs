//! What a workspace needs of its dependents, in the way it is used.
//!
//! Two kinds of knowledge, both data: which actions a use takes, and which roles Microsoft grants or documents. Microsoft publishes
//! no list of the actions behind its roles, so what a use takes is read from the roles it documents for that use.

use crate::{Action, Bits, Decision, Effective, Engine, PrincipalIx, Service, Target};
use dekey_model::ArmId;
use jiff::Timestamp;

/// How a dependent is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Use {
    /// Blobs are read: training data, read-only datastores.
    ReadBlobs,
    /// Blobs are written: job output, code and models.
    WriteBlobs,
    /// Files of a share are read.
    ReadFiles,
    /// Files of a share are written: notebooks, compute instances.
    WriteFiles,
    /// Tables and queues are used: parallel run steps.
    TablesAndQueues,
    /// Secrets are read.
    ReadSecrets,
    /// Secrets are kept: credentials of datastores and connections.
    KeepSecrets,
    /// Images are pulled.
    PullImages,
    /// Images are built and pushed.
    PushImages,
    /// Telemetry is written without a key.
    WriteTelemetry,
    /// The state of a private endpoint is read, to preview data behind it.
    ReadEndpoint,
}

/// An action that somebody needs somewhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// What.
    pub action: Action,
    /// Where: the id of a resource.
    pub scope: String,
    /// For what.
    pub purpose: Use,
}

const BLOBS: &str = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/";
const FILES: &str = "Microsoft.Storage/storageAccounts/fileServices/";
const REGISTRY: &str = "Microsoft.ContainerRegistry/registries/";

/// Actions of the data plane: prefix and rest.
type Data = &'static [(&'static str, &'static str)];

const READ_BLOBS: Data = &[(BLOBS, "read")];
const WRITE_BLOBS: Data = &[(BLOBS, "read"), (BLOBS, "write"), (BLOBS, "delete"), (BLOBS, "add/action")];
const READ_FILES: Data = &[(FILES, "fileshares/files/read"), (FILES, "readFileBackupSemantics/action")];
const WRITE_FILES: Data = &[
    (FILES, "fileshares/files/read"),
    (FILES, "fileshares/files/write"),
    (FILES, "fileshares/files/delete"),
    (FILES, "readFileBackupSemantics/action"),
    (FILES, "writeFileBackupSemantics/action"),
];
const TABLES_AND_QUEUES: Data = &[
    ("Microsoft.Storage/storageAccounts/tableServices/tables/entities/", "read"),
    ("Microsoft.Storage/storageAccounts/tableServices/tables/entities/", "write"),
    ("Microsoft.Storage/storageAccounts/tableServices/tables/entities/", "delete"),
    ("Microsoft.Storage/storageAccounts/queueServices/queues/messages/", "read"),
    ("Microsoft.Storage/storageAccounts/queueServices/queues/messages/", "write"),
    ("Microsoft.Storage/storageAccounts/queueServices/queues/messages/", "delete"),
    ("Microsoft.Storage/storageAccounts/queueServices/queues/messages/", "process/action"),
];
const SECRETS: &str = "Microsoft.KeyVault/vaults/secrets/";
const READ_SECRETS: Data = &[(SECRETS, "getSecret/action")];
const KEEP_SECRETS: Data = &[
    (SECRETS, "getSecret/action"),
    (SECRETS, "readMetadata/action"),
    (SECRETS, "setSecret/action"),
    (SECRETS, "delete"),
];
const READ_REPOSITORIES: Data =
    &[(REGISTRY, "repositories/content/read"), (REGISTRY, "repositories/metadata/read")];
const WRITE_REPOSITORIES: Data = &[
    (REGISTRY, "repositories/content/read"),
    (REGISTRY, "repositories/metadata/read"),
    (REGISTRY, "repositories/content/write"),
    (REGISTRY, "repositories/metadata/write"),
];
const TELEMETRY: Data =
    &[("Microsoft.Insights/", "Telemetry/Write"), ("Microsoft.Insights/", "Metrics/Write")];

impl Use {
    /// The actions that a use of a resource takes; nothing when a setting that decides it was not read.
    pub fn actions(self, of: &Target) -> Option<Vec<Action>> {
        let data = |list: Data| -> Vec<Action> {
            list.iter().map(|(start, rest)| Action::data(&format!("{start}{rest}"))).collect()
        };
        let control = |names: &[&str]| -> Vec<Action> {
            names.iter().map(|name| Action::control(&format!("{REGISTRY}{name}"))).collect()
        };
        let by_repository = match of.service {
            Service::Registry { by_repository, .. } => by_repository,
            _ => Some(false),
        };
        Some(match self {
            Use::ReadBlobs => data(READ_BLOBS),
            Use::WriteBlobs => data(WRITE_BLOBS),
            Use::ReadFiles => data(READ_FILES),
            Use::WriteFiles => data(WRITE_FILES),
            Use::TablesAndQueues => data(TABLES_AND_QUEUES),
            Use::ReadSecrets => data(READ_SECRETS),
            Use::KeepSecrets => data(KEEP_SECRETS),
            Use::PullImages if by_repository? => data(READ_REPOSITORIES),
            Use::PullImages => control(&["pull/read"]),
            Use::PushImages if by_repository? => data(WRITE_REPOSITORIES),
            Use::PushImages => control(&["pull/read", "push/write"]),
            Use::WriteTelemetry => data(TELEMETRY),
            Use::ReadEndpoint => vec![Action::control("Microsoft.Network/privateEndpoints/read")],
        })
    }

    /// Whether who does the other may do this: who writes blobs reads them.
    pub fn is_part_of(self, other: Self) -> bool {
        let parts = [
            (Use::ReadBlobs, Use::WriteBlobs),
            (Use::ReadFiles, Use::WriteFiles),
            (Use::ReadSecrets, Use::KeepSecrets),
            (Use::PullImages, Use::PushImages),
        ];
        parts.contains(&(self, other))
    }

    /// What a use of a resource needs; nothing when a setting that decides it was not read.
    pub fn needs(self, of: &Target) -> Option<Vec<Need>> {
        let one = |action| Need { action, scope: of.id.clone(), purpose: self };
        Some(self.actions(of)?.into_iter().map(one).collect())
    }
}

/// A need, held against what somebody has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The need.
    pub need: Need,
    /// Whether it is met, and by what.
    pub decision: Decision,
}

/// What somebody may do beyond what is needed, at one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excess {
    /// The resource.
    pub scope: String,
    /// What may be done and is not needed.
    pub beyond: Bits,
    /// Everything that may be done.
    pub all: Effective,
}

impl Engine {
    /// Holds needs against what somebody has. The targets are the resources that the needs are about.
    pub fn held(
        &self,
        who: Option<PrincipalIx>,
        needs: &[Need],
        targets: &[Target],
        now: Timestamp,
    ) -> Vec<Held> {
        let one = |need: &Need| {
            let target = targets.iter().find(|own| dekey_model::eq_ids(&own.id, &need.scope)).cloned();
            let target = target.unwrap_or_else(|| Target { id: need.scope.clone(), service: Service::Other });
            Held { need: need.clone(), decision: self.may(who, &need.action, &target, now) }
        };
        needs.iter().map(one).collect()
    }

    /// What somebody may do at a resource beyond what is needed there, of the actions that have bits and that the resource knows.
    pub fn excess(&self, who: Option<PrincipalIx>, needs: &[Need], on: &Target, now: Timestamp) -> Excess {
        let all = self.effective_on(who, on, now);
        let here = needs.iter().filter(|own| dekey_model::eq_ids(&own.scope, &on.id));
        let known = KnownAt::new(&on.id);
        let mut beyond = all.allowed.clone();
        for ix in all.allowed.iter() {
            if self.actions().get(ix).is_none_or(|action| !known.knows(action)) {
                beyond.take(ix);
            }
        }
        for ix in here.filter_map(|own| self.actions().find(&own.action)) {
            beyond.take(ix);
        }
        Excess { scope: on.id.clone(), beyond, all }
    }
}

/// Types whose actions are about any resource.
const ANYWHERE: [&str; 3] = [
    "microsoft.authorization/",
    "microsoft.insights/diagnosticsettings/",
    "microsoft.resources/deployments/",
];

/// The one type that has actions without a type, such as writing telemetry.
const INSIGHTS: [&str; 2] = ["microsoft.insights/", "microsoft.insights/components/"];

/// Whether an action can be done to a resource, or to what is in a container.
pub fn is_known_at(action: &Action, scope: &str) -> bool {
    KnownAt::new(scope).knows(action)
}

/// The type of a resource as its actions begin; nothing for containers, where every action is known.
pub(crate) struct KnownAt(Option<String>);

impl KnownAt {
    pub(crate) fn new(scope: &str) -> Self {
        let id = ArmId(scope);
        Self(id.provider().and(id.resource_type()).map(|kind| kind.to_ascii_lowercase() + "/"))
    }

    pub(crate) fn knows(&self, action: &Action) -> bool {
        let (Self(Some(kind)), name) = (self, action.folded()) else { return true };
        let [provider, insights] = INSIGHTS;
        let is_untyped = || name.strip_prefix(provider).is_some_and(|rest| rest.matches('/').count() == 1);
        name.starts_with(kind.as_str())
            || ANYWHERE.iter().any(|start| name.starts_with(start))
            || (kind == insights && is_untyped())
    }
}
