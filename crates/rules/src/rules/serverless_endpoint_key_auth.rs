//! A serverless endpoint takes keys.

use crate::credentials::{Class, auth_mode};
use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Gap, Resource};

declare_rule! {
    /// Serverless endpoint called with keys
    ///
    /// ## What it finds
    /// Serverless endpoints (models paid by the token) whose `authMode` is `Key` or `KeyAndAAD`.
    ///
    /// ## Why it matters
    /// The endpoint has two keys that never expire. Whoever holds a copy can use the model at your expense until somebody
    /// regenerates them, and nothing tells who it was. With `KeyAndAAD` callers may come with a Microsoft Entra token, but
    /// a leaked key works just as well.
    ///
    /// ## How it is put right
    /// Go to `KeyAndAAD` first if the endpoint has callers on keys: it takes both, so they can move one by one. Then set
    /// `AAD`. `authMode` changes with a PUT of the whole endpoint; a PATCH takes tags, SKU and identity only. Read the
    /// endpoint back, and regenerate the keys if it is to keep them for a while.
    ///
    /// ## When it stays silent
    /// With `AAD`. Azure always sends `authMode`: an answer without it, or with a value nobody documents, is not judged.
    ///
    /// ## Sources
    /// - [Deploy models as serverless API deployments](https://learn.microsoft.com/azure/machine-learning/how-to-deploy-models-serverless)
    /// - [Microsoft.MachineLearningServices workspaces/serverlessEndpoints](https://learn.microsoft.com/azure/templates/microsoft.machinelearningservices/workspaces/serverlessendpoints)
    "serverless-endpoint-key-auth" {
        group: StaticCredentials,
        severity: High,
        confidence: High,
        since: "0.1.0",
        subjects: [ServerlessEndpoint],
        needs: [],
        controls: controls::SERVICE_KEYS,
        remedy: {
            az: "az resource update --ids {id} --api-version 2025-12-01 --set properties.authMode=AAD",
            bicep: "resource {symbol} 'Microsoft.MachineLearningServices/workspaces/serverlessEndpoints@2025-12-01' = {\n  properties: {\n    authMode: 'AAD'\n  }\n}",
            terraform: "# azurerm has no resource for serverless endpoints; with azapi:\nresource \"azapi_update_resource\" \"{symbol}\" {\n  type        = \"Microsoft.MachineLearningServices/workspaces/serverlessEndpoints@2025-12-01\"\n  resource_id = \"{id}\"\n  body = {\n    properties = {\n      authMode = \"AAD\"\n    }\n  }\n}",
            portal: "The mode of an existing endpoint cannot be changed in Azure Machine Learning studio: use the CLI",
        },
    }
}

fn check(_: &Context<'_>, endpoint: Resource<'_>, out: &mut Out<'_>) {
    let Some(given) = out.needs_text(endpoint, Field::AuthMode) else { return };
    match auth_mode(given).0 {
        Class::Keyless => return out.pass(),
        Class::Review => return out.not_judged(Gap::Odd(Field::AuthMode)),
        Class::Static => {}
    }
    let message = if given.eq_ignore_ascii_case("KeyAndAAD") {
        "callers may already come with a Microsoft Entra token, but whoever holds one of its keys can use the model too"
    } else {
        "whoever holds one of its keys can use the model at your expense, and the keys never expire"
    };
    out.finding(message).on(Field::AuthMode).done();
}
