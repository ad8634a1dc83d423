//! `Microsoft.Insights/components` and diagnostic settings.

use super::{TENANT, Wire, name_of, put};
use crate::draw::guid;
use serde_json::{Value, json};

/// An Application Insights component, api-version 2020-02-02, whose properties are in Pascal case.
pub(crate) fn component(
    id: &str,
    location: &str,
    created: &str,
    logs: &str,
    local_auth_off: Wire,
    tags: Wire,
) -> Value {
    let (name, app, key) = (name_of(id), guid(&format!("app {id}")), guid(&format!("instrumentation {id}")));
    let base = json!({
        "id": id,
        "name": name,
        "type": "microsoft.insights/components",
        "location": location,
        "kind": "web",
        "etag": format!("\"{}\"", guid(&format!("etag {id}")).get(..23).unwrap_or_default()),
    });
    let properties = json!({
        "ApplicationId": name,
        "AppId": app,
        "Application_Type": "web",
        "Flow_Type": "Bluefield",
        "Request_Source": "rest",
        "InstrumentationKey": key,
        "ConnectionString": format!(
            "InstrumentationKey={key};IngestionEndpoint=https://{location}-2.in.applicationinsights.azure.com/;\
             LiveEndpoint=https://{location}.livediagnostics.monitor.azure.com/;ApplicationId={app}"
        ),
        "Name": name,
        "CreationDate": created,
        "TenantId": TENANT,
        "provisioningState": "Succeeded",
        "SamplingPercentage": null,
        "RetentionInDays": 90,
        "WorkspaceResourceId": logs,
        "IngestionMode": "LogAnalytics",
        "publicNetworkAccessForIngestion": "Enabled",
        "publicNetworkAccessForQuery": "Enabled",
        "Ver": "v2",
    });
    let head = put(base, "", [("tags", tags), ("properties", Some(properties))]);
    put(head, "/properties", [("DisableLocalAuth", local_auth_off)])
}

/// A diagnostic setting that sends categories to a Log Analytics workspace. A category in angle brackets is a group
/// (`<allLogs>`); one that starts with `-` is listed but switched off.
pub(crate) fn diagnostics(resource: &str, name: &str, logs: &str, categories: &[&str]) -> Value {
    let retention = json!({ "enabled": false, "days": 0 });
    let entries: Vec<Value> = categories
        .iter()
        .map(|word| {
            let (enabled, word) = word.strip_prefix('-').map_or((true, *word), |off| (false, off));
            match word.strip_prefix('<').and_then(|w| w.strip_suffix('>')) {
                Some(group) => {
                    json!({ "category": null, "categoryGroup": group, "enabled": enabled, "retentionPolicy": retention })
                }
                None => {
                    json!({ "category": word, "categoryGroup": null, "enabled": enabled, "retentionPolicy": retention })
                }
            }
        })
        .collect();
    json!({
        "id": format!("{resource}/providers/microsoft.insights/diagnosticSettings/{name}"),
        "type": "Microsoft.Insights/diagnosticSettings",
        "name": name,
        "location": null,
        "kind": null,
        "tags": null,
        "properties": {
            "storageAccountId": null,
            "serviceBusRuleId": null,
            "workspaceId": logs,
            "eventHubAuthorizationRuleId": null,
            "eventHubName": null,
            "metrics": [{ "category": "AllMetrics", "enabled": entries.is_empty(), "retentionPolicy": retention }],
            "logs": entries,
            "logAnalyticsDestinationType": null,
        },
        "identity": null,
    })
}
