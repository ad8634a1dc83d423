//! Why regorus may differ about a condition, once the switches are set as it reads: each reason with its document.
//!
//! `rule`: the article definition-structure-policy-rule. `arrays`: the article author-policies-for-arrays. `REF`: the functions of
//! Azure/azure-policy-linter, ExpressionBuiltInFunctions.cs, by the Azure Policy team.

use crate::differential::{Outcome, Table, leaves};
use dekey_expr::{Value as Json, text};
use dekey_policy::Step;
use regorus::Value;
use serde_json::json;

/// Why one of the two refuses a rule.
pub(crate) fn refusal(ours: Option<&str>, theirs: Option<&str>) -> Option<String> {
    let known = |why: &str| {
        REFUSALS.iter().find(|(part, _)| why.contains(part)).map(|(_, class)| (*class).to_owned())
    };
    match (ours, theirs) {
        (Some(_), Some(_)) => Some("both refuse it".to_owned()),
        (None, Some(why)) => known(why),
        _ => None,
    }
}

/// What regorus refuses to compile, though Azure only fails when it comes to that.
const REFUSALS: &[(&str, &str)] = &[
    (
        "is used outside an active count scope",
        "current() of what is not counted: fails when it is evaluated (arrays); there it is refused",
    ),
    (
        "unsupported template function 'uniquestring'",
        "uniqueString() is allowed, and built-ins call it (REF: UniqueString); there refused",
    ),
    (
        "unsupported template function 'guid'",
        "guid() is allowed, and built-ins call it (REF: Guid); there refused",
    ),
    (
        "invalid character in string",
        "a text with escapes that JSON allows (RFC 8259, section 7); there refused",
    ),
];

/// What ends the evaluation there, whatever stands beside it.
pub(crate) const ARITHMETIC: &str = "a condition that decides outweighs one beside it that fails (azure-policy-linter, order of conditions); there wrong arithmetic ends all";

/// What regorus gets wrong once an `anyOf` is decided before a condition in it on many elements.
pub(crate) const JUMP: &str = "anyOf holds when one of it does (rule: logical operators); there what follows goes wrong when a loop in it was jumped over";

pub(crate) fn jumps_over_a_loop(condition: &Json) -> bool {
    let loops = |own: &Json| own.to_string().contains("[*]") || own.to_string().contains("\"count\"");
    match condition {
        Json::Object(map) => map.iter().any(|(key, value)| {
            let is_any = key.eq_ignore_ascii_case("anyOf")
                && value.as_array().is_some_and(|own| own.len() > 1 && own.iter().any(loops));
            is_any || jumps_over_a_loop(value)
        }),
        Json::Array(all) => all.iter().any(jumps_over_a_loop),
        _ => false,
    }
}

/// A comparison on which the two may differ.
struct Seen<'s> {
    operator: &'static str,
    found: Option<&'s Json>,
    target: Option<&'s Json>,
    fails: bool,
    elements: usize,
}

impl Seen<'_> {
    fn either(&self, is: fn(&Json) -> bool) -> bool {
        self.found.is_some_and(is) || self.target.is_some_and(is)
    }

    fn operator(&self, names: &[&str]) -> bool {
        names.iter().any(|own| self.operator.to_ascii_lowercase().contains(own))
    }

    fn texts(&self) -> Option<(&str, &str)> {
        self.found?.as_str().zip(self.target?.as_str())
    }
}

type Holds = fn(&Seen<'_>) -> bool;

/// Reasons that a comparison shows.
const REASONS: &[(&str, Holds)] = &[
    (
        "a failed evaluation denies; there it does not match (rule: template function and evaluation failures)",
        |own| own.fails,
    ),
    (
        "a boolean reads as True or False, and match minds case (REF: ConvertToString); there true and false",
        |own| own.operator(&["match"]) && own.either(Json::is_boolean),
    ),
    (
        "a number with a fraction reads as it is written, 5.0 (azure-policy-linter, equality-check-on-numeric-field); there 5",
        |own| own.either(Json::is_f64) && own.operator(&["like", "match", "contains", "equals", "in"]),
    ),
    (
        "what reads as a date is compared as one (rule: less and its kin take ISO 8601 dates); there as text",
        |own| {
            own.operator(&["less", "greater"])
                && own.texts().is_some_and(|(a, b)| {
                    dekey_expr::time::parse(a).is_some() && dekey_expr::time::parse(b).is_some()
                })
        },
    ),
    (
        "texts are ordered as InvariantCultureIgnoreCase does, by the alphabet (azure-policy-linter); there by code points",
        |own| {
            own.operator(&["less", "greater"])
                && own.texts().is_some_and(|(a, b)| {
                    text::compare_ignoring_case(a, b) != text::fold(a).as_ref().cmp(text::fold(b).as_ref())
                })
        },
    ),
    ("what cannot be ordered fails, booleans too (rule: conditions); there false comes before true", |own| {
        own.operator(&["less", "greater"])
            && own.found.is_some_and(Json::is_boolean)
            && own.target.is_some_and(Json::is_boolean)
    }),
    ("contains reads both sides as text (rule: conditions); there only a value that is one", |own| {
        own.operator(&["contains"])
            && !own.target.is_some_and(Json::is_string)
            && !own.found.is_some_and(Json::is_array)
    }),
    ("? in match is any letter (rule: conditions); there one of ASCII", |own| {
        own.operator(&["match"]) && own.texts().is_some_and(|(a, b)| !a.is_ascii() && b.contains('?'))
    }),
    (
        "a missing property of an element is null, which reads as the empty text (azure-policy-linter, null-coercing operators); there it is not defined",
        |own| own.found.is_none() && own.elements > 0,
    ),
    ("containsKey asks for a name; there a key is compared as values are, so that 5 finds \"05\"", |own| {
        own.operator(&["containskey"]) && !own.target.is_some_and(Json::is_string)
    }),
    ("case does not matter within arrays and objects either (rule: conditions); there it does", |own| {
        own.operator(&["equals", "in", "contains"]) && own.either(|own| own.is_array() || own.is_object())
    }),
];

/// Functions that regorus computes otherwise, each with the document.
const FUNCTIONS: &[(&str, &str)] = &[
    ("equals(", "equals() minds case and kind (REF: DeepEquals)"),
    ("replace(", "replace() ignores case (REF)"),
    ("string(", "string() of a boolean is True or False (REF: ConvertToString)"),
    ("concat(", "concat() writes booleans and numbers as .NET does (REF: ConvertToString)"),
    ("format(", "format() writes booleans and numbers as .NET does (REF: ConvertToString)"),
    ("join(", "join() takes texts (REF)"),
    ("bool(", "bool() reads true and false alone (REF: ConvertToBool)"),
    ("int(", "int() reads whole numbers alone (REF: ConvertToInt)"),
    ("addDays(", "addDays() writes seven digits of a second (REF: AddDays)"),
    ("less", "less() and greater() order as .NET does, and mind case (REF)"),
    ("greater", "less() and greater() order as .NET does, and mind case (REF)"),
    ("contains(", "contains() ignores case (REF)"),
    ("indexOf(", "indexOf() ignores case (REF)"),
    ("lastIndexOf(", "lastIndexOf() ignores case (REF)"),
    ("startsWith(", "startsWith() ignores case (REF)"),
    ("endsWith(", "endsWith() ignores case (REF)"),
    ("union(", "union() and intersection() mind case and kind (REF: DeepEquals)"),
    ("intersection(", "union() and intersection() mind case and kind (REF: DeepEquals)"),
    ("padLeft(", "padLeft() takes whole numbers too (REF: PadLeft)"),
    ("utcNow(", "utcNow() writes seven digits of a second (REF)"),
    ("field(", "field() of a missing property is the empty text (arrays); there null"),
    ("current(", "current() of a missing property is the empty text, as field() (arrays); there nothing"),
];

/// The reason of a difference about one condition.
pub(crate) fn of(
    table: &Table,
    leaf: &Json,
    ours: &Outcome,
    theirs: &Outcome,
    steps: &[Step],
    resource: &Json,
    input: &Value,
) -> Option<String> {
    if *ours == Outcome::Fails {
        return REASONS.first().map(|(name, _)| (*name).to_owned());
    }
    if leaf.to_string().to_ascii_lowercase().contains("/securityalertpolicies/")
        && leaf.to_string().contains("[*]")
    {
        return Some("aliases of one array, disabledAlerts[*] and Default.disabledAlerts[*], both have its elements (alias data); there one is empty".to_owned());
    }
    if resource["properties"].to_string().contains("\"REAL\"")
        && leaf.to_string().to_ascii_lowercase().contains("kindly.renamed")
    {
        return Some("names of properties are found whatever their case (definition-structure-alias); there not along the path of an alias".to_owned());
    }
    let written = leaf.to_string().to_ascii_lowercase();
    if ["resourcegroup()", "subscription()"].iter().any(|own| written.contains(own))
        && steps.iter().any(|own| own.found.is_none())
    {
        return Some("a property that a group or subscription does not have is null, as built-ins read tags; there a condition on it does not hold".to_owned());
    }
    if let Some(own) = by_value(table, leaf, theirs, steps, input) {
        return Some(own);
    }
    if is_doubly_counted(leaf)
        && resource["properties"]["items"].as_array().is_some_and(|own| own.iter().any(lacks_subs))
    {
        return Some("an array that an element lacks has no elements (arrays); there what lies above it is not counted".to_owned());
    }
    let seen = |own: &Step, holds: Holds| {
        holds(&Seen {
            operator: own.operator.name(),
            found: own.found.as_ref(),
            target: own.target.as_ref(),
            fails: own.result.is_err(),
            elements: own.elements.len(),
        })
    };
    let found = REASONS.iter().find(|(_, holds)| steps.iter().any(|own| seen(own, *holds)));
    let by_type = by_type(leaf, resource);
    let own = found.or_else(|| {
        let (operator, found, target) = by_type.as_ref()?;
        let seen = Seen { operator, found: Some(found), target: Some(target), fails: false, elements: 0 };
        REASONS.iter().find(|(_, holds)| holds(&seen))
    });
    if let Some(own) = own.map(|(name, _)| (*name).to_owned()).or_else(|| in_count(leaf)) {
        return Some(own);
    }
    if is_of_another_type(leaf, resource) {
        return Some("an alias is read by its path on any type, as legacy names belong to several (Microsoft.Compute/imageSKU); there by its name".to_owned());
    }
    if is_renamed(table, leaf) {
        return Some("an alias leads where its table says (definition-structure-alias): logs.enabled to logs[*].enabled; there its name is the path".to_owned());
    }
    None
}

/// What a condition on the type compares: such a condition leaves no trace, because it says that the rule is not for the resource.
fn by_type(leaf: &Json, resource: &Json) -> Option<(&'static str, Json, Json)> {
    let map = leaf.as_object().filter(|own| own.get("field").is_some_and(|own| own == "type"))?;
    let (operator, target) = map.iter().find(|(key, _)| *key != "field")?;
    let plain = |text: &str| {
        text.strip_prefix("['").and_then(|own| own.strip_suffix("']")).unwrap_or(text).to_owned()
    };
    let target = target.as_str().map_or_else(|| target.clone(), |own| json!(plain(own)));
    Some((dekey_policy::Operator::parse(operator)?.name(), resource["type"].clone(), target))
}

/// The aliases that a condition looks at.
fn aliases(leaf: &Json) -> Vec<String> {
    let written = leaf.to_string();
    let names = written.split(['"', '\'']).filter(|own| own.contains('/') && own.contains('.'));
    names.map(|own| own.trim_end_matches('\\').to_owned()).collect()
}

fn is_of_another_type(leaf: &Json, resource: &Json) -> bool {
    let own = resource["type"].as_str().unwrap_or_default();
    aliases(leaf).iter().any(|name| {
        let head = name.split('[').next().unwrap_or(name);
        head.rsplit_once('/').is_some_and(|(kind, _)| kind.contains('.') && !kind.eq_ignore_ascii_case(own))
    })
}

fn is_renamed(table: &Table, leaf: &Json) -> bool {
    aliases(leaf).iter().any(|name| {
        let known = table.knowledge.aliases.find(name);
        let head = name.split('[').next().unwrap_or(name).rfind('/').map_or(0, |at| at + 1);
        let suffix = name.get(head..).unwrap_or_default();
        known.iter().any(|own| {
            let path = own.path.to_string();
            !path.strip_prefix("properties.").unwrap_or(&path).eq_ignore_ascii_case(suffix)
        })
    })
}

fn lacks_subs(item: &Json) -> bool {
    !item.as_object().is_some_and(|own| {
        own.iter().any(|(key, value)| key.eq_ignore_ascii_case("subs") && value.is_array())
    })
}

fn is_doubly_counted(leaf: &Json) -> bool {
    leaf.to_string().to_ascii_lowercase().contains("items[*].subs[*]")
}

/// Whether the difference lies in what an expression comes to: then it is gone where its value stands in its place.
fn by_value(table: &Table, leaf: &Json, theirs: &Outcome, steps: &[Step], input: &Value) -> Option<String> {
    let written = leaf.to_string();
    let step = steps.last()?;
    let mut plain = leaf.clone();
    let map = plain.as_object_mut()?;
    let is_expression =
        |own: &Json| own.as_str().is_some_and(|own| own.starts_with('[') && !own.starts_with("[["));
    let mut replaced = false;
    for (key, value) in map.iter_mut() {
        let known = if key == "value" { step.found.clone() } else { step.target.clone() };
        if is_expression(value) {
            *value = escaped(known.unwrap_or_default());
            replaced = true;
        }
    }
    if !replaced {
        return None;
    }
    let mut pair = table.pair(&plain).ok()?;
    let again = pair.regorus(input);
    if again == *theirs {
        return None;
    }
    let own =
        FUNCTIONS.iter().find(|(name, _)| written.to_ascii_lowercase().contains(&name.to_ascii_lowercase()));
    own.map(|(_, class)| (*class).to_owned())
}

/// A value whose texts are no expressions.
fn escaped(value: Json) -> Json {
    match value {
        Json::String(own) if own.starts_with('[') => json!(format!("[{own}")),
        Json::Array(all) => all.into_iter().map(escaped).collect(),
        other => other,
    }
}

/// Reasons that lie in an expression about what is counted.
fn in_count(leaf: &Json) -> Option<String> {
    let filter = leaf.get("count")?.get("where")?;
    let text: Vec<String> =
        leaves(filter).into_iter().map(|own| own.to_string().to_ascii_lowercase()).collect();
    let has = |name: &str| text.iter().any(|own| own.contains(&name.to_ascii_lowercase()));
    FUNCTIONS.iter().rev().find(|(name, _)| has(name)).map(|(_, class)| (*class).to_owned())
}
