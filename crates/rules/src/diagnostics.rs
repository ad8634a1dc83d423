//! What the diagnostic settings of a resource send somewhere.

use crate::Fired;
use dekey_model::{Covered, Field, Gap, Kind, Resource, Seen};
use serde_json::Value;

/// Where a diagnostic setting can send logs to.
const DESTINATIONS: [Field; 4] =
    [Field::LogAnalyticsWorkspace, Field::LogStorageAccount, Field::LogEventHub, Field::LogPartner];

/// What follows the id of a resource in that of its diagnostic settings.
const PROVIDER: &str = "/providers/Microsoft.Insights/diagnosticSettings/";

/// The category group of every category.
pub const ALL: &[&str] = &["allLogs"];

/// Where the `audit` group holds every category dekey asks for as well: storage, vaults and registries.
pub const ALL_OR_AUDIT: &[&str] = &["allLogs", "audit"];

/// What is sent from one resource.
#[derive(Debug)]
pub struct Sent<'a> {
    /// The diagnostic settings, in order of id.
    pub settings: Vec<Resource<'a>>,
    logs: Vec<(&'static str, &'a str)>,
    unread: Option<Gap>,
}

/// What the settings of `scope` send: a resource that was read, or a service of it that was not. Settings of one scope are
/// listed together, so that seeing one is having seen all of this scope, and says nothing of the next.
pub fn sent<'a>(resource: Resource<'a>, scope: &str) -> Result<Sent<'a>, Gap> {
    let scope = scope.trim_end_matches('/');
    let own = |setting: &Resource<'_>| {
        let (head, rest) = setting.id().split_at_checked(scope.len()).unwrap_or_default();
        let provider = rest.get(..PROVIDER.len()).unwrap_or("");
        provider.eq_ignore_ascii_case(PROVIDER) && head.eq_ignore_ascii_case(scope)
    };
    let mut settings: Vec<Resource<'a>> = resource.children(Kind::DiagnosticSetting).filter(own).collect();
    let coverage = resource.inventory().coverage();
    let in_part = coverage.in_part(Kind::DiagnosticSetting, scope);
    settings.sort_by_cached_key(|setting| setting.id().to_ascii_lowercase());
    if settings.is_empty() {
        match coverage.covers(Kind::DiagnosticSetting, scope) {
            Covered::Yes => {}
            Covered::Refused(why) => return Err(Gap::Refused(Kind::DiagnosticSetting, why.into())),
            Covered::Unknown if in_part => return Err(Gap::InPart(Kind::DiagnosticSetting)),
            Covered::Unknown => return Err(Gap::NotExported(Kind::DiagnosticSetting)),
        }
    }
    let unread = in_part.then_some(Gap::InPart(Kind::DiagnosticSetting));
    let mut sent = Sent { settings: Vec::new(), logs: Vec::new(), unread };
    for setting in settings {
        sent.add(setting);
        sent.settings.push(setting);
    }
    Ok(sent)
}

impl<'a> Sent<'a> {
    fn add(&mut self, setting: Resource<'a>) {
        match setting.json(Field::Logs) {
            Seen::Value(Value::Array(logs)) if DESTINATIONS.iter().any(|to| is_set(setting, *to)) => {
                for log in logs.iter().filter(|log| is_enabled(log)) {
                    let text = |key| log.get(key).and_then(Value::as_str);
                    self.logs.extend(text("category").map(|name| ("category", name)));
                    self.logs.extend(text("categoryGroup").map(|name| ("group", name)));
                }
            }
            // Metrics only, or nowhere.
            Seen::Absent | Seen::Null | Seen::Value(Value::Array(_)) => {}
            Seen::NotRead => self.unread = Some(Gap::NotRead(Field::Logs)),
            Seen::Value(_) | Seen::Odd => self.unread = Some(Gap::Odd(Field::Logs)),
        }
    }

    /// Adds the settings, or that there are none, as evidence. `service` is the part of the id below the resource.
    pub fn evidence<'f>(&self, fired: Fired<'f>, resource: Resource<'_>, service: &str) -> Fired<'f> {
        if self.settings.is_empty() {
            return fired.on_item(resource, format!("{service}{}", PROVIDER.trim_end_matches('/')), "none");
        }
        self.settings.iter().fold(fired, |fired, setting| fired.on_other(*setting, Field::Logs))
    }

    /// Whether any log at all is sent.
    pub fn any(&self) -> bool {
        !self.logs.is_empty()
    }

    /// The categories of `wanted` that are not sent, be it one by one or by one of `groups`; a gap when a setting that was
    /// not read, or a group of which nobody knows what is in it, may send them.
    pub fn lacks(&self, wanted: &[&'static str], groups: &[&str]) -> Result<Vec<&'static str>, Gap> {
        let has = |kind: &str, name: &str| {
            self.logs.iter().any(|log| log.0 == kind && log.1.eq_ignore_ascii_case(name))
        };
        if groups.iter().any(|group| has("group", group)) {
            return Ok(Vec::new());
        }
        let lacking: Vec<&'static str> =
            wanted.iter().copied().filter(|name| !has("category", name)).collect();
        match &self.unread {
            _ if lacking.is_empty() => Ok(lacking),
            Some(gap) => Err(gap.clone()),
            None if self.logs.iter().any(|log| log.0 == "group") => Err(Gap::Other(
                format!(
                    "a category group is sent, and it is not documented whether it holds {}: list the categories (az monitor diagnostic-settings categories list --resource ID), or send allLogs",
                    lacking.join(" and ")
                )
                .into(),
            )),
            None => Ok(lacking),
        }
    }
}

fn is_set(setting: Resource<'_>, destination: Field) -> bool {
    matches!(setting.text(destination).non_empty(), Seen::Value(_))
}

/// Some clients write booleans as text.
fn is_enabled(log: &Value) -> bool {
    match log.get("enabled") {
        Some(Value::Bool(on)) => *on,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}
