//! A connection authenticates in a way nobody documents.

use crate::credentials::{Class, auth_type};
use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Resource};

declare_rule! {
    /// Connection with an unknown authentication type
    ///
    /// ## What it finds
    /// Connections whose `authType` is none of the values that Azure's API versions and SDKs list.
    ///
    /// ## Why it matters
    /// The list is open: Azure adds values with new services. A new one may be an identity, or one more kind of stored
    /// secret. Until somebody has looked, the connection counts neither as keyless nor as static.
    ///
    /// ## How it is put right
    /// Read what the value means in Azure's reference, and whether the service behind it holds a secret of yours. If it
    /// does, treat the connection as connection-static-credential says. If it does not, waive this finding until a version
    /// of dekey knows the value.
    ///
    /// ## When it stays silent
    /// For every value that is listed, in any case. A connection that was read without its `authType` is not judged.
    ///
    /// ## Sources
    /// - [Microsoft.MachineLearningServices workspaces/connections](https://learn.microsoft.com/azure/templates/microsoft.machinelearningservices/workspaces/connections)
    /// - [ConnectionAuthType](https://learn.microsoft.com/rest/api/azureml/workspace-connections/list)
    "connection-unknown-auth-type" {
        group: StaticCredentials,
        severity: Low,
        confidence: Low,
        since: "0.1.0",
        subjects: [Connection],
        needs: [],
        controls: controls::STORED_CREDENTIALS,
        remedy: {
            az: "az resource show --ids {id} --api-version 2025-12-01 --query properties",
            bicep: "resource {symbol} 'Microsoft.MachineLearningServices/workspaces/connections@2025-12-01' = {\n  parent: workspace\n  name: '{name}'\n  properties: {\n    authType: 'AAD' // if the target takes Microsoft Entra tokens\n    category: '<category>'\n    target: '<target>'\n  }\n}",
            terraform: "# azurerm has no resource for connections; with azapi:\ndata \"azapi_resource\" \"{symbol}\" {\n  type                   = \"Microsoft.MachineLearningServices/workspaces/connections@2025-12-01\"\n  resource_id            = \"{id}\"\n  response_export_values = [\"properties.authType\", \"properties.category\", \"properties.target\"]\n}",
            portal: "Azure Machine Learning studio > Connections > {name}: look at its authentication",
        },
    }
}

fn check(_: &Context<'_>, connection: Resource<'_>, out: &mut Out<'_>) {
    let Some(given) = out.needs_text(connection, Field::AuthType) else { return };
    if auth_type(given).0 != Class::Review {
        return out.pass();
    }
    out.finding("whether it stores a secret is not known: look what its `authType` means")
        .on(Field::AuthType)
        .on(Field::Category)
        .done();
}
