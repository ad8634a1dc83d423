//! Values that a policy rule takes from parameters, and the effect that comes of them.

use super::requirement::Known;
use serde_json::Value;

/// A property, by its name in any case.
pub(crate) fn get<'v>(object: &'v Value, key: &str) -> Option<&'v Value> {
    object.as_object()?.iter().find(|(own, _)| own.eq_ignore_ascii_case(key)).map(|(_, value)| value)
}

/// Where the parameters of a rule come from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parameters<'a> {
    /// What the assignment, or the member of an initiative, gives: `{"x": {"value": ..}}`.
    pub given: Option<&'a Value>,
    /// What the definition declares: `{"x": {"defaultValue": ..}}`.
    pub declared: Option<&'a Value>,
    /// The parameters of the initiative, which the given values may refer to.
    pub outer: Option<&'a Parameters<'a>>,
}

impl<'a> Parameters<'a> {
    /// The value of a parameter, if it can be told.
    pub fn value(&self, name: &str) -> Option<&'a Value> {
        let given = self.given.and_then(|given| get(given, name)).and_then(|entry| get(entry, "value"));
        match (given, self.outer) {
            (Some(given), Some(outer)) => outer.resolve(given),
            (Some(given), None) => literal(given),
            (None, _) => {
                let default = self.declared.and_then(|declared| get(declared, name));
                literal(default.and_then(|entry| get(entry, "defaultValue"))?)
            }
        }
    }

    /// A literal, or the value of the parameter that `[parameters('x')]` names; `None` for every other expression.
    pub fn resolve<'v>(&self, value: &'v Value) -> Option<&'v Value>
    where
        'a: 'v,
    {
        match value.as_str().and_then(parameter_name) {
            Some(name) => self.value(name),
            None => literal(value),
        }
    }
}

fn literal(value: &Value) -> Option<&Value> {
    (!value.as_str().is_some_and(|text| text.starts_with('['))).then_some(value)
}

/// `x` of `[parameters('x')]`. Templates escape the bracket, `[[`.
fn parameter_name(text: &str) -> Option<&str> {
    let text = text.trim().strip_prefix('[')?;
    let inner = text.strip_prefix('[').unwrap_or(text).strip_suffix(']')?.trim();
    let function = inner.get(.."parameters".len()).filter(|word| word.eq_ignore_ascii_case("parameters"))?;
    let argument = inner.get(function.len()..)?.trim().strip_prefix('(')?.strip_suffix(')')?.trim();
    let name = argument.strip_prefix('\'')?.strip_suffix('\'')?;
    (!name.contains('\'')).then_some(name)
}

/// What happens to a resource that a policy rule flags. Ordered by how much of it stands in the way of the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Nothing.
    Disabled,
    /// It is listed as non-compliant: `audit`, `auditIfNotExists`, `auditAction`.
    Audit,
    /// Something is done about it, or somebody has to: `modify`, `deployIfNotExists`, `append`, `manual` and others.
    Act,
    /// It cannot be created or changed.
    Deny,
    /// It cannot be told.
    Unknown,
}

impl Effect {
    /// The effect of a word.
    pub fn parse(word: &str) -> Self {
        match word.trim().to_ascii_lowercase().as_str() {
            "deny" => Effect::Deny,
            "disabled" => Effect::Disabled,
            "audit" | "auditifnotexists" | "auditaction" => Effect::Audit,
            "modify" | "deployifnotexists" | "append" | "manual" | "denyaction" | "mutate"
            | "addtonetworkgroup" | "enforcesetting" | "enforceregopolicy" => Effect::Act,
            _ => Effect::Unknown,
        }
    }
}

/// The effect of a policy rule before overrides.
pub fn effect_of(rule: &Value, parameters: &Parameters<'_>) -> Effect {
    let effect = get(rule, "then").and_then(|then| get(then, "effect"));
    let word = effect.and_then(|effect| parameters.resolve(effect)).and_then(Value::as_str);
    word.map_or(Effect::Unknown, Effect::parse)
}

/// Where an effect is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// At a resource of this location, which may not have been read.
    At(Option<&'a str>),
    /// Wherever it is strongest.
    Anywhere,
}

/// The effect after the assignment's overrides. Of several overrides that contradict each other none is guessed.
pub fn overridden(
    base: Effect,
    overrides: Option<&Value>,
    reference: Option<&str>,
    place: Place<'_>,
) -> Effect {
    let mut found: Option<Effect> = None;
    let mut strongest = base;
    for entry in overrides.and_then(Value::as_array).into_iter().flatten() {
        let text = |key| get(entry, key).and_then(Value::as_str);
        if text("kind").is_some_and(|kind| !kind.eq_ignore_ascii_case("policyEffect")) {
            continue;
        }
        let effect = text("value").map_or(Effect::Unknown, Effect::parse);
        let matched = match get(entry, "selectors").and_then(Value::as_array) {
            Some(selectors) => {
                selectors.iter().map(|s| selected(s, reference, place)).min().unwrap_or(Known::Yes)
            }
            None => Known::Yes,
        };
        match (matched, place) {
            (Known::No, _) => {}
            (Known::Unknown, Place::Anywhere) => strongest = strongest.max(effect),
            (Known::Yes, _) if found.is_none_or(|other| other == effect) => found = Some(effect),
            (Known::Unknown | Known::Yes, _) => return Effect::Unknown,
        }
    }
    found.unwrap_or(strongest)
}

fn selected(selector: &Value, reference: Option<&str>, place: Place<'_>) -> Known {
    match get(selector, "kind").and_then(Value::as_str).map(str::to_ascii_lowercase).as_deref() {
        Some("policydefinitionreferenceid") => match reference {
            Some(reference) => listed(selector, |own| own.eq_ignore_ascii_case(reference)),
            None => Known::Unknown,
        },
        Some("resourcelocation") => match place {
            Place::At(Some(location)) => listed(selector, |own| same_location(own, location)),
            Place::At(None) | Place::Anywhere => Known::Unknown,
        },
        _ => Known::Unknown,
    }
}

/// Whether a selector's `in` or `notIn` takes something.
fn listed(selector: &Value, is: impl Fn(&str) -> bool) -> Known {
    let list = |key| get(selector, key).and_then(Value::as_array);
    let holds = |list: &Vec<Value>| list.iter().filter_map(Value::as_str).any(&is);
    match (list("in"), list("notIn")) {
        (Some(wanted), None) if holds(wanted) => Known::Yes,
        (None, Some(unwanted)) if !holds(unwanted) => Known::Yes,
        (Some(_), None) | (None, Some(_)) => Known::No,
        _ => Known::Unknown,
    }
}

/// `East US 2` is `eastus2`.
fn same_location(a: &str, b: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    letters(a).eq_ignore_ascii_case(&letters(b))
}

/// Whether `resourceSelectors` take a resource of a type and location: one of them has to, with all it says.
pub(super) fn takes(
    resource_selectors: Option<&Value>,
    resource_type: &str,
    location: Option<&str>,
) -> Known {
    let Some(list) = resource_selectors.and_then(Value::as_array).filter(|list| !list.is_empty()) else {
        return Known::Yes;
    };
    let one = |selector: &Value| match get(selector, "kind").and_then(Value::as_str) {
        Some(kind) if kind.eq_ignore_ascii_case("resourceType") => {
            listed(selector, |own| own.eq_ignore_ascii_case(resource_type))
        }
        Some(kind) if kind.eq_ignore_ascii_case("resourceWithoutLocation") => Known::No,
        _ => selected(selector, None, Place::At(location)),
    };
    let all = |entry: &Value| match get(entry, "selectors").and_then(Value::as_array) {
        Some(selectors) => selectors.iter().map(one).min().unwrap_or(Known::Yes),
        None => Known::Yes,
    };
    list.iter().map(all).max().unwrap_or(Known::Yes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_effect_is_resolved_through_assignment_initiative_and_definition() {
        let rule = json!({ "if": {}, "then": { "effect": "[parameters('Effect')]" } });
        let declared = json!({ "effect": { "defaultValue": "Audit" } });
        let by_default = Parameters { declared: Some(&declared), ..Parameters::default() };
        assert_eq!(effect_of(&rule, &by_default), Effect::Audit);
        let given = json!({ "effect": { "value": "Deny" } });
        assert_eq!(effect_of(&rule, &Parameters { given: Some(&given), ..by_default }), Effect::Deny);
        // A member of an initiative passes the initiative's own parameter on.
        let passed_on = json!({ "effect": { "value": "[[ parameters('mlEffect') ]" } });
        let of_initiative = json!({ "mlEffect": { "defaultValue": "Disabled" } });
        let outer = Parameters { declared: Some(&of_initiative), ..Parameters::default() };
        let member = Parameters { given: Some(&passed_on), declared: Some(&declared), outer: Some(&outer) };
        assert_eq!(effect_of(&rule, &member), Effect::Disabled);
        let at_assignment = json!({ "mleffect": { "value": "Deny" } });
        let outer = Parameters { given: Some(&at_assignment), ..outer };
        assert_eq!(effect_of(&rule, &Parameters { outer: Some(&outer), ..member }), Effect::Deny);
        // A member that gives nothing leaves the definition's default, whatever the assignment says.
        assert_eq!(
            effect_of(&rule, &Parameters { given: None, outer: Some(&outer), ..member }),
            Effect::Audit
        );
    }

    #[test]
    fn what_cannot_be_resolved_is_unknown() {
        let rule = |effect: &str| json!({ "then": { "effect": effect } });
        let none = Parameters::default();
        assert_eq!(effect_of(&rule("deny"), &none), Effect::Deny);
        for effect in [
            "[parameters('x')]",
            "[if(true(), 'deny', 'audit')]",
            "[concat(parameters('a'), parameters('b'))]",
        ] {
            assert_eq!(effect_of(&rule(effect), &none), Effect::Unknown, "{effect}");
        }
        assert_eq!(effect_of(&json!({}), &none), Effect::Unknown);
    }

    #[test]
    fn overrides_replace_the_effect_of_what_they_select() {
        let overrides = json!([
            { "kind": "policyVersion", "value": "2.0.0" },
            { "kind": "policyEffect", "value": "Deny", "selectors": [
                { "kind": "policyDefinitionReferenceId", "in": ["identity"] },
                { "kind": "resourceLocation", "in": ["eastus2"] },
            ] },
        ]);
        let effect = |reference, place| overridden(Effect::Audit, Some(&overrides), Some(reference), place);
        assert_eq!(effect("Identity", Place::At(Some("East US 2"))), Effect::Deny);
        assert_eq!(effect("identity", Place::At(Some("westeurope"))), Effect::Audit);
        assert_eq!(effect("identity", Place::At(None)), Effect::Unknown);
        assert_eq!(effect("identity", Place::Anywhere), Effect::Deny);
        assert_eq!(effect("other", Place::Anywhere), Effect::Audit);
        let everything = json!([{ "kind": "policyEffect", "value": "disabled" }]);
        assert_eq!(overridden(Effect::Deny, Some(&everything), None, Place::At(None)), Effect::Disabled);
        let contradiction = json!([
            { "kind": "policyEffect", "value": "Audit" },
            { "kind": "policyEffect", "value": "Deny" },
        ]);
        assert_eq!(overridden(Effect::Deny, Some(&contradiction), None, Place::At(None)), Effect::Unknown);
    }

    #[test]
    fn resource_selectors_narrow_an_assignment() {
        let ring = json!([{ "name": "ring0", "selectors": [{ "kind": "resourceLocation", "in": ["northeurope"] }] }]);
        assert_eq!(takes(Some(&ring), "T/t", Some("North Europe")), Known::Yes);
        assert_eq!(takes(Some(&ring), "T/t", Some("westeurope")), Known::No);
        assert_eq!(takes(Some(&ring), "T/t", None), Known::Unknown);
        assert_eq!(takes(Some(&json!([])), "T/t", None), Known::Yes);
        let types = json!([{ "selectors": [{ "kind": "resourceType", "notIn": ["t/T"] }] }]);
        assert_eq!(takes(Some(&types), "T/t", None), Known::No);
    }
}
