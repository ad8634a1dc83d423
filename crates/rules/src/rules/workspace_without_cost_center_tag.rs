//! A workspace has no cost-center tag.

use crate::ownership::{Effective, allowed, carrier};
use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Gap, Resource};

declare_rule! {
    /// Workspace without a cost center
    ///
    /// ## What it finds
    /// Workspaces, hubs and projects for which no tag names a cost center: not on the workspace, nor on its resource group or
    /// subscription where the settings let it be inherited. Also values that match none of the allowed patterns.
    ///
    /// ## Why it matters
    /// Compute, storage and logs of a workspace are charged to somebody. Without a cost center the cost lands on a shared line, and so does the cost of putting its findings right.
    ///
    /// ## How it is put right
    /// Tag the workspace, or the resource group when one team owns all of it. Names, allowed values and inheritance are set under
    /// `[tags]` in the settings: `cost_center`, `cost_center_values`, `inherit`. Built-in policies can require a tag (871b6d14-10aa-478d-b590-94f262ecfa99)
    /// and inherit it from the resource group (ea3f2387-9b95-492a-a190-fcdc54f7b070) or the subscription
    /// (40df99da-1232-49b1-a39a-6da8d878f469).
    ///
    /// ## When it stays silent
    /// When a tag with an allowed value is found. When a place it could be inherited from was not read, it is not judged.
    ///
    /// ## Sources
    /// - [Use tags to organize your Azure resources](https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources)
    "workspace-without-cost-center-tag" {
        group: Ownership,
        severity: Low,
        confidence: High,
        since: "0.1.0",
        subjects: [Workspace],
        needs: [ResourceGroup, Subscription],
        controls: controls::OWNERSHIP,
        remedy: {
            az: "az tag update --resource-id {id} --operation merge --tags cost-center=<cost center>",
            bicep: "resource {symbol} 'Microsoft.MachineLearningServices/workspaces@2025-12-01' = {\n  tags: {\n    'cost-center': '<cost center>'\n  }\n}",
            terraform: "resource \"azurerm_machine_learning_workspace\" \"{symbol}\" {\n  tags = {\n    \"cost-center\" = \"<cost center>\"\n  }\n}",
            portal: "Azure Machine Learning workspace > Tags",
        },
    }
}

fn check(cx: &Context<'_>, workspace: Resource<'_>, out: &mut Out<'_>) {
    match cx.cost_center(workspace) {
        Effective::Tag { value, .. } if allowed(value, &cx.settings.tags.cost_center_values) => out.pass(),
        Effective::Tag { name, value, source } => {
            let message =
                format!("the cost-center tag of the {} has a value that is not allowed", source.as_str());
            let pointer = format!("/tags/{}", name.replace('~', "~0").replace('/', "~1"));
            out.finding(message).on_item(carrier(workspace, source), pointer, value).done();
        }
        Effective::Unknown(kind) => out.not_judged(Gap::NotExported(kind)),
        Effective::None => {
            out.finding("nobody is named who pays for it").on(Field::Tags).done();
        }
    }
}
