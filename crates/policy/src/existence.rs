//! What `auditIfNotExists` and `deployIfNotExists` look for.

use crate::condition::Condition;
use crate::evaluate::Cx;
use crate::policy::Policy;
use crate::rule::{Compiler, Node};
use crate::subject::{Query, Related, Subject};
use crate::verdict::Verdict;
use crate::{Effect, LoadError};
use dekey_expr::{Fault, Template, Value, text};

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
        let scope = if is_itself { subject.id().to_owned() } else { self.place(cx, &wanted)? };
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
        let env = policy.env(related, Some(cx.env.subject), cx.env.around, cx.env.trace);
        Cx { env: &env, frame: None }.truth(condition)
    }

    /// Children lie in the resource; others in its resource group, the one that is named, or the subscription.
    fn place(&self, cx: &Cx<'_>, wanted: &str) -> Result<String, Box<Fault>> {
        let subject = cx.env.subject;
        let below = wanted.len() > subject.resource_type().len()
            && text::starts_with(wanted, subject.resource_type())
            && wanted.get(subject.resource_type().len()..).is_some_and(|rest| rest.starts_with('/'));
        if below {
            return Ok(subject.id().to_owned());
        }
        let subscription =
            subject.subscription().ok_or_else(|| Fault::missing("the subscription of the resource"))?;
        let whole = self.scope.as_ref().map(|own| text_of(own, cx)).transpose()?;
        if whole.is_some_and(|own| own.eq_ignore_ascii_case("subscription")) {
            return Ok(format!("/subscriptions/{subscription}"));
        }
        let group = match &self.group {
            Some(group) => text_of(group, cx)?,
            None => match subject.group() {
                Some(group) => group.to_owned(),
                None => return Ok(format!("/subscriptions/{subscription}")),
            },
        };
        Ok(format!("/subscriptions/{subscription}/resourceGroups/{group}"))
    }
}

fn text_of(template: &Template, cx: &Cx<'_>) -> Result<String, Box<Fault>> {
    match template.eval(cx)?.as_ref() {
        Value::String(text) => Ok(text.clone()),
        other => Err(Fault::failed(format!("the details need a text, not {other}"))),
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
