//! Which ways of authenticating are static, for every value Azure documents.

use crate::Out;
use dekey_model::{Covered, Field, Kind, Resource, Seen};

pub use dekey_access::{SystemDatastores, is_system_datastore, system_datastores};

/// What a way of authenticating means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A secret that works until somebody takes it away.
    Static,
    /// A token of Microsoft Entra, or no credential at all.
    Keyless,
    /// Nothing that is documented: somebody has to look.
    Review,
}

/// Classifies a value.
type Classify = fn(&str) -> (Class, &'static str);

/// The value and the credential behind it, in words.
type Row = (&'static str, Class, &'static str);

/// `credentials.credentialsType` of datastores.
const CREDENTIALS_TYPES: &[Row] = &[
    ("AccountKey", Class::Static, "storage account key"),
    ("Sas", Class::Static, "SAS token"),
    ("ServicePrincipal", Class::Static, "service principal secret"),
    ("Certificate", Class::Static, "service principal certificate"),
    ("KerberosKeytab", Class::Static, "Kerberos keytab"),
    ("KerberosPassword", Class::Static, "Kerberos password"),
    ("None", Class::Keyless, "no stored credential"),
];

/// `authType` of connections.
const AUTH_TYPES: &[Row] = &[
    ("AAD", Class::Keyless, "Microsoft Entra ID"),
    ("AccessKey", Class::Static, "access key pair"),
    ("AccountKey", Class::Static, "storage account key"),
    ("ApiKey", Class::Static, "API key"),
    ("CustomKeys", Class::Static, "custom keys"),
    ("ManagedIdentity", Class::Keyless, "managed identity"),
    ("None", Class::Keyless, "no credential"),
    ("OAuth2", Class::Static, "OAuth 2 client secret or refresh token"),
    ("PAT", Class::Static, "personal access token"),
    ("SAS", Class::Static, "SAS token"),
    ("ServicePrincipal", Class::Static, "service principal secret"),
    ("UsernamePassword", Class::Static, "user name and password"),
    ("DelegatedSAS", Class::Keyless, "user delegation SAS, signed by Microsoft Entra"),
    ("ProjectManagedIdentity", Class::Keyless, "managed identity of the project"),
    ("AccountManagedIdentity", Class::Keyless, "managed identity of the account"),
    ("UserEntraToken", Class::Keyless, "token of the signed-in user"),
    ("AgentUserImpersonation", Class::Keyless, "token of the signed-in user"),
    ("AgenticIdentityToken", Class::Keyless, "token of the agent's identity"),
    ("AgenticUser", Class::Keyless, "token of the agent's user"),
];

/// `computeType` of computes: what is stored for an attached one.
const COMPUTE_TYPES: &[Row] = &[
    ("AKS", Class::Static, "a kubeconfig of the cluster"),
    ("Databricks", Class::Static, "an access token of the Databricks workspace"),
    ("HDInsight", Class::Static, "the SSH account of the cluster's head node"),
    ("VirtualMachine", Class::Static, "the SSH account of the machine, with password or private key"),
    ("AmlCompute", Class::Keyless, "nothing: it is not attached"),
    ("ComputeInstance", Class::Keyless, "nothing: it is not attached"),
    ("DataFactory", Class::Keyless, "nothing"),
    ("DataLakeAnalytics", Class::Keyless, "nothing"),
    ("Kubernetes", Class::Keyless, "nothing: an extension in the cluster connects it"),
    ("SynapseSpark", Class::Keyless, "nothing: the pool is reached with an identity"),
];

/// `authMode` of online, batch and serverless endpoints.
const AUTH_MODES: &[Row] = &[
    ("Key", Class::Static, "endpoint keys"),
    ("KeyAndAAD", Class::Static, "endpoint keys beside Microsoft Entra ID"),
    ("AMLToken", Class::Keyless, "short-lived Azure Machine Learning token"),
    ("AADToken", Class::Keyless, "Microsoft Entra token"),
    ("AAD", Class::Keyless, "Microsoft Entra token"),
];

fn classify(table: &'static [Row], value: &str) -> (Class, &'static str) {
    let row = table.iter().find(|row| row.0.eq_ignore_ascii_case(value));
    row.map_or((Class::Review, "something Azure does not document"), |row| (row.1, row.2))
}

/// What a datastore's `credentialsType` means.
pub fn credentials_type(value: &str) -> (Class, &'static str) {
    classify(CREDENTIALS_TYPES, value)
}

/// What a connection's `authType` means.
pub fn auth_type(value: &str) -> (Class, &'static str) {
    classify(AUTH_TYPES, value)
}

/// What an endpoint's `authMode` means.
pub fn auth_mode(value: &str) -> (Class, &'static str) {
    classify(AUTH_MODES, value)
}

/// What a compute's `computeType` means for the workspace it is in: the credential that is stored for it.
pub fn compute_type(value: &str) -> (Class, &'static str) {
    classify(COMPUTE_TYPES, value)
}

/// Judges a datastore by its `credentialsType`: fires on the types that `fires` names. The system datastores follow the
/// workspace's own setting and are judged there.
pub(crate) fn judge_datastore(
    datastore: Resource<'_>,
    out: &mut Out<'_>,
    fires: fn(&str) -> bool,
    message: &'static str,
) {
    if is_system_datastore(datastore) {
        return;
    }
    let Some(held) = out.needs_text(datastore, Field::CredentialsType) else { return };
    if !fires(held) {
        return out.pass();
    }
    let file_share =
        datastore.text(Field::DatastoreType).value().is_some_and(|t| t.eq_ignore_ascii_case("AzureFile"));
    let message = if file_share {
        format!(
            "{message}; a file share datastore has no identity path, so move the data to blob storage or accept it until a date"
        )
    } else {
        message.to_owned()
    };
    let finding = out.finding(message).on(Field::CredentialsType).on(Field::DatastoreType);
    let locked =
        datastore.storage_account().filter(|a| a.flag(Field::AllowSharedKeyAccess) == Seen::Value(false));
    let why = if held.eq_ignore_ascii_case("AccountKey") {
        "the storage account refuses its keys, so this credential opens nothing today"
    } else if held.eq_ignore_ascii_case("Sas") {
        "the storage account refuses its keys, so a SAS that was signed with one opens nothing today"
    } else {
        return finding.done();
    };
    match locked {
        Some(account) => finding.on_other(account, Field::AllowSharedKeyAccess).lowered(why).done(),
        None => finding.done(),
    }
}

/// What a workspace stores in the way of static credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// What was found, in words, each once.
    pub found: Vec<&'static str>,
    /// Kinds that were not read, so that more may be there.
    pub unread: Vec<Kind>,
}

/// Looks through a workspace for static credentials that it stores or accepts.
pub fn stored(workspace: Resource<'_>) -> Stored {
    let mut stored = Stored::default();
    match system_datastores(workspace) {
        SystemDatastores::AccessKey | SystemDatastores::Default => {
            stored.add("system datastores on access keys");
        }
        SystemDatastores::Keyless => {}
        SystemDatastores::NotRead | SystemDatastores::Unsaid | SystemDatastores::Odd => {
            stored.unread.push(Kind::Workspace);
        }
    }
    let sources: [(Kind, Field, Classify); 6] = [
        (Kind::Datastore, Field::CredentialsType, credentials_type),
        (Kind::Connection, Field::AuthType, auth_type),
        (Kind::Compute, Field::ComputeType, compute_type),
        (Kind::OnlineEndpoint, Field::AuthMode, auth_mode),
        (Kind::BatchEndpoint, Field::AuthMode, auth_mode),
        (Kind::ServerlessEndpoint, Field::AuthMode, auth_mode),
    ];
    for (kind, field, classify) in sources.into_iter().filter(|(kind, ..)| can_have(workspace, *kind)) {
        if workspace.children_covered(kind) != Covered::Yes {
            stored.unread.push(kind);
        }
        for child in workspace.children(kind).filter(|c| kind != Kind::Datastore || !is_system_datastore(*c))
        {
            match child.text(field).value().map(classify) {
                Some((Class::Static, what)) => stored.add(what),
                Some((Class::Keyless, _)) => {}
                Some((Class::Review, _)) | None => stored.unread.push(kind),
            }
        }
    }
    if let Seen::Value(hub) = workspace.text(Field::HubResourceId).non_empty() {
        stored.add_shared(workspace.inventory().find(hub));
    }
    stored.unread.sort_unstable();
    stored.unread.dedup();
    stored
}

/// Hubs and projects have no batch endpoints.
pub(crate) fn can_have(workspace: Resource<'_>, kind: Kind) -> bool {
    let hub_or_project = workspace
        .text(Field::Kind)
        .value()
        .is_some_and(|k| k.eq_ignore_ascii_case("hub") || k.eq_ignore_ascii_case("project"));
    !(hub_or_project && kind == Kind::BatchEndpoint)
}

impl Stored {
    /// Connections of a hub that every project can use.
    fn add_shared(&mut self, hub: Option<Resource<'_>>) {
        let Some(hub) = hub.filter(|hub| hub.children_covered(Kind::Connection) == Covered::Yes) else {
            return self.unread.push(Kind::Connection);
        };
        for connection in hub.children(Kind::Connection) {
            match (
                connection.flag(Field::IsSharedToAll),
                connection.text(Field::AuthType).value().map(auth_type),
            ) {
                (Seen::Value(false), _) | (_, Some((Class::Keyless, _))) => {}
                (Seen::Value(true), Some((Class::Static, what))) => self.add(what),
                _ => self.unread.push(Kind::Connection),
            }
        }
    }

    fn add(&mut self, what: &'static str) {
        if !self.found.contains(&what) {
            self.found.push(what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_value_is_classified_in_any_case() {
        assert_eq!(auth_type("apikey").0, Class::Static);
        assert_eq!(auth_type("aad").0, Class::Keyless);
        assert_eq!(auth_type("QuantumToken").0, Class::Review);
        assert_eq!(credentials_type("NONE").0, Class::Keyless);
        assert_eq!(auth_mode("KeyAndAAD").0, Class::Static);
        // Signed by Microsoft Entra with a user delegation key: not a static credential.
        assert_eq!(auth_type("DelegatedSAS").0, Class::Keyless);
    }
}
