//! `dekey.toml`: what an organisation decides for itself.

use crate::TagSource;
use dekey_model::Severity;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Which managed identity a workspace should have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum IdentityStandard {
    /// A system-assigned identity; user-assigned ones may be there too.
    #[default]
    System,
    /// A user-assigned identity, as built-in policy 5f0c7d88-c7de-45b8-ac49-db49e72eaa78 asks.
    User,
    /// Any managed identity.
    Either,
    /// Both, which is the one state that satisfies this tool's default and the built-in policy.
    Both,
}

impl IdentityStandard {
    /// Every standard.
    pub const ALL: [Self; 4] = [Self::System, Self::User, Self::Either, Self::Both];

    /// The word in the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Either => "either",
            Self::Both => "both",
        }
    }

    /// Whether a system-assigned identity is required.
    pub fn requires_system(self) -> bool {
        matches!(self, Self::System | Self::Both)
    }

    /// Whether a user-assigned identity is required.
    pub fn requires_user(self) -> bool {
        matches!(self, Self::User | Self::Both)
    }
}

/// The settings.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Which managed identity a workspace should have.
    pub identity_standard: IdentityStandard,
    /// Ids of rules that are switched off.
    pub disabled_rules: Vec<String>,
    /// Settings of single rules, by id.
    pub rules: BTreeMap<String, RuleSettings>,
    /// Which tags name owner and cost center, and where they may be inherited from.
    pub tags: Tags,
    /// Ages and limits.
    pub thresholds: Thresholds,
    /// Who may read keys.
    pub access: AccessSettings,
    /// Which part of the tenant is audited.
    pub scopes: Scopes,
    /// Findings that somebody has accepted until a date.
    pub waivers: Vec<Waiver>,
    /// Path of a baseline file, relative to this one: only findings that are not in it count.
    pub baseline: Option<String>,
}

/// Settings of one rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RuleSettings {
    /// Another severity than the rule's own: `info`, `low`, `medium`, `high` or `critical`.
    pub severity: Option<String>,
}

/// Which tags name owner and cost center.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tags {
    /// Names of the owner tag, the first that is there wins. Case does not matter.
    pub owner: Vec<String>,
    /// Names of the cost-center tag.
    pub cost_center: Vec<String>,
    /// Patterns (`*` and `?`) that an owner value must match one of; empty allows any.
    pub owner_values: Vec<String>,
    /// Patterns that a cost-center value must match one of; empty allows any.
    pub cost_center_values: Vec<String>,
    /// Where a missing tag may come from: `resource-group`, `subscription`.
    pub inherit: Vec<Inherit>,
}

/// A place a tag may be inherited from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Inherit {
    /// The resource group.
    ResourceGroup,
    /// The subscription.
    Subscription,
}

impl Default for Tags {
    fn default() -> Self {
        let list = |names: &[&str]| names.iter().map(|&n| n.to_owned()).collect();
        Self {
            owner: list(&["owner", "business-owner", "technical-owner", "contact"]),
            cost_center: list(&["cost-center", "costcenter", "cost_center", "cost-centre"]),
            owner_values: Vec::new(),
            cost_center_values: Vec::new(),
            inherit: vec![Inherit::ResourceGroup, Inherit::Subscription],
        }
    }
}

impl Tags {
    pub(crate) fn inherits_from(&self, source: TagSource) -> bool {
        match source {
            TagSource::ResourceGroup => self.inherit.contains(&Inherit::ResourceGroup),
            TagSource::Subscription => self.inherit.contains(&Inherit::Subscription),
            TagSource::Resource | TagSource::Workspace => true,
        }
    }
}

/// Who may read keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccessSettings {
    /// Object ids of those who may: users, groups, service principals. Empty means that nobody is asked about.
    pub key_readers: Vec<String>,
}

/// Ages and limits.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    /// Storage account keys older than this are stale.
    pub max_key_age_days: u32,
    /// Client secrets of applications that are good for longer than this are long-lived.
    pub max_secret_days: u32,
    /// So many days ahead it is said that a credential of an application ends.
    pub credential_notice_days: u32,
    /// A subscription with so many role assignments is near its limit of 4,000.
    pub role_assignments_notice: u32,
    /// A waiver may not last longer than this from the day of the audit.
    pub max_waiver_days: u32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            max_key_age_days: 90,
            max_secret_days: 180,
            credential_notice_days: 30,
            role_assignments_notice: 3200,
            max_waiver_days: 365,
        }
    }
}

/// Which part of the tenant is audited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Scopes {
    /// Ids of subscriptions, resource groups or resources to audit; empty means everything that was read.
    pub include: Vec<String>,
    /// Ids to leave out.
    pub exclude: Vec<String>,
}

/// A finding that somebody has accepted until a date.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// The rule's id.
    pub rule: String,
    /// A resource id; `*` stands for any characters, `?` for one.
    pub resource: String,
    /// Why the finding is accepted.
    pub justification: String,
    /// Who accepted it.
    pub approver: String,
    /// The last day it holds, as `YYYY-MM-DD`.
    #[schemars(with = "String")]
    pub expires: jiff::civil::Date,
}

/// Settings that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    /// Line, from 1; 0 when it concerns the whole file.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl std::fmt::Display for SettingsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => f.write_str(&self.message),
            line => write!(f, "line {line}, column {}: {}", self.column, self.message),
        }
    }
}

impl std::error::Error for SettingsError {}

impl Settings {
    /// Reads and checks settings.
    pub fn parse(text: &str, as_of: jiff::civil::Date) -> Result<Self, SettingsError> {
        let settings: Settings = toml::from_str(text).map_err(|error| located(text, &error))?;
        settings.check(as_of).map_err(|message| SettingsError { line: 0, column: 0, message })?;
        Ok(settings)
    }

    /// The JSON schema of the settings file.
    pub fn schema() -> serde_json::Value {
        schemars::schema_for!(Settings).to_value()
    }

    /// The severity that the settings give a rule.
    pub fn severity_of(&self, rule: &crate::Rule) -> Severity {
        let set = self.rules.get(rule.id).and_then(|own| own.severity.as_deref());
        set.and_then(Severity::parse).unwrap_or(rule.severity)
    }

    /// Whether a resource is within the audited scopes.
    pub fn in_scope(&self, id: &str) -> bool {
        let below = |scope: &String| {
            let scope = scope.trim_end_matches('/');
            let head = id.get(..scope.len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(scope))
                && id.as_bytes().get(scope.len()).is_none_or(|next| *next == b'/')
        };
        (self.scopes.include.is_empty() || self.scopes.include.iter().any(below))
            && !self.scopes.exclude.iter().any(below)
    }

    fn check(&self, as_of: jiff::civil::Date) -> Result<(), String> {
        let named = self.disabled_rules.iter().chain(self.rules.keys());
        for id in named.chain(self.waivers.iter().map(|w| &w.rule)) {
            known_rule(id)?;
        }
        for (id, own) in &self.rules {
            if let Some(word) = own.severity.as_deref().filter(|word| Severity::parse(word).is_none()) {
                return Err(format!(
                    "rules.{id}: `{word}` is no severity; use info, low, medium, high or critical"
                ));
            }
        }
        if let Some(scope) =
            self.scopes.include.iter().chain(&self.scopes.exclude).find(|s| !s.starts_with('/'))
        {
            return Err(format!("scopes: `{scope}` is no resource id; write `/subscriptions/..`"));
        }
        for waiver in &self.waivers {
            self.check_waiver(waiver, as_of)?;
        }
        Ok(())
    }

    fn check_waiver(&self, waiver: &Waiver, as_of: jiff::civil::Date) -> Result<(), String> {
        let place = format!("waiver of `{}` on `{}`", waiver.rule, waiver.resource);
        for (name, text) in [("justification", &waiver.justification), ("approver", &waiver.approver)] {
            if text.trim().is_empty() {
                return Err(format!("{place}: `{name}` is empty; a waiver says why, and who took the risk"));
            }
        }
        globset::Glob::new(&waiver.resource).map_err(|error| format!("{place}: {error}"))?;
        let days = as_of.until(waiver.expires).map_or(0, |span| span.get_days());
        if i64::from(days) > i64::from(self.thresholds.max_waiver_days) {
            return Err(format!(
                "{place}: expires {} which is {days} days away; at most {} are allowed (thresholds.max_waiver_days)",
                waiver.expires, self.thresholds.max_waiver_days
            ));
        }
        Ok(())
    }
}

fn known_rule(id: &str) -> Result<(), String> {
    if crate::by_id(id).is_some() {
        return Ok(());
    }
    let hint = nearest_rule(id).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    Err(format!("there is no rule `{id}`{hint} (`dekey rules` lists them)"))
}

/// The rule whose id is nearest to a mistyped one, if any is near.
pub fn nearest_rule(id: &str) -> Option<&'static str> {
    nearest(id, crate::all().map(|rule| rule.id))
}

fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let scored = known.map(|k| (strsim::damerau_levenshtein(word, k), k));
    scored.filter(|(distance, k)| *distance <= k.len().max(word.len()) / 3 + 1).min().map(|(_, k)| k)
}

fn located(text: &str, error: &toml::de::Error) -> SettingsError {
    let mut message = error.message().trim().to_owned();
    if let Some((unknown, known)) = unknown_field(&message) {
        let near = nearest(&unknown, known.iter().map(String::as_str));
        message = match near {
            Some(near) => format!("unknown key `{unknown}`; did you mean `{near}`?"),
            None => format!("unknown key `{unknown}`; known are {}", known.join(", ")),
        };
    }
    let Some(span) = error.span() else { return SettingsError { line: 0, column: 0, message } };
    let before = text.get(..span.start).unwrap_or("");
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    SettingsError { line, column, message }
}

/// Takes apart "unknown field `x`, expected one of `a`, `b`".
fn unknown_field(message: &str) -> Option<(String, Vec<String>)> {
    let rest = message.strip_prefix("unknown field `")?;
    let (unknown, rest) = rest.split_once('`')?;
    let known = rest.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    Some((unknown.to_owned(), known))
}
