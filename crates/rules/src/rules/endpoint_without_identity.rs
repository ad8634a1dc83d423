//! An endpoint has no managed identity.

use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Gap, IdentityState, Resource};

declare_rule! {
    /// Endpoint without a managed identity
    ///
    /// ## What it finds
    /// Online endpoints without a managed identity.
    ///
    /// ## Why it matters
    /// Deployments pull their image and model with the endpoint's identity. Without one they depend on keys. Managed
    /// online endpoints get a system-assigned identity, and its roles, by themselves when nothing else is asked for.
    ///
    /// ## How it is put right
    /// The identity of an endpoint is meant to be set when it is created: make a new endpoint with an identity, move
    /// the traffic, delete the old one. A user-assigned identity needs AcrPull on the registry and Storage Blob Data
    /// Reader on the default storage first.
    ///
    /// ## When it stays silent
    /// When there is an identity, and for batch and serverless endpoints: a batch job runs as its caller and its compute,
    /// and Microsoft's clients make batch endpoints without an identity. When it was not read it is not judged.
    ///
    /// ## Sources
    /// - [Online endpoint authentication](https://learn.microsoft.com/azure/machine-learning/concept-endpoints-online-auth)
    "endpoint-without-identity" {
        group: Identity,
        severity: Low,
        confidence: High,
        since: "0.1.0",
        subjects: [OnlineEndpoint],
        needs: [],
        controls: controls::IDENTITY,
        remedy: {
            az: "az ml online-endpoint create --name <new name> --workspace-name {workspace} --resource-group {resource_group} --auth-mode aad_token",
            bicep: "resource {symbol} 'Microsoft.MachineLearningServices/workspaces/onlineEndpoints@2025-12-01' = {\n  identity: {\n    type: 'SystemAssigned'\n  }\n}",
            terraform: "# azurerm has no resource for endpoints; with azapi:\nresource \"azapi_resource\" \"{symbol}\" {\n  type = \"Microsoft.MachineLearningServices/workspaces/onlineEndpoints@2025-12-01\"\n  identity {\n    type = \"SystemAssigned\"\n  }\n}",
            portal: "Azure Machine Learning studio > Endpoints > Create > Identity type",
        },
    }
}

fn check(_: &Context<'_>, endpoint: Resource<'_>, out: &mut Out<'_>) {
    match endpoint.identity() {
        IdentityState::NotRead => out.not_judged(Gap::NotRead(Field::Identity)),
        IdentityState::Odd => out.not_judged(Gap::Odd(Field::IdentityType)),
        IdentityState::Known(own) if !own.is_none() => out.pass(),
        IdentityState::Known(_) => {
            out.finding("its deployments depend on keys to pull images and models")
                .on(Field::IdentityType)
                .done();
        }
    }
}
