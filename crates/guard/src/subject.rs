//! A resource of the inventory as policies see it.

use dekey_model::{Kind, Resource};
use dekey_policy::{Subject, Unread};
use serde_json::Value;

/// The document of a resource, parsed.
#[derive(Debug)]
pub struct Body {
    /// The document.
    pub value: Value,
    /// What was not read of it.
    pub unread: Unread,
}

impl Body {
    /// Parses the document of a resource, if documents were kept.
    pub fn of(resource: Resource<'_>) -> Option<Body> {
        let raw = resource.raw()?;
        let value: Value = serde_json::from_str(raw).ok()?;
        let flag = |name: &str| value.pointer(name).and_then(Value::as_bool) == Some(true);
        let has_properties = value.get("properties").is_some_and(Value::is_object);
        let unread = Unread {
            envelope: flag("/dekey/partial"),
            properties: flag("/dekey/sparse") || (!has_properties && !is_bare(resource.kind())),
            masked: memchr::memmem::find(raw.as_bytes(), b"[masked").is_some(),
        };
        Some(Body { value, unread })
    }

    /// What policies are evaluated for.
    pub fn subject<'s>(&'s self, resource: Resource<'s>) -> Subject<'s> {
        subject(&self.value, self.unread, resource)
    }
}

pub(crate) fn subject<'s>(value: &'s Value, unread: Unread, resource: Resource<'s>) -> Subject<'s> {
    let subject = Subject::new(value).with_id(resource.id()).with_unread(unread);
    let subject = match resource.resource_type() {
        "" => subject,
        own => subject.with_type(own),
    };
    match resource.api_version() {
        Some(version) => subject.with_api_version(version),
        None => subject,
    }
}

/// What has no `properties`, or needs none.
fn is_bare(kind: Kind) -> bool {
    matches!(kind, Kind::Subscription | Kind::ResourceGroup)
}

/// Whether Azure Policy looks at a resource at all: what lies in a subscription, but for records about resources that are no
/// resources themselves.
pub fn is_evaluated(resource: Resource<'_>) -> bool {
    let is_record = matches!(
        resource.kind(),
        Kind::RoleEligibility
            | Kind::RoleSchedule
            | Kind::ServicePrincipal
            | Kind::Application
            | Kind::Group
            | Kind::ManagementGroup
            | Kind::ActivityEvent
            | Kind::PolicyState
    );
    !is_record && resource.arm_id().subscription().is_some()
}
