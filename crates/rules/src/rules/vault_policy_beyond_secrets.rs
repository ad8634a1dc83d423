//! A workspace identity may do more with its vault than read secrets.

use crate::{Context, Out, controls, declare_rule};
use dekey_model::{ArmId, Field, Gap, IdentityState, Kind, Resource, Seen};
use serde_json::Value;
use std::collections::BTreeMap;

declare_rule! {
    /// Vault policy that grants a workspace more than reading secrets
    ///
    /// ## What it finds
    /// Access policies that give an identity of a workspace, system-assigned or attached, anything beyond `get` and `list` on
    /// secrets: other secret permissions, or any on keys, certificates and storage. Only vaults that grant by access policies.
    /// The principal of an attached identity is taken from the workspace's answer, or else from the identity itself.
    ///
    /// ## Why it matters
    /// Code that runs as the workspace can then change or delete secrets, and use keys and certificates that have nothing to do
    /// with it, when the vault is shared.
    ///
    /// ## How it is put right
    /// With care, and by choice: Azure Machine Learning itself grants its identity everything when it makes a workspace, and
    /// documents not to revoke it; to an identity that you attach, you grant it yourself. The workspace *writes* the secrets of credential-based datastores, so `set` and `delete`
    /// are needed as long as there are any. Give each workspace its own vault; remove keys, certificates and storage permissions
    /// first. `az ml workspace sync-keys` restores the default grants.
    ///
    /// ## When it stays silent
    /// When the vault grants by role, when the workspace has no identity, and when its policies read secrets only. When the
    /// principal of an attached identity is not part of what was read it is not judged.
    ///
    /// ## Sources
    /// - [Enterprise security for Azure Machine Learning](https://learn.microsoft.com/azure/machine-learning/concept-enterprise-security)
    /// - [Assign a Key Vault access policy](https://learn.microsoft.com/azure/key-vault/general/assign-access-policy)
    "vault-policy-beyond-secrets" {
        group: Dependents,
        severity: Low,
        confidence: Medium,
        since: "0.1.0",
        subjects: [Vault],
        needs: [Workspace, UserAssignedIdentity],
        controls: controls::LEAST_PRIVILEGE,
        remedy: {
            az: "# while the workspace stores credentials it needs set and delete on secrets as well\naz keyvault set-policy --name {name} --resource-group {resource_group} --object-id <objectId of the policy that the finding names> --secret-permissions get list set delete --key-permissions --certificate-permissions --storage-permissions",
            bicep: "accessPolicies: [\n  {\n    tenantId: subscription().tenantId\n    objectId: workspace.identity.principalId // or that of the attached identity\n    permissions: {\n      secrets: [ 'get', 'list', 'set', 'delete' ] // the last two while the workspace stores credentials\n    }\n  }\n]",
            terraform: "resource \"azurerm_key_vault_access_policy\" \"{symbol}\" {\n  # Set and Delete while the workspace stores credentials\n  secret_permissions = [\"Get\", \"List\", \"Set\", \"Delete\"]\n}",
            portal: "Key vault > Access policies > the workspace > Edit",
        },
    }
}

fn check(_: &Context<'_>, vault: Resource<'_>, out: &mut Out<'_>) {
    match out.needs_field(Field::EnableRbacAuthorization, vault.flag(Field::EnableRbacAuthorization)) {
        // Access policies are disregarded then.
        Some(Seen::Value(true)) | None => return,
        Some(_) => {}
    }
    let policies = match out.needs_field(Field::AccessPolicies, vault.json(Field::AccessPolicies)) {
        Some(Seen::Value(Value::Array(list))) => list.as_slice(),
        Some(Seen::Absent | Seen::Null) => &[],
        Some(_) => return out.not_judged(Gap::Odd(Field::AccessPolicies)),
        None => return,
    };
    let mut shared: BTreeMap<String, Identity<'_>> = BTreeMap::new();
    for workspace in vault.used_by() {
        for identity in identities(workspace, out) {
            let principal = identity.principal.to_ascii_lowercase();
            let known = shared.entry(principal).or_insert_with(|| identity.clone());
            // One identity of several workspaces is one finding, which names the first of them.
            if identity.workspace.id() < known.workspace.id() {
                *known = identity;
            }
        }
    }
    for (principal, identity) in &shared {
        judge(vault, principal, identity, policies, out);
    }
}

/// An identity that a workspace acts as.
#[derive(Clone)]
struct Identity<'a> {
    workspace: Resource<'a>,
    principal: &'a str,
    /// Its id, if it is an attached one.
    attached: Option<&'a str>,
}

/// The identities of a workspace. What cannot be told of them is reported as not judged.
fn identities<'a>(workspace: Resource<'a>, out: &mut Out<'_>) -> Vec<Identity<'a>> {
    let mut found = Vec::new();
    match workspace.text(Field::IdentityPrincipal).non_empty() {
        Seen::Value(principal) => found.push(Identity { workspace, principal, attached: None }),
        Seen::NotRead => out.not_judged(Gap::NotRead(Field::IdentityPrincipal)),
        _ => {}
    }
    let Seen::Value(attached) = workspace.pairs(Field::UserAssignedIdentities) else {
        // Azure always names them: an answer without them left them out.
        if matches!(workspace.identity(), IdentityState::Known(own) if own.user) {
            out.not_judged(Gap::NotRead(Field::UserAssignedIdentities));
        }
        return found;
    };
    for (id, said) in attached {
        let own = || workspace.inventory().find(id)?.text(Field::PrincipalId).non_empty().value();
        match Some(said).filter(|said| !said.is_empty()).or_else(own) {
            Some(principal) => found.push(Identity { workspace, principal, attached: Some(id) }),
            None => out.not_judged(Gap::Other(
                format!(
                    "the principalId of `{id}` was not read: export {} ({})",
                    Kind::UserAssignedIdentity.plural(),
                    Kind::UserAssignedIdentity.export_command()
                )
                .into(),
            )),
        }
    }
    found
}

fn judge(
    vault: Resource<'_>,
    principal: &str,
    identity: &Identity<'_>,
    policies: &[Value],
    out: &mut Out<'_>,
) {
    let own = |policy: &Value| {
        let object = policy.get("objectId").and_then(Value::as_str);
        object.is_some_and(|object| object.eq_ignore_ascii_case(principal))
    };
    let granted = policies.iter().enumerate().filter(|(_, policy)| own(policy));
    let Some(beyond) = granted.map(|(at, policy)| excess(at, policy)).collect::<Option<Vec<_>>>() else {
        return out.not_judged(Gap::Odd(Field::AccessPolicies));
    };
    let beyond: Vec<(String, String)> = beyond.into_iter().flatten().collect();
    if beyond.is_empty() {
        return out.pass();
    }
    let kinds: Vec<&str> = beyond.iter().filter_map(|(pointer, _)| pointer.rsplit('/').next()).collect();
    let as_whom = identity.attached.map_or(String::new(), |id| format!(", as `{}`,", ArmId(id).name()));
    let workspace = identity.workspace;
    let message = format!(
        "workspace `{}`{as_whom} may do more than read secrets: {}",
        workspace.name(),
        kinds.join(", ")
    );
    let field = identity.attached.map_or(Field::IdentityPrincipal, |_| Field::UserAssignedIdentities);
    let mut finding = out.finding(message).on_other(workspace, field).part(principal);
    for (at, _) in policies.iter().enumerate().filter(|(_, policy)| own(policy)) {
        finding = finding.on_item(vault, format!("/properties/accessPolicies/{at}/objectId"), principal);
    }
    for (pointer, value) in beyond {
        finding = finding.on_item(vault, pointer, value);
    }
    finding.done();
}

/// Permissions beyond reading secrets: pointer and list. `None` when the policy does not say what it grants in the way that
/// Azure documents.
fn excess(at: usize, policy: &Value) -> Option<Vec<(String, String)>> {
    let mut beyond = Vec::new();
    for (kind, list) in policy.get("permissions")?.as_object()? {
        let words: Vec<&str> = match list {
            Value::Null => Vec::new(),
            Value::Array(words) => words.iter().map(Value::as_str).collect::<Option<_>>()?,
            _ => return None,
        };
        let reads = |word: &str| {
            kind.eq_ignore_ascii_case("secrets")
                && ["get", "list"].iter().any(|w| word.eq_ignore_ascii_case(w))
        };
        let more: Vec<&str> = words.into_iter().filter(|word| !reads(word)).collect();
        if !more.is_empty() {
            beyond.push((format!("/properties/accessPolicies/{at}/permissions/{kind}"), more.join(", ")));
        }
    }
    // Snapshots sort their names; what is said must not depend on it.
    beyond.sort();
    Some(beyond)
}
