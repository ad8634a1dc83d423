//! From what was read of a tenant to the engine.

use crate::json::{permissions, texts};
use crate::service::access_policies;
use crate::{
    Actions, Assignment, Completeness, DenyAssignment, Engine, EngineBuilder, Group, List, PrincipalType,
    RoleDefinition, Standing,
};
use dekey_model::{CoverageEntry, Field, Inventory, Kind, Outcome, Resource, Seen};
use hashbrown::{HashMap, HashSet};
use jiff::Timestamp;
use serde_json::Value;
use std::borrow::Cow;

/// What is taken for read although no document says so. An answer that leans on it says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Assume {
    /// Role assignments.
    pub assignments: bool,
    /// Deny assignments. Azure makes them for a few services only.
    pub denials: bool,
    /// Groups and who is in them.
    pub groups: bool,
    /// The management groups above subscriptions.
    pub ancestors: bool,
    /// Definitions of built-in roles that were not read, from those that come with the project. They are the same in every tenant, but
    /// Microsoft changes them now and then.
    pub built_in: bool,
}

impl Assume {
    /// What is taken for read of an inventory unless somebody says otherwise. Built-in roles are the same in every tenant. Deny assignments are
    /// made for a few services only, and no command exports them. Where no management group has a role assignment, it does not matter
    /// which of them lie above a subscription.
    pub fn unless_told(inventory: &Inventory) -> Self {
        let mut all = inventory.of_kind(Kind::RoleAssignment).iter().map(|ix| inventory.get(*ix));
        let above = "/providers/microsoft.management/";
        let ancestors = !all.any(|own| folded(scope(own)).starts_with(above));
        Self { built_in: true, denials: true, ancestors, ..Self::default() }
    }

    /// Everything is taken for read: what the documents do not show, there is not.
    pub fn all() -> Self {
        Self { assignments: true, denials: true, groups: true, ancestors: true, built_in: true }
    }
}

/// The kinds whose coverage decides what an answer can lean on.
const LISTS: [(Kind, List); 2] =
    [(Kind::RoleAssignment, List::Assignments), (Kind::DenyAssignment, List::Denials)];

/// The engine of an inventory.
pub fn engine(inventory: &Inventory, actions: Actions, assume: Assume) -> Engine {
    let mut reader = Reader { inventory, builder: Engine::builder(actions), assume };
    reader.coverage();
    reader.directory();
    reader.roles();
    reader.assignments();
    reader.denials();
    reader.ancestors();
    reader.policies();
    reader.builder.finish()
}

struct Reader<'a> {
    inventory: &'a Inventory,
    builder: EngineBuilder,
    assume: Assume,
}

fn text(resource: Resource<'_>, field: Field) -> &str {
    resource.text(field).non_empty().value().unwrap_or("")
}

fn moment(resource: Resource<'_>, field: Field) -> Option<Timestamp> {
    resource.text(field).value()?.parse().ok()
}

fn folded(id: &str) -> String {
    id.trim_end_matches('/').to_ascii_lowercase()
}

/// Where an assignment counts: what it says, or what it hangs on.
fn scope(resource: Resource<'_>) -> &str {
    match text(resource, Field::Scope) {
        "" => resource.arm_id().parent().unwrap_or("/"),
        scope => scope,
    }
}

impl<'a> Reader<'a> {
    fn all(&self, kind: Kind) -> impl Iterator<Item = Resource<'a>> + use<'a> {
        let inventory = self.inventory;
        inventory.of_kind(kind).iter().map(move |ix| inventory.get(*ix))
    }

    fn coverage(&mut self) {
        let assumed = |assume| if assume { Completeness::Assumed } else { Completeness::NotRead };
        let root = [
            (List::Assignments, self.assume.assignments),
            (List::Denials, self.assume.denials),
            (List::Ancestors, self.assume.ancestors),
        ];
        for (list, assume) in root {
            self.builder.read(list, "/", assumed(assume));
        }
        let mut groups = assumed(self.assume.groups);
        for CoverageEntry { kind, scope, outcome } in self.inventory.coverage().entries() {
            let read = match outcome {
                Outcome::Read => Completeness::Whole,
                Outcome::InPart => Completeness::Missing("read in part".to_owned()),
                Outcome::Refused(why) => Completeness::Missing(why),
                Outcome::NotAsked => continue,
            };
            if let Some((_, list)) = LISTS.iter().find(|row| row.0 == kind) {
                self.builder.replace_read(*list, &scope, read);
            } else if kind == Kind::Group && scope.is_empty() {
                groups = read;
            }
        }
        // Groups that were read one by one stay so; the others may be taken for read.
        let all_read = groups == Completeness::Whole && self.assume.groups;
        self.builder.groups_read(if all_read { Completeness::Assumed } else { groups });
    }

    fn directory(&mut self) {
        for principal in self.all(Kind::ServicePrincipal) {
            self.builder.principal_type(principal.name(), PrincipalType::ServicePrincipal);
        }
        let users = self
            .all(Kind::Other)
            .filter(|own| own.resource_type().eq_ignore_ascii_case("Microsoft.Graph/users"));
        for user in users {
            self.builder.principal_type(user.name(), PrincipalType::User);
        }
        for group in self.all(Kind::Group) {
            let members = group.json(Field::GroupMembers).value().and_then(|list| texts(Some(list)));
            let is_whole = members.is_some() && !self.inventory.coverage().in_part(Kind::Group, group.id());
            let (id, members) = (group.name().to_owned(), members.unwrap_or_default());
            self.builder.principal_type(&id, PrincipalType::Group);
            self.builder.group(&Group { id, members, is_whole });
        }
    }

    fn roles(&mut self) {
        for role in self.all(Kind::RoleDefinition) {
            // A definition that is not as Azure writes it is one that was not read.
            let Some(permissions) = role.json(Field::Permissions).value().and_then(permissions) else {
                continue;
            };
            let kind = [text(role, Field::RoleType), text(role, Field::RoleTypeOfCli)];
            self.builder.role(&RoleDefinition {
                id: role.id().to_owned(),
                name: text(role, Field::RoleName).to_owned(),
                custom: kind.iter().any(|own| own.eq_ignore_ascii_case("CustomRole")),
                assignable_scopes: texts(role.json(Field::AssignableScopes).value()).unwrap_or_default(),
                permissions,
            });
        }
        // Of two with the same GUID the first counts.
        if self.assume.built_in {
            for role in crate::catalogue::roles() {
                self.builder.role(&role);
            }
        }
    }

    fn assignments(&mut self) {
        let schedules: HashMap<String, Resource<'a>> = self
            .all(Kind::RoleSchedule)
            .map(|own| (folded(text(own, Field::OriginRoleAssignment)), own))
            .filter(|(origin, _)| !origin.is_empty())
            .collect();
        let mut met = HashSet::new();
        let groups: HashSet<String> = self.all(Kind::Group).map(|own| folded(own.name())).collect();
        for own in self.all(Kind::RoleAssignment) {
            // Few have a schedule, and most tenants have none at all.
            let origin = (!schedules.is_empty()).then(|| folded(own.id()));
            let schedule = origin.as_ref().and_then(|origin| schedules.get_key_value(origin));
            met.extend(schedule.map(|(origin, _)| origin.as_str()));
            self.assignment(own, schedule.map(|(_, own)| *own), Standing::Active, &groups);
        }
        for own in self.all(Kind::RoleSchedule) {
            if !met.contains(folded(text(own, Field::OriginRoleAssignment)).as_str()) {
                self.assignment(own, Some(own), Standing::Active, &groups);
            }
        }
        for own in self.all(Kind::RoleEligibility) {
            self.assignment(own, Some(own), Standing::Eligible, &groups);
        }
    }

    fn assignment(
        &mut self,
        own: Resource<'a>,
        times: Option<Resource<'a>>,
        standing: Standing,
        groups: &HashSet<String>,
    ) {
        let principal = text(own, Field::PrincipalId);
        let principal_type = PrincipalType::of(text(own, Field::PrincipalType));
        let role = text(own, Field::RoleDefinitionId);
        if principal.is_empty() || role.is_empty() {
            let why = format!("role assignment `{}` is there without what it says", own.id());
            self.builder.replace_read(List::Assignments, scope(own), Completeness::Missing(why));
            return;
        }
        let is_unread = principal_type == PrincipalType::Group && !groups.contains(&folded(principal));
        if is_unread && !self.assume.groups {
            self.builder.group(&Group { id: principal.to_owned(), members: Vec::new(), is_whole: false });
        }
        let condition = match own.text(Field::Condition) {
            // What is there and cannot be read is not nothing.
            Seen::Odd => Some("a condition that is not text"),
            seen => seen.value(),
        };
        self.builder.assignment(&Assignment {
            id: own.id().into(),
            principal: principal.into(),
            principal_type,
            role: role.into(),
            scope: scope(own).into(),
            condition: condition.map(Cow::from),
            standing,
            from: times.and_then(|own| moment(own, Field::StartTime)),
            until: times.and_then(|own| moment(own, Field::EndTime)),
        });
    }

    fn denials(&mut self) {
        for own in self.all(Kind::DenyAssignment) {
            let (principals, excluded) =
                (self.named(own, Field::DenyPrincipals), self.named(own, Field::DenyExcluded));
            let permissions = own.json(Field::Permissions).value().and_then(permissions);
            let (Some(principals), Some(excluded), Some(permissions)) = (principals, excluded, permissions)
            else {
                let why = format!("deny assignment `{}` is not as Azure writes it", own.id());
                self.builder.replace_read(List::Denials, scope(own), Completeness::Missing(why));
                continue;
            };
            self.builder.denial(&DenyAssignment {
                id: own.id().to_owned(),
                name: text(own, Field::DenyName).to_owned(),
                scope: scope(own).to_owned(),
                this_scope_only: own.flag(Field::DenyThisScopeOnly).value() == Some(true),
                permissions,
                principals,
                excluded,
                condition: own.text(Field::Condition).value().map(str::to_owned),
            });
        }
    }

    /// The ids of principals, whose types are taken note of.
    fn named(&mut self, own: Resource<'a>, field: Field) -> Option<Vec<String>> {
        let list = match own.json(field) {
            Seen::Value(list) => list.as_array()?,
            Seen::Absent | Seen::Null => return Some(Vec::new()),
            Seen::NotRead | Seen::Odd => return None,
        };
        let mut ids = Vec::new();
        for principal in list {
            let id = principal.get("id").and_then(Value::as_str)?;
            let kind = principal
                .get("type")
                .and_then(Value::as_str)
                .map_or(PrincipalType::Unsaid, PrincipalType::of);
            self.builder.principal_type(id, kind);
            ids.push(id.to_owned());
        }
        Some(ids)
    }

    fn policies(&mut self) {
        for vault in self.all(Kind::Vault) {
            for policy in access_policies(vault).unwrap_or_default() {
                self.builder.mention(&policy.object_id);
            }
        }
    }

    fn ancestors(&mut self) {
        for subscription in self.all(Kind::Subscription) {
            let Some(chain) = subscription.json(Field::ManagementGroups).value().and_then(Value::as_array)
            else {
                continue;
            };
            let names = chain.iter().map(|own| own.get("name").and_then(Value::as_str).map(str::to_owned));
            if let Some(names) = names.collect::<Option<Vec<String>>>() {
                self.builder.ancestors(subscription.id(), &names);
            }
        }
    }
}
