//! Role definitions, and what is compiled from them once.

use crate::condition::ConditionError;
use crate::{Action, ActionIx, Actions, Bits, Condition, Pattern, Plane};

/// A role definition, as Azure shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleDefinition {
    /// The GUID, or a resource id that ends with it.
    pub id: String,
    /// The role's name.
    pub name: String,
    /// Whether the tenant made it.
    pub custom: bool,
    /// Where it can be assigned.
    pub assignable_scopes: Vec<String>,
    /// What it permits. `not_actions` take away from their own object only.
    pub permissions: Vec<Permission>,
}

/// One permission object of a role definition or deny assignment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permission {
    /// Patterns of the control plane.
    pub actions: Vec<String>,
    /// Exceptions from `actions`.
    pub not_actions: Vec<String>,
    /// Patterns of the data plane.
    pub data_actions: Vec<String>,
    /// Exceptions from `data_actions`.
    pub not_data_actions: Vec<String>,
    /// When this permission counts.
    pub condition: Option<String>,
}

/// The key of a role: the last segment of its id, in lower case. The same role has many ids, one for each scope it is read
/// at.
pub(crate) fn role_key(id: &str) -> String {
    dekey_model::ArmId(id.trim()).name().to_ascii_lowercase()
}

/// A condition that was given, understood or not.
pub(crate) type Parsed = Result<Condition, ConditionError>;

/// What a blank condition means: none.
pub(crate) fn parse(condition: Option<&str>) -> Option<Parsed> {
    condition.map(str::trim).filter(|text| !text.is_empty()).map(str::parse)
}

/// Patterns of one plane of one permission object.
#[derive(Clone, Debug, Default)]
struct Patterns {
    yes: Vec<Pattern>,
    no: Vec<Pattern>,
}

impl Patterns {
    fn new(yes: &[String], no: &[String]) -> Self {
        let all = |list: &[String]| list.iter().map(|text| Pattern::new(text)).collect();
        Self { yes: all(yes), no: all(no) }
    }

    /// The narrowest pattern that covers an action that no exception covers.
    fn covering(&self, action: &str) -> Option<&Pattern> {
        let found = self.yes.iter().filter(|own| own.covers_folded(action));
        let narrowest =
            found.min_by_key(|own| (own.is_wild(), std::cmp::Reverse(own.as_str().len()), own.as_str()))?;
        (!self.no.iter().any(|own| own.covers_folded(action))).then_some(narrowest)
    }
}

/// What is asked about: an action that has a bit, or any other.
#[derive(Clone, Copy, Debug)]
pub enum Asked<'a> {
    /// One of the actions that the engine was built for.
    Bit(ActionIx),
    /// Any action.
    Any(&'a Action),
}

/// A permission object, compiled.
#[derive(Clone, Debug)]
pub(crate) struct Compiled {
    control: Patterns,
    data: Patterns,
    pub(crate) bits: Bits,
    pub(crate) condition: Option<Parsed>,
}

impl Compiled {
    pub(crate) fn new(permission: &Permission, actions: &Actions) -> Self {
        let control = Patterns::new(&permission.actions, &permission.not_actions);
        let data = Patterns::new(&permission.data_actions, &permission.not_data_actions);
        let condition = parse(permission.condition.as_deref());
        let mut own = Self { control, data, bits: Bits::default(), condition };
        own.bits = actions.bits(|action| own.pattern(action).is_some());
        own
    }

    /// The pattern that covers an action.
    pub(crate) fn pattern(&self, action: &Action) -> Option<&Pattern> {
        let patterns = match action.plane() {
            Plane::Control => &self.control,
            Plane::Data => &self.data,
        };
        patterns.covering(action.folded())
    }

    pub(crate) fn covers(&self, asked: Asked<'_>) -> bool {
        match asked {
            Asked::Bit(ix) => self.bits.contains(ix),
            Asked::Any(action) => self.pattern(action).is_some(),
        }
    }
}

/// A role, compiled. Pattern matching is done here, once.
#[derive(Clone, Debug)]
pub struct Role {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) custom: bool,
    /// Whether there is a definition: an assignment may name a role that was not read.
    pub(crate) is_known: bool,
    pub(crate) assignable: Vec<String>,
    pub(crate) permissions: Vec<Compiled>,
    /// What any permission object without a condition permits.
    pub(crate) always: Bits,
    /// What only permission objects with a condition permit.
    pub(crate) sometimes: Bits,
}

impl Role {
    /// Compiles a definition.
    pub fn new(definition: &RoleDefinition, actions: &Actions) -> Self {
        let permissions: Vec<_> =
            definition.permissions.iter().map(|own| Compiled::new(own, actions)).collect();
        let (mut always, mut sometimes) = (Bits::default(), Bits::default());
        for own in &permissions {
            if own.condition.is_none() { always.add(&own.bits) } else { sometimes.add(&own.bits) }
        }
        sometimes.remove(&always);
        Self {
            id: role_key(&definition.id),
            name: definition.name.clone(),
            custom: definition.custom,
            is_known: true,
            assignable: definition.assignable_scopes.clone(),
            permissions,
            always,
            sometimes,
        }
    }

    /// A role that is named and was not read.
    pub(crate) fn unread(key: &str) -> Self {
        Self {
            is_known: false,
            ..Self::new(
                &RoleDefinition { id: key.to_owned(), ..RoleDefinition::default() },
                &Actions::default(),
            )
        }
    }

    /// The last segment of its id, in lower case.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its name; empty when its definition was not read.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the tenant made it.
    pub fn is_custom(&self) -> bool {
        self.custom
    }

    /// Whether its definition was read.
    pub fn is_known(&self) -> bool {
        self.is_known
    }

    /// What it permits whatever the circumstances.
    pub fn always(&self) -> &Bits {
        &self.always
    }

    /// What it permits under conditions of its own.
    pub fn sometimes(&self) -> &Bits {
        &self.sometimes
    }

    /// Whether any of its permission objects covers an action, whatever the condition.
    pub fn covers(&self, action: &Action) -> bool {
        self.permissions.iter().any(|own| own.pattern(action).is_some())
    }

    /// The widest of its patterns of the control plane that takes in a whole resource provider, or all of them, and more than reading;
    /// whatever the condition. Opening support requests and reading health are no harm.
    pub fn broad_pattern(&self) -> Option<&Pattern> {
        let all = self.permissions.iter().flat_map(|own| &own.control.yes);
        all.filter(|own| own.is_broad()).min_by_key(|own| (own.as_str().len(), own.as_str()))
    }

    /// Whether it can be assigned at a scope that is named among its assignable scopes, or below one.
    pub fn is_assignable_at(&self, scope: &str) -> bool {
        let at: Vec<&str> = scope.split('/').filter(|own| !own.is_empty()).collect();
        self.assignable.is_empty()
            || self.assignable.iter().any(|own| {
                let own: Vec<&str> = own.split('/').filter(|part| !part.is_empty()).collect();
                own.len() <= at.len() && own.iter().zip(&at).all(|(a, b)| a.eq_ignore_ascii_case(b))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn exceptions_take_away_from_their_own_object_only() {
        let actions: Actions = [Action::control("A/read"), Action::control("A/write")].into_iter().collect();
        let wide = Permission {
            actions: texts(&["A/*"]),
            not_actions: texts(&["*/write"]),
            ..Permission::default()
        };
        let narrow = Permission { actions: texts(&["a/WRITE "]), ..Permission::default() };
        let role = |permissions| RoleDefinition { permissions, ..RoleDefinition::default() };
        assert_eq!(Role::new(&role(vec![wide.clone()]), &actions).always().len(), 1);
        assert_eq!(Role::new(&role(vec![wide, narrow]), &actions).always().len(), 2);
    }

    #[test]
    fn planes_do_not_mix() {
        let actions: Actions = [Action::control("A/read"), Action::data("A/read")].into_iter().collect();
        let all =
            Permission { actions: texts(&["*"]), not_data_actions: texts(&["*"]), ..Permission::default() };
        let role =
            Role::new(&RoleDefinition { permissions: vec![all], ..RoleDefinition::default() }, &actions);
        assert!(role.covers(&Action::control("A/read")) && !role.covers(&Action::data("A/read")));
        assert_eq!(role.always().len(), 1);
    }

    #[test]
    fn the_narrowest_pattern_is_the_reason() {
        let wide = Permission { actions: texts(&["*", "A/*", "*/read", "A/read"]), ..Permission::default() };
        let compiled = Compiled::new(&wide, &Actions::default());
        let reason = |name| compiled.pattern(&Action::control(name)).map(Pattern::as_str);
        assert_eq!(
            (reason("a/READ"), reason("a/write"), reason("b/write")),
            (Some("A/read"), Some("A/*"), Some("*"))
        );
    }

    #[test]
    fn a_wildcard_over_a_provider_is_broad() {
        let broad = |list: &[&str]| {
            let permission = Permission { actions: texts(list), ..Permission::default() };
            let role = RoleDefinition { permissions: vec![permission], ..RoleDefinition::default() };
            Role::new(&role, &Actions::default()).broad_pattern().map(ToString::to_string)
        };
        assert_eq!(broad(&["Microsoft.Storage/*", "*", "A/b/read"]).as_deref(), Some("*"));
        assert_eq!(
            broad(&["*/read", "microsoft.compute/*/WRITE"]).as_deref(),
            Some("microsoft.compute/*/WRITE")
        );
        assert_eq!(broad(&["Microsoft.*/action"]).as_deref(), Some("Microsoft.*/action"));
        assert_eq!(
            broad(&["*/read", "Microsoft.Storage/*/read", "Microsoft.Support/*", "A/b/*", "A/b/write"]),
            None
        );
    }

    #[test]
    fn keys_are_the_last_segment() {
        assert_eq!(role_key("/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/AB"), "ab");
        assert_eq!(role_key(" AB "), "ab");
    }
}
