//! Every condition of every public built-in, and every existence condition, on resources made for it.

use crate::classes;
use crate::corpus;
use crate::differential::{self, Table, Tally};
use crate::generate::Random;
use crate::microsoft;
use dekey_expr::Value as Json;
use dekey_policy::Semantics;
use serde_json::{Map, json};
use std::collections::HashMap;

/// How often a condition is tried, until it held and did not.
const MOST: usize = 60;
const LEAST: usize = 12;

pub(crate) fn run(seed: u64) -> bool {
    let aliases = corpus::aliases();
    let knowledge = corpus::knowledge(&aliases, Semantics::DOCUMENTED);
    let registry = microsoft::registry(&aliases);
    let paths: HashMap<String, &str> =
        aliases.iter().map(|(name, path)| (name.to_ascii_lowercase(), path.as_str())).collect();
    let mut table = Table::published(&knowledge, &registry);
    let mut random = Random::new(seed);
    let mut tally = Tally::default();
    let (mut conditions, mut both) = (0usize, 0usize);
    for own in corpus::built_ins() {
        let document: Json = serde_json::from_str(&own.text).expect("a definition");
        table.frame(&document, own.parameters.clone());
        let rule = &document["properties"]["policyRule"];
        let existence = differential::part(&rule["then"]["details"], "existenceCondition");
        for condition in [Some(&rule["if"]), existence].into_iter().flatten() {
            conditions += 1;
            let mut pool = literals(condition);
            pool.extend(literals(&document["properties"]["parameters"]));
            let fields = fields(condition, &paths);
            let before = (tally.holds, tally.pairs, tally.unexplained.len());
            match table.pair(condition) {
                Err((ours, theirs)) => match classes::refusal(ours.as_deref(), theirs.as_deref()) {
                    Some(class) => *tally.refused.entry(class).or_default() += 1,
                    None => {
                        let name = &own.definition.name;
                        tally.unexplained.push(format!("{name}: refused here {ours:?}, there {theirs:?}"));
                    }
                },
                Ok(mut pair) => {
                    for round in 0..MOST {
                        let resource = resource(&mut random, &fields, &pool, round % 3 == 2);
                        pair = differential::meet(&table, condition, pair, &[resource], &mut tally);
                        let (held, met) = (tally.holds - before.0, tally.pairs - before.1);
                        if met >= LEAST && held > 0 && held < met || tally.unexplained.len() > before.2 {
                            break;
                        }
                    }
                    let (held, met) = (tally.holds - before.0, tally.pairs - before.1);
                    both += usize::from(held > 0 && held < met);
                }
            }
        }
    }
    println!("{conditions} conditions of {} built-ins; {both} held and did not", corpus::built_ins().len());
    differential::tell(&tally)
}

/// The values that a document compares with.
fn literals(document: &Json) -> Vec<Json> {
    let mut found = Vec::new();
    let mut all = vec![document];
    while let Some(own) = all.pop() {
        match own {
            Json::Object(map) => {
                let of = map.iter().filter(|(key, _)| {
                    !["field", "type", "displayname", "description", "metadata"]
                        .contains(&key.to_ascii_lowercase().as_str())
                        || map.contains_key("where")
                });
                all.extend(of.map(|(_, value)| value));
            }
            Json::Array(items) => all.extend(items),
            Json::String(text) if text.starts_with('[') => {
                // What stands between quotes in an expression.
                let inner = text.split('\'').enumerate().filter(|(at, _)| at % 2 == 1);
                found.extend(inner.map(|(_, own)| json!(own)));
            }
            Json::Null => {}
            other => found.push(other.clone()),
        }
    }
    found.truncate(400);
    found
}

/// The types that a condition names, and the paths of its aliases.
struct Fields {
    types: Vec<String>,
    paths: Vec<String>,
    tags: bool,
}

fn fields(condition: &Json, paths: &HashMap<String, &str>) -> Fields {
    let mut own = Fields { types: Vec::new(), paths: Vec::new(), tags: false };
    let mut all = vec![condition];
    while let Some(next) = all.pop() {
        match next {
            Json::Object(map) => {
                if map.get("field").and_then(Json::as_str).is_some_and(|own| own.eq_ignore_ascii_case("type"))
                {
                    let texts = map.values().flat_map(|own| match own {
                        Json::Array(items) => items.clone(),
                        other => vec![other.clone()],
                    });
                    own.types.extend(
                        texts
                            .filter_map(|own| own.as_str().map(str::to_owned))
                            .filter(|own| own.contains('/')),
                    );
                }
                all.extend(map.values());
            }
            Json::Array(items) => all.extend(items),
            Json::String(text) => {
                own.tags |= text.contains("tags");
                let words = text.split(['\'', '"']).filter(|own| own.contains('/'));
                for word in words {
                    if let Some(path) = paths.get(&word.to_ascii_lowercase()) {
                        own.paths.push((*path).to_owned());
                        // A type goes before the last part of the name of an alias.
                        if let Some((kind, _)) = word.split('[').next().unwrap_or(word).rsplit_once('/')
                            && kind.contains('/')
                            && own.types.is_empty()
                        {
                            own.types.push(kind.to_owned());
                        }
                    }
                }
            }
            _ => {}
        }
    }
    own.paths.sort_by_key(String::len);
    own.paths.dedup();
    own
}

fn value(random: &mut Random, pool: &[Json]) -> Json {
    match random.below(10) {
        0 => Json::Null,
        1 => json!(true),
        2 => json!(false),
        3 => json!(random.below(100)),
        4 => json!(""),
        _ if pool.is_empty() => json!("other"),
        _ => {
            let own = random.pick(pool).clone();
            // What stars stand for.
            match own.as_str() {
                Some(text) if text.contains('*') && !random.one_in(3) => json!(text.replace('*', "x")),
                _ => own,
            }
        }
    }
}

fn resource(random: &mut Random, fields: &Fields, pool: &[Json], bare: bool) -> Json {
    let kind = if fields.types.is_empty() || random.one_in(8) {
        "Contoso.Store/boxes".to_owned()
    } else {
        random.pick(&fields.types).replace('*', "x")
    };
    let id = format!("/subscriptions/s/resourceGroups/g/providers/{kind}/box");
    let mut whole = json!({ "id": id, "name": "box", "type": kind, "location": random.pick(&["westeurope", "eastus", "global"]) });
    if random.one_in(2) {
        whole["kind"] = value(random, pool);
    }
    if fields.tags {
        let texts = pool.iter().filter_map(Json::as_str).filter(|own| !own.is_empty());
        let names: Vec<String> = texts.take(20).map(str::to_owned).collect();
        let mut tags = Map::new();
        for name in names {
            if random.one_in(2) {
                tags.insert(name, value(random, pool));
            }
        }
        whole["tags"] = Json::Object(tags);
    }
    for path in &fields.paths {
        if !random.one_in(if bare { 2 } else { 5 }) {
            let own = value(random, pool);
            put(random, &mut whole, path, own);
        }
    }
    whole
}

/// Puts a value where a path leads; where that goes through elements, into each of a few.
fn put(random: &mut Random, at: &mut Json, path: &str, value: Json) {
    let (head, rest) = match path.split_once('.') {
        Some((head, rest)) => (head, Some(rest)),
        None => (path, None),
    };
    let (key, each) = match head.strip_suffix("[*]") {
        Some(key) => (key, true),
        None => (head, false),
    };
    if key.contains(['[', ']', '\'']) || !at.is_object() {
        return;
    }
    let slot = &mut at[key];
    if !each {
        return match rest {
            None if slot.is_null() => *slot = value,
            None => {}
            Some(rest) => {
                if slot.is_null() {
                    *slot = json!({});
                }
                put(random, slot, rest, value);
            }
        };
    }
    if slot.is_null() {
        let count = random.below(3);
        *slot = (0..count).map(|_| if rest.is_some() { json!({}) } else { value.clone() }).collect();
    }
    if let (Json::Array(items), Some(rest)) = (slot, rest) {
        for item in items {
            put(random, item, rest, value.clone());
        }
    }
}
