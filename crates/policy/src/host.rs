//! What expressions in a rule can ask: parameters, fields, the element that a count is at, and what surrounds the resource.

use crate::Path;
use crate::evaluate::{At, Cx, Frame, Selected, path_of};
use crate::field::Field;
use crate::language::{
    CLAIMS, CURRENT, FIELD, PARAMETERS, POLICY, REQUEST_CONTEXT, RESOURCE_GROUP, SUBSCRIPTION,
};
use crate::operator::Item;
use crate::semantics::MissingArray;
use crate::subject::Subject;
use dekey_expr::{Fault, Host, Outcome, Value, text, time};
use serde_json::json;
use std::borrow::Cow;

/// What is known before there is a resource: the parameters, and which policy this is.
pub(crate) struct Constants<'a> {
    pub(crate) parameters: &'a Value,
    pub(crate) about: &'a Value,
}

pub(crate) fn parameter<'a>(parameters: &'a Value, args: &[Cow<'_, Value>]) -> Outcome<'a> {
    let Some(Value::String(name)) = args.first().map(AsRef::as_ref) else {
        return Err(Fault::failed("takes the name of a parameter"));
    };
    let value = parameters.as_object().and_then(|map| text::get(map, name));
    value.map(Cow::Borrowed).ok_or_else(|| Fault::failed(format!("there is no parameter `{name}`")))
}

impl Host for Constants<'_> {
    fn call<'a>(&'a self, which: usize, args: &[Cow<'a, Value>]) -> Outcome<'a> {
        match which {
            PARAMETERS => parameter(self.parameters, args),
            POLICY => Ok(Cow::Borrowed(self.about)),
            _ => Err(Fault::missing("the resource")),
        }
    }

    fn now(&self) -> Result<time::Instant, Box<Fault>> {
        Err(Fault::missing("the time of evaluation"))
    }
}

impl Host for Cx<'_> {
    fn call<'a>(&'a self, which: usize, args: &[Cow<'a, Value>]) -> Outcome<'a> {
        match which {
            PARAMETERS => parameter(self.env.parameters, args),
            POLICY => Ok(Cow::Borrowed(self.env.about)),
            FIELD => match args.first().map(AsRef::as_ref) {
                Some(Value::String(name)) => self.field(name),
                _ => Err(Fault::failed("takes the name of a field")),
            },
            CURRENT => match args.first().map(AsRef::as_ref) {
                None => self.current(None),
                Some(Value::String(name)) => self.current(Some(name)),
                Some(_) => Err(Fault::failed("takes the name of what is counted")),
            },
            REQUEST_CONTEXT => Ok(self.request_context()),
            RESOURCE_GROUP => self.resource_group(),
            SUBSCRIPTION => self.subscription(),
            CLAIMS => Err(Fault::missing("what the external evaluation endpoint answers")),
            _ => Err(Fault::missing("that function")),
        }
    }

    fn now(&self) -> Result<time::Instant, Box<Fault>> {
        self.env.around.now.ok_or_else(|| Fault::missing("the time of evaluation"))
    }

    /// Nobody calls during a scan, so what it would say is not known. A group or subscription that was given without a property
    /// does not have it: that is null, because Microsoft's own policies read tags that way and must not fail without them.
    fn absent(&self, which: usize, key: &str) -> Option<Outcome<'static>> {
        let around = self.env.around;
        match which {
            REQUEST_CONTEXT if around.request.is_none() && key.eq_ignore_ascii_case("apiVersion") => {
                Some(Err(Fault::missing("the latest API version of the type")))
            }
            REQUEST_CONTEXT if around.request.is_none() => {
                Some(Err(Fault::missing("who makes the request: a scan of existing resources has no caller")))
            }
            RESOURCE_GROUP if around.resource_group.is_none() => {
                Some(Err(Fault::missing(format!("`{key}` of the resource group"))))
            }
            SUBSCRIPTION if around.subscription.is_none() => {
                Some(Err(Fault::missing(format!("`{key}` of the subscription"))))
            }
            RESOURCE_GROUP | SUBSCRIPTION => Some(Ok(Cow::Owned(Value::Null))),
            _ => None,
        }
    }
}

impl<'a> Cx<'a> {
    /// A missing property reads as the empty text, and `[*]` as the array of what it selects.
    fn field<'s>(&'s self, name: &str) -> Outcome<'s> {
        let parsed;
        let field = if let Some(field) = self.env.names.get(name) {
            field
        } else {
            parsed = Field::parse(name, self.env.aliases, self.env.unlisted)
                .map_err(|error| Fault::failed(error.message))?;
            &parsed
        };
        let subject = self.asked(field);
        let is_own = std::ptr::eq(subject, self.env.subject);
        let (frame, view) = if is_own { (self.frame, self.env.view) } else { (None, self.env.primary_view) };
        let in_view = view.filter(|_| !is_own).and_then(|view| view.special.names.get(name));
        if let Some(unread) = &subject.unread {
            unread.taken(field, subject)?;
        }
        Ok(match self.selected(in_view.unwrap_or(field), subject, frame, view)? {
            Selected::One(Item::Value(value)) => Cow::Borrowed(value),
            Selected::One(item) => Cow::Owned(item.to_value().unwrap_or_else(empty)),
            Selected::Text(text) => {
                Cow::Owned(text.map_or_else(empty, |text| Value::String(text.into_owned())))
            }
            Selected::Many(items) => Cow::Owned(Value::Array(items.into_iter().flatten().cloned().collect())),
        })
    }

    /// In an existence condition, `field()` reads the resource that the rule was evaluated for, unless only the related one can
    /// have such a field.
    fn asked(&self, field: &Field) -> &'a Subject<'a> {
        let Some(primary) = self.env.primary else { return self.env.subject };
        if let Field::Alias(alias) = field {
            let on = |subject: &Subject<'_>| {
                alias
                    .aliases
                    .iter()
                    .any(|alias| alias.resource_type.eq_ignore_ascii_case(subject.resource_type()))
            };
            if on(self.env.subject) && !on(primary) {
                return self.env.subject;
            }
        }
        primary
    }

    fn current(&self, name: Option<&str>) -> Outcome<'_> {
        let Some(innermost) = self.frame else { return Err(Fault::failed("stands outside any count")) };
        let Some(name) = name else {
            if innermost.parent.is_some() {
                return Err(Fault::failed("needs a name within a count of a count"));
            }
            return Ok(whole(innermost));
        };
        let mut next = self.frame;
        while let Some(frame) = next {
            match &frame.at {
                At::Value { name: known, element } if text::eq(known, name) => {
                    return Ok(Cow::Borrowed(*element));
                }
                At::Field { name: counted, element, .. } if text::starts_with(name, counted) => {
                    return Ok(self.below(frame, name, counted, *element));
                }
                _ => next = frame.parent,
            }
        }
        Err(Fault::failed(format!("nothing named `{name}` is counted here")))
    }

    fn below<'v>(
        &self,
        frame: &Frame<'v>,
        name: &str,
        counted: &str,
        element: Option<&'v Value>,
    ) -> Cow<'v, Value> {
        if name.len() <= counted.len() {
            return whole(frame);
        }
        let known = self.env.names.get(name);
        let Some(path) = known.and_then(|field| path_of(field, self.env.subject).ok().flatten()) else {
            // A name that no table has still says how it goes on from what is counted.
            let Some(rest) = name.get(counted.len()..).and_then(Path::parse) else {
                return Cow::Owned(empty());
            };
            let mut found = Vec::new();
            let mut push = |value: Option<&'v Value>| found.push(value);
            crate::path::select(element, &rest.segments, MissingArray::Empty, &mut push);
            return collected(found, rest.is_collection());
        };
        let At::Field { path: start, .. } = &frame.at else { return Cow::Owned(empty()) };
        let Some(rest) = path.after(start) else { return Cow::Owned(empty()) };
        let mut found = Vec::new();
        let mut push = |value: Option<&'v Value>| found.push(value);
        crate::path::select(element, rest, MissingArray::Empty, &mut push);
        collected(found, rest.contains(&crate::path::Segment::Each))
    }

    fn request_context(&self) -> Cow<'_, Value> {
        if let Some(request) = self.env.around.request {
            return Cow::Borrowed(request);
        }
        let subject = self.env.primary.unwrap_or(self.env.subject);
        let facts = self.env.aliases.type_facts(subject.resource_type());
        match facts.and_then(|facts| facts.latest.as_ref()) {
            Some(latest) => Cow::Owned(json!({ "apiVersion": latest })),
            None => Cow::Owned(json!({})),
        }
    }

    fn resource_group(&self) -> Outcome<'_> {
        if let Some(group) = self.env.around.resource_group {
            return Ok(Cow::Borrowed(group));
        }
        let subject = self.env.primary.unwrap_or(self.env.subject);
        let (Some(subscription), Some(group)) = (subject.subscription(), subject.group()) else {
            return Err(Fault::missing("the resource group"));
        };
        let id = format!("/subscriptions/{subscription}/resourceGroups/{group}");
        Ok(Cow::Owned(json!({"id": id, "name": group, "type": "Microsoft.Resources/resourceGroups"})))
    }

    fn subscription(&self) -> Outcome<'_> {
        if let Some(subscription) = self.env.around.subscription {
            return Ok(Cow::Borrowed(subscription));
        }
        let subject = self.env.primary.unwrap_or(self.env.subject);
        let Some(id) = subject.subscription() else { return Err(Fault::missing("the subscription")) };
        Ok(Cow::Owned(json!({"id": format!("/subscriptions/{id}"), "subscriptionId": id})))
    }
}

fn empty() -> Value {
    Value::String(String::new())
}

fn whole<'v>(frame: &Frame<'v>) -> Cow<'v, Value> {
    match &frame.at {
        At::Value { element, .. } => Cow::Borrowed(*element),
        At::Field { element, .. } => element.map_or_else(|| Cow::Owned(empty()), Cow::Borrowed),
    }
}

fn collected(found: Vec<Option<&Value>>, is_collection: bool) -> Cow<'_, Value> {
    if is_collection {
        return Cow::Owned(Value::Array(found.into_iter().flatten().cloned().collect()));
    }
    found.into_iter().next().flatten().map_or_else(|| Cow::Owned(empty()), Cow::Borrowed)
}
