//! What `auditIfNotExists` and `deployIfNotExists` look for.

use crate::condition::Condition;
use crate::evaluate::Cx;
use crate::policy::Policy;
use crate::rule::{Compiler, Node};
use crate::subject::{Query, Related, Subject};
use crate::verdict::Verdict;
use crate::{Effect, LoadError};
use dekey_expr::{Fault, Template, Value, text};
use std::borrow::Cow;

/// What is looked for, and where.
#[derive(Clone, Debug)]
pub(crate) struct Existence {
    resource_type: Template,
    name: Option<Template>,
    group: Option<Template>,
    /// `Subscription`, or else the resource group.
    scope: Option<Template>,
    condition: Option<Node>,
}

impl Existence {
    pub(crate) fn compile(
        details: &[(String, Template)],
        condition: Option<&Condition>,
        compiler: &mut Compiler<'_>,
    ) -> Result<Option<Self>, LoadError> {
        let mut part = |name: &str| {
            let found = details.iter().find(|(own, _)| text::eq(own, name));
            found.map(|(_, own)| compiler.template(own))
        };
        let Some(resource_type) = part("type") else { return Ok(None) };
        let (name, group, scope) = (part("name"), part("resourceGroupName"), part("existenceScope"));
        let condition = condition.map(|own| compiler.condition(own)).transpose()?;
        Ok(Some(Self { resource_type, name, group, scope, condition }))
    }

    /// Any related resource that fulfils the condition is enough.
    pub(crate) fn judge(&self, policy: &Policy, cx: &Cx<'_>, effect: Effect) -> Verdict {
        match self.exists(policy, cx) {
            Ok(true) => Verdict::Compliant(effect),
            Ok(false) => Verdict::NonCompliant(effect),
            Err(fault) => Verdict::of_fault(*fault),
        }
    }

    fn exists(&self, policy: &Policy, cx: &Cx<'_>) -> Result<bool, Box<Fault>> {
        let subject = cx.env.subject;
        let wanted = text_of(&self.resource_type, cx)?;
        let name = self.name.as_ref().map(|own| text_of(own, cx)).transpose()?;
        let is_itself = text::eq(&wanted, subject.resource_type());
        let scope = if is_itself { Cow::Borrowed(subject.id()) } else { self.place(cx, &wanted)? };
        let all = match cx.env.around.estate.related(&Query { resource_type: &wanted, scope: &scope }) {
            Related::Known(all) if !all.is_empty() || !is_itself => all,
            // What is looked for is the resource itself, as it is.
            _ if is_itself => return self.fulfilled(policy, cx, subject),
            Related::Known(all) => all,
            Related::Unknown(what) => return Err(Fault::missing(what)),
        };
        let mut pending = None;
        for related in all.iter().filter(|own| name.as_deref().is_none_or(|name| is_named(own, name))) {
            match self.fulfilled(policy, cx, related) {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(fault) => pending = Some(fault),
            }
        }
        pending.map_or(Ok(false), Err)
    }

    fn fulfilled(&self, policy: &Policy, cx: &Cx<'_>, related: &Subject<'_>) -> Result<bool, Box<Fault>> {
        let Some(condition) = &self.condition else { return Ok(true) };
        let mut env = policy.env(related, Some(cx.env.subject), cx.env.around, cx.env.trace);
        let mut condition = condition;
        if std::ptr::eq(related, cx.env.subject)
            && let Some(view) = cx.env.view
        {
            (env.view, env.names) = (Some(view), &view.special.names);
            condition = view.special.existence.as_ref().unwrap_or(condition);
        } else {
            env.primary_view = cx.env.view;
        }
        Cx { env: &env, frame: None }.truth(condition)
    }

    /// The type that is looked for and the condition on it, where the type does not depend on the resource.
    pub(crate) fn looks_for(&self) -> Option<(&str, Option<&Node>)> {
        Some((self.resource_type.as_plain()?.as_str()?, self.condition.as_ref()))
    }

    /// Children lie in the resource; others in its resource group, the one that is named, or the subscription.
    fn place<'s>(&self, cx: &Cx<'s>, wanted: &str) -> Result<Cow<'s, str>, Box<Fault>> {
        let subject = cx.env.subject;
        let below = wanted.len() > subject.resource_type().len()
            && wanted.as_bytes().get(subject.resource_type().len()) == Some(&b'/')
            && text::starts_with(wanted, subject.resource_type());
        if below {
            return Ok(Cow::Borrowed(subject.id()));
        }
        let missing = || Fault::missing("the subscription of the resource");
        let whole = self.scope.as_ref().map(|own| text_of(own, cx));
        if self.group.is_none() && whole.is_none() {
            return subject.group_id().ok_or_else(missing);
        }
        let subscription = subject.subscription().ok_or_else(missing)?;
        if whole.transpose()?.is_some_and(|own| own.eq_ignore_ascii_case("subscription")) {
            return Ok(format!("/subscriptions/{subscription}").into());
        }
        match &self.group {
            Some(group) => {
                Ok(format!("/subscriptions/{subscription}/resourceGroups/{}", text_of(group, cx)?).into())
            }
            None => subject.group_id().ok_or_else(missing),
        }
    }
}

fn text_of<'t>(template: &'t Template, cx: &'t Cx<'_>) -> Result<Cow<'t, str>, Box<Fault>> {
    match template.eval(cx)? {
        Cow::Borrowed(Value::String(text)) => Ok(Cow::Borrowed(text)),
        Cow::Owned(Value::String(text)) => Ok(Cow::Owned(text)),
        other => Err(Fault::failed(format!("the details need a text, not {}", other.as_ref()))),
    }
}

/// A name may be that of a child after its parents', with `?` for any of them. What has no name may be meant.
fn is_named(related: &Subject<'_>, name: &str) -> bool {
    let Some(full) = related.full_name() else { return true };
    if !name.contains('/') {
        return related.name().is_some_and(|own| text::eq(&own, name)) || text::eq(&full, name);
    }
    let (wanted, own): (Vec<&str>, Vec<&str>) = (name.split('/').collect(), full.split('/').collect());
    wanted.len() == own.len()
        && wanted.iter().zip(own).all(|(wanted, own)| *wanted == "?" || text::eq(wanted, own))
}
