//! The properties that dekey keeps of a resource, each by its JSON pointer.
//!
//! Everything else is skipped while reading, which is what lets a tenant of a hundred thousand workspaces fit in little
//! memory. A property that no row names is not known to any rule.

use std::sync::LazyLock;

/// How the value at a pointer is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capture {
    /// A string, number or boolean.
    Scalar,
    /// A map of texts (tags): name and value, with secrets in values masked.
    Pairs,
    /// The keys of a map (attached identities), each with its `principalId` where it says one.
    Principals,
    /// Only whether there is something other than `null`: the value may be a secret.
    Presence,
    /// A list of credentials, of which only names and times are kept: everything else may be the secret.
    Lifetimes,
    /// A map of which only the names are kept whose value looks like a secret, with what it looks like.
    SecretNames,
    /// The whole value, with secrets masked.
    Json,
}

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident = $pointer:literal, $capture:ident;)*) => {
        /// A property that dekey keeps.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Field {
            $($(#[$doc])* #[doc = concat!("`", $pointer, "`")] $name,)*
        }

        const TABLE: &[(Field, &str, Capture)] = &[$((Field::$name, $pointer, Capture::$capture),)*];
    };
}

fields! {
    // The envelope of every resource.
    Kind = "/kind", Scalar;
    Location = "/location", Scalar;
    Tags = "/tags", Pairs;
    Identity = "/identity", Presence;
    IdentityType = "/identity/type", Scalar;
    IdentityPrincipal = "/identity/principalId", Scalar;
    UserAssignedIdentities = "/identity/userAssignedIdentities", Principals;
    ModifiedAt = "/systemData/lastModifiedAt", Scalar;
    CreatedBy = "/systemData/createdBy", Scalar;
    CreatedByType = "/systemData/createdByType", Scalar;
    Properties = "/properties", Presence;
    ProvisioningState = "/properties/provisioningState", Scalar;
    PrivateEndpoints = "/properties/privateEndpointConnections", Json;
    // Workspaces.
    StorageAccount = "/properties/storageAccount", Scalar;
    KeyVault = "/properties/keyVault", Scalar;
    ContainerRegistry = "/properties/containerRegistry", Scalar;
    ApplicationInsights = "/properties/applicationInsights", Scalar;
    HubResourceId = "/properties/hubResourceId", Scalar;
    PrimaryUserAssignedIdentity = "/properties/primaryUserAssignedIdentity", Scalar;
    SystemDatastoresAuthMode = "/properties/systemDatastoresAuthMode", Scalar;
    // Datastores.
    DatastoreType = "/properties/datastoreType", Scalar;
    AccountName = "/properties/accountName", Scalar;
    CredentialsType = "/properties/credentials/credentialsType", Scalar;
    ServiceDataAccessAuthIdentity = "/properties/serviceDataAccessAuthIdentity", Scalar;
    DatastoreSubscription = "/properties/subscriptionId", Scalar;
    DatastoreResourceGroup = "/properties/resourceGroup", Scalar;
    // Connections.
    AuthType = "/properties/authType", Scalar;
    Category = "/properties/category", Scalar;
    ExpiryTime = "/properties/expiryTime", Scalar;
    IsSharedToAll = "/properties/isSharedToAll", Scalar;
    // Computes.
    ComputeType = "/properties/computeType", Scalar;
    DisableLocalAuth = "/properties/disableLocalAuth", Scalar;
    IsAttachedCompute = "/properties/isAttachedCompute", Scalar;
    ComputeProperties = "/properties/properties", Presence;
    ComputeSubnet = "/properties/properties/subnet/id", Scalar;
    EnableNodePublicIp = "/properties/properties/enableNodePublicIp", Scalar;
    SshPublicAccess = "/properties/properties/sshSettings/sshPublicAccess", Scalar;
    RemoteLoginPort = "/properties/properties/remoteLoginPortPublicAccess", Scalar;
    AdminUserPassword = "/properties/properties/userAccountCredentials/adminUserPassword", Presence;
    VirtualMachinePassword = "/properties/properties/administratorAccount/password", Presence;
    // Endpoints and deployments.
    AuthMode = "/properties/authMode", Scalar;
    EndpointCompute = "/properties/compute", Scalar;
    EndpointComputeType = "/properties/endpointComputeType", Scalar;
    SecretVariables = "/properties/environmentVariables", SecretNames;
    // Storage accounts.
    AllowSharedKeyAccess = "/properties/allowSharedKeyAccess", Scalar;
    DefaultToOAuthAuthentication = "/properties/defaultToOAuthAuthentication", Scalar;
    Key1CreationTime = "/properties/keyCreationTime/key1", Scalar;
    Key2CreationTime = "/properties/keyCreationTime/key2", Scalar;
    KeyExpirationPeriod = "/properties/keyPolicy/keyExpirationPeriodInDays", Scalar;
    SasExpirationPeriod = "/properties/sasPolicy/sasExpirationPeriod", Scalar;
    SasExpirationAction = "/properties/sasPolicy/expirationAction", Scalar;
    // Key vaults.
    EnableRbacAuthorization = "/properties/enableRbacAuthorization", Scalar;
    AccessPolicies = "/properties/accessPolicies", Json;
    // Container registries and their tokens.
    AdminUserEnabled = "/properties/adminUserEnabled", Scalar;
    AnonymousPullEnabled = "/properties/anonymousPullEnabled", Scalar;
    RoleAssignmentMode = "/properties/roleAssignmentMode", Scalar;
    TokenStatus = "/properties/status", Scalar;
    TokenPasswords = "/properties/credentials/passwords", Lifetimes;
    // Diagnostic settings.
    Logs = "/properties/logs", Json;
    LogAnalyticsWorkspace = "/properties/workspaceId", Scalar;
    LogStorageAccount = "/properties/storageAccountId", Scalar;
    LogEventHub = "/properties/eventHubAuthorizationRuleId", Scalar;
    LogPartner = "/properties/marketplacePartnerId", Scalar;
    // Authorization.
    PrincipalId = "/properties/principalId", Scalar;
    PrincipalType = "/properties/principalType", Scalar;
    RoleDefinitionId = "/properties/roleDefinitionId", Scalar;
    Scope = "/properties/scope", Scalar;
    CreatedOn = "/properties/createdOn", Scalar;
    Condition = "/properties/condition", Scalar;
    RoleName = "/properties/roleName", Scalar;
    RoleType = "/properties/type", Scalar;
    RoleTypeOfCli = "/properties/roleType", Scalar;
    AssignableScopes = "/properties/assignableScopes", Json;
    Permissions = "/properties/permissions", Json;
    DenyName = "/properties/denyAssignmentName", Scalar;
    DenyPrincipals = "/properties/principals", Json;
    DenyExcluded = "/properties/excludePrincipals", Json;
    DenyThisScopeOnly = "/properties/doNotApplyToChildScopes", Scalar;
    OriginRoleAssignment = "/properties/originRoleAssignmentId", Scalar;
    StartTime = "/properties/startDateTime", Scalar;
    EndTime = "/properties/endDateTime", Scalar;
    // The directory.
    GroupMembers = "/properties/transitiveMembers", Json;
    AppId = "/properties/appId", Scalar;
    AlternativeNames = "/properties/alternativeNames", Json;
    PasswordCredentials = "/properties/passwordCredentials", Lifetimes;
    KeyCredentials = "/properties/keyCredentials", Lifetimes;
    // Policy.
    DisplayName = "/properties/displayName", Scalar;
    PolicyDefinitionId = "/properties/policyDefinitionId", Scalar;
    EnforcementMode = "/properties/enforcementMode", Scalar;
    NotScopes = "/properties/notScopes", Json;
    PolicyParameters = "/properties/parameters", Json;
    PolicyOverrides = "/properties/overrides", Json;
    ResourceSelectors = "/properties/resourceSelectors", Json;
    PolicyRule = "/properties/policyRule", Json;
    PolicyDefinitions = "/properties/policyDefinitions", Json;
    PolicyAssignmentId = "/properties/policyAssignmentId", Scalar;
    ExemptionCategory = "/properties/exemptionCategory", Scalar;
    ExpiresOn = "/properties/expiresOn", Scalar;
    ExemptedDefinitions = "/properties/policyDefinitionReferenceIds", Json;
    // Subscriptions.
    SubscriptionName = "/displayName", Scalar;
    ManagementGroups = "/properties/managementGroupAncestorsChain", Json;
}

impl Field {
    /// Every field.
    pub fn all() -> impl Iterator<Item = Field> {
        TABLE.iter().map(|row| row.0)
    }

    /// Where the value stands in the resource.
    pub fn pointer(self) -> &'static str {
        TABLE.get(self as usize).map_or("", |row| row.1)
    }

    /// Whether the field is part of `properties`, which some list calls leave out.
    pub fn in_properties(self) -> bool {
        self.pointer().starts_with("/properties")
    }
}

/// The fields as a tree of property names, to be walked along a document.
#[derive(Debug, Default)]
pub struct FieldNode {
    /// The field that ends here.
    pub field: Option<(Field, Capture)>,
    /// By length of the name: a document has many names that are not known, and most differ in length already.
    children: Vec<Vec<(&'static str, FieldNode)>>,
}

static ROOT: LazyLock<FieldNode> = LazyLock::new(|| {
    let mut root = FieldNode::default();
    for &(field, pointer, capture) in TABLE {
        root.insert(pointer.trim_start_matches('/'), field, capture);
    }
    root
});

impl FieldNode {
    /// The tree of all fields.
    pub fn root() -> &'static FieldNode {
        &ROOT
    }

    /// The node below a property. Property names are compared without case: providers differ (`DisableLocalAuth`).
    pub fn child(&self, name: &str) -> Option<&FieldNode> {
        let same_length = self.children.get(name.len())?;
        same_length.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|child| &child.1)
    }

    /// Whether there is nothing below.
    pub fn is_leaf(&self) -> bool {
        self.children.is_empty()
    }

    fn insert(&mut self, path: &'static str, field: Field, capture: Capture) {
        let (name, rest) = path.split_once('/').unwrap_or((path, ""));
        if self.children.len() <= name.len() {
            self.children.resize_with(name.len() + 1, Vec::new);
        }
        let Some(same_length) = self.children.get_mut(name.len()) else { return };
        let at = same_length.iter().position(|(own, _)| *own == name).unwrap_or_else(|| {
            same_length.push((name, FieldNode::default()));
            same_length.len() - 1
        });
        let Some((_, node)) = same_length.get_mut(at) else { return };
        if rest.is_empty() {
            node.field = Some((field, capture));
        } else {
            node.insert(rest, field, capture);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_found_along_its_pointer_in_any_case() {
        for (ix, field) in Field::all().enumerate() {
            assert_eq!(field as usize, ix);
            let pointer = field.pointer().to_ascii_uppercase();
            let node = pointer.split('/').skip(1).try_fold(FieldNode::root(), |node, name| node.child(name));
            assert_eq!(node.and_then(|n| n.field).map(|f| f.0), Some(field), "{pointer}");
        }
        assert!(FieldNode::root().child("nonsense").is_none());
    }
}
