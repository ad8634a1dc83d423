//! A workspace has no owner tag.

use crate::ownership::{Effective, allowed, carrier, creator};
use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Gap, Resource};

declare_rule! {
    /// Workspace without an owner
    ///
    /// ## What it finds
    /// Workspaces, hubs and projects for which no tag names an owner: not on the workspace, nor on its resource group or
    /// subscription where the settings let it be inherited. Also values that match none of the allowed patterns.
    ///
    /// ## Why it matters
    /// Somebody has to decide about a finding, and to hear of it. A workspace nobody owns stays as it is, and its identity and keys outlive the people who knew it.
    ///
    /// ## How it is put right
    /// Tag the workspace, or the resource group when one team owns all of it. Names, allowed values and inheritance are set under
    /// `[tags]` in the settings: `owner`, `owner_values`, `inherit`. Built-in policies can require a tag (871b6d14-10aa-478d-b590-94f262ecfa99)
    /// and inherit it from the resource group (ea3f2387-9b95-492a-a190-fcdc54f7b070) or the subscription
    /// (40df99da-1232-49b1-a39a-6da8d878f469).
    ///
    /// ## When it stays silent
    /// When a tag with an allowed value is found. When a place it could be inherited from was not read, it is not judged.
    ///
    /// ## Sources
    /// - [Use tags to organize your Azure resources](https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources)
    "workspace-without-owner-tag" {
        group: Ownership,
        severity: Low,
        confidence: High,
        since: "0.1.0",
        subjects: [Workspace],
        needs: [ResourceGroup, Subscription],
        controls: controls::OWNERSHIP,
        remedy: {
            az: "az tag update --resource-id {id} --operation merge --tags owner=<address of the team>",
            bicep: "resource {symbol} 'Microsoft.MachineLearningServices/workspaces@2025-12-01' = {\n  tags: {\n    'owner': '<address of the team>'\n  }\n}",
            terraform: "resource \"azurerm_machine_learning_workspace\" \"{symbol}\" {\n  tags = {\n    \"owner\" = \"<address of the team>\"\n  }\n}",
            portal: "Azure Machine Learning workspace > Tags",
        },
    }
}

fn check(cx: &Context<'_>, workspace: Resource<'_>, out: &mut Out<'_>) {
    match cx.owner(workspace) {
        Effective::Tag { value, .. } if allowed(value, &cx.settings.tags.owner_values) => out.pass(),
        Effective::Tag { name, value, source } => {
            let message = format!("the owner tag of the {} has a value that is not allowed", source.as_str());
            let pointer = format!("/tags/{}", name.replace('~', "~0").replace('/', "~1"));
            out.finding(message).on_item(carrier(workspace, source), pointer, value).done();
        }
        Effective::Unknown(kind) => out.not_judged(Gap::NotExported(kind)),
        Effective::None => {
            let finding = out.finding("nobody is named who answers for it").on(Field::Tags);
            match creator(workspace) {
                // A guess, which the report marks as such.
                Some(_) => finding.on(Field::CreatedBy).done(),
                None => finding.done(),
            }
        }
    }
}
