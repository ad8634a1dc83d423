//! What a policy is evaluated for: a resource as it is, or as a request wants it, and what surrounds it.

use crate::json;
use crate::unread::Unread;
use dekey_expr::{Value, time};
use std::borrow::Cow;

/// A resource, or what a request would make of it.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// Its JSON, as `GET` answers or as the request has it; null where only what policies look at was read of it.
    pub body: &'a Value,
    pub(crate) id: Cow<'a, str>,
    pub(crate) resource_type: Cow<'a, str>,
    pub(crate) location: Option<Cow<'a, str>>,
    pub(crate) version: Option<&'a str>,
    pub(crate) unread: Option<Unread>,
    /// Its name and full name as written, where the JSON was not kept.
    names: Option<Names<'a>>,
}

/// A name and a full name, as written.
type Names<'a> = (Option<Cow<'a, str>>, Option<Cow<'a, str>>);

impl<'a> Subject<'a> {
    /// A resource whose JSON says what it is.
    pub fn new(body: &'a Value) -> Subject<'a> {
        let text = |key: &str| body.as_object().and_then(|map| json::string(map, key));
        let id = text("id").unwrap_or_default();
        let resource_type = text("type").map_or_else(|| type_in(id), Cow::Borrowed);
        let location = text("location").map(normal_location);
        Subject {
            body,
            id: Cow::Borrowed(id),
            resource_type,
            location,
            version: None,
            unread: None,
            names: None,
        }
    }

    /// A resource of which only the type is known.
    pub(crate) fn of_type(resource_type: &'a str) -> Subject<'a> {
        Subject::in_part(Cow::Borrowed(""), Cow::Borrowed(resource_type), None, (None, None))
    }

    /// A resource of which only what policies look at was read.
    pub(crate) fn in_part(
        id: Cow<'a, str>,
        resource_type: Cow<'a, str>,
        location: Option<Cow<'a, str>>,
        names: Names<'a>,
    ) -> Subject<'a> {
        let location = location.map(|own| match own {
            Cow::Borrowed(own) => normal_location(own),
            Cow::Owned(own) => Cow::Owned(normal_location(&own).into_owned()),
        });
        Subject {
            body: &Value::Null,
            id,
            resource_type,
            location,
            version: None,
            unread: None,
            names: Some(names),
        }
    }

    /// With an id that the body does not have, as in requests. The type follows from it.
    #[must_use]
    pub fn with_id(mut self, id: &'a str) -> Subject<'a> {
        self.id = Cow::Borrowed(id);
        let found = type_in(id);
        if !found.is_empty() {
            self.resource_type = found;
        }
        self
    }

    /// With a type that neither body nor id has.
    #[must_use]
    pub fn with_type(mut self, resource_type: impl Into<Cow<'a, str>>) -> Subject<'a> {
        self.resource_type = resource_type.into();
        self
    }

    /// As read or written with an API version. Without one, properties are where the latest version has them.
    #[must_use]
    pub fn with_api_version(mut self, version: &'a str) -> Subject<'a> {
        self.version = Some(version);
        self
    }

    /// With what was not read of it. Where that matters, a verdict is *not judged*.
    #[must_use]
    pub fn with_unread(mut self, unread: Unread) -> Subject<'a> {
        self.unread = unread.is_some().then_some(unread);
        self
    }

    /// The same resource with another body.
    #[must_use]
    pub fn with_body<'b>(self, body: &'b Value) -> Subject<'b>
    where
        'a: 'b,
    {
        let location = body.as_object().and_then(|map| json::string(map, "location")).map(normal_location);
        Subject { body, location, ..self }
    }

    /// Its resource id; empty if nobody said.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its type, such as `Microsoft.MachineLearningServices/workspaces`; empty if nobody said.
    pub fn resource_type(&self) -> &str {
        &self.resource_type
    }

    /// Its location without spaces, in lower case.
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// Its own name.
    pub(crate) fn name(&self) -> Option<Cow<'_, str>> {
        let written = self.written_name();
        match (written, last_name(&self.id)) {
            (Some(name), _) if !name.contains('/') => Some(Cow::Borrowed(name)),
            (_, Some(name)) => Some(Cow::Borrowed(name)),
            (Some(name), None) => name.rsplit('/').next().map(Cow::Borrowed),
            (None, None) => None,
        }
    }

    /// Its name after those of its parents.
    pub(crate) fn full_name(&self) -> Option<Cow<'_, str>> {
        let full = match &self.names {
            Some((_, full)) => full.as_deref(),
            None => self.body.as_object().and_then(|map| json::string(map, "fullName")),
        };
        if let Some(full) = full {
            return Some(Cow::Borrowed(full));
        }
        match names_in(&self.id) {
            Some(names) => Some(Cow::Owned(names)),
            None => self.written_name().map(Cow::Borrowed),
        }
    }

    fn written_name(&self) -> Option<&str> {
        if let Some((name, _)) = &self.names {
            return name.as_deref();
        }
        self.body.as_object().and_then(|map| json::string(map, "name"))
    }

    /// The subscription that its id names.
    pub(crate) fn subscription(&self) -> Option<&str> {
        segment_after(&self.id, "subscriptions")
    }

    /// The id of the resource group that its id names, or else of the subscription.
    pub(crate) fn group_id(&self) -> Option<Cow<'_, str>> {
        if let Some(known) = plain_group(&self.id) {
            return Some(Cow::Borrowed(known));
        }
        let subscription = self.subscription()?;
        Some(match self.group() {
            Some(group) => format!("/subscriptions/{subscription}/resourceGroups/{group}").into(),
            None => format!("/subscriptions/{subscription}").into(),
        })
    }

    /// The resource group that its id names.
    pub(crate) fn group(&self) -> Option<&str> {
        segment_after(&self.id, "resourceGroups")
    }
}

/// A location without spaces, in lower case.
pub(crate) fn normal_location(written: &str) -> Cow<'_, str> {
    if written.bytes().all(|b| b != b' ' && !b.is_ascii_uppercase() && b.is_ascii()) {
        return Cow::Borrowed(written);
    }
    Cow::Owned(written.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect())
}

/// What comes before a part of an id, whatever the case of that part: the scope of what is attached to something.
pub(crate) fn scope_before<'i>(id: &'i str, part: &str) -> Option<&'i str> {
    let at = id.to_ascii_lowercase().rfind(&part.to_ascii_lowercase())?;
    id.get(..at)
}

/// The segment after a name in an id, whatever the case of the name.
pub(crate) fn segment_after<'i>(id: &'i str, name: &str) -> Option<&'i str> {
    let mut segments = id.split('/');
    segments.find(|segment| segment.eq_ignore_ascii_case(name))?;
    segments.next().filter(|segment| !segment.is_empty())
}

/// The start of an id that is a resource group's, spelled as usual.
fn plain_group(id: &str) -> Option<&str> {
    let rest = id.strip_prefix("/subscriptions/")?;
    let (subscription, rest) = rest.split_once('/')?;
    let group = rest.strip_prefix("resourceGroups/")?.split('/').next()?;
    let odd =
        subscription.is_empty() || group.is_empty() || subscription.eq_ignore_ascii_case("resourceGroups");
    let len = "/subscriptions/".len() + subscription.len() + "/resourceGroups/".len() + group.len();
    id.get(..len).filter(|_| !odd)
}

fn last_name(id: &str) -> Option<&str> {
    id.rsplit('/').next().filter(|name| !name.is_empty())
}

/// What follows the last `providers` in an id: namespace, then types and names in turn.
fn provider_part(id: &str) -> Option<Vec<&str>> {
    let segments: Vec<&str> = id.split('/').collect();
    let at = segments.iter().rposition(|segment| segment.eq_ignore_ascii_case("providers"))?;
    segments.get(at + 1..).map(<[&str]>::to_vec)
}

pub(crate) fn type_in(id: &str) -> Cow<'_, str> {
    let Some(part) = provider_part(id) else {
        return match (segment_after(id, "subscriptions"), segment_after(id, "resourceGroups")) {
            (Some(_), Some(_)) => Cow::Borrowed("Microsoft.Resources/subscriptions/resourceGroups"),
            (Some(_), None) => Cow::Borrowed("Microsoft.Resources/subscriptions"),
            _ => Cow::Borrowed(""),
        };
    };
    let types =
        part.iter().enumerate().filter(|(ix, _)| *ix == 0 || ix % 2 == 1).map(|(_, segment)| *segment);
    Cow::Owned(types.collect::<Vec<_>>().join("/"))
}

fn names_in(id: &str) -> Option<String> {
    let part = provider_part(id)?;
    let names: Vec<&str> =
        part.iter().enumerate().filter(|(ix, _)| *ix > 0 && ix % 2 == 0).map(|(_, s)| *s).collect();
    (!names.is_empty()).then(|| names.join("/"))
}

/// What is related to a resource, as far as the inventory knows.
#[derive(Clone, Debug)]
pub enum Related<'a> {
    /// All there are.
    Known(Vec<Subject<'a>>),
    /// Nobody looked, with what would have to be read.
    Unknown(String),
}

/// Where to look for related resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query<'q> {
    /// The type wanted.
    pub resource_type: &'q str,
    /// Below which id: a resource, a resource group or a subscription.
    pub scope: &'q str,
}

/// The resources around the one that is evaluated.
pub trait Estate {
    /// The resources of a type at or below a scope.
    fn related<'e>(&'e self, query: &Query<'_>) -> Related<'e>;
}

/// An estate of which nothing is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unseen;

impl Estate for Unseen {
    fn related<'e>(&'e self, query: &Query<'_>) -> Related<'e> {
        Related::Unknown(format!("the resources of type {} below {}", query.resource_type, query.scope))
    }
}

/// What surrounds a resource or request.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The time of evaluation.
    pub now: Option<time::Instant>,
    /// The resource group, as ARM answers.
    pub resource_group: Option<&'a Value>,
    /// The subscription, as ARM answers.
    pub subscription: Option<&'a Value>,
    /// The management groups above the subscription, by id.
    pub management_groups: Option<&'a [String]>,
    /// What `requestContext()` returns for a request; `None` when resources are scanned as they are.
    pub request: Option<&'a Value>,
    /// The other resources.
    pub estate: &'a dyn Estate,
}

impl Surroundings<'_> {
    /// Surroundings of which nothing is known.
    pub const UNKNOWN: Surroundings<'static> = Surroundings {
        now: None,
        resource_group: None,
        subscription: None,
        management_groups: None,
        request: None,
        estate: &Unseen,
    };
}
