//! The policy side of an inventory.

use crate::order::{self, Order};
use dekey_model::{Covered, Field, Inventory, Kind, Resource, ResourceIx};
use dekey_policy::{
    Assigned, Assignment, Definition, Enrollment, Exemption, Initiative, Knowledge, Library, LoadError,
};
use hashbrown::HashMap;
use serde_json::Value;
use std::collections::BTreeMap;

const ENROLLMENTS: &str = "Microsoft.Authorization/policyEnrollments";

/// A policy document that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The id of what cannot be used.
    pub id: String,
    /// Where in its document, as a JSON pointer; empty if it is about all of it.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
}

impl Problem {
    fn new(id: &str, error: &LoadError) -> Self {
        Self { id: id.to_owned(), pointer: error.pointer.clone(), message: error.message.clone() }
    }
}

/// What a document that was given beside the inventory turned out to be, with its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// A definition.
    Definition(String),
    /// An initiative.
    Initiative(String),
    /// An assignment.
    Assignment(String),
    /// An exemption.
    Exemption(String),
}

/// What is known of a subscription.
#[derive(Debug, Default)]
pub(crate) struct Subscription {
    /// The management groups above it; `None` where nobody said.
    pub(crate) groups: Option<Vec<String>>,
}

/// The policy side of an inventory: what is defined, assigned and exempt, and what surrounds each resource.
#[derive(Debug)]
pub struct Estate<'i> {
    /// What was read.
    pub inventory: &'i Inventory,
    /// What cannot be used, in order of id.
    pub problems: Vec<Problem>,
    definitions: BTreeMap<String, Definition>,
    initiatives: BTreeMap<String, Initiative>,
    assignments: BTreeMap<String, Assignment>,
    /// By the id of their assignment, in lower case; in order of their own.
    exemptions: BTreeMap<String, Vec<Exemption>>,
    enrollments: Vec<Enrollment>,
    pub(crate) subscriptions: HashMap<String, Subscription, foldhash::fast::FixedState>,
    pub(crate) order: Order,
}

/// Assignments, ready to judge.
#[derive(Debug, Default)]
pub struct Compiled {
    /// In order of id.
    pub assigned: Vec<Assigned>,
    /// Those that Azure would not take, or that are not understood.
    pub problems: Vec<Problem>,
}

impl Library for Estate<'_> {
    fn definition(&self, id: &str) -> Option<&Definition> {
        self.definitions.get(&key(id))
    }

    fn initiative(&self, id: &str) -> Option<&Initiative> {
        self.initiatives.get(&key(id))
    }
}

impl<'i> Estate<'i> {
    /// Takes the policies out of an inventory that was read with its documents.
    pub fn of(inventory: &'i Inventory) -> Self {
        let mut own = Self {
            inventory,
            problems: Vec::new(),
            definitions: BTreeMap::new(),
            initiatives: BTreeMap::new(),
            assignments: BTreeMap::new(),
            exemptions: BTreeMap::new(),
            enrollments: Vec::new(),
            subscriptions: HashMap::default(),
            order: Order::of(inventory),
        };
        for kind in
            [Kind::PolicyDefinition, Kind::PolicySetDefinition, Kind::PolicyAssignment, Kind::PolicyExemption]
        {
            for ix in inventory.of_kind(kind) {
                own.read(inventory.get(*ix));
            }
        }
        let enrollments: Vec<Resource<'_>> = own.resources_of(ENROLLMENTS, "/").collect();
        for enrollment in enrollments {
            own.read(enrollment);
        }
        for ix in inventory.of_kind(Kind::Subscription) {
            let resource = inventory.get(*ix);
            let id = resource.arm_id().subscription().unwrap_or_default().to_ascii_lowercase();
            own.subscriptions.insert(id, Subscription { groups: groups_above(resource) });
        }
        own.problems.sort();
        own.problems.dedup();
        own
    }

    fn read(&mut self, resource: Resource<'_>) {
        let parsed = resource.raw().map(serde_json::from_str::<Value>);
        let Some(Ok(mut value)) = parsed else {
            let message = "its document was not kept".to_owned();
            self.problems.push(Problem { id: resource.id().to_owned(), pointer: String::new(), message });
            return;
        };
        if let Value::Object(map) = &mut value {
            map.insert("id".to_owned(), resource.id().into());
        }
        if !value.get("properties").is_some_and(Value::is_object) {
            let message = "only its id was read: its list leaves the properties out".to_owned();
            self.problems.push(Problem { id: resource.id().to_owned(), pointer: String::new(), message });
            return;
        }
        let added = match resource.kind() {
            Kind::PolicyDefinition => Definition::parse(&value).map(|own| self.define(own)),
            Kind::PolicySetDefinition => Initiative::parse(&value).map(|own| self.initiate(own)),
            Kind::PolicyAssignment => Assignment::parse(&value).map(|own| self.assign(own)),
            Kind::PolicyExemption => Exemption::parse(&value).map(|own| self.exempt(own)),
            _ => Enrollment::parse(&value).map(|own| self.enrollments.push(own)),
        };
        if let Err(error) = added {
            self.problems.push(Problem::new(resource.id(), &error));
        }
    }

    /// Adds a definition, or puts it in the place of the one with its id.
    pub fn define(&mut self, definition: Definition) {
        self.definitions.insert(key(&definition.id), definition);
    }

    /// Adds an initiative, or puts it in the place of the one with its id.
    pub fn initiate(&mut self, initiative: Initiative) {
        self.initiatives.insert(key(&initiative.id), initiative);
    }

    /// Adds an assignment, or puts it in the place of the one with its id.
    pub fn assign(&mut self, assignment: Assignment) {
        self.assignments.insert(key(&assignment.id), assignment);
    }

    /// Adds an exemption, or puts it in the place of the one with its id.
    pub fn exempt(&mut self, exemption: Exemption) {
        let of = self.exemptions.entry(key(&exemption.assignment)).or_default();
        let id = key(&exemption.id);
        // In order of id, so that thousands of them are not sorted anew for each.
        match of.binary_search_by(|own| key(&own.id).cmp(&id)) {
            Ok(at) => {
                if let Some(own) = of.get_mut(at) {
                    *own = exemption;
                }
            }
            Err(at) => of.insert(at, exemption),
        }
    }

    /// Adds a policy document in any of ARM's forms. One without an id gets one: `id`.
    pub fn add(&mut self, document: &Value, id: &str) -> Result<Added, LoadError> {
        let mut document = document.clone();
        let own = document.get("id").and_then(Value::as_str).filter(|own| own.starts_with('/'));
        let id = own.unwrap_or(id).to_owned();
        if let Value::Object(map) = &mut document {
            map.insert("id".to_owned(), id.clone().into());
        }
        let properties = document.get("properties").filter(|own| own.is_object()).unwrap_or(&document);
        let has = |name: &str| {
            properties.as_object().is_some_and(|map| map.keys().any(|key| key.eq_ignore_ascii_case(name)))
        };
        if has("policyDefinitions") {
            self.initiate(Initiative::parse(&document)?);
            Ok(Added::Initiative(id))
        } else if has("policyAssignmentId") {
            self.exempt(Exemption::parse(&document)?);
            Ok(Added::Exemption(id))
        } else if has("policyDefinitionId") {
            self.assign(Assignment::parse(&document)?);
            Ok(Added::Assignment(id))
        } else {
            self.define(Definition::parse(&document)?);
            Ok(Added::Definition(id))
        }
    }

    /// The definitions, in order of id.
    pub fn definitions(&self) -> impl Iterator<Item = &Definition> {
        self.definitions.values()
    }

    /// The initiatives, in order of id.
    pub fn initiatives(&self) -> impl Iterator<Item = &Initiative> {
        self.initiatives.values()
    }

    /// The assignments, in order of id.
    pub fn assignments(&self) -> impl Iterator<Item = &Assignment> {
        self.assignments.values()
    }

    /// The exemptions from an assignment, in order of id.
    pub fn exemptions(&self, assignment: &str) -> &[Exemption] {
        self.exemptions.get(&key(assignment)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Every exemption.
    pub fn all_exemptions(&self) -> impl Iterator<Item = &Exemption> {
        self.exemptions.values().flatten()
    }

    /// Where assignments in the mode `Enroll` are enforced.
    pub fn enrollments(&self) -> &[Enrollment] {
        &self.enrollments
    }

    /// Compiles what is assigned. An assignment that cannot be used is named, and hides no other.
    pub fn compile(&self, knowledge: &Knowledge) -> Compiled {
        let mut compiled = Compiled::default();
        for assignment in self.assignments.values() {
            self.compile_one(assignment, knowledge, &mut compiled);
        }
        compiled
    }

    /// Compiles one assignment.
    pub fn compile_one(&self, assignment: &Assignment, knowledge: &Knowledge, into: &mut Compiled) {
        match Assigned::compile(assignment.clone(), self, knowledge) {
            Ok(own) => into.assigned.push(own),
            Err(error) => into.problems.push(Problem::new(&assignment.id, &error)),
        }
    }

    /// Whether the list of a kind is known for a scope. Listing the policies of a subscription gives those above it too; seeing
    /// one of a list is taken for having seen all of it, unless the list breaks off.
    pub fn has_read(&self, kind: Kind, scope: &str) -> bool {
        let coverage = self.inventory.coverage();
        match coverage.covers(kind, scope) {
            Covered::Yes => true,
            Covered::Refused(_) => false,
            Covered::Unknown if coverage.in_part(kind, scope) => false,
            Covered::Unknown => {
                let id = dekey_model::ArmId(scope);
                let list = id.subscription().map(|own| format!("/subscriptions/{own}"));
                !self
                    .order
                    .within(self.inventory, kind.resource_type(), list.as_deref().unwrap_or(scope))
                    .is_empty()
            }
        }
    }

    /// What providers say of their types and aliases, where the inventory holds their answers.
    pub fn provider_documents(&self) -> impl Iterator<Item = String> {
        let all = self.order.within(self.inventory, "", "/");
        all.iter().filter_map(|ix| {
            let raw = self.inventory.get(*ix).raw().filter(|raw| raw.contains("resourceTypes"))?;
            let value: Value = serde_json::from_str(raw).ok()?;
            let own = value.get("properties").filter(|own| own.is_object()).unwrap_or(&value);
            own.get("resourceTypes").is_some().then(|| own.to_string())
        })
    }

    /// The management groups above a subscription, by id; `None` where nobody said.
    pub fn management_groups(&self, subscription: &str) -> Option<&[String]> {
        self.subscriptions.get(&subscription.to_ascii_lowercase())?.groups.as_deref()
    }

    /// Whether something lies at or below a scope; `None` where nobody said which management groups are above it.
    pub fn lies_in(&self, id: &str, scope: &str) -> Option<bool> {
        if scope.trim_end_matches('/').is_empty() || order::lies_in(id, scope) {
            return Some(true);
        }
        let scope = key(scope);
        if !scope.contains("/managementgroups/") {
            return Some(false);
        }
        let is_scope = |own: &String| key(own) == scope;
        if let Some(subscription) = dekey_model::ArmId(id).subscription() {
            return self.management_groups(subscription).map(|own| own.iter().any(is_scope));
        }
        let id = key(id);
        if !id.contains("/managementgroups/") {
            return Some(false);
        }
        // Every subscription below a management group names all that is above it.
        let mut chains = self.subscriptions.values().filter_map(|own| own.groups.as_deref());
        chains.find_map(|own| {
            let at = own.iter().position(|group| key(group) == id)?;
            Some(own.iter().skip(at).any(is_scope))
        })
    }

    /// All resources, in order of id.
    pub fn in_order(&self) -> &[ResourceIx] {
        &self.order.all
    }

    /// The resources of a type at or below a scope, in order of id.
    pub fn resources_of<'s>(
        &'s self,
        resource_type: &str,
        scope: &'s str,
    ) -> impl Iterator<Item = Resource<'i>> + use<'s, 'i> {
        let all = self.order.within(self.inventory, resource_type, scope);
        let inventory = self.inventory;
        all.iter().map(move |ix| inventory.get(*ix)).filter(move |own| order::lies_in(own.id(), scope))
    }
}

/// An id as a key.
pub(crate) fn key(id: &str) -> String {
    id.trim_end_matches('/').to_ascii_lowercase()
}

fn groups_above(subscription: Resource<'_>) -> Option<Vec<String>> {
    let chain = subscription.json(Field::ManagementGroups).value().and_then(Value::as_array)?;
    let name = |group: &Value| {
        let name = group.get("name").and_then(Value::as_str)?;
        Some(format!("/providers/Microsoft.Management/managementGroups/{name}"))
    };
    Some(chain.iter().filter_map(name).collect())
}
