//! An online endpoint takes keys.

use crate::credentials::{Class, auth_mode};
use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Covered, Field, Gap, Kind, Resource};

declare_rule! {
    /// Online endpoint called with keys
    ///
    /// ## What it finds
    /// Online endpoints whose `authMode` is `Key`. It says when an endpoint runs on Kubernetes, where the way out is another.
    ///
    /// ## Why it matters
    /// The endpoint has two keys that never expire. Whoever holds a copy can call the model until somebody regenerates
    /// them, and its log shows a call, not a caller. Everyone with `onlineEndpoints/listKeys/action` can take a copy, and
    /// `AzureML Data Scientist` has that. An endpoint has one mode: in `Key` mode it takes no Microsoft Entra token.
    ///
    /// ## How it is put right
    /// Grant every caller `Microsoft.MachineLearningServices/workspaces/onlineEndpoints/score/action` on the endpoint, then
    /// set `AADToken`. Keys are refused from that moment, so move callers with a second endpoint where a gap is not
    /// acceptable. `AADToken` exists for managed online endpoints only: on Kubernetes use `AMLToken`, whose tokens are
    /// short-lived and fetched with a Microsoft Entra identity. `authMode` changes with a PUT of the whole endpoint; a
    /// PATCH takes identity and tags only.
    ///
    /// ## When it stays silent
    /// With `AADToken` and `AMLToken`. Azure always sends `authMode`: an answer without it, or with a value nobody
    /// documents, is not judged. A key endpoint without any deployment is a lower finding.
    ///
    /// ## Sources
    /// - [Authenticate clients for online endpoints](https://learn.microsoft.com/azure/machine-learning/how-to-authenticate-online-endpoint)
    /// - [Microsoft.MachineLearningServices workspaces/onlineEndpoints](https://learn.microsoft.com/azure/templates/microsoft.machinelearningservices/workspaces/onlineendpoints)
    "online-endpoint-key-auth" {
        group: StaticCredentials,
        severity: High,
        confidence: High,
        since: "0.1.0",
        subjects: [OnlineEndpoint],
        needs: [OnlineDeployment],
        controls: controls::SERVICE_KEYS,
        remedy: {
            az: "# once callers send tokens; on Kubernetes auth_mode=aml_token; where Azure refuses the change, make a new endpoint\naz ml online-endpoint update --name {name} --resource-group {resource_group} --workspace-name {workspace} --set auth_mode=aad_token",
            bicep: "resource {symbol} 'Microsoft.MachineLearningServices/workspaces/onlineEndpoints@2025-12-01' = {\n  properties: {\n    authMode: 'AADToken' // on Kubernetes: 'AMLToken'\n  }\n}",
            terraform: "# azurerm has no resource for online endpoints; with azapi:\nresource \"azapi_update_resource\" \"{symbol}\" {\n  type        = \"Microsoft.MachineLearningServices/workspaces/onlineEndpoints@2025-12-01\"\n  resource_id = \"{id}\"\n  body = {\n    properties = {\n      authMode = \"AADToken\" # on Kubernetes: \"AMLToken\"\n    }\n  }\n}",
            portal: "The mode of an existing endpoint cannot be changed in Azure Machine Learning studio: use the CLI, or Endpoints > Real-time endpoints > Create with Authentication type: Microsoft Entra token-based, then move the callers",
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
    let finding = match kubernetes(endpoint) {
        Some((place, field)) => out
            .finding("whoever holds one of its keys can call the model; on Kubernetes only AMLToken can replace them")
            .on(Field::AuthMode)
            .on_other(place, field),
        None => out.finding("whoever holds one of its keys can call the model, and the keys never expire").on(Field::AuthMode),
    };
    let idle = endpoint.children_covered(Kind::OnlineDeployment) == Covered::Yes
        && endpoint.children(Kind::OnlineDeployment).next().is_none();
    if idle {
        return finding.lowered("it has no deployment, so there is nothing to call yet").done();
    }
    finding.done();
}

/// What says that the endpoint runs on Kubernetes: a managed endpoint names no compute of its own.
fn kubernetes(endpoint: Resource<'_>) -> Option<(Resource<'_>, Field)> {
    if endpoint.text(Field::EndpointCompute).non_empty().value().is_some() {
        return Some((endpoint, Field::EndpointCompute));
    }
    let on_it = |deployment: &Resource<'_>| {
        deployment
            .text(Field::EndpointComputeType)
            .value()
            .is_some_and(|t| t.eq_ignore_ascii_case("Kubernetes"))
    };
    let deployment = endpoint.children(Kind::OnlineDeployment).find(on_it)?;
    Some((deployment, Field::EndpointComputeType))
}
