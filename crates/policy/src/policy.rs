//! A definition ready to judge: parameters filled in, aliases found.

use crate::alias::Aliases;
use crate::definition::{Definition, Mode};
use crate::effect::Effect;
use crate::evaluate::{Cx, Env, View};
use crate::existence::Existence;
use crate::field::Unlisted;
use crate::host::Constants;
use crate::operation::Operation;
use crate::rule::{self, Compiler, Names, Node};
use crate::semantics::Semantics;
use crate::subject::{Subject, Surroundings};
use crate::trace::{Step, Tracer};
use crate::verdict::{Reason, Verdict};
use crate::{LoadError, json};
use dekey_expr::{Fault, Template, Value, text};
use serde_json::{Map, json};
use std::sync::Arc;

/// What a policy is compiled with.
#[derive(Clone, Debug)]
pub struct Knowledge {
    /// The aliases that are known.
    pub aliases: Arc<Aliases>,
    /// What to make of a field that is none of them.
    pub unlisted: Unlisted,
    /// How to read what documents leave open.
    pub semantics: Semantics,
}

/// What `policy()` says: ids, each empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The assignment.
    pub assignment: String,
    /// The definition.
    pub definition: String,
    /// The initiative.
    pub initiative: String,
    /// The name of the definition within the initiative.
    pub reference: String,
}

/// A definition ready to judge.
#[derive(Clone, Debug)]
pub struct Policy {
    pub(crate) node: Node,
    mode: Mode,
    effect: Template,
    /// The effect, where it does not depend on the resource.
    fixed: Option<Effect>,
    pub(crate) existence: Option<Existence>,
    pub(crate) operations: Vec<Operation>,
    /// What `details` say: `conflictEffect`, `actionNames`, `cascadeBehaviors`.
    pub(crate) conflict: Option<Template>,
    pub(crate) actions: Option<Template>,
    pub(crate) cascade: Option<Template>,
    pub(crate) names: Names,
    parameters: Value,
    about: Value,
    pub(crate) knowledge: Knowledge,
    dynamic: bool,
    on_tags: bool,
}

/// Up to where a policy is evaluated.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Everything, for a resource as it is.
    Whole,
    /// What comes before a request is handed on: what looks for related resources comes after.
    Before,
}

impl Policy {
    /// Fills in parameters, folds constants and finds fields. A parameter without a value or default is an error.
    pub fn compile(
        definition: &Definition,
        given: &Map<String, Value>,
        about: &About,
        knowledge: &Knowledge,
    ) -> Result<Policy, LoadError> {
        let parameters = filled(definition, given)?;
        let about = json!({
            "assignmentId": about.assignment, "definitionId": about.definition, "setDefinitionId": about.initiative,
            "definitionReferenceId": about.reference,
        });
        let constants = Constants { parameters: &parameters, about: &about };
        let mut compiler = Compiler {
            aliases: &knowledge.aliases,
            unlisted: knowledge.unlisted,
            semantics: knowledge.semantics,
            constants: &constants,
            names: Names::default(),
            dynamic: false,
        };
        let node = compiler.condition(&definition.condition)?;
        let on_tags = compiler.dynamic || rule::looks_at_tags(&node, &compiler.names);
        let effect = compiler.template(&definition.effect);
        let details = definition.details.as_slice();
        let operations: Vec<_> =
            definition.operations.iter().map(|own| own.compiled(&mut compiler)).collect();
        if definition.effects().contains(&Effect::Modify) {
            operations.iter().try_for_each(|own| own.check(compiler.aliases))?;
        }
        let existence = Existence::compile(details, definition.existence.as_ref(), &mut compiler)?;
        let mut detail = |name: &str| {
            let found = details.iter().find(|(own, _)| text::eq(own, name));
            found.map(|(_, own)| compiler.template(own))
        };
        let (conflict, actions, cascade) =
            (detail("conflictEffect"), detail("actionNames"), detail("cascadeBehaviors"));
        let (names, dynamic) = (compiler.names, compiler.dynamic);
        Ok(Policy {
            node,
            mode: definition.mode.clone(),
            fixed: effect.as_plain().and_then(Value::as_str).map(Effect::parse),
            effect,
            existence,
            operations,
            conflict,
            actions,
            cascade,
            names,
            parameters,
            about,
            knowledge: knowledge.clone(),
            dynamic,
            on_tags,
        })
    }

    /// The effect, where it does not depend on the resource.
    pub fn effect(&self) -> Option<Effect> {
        self.fixed.clone()
    }

    /// The same, as it is spelled.
    pub(crate) fn written_effect(&self) -> Option<&str> {
        self.effect.as_plain().and_then(Value::as_str)
    }

    /// The types that it can hold for, if its conditions on `type` name them; nothing when it may hold for any.
    pub fn types(&self) -> Option<Vec<String>> {
        let holds = |kind: &str| rule::by_type(&self.node, kind, self.knowledge.semantics) != Some(false);
        // A type that no rule names stands for all that are not named.
        if holds("\u{1}/\u{1}") {
            return None;
        }
        let mut found: Vec<String> = Vec::new();
        rule::named_types(&self.node, &mut |name| {
            if holds(name) && !found.iter().any(|own| own.eq_ignore_ascii_case(name)) {
                found.push(name.to_owned());
            }
        });
        Some(found)
    }

    /// Judges a resource or request.
    pub fn judge(&self, subject: &Subject<'_>, around: &Surroundings<'_>) -> Verdict {
        self.judged(subject, around, None, None, Stage::Whole)
    }

    /// The same, with another effect in the place of its own.
    pub fn judge_as(
        &self,
        subject: &Subject<'_>,
        around: &Surroundings<'_>,
        forced: Option<&Effect>,
    ) -> Verdict {
        self.judged(subject, around, forced, None, Stage::Whole)
    }

    /// What it says of a request before the request is handed on: for effects that look for related resources, whether they will.
    pub(crate) fn judge_before(
        &self,
        subject: &Subject<'_>,
        around: &Surroundings<'_>,
        forced: Option<&Effect>,
    ) -> Verdict {
        self.judged(subject, around, forced, None, Stage::Before)
    }

    /// How it came to that, condition by condition.
    pub(crate) fn steps_before(
        &self,
        subject: &Subject<'_>,
        around: &Surroundings<'_>,
        forced: Option<&Effect>,
    ) -> Vec<Step> {
        let tracer = Tracer::default();
        self.judged(subject, around, forced, Some(&tracer), Stage::Before);
        tracer.finish()
    }

    /// The same, with how it came to that, condition by condition.
    pub fn explain(&self, subject: &Subject<'_>, around: &Surroundings<'_>) -> (Verdict, Vec<Step>) {
        let tracer = Tracer::default();
        let verdict = self.judged(subject, around, None, Some(&tracer), Stage::Whole);
        (verdict, tracer.finish())
    }

    fn judged(
        &self,
        subject: &Subject<'_>,
        around: &Surroundings<'_>,
        forced: Option<&Effect>,
        trace: Option<&Tracer>,
        stage: Stage,
    ) -> Verdict {
        let fixed = forced.or(self.fixed.as_ref());
        if fixed == Some(&Effect::Disabled) {
            return Verdict::NotApplicable(Reason::Disabled);
        }
        if let Some(verdict) = self.outside(subject.resource_type()) {
            return verdict;
        }
        let env = self.env(subject, None, around, trace);
        self.decided(&Cx { env: &env, frame: None }, &self.node, fixed, stage)
    }

    /// What a resource that was read in part stands to it, by the rule for its type.
    pub(crate) fn judge_view(
        &self,
        subject: &Subject<'_>,
        view: View<'_>,
        around: &Surroundings<'_>,
        forced: Option<&Effect>,
    ) -> Verdict {
        let fixed = forced.or(self.fixed.as_ref());
        if fixed == Some(&Effect::Disabled) {
            return Verdict::NotApplicable(Reason::Disabled);
        }
        let mut env = self.env(subject, None, around, None);
        env.names = &view.special.names;
        env.view = Some(view);
        self.decided(&Cx { env: &env, frame: None }, &view.special.node, fixed, Stage::Whole)
    }

    /// Its verdict on what it looks at.
    fn decided(&self, cx: &Cx<'_>, node: &Node, fixed: Option<&Effect>, stage: Stage) -> Verdict {
        let effect = match fixed {
            Some(effect) => effect.clone(),
            None => match self.effect.eval(cx) {
                Ok(effect) => Effect::parse(effect.as_str().unwrap_or_default()),
                Err(fault) => return Verdict::of_fault(*fault),
            },
        };
        if effect == Effect::Disabled {
            return Verdict::NotApplicable(Reason::Disabled);
        }
        if effect == Effect::Modify && self.operations.iter().any(|own| own.is_for_others(cx.env.subject)) {
            return Verdict::NotApplicable(Reason::Identity);
        }
        match cx.truth(node) {
            Err(fault) => Verdict::of_fault(*fault),
            Ok(false) if effect.needs_existence() => Verdict::NotApplicable(Reason::Rule),
            Ok(false) if applies(cx, node, true) => Verdict::Compliant(effect),
            Ok(false) => Verdict::NotApplicable(Reason::Rule),
            Ok(true) if stage == Stage::Before => Verdict::NonCompliant(effect),
            Ok(true) if effect == Effect::Manual => Verdict::NotJudged("it is attested by hand".to_owned()),
            Ok(true) => match (&self.existence, effect.needs_existence()) {
                (Some(existence), true) => existence.judge(self, cx, effect),
                (None, true) => Verdict::Failed("its details name no type to look for".to_owned()),
                _ => Verdict::NonCompliant(effect),
            },
        }
    }

    /// Evaluates something of the policy for a request.
    pub(crate) fn with_cx<T>(
        &self,
        subject: &Subject<'_>,
        around: &Surroundings<'_>,
        run: impl FnOnce(&Cx<'_>) -> Result<T, Box<Fault>>,
    ) -> Result<T, Box<Fault>> {
        let env = self.env(subject, None, around, None);
        run(&Cx { env: &env, frame: None })
    }

    /// The effect on a resource.
    pub(crate) fn effect_on(&self, cx: &Cx<'_>) -> Result<Effect, Box<Fault>> {
        let effect = self.effect.eval(cx)?;
        Ok(Effect::parse(effect.as_str().unwrap_or_default()))
    }

    pub(crate) fn env<'e>(
        &'e self,
        subject: &'e Subject<'e>,
        primary: Option<&'e Subject<'e>>,
        around: &'e Surroundings<'e>,
        trace: Option<&'e Tracer>,
    ) -> Env<'e> {
        Env {
            subject,
            primary,
            around,
            semantics: self.knowledge.semantics,
            names: &self.names,
            aliases: &self.knowledge.aliases,
            unlisted: self.knowledge.unlisted,
            parameters: &self.parameters,
            about: &self.about,
            trace,
            view: None,
            primary_view: None,
        }
    }

    /// What it does not look at at all: by mode, or because it is about other types.
    pub(crate) fn outside(&self, kind: &str) -> Option<Verdict> {
        if kind.is_empty() && self.knowledge.unlisted != Unlisted::AsPath {
            return Some(Verdict::NotJudged("the type of the resource is not known".to_owned()));
        }
        if let Mode::Provider(mode) = &self.mode {
            return Some(Verdict::NotApplicable(Reason::Mode(mode.clone())));
        }
        if is_never_evaluated(kind)
            || rule::by_type(&self.node, kind, self.knowledge.semantics) == Some(false)
        {
            return Some(Verdict::NotApplicable(Reason::Type));
        }
        if self.mode == Mode::Indexed {
            let facts = self.knowledge.aliases.type_facts(kind);
            return match facts.and_then(|facts| facts.indexed) {
                Some(true) => None,
                Some(false) => Some(Verdict::NotApplicable(Reason::Mode("Indexed".to_owned()))),
                None if is_container(kind) => {
                    Some(Verdict::NotApplicable(Reason::Mode("Indexed".to_owned())))
                }
                // Whoever reads paths as they are has no facts about types.
                None if self.knowledge.unlisted == Unlisted::AsPath => None,
                None => Some(Verdict::NotJudged(format!("whether the type {kind} has tags and a location"))),
            };
        }
        None
    }

    /// Whether some field is only known when the resource is.
    pub fn is_dynamic(&self) -> bool {
        self.dynamic
    }

    /// Whether its conditions look at tags: only such policies are evaluated for a `PATCH` of tags alone.
    pub(crate) fn looks_at_tags(&self) -> bool {
        self.on_tags
    }

    /// Whether it looks at types that have tags and a location alone.
    pub(crate) fn is_indexed(&self) -> bool {
        self.mode == Mode::Indexed
    }

    /// Whether a type has tags and a location, where that is known.
    pub(crate) fn knows_as_indexed(&self, kind: &str) -> Option<bool> {
        self.knowledge.aliases.type_facts(kind).and_then(|own| own.indexed)
    }
}

/// Whether it is applicable: conditions on type, name and kind decide, all others are taken to hold.
fn applies(cx: &Cx<'_>, node: &Node, holds: bool) -> bool {
    match node {
        Node::All(parts) => parts.iter().all(|part| applies(cx, part, holds)),
        Node::Any(parts) => parts.iter().any(|part| applies(cx, part, holds)),
        Node::Not(inner) => !applies(cx, inner, !holds),
        Node::Test(test) if test.is_about_identity() => cx.truth(node).unwrap_or(holds),
        Node::Test(_) | Node::Fixed(_) => holds,
        Node::Known(yes) => *yes,
    }
}

/// What Azure Policy never evaluates.
fn is_never_evaluated(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    let resources = kind.starts_with("microsoft.resources/")
        && !["microsoft.resources/subscriptions", "microsoft.resources/subscriptions/resourcegroups"]
            .contains(&kind.as_str());
    resources
        || [
            "microsoft.billing/",
            "microsoft.capacity/reservationorders",
            "microsoft.help/",
            "microsoft.diagnostics/",
        ]
        .iter()
        .any(|own| kind.starts_with(own))
}

fn is_container(kind: &str) -> bool {
    kind.to_ascii_lowercase().starts_with("microsoft.resources/subscriptions")
}

/// The parameters of a definition: what was given, or else the default.
fn filled(definition: &Definition, given: &Map<String, Value>) -> Result<Value, LoadError> {
    let at = |name: &str| format!("/parameters/{name}");
    let mut all = Map::new();
    for parameter in &definition.parameters {
        let own = text::get(given, &parameter.name).or(parameter.default.as_ref()).cloned();
        let Some(value) = own else {
            return Err(LoadError::new(at(&parameter.name), "has neither a value nor a default"));
        };
        if let Some(allowed) = &parameter.allowed
            && !is_allowed(allowed, &value)
            && text::get(given, &parameter.name).is_some()
        {
            return Err(LoadError::new(
                at(&parameter.name),
                "has a value that is not among those allowed; case matters",
            ));
        }
        all.insert(parameter.name.clone(), value);
    }
    for (name, value) in given {
        if !definition.parameters.iter().any(|own| text::eq(&own.name, name)) {
            all.insert(name.clone(), value.clone());
        }
    }
    Ok(Value::Object(all))
}

/// Of an array each element has to be allowed. Case matters.
fn is_allowed(allowed: &[Value], value: &Value) -> bool {
    allowed.contains(value) || value.as_array().is_some_and(|all| all.iter().all(|own| allowed.contains(own)))
}

/// The values of the parameters of an assignment: `{name: {value: ..}}`, or plain values.
pub fn values(parameters: &Map<String, Value>) -> Map<String, Value> {
    let value = |own: &Value| own.as_object().and_then(|own| json::get(own, "value")).unwrap_or(own).clone();
    parameters.iter().map(|(name, own)| (name.clone(), value(own))).collect()
}

impl Verdict {
    pub(crate) fn of_fault(fault: Fault) -> Verdict {
        match fault {
            Fault::Failed(failure) => Verdict::Failed(failure.to_string()),
            Fault::Missing(missing) => Verdict::NotJudged(missing.to_string()),
        }
    }
}
