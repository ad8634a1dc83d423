//! The pack as Terraform, for azurerm 4.39 or later.

use crate::definition::Origin;
use crate::{Choices, NAME, PackDefinition, Scope, VERSION, definitions, initiative};
use serde_json::Value;
use std::fmt::Write as _;

pub(crate) fn write(scope: &Scope, choices: &Choices) -> String {
    let in_group = matches!(scope, Scope::ManagementGroup(_));
    let mut out = format!("# Policies of dekey, version {VERSION}. Written by `dekey policy pack`.\n");
    if in_group {
        out.push_str(
            "\nvariable \"management_group_id\" {\n  description = \"The id of the management group that holds the policies.\"\n  \
             type        = string\n}\n",
        );
    }
    for own in definitions().filter(|own| own.origin == Origin::Own) {
        definition(&mut out, own, in_group);
    }
    set(&mut out, &initiative(scope, choices), scope, in_group);
    out
}

fn definition(out: &mut String, own: &PackDefinition, in_group: bool) {
    let _ = writeln!(out, "\nresource \"azurerm_policy_definition\" \"{}\" {{", symbol(own.rule));
    head(out, &own.name, own.title(), own.description(), in_group);
    let _ = writeln!(out, "  mode         = {}", text(own.mode()));
    for (argument, property) in
        [("metadata", "metadata"), ("parameters", "parameters"), ("policy_rule", "policyRule")]
    {
        encoded(out, 1, argument, own.property(property).unwrap_or(&Value::Null));
    }
    out.push_str("}\n");
}

fn set(out: &mut String, set: &Value, scope: &Scope, in_group: bool) {
    let kind = if in_group {
        "azurerm_management_group_policy_set_definition"
    } else {
        "azurerm_policy_set_definition"
    };
    let property = |name: &str| set.get("properties").and_then(|own| own.get(name)).unwrap_or(&Value::Null);
    let word = |own: &Value, name: &str| own.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let _ = writeln!(out, "\nresource \"{kind}\" \"{NAME}\" {{");
    let properties = set.get("properties").unwrap_or(&Value::Null);
    head(out, NAME, &word(properties, "displayName"), &word(properties, "description"), in_group);
    encoded(out, 1, "metadata", property("metadata"));
    encoded(out, 1, "parameters", property("parameters"));
    for group in property("policyDefinitionGroups").as_array().into_iter().flatten() {
        let _ = write!(
            out,
            "\n  policy_definition_group {{\n    name         = {}\n    display_name = {}\n    category     = {}\n    description  = {}\n  }}\n",
            text(&word(group, "name")),
            text(&word(group, "displayName")),
            text(&word(group, "category")),
            text(&word(group, "description")),
        );
    }
    for member in property("policyDefinitions").as_array().into_iter().flatten() {
        let id = word(member, "policyDefinitionId");
        let own = definitions().find(|own| own.origin == Origin::Own && own.id(scope) == id);
        let id =
            own.map_or_else(|| text(&id), |own| format!("azurerm_policy_definition.{}.id", symbol(own.rule)));
        let _ = write!(
            out,
            "\n  policy_definition_reference {{\n    policy_definition_id = {id}\n    reference_id         = {}\n    policy_group_names   = ",
            text(&word(member, "policyDefinitionReferenceId")),
        );
        value(out, member.get("groupNames").unwrap_or(&Value::Null), 2);
        out.push('\n');
        encoded(out, 2, "parameter_values", member.get("parameters").unwrap_or(&Value::Null));
        out.push_str("  }\n");
    }
    let _ = write!(out, "}}\n\noutput \"initiative_id\" {{\n  value = {kind}.{NAME}.id\n}}\n");
}

fn head(out: &mut String, name: &str, title: &str, description: &str, in_group: bool) {
    if in_group {
        out.push_str("  management_group_id = var.management_group_id\n\n");
    }
    let _ = write!(
        out,
        "  name         = {}\n  policy_type  = \"Custom\"\n  display_name = {}\n  description  = {}\n",
        text(name),
        text(title),
        text(description)
    );
}

/// An argument that is JSON in a text.
fn encoded(out: &mut String, depth: usize, argument: &str, own: &Value) {
    let _ = write!(out, "\n{}{argument} = jsonencode(", "  ".repeat(depth));
    value(out, own, depth);
    out.push_str(")\n");
}

/// The name of a resource in the file.
pub(crate) fn symbol(rule: &str) -> String {
    rule.replace('-', "_")
}

fn value(out: &mut String, own: &Value, depth: usize) {
    let indent = "  ".repeat(depth + 1);
    match own {
        Value::String(own) => out.push_str(&text(own)),
        Value::Array(items) if items.is_empty() => out.push_str("[]"),
        Value::Object(map) if map.is_empty() => out.push_str("{}"),
        Value::Array(items) => {
            out.push('[');
            for item in items {
                let _ = write!(out, "\n{indent}");
                value(out, item, depth + 1);
                out.push(',');
            }
            let _ = write!(out, "\n{}]", "  ".repeat(depth));
        }
        Value::Object(map) => {
            out.push('{');
            for (key, item) in map {
                let _ = write!(out, "\n{indent}{} = ", text(key));
                value(out, item, depth + 1);
            }
            let _ = write!(out, "\n{}}}", "  ".repeat(depth));
        }
        other => {
            let _ = write!(out, "{other}");
        }
    }
}

/// A text in quotes, in which nothing is a template.
fn text(own: &str) -> String {
    let mut out = String::from("\"");
    let mut rest = own.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' | '"' => out.extend(['\\', c]),
            '$' | '%' if rest.peek() == Some(&'{') => out.extend([c, c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped() {
        assert_eq!(text("a\"b\\${c} %{d} $e 5%"), r#""a\"b\\$${c} %%{d} $e 5%""#);
        assert_eq!(text("[parameters('a')]\n\u{1}"), r#""[parameters('a')]\n\u0001""#);
    }

    proptest::proptest! {
        /// Whatever a text holds, Terraform reads that text.
        #[test]
        fn every_text_is_read_back(own in "\\PC*|[$%{}\"\\\\\n\r\t\u{1}a]*") {
            use hcl::eval::{Context, Evaluate};
            let body: hcl::Body = hcl::parse(&format!("a = {}\n", text(&own))).unwrap();
            let read = body.attributes().next().unwrap().expr().evaluate(&Context::new()).unwrap();
            proptest::prop_assert_eq!(read, hcl::Value::from(own));
        }
    }
}
