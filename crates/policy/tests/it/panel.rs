//! A panel says of every resource what each of its policies says of the whole document.

use dekey_expr::Value;
use dekey_policy::{
    About, Aliases, Definition, Effect, Estate, Knowledge, Panel, Policy, Query, Related, Semantics, Subject,
    Surroundings, Unlisted, Verdict,
};
use proptest::prelude::*;
use serde_json::{Map, json};
use std::sync::{Arc, LazyLock};

const KIND: &str = "Microsoft.Test/things";

/// Where properties of things are.
static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(|| {
    let mut aliases = Aliases::built_in();
    let lines: Vec<String> = [
        ("name", "properties.name"),
        ("flag", "properties.flag"),
        ("deep.a", "properties.deep.a"),
        ("deep", "properties.deep"),
        ("list[*]", "properties.list[*]"),
        ("list[*].x", "properties.list[*].x"),
        ("list[*].inner[*]", "properties.list[*].inner[*]"),
        ("list[*].inner[*].y", "properties.list[*].inner[*].y"),
        ("first", "properties.list[0].x"),
    ]
    .into_iter()
    .map(|(name, path)| json!({ "name": format!("{KIND}/{name}"), "path": path }).to_string())
    .collect();
    aliases.read(&lines.join("\n")).unwrap();
    aliases.insert_type(KIND, Some(true), Some("2024-01-01"));
    Knowledge { aliases: Arc::new(aliases), unlisted: Unlisted::NotJudged, semantics: Semantics::DOCUMENTED }
});

/// Nothing, or one thing beside every resource.
struct Beside(Option<Value>);

impl Estate for Beside {
    fn related<'e>(&'e self, _: &Query<'_>) -> Related<'e> {
        Related::Known(self.0.iter().map(Subject::new).collect())
    }
}

fn field() -> impl Strategy<Value = String> {
    let own =
        ["name", "flag", "deep.a", "deep", "list[*]", "list[*].x", "list[*].inner[*].y", "first", "unheard"];
    let own = prop::sample::select(own.to_vec()).prop_map(|own| format!("{KIND}/{own}"));
    let built_in = [
        "type",
        "name",
        "fullName",
        "kind",
        "location",
        "id",
        "tags",
        "tags['Env']",
        "tags.env",
        "identity.type",
    ];
    prop_oneof![own, prop::sample::select(built_in.to_vec()).prop_map(str::to_owned)]
}

fn text() -> impl Strategy<Value = String> {
    let all = [
        "",
        "a",
        "A",
        "b*",
        "Microsoft.Test/things",
        "West Europe",
        "westeurope",
        "hub",
        "\u{df}",
        "5",
        "q\"uo\\te",
    ];
    prop::sample::select(all.to_vec()).prop_map(str::to_owned)
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        text().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        (-3i64..6).prop_map(Value::from),
        Just(json!(null)),
        Just(json!(5.0)),
        Just(json!(-0.0)),
        Just(json!(18_446_744_073_709_551_615_u64)),
    ]
}

fn operator() -> impl Strategy<Value = (&'static str, Value)> {
    let texts = [
        "equals",
        "notEquals",
        "like",
        "notLike",
        "contains",
        "notContains",
        "match",
        "containsKey",
        "less",
        "greaterOrEquals",
    ];
    prop_oneof![
        (prop::sample::select(texts.to_vec()), scalar()),
        any::<bool>().prop_map(|yes| ("exists", json!(yes))),
        prop::collection::vec(scalar(), 0..10).prop_map(|all| ("in", Value::Array(all))),
        prop::collection::vec(text(), 8..12).prop_map(|all| ("notIn", json!(all))),
        Just(("equals", json!(format!("[field('{KIND}/list[*].x')]")))),
        Just(("equals", json!("[concat(field('name'), first(split(field('tags.env'), 'a')))]"))),
    ]
}

fn leaf() -> impl Strategy<Value = Value> {
    let of_count = prop_oneof![
        Just(json!({ "field": format!("{KIND}/list[*]") })),
        (field(), operator()).prop_map(|(name, (operator, value))| {
            json!({ "field": format!("{KIND}/list[*]"), "where": { "field": name, operator: value } })
        }),
        operator().prop_map(|(operator, value)| {
            json!({ "field": format!("{KIND}/list[*]"), "where": { "value": format!("[current('{KIND}/list[*].x')]"), operator: value } })
        }),
        operator().prop_map(|(operator, value)| {
            json!({ "field": format!("{KIND}/list[*]"), "where": { "value": "[length(string(current()))]", operator: value } })
        }),
        operator().prop_map(|(operator, value)| {
            let inner = json!({ "count": { "field": format!("{KIND}/list[*].inner[*]"),
                "where": { "field": format!("{KIND}/list[*].inner[*].y"), operator: value } }, "greater": 0 });
            json!({ "field": format!("{KIND}/list[*]"), "where": inner })
        }),
        operator().prop_map(|(operator, value)| {
            json!({ "value": ["Microsoft.Test/*", "b"], "name": "v", "where": { "value": "[field('type')]", operator: value } })
        }),
    ];
    prop_oneof![
        (field(), operator()).prop_map(|(name, (operator, value))| json!({ "field": name, operator: value })),
        (of_count, 0i64..3).prop_map(|(count, number)| json!({ "count": count, "equals": number })),
        (field(), operator()).prop_map(|(name, (operator, value))| json!({ "value": format!("[field('{}')]", name.replace('\'', "''")), operator: value })),
        operator().prop_map(|(operator, value)| json!({ "value": "[resourceGroup().name]", operator: value })),
        (prop::sample::select(vec![KIND, "Microsoft.Other/*", "Microsoft.Test/other"])).prop_map(|kind| json!({ "field": "type", "like": kind })),
    ]
}

fn rule() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|all| json!({ "allOf": all })),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|all| json!({ "anyOf": all })),
            inner.prop_map(|one| json!({ "not": one })),
        ]
    })
}

fn definition() -> impl Strategy<Value = Value> {
    let then = prop_oneof![
        Just(json!({ "effect": "deny" })),
        Just(json!({ "effect": "disabled" })),
        Just(json!({ "effect": "[if(equals(field('kind'), 'hub'), 'audit', 'deny')]" })),
        rule().prop_map(|rule| json!({ "effect": "auditIfNotExists",
            "details": { "type": KIND, "existenceCondition": rule } })),
        rule().prop_map(|rule| json!({ "effect": "auditIfNotExists",
            "details": { "type": "Microsoft.Test/beside", "name": "[field('name')]", "existenceCondition": rule } })),
    ];
    (rule(), then, prop::sample::select(vec!["All", "Indexed"])).prop_map(|(rule, then, mode)| {
        json!({ "properties": { "mode": mode, "policyRule": { "if": rule, "then": then } } })
    })
}

/// The JSON of a thing: sometimes with its type last or not at all, keys in other cases or twice, and everything escaped.
fn resource() -> impl Strategy<Value = String> {
    let value = scalar().prop_recursive(3, 16, 4, |inner| {
        let key = prop::sample::select(vec!["x", "X", "a", "inner", "y", "Y", "\u{212a}"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((key, inner), 0..4).prop_map(|all| {
                Value::Object(all.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
            }),
        ]
    });
    let key = prop::sample::select(vec!["name", "flag", "deep", "list", "List", "other"]);
    let properties = prop::collection::vec((key, value.clone()), 0..6);
    let root =
        prop::sample::select(vec!["name", "kind", "location", "tags", "identity", "fullName", "Kind", "id"]);
    let roots = prop::collection::vec((root, value), 0..5);
    (properties, roots, 0..4, any::<bool>(), any::<bool>()).prop_map(
        |(properties, roots, kind, pretty, escaped)| {
            let text = |value: &Value| {
                if pretty { serde_json::to_string_pretty(value).unwrap() } else { value.to_string() }
            };
            let pair = |(key, value): &(&str, Value)| format!("{}: {}", json!(key), text(value));
            let inside: Vec<String> = properties.iter().map(pair).collect();
            let mut all: Vec<String> = roots.iter().map(pair).collect();
            let key = if escaped { r#""propert\u0069es""# } else { r#""properties""# };
            all.push(format!("{key} :{{{}}}", inside.join(",")));
            match kind {
                0 => all.insert(0, format!("\"type\":\"{KIND}\"")),
                1 => all.push(format!("\"type\" : \"{KIND}\"")),
                2 => {
                    all.insert(0, format!("\"id\":\"/subscriptions/s/resourceGroups/g/providers/{KIND}/t\""));
                }
                _ => all.push("\"type\":\"microsoft.test/Things\"".to_owned()),
            }
            format!(" {{{}}}\n", all.join(" ,"))
        },
    )
}

fn around<'a>(group: &'a Value, estate: &'a dyn Estate) -> Surroundings<'a> {
    Surroundings { resource_group: Some(group), estate, ..Surroundings::UNKNOWN }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn a_panel_says_what_each_policy_says(
        documents in prop::collection::vec(definition(), 1..5),
        json in resource(),
        beside in prop::option::of(resource()),
    ) {
        let compiled = documents.iter().filter_map(|own| {
            let own = Definition::parse(own).ok()?;
            Policy::compile(&own, &Map::new(), &About::default(), &KNOWLEDGE).ok()
        });
        let policies: Vec<Policy> = compiled.collect();
        let panel = Panel::new(&policies);
        let mut sitting = panel.sitting();
        let group = json!({ "name": "g" });
        let estate = Beside(beside.map(|own| serde_json::from_str(&own).unwrap()));
        let around = around(&group, &estate);
        let whole: Value = serde_json::from_str(&json).unwrap();
        let subject = Subject::new(&whole);
        let text = sitting.read(&json).unwrap();
        let parsed = sitting.look(&subject);
        let forced = Effect::Audit;
        for (index, policy) in policies.iter().enumerate() {
            for effect in [None, Some(&forced)] {
                let wanted = policy.judge_as(&subject, &around, effect);
                prop_assert_eq!(&text.judge(index, &around, effect), &wanted, "read: {} {}", documents[0], json);
                prop_assert_eq!(&parsed.judge(index, &around, effect), &wanted, "looked at: {} {}", documents[0], json);
            }
        }
        let mut live = Vec::new();
        text.judge_all(&around, &mut |index, verdict| live.push((index, verdict)));
        for (index, policy) in policies.iter().enumerate() {
            let wanted = policy.judge(&subject, &around);
            match live.iter().find(|(own, _)| *own == index) {
                Some((_, verdict)) => prop_assert_eq!(verdict, &wanted),
                None => prop_assert!(matches!(wanted, Verdict::NotApplicable(_) | Verdict::NotJudged(_)), "{wanted}"),
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused(json in ".{0,80}", inside in r#"[\{\}\[\]:,"\\a-c 0]{0,60}"#) {
        let panel = Panel::new([]);
        let mut sitting = panel.sitting();
        let _ = sitting.read(&json);
        let _ = sitting.read(&format!("{{{inside}"));
        let _ = sitting.read(&format!("{{{inside}}}"));
    }
}

#[test]
fn what_is_nested_too_deep_is_refused() {
    let panel = Panel::new([]);
    let mut sitting = panel.sitting();
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let error = sitting.read(&deep).err().unwrap();
    assert!(error.contains("deeper than 100 levels"), "{error}");
    assert!(sitting.read("[1]").is_err());
    assert!(sitting.read(r#"{"a":1"#).is_err());
    assert!(sitting.read(r#"{"a":1} x"#).is_err());
}
