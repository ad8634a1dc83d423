//! Random rules and resources over one made-up provider, from a seed.

use crate::words::{CALLS, OPERATORS, TEXTS};
use dekey_expr::Value as Json;
use serde_json::{Map, json};

/// Numbers from a seed: the same everywhere.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap_or(0)
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

pub(crate) const KIND: &str = "Contoso.Store/boxes";
const OTHER: &str = "Contoso.Store/crates";

/// The aliases of the provider: name below the type, path.
const ALIASES: &[(&str, &str)] = &[
    ("text", "properties.text"),
    ("other", "properties.other"),
    ("number", "properties.number"),
    ("flag", "properties.flag"),
    ("date", "properties.date"),
    ("address", "properties.address"),
    ("bag", "properties.bag"),
    ("bag.key", "properties.bag.key"),
    ("kindly.renamed", "properties.inner.real"),
    ("list", "properties.list"),
    ("list[*]", "properties.list[*]"),
    ("items", "properties.items"),
    ("items[*]", "properties.items[*]"),
    ("items[*].name", "properties.items[*].name"),
    ("items[*].size", "properties.items[*].size"),
    ("items[*].on", "properties.items[*].on"),
    ("items[*].subs", "properties.items[*].subs"),
    ("items[*].subs[*]", "properties.items[*].subs[*]"),
    ("items[*].subs[*].code", "properties.items[*].subs[*].code"),
];

pub(crate) fn aliases() -> Vec<(String, String)> {
    ALIASES.iter().map(|(name, path)| (format!("{KIND}/{name}"), (*path).to_owned())).collect()
}

fn text(random: &mut Random) -> Json {
    json!(random.pick(TEXTS))
}

fn number(random: &mut Random) -> Json {
    match random.below(8) {
        0 => json!(5.0),
        1 => json!(2.5),
        2 => json!(0),
        3 => json!(-3),
        _ => json!(random.below(14)),
    }
}

fn scalar(random: &mut Random) -> Json {
    match random.below(12) {
        0..=5 => text(random),
        6..=8 => number(random),
        9 | 10 => json!(random.one_in(2)),
        _ => Json::Null,
    }
}

fn list(random: &mut Random, most: usize, make: fn(&mut Random) -> Json) -> Json {
    let count = random.below(most + 1);
    (0..count).map(|_| make(random)).collect()
}

/// An object of some of these properties.
fn some(random: &mut Random, of: &[(&str, fn(&mut Random) -> Json)]) -> Json {
    let mut map = Map::new();
    for (name, make) in of {
        if !random.one_in(4) {
            let name = if random.one_in(12) { name.to_uppercase() } else { (*name).to_owned() };
            map.insert(name, make(random));
        }
    }
    Json::Object(map)
}

fn date(random: &mut Random) -> Json {
    let all = [
        "2024-05-01T00:00:00Z",
        "2024-05-01T02:00:00+02:00",
        "2024-05-01",
        "2025-01-01T00:00:00.0000000Z",
        "soon",
    ];
    json!(random.pick(&all))
}

fn item(random: &mut Random) -> Json {
    some(
        random,
        &[
            ("name", text),
            ("size", number),
            ("on", |own| json!(own.one_in(2))),
            ("subs", |own| list(own, 3, sub)),
        ],
    )
}

fn sub(random: &mut Random) -> Json {
    some(random, &[("code", scalar)])
}

/// A resource of the provider.
pub(crate) fn resource(random: &mut Random) -> Json {
    let own_or = |random: &mut Random, make: fn(&mut Random) -> Json| {
        if random.one_in(12) { scalar(random) } else { make(random) }
    };
    let parts: &[(&str, fn(&mut Random) -> Json)] = &[
        ("text", text),
        ("other", text),
        ("number", number),
        ("flag", |own| json!(own.one_in(2))),
        ("date", date),
        ("address", |own| json!(own.pick(&["10.0.0.5", "10.1.0.0/16", "192.168.1.1", "nowhere"]))),
        ("bag", |own| some(own, &[("key", scalar), ("other", scalar)])),
        ("inner", |own| some(own, &[("real", scalar)])),
        ("list", |own| list(own, 4, text)),
        ("items", |own| list(own, 3, item)),
    ];
    let mut properties = Map::new();
    for (name, make) in parts {
        match random.below(8) {
            0 => {}
            1 if random.one_in(2) => {
                properties.insert((*name).to_owned(), Json::Null);
            }
            _ => {
                properties.insert((*name).to_owned(), own_or(random, *make));
            }
        }
    }
    let kind = if random.one_in(10) { OTHER } else { KIND };
    let name = *random.pick(&["box", "Box-1", "prod"]);
    let mut whole = json!({
        "id": format!("/subscriptions/s/resourceGroups/g/providers/{kind}/{name}"), "name": name, "type": kind,
        "properties": properties,
    });
    if !random.one_in(5) {
        whole["location"] = json!(random.pick(&["westeurope", "West Europe", "eastus", "global"]));
    }
    if random.one_in(2) {
        whole["kind"] = json!(random.pick(&["Hub", "hub", "default"]));
    }
    if !random.one_in(4) {
        whole["tags"] = some(random, &[("env", text), ("Owner", text), ("cost center", text)]);
    }
    if random.one_in(2) {
        whole["identity"] = json!({ "type": random.pick(&["SystemAssigned", "UserAssigned", "SystemAssigned,UserAssigned"]) });
    }
    whole
}

fn field(random: &mut Random) -> String {
    if random.one_in(3) {
        return (*random.pick(&[
            "type",
            "name",
            "kind",
            "location",
            "tags",
            "tags.env",
            "tags['Owner']",
            "tags[env]",
            "identity.type",
        ]))
        .to_owned();
    }
    let (name, _) = random.pick(ALIASES);
    let name = format!("{KIND}/{name}");
    if random.one_in(15) { name.to_uppercase() } else { name }
}

/// The value of an operator, most times one that it takes.
fn operand(random: &mut Random, operator: &str) -> Json {
    if random.one_in(10) {
        return json!(expression(random, 1));
    }
    if random.one_in(25) {
        return scalar(random);
    }
    match operator {
        "in" | "notIn" => {
            let count = 1 + random.below(10);
            (0..count).map(|_| scalar(random)).collect()
        }
        "exists" => json!(random.pick(&[json!(true), json!(false), json!("true"), json!("False")])),
        "less" | "lessOrEquals" | "greater" | "greaterOrEquals" => match random.below(3) {
            0 => number(random),
            1 => date(random),
            _ => text(random),
        },
        "like"
        | "notLike"
        | "match"
        | "notMatch"
        | "matchInsensitively"
        | "notMatchInsensitively"
        | "containsKey"
        | "notContainsKey" => text(random),
        _ => scalar(random),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn literal(random: &mut Random) -> String {
    match random.below(6) {
        0 | 1 => random.below(12).to_string(),
        2 => (*random.pick(&["true()", "false()"])).to_owned(),
        _ => {
            let text = *random.pick(TEXTS);
            quoted(text)
        }
    }
}

/// An expression without its brackets.
fn term(random: &mut Random, depth: usize) -> String {
    if depth == 0 || random.one_in(3) {
        return match random.below(5) {
            0 | 1 => format!("field({})", quoted(&field(random))),
            2 => format!("parameters('{}')", random.pick(&["word", "number", "words"])),
            _ => literal(random),
        };
    }
    let mut call = String::new();
    for part in random.pick(CALLS).split_inclusive('%') {
        match part.strip_suffix('%') {
            Some(head) => {
                call.push_str(head);
                call.push_str(&term(random, depth - 1));
            }
            None => call.push_str(part),
        }
    }
    call
}

pub(crate) fn expression(random: &mut Random, depth: usize) -> String {
    format!("[{}]", term(random, depth))
}

/// A condition on the elements that counts are at: the field counted, and how to name what is in it.
fn within(random: &mut Random, counted: &str) -> Json {
    let operator = *random.pick(OPERATORS);
    let below: &[&str] = match counted {
        "items[*]" => {
            &["items[*].name", "items[*].size", "items[*].on", "items[*]", "items[*].subs[*].code", "text"]
        }
        "items[*].subs[*]" => &["items[*].subs[*].code", "items[*].subs[*]", "number"],
        _ => &["list[*]", "text"],
    };
    let name = format!("{KIND}/{}", random.pick(below));
    let value = operand(random, operator);
    if random.one_in(4) {
        json!({ "value": format!("[current('{name}')]"), operator: value })
    } else {
        json!({ "field": name, operator: value })
    }
}

fn logic(random: &mut Random, depth: usize, leaf: &mut dyn FnMut(&mut Random) -> Json) -> Json {
    if depth == 0 || random.one_in(2) {
        return leaf(random);
    }
    let count = 1 + random.below(3);
    match random.below(5) {
        0 => json!({ "not": logic(random, depth - 1, leaf) }),
        1 | 2 => json!({ "anyOf": (0..count).map(|_| logic(random, depth - 1, leaf)).collect::<Vec<_>>() }),
        _ => json!({ "allOf": (0..count).map(|_| logic(random, depth - 1, leaf)).collect::<Vec<_>>() }),
    }
}

fn count(random: &mut Random) -> Json {
    let count = match random.below(6) {
        0 => {
            let operator = *random.pick(OPERATORS);
            let value = operand(random, operator);
            let of = match random.below(3) {
                0 => json!("[parameters('words')]"),
                1 => json!(format!("[field('{KIND}/list[*]')]")),
                _ => list(random, 4, text),
            };
            json!({ "value": of, "name": "word", "where": { "value": "[current('word')]", operator: value } })
        }
        1 => {
            let inner = within(random, "items[*].subs[*]");
            let inner = json!({ "count": { "field": format!("{KIND}/items[*].subs[*]"), "where": inner },
                *random.pick(&["greater", "equals"]): random.below(2) });
            json!({ "field": format!("{KIND}/items[*]"), "where": inner })
        }
        2 => {
            json!({ "field": format!("{KIND}/{}", random.pick(&["list[*]", "items[*]", "items[*].subs[*]"])) })
        }
        _ => {
            let counted = *random.pick(&["list[*]", "items[*]", "items[*].subs[*]"]);
            let filter = logic(random, 1, &mut |own| within(own, counted));
            json!({ "field": format!("{KIND}/{counted}"), "where": filter })
        }
    };
    let operator =
        *random.pick(&["equals", "notEquals", "less", "lessOrEquals", "greater", "greaterOrEquals"]);
    json!({ "count": count, operator: random.below(4) })
}

fn leaf(random: &mut Random) -> Json {
    if random.one_in(6) {
        return count(random);
    }
    let operator = *random.pick(OPERATORS);
    let value = operand(random, operator);
    if random.one_in(4) {
        return json!({ "value": expression(random, 2), operator: value });
    }
    json!({ "field": field(random), operator: value })
}

/// A condition of a rule.
pub(crate) fn condition(random: &mut Random) -> Json {
    let depth = random.below(4);
    logic(random, depth, &mut leaf)
}

/// A definition with a condition.
pub(crate) fn definition(condition: &Json) -> Json {
    json!({ "properties": {
        "displayName": "made up", "policyType": "Custom", "mode": "All",
        "parameters": {
            "word": { "type": "String", "defaultValue": "abc" },
            "number": { "type": "Integer", "defaultValue": 5 },
            "words": { "type": "Array", "defaultValue": ["a", "prod", "5"] },
        },
        "policyRule": { "if": condition, "then": { "effect": "deny" } },
    } })
}
