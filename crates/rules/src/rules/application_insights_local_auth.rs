//! Application Insights accepts telemetry on an instrumentation key.

use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Resource, Seen};

declare_rule! {
    /// Application Insights that accepts an instrumentation key
    ///
    /// ## What it finds
    /// Application Insights components whose `DisableLocalAuth` is not `true`. Absent means that local authentication is on.
    ///
    /// ## Why it matters
    /// Whoever knows the instrumentation key or connection string can send telemetry, and so hide real events among invented
    /// ones or run up cost. The key stands in every scoring script that was ever deployed with it. It reads nothing.
    ///
    /// ## How it is put right
    /// Give Monitoring Metrics Publisher to the identities that send, make sure their SDKs use Microsoft Entra tokens, then
    /// disable local authentication. Deployments that still send with the key lose their telemetry at that moment.
    ///
    /// ## When it stays silent
    /// When `DisableLocalAuth` is `true`.
    ///
    /// ## Sources
    /// - [Microsoft Entra authentication for Application Insights](https://learn.microsoft.com/azure/azure-monitor/app/azure-ad-authentication)
    "application-insights-local-auth" {
        group: Dependents,
        severity: Low,
        confidence: High,
        since: "0.1.0",
        subjects: [AppInsights],
        needs: [],
        controls: controls::SERVICE_KEYS,
        remedy: {
            az: "# once every sender uses Microsoft Entra tokens\naz resource update --ids {id} --set properties.DisableLocalAuth=true",
            bicep: "resource {symbol} 'Microsoft.Insights/components@2020-02-02' = {\n  properties: {\n    DisableLocalAuth: true\n  }\n}",
            terraform: "resource \"azurerm_application_insights\" \"{symbol}\" {\n  local_authentication_disabled = true\n}",
            portal: "Application Insights > Configure > Properties > Local Authentication: Disabled",
        },
    }
}

fn check(_: &Context<'_>, component: Resource<'_>, out: &mut Out<'_>) {
    let field = Field::DisableLocalAuth;
    match out.needs_field(field, component.flag(field)) {
        Some(Seen::Value(true)) => out.pass(),
        Some(_) => out.finding("whoever knows the instrumentation key can send telemetry").on(field).done(),
        None => {}
    }
}
