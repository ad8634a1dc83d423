//! A tag holds a secret.

use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Confidence, Field, Resource, Seen, Severity, secret};

declare_rule! {
    /// Tag with a secret in clear text
    ///
    /// ## What it finds
    /// Tags whose value has the form of a credential: a connection string with key, a SAS, a storage account key, a private
    /// key, a token, `password=...`; and tags whose name ends in the word for a secret (`adminPassword`) and whose value is
    /// a literal. On workspaces, computes, endpoints, the resources that workspaces depend on, resource groups and
    /// subscriptions. One finding for each tag: its name is shown, its value never.
    ///
    /// ## Why it matters
    /// Tags are stored as plain text and are made to be spread: every `Reader` sees them, and they go into cost reports,
    /// deployment history, exported templates, policy evaluations and monitoring logs. A secret in a tag has to be taken
    /// as known, hence critical.
    ///
    /// ## How it is put right
    /// Revoke the secret at its source first: removing the tag takes it out of none of the copies. Then remove the tag, in
    /// the template that sets it too, or the next deployment brings it back. If something read the secret from there, give
    /// it a managed identity, or a reference to Key Vault.
    ///
    /// ## When it stays silent
    /// For names that only mention a secret (`password-policy`), and for references (vault addresses), sentences, numbers
    /// and dates. A finding that rests on a tag's name alone is high with low confidence. Datastores and connections have no
    /// tags of the resource kind and are not looked at. Where tags were not read it is not judged.
    ///
    /// ## Sources
    /// - [Use tags to organize your Azure resources](https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources)
    /// - [az tag](https://learn.microsoft.com/cli/azure/tag)
    "clear-text-secret-in-tag" {
        group: StaticCredentials,
        severity: Critical,
        confidence: High,
        since: "0.1.0",
        subjects: [
            Workspace, Compute, OnlineEndpoint, BatchEndpoint, ServerlessEndpoint, StorageAccount, Vault,
            ContainerRegistry, AppInsights, ResourceGroup, Subscription,
        ],
        needs: [],
        controls: controls::STORED_CREDENTIALS,
        remedy: {
            az: "az tag update --resource-id {id} --operation Delete --tags <tag>",
            bicep: "// tags are one map: write it without the tag\nresource {symbol} '<type>@<api version>' = {\n  tags: {\n    owner: '<owner>'\n  }\n}",
            terraform: "# on the resource that manages it: write the map without the tag\ntags = {\n  owner = \"<owner>\"\n}",
            portal: "{name} > Tags > Delete",
        },
    }
}

fn check(_: &Context<'_>, resource: Resource<'_>, out: &mut Out<'_>) {
    let Some(Seen::Value(tags)) = out.needs_field(Field::Tags, resource.pairs(Field::Tags).or_empty()) else {
        return;
    };
    // The reader masked what it recognised, so that nothing from here on holds the secret itself.
    let mut found = false;
    for (name, what) in tags.into_iter().filter_map(|(name, value)| Some((name, secret::masked(value)?))) {
        found = true;
        let finding = if what == secret::BY_NAME {
            out.finding(format!(
                "tag `{name}` announces a secret and holds a literal, and tags are copied to many places"
            ))
            .severity(Severity::High, "only its name says so: the value has no known form")
            .confidence(Confidence::Low)
        } else {
            // `password=...` may be an example or a placeholder; the other forms are what only credentials look like.
            let guess = what.starts_with("password");
            out.finding(format!(
                "tag `{name}` holds a secret in clear text ({what}), and tags are copied to many places"
            ))
            .confidence(if guess { Confidence::Medium } else { Confidence::High })
        };
        finding.part(&name.to_lowercase()).on_key(Field::Tags, name, what).done();
    }
    if !found {
        out.pass();
    }
}
