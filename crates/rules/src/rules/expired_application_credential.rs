//! A credential of an application whose time is over.

use crate::applications::{credentials, days};
use crate::{Context, Out, controls, declare_rule};
use dekey_model::Resource;

declare_rule! {
    /// Expired credential of an application
    ///
    /// ## What it finds
    /// Client secrets and certificates, of applications and of service principals themselves, with a role on a workspace, on what it depends on or above them, whose last day is over.
    ///
    /// ## Why it matters
    /// It signs nobody in any more. Either nothing used it, then the application and its roles can go too, or something has failed since.
    /// Expired entries also make it hard to see which credential is in use.
    ///
    /// ## How it is put right
    /// Delete it. Ask what signed in with it: Azure jobs can use a managed identity, pipelines outside of Azure a federated credential, which has no secret
    /// that ends.
    ///
    /// ## When it stays silent
    /// On its last day and before. For applications without a role here, and for managed identities, whose certificates Azure renews itself. When applications were not read it is not judged.
    ///
    /// ## Sources
    /// - [Recommendation: remove unused credentials from apps](https://learn.microsoft.com/entra/identity/monitoring-health/recommendation-remove-unused-credential-from-apps)
    "expired-application-credential" {
        group: StaticCredentials,
        severity: Low,
        confidence: High,
        since: "0.1.0",
        subjects: [Application, ServicePrincipal],
        needs: [],
        controls: controls::STORED_CREDENTIALS,
        remedy: {
            az: "az ad app credential delete --id {name} --key-id <the credential's id>\n# one of the service principal itself: az ad sp credential delete, with the same arguments",
            bicep: "// Credentials of applications are not resources of Azure Resource Manager: use the Azure CLI.",
            terraform: "# Remove the azuread_application_password or azuread_application_certificate and apply.",
            portal: "Microsoft Entra ID > App registrations > the application > Certificates & secrets > Delete",
        },
    }
}

fn check(cx: &Context<'_>, application: Resource<'_>, out: &mut Out<'_>) {
    for own in credentials(cx, application, out).iter().filter(|own| own.end < cx.as_of) {
        let ago = match days(own.end, cx.as_of) {
            1 => "yesterday".to_owned(),
            many => format!("{many} days ago"),
        };
        let (pointer, end) = own.evidence();
        out.finding(format!("{} ended {ago}", own.words()))
            .on_item(application, pointer, end)
            .part(own.id)
            .done();
    }
}
