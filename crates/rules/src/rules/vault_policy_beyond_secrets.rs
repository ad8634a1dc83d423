//! A workspace identity may do more with its vault than read secrets.

use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Gap, Resource, Seen};
use serde_json::Value;

declare_rule! {
    /// Vault policy that grants a workspace more than reading secrets
    ///
    /// ## What it finds
    /// Access policies that give the system-assigned identity of a workspace anything beyond `get` and `list` on secrets: other
    /// secret permissions, or any on keys, certificates and storage. Only vaults that grant by access policies.
    ///
    /// ## Why it matters
    /// Code that runs as the workspace can then change or delete secrets, and use keys and certificates that have nothing to do
    /// with it, when the vault is shared.
    ///
    /// ## How it is put right
    /// With care, and by choice: Azure Machine Learning itself grants its identity everything when it makes a workspace, and
    /// documents not to revoke it. The workspace *writes* the secrets of credential-based datastores, so `set` and `delete`
    /// are needed as long as there are any. Give each workspace its own vault; remove keys, certificates and storage permissions
    /// first. `az ml workspace sync-keys` restores the default grants.
    ///
    /// ## When it stays silent
    /// When the vault grants by role, when the workspace has no system-assigned identity, and when its policy reads secrets only.
    /// User-assigned identities are not judged: their principal is not part of the workspace's answer.
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
        needs: [Workspace],
        controls: controls::LEAST_PRIVILEGE,
        remedy: {
            az: "# while the workspace stores credentials it needs set and delete on secrets as well\naz keyvault set-policy --name {name} --resource-group {resource_group} --object-id OBJECT_ID --secret-permissions get list set delete --key-permissions --certificate-permissions --storage-permissions",
            bicep: "accessPolicies: [\n  {\n    tenantId: subscription().tenantId\n    objectId: workspace.identity.principalId\n    permissions: {\n      secrets: [ 'get', 'list', 'set', 'delete' ] // the last two while the workspace stores credentials\n    }\n  }\n]",
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
    for workspace in vault.used_by() {
        match workspace.text(Field::IdentityPrincipal).non_empty() {
            Seen::Value(principal) => judge(vault, workspace, principal, policies, out),
            Seen::NotRead => out.not_judged(Gap::NotRead(Field::IdentityPrincipal)),
            _ => {}
        }
    }
}

fn judge(
    vault: Resource<'_>,
    workspace: Resource<'_>,
    principal: &str,
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
    let message =
        format!("workspace `{}` may do more than read secrets: {}", workspace.name(), kinds.join(", "));
    let mut finding = out.finding(message).on_other(workspace, Field::IdentityPrincipal).part(principal);
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
    Some(beyond)
}
