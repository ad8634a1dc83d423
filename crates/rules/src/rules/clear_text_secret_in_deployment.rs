//! A deployment holds a secret in an environment variable.

use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Confidence, Field, Resource, Seen, Severity, secret};

declare_rule! {
    /// Deployment with a secret in clear text
    ///
    /// ## What it finds
    /// Environment variables of online and batch deployments whose value has the form of a credential (connection string
    /// with key, SAS, storage account key, private key, token), and variables whose name announces a secret
    /// (`DB_PASSWORD`, or `OPENAI_KEY` with a value like a key) and whose value is a literal. One finding for each variable:
    /// its name is shown, its value never.
    ///
    /// ## Why it matters
    /// The API returns environment variables in clear text to everyone who may read the deployment, `Reader` included. They
    /// also stand in the YAML or template that made it, and in every export: this one held it too. A secret here has to
    /// be taken as known, hence critical.
    ///
    /// ## How it is put right
    /// Revoke the secret at its source first. Then let the code sign in as the endpoint's managed identity, so that no
    /// secret is needed. Where one is, keep it in a Key Vault or workspace connection and refer to it:
    /// `${{keyvault:https://<vault>.vault.azure.net/secrets/<name>}}` or
    /// `${{azureml://connections/<name>/credentials/key}}` (secret injection of online endpoints, in preview); the
    /// endpoint's identity needs `Key Vault Secrets User` or `Azure Machine Learning Workspace Connection Secrets Reader`.
    ///
    /// ## When it stays silent
    /// For references (`${{...}}`, vault addresses), short values, numbers, and names that say where a secret is and not
    /// what it is (`TOKEN_URL`). A finding that rests on a variable's name alone is high with low confidence.
    /// An answer without environment variables passes; one that was read without its properties is not judged.
    ///
    /// ## Sources
    /// - [Secret injection in online endpoints](https://learn.microsoft.com/azure/machine-learning/concept-secret-injection)
    /// - [Deploy to online endpoints with secret injection](https://learn.microsoft.com/azure/machine-learning/how-to-deploy-online-endpoint-with-secret-injection)
    /// - [Microsoft.MachineLearningServices workspaces/onlineEndpoints/deployments](https://learn.microsoft.com/azure/templates/microsoft.machinelearningservices/workspaces/onlineendpoints/deployments)
    "clear-text-secret-in-deployment" {
        group: StaticCredentials,
        severity: Critical,
        confidence: High,
        since: "0.1.0",
        subjects: [OnlineDeployment, BatchDeployment],
        needs: [],
        controls: controls::STORED_CREDENTIALS,
        remedy: {
            az: "# in the deployment's YAML, environment_variables: <name>: ${{keyvault:https://<vault>.vault.azure.net/secrets/<secret>}}\n# batch: az ml batch-deployment create, and let the code read the vault as the compute's identity\naz ml online-deployment update --file <deployment.yml> --resource-group {resource_group} --workspace-name {workspace}",
            bicep: "resource {symbol} 'Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments@2025-12-01' = {\n  properties: {\n    environmentVariables: {\n      '<name>': '\\${{keyvault:https://<vault>.vault.azure.net/secrets/<secret>}}'\n    }\n  }\n}",
            terraform: "# azurerm has no resource for deployments; with azapi:\nresource \"azapi_update_resource\" \"{symbol}\" {\n  type        = \"Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments@2025-12-01\"\n  resource_id = \"{id}\"\n  body = {\n    properties = {\n      environmentVariables = {\n        \"<name>\" = \"$${{keyvault:https://<vault>.vault.azure.net/secrets/<secret>}}\"\n      }\n    }\n  }\n}",
            portal: "Azure Machine Learning studio > Endpoints > {parent}: create a deployment with a reference in place of the value, send the traffic to it, delete {name}",
        },
    }
}

fn check(_: &Context<'_>, deployment: Resource<'_>, out: &mut Out<'_>) {
    let seen = deployment.pairs(Field::SecretVariables);
    let Some(Seen::Value(variables)) = out.needs_field(Field::SecretVariables, seen.or_empty()) else {
        return;
    };
    if variables.is_empty() {
        return out.pass();
    }
    for (name, what) in variables {
        let finding = if what == secret::BY_NAME {
            out.finding(format!("environment variable `{name}` announces a secret and holds a literal, for every reader to see"))
                .severity(Severity::High, "only its name says so: the value has no known form")
                .confidence(Confidence::Low)
        } else {
            out.finding(format!(
                "environment variable `{name}` holds a secret in clear text ({what}), for every reader to see"
            ))
        };
        finding.part(name).on_key(Field::SecretVariables, name, what).done();
    }
}
