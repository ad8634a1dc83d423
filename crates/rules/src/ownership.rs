//! Who owns a resource: tags on it, on its workspace, its resource group, its subscription.

use crate::settings::Tags;
use dekey_model::{Field, Kind, Resource, Seen};

/// Where an effective tag value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagSource {
    /// The resource itself.
    Resource,
    /// The workspace it belongs to or serves.
    Workspace,
    /// Its resource group.
    ResourceGroup,
    /// Its subscription.
    Subscription,
}

impl TagSource {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            TagSource::Resource => "resource",
            TagSource::Workspace => "workspace",
            TagSource::ResourceGroup => "resource group",
            TagSource::Subscription => "subscription",
        }
    }
}

/// The effective value of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effective<'a> {
    /// Found; with the name and the place it was found at.
    Tag {
        /// The tag's name, as written.
        name: &'a str,
        /// The value.
        value: &'a str,
        /// Where.
        source: TagSource,
    },
    /// Every place was read and none has it.
    None,
    /// Not found, and this place was not read.
    Unknown(Kind),
}

impl<'a> Effective<'a> {
    /// The value, if there is one.
    pub fn value(self) -> Option<&'a str> {
        match self {
            Effective::Tag { value, .. } => Some(value),
            _ => None,
        }
    }
}

/// Looks for one of `names` on the resource, then where the settings let it be inherited from. Tag names have no case.
pub(crate) fn effective<'a>(resource: Resource<'a>, names: &[String], tags: &Tags) -> Effective<'a> {
    let mut unread = None;
    match look(resource, names) {
        Looked::Found(name, value) => return Effective::Tag { name, value, source: TagSource::Resource },
        Looked::NotRead => unread = Some(resource.kind()),
        Looked::Nothing => {}
    }
    let serves = resource.workspace().or_else(|| only(resource.used_by()));
    if let Some(workspace) = serves.filter(|ws| *ws != resource)
        && let Looked::Found(name, value) = look(workspace, names)
    {
        return Effective::Tag { name, value, source: TagSource::Workspace };
    }
    for (source, kind) in
        [(TagSource::ResourceGroup, Kind::ResourceGroup), (TagSource::Subscription, Kind::Subscription)]
    {
        if !tags.inherits_from(source) {
            continue;
        }
        let Some(scope) = container(resource, kind) else { continue };
        match resource.inventory().find(&scope).map(|r| look(r, names)) {
            Some(Looked::Found(name, value)) => return Effective::Tag { name, value, source },
            Some(Looked::Nothing) => {}
            Some(Looked::NotRead) | None => unread = unread.or(Some(kind)),
        }
    }
    unread.map_or(Effective::None, Effective::Unknown)
}

/// The resource that carries an effective tag of `resource`.
pub(crate) fn carrier(resource: Resource<'_>, source: TagSource) -> Resource<'_> {
    let read = match source {
        TagSource::Resource => None,
        TagSource::Workspace => resource.workspace().or_else(|| only(resource.used_by())),
        TagSource::ResourceGroup => above(resource, Kind::ResourceGroup),
        TagSource::Subscription => above(resource, Kind::Subscription),
    };
    read.unwrap_or(resource)
}

fn above(resource: Resource<'_>, kind: Kind) -> Option<Resource<'_>> {
    resource.inventory().find(&container(resource, kind)?)
}

enum Looked<'a> {
    Found(&'a str, &'a str),
    Nothing,
    NotRead,
}

fn look<'a>(resource: Resource<'a>, names: &[String]) -> Looked<'a> {
    let pairs = match resource.pairs(Field::Tags) {
        Seen::Value(pairs) => pairs,
        Seen::Absent | Seen::Null => return Looked::Nothing,
        Seen::NotRead | Seen::Odd => return Looked::NotRead,
    };
    let found = names.iter().find_map(|want| {
        pairs.iter().find(|(name, value)| name.eq_ignore_ascii_case(want) && !value.trim().is_empty())
    });
    found.map_or(Looked::Nothing, |&(name, value)| Looked::Found(name, value))
}

fn only<'a>(mut resources: impl Iterator<Item = Resource<'a>>) -> Option<Resource<'a>> {
    let first = resources.next()?;
    resources.next().is_none().then_some(first)
}

fn container(resource: Resource<'_>, kind: Kind) -> Option<String> {
    let id = resource.arm_id();
    let subscription = id.subscription()?;
    if kind == Kind::Subscription {
        return Some(format!("/subscriptions/{subscription}"));
    }
    Some(format!("/subscriptions/{subscription}/resourceGroups/{}", id.resource_group()?))
}

/// Whether a value matches one of the allowed patterns; without patterns any does.
pub(crate) fn allowed(value: &str, patterns: &[String]) -> bool {
    let fits = |pattern: &String| {
        let glob = globset::GlobBuilder::new(pattern).case_insensitive(true).literal_separator(false).build();
        glob.is_ok_and(|glob| glob.compile_matcher().is_match(value))
    };
    patterns.is_empty() || patterns.iter().any(fits)
}

/// The user who made a resource: a guess at its owner.
pub fn creator(resource: Resource<'_>) -> Option<&str> {
    let by_user = resource.text(Field::CreatedByType).value().is_some_and(|t| t.eq_ignore_ascii_case("user"));
    resource.text(Field::CreatedBy).non_empty().value().filter(|_| by_user)
}
