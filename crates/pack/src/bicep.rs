//! The pack as Bicep.

use crate::definition::Origin;
use crate::{Choices, NAME, Scope, VERSION, definitions, initiative};
use serde_json::Value;
use std::fmt::Write as _;

const API_VERSION: &str = "2023-04-01";

pub(crate) fn write(scope: &Scope, choices: &Choices) -> String {
    let (target, deploy) = match scope {
        Scope::ManagementGroup(_) => {
            ("managementGroup", "az deployment mg create --management-group-id <name>")
        }
        Scope::Subscription(_) => ("subscription", "az deployment sub create"),
    };
    let mut out = format!(
        "// Policies of dekey, version {VERSION}. Written by `dekey policy pack`.\n\
         // Deploy: {deploy} --location <region> --template-file {NAME}.bicep\n\n\
         targetScope = '{target}'\n"
    );
    for own in definitions().filter(|own| own.origin == Origin::Own) {
        let properties = own.document.get("properties").unwrap_or(&Value::Null);
        resource(&mut out, &symbol(own.rule), "policyDefinitions", &own.name, |out| {
            value(out, properties, 1, &|_| None);
        });
    }
    let set = initiative(scope, choices);
    let properties = set.get("properties").unwrap_or(&Value::Null);
    // The initiative names definitions of this file by their symbols, so that they are made first.
    let references: Vec<(String, String)> = definitions()
        .filter(|own| own.origin == Origin::Own)
        .map(|own| (own.id(scope), format!("{}.id", symbol(own.rule))))
        .collect();
    let refer = |text: &str| references.iter().find(|(id, _)| id == text).map(|(_, symbol)| symbol.clone());
    resource(&mut out, "initiative", "policySetDefinitions", NAME, |out| value(out, properties, 1, &refer));
    let _ = writeln!(out, "\noutput initiativeId string = initiative.id");
    out
}

fn resource(out: &mut String, symbol: &str, kind: &str, name: &str, properties: impl FnOnce(&mut String)) {
    // Writing to a string does not fail, here and below.
    let _ = write!(
        out,
        "\nresource {symbol} 'Microsoft.Authorization/{kind}@{API_VERSION}' = {{\n  name: {}\n  properties: ",
        text(name)
    );
    properties(out);
    out.push_str("\n}\n");
}

/// The name of a resource in the file: the rule's id in camel case.
pub(crate) fn symbol(rule: &str) -> String {
    let mut words = rule.split('-');
    let mut symbol = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        symbol.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        symbol.push_str(letters.as_str());
    }
    symbol
}

/// Writes a value. `refer` names what stands for a text that is the id of a resource of the file.
fn value(out: &mut String, own: &Value, depth: usize, refer: &dyn Fn(&str) -> Option<String>) {
    let indent = "  ".repeat(depth + 1);
    match own {
        Value::String(own) => out.push_str(&refer(own).unwrap_or_else(|| text(own))),
        Value::Array(items) if items.is_empty() => out.push_str("[]"),
        Value::Object(map) if map.is_empty() => out.push_str("{}"),
        Value::Array(items) => {
            out.push('[');
            for item in items {
                let _ = write!(out, "\n{indent}");
                value(out, item, depth + 1, refer);
            }
            let _ = write!(out, "\n{}]", "  ".repeat(depth));
        }
        Value::Object(map) => {
            out.push('{');
            for (key, item) in map {
                let _ = write!(out, "\n{indent}{}: ", name(key));
                value(out, item, depth + 1, refer);
            }
            let _ = write!(out, "\n{}}}", "  ".repeat(depth));
        }
        // Bicep has no numbers with a fraction: they come from their text.
        Value::Number(number) if number.is_f64() => {
            let _ = write!(out, "json('{number}')");
        }
        other => {
            let _ = write!(out, "{other}");
        }
    }
}

fn name(key: &str) -> String {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let plain = key.chars().all(word) && key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if plain { key.to_owned() } else { text(key) }
}

/// A text in single quotes. What stands in brackets stays text: Bicep escapes it for the template.
fn text(own: &str) -> String {
    let mut out = String::from("'");
    let mut rest = own.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' | '\'' => out.extend(['\\', c]),
            '$' if rest.peek() == Some(&'{') => out.push_str("\\$"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_are_escaped() {
        assert_eq!(text("[parameters('a')]"), r"'[parameters(\'a\')]'");
        assert_eq!(text("a${b} $c \\ \n\u{1}"), r"'a\${b} $c \\ \n\u{1}'");
        assert_eq!(name("effect-x"), "'effect-x'");
        assert_eq!(name("_a1"), "_a1");
        assert_eq!(name("1a"), "'1a'");
        assert_eq!(symbol("storage-default-to-key-auth"), "storageDefaultToKeyAuth");
    }

    #[test]
    fn values_keep_their_kind() {
        let mut out = String::new();
        value(&mut out, &json!({ "a": [1, 1.5, true, null], "b": {}, "c": [] }), 0, &|_| None);
        assert_eq!(out, "{\n  a: [\n    1\n    json('1.5')\n    true\n    null\n  ]\n  b: {}\n  c: []\n}");
    }
}
