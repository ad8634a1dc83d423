//! A datastore holds a credential of a kind nobody documents.

use crate::credentials::{Class, credentials_type, judge_datastore};
use crate::{Context, Out, controls, declare_rule};
use dekey_model::Resource;

declare_rule! {
    /// Datastore with a credential of an unknown kind
    ///
    /// ## What it finds
    /// Datastores whose `credentialsType` is none that Azure documents.
    ///
    /// ## Why it matters
    /// New kinds of credentials appear before documentation does. It may be keyless, or a static secret: somebody has
    /// to look.
    ///
    /// ## How it is put right
    /// Look at the datastore in the studio. If the kind is keyless, waive the finding until the next version of dekey
    /// knows it.
    ///
    /// ## When it stays silent
    /// For every documented kind, and for the system datastores.
    ///
    /// ## Sources
    /// - [Datastores, REST reference](https://learn.microsoft.com/rest/api/azureml/datastores)
    "datastore-unknown-credential" {
        group: StaticCredentials,
        severity: Low,
        confidence: Low,
        since: "0.1.0",
        subjects: [Datastore],
        needs: [],
        controls: controls::STORED_CREDENTIALS,
        remedy: {
            az: "az ml datastore show --name {name} --workspace-name {workspace} --resource-group {resource_group}",
            bicep: "// Look at it first: az ml datastore show",
            terraform: "# Look at it first: az ml datastore show",
            portal: "Azure Machine Learning studio > Data > Datastores > the datastore",
        },
    }
}

fn check(_: &Context<'_>, datastore: Resource<'_>, out: &mut Out<'_>) {
    let unknown = |held: &str| credentials_type(held).0 == Class::Review;
    judge_datastore(
        datastore,
        out,
        unknown,
        "it holds a credential of a kind that is not documented: look at it",
    );
}
