//! What a rule sees, and where it puts its answer.

use crate::deleted::Deleted;
use crate::grants::Grants;
use crate::ownership::Effective;
use crate::policies::Policies;
use crate::privilege::Dangers;
use crate::{Rule, Settings};
use dekey_model::{
    Confidence, Covered, Evidence, Field, Finding, Gap, Inventory, Kind, NotJudged, Resource, RuleIx,
    RuleSet, Seen, Severity,
};
use dekey_rbac::{Assume, Engine};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::borrow::Cow;
use std::sync::OnceLock;

/// What a rule sees.
#[derive(Debug)]
pub struct Context<'a> {
    /// Everything that was read.
    pub inventory: &'a Inventory,
    /// The settings.
    pub settings: &'a Settings,
    /// The day of the audit. Rules have no clock.
    pub as_of: jiff::civil::Date,
    policies: OnceLock<Policies>,
    grants: OnceLock<Grants>,
    engine: OnceLock<Engine>,
    dangers: OnceLock<Dangers>,
    deleted: OnceLock<Deleted>,
}

impl<'a> Context<'a> {
    /// The context of an audit.
    pub fn new(inventory: &'a Inventory, settings: &'a Settings, as_of: jiff::civil::Date) -> Self {
        Self {
            inventory,
            settings,
            as_of,
            policies: OnceLock::new(),
            grants: OnceLock::new(),
            engine: OnceLock::new(),
            dangers: OnceLock::new(),
            deleted: OnceLock::new(),
        }
    }

    /// What the policy assignments that were read do. Worked out when the first rule asks.
    pub fn policies(&self) -> &Policies {
        self.policies.get_or_init(|| Policies::new(self.inventory))
    }

    /// What role assignments reach, and whose they are. Worked out when the first rule asks.
    pub fn grants(&self) -> &Grants {
        self.grants.get_or_init(|| Grants::new(self.inventory))
    }

    /// Who may do what where. Worked out when the first rule asks.
    pub fn engine(&self) -> &Engine {
        let assume = || Assume::unless_told(self.inventory);
        let actions = dekey_rbac::catalogue::actions;
        self.engine.get_or_init(|| dekey_rbac::engine(self.inventory, actions(), assume()))
    }

    /// What makes a role dangerous.
    pub(crate) fn dangers(&self) -> &Dangers {
        self.dangers.get_or_init(|| Dangers::of(self.engine()))
    }

    /// Workspaces that others still speak of.
    pub(crate) fn deleted(&self) -> &Deleted {
        self.deleted.get_or_init(|| Deleted::new(self.inventory))
    }

    /// The first moment of the day of the audit.
    pub fn now(&self) -> Timestamp {
        let day = self.as_of.to_zoned(TimeZone::UTC).map(|own| own.timestamp());
        day.unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The effective owner tag of a resource, with its source.
    pub fn owner(&self, resource: Resource<'a>) -> Effective<'a> {
        crate::ownership::effective(resource, &self.settings.tags.owner, &self.settings.tags)
    }

    /// The effective cost-center tag of a resource, with its source.
    pub fn cost_center(&self, resource: Resource<'a>) -> Effective<'a> {
        crate::ownership::effective(resource, &self.settings.tags.cost_center, &self.settings.tags)
    }

    /// Whole days from an RFC 3339 time to the day of the audit; `None` when the text is no time.
    pub fn days_since(&self, time: &str) -> Option<i64> {
        let then = date_of(time)?;
        i64::from(then.until(self.as_of).ok()?.get_days()).into()
    }
}

pub(crate) fn date_of(time: &str) -> Option<jiff::civil::Date> {
    match time.parse::<Timestamp>() {
        Ok(instant) => Some(instant.to_zoned(TimeZone::UTC).date()),
        // Some providers leave the zone out; Azure's times are UTC.
        Err(_) => time.parse::<jiff::civil::DateTime>().map(jiff::civil::DateTime::date).ok(),
    }
}

/// Where a rule puts its answer on one resource. A rule that calls nothing says that it does not apply.
#[derive(Debug)]
pub struct Out<'o> {
    pub(crate) rule: &'static Rule,
    pub(crate) rule_ix: RuleIx,
    pub(crate) severity: Severity,
    pub(crate) findings: &'o mut Vec<Finding>,
    pub(crate) not_judged: &'o mut Vec<NotJudged>,
    pub(crate) passed: bool,
    pub(crate) subject: dekey_model::ResourceIx,
}

impl Out<'_> {
    /// The resource was judged and is as it should be.
    pub fn pass(&mut self) {
        self.passed = true;
    }

    /// The resource could not be judged.
    pub fn not_judged(&mut self, gap: Gap) {
        let (rules, resource) = (RuleSet::of(self.rule_ix), self.subject);
        self.not_judged.push(NotJudged { rules, resource, gap });
    }

    /// The resource could not be judged because children of a kind were not read; true when they were.
    pub fn needs_children(&mut self, resource: Resource<'_>, kind: Kind) -> bool {
        self.needs_covered(resource, kind, resource.children_covered(kind))
    }

    /// The resource could not be judged because not all assignments, or exemptions, that reach it were read; true when they
    /// were.
    pub fn needs_policies(&mut self, cx: &Context<'_>, resource: Resource<'_>, kind: Kind) -> bool {
        self.needs_covered(resource, kind, cx.policies().covered(kind, resource))
    }

    /// The resource could not be judged because not everything of a kind that the tenant has was read; true when it was.
    pub fn needs_tenant(&mut self, resource: Resource<'_>, kind: Kind) -> bool {
        self.needs_covered(resource, kind, resource.inventory().coverage().covers(kind, "/"))
    }

    pub(crate) fn needs_covered(&mut self, resource: Resource<'_>, kind: Kind, covered: Covered<'_>) -> bool {
        match covered {
            Covered::Yes => true,
            Covered::Refused(why) => {
                self.not_judged(Gap::Refused(kind, why.into()));
                false
            }
            Covered::Unknown => {
                self.not_judged(Gap::unseen(resource, kind));
                false
            }
        }
    }

    /// Marks the resource as not judged when a field was not read or is odd; otherwise gives what was seen.
    pub fn needs_field<T>(&mut self, field: Field, seen: Seen<T>) -> Option<Seen<T>> {
        match seen {
            Seen::NotRead => self.not_judged(Gap::NotRead(field)),
            Seen::Odd => self.not_judged(Gap::Odd(field)),
            seen => return Some(seen),
        }
        None
    }

    /// The text of a property that Azure always sends. When it is not there, the resource is marked as not judged: the
    /// export left it out.
    pub fn needs_text<'a>(&mut self, resource: Resource<'a>, field: Field) -> Option<&'a str> {
        match resource.text(field).non_empty() {
            Seen::Value(text) => return Some(text),
            Seen::Odd => self.not_judged(Gap::Odd(field)),
            Seen::NotRead | Seen::Absent | Seen::Null => self.not_judged(Gap::NotRead(field)),
        }
        None
    }

    /// A finding on the resource; say why it matters here in one sentence.
    pub fn finding(&mut self, message: impl Into<Cow<'static, str>>) -> Fired<'_> {
        let subject = self.subject;
        let finding = Finding {
            rule: self.rule_ix,
            resource: subject,
            severity: self.severity,
            confidence: self.rule.confidence,
            message: message.into(),
            context: None,
            evidence: smallvec::SmallVec::new(),
            part: None,
        };
        Fired(self.findings.push_mut(finding))
    }
}

/// Adds to a finding that was just made.
#[derive(Debug)]
pub struct Fired<'f>(&'f mut Finding);

impl Fired<'_> {
    /// The value, or absence, of a field of the resource as evidence.
    #[must_use]
    pub fn on(self, field: Field) -> Self {
        let resource = self.0.resource;
        self.0.evidence.push(Evidence::Field(resource, field));
        self
    }

    /// The value, or absence, of a field of another resource as evidence.
    #[must_use]
    pub fn on_other(self, resource: Resource<'_>, field: Field) -> Self {
        self.0.evidence.push(Evidence::Field(resource.ix(), field));
        self
    }

    /// Something inside a list or map as evidence. Never pass a secret.
    #[must_use]
    pub fn on_item(
        self,
        resource: Resource<'_>,
        pointer: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.0.evidence.push(Evidence::Item(Box::new((resource.ix(), pointer.into(), value.into()))));
        self
    }

    /// A key of a map of the resource as evidence, with what is known of its value. Never pass a secret.
    #[must_use]
    pub fn on_key(self, field: Field, key: &str, value: impl Into<String>) -> Self {
        let pointer = format!("{}/{}", field.pointer(), key.replace('~', "~0").replace('/', "~1"));
        self.0.evidence.push(Evidence::Item(Box::new((self.0.resource, pointer, value.into()))));
        self
    }

    /// Another severity than the rule's own, and why.
    #[must_use]
    pub fn severity(self, severity: Severity, why: impl Into<Cow<'static, str>>) -> Self {
        self.0.severity = severity;
        self.0.context = Some(why.into());
        self
    }

    /// One step less urgent than the rule's own severity, and why.
    #[must_use]
    pub fn lowered(self, why: impl Into<Cow<'static, str>>) -> Self {
        let severity = self.0.severity.lowered();
        self.severity(severity, why)
    }

    /// Another confidence than the rule's own.
    #[must_use]
    pub fn confidence(self, confidence: Confidence) -> Self {
        self.0.confidence = confidence;
        self
    }

    /// Tells several findings of this rule on one resource apart; must stay the same over time.
    #[must_use]
    pub fn part(self, part: &str) -> Self {
        self.0.part = Some(part.into());
        self
    }

    /// Ends the sentence.
    pub fn done(self) {}
}

#[cfg(test)]
mod tests {
    use super::date_of;
    use jiff::civil::date;

    #[test]
    fn days_are_those_of_utc_in_every_spelling_of_a_time() {
        let day = Some(date(2026, 11, 23));
        for (time, expected) in [
            ("2026-11-23T23:59:59Z", day),
            ("2026-11-23T10:00:00.1234567Z", day),
            ("2026-11-24T01:30:00+02:00", day),
            ("2026-11-22T22:30:00-02:00", day),
            ("2026-11-23T10:00:00", day),
            ("2026-11-23", day),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(date_of(time), expected, "{time}");
        }
    }
}
