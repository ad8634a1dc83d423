//! Many policies on many resources: of each resource what any of them looks at is read once, and each that can hold for its type
//! is asked.

mod prune;
mod read;
mod scan;
mod slot;
mod special;
mod tree;

pub(crate) use slot::{InSlot, KIND, LOCATION, Slot};
pub(crate) use special::Special;

use crate::effect::Effect;
use crate::evaluate::View;
use crate::policy::Policy;
use crate::subject::{Subject, Surroundings};
use crate::verdict::Verdict;
use dekey_expr::Value;
use hashbrown::HashMap;
use read::{Read, Unread};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::{Arc, Mutex, PoisonError};
use tree::Tree;

/// So many types are kept; an inventory that names more of them starts over.
const MOST_TYPES: usize = 4096;

type ByType<T> = HashMap<String, T, foldhash::fast::FixedState>;

/// Policies that sit together. Which of them look at a type of resource, and at what of it, is found out once for each type.
#[derive(Debug)]
pub struct Panel<'p> {
    policies: Vec<&'p Policy>,
    /// Those whose rule names the types that it can hold for, by type in lower case.
    named: ByType<Vec<usize>>,
    /// Those that may hold for any type.
    any: Vec<usize>,
    dockets: Mutex<ByType<Arc<Docket>>>,
}

/// What the panel looks at of one type of resource.
#[derive(Debug)]
pub(crate) struct Docket {
    pub(crate) tree: Tree,
    /// Those that look at it, in their order; without a rule of its own a policy needs the whole resource.
    live: Vec<(usize, Option<Special>)>,
}

/// A panel at work, on one thread.
#[derive(Debug)]
pub struct Sitting<'s, 'p> {
    panel: &'s Panel<'p>,
    own: ByType<Arc<Docket>>,
    last: Option<(String, Arc<Docket>)>,
}

/// A resource as a panel sees it.
pub struct Sighting<'s, 'p, 'd> {
    panel: &'s Panel<'p>,
    docket: Arc<Docket>,
    subject: Subject<'d>,
    slots: Vec<Slot<'d>>,
    whole: Whole<'d>,
}

/// Where the whole resource is, for policies that need it.
enum Whole<'d> {
    Text(&'d str, OnceCell<Option<Value>>),
    Parsed(Box<Subject<'d>>),
}

impl<'p> Panel<'p> {
    /// Seats policies. Their numbers are their places in this order.
    pub fn new(policies: impl IntoIterator<Item = &'p Policy>) -> Panel<'p> {
        let policies: Vec<&Policy> = policies.into_iter().collect();
        let (mut named, mut any): (ByType<Vec<usize>>, _) = (ByType::default(), Vec::new());
        for (index, policy) in policies.iter().enumerate() {
            match policy.types() {
                None => any.push(index),
                Some(types) => {
                    for name in types {
                        named.entry(name.to_ascii_lowercase()).or_default().push(index);
                    }
                }
            }
        }
        Panel { policies, named, any, dockets: Mutex::default() }
    }

    /// The policies, in their order.
    pub fn policies(&self) -> &[&'p Policy] {
        &self.policies
    }

    /// Starts work on one thread.
    pub fn sitting(&self) -> Sitting<'_, 'p> {
        Sitting { panel: self, own: ByType::default(), last: None }
    }

    fn docket(&self, kind: &str) -> Arc<Docket> {
        let mut all = self.dockets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get(kind) {
            return Arc::clone(known);
        }
        if all.len() >= MOST_TYPES {
            all.clear();
        }
        let made = Arc::new(self.make(kind));
        all.insert(kind.to_owned(), Arc::clone(&made));
        made
    }

    fn make(&self, kind: &str) -> Docket {
        let named = self.named.get(&kind.to_ascii_lowercase()).map(Vec::as_slice).unwrap_or_default();
        let mut candidates: Vec<usize> = named.iter().chain(&self.any).copied().collect();
        candidates.sort_unstable();
        // A resource of no type is not judged by any.
        if kind.is_empty() {
            candidates = (0..self.policies.len()).collect();
        }
        let mut tree = Tree::new();
        let mut live = Vec::new();
        for index in candidates {
            let Some(policy) = self.policies.get(index) else { continue };
            if policy.outside(kind).is_none() {
                // A disabled policy is only asked where something overrides that: then it takes the whole resource.
                let is_off = policy.effect() == Some(Effect::Disabled);
                live.push((index, if is_off { None } else { Special::new(policy, kind, &mut tree) }));
            }
        }
        Docket { tree, live }
    }
}

impl<'s, 'p> Sitting<'s, 'p> {
    /// Reads a resource that says what it is: of its text only what policies look at. An error says what is wrong with the text;
    /// in what is skipped, not everything is noticed.
    pub fn read<'d>(&mut self, json: &'d str) -> Result<Sighting<'s, 'p, 'd>, String> {
        match read::read(json, &mut |kind| self.docket(kind)) {
            Ok(Read { docket, slots }) => {
                let text = |at: usize| slots.get(at).and_then(Slot::text);
                let id = text(slot::ID).unwrap_or_default();
                let resource_type = match text(slot::TYPE) {
                    Some(own) => own,
                    None => Cow::Owned(crate::subject::type_in(&id).into_owned()),
                };
                let location = text(LOCATION);
                let names = (text(slot::NAME), text(slot::FULL_NAME));
                let subject = Subject::in_part(id, resource_type, location, names);
                let whole = Whole::Text(json, OnceCell::new());
                Ok(Sighting { panel: self.panel, docket, subject, slots, whole })
            }
            Err(Unread::Bad(why)) => Err(why),
            // Which of two properties of one name counts is for a parser to say that keeps what it reads.
            Err(Unread::Odd) => Ok(self.whole(json)?),
        }
    }

    fn whole<'d>(&mut self, json: &'d str) -> Result<Sighting<'s, 'p, 'd>, String> {
        let value: Value = serde_json::from_str(json)
            .map_err(|error| format!("not JSON at line {}, column {}", error.line(), error.column()))?;
        let of = Subject::new(&value);
        let docket = self.docket(of.resource_type());
        let mut slots: Vec<Slot<'_>> = Vec::new();
        slots.resize_with(docket.tree.slots, Slot::default);
        docket.tree.root.fill_copies(&value, &mut slots);
        let text = |at: usize| slots.get(at).and_then(Slot::text);
        let names = (text(slot::NAME), text(slot::FULL_NAME));
        let subject = Subject::in_part(
            Cow::Owned(of.id().to_owned()),
            Cow::Owned(of.resource_type().to_owned()),
            of.location().map(|own| Cow::Owned(own.to_owned())),
            names,
        );
        let whole = Whole::Text(json, OnceCell::from(Some(value)));
        Ok(Sighting { panel: self.panel, docket, subject, slots, whole })
    }

    /// Looks at a resource that was parsed already.
    pub fn look<'d>(&mut self, subject: &Subject<'d>) -> Sighting<'s, 'p, 'd> {
        let docket = self.docket(subject.resource_type());
        let mut slots: Vec<Slot<'d>> = Vec::new();
        slots.resize_with(docket.tree.slots, Slot::default);
        docket.tree.root.fill(subject.body, &mut slots);
        let whole = Whole::Parsed(Box::new(subject.clone()));
        Sighting { panel: self.panel, docket, subject: subject.clone(), slots, whole }
    }

    fn docket(&mut self, kind: &str) -> Arc<Docket> {
        if let Some((last, docket)) = &self.last
            && last == kind
        {
            return Arc::clone(docket);
        }
        let docket = if let Some(known) = self.own.get(kind) {
            Arc::clone(known)
        } else {
            if self.own.len() >= MOST_TYPES {
                self.own.clear();
            }
            let docket = self.panel.docket(kind);
            self.own.insert(kind.to_owned(), Arc::clone(&docket));
            docket
        };
        self.last = Some((kind.to_owned(), Arc::clone(&docket)));
        docket
    }
}

impl<'d> Sighting<'_, '_, 'd> {
    /// What is seen. Its JSON is null where it was read from text.
    pub fn subject(&self) -> &Subject<'d> {
        &self.subject
    }

    /// The numbers of the policies that look at its type, in order. To all others it is not applicable.
    pub fn live(&self) -> impl Iterator<Item = usize> + '_ {
        self.docket.live.iter().map(|(index, _)| *index)
    }

    /// Which properties were looked for, as JSON pointers; arrays as a whole.
    pub fn paths(&self) -> Vec<String> {
        self.docket.tree.paths()
    }

    /// Hands on what each policy that looks at its type says.
    pub fn judge_all(&self, around: &Surroundings<'_>, each: &mut dyn FnMut(usize, Verdict)) {
        for (index, special) in &self.docket.live {
            if let Some(policy) = self.panel.policies.get(*index) {
                each(*index, self.judged(policy, special.as_ref(), around, None));
            }
        }
    }

    /// What one policy says, with another effect in the place of its own if need be; the same as [`Policy::judge_as`] on the
    /// whole resource.
    pub fn judge(&self, index: usize, around: &Surroundings<'_>, forced: Option<&Effect>) -> Verdict {
        let Some(policy) = self.panel.policies.get(index) else {
            return Verdict::NotJudged(format!("there is no policy {index} on the panel"));
        };
        match self.docket.live.binary_search_by_key(&index, |(own, _)| *own) {
            Ok(at) => {
                let special = self.docket.live.get(at).and_then(|(_, special)| special.as_ref());
                self.judged(policy, special, around, forced)
            }
            // It says so itself, and looks at nothing but the type.
            Err(_) => policy.judge_as(&self.subject, around, forced),
        }
    }

    fn judged(
        &self,
        policy: &Policy,
        special: Option<&Special>,
        around: &Surroundings<'_>,
        forced: Option<&Effect>,
    ) -> Verdict {
        // Another version of the API has properties in other places, and what was read in part hides some.
        let is_plain = self.subject.version.is_none() && self.subject.unread.is_none();
        let special = special.filter(|_| is_plain);
        if let Some(special) = special {
            return policy.judge_view(&self.subject, View { slots: &self.slots, special }, around, forced);
        }
        match &self.whole {
            Whole::Parsed(subject) => policy.judge_as(subject, around, forced),
            Whole::Text(json, parsed) => match parsed.get_or_init(|| serde_json::from_str(json).ok()) {
                Some(value) => policy.judge_as(&Subject::new(value), around, forced),
                None => Verdict::NotJudged("the resource is not well-formed JSON".to_owned()),
            },
        }
    }
}
