//! A connection stores a static credential.

use crate::credentials::{Class, auth_type};
use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Gap, Resource, Seen};

declare_rule! {
    /// Connection with a static credential
    ///
    /// ## What it finds
    /// Connections whose `authType` stores a secret: `AccessKey`, `AccountKey`, `ApiKey`, `CustomKeys`, `OAuth2`, `PAT`,
    /// `SAS`, `ServicePrincipal` and `UsernamePassword`. It says what the connection is for (`category`), whether it is
    /// shared to all (`isSharedToAll`: from a hub, that is every project) and when it expires (`expiryTime`).
    ///
    /// ## Why it matters
    /// The secret lies in the workspace's Key Vault, and everyone who holds
    /// `Microsoft.MachineLearningServices/workspaces/connections/listsecrets/action` gets it in clear text with one call.
    /// A copy goes on working at the target until somebody replaces it there, and the target's log shows the key, not
    /// the person.
    ///
    /// ## How it is put right
    /// Where the target takes Microsoft Entra tokens (Azure storage, Azure OpenAI, AI services, AI Search), grant its data
    /// role to whoever uses the connection, change `authType` to `AAD`, or to `ManagedIdentity` with the client id and
    /// resource id of a user-assigned identity, and read the connection back. Where it takes secrets only (Git, Snowflake,
    /// Amazon S3, most services outside Azure), replace the secret by one that expires and may do little, and set
    /// `expiryTime`. In both cases the old secret must be revoked at the target: changing or deleting the connection does
    /// not do that. Projects see what their hub shares, so a change there reaches all of them at once.
    ///
    /// ## When it stays silent
    /// With `AAD`, `ManagedIdentity`, `None`, and the identities of users, projects, accounts and agents. A user
    /// delegation SAS (`DelegatedSAS`) is signed by Microsoft Entra and short-lived: not static. A value that nobody
    /// documents is not judged here; connection-unknown-auth-type reports it.
    ///
    /// ## Sources
    /// - [Connections in Azure Machine Learning](https://learn.microsoft.com/azure/machine-learning/how-to-connection)
    /// - [Microsoft.MachineLearningServices workspaces/connections](https://learn.microsoft.com/azure/templates/microsoft.machinelearningservices/workspaces/connections)
    /// - [Workspace Connections - List Secrets](https://learn.microsoft.com/rest/api/azureml/workspace-connections/list-secrets)
    "connection-static-credential" {
        group: StaticCredentials,
        severity: High,
        confidence: High,
        since: "0.1.0",
        subjects: [Connection],
        needs: [Workspace],
        controls: controls::STORED_CREDENTIALS,
        remedy: {
            az: "# only where the target takes Microsoft Entra tokens, and once their roles are given\naz resource update --ids {id} --api-version 2025-12-01 --set properties.authType=AAD",
            bicep: "resource {symbol} 'Microsoft.MachineLearningServices/workspaces/connections@2025-12-01' = {\n  parent: workspace\n  name: '{name}'\n  properties: {\n    authType: 'AAD'\n    category: '<category>'\n    target: '<target>'\n  }\n}",
            terraform: "# azurerm has no resource for connections; with azapi:\nresource \"azapi_resource\" \"{symbol}\" {\n  type      = \"Microsoft.MachineLearningServices/workspaces/connections@2025-12-01\"\n  parent_id = \"{parent_id}\"\n  name      = \"{name}\"\n  body = {\n    properties = {\n      authType = \"AAD\"\n      category = \"<category>\"\n      target   = \"<target>\"\n    }\n  }\n}",
            portal: "Azure Machine Learning studio > Connections > {name} > Edit > Authentication: Microsoft Entra ID. Where the form does not offer it, create a second connection with it, move what uses this one, and delete this one",
        },
    }
}

fn check(cx: &Context<'_>, connection: Resource<'_>, out: &mut Out<'_>) {
    let Some(given) = out.needs_text(connection, Field::AuthType) else { return };
    let what = match auth_type(given) {
        (Class::Keyless, _) => return out.pass(),
        (Class::Review, _) => return out.not_judged(Gap::Odd(Field::AuthType)),
        (Class::Static, what) => what,
    };
    let category = connection.text(Field::Category).non_empty().value().unwrap_or("its target");
    let (expiry, expired) = expiry(cx, connection);
    let message =
        format!("it stores a static credential ({what}) for {category}{}{expiry}", reach(connection));
    let finding = out.finding(message).on(Field::AuthType).on(Field::IsSharedToAll).on(Field::ExpiryTime);
    if expired {
        return finding
            .lowered("its `expiryTime` has passed; whether the target still takes the secret is not known")
            .done();
    }
    finding.done();
}

/// Who can use the connection, where that is more than its maker.
fn reach(connection: Resource<'_>) -> &'static str {
    if connection.flag(Field::IsSharedToAll) != Seen::Value(true) {
        return "";
    }
    let kind = connection.workspace().and_then(|ws| ws.text(Field::Kind).value());
    match kind {
        Some(kind) if kind.eq_ignore_ascii_case("hub") => ", shared with every project of the hub",
        Some(_) => ", shared with everyone in the workspace",
        None => ", shared to all",
    }
}

/// When it expires, in words, and whether that was before the audit.
fn expiry(cx: &Context<'_>, connection: Resource<'_>) -> (String, bool) {
    match connection.text(Field::ExpiryTime).non_empty() {
        Seen::Value(time) => {
            let day = time.split_once('T').map_or(time, |(day, _)| day);
            match cx.days_since(time) {
                Some(1..) => (format!(", expired since {day}"), true),
                Some(_) => (format!(", until {day}"), false),
                None => (String::new(), false),
            }
        }
        Seen::Absent | Seen::Null => (", without an expiry".to_owned(), false),
        Seen::NotRead | Seen::Odd => (String::new(), false),
    }
}
