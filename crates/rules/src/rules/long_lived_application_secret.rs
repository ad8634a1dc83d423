//! A client secret that is good for a long time.

use crate::applications::{credentials, days};
use crate::{Context, Out, controls, declare_rule};
use dekey_model::Resource;

declare_rule! {
    /// Long-lived client secret of an application
    ///
    /// ## What it finds
    /// Client secrets, of applications and of service principals themselves, with a role on a workspace, on what it depends on or above them, that are still good and were made for longer than
    /// `thresholds.max_secret_days` (180 unless set).
    ///
    /// ## Why it matters
    /// A client secret is a static key: whoever copies it signs in as the application from anywhere, without a second factor, until the last day. The longer it
    /// lives, the more places it has been copied to.
    ///
    /// ## How it is put right
    /// Use a managed identity for what runs in Azure and a federated credential for what does not. Where a secret has to stay, make it for at most half a year, and
    /// have Microsoft Entra refuse longer ones with an app management policy.
    ///
    /// ## When it stays silent
    /// For certificates, for secrets that have ended, and for those made for a shorter time. Without a start date the lifetime is not known, and what is left
    /// of it counts. For applications without a role here, and for managed identities, whose certificates Azure renews itself.
    ///
    /// ## Sources
    /// - [Application management policies](https://learn.microsoft.com/entra/identity/enterprise-apps/configure-app-management-policies)
    /// - [Security best practices for application properties: secrets](https://learn.microsoft.com/entra/identity-platform/security-best-practices-for-app-registration)
    "long-lived-application-secret" {
        group: StaticCredentials,
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        subjects: [Application, ServicePrincipal],
        needs: [],
        controls: controls::STORED_CREDENTIALS,
        remedy: {
            az: "# once nothing signs in with it\naz ad app credential delete --id {name} --key-id <the credential's id>\n# one of the service principal itself: az ad sp credential delete, with the same arguments",
            bicep: "// Credentials of applications are not resources of Azure Resource Manager: use the Azure CLI.",
            terraform: "resource \"azuread_application_password\" \"{symbol}\" {\n  application_id = \"/applications/{name}\"\n  end_date       = \"<at most half a year from now>\"\n}",
            portal: "Microsoft Entra ID > App registrations > the application > Certificates & secrets > Client secrets",
        },
    }
}

fn check(cx: &Context<'_>, application: Resource<'_>, out: &mut Out<'_>) {
    let limit = i64::from(cx.settings.thresholds.max_secret_days);
    for own in credentials(cx, application, out) {
        let lifetime = days(own.start.unwrap_or(cx.as_of), own.end);
        if !own.is_secret || own.end < cx.as_of || lifetime <= limit {
            continue;
        }
        let (pointer, end) = own.evidence();
        out.finding(format!(
            "its {} was made for {lifetime} days, and is good until {}",
            own.words(),
            own.end
        ))
        .on_item(application, pointer, end)
        .part(own.id)
        .done();
    }
}
