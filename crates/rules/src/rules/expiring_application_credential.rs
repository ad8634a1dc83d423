//! A credential of an application that is about to end.

use crate::applications::{credentials, days};
use crate::{Context, Out, controls, declare_rule};
use dekey_model::Resource;

declare_rule! {
    /// Credential of an application that ends soon
    ///
    /// ## What it finds
    /// Client secrets and certificates, of applications and of service principals themselves, with a role on a workspace, on what it depends on or above them, that end within
    /// `thresholds.credential_notice_days` (30 unless set).
    ///
    /// ## Why it matters
    /// Whatever signs in with it fails on that day: datastores and connections that hold the secret, pipelines, endpoints. It is the cheapest moment to leave the
    /// secret behind: the work to renew it is due anyway.
    ///
    /// ## How it is put right
    /// Move what uses it to a managed identity, or to a federated credential where it runs outside of Azure. If that takes longer than the time left, make a
    /// new credential for a short time, change what uses it, and delete the old one.
    ///
    /// ## When it stays silent
    /// When it ends later, or has ended: `expired-application-credential` says so. For applications without a role here, and for managed identities, whose certificates Azure renews itself. When applications were not read it is
    /// not judged.
    ///
    /// ## Sources
    /// - [Recommendation: renew expiring application credentials](https://learn.microsoft.com/entra/identity/monitoring-health/recommendation-renew-expiring-application-credential)
    /// - [Workload identity federation](https://learn.microsoft.com/entra/workload-id/workload-identity-federation)
    "expiring-application-credential" {
        group: StaticCredentials,
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        subjects: [Application, ServicePrincipal],
        needs: [],
        controls: controls::STORED_CREDENTIALS,
        remedy: {
            az: "az ad app federated-credential create --id {name} --parameters <a file with issuer, subject and audiences>",
            bicep: "// Credentials of applications are not resources of Azure Resource Manager: use the Azure CLI.",
            terraform: "resource \"azuread_application_federated_identity_credential\" \"{symbol}\" {\n  application_id = \"/applications/{name}\"\n  display_name   = \"<what signs in>\"\n  audiences      = [\"api://AzureADTokenExchange\"]\n  issuer         = \"<its issuer>\"\n  subject        = \"<its subject>\"\n}",
            portal: "Microsoft Entra ID > App registrations > the application > Certificates & secrets > Federated credentials",
        },
    }
}

fn check(cx: &Context<'_>, application: Resource<'_>, out: &mut Out<'_>) {
    let notice = i64::from(cx.settings.thresholds.credential_notice_days);
    for own in credentials(cx, application, out) {
        let left = days(cx.as_of, own.end);
        if !(0..=notice).contains(&left) {
            continue;
        }
        let when = match left {
            0 => "today".to_owned(),
            1 => "tomorrow".to_owned(),
            many => format!("in {many} days"),
        };
        let (pointer, end) = own.evidence();
        out.finding(format!("{} ends {when}", own.words()))
            .on_item(application, pointer, end)
            .part(own.id)
            .done();
    }
}
