//! Which workspaces a policy rule flags, told apart by their identity and by nothing else.
//!
//! This is no evaluator of Azure Policy. It walks the `if` with the few fields that make up an identity; every other field,
//! operator or expression is *unknown*, and unknown spreads until something certain outweighs it.

use super::parameters::{Parameters, get};
use crate::IdentityStandard;
use dekey_model::IdentityType;
use serde_json::Value;

/// The type that the walk takes for granted.
const WORKSPACES: &str = "Microsoft.MachineLearningServices/workspaces";
/// The alias that the built-in policy reads.
const PRIMARY: &str = "Microsoft.MachineLearningServices/workspaces/primaryUserAssignedIdentity";

/// Whether something holds, as far as can be told. Ordered, so that "and" is the least and "or" the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Known {
    /// It does not hold.
    No,
    /// It cannot be told.
    Unknown,
    /// It holds.
    Yes,
}

impl Known {
    fn of(holds: bool) -> Self {
        if holds { Known::Yes } else { Known::No }
    }

    pub(super) fn negated(self) -> Self {
        match self {
            Known::No => Known::Yes,
            Known::Unknown => Known::Unknown,
            Known::Yes => Known::No,
        }
    }
}

/// A workspace as a policy meets it. Workspaces with user-assigned identities have a primary one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No managed identity.
    None,
    /// A system-assigned identity only.
    System,
    /// User-assigned identities only.
    User,
    /// Both.
    Both,
}

impl State {
    /// The states of a workspace that does not have the identity that the settings ask for.
    pub fn lacking(standard: IdentityStandard) -> &'static [State] {
        match standard {
            IdentityStandard::System => &[State::None, State::User],
            IdentityStandard::User => &[State::None, State::System],
            IdentityStandard::Either => &[State::None],
            IdentityStandard::Both => &[State::None, State::System, State::User],
        }
    }

    /// The state of a workspace with this identity.
    pub fn of(identity: IdentityType) -> Self {
        match (identity.system, identity.user) {
            (false, false) => State::None,
            (true, false) => State::System,
            (false, true) => State::User,
            (true, true) => State::Both,
        }
    }

    /// The spellings of `identity.type` that a policy may see. Clients and answers of the service differ.
    fn spellings(self) -> &'static [Option<&'static str>] {
        match self {
            State::None => &[None, Some("None")],
            State::System => &[Some("SystemAssigned")],
            State::User => &[Some("UserAssigned")],
            State::Both => &[Some("SystemAssigned,UserAssigned"), Some("SystemAssigned, UserAssigned")],
        }
    }
}

/// Which workspaces a policy rule flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirement {
    none: Known,
    system: Known,
    user: Known,
    both: Known,
}

impl Requirement {
    /// Flags nothing.
    pub const NOTHING: Requirement =
        Requirement { none: Known::No, system: Known::No, user: Known::No, both: Known::No };

    /// What built-in policy 5f0c7d88-c7de-45b8-ac49-db49e72eaa78 flags: workspaces without a primary user-assigned identity.
    pub const PRIMARY_USER_ASSIGNED: Requirement =
        Requirement { none: Known::Yes, system: Known::Yes, user: Known::No, both: Known::No };

    fn of(flags: impl Fn(State) -> Known) -> Self {
        Self {
            none: flags(State::None),
            system: flags(State::System),
            user: flags(State::User),
            both: flags(State::Both),
        }
    }

    /// Whether a workspace in this state is flagged.
    pub fn flags(self, state: State) -> Known {
        match state {
            State::None => self.none,
            State::System => self.system,
            State::User => self.user,
            State::Both => self.both,
        }
    }

    /// Whether all of these states are flagged.
    pub fn flags_all(self, states: &[State]) -> Known {
        states.iter().map(|state| self.flags(*state)).min().unwrap_or(Known::Yes)
    }

    /// Whether any of these states is flagged.
    pub fn flags_any(self, states: &[State]) -> Known {
        states.iter().map(|state| self.flags(*state)).max().unwrap_or(Known::No)
    }

    /// What either of two flags.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::of(|state| self.flags(state).max(other.flags(state)))
    }

    /// What is flagged if something else holds too.
    #[must_use]
    pub fn and(self, holds: Known) -> Self {
        Self::of(|state| self.flags(state).min(holds))
    }
}

/// What a policy rule requires of the identity of workspaces; `None` when it is about something else.
pub fn identity_requirement(rule: &Value, parameters: &Parameters<'_>) -> Option<Requirement> {
    let condition = get(rule, "if")?;
    let details = get(rule, "then").and_then(|then| get(then, "details"));
    let existence = details.and_then(|details| get(details, "existenceCondition"));
    if !mentions_identity(condition) && !existence.is_some_and(mentions_identity) {
        return None;
    }
    let flags = |spelling: Option<&str>| {
        let matched = holds(condition, spelling, parameters);
        match (existence, details) {
            (Some(existence), Some(details)) if is_about_itself(details) => {
                matched.min(holds(existence, spelling, parameters).negated())
            }
            // Another resource decides.
            (Some(_), _) => matched.min(Known::Unknown),
            _ => matched,
        }
    };
    let requirement =
        Requirement::of(|state| agreed(state.spellings().iter().map(|spelling| flags(*spelling))));
    (requirement != Requirement::NOTHING).then_some(requirement)
}

/// What holds of every spelling; unknown when they differ.
fn agreed(mut flags: impl Iterator<Item = Known>) -> Known {
    let first = flags.next().unwrap_or(Known::Unknown);
    if flags.all(|next| next == first) { first } else { Known::Unknown }
}

/// Whether the related resource of an `IfNotExists` effect is the workspace itself.
fn is_about_itself(details: &Value) -> bool {
    let text = |key| get(details, key).and_then(Value::as_str);
    text("type").is_some_and(|own| own.eq_ignore_ascii_case(WORKSPACES))
        && text("name").is_none_or(|name| field_function(name).is_some())
}

fn mentions_identity(value: &Value) -> bool {
    match value {
        Value::String(text) => is_identity(text),
        Value::Array(list) => list.iter().any(mentions_identity),
        Value::Object(map) => map.values().any(mentions_identity),
        _ => false,
    }
}

/// `requestContext().identity` is the caller and `encryption.identity` belongs to the key: neither counts.
fn is_identity(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let named = |start: &str| text.starts_with(start) || text.contains(&format!("field('{start}"));
    named("identity.") || text.contains("field('identity')") || named(&PRIMARY.to_ascii_lowercase())
}

/// The field that `[field('x')]` names.
fn field_function(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix('[')?.strip_suffix(']')?.trim();
    let name = inner.get(..5).filter(|word| word.eq_ignore_ascii_case("field"))?;
    let argument = inner.get(name.len()..)?.trim().strip_prefix('(')?.strip_suffix(')')?.trim();
    let field = argument.strip_prefix('\'')?.strip_suffix('\'')?;
    (!field.contains('\'')).then_some(field)
}

/// Whether a condition holds of a workspace with this `identity.type`.
fn holds(condition: &Value, spelling: Option<&str>, parameters: &Parameters<'_>) -> Known {
    let Some(map) = condition.as_object() else { return Known::Unknown };
    let all = |key: &str| get(condition, key).and_then(Value::as_array);
    if map.len() == 1 {
        if let Some(list) = all("allOf") {
            return list.iter().map(|c| holds(c, spelling, parameters)).min().unwrap_or(Known::Unknown);
        }
        if let Some(list) = all("anyOf") {
            return list.iter().map(|c| holds(c, spelling, parameters)).max().unwrap_or(Known::Unknown);
        }
        return get(condition, "not").map_or(Known::Unknown, |c| holds(c, spelling, parameters).negated());
    }
    let subject = get(condition, "field").or_else(|| {
        // `field()` gives "" where the condition sees nothing, which every operator but `exists` holds equal.
        get(condition, "value").filter(|_| get(condition, "exists").is_none())
    });
    let field = subject.and_then(Value::as_str).map(|text| field_function(text).unwrap_or(text));
    let operator =
        map.iter().find(|(key, _)| !["field", "value"].iter().any(|w| key.eq_ignore_ascii_case(w)));
    match (field.and_then(|field| held(field, spelling)), operator) {
        (Some(held), Some((operator, operand))) if map.len() == 2 => {
            compare(held, operator, operand, parameters)
        }
        _ => Known::Unknown,
    }
}

/// What a field holds.
#[derive(Clone, Copy)]
enum Held<'a> {
    Nothing,
    Text(&'a str),
    /// Something, nobody knows what.
    Something,
}

fn held<'a>(field: &str, spelling: Option<&'a str>) -> Option<Held<'a>> {
    let is = |name: &str| field.eq_ignore_ascii_case(name);
    if is("type") {
        return Some(Held::Text(WORKSPACES));
    }
    if is("identity.type") {
        return Some(spelling.map_or(Held::Nothing, Held::Text));
    }
    let user_assigned = spelling.is_some_and(|text| text.contains("UserAssigned"));
    (is(PRIMARY) || is("identity.userAssignedIdentities")).then_some(if user_assigned {
        Held::Something
    } else {
        Held::Nothing
    })
}

fn compare(held: Held<'_>, operator: &str, operand: &Value, parameters: &Parameters<'_>) -> Known {
    let Some(operand) = parameters.resolve(operand) else { return Known::Unknown };
    let operator = operator.to_ascii_lowercase();
    if operator == "exists" {
        let there = !matches!(held, Held::Nothing);
        return truth(operand).map_or(Known::Unknown, |wanted| Known::of(there == wanted));
    }
    let (positive, negated) = match operator.strip_prefix("not") {
        Some(rest) => (rest, true),
        None => (operator.as_str(), false),
    };
    let result = match positive {
        "equals" => one(held, operand, str::eq_ignore_ascii_case),
        "contains" => one(held, operand, contains),
        "like" => one(held, operand, like),
        "in" => operand.as_array().map_or(Known::Unknown, |list| {
            let each = list.iter().map(|item| match parameters.resolve(item) {
                Some(item) => one(held, item, str::eq_ignore_ascii_case),
                None => Known::Unknown,
            });
            each.max().unwrap_or(Known::No)
        }),
        _ => Known::Unknown,
    };
    if negated { result.negated() } else { result }
}

/// Compares with one text. What is not there counts as an empty text.
fn one(held: Held<'_>, operand: &Value, test: impl Fn(&str, &str) -> bool) -> Known {
    match (held, operand.as_str()) {
        (Held::Nothing, Some(want)) => Known::of(test("", want)),
        (Held::Text(text), Some(want)) => Known::of(test(text, want)),
        (Held::Something, Some("")) => Known::of(test("something", "")),
        _ => Known::Unknown,
    }
}

fn truth(operand: &Value) -> Option<bool> {
    match operand {
        Value::Bool(value) => Some(*value),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn contains(text: &str, want: &str) -> bool {
    text.to_ascii_lowercase().contains(&want.to_ascii_lowercase())
}

/// `*` stands for any characters.
fn like(text: &str, pattern: &str) -> bool {
    let (text, pattern) = (text.to_ascii_lowercase(), pattern.to_ascii_lowercase());
    let Some((head, rest)) = pattern.split_once('*') else { return text == pattern };
    let Some(mut left) = text.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or("");
    for part in parts {
        match left.split_once(part) {
            Some((_, after)) => left = after,
            None => return false,
        }
    }
    left.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn requirement(condition: &Value) -> Option<Requirement> {
        identity_requirement(
            &json!({ "if": condition, "then": { "effect": "deny" } }),
            &Parameters::default(),
        )
    }

    fn flags(condition: &Value) -> [Known; 4] {
        let found = requirement(condition).unwrap_or(Requirement::NOTHING);
        [State::None, State::System, State::User, State::Both].map(|state| found.flags(state))
    }

    fn on_workspaces(condition: &Value) -> Value {
        json!({ "allOf": [{ "field": "type", "equals": "microsoft.machinelearningservices/Workspaces" }, condition] })
    }

    use Known::{No, Unknown, Yes};

    #[test]
    fn every_way_to_ask_for_a_system_assigned_identity_is_understood() {
        for condition in [
            json!({ "field": "identity.type", "notContains": "SystemAssigned" }),
            json!({ "field": "identity.type", "notLike": "*systemassigned*" }),
            json!({ "not": { "field": "identity.type", "contains": "SystemAssigned" } }),
            json!({ "value": "[field('identity.type')]", "notContains": "SystemAssigned" }),
            json!({ "anyOf": [
                { "field": "identity.type", "exists": "false" },
                { "field": "identity.type", "notContains": "SystemAssigned" },
            ] }),
            json!({ "field": "identity.type", "notIn":
                ["SystemAssigned", "SystemAssigned,UserAssigned", "SystemAssigned, UserAssigned"] }),
        ] {
            assert_eq!(flags(&on_workspaces(&condition)), [Yes, No, Yes, No], "{condition}");
        }
    }

    #[test]
    fn the_built_in_policy_flags_what_the_constant_says() {
        let condition = on_workspaces(&json!({ "anyOf": [
            { "field": PRIMARY, "exists": false },
            { "field": PRIMARY, "equals": "" },
        ] }));
        assert_eq!(requirement(&condition), Some(Requirement::PRIMARY_USER_ASSIGNED));
    }

    #[test]
    fn the_two_spellings_of_both_are_not_guessed_between() {
        let exact =
            json!({ "field": "identity.type", "notIn": ["SystemAssigned", "SystemAssigned, UserAssigned"] });
        assert_eq!(flags(&on_workspaces(&exact)), [Yes, No, Yes, Unknown]);
        let exclusive = json!({ "field": "identity.type", "notEquals": "SystemAssigned" });
        assert_eq!(flags(&on_workspaces(&exclusive)), [Yes, No, Yes, Yes]);
    }

    #[test]
    fn no_identity_at_all_has_two_spellings_too() {
        let missing = json!({ "field": "identity.type", "exists": false });
        assert_eq!(flags(&on_workspaces(&missing)), [Unknown, No, No, No]);
        let either = json!({ "anyOf": [missing, { "field": "identity.type", "equals": "None" }] });
        assert_eq!(flags(&on_workspaces(&either)), [Yes, No, No, No]);
    }

    #[test]
    fn conditions_beyond_the_identity_leave_it_open() {
        let condition = json!({ "allOf": [
            { "field": "type", "like": "Microsoft.MachineLearningServices/*" },
            { "field": "identity.type", "notContains": "SystemAssigned" },
            { "field": "tags['legacy']", "notEquals": "true" },
        ] });
        assert_eq!(flags(&condition), [Unknown, No, Unknown, No]);
        let unread = json!({ "field": "identity.type", "matchInsensitively": "SystemAssigned" });
        assert_eq!(flags(&on_workspaces(&unread)), [Unknown; 4]);
    }

    #[test]
    fn policies_on_other_things_are_no_identity_policies() {
        for condition in [
            json!({ "allOf": [
                { "field": "type", "equals": "Microsoft.CognitiveServices/accounts" },
                { "field": "identity.type", "exists": false },
            ] }),
            on_workspaces(
                &json!({ "field": "Microsoft.MachineLearningServices/workspaces/publicNetworkAccess", "notEquals": "Disabled" }),
            ),
            on_workspaces(&json!({ "value": "[requestContext().identity]", "notEquals": "x" })),
            on_workspaces(
                &json!({ "field": "Microsoft.MachineLearningServices/workspaces/encryption.identity.userAssignedIdentity", "exists": false }),
            ),
        ] {
            assert_eq!(requirement(&condition), None, "{condition}");
        }
    }

    #[test]
    fn an_existence_condition_on_the_workspace_itself_counts() {
        let mut rule = json!({
            "if": { "field": "type", "equals": WORKSPACES },
            "then": { "effect": "auditIfNotExists", "details": {
                "type": WORKSPACES,
                "name": "[field('name')]",
                "existenceCondition": { "field": "identity.type", "contains": "SystemAssigned" },
            } },
        });
        let found = identity_requirement(&rule, &Parameters::default());
        assert_eq!(found.map(|r| (r.flags(State::User), r.flags(State::System))), Some((Yes, No)));
        rule["then"]["details"]["type"] = json!("Microsoft.Authorization/roleAssignments");
        let other = identity_requirement(&rule, &Parameters::default());
        assert_eq!(other.map(|r| r.flags(State::User)), Some(Unknown));
    }

    #[test]
    fn operands_come_from_parameters_and_expressions_stay_unknown() {
        let rule = json!({ "if": on_workspaces(
            &json!({ "field": "identity.type", "notContains": "[parameters('wanted')]" })) });
        let declared = json!({ "wanted": { "type": "String", "defaultValue": "UserAssigned" } });
        let given = json!({ "Wanted": { "value": "SystemAssigned" } });
        let user = Parameters { given: None, declared: Some(&declared), outer: None };
        let system = Parameters { given: Some(&given), ..user };
        let flagged = |p: &Parameters<'_>| identity_requirement(&rule, p).map(|r| (r.system, r.user));
        assert_eq!(flagged(&user), Some((Yes, No)));
        assert_eq!(flagged(&system), Some((No, Yes)));
        let computed = json!({ "wanted": { "value": "[concat('System', 'Assigned')]" } });
        assert_eq!(flagged(&Parameters { given: Some(&computed), ..user }), Some((Unknown, Unknown)));
    }

    #[test]
    fn patterns_have_stars_only() {
        for (text, pattern, matches) in [
            ("SystemAssigned,UserAssigned", "*UserAssigned", true),
            ("SystemAssigned", "System*Assigned", true),
            ("SystemAssigned", "*User*", false),
            ("", "*", true),
            ("a", "a*a", false),
        ] {
            assert_eq!(like(text, pattern), matches, "{text} {pattern}");
        }
    }
}
