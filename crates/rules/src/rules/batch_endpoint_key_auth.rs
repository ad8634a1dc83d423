//! A batch endpoint takes keys.

use crate::credentials::{Class, auth_mode};
use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Gap, Resource};

declare_rule! {
    /// Batch endpoint called with keys
    ///
    /// ## What it finds
    /// Batch endpoints whose `authMode` is `Key`.
    ///
    /// ## Why it matters
    /// A batch endpoint starts jobs on your compute with your data, under the identity of whoever calls it. Azure Machine
    /// Learning takes Microsoft Entra tokens only for that: the CLI offers no other mode, and no page documents keys. The
    /// schema allows `Key` because all endpoints share one enumeration. So the value says that the endpoint is old, or that
    /// what was read is a template and no answer of Azure, rather than that a key opens it today. That is why the confidence
    /// is low. If its keys do work, nobody is behind the jobs they start.
    ///
    /// ## How it is put right
    /// Read the endpoint from Azure first. If the answer says `Key`, set `AADToken` with a PUT of the whole endpoint (a PATCH
    /// takes identity and tags only), or make it anew. If it says `AADToken`, put the template right that was read. Callers
    /// need the right to read the endpoint and its deployments and to create jobs in them; `AzureML Data Scientist` has both.
    ///
    /// ## When it stays silent
    /// With `AADToken`, the only mode that the CLI offers, and `AMLToken`. Azure always sends `authMode`: an answer without
    /// it, or with a value nobody documents, is not judged.
    ///
    /// ## Sources
    /// - [Authorization on batch endpoints](https://learn.microsoft.com/azure/machine-learning/how-to-authenticate-batch-endpoint)
    /// - [CLI (v2) batch endpoint YAML schema](https://learn.microsoft.com/azure/machine-learning/reference-yaml-endpoint-batch)
    /// - [Microsoft.MachineLearningServices workspaces/batchEndpoints](https://learn.microsoft.com/azure/templates/microsoft.machinelearningservices/workspaces/batchendpoints)
    "batch-endpoint-key-auth" {
        group: StaticCredentials,
        severity: Medium,
        confidence: Low,
        since: "0.1.0",
        subjects: [BatchEndpoint],
        needs: [],
        controls: controls::SERVICE_KEYS,
        remedy: {
            az: "az ml batch-endpoint show --name {name} --resource-group {resource_group} --workspace-name {workspace} --query auth_mode # aad_token: only what was read is wrong\naz ml batch-endpoint update --name {name} --resource-group {resource_group} --workspace-name {workspace} --set auth_mode=aad_token",
            bicep: "resource {symbol} 'Microsoft.MachineLearningServices/workspaces/batchEndpoints@2025-12-01' = {\n  properties: {\n    authMode: 'AADToken'\n  }\n}",
            terraform: "# azurerm has no resource for batch endpoints; with azapi:\nresource \"azapi_update_resource\" \"{symbol}\" {\n  type        = \"Microsoft.MachineLearningServices/workspaces/batchEndpoints@2025-12-01\"\n  resource_id = \"{id}\"\n  body = {\n    properties = {\n      authMode = \"AADToken\"\n    }\n  }\n}",
            portal: "Azure Machine Learning studio makes batch endpoints with Microsoft Entra tokens only and cannot change the mode of this one: use the CLI, or create it anew under Endpoints > Batch endpoints",
        },
    }
}

fn check(_: &Context<'_>, endpoint: Resource<'_>, out: &mut Out<'_>) {
    let Some(given) = out.needs_text(endpoint, Field::AuthMode) else { return };
    match auth_mode(given).0 {
        Class::Keyless => out.pass(),
        Class::Review => out.not_judged(Gap::Odd(Field::AuthMode)),
        Class::Static => {
            out.finding(
                "it asks for keys, which the service refuses for batch endpoints: it is old, or what was read is a template",
            )
            .on(Field::AuthMode)
            .done();
        }
    }
}
