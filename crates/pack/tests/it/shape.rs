//! What Azure asks of definitions and initiatives, and what the pack promises.

use super::stems;
use dekey_pack::{Choices, Origin, Scope, Shelf, definition, definitions, initiative};
use dekey_policy::{
    Aliases, Assigned, Assignment, Definition, Effect, Initiative, Knowledge, Library, Mode, Semantics,
    Unlisted,
};
use dekey_rules::IdentityStandard;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

fn scope() -> Scope {
    Scope::ManagementGroup("mg".to_owned())
}

#[test]
fn every_file_is_in_the_list_and_names_its_rule() {
    let of = |origin: Origin| -> Vec<&str> {
        definitions().filter(|own| own.origin == origin).map(|own| own.rule).collect()
    };
    assert_eq!(stems("definitions"), of(Origin::Own));
    assert_eq!(stems("equivalents"), of(Origin::BuiltIn));
    for own in definitions() {
        assert!(dekey_rules::by_id(own.rule).is_some(), "{} is no rule", own.rule);
        assert_eq!(own.property("metadata").unwrap()["dekey"]["rule"], own.rule);
        assert_eq!(definition(own.rule).unwrap().name, own.name);
        if own.origin == Origin::Own {
            assert_eq!(own.name, format!("dekey-{}", own.rule));
        }
    }
}

/// Azure's limits, and words for whoever reads them in the portal.
#[test]
fn definitions_are_what_azure_takes() {
    for own in definitions().filter(|own| own.origin == Origin::Own) {
        let of = own.rule;
        assert!(own.name.len() <= 64 && (1..=128).contains(&own.title().chars().count()), "{of}");
        assert!((40..=512).contains(&own.description().chars().count()), "{of}");
        assert_eq!(own.property("policyType").unwrap(), "Custom");
        assert_eq!(own.version().split('.').count(), 3, "{of}");
        let effect = &own.property("parameters").unwrap()["effect"];
        assert_eq!(effect["allowedValues"], json!(["Audit", "Deny", "Disabled"]), "{of}");
        assert_eq!(effect["defaultValue"], "Audit");
        for (name, parameter) in own.property("parameters").unwrap().as_object().unwrap() {
            assert!(parameter.get("defaultValue").is_some(), "{of}: {name} has no default");
            let metadata = &parameter["metadata"];
            assert!(
                metadata["displayName"].is_string() && metadata["description"].is_string(),
                "{of}: {name}"
            );
        }
        let parsed = Definition::parse(&own.document).unwrap();
        assert_eq!(parsed.effects(), [Effect::Audit, Effect::Deny, Effect::Disabled], "{of}");
        let types = types(&own.document);
        assert_eq!(types.len(), 1, "{of}: {types:?}");
    }
}

/// Mode Indexed does not see what has no tags and location: children of workspaces among others.
#[test]
fn modes_see_what_definitions_look_at() {
    let aliases = Aliases::built_in();
    for own in definitions() {
        let indexed =
            types(&own.document).iter().all(|kind| aliases.type_facts(kind).unwrap().indexed == Some(true));
        let is_child = types(&own.document).iter().any(|kind| kind.matches('/').count() > 1);
        match Definition::parse(&own.document).unwrap().mode {
            Mode::Indexed => assert!(indexed && !is_child, "{}", own.rule),
            Mode::All => assert!(is_child, "{}", own.rule),
            Mode::Provider(mode) => panic!("{}: {mode}", own.rule),
        }
    }
}

fn types(document: &Value) -> BTreeSet<String> {
    let all = document["properties"]["policyRule"]["if"]["allOf"].as_array().unwrap();
    all.iter()
        .filter(|own| own["field"] == "type")
        .map(|own| own["equals"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_initiative_holds_together() {
    for scope in [scope(), Scope::Subscription("s".to_owned())] {
        let document = initiative(&scope, &Choices::default());
        let shelf = Shelf::new(&scope, &Choices::default()).unwrap();
        let parsed = Initiative::parse(&document).unwrap();
        assert_eq!(
            parsed.id,
            format!("{}/providers/Microsoft.Authorization/policySetDefinitions/dekey", scope.id())
        );
        assert_eq!(parsed.members.len(), definitions().count());
        let properties = &document["properties"];
        let groups: BTreeSet<&str> = properties["policyDefinitionGroups"]
            .as_array()
            .unwrap()
            .iter()
            .map(|own| own["name"].as_str().unwrap())
            .collect();
        let parameters = properties["parameters"].as_object().unwrap();
        assert!(parameters.len() <= 400 && groups.len() > 30, "{} {}", parameters.len(), groups.len());
        let mut used = BTreeSet::new();
        for (member, own) in parsed.members.iter().zip(definitions()) {
            assert_eq!(member.reference, own.rule);
            assert!(shelf.definition(&member.definition).is_some(), "{}", member.definition);
            assert!(
                !member.groups.is_empty() && member.groups.iter().all(|name| groups.contains(name.as_str())),
                "{}",
                own.rule
            );
            assert_eq!(member.groups.len(), own.controls().len(), "{}: two controls share a group", own.rule);
        }
        for member in properties["policyDefinitions"].as_array().unwrap() {
            let own = definition(member["policyDefinitionReferenceId"].as_str().unwrap()).unwrap();
            let given: BTreeSet<&String> = member["parameters"].as_object().unwrap().keys().collect();
            let wanted: BTreeSet<&String> =
                own.property("parameters").unwrap().as_object().unwrap().keys().collect();
            assert_eq!(given, wanted, "{}", own.rule);
            for value in member["parameters"].as_object().unwrap().values() {
                let name = value["value"]
                    .as_str()
                    .unwrap()
                    .strip_prefix("[parameters('")
                    .unwrap()
                    .strip_suffix("')]")
                    .unwrap();
                assert!(parameters.contains_key(name), "{name}");
                used.insert(name.to_owned());
            }
        }
        assert_eq!(used.len(), parameters.len(), "a parameter that nothing uses");
    }
}

/// Definitions share parameters by name, so they have to agree about them.
#[test]
fn shared_parameters_are_the_same_everywhere() {
    for own in definitions() {
        for (name, parameter) in own.shared_parameters() {
            for other in definitions() {
                for (_, twin) in other.shared_parameters().filter(|(twin, _)| *twin == name) {
                    assert_eq!(parameter["type"], twin["type"], "{name}");
                    assert_eq!(parameter["metadata"], twin["metadata"], "{name}");
                    // Each of the three alone asks for what it is named after.
                    if name != "identityStandard" {
                        assert_eq!(parameter["defaultValue"], twin["defaultValue"], "{name}");
                    }
                }
            }
        }
    }
}

#[test]
fn choices_are_defaults_and_an_assignment_can_say_otherwise() {
    let choices = Choices {
        standard: IdentityStandard::Both,
        owner_tags: vec!["responsible".to_owned()],
        cost_center_tags: vec!["kst".to_owned()],
    };
    let parameters = &initiative(&scope(), &choices)["properties"]["parameters"];
    assert_eq!(parameters["identityStandard"]["defaultValue"], "both");
    assert_eq!(parameters["ownerTagNames"]["defaultValue"], json!(["responsible"]));
    assert_eq!(parameters["costCenterTagNames"]["defaultValue"], json!(["kst"]));
    let shelf = Shelf::new(&scope(), &choices).unwrap();
    let knowledge = Knowledge {
        aliases: Arc::new(Aliases::built_in()),
        unlisted: Unlisted::NotJudged,
        semantics: Semantics::DOCUMENTED,
    };
    let compile = |parameters: Value| {
        let assignment = Assignment::parse(&json!({ "properties": {
            "scope": "/subscriptions/s", "policyDefinitionId": scope().initiative("dekey"), "parameters": parameters,
        } }));
        Assigned::compile(assignment.unwrap(), &shelf, &knowledge)
    };
    let own = definition("connection-static-credential").unwrap();
    let assigned = compile(json!({ own.effect_parameter(): { "value": "Deny" } })).unwrap();
    for part in &assigned.parts {
        let effect = if part.reference == own.rule { Effect::Deny } else { Effect::Audit };
        assert_eq!(part.policy().unwrap().effect(), Some(effect), "{}", part.reference);
    }
    assert!(compile(json!({ own.effect_parameter(): { "value": "Modify" } })).is_err());
}
