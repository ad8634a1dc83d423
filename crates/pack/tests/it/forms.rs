//! The pack as files: what is read back is what was written.

use dekey_pack::{Choices, Form, Origin, Scope, definitions, files, initiative};
use serde_json::{Map, Value, json};

fn group() -> Scope {
    Scope::ManagementGroup("mg-ml".to_owned())
}

fn text(form: Form, scope: &Scope) -> String {
    let all = files(form, scope, &Choices::default());
    assert_eq!(all.len(), 1);
    all[0].text.clone()
}

#[test]
fn json_is_a_file_for_each_resource() {
    let scope = group();
    let all = files(Form::Json, &scope, &Choices::default());
    let own: Vec<_> = definitions().filter(|own| own.origin == Origin::Own).collect();
    assert_eq!(all.len(), own.len() + 1);
    for (file, own) in all.iter().zip(own) {
        assert_eq!(file.path, format!("policyDefinitions/{}.json", own.name));
        let read: Value = serde_json::from_str(&file.text).unwrap();
        assert_eq!(read, own.resource(&scope));
        assert_eq!(
            read["id"],
            format!("{}/providers/Microsoft.Authorization/policyDefinitions/{}", scope.id(), own.name)
        );
    }
    let set: Value = serde_json::from_str(&all.last().unwrap().text).unwrap();
    assert_eq!(set, initiative(&scope, &Choices::default()));
}

mod terraform {
    use super::*;
    use hcl::eval::{Context, Evaluate, FuncDef, ParamType};
    use hcl::{Block, Body, Expression};

    /// `jsonencode` leaves its argument as it is, and ids of resources are their addresses.
    fn context() -> Context<'static> {
        let mut context = Context::new();
        let encode = FuncDef::builder().param(ParamType::Any).build(|args| Ok(args[0].clone()));
        context.declare_func("jsonencode", encode);
        let mut ids = Map::new();
        for own in definitions() {
            let symbol = own.rule.replace('-', "_");
            ids.insert(symbol, json!({ "id": own.id(&group()) }));
        }
        let ids: hcl::Value = serde_json::from_value(Value::Object(ids)).unwrap();
        context.declare_var("azurerm_policy_definition", ids);
        context.declare_var("var", hcl::value!({ "management_group_id" = (group().id()) }));
        context
    }

    fn value(block: &Block, name: &str) -> Value {
        let attribute = block.body().attributes().find(|own| own.key() == name);
        let attribute = attribute.unwrap_or_else(|| panic!("{name} is missing"));
        let value: hcl::Value = attribute.expr().evaluate(&context()).unwrap();
        serde_json::to_value(value).unwrap()
    }

    fn resources(body: &Body) -> Vec<&Block> {
        body.blocks().filter(|own| own.identifier() == "resource").collect()
    }

    #[test]
    fn reads_back_as_it_was_written() {
        let body: Body = hcl::parse(&text(Form::Terraform, &group())).unwrap();
        let resources = resources(&body);
        let own: Vec<_> = definitions().filter(|own| own.origin == Origin::Own).collect();
        assert_eq!(resources.len(), own.len() + 1);
        for (block, own) in resources.iter().zip(own) {
            assert_eq!(block.labels()[0].as_str(), "azurerm_policy_definition");
            let named = [
                ("name", &own.document["name"]),
                ("mode", own.property("mode").unwrap()),
                ("display_name", own.property("displayName").unwrap()),
                ("description", own.property("description").unwrap()),
                ("metadata", own.property("metadata").unwrap()),
                ("parameters", own.property("parameters").unwrap()),
                ("policy_rule", own.property("policyRule").unwrap()),
            ];
            for (argument, written) in named {
                assert_eq!(value(block, argument), *written, "{}: {argument}", own.rule);
            }
            assert_eq!(value(block, "management_group_id"), group().id());
        }
        let set = &initiative(&group(), &Choices::default())["properties"];
        let block = resources.last().unwrap();
        assert_eq!(value(block, "parameters"), set["parameters"]);
        let blocks = |name: &str| -> Vec<&Block> {
            block.body().blocks().filter(|own| own.identifier() == name).collect()
        };
        let members = blocks("policy_definition_reference");
        for (block, member) in members.iter().zip(set["policyDefinitions"].as_array().unwrap()) {
            assert_eq!(value(block, "policy_definition_id"), member["policyDefinitionId"]);
            assert_eq!(value(block, "reference_id"), member["policyDefinitionReferenceId"]);
            assert_eq!(value(block, "parameter_values"), member["parameters"]);
            assert_eq!(value(block, "policy_group_names"), member["groupNames"]);
        }
        let groups = blocks("policy_definition_group");
        assert_eq!(members.len(), definitions().count());
        assert_eq!(groups.len(), set["policyDefinitionGroups"].as_array().unwrap().len());
        for (block, group) in groups.iter().zip(set["policyDefinitionGroups"].as_array().unwrap()) {
            for (argument, property) in [
                ("name", "name"),
                ("category", "category"),
                ("display_name", "displayName"),
                ("description", "description"),
            ] {
                assert_eq!(value(block, argument), group[property]);
            }
        }
    }

    /// Every argument is one that the provider has, and none that it asks for is missing.
    #[test]
    fn arguments_are_those_of_the_provider() {
        let Some(corpora) = std::env::var_os("DEKEY_CORPORA").map(std::path::PathBuf::from) else {
            eprintln!("skipped: DEKEY_CORPORA does not name the unpacked corpora");
            return;
        };
        let schema = std::fs::read_to_string(corpora.join("ref/azurerm-provider-schema.json")).unwrap();
        let schema: Value = serde_json::from_str(&schema).unwrap();
        for scope in [group(), Scope::Subscription("s".to_owned())] {
            let body: Body = hcl::parse(&text(Form::Terraform, &scope)).unwrap();
            for block in resources(&body) {
                let kind = block.labels()[0].as_str();
                let known = &schema["providerSchema"]["resources"]
                    .get(kind)
                    .or(schema["providerSchema"].get(kind))
                    .unwrap()["schema"];
                check(block.body(), known, kind);
            }
        }
    }

    fn check(body: &Body, known: &Value, place: &str) {
        for attribute in body.attributes() {
            assert!(known.get(attribute.key()).is_some(), "{place} has no {}", attribute.key());
            if attribute.key() == "management_group_id" {
                assert!(matches!(attribute.expr(), Expression::Traversal(_)));
            }
        }
        for block in body.blocks() {
            let inner = known
                .get(block.identifier())
                .unwrap_or_else(|| panic!("{place} has no {}", block.identifier()));
            check(block.body(), &inner["elem"]["schema"], block.identifier());
        }
        for (name, own) in known.as_object().unwrap() {
            let there = body.attributes().any(|own| own.key() == name)
                || body.blocks().any(|own| own.identifier() == name);
            assert!(there || own["required"] != true, "{place} needs {name}");
        }
    }
}

mod bicep {
    use super::*;
    use tree_sitter::{Node, Parser, Tree};

    fn parse(text: &str) -> Tree {
        let mut parser = Parser::new();
        parser.set_language(&tree_sitter_bicep::LANGUAGE.into()).unwrap();
        let tree = parser.parse(text, None).unwrap();
        assert!(!tree.root_node().has_error(), "{}", tree.root_node().to_sexp());
        tree
    }

    fn named(node: Node<'_>) -> Vec<Node<'_>> {
        (0..node.named_child_count()).filter_map(|at| node.named_child(u32::try_from(at).unwrap())).collect()
    }

    /// A value as the grammar sees it; what is no literal is told as its text.
    fn value(node: Node<'_>, text: &str) -> Value {
        let own = &text[node.byte_range()];
        match node.kind() {
            "object" => {
                let property = |pair: Node<'_>| {
                    let parts = named(pair);
                    let key = match value(parts[0], text) {
                        Value::String(key) => key,
                        other => panic!("{other}"),
                    };
                    (key, value(parts[1], text))
                };
                Value::Object(
                    named(node)
                        .into_iter()
                        .filter(|own| own.kind() == "object_property")
                        .map(property)
                        .collect(),
                )
            }
            "array" => Value::Array(named(node).into_iter().map(|own| value(own, text)).collect()),
            "string" => Value::String(unescaped(own)),
            "boolean" => json!(own == "true"),
            "null" => Value::Null,
            "number" => json!(own.parse::<i64>().unwrap()),
            _ => Value::String(own.to_owned()),
        }
    }

    /// The rules of the language for what stands in single quotes.
    fn unescaped(written: &str) -> String {
        let inner = written.strip_prefix('\'').unwrap().strip_suffix('\'').unwrap();
        let mut out = String::new();
        let mut rest = inner.chars();
        while let Some(c) = rest.next() {
            assert!(c != '\'', "{written}");
            if c != '\\' {
                out.push(c);
                continue;
            }
            match rest.next().unwrap() {
                'n' => out.push('\n'),
                'r' => out.push('\r'),
                't' => out.push('\t'),
                'u' => {
                    let code: String = rest.by_ref().skip(1).take_while(|c| *c != '}').collect();
                    out.push(char::from_u32(u32::from_str_radix(&code, 16).unwrap()).unwrap());
                }
                other => out.push(other),
            }
        }
        out
    }

    /// Symbol and body of each resource.
    fn resources(text: &str) -> Vec<(String, Value)> {
        let tree = parse(text);
        let all = named(tree.root_node()).into_iter().filter(|own| own.kind() == "resource_declaration");
        all.map(|own| {
            let parts = named(own);
            let body = parts.iter().find(|part| part.kind() == "object").unwrap();
            (text[parts[0].byte_range()].to_owned(), value(*body, text))
        })
        .collect()
    }

    #[test]
    fn reads_back_as_it_was_written() {
        let text = text(Form::Bicep, &group());
        assert!(text.contains("targetScope = 'managementGroup'"));
        let resources = resources(&text);
        let own: Vec<_> = definitions().filter(|own| own.origin == Origin::Own).collect();
        assert_eq!(resources.len(), own.len() + 1);
        for ((_, body), own) in resources.iter().zip(&own) {
            assert_eq!(body["name"], own.name);
            assert_eq!(body["properties"], own.document["properties"], "{}", own.rule);
        }
        let mut set = initiative(&group(), &Choices::default())["properties"].clone();
        for member in set["policyDefinitions"].as_array_mut().unwrap() {
            let id = member["policyDefinitionId"].as_str().unwrap().to_owned();
            if let Some(at) = own.iter().position(|own| own.id(&group()) == id) {
                member["policyDefinitionId"] = json!(format!("{}.id", resources[at].0));
            }
        }
        assert_eq!(resources.last().unwrap().1["properties"], set);
    }

    #[test]
    fn a_subscription_has_its_own_target() {
        let text = text(Form::Bicep, &Scope::Subscription("s".to_owned()));
        assert!(text.contains("targetScope = 'subscription'") && text.contains("az deployment sub create"));
        assert_eq!(resources(&text).len(), definitions().filter(|own| own.origin == Origin::Own).count() + 1);
    }
}
