//! Short ids for cases: `ws/fraud/datastores/d` instead of a line of subscriptions and providers.

use serde_json::{Map, Value};

/// The subscription of every short id.
pub const SUBSCRIPTION: &str = "/subscriptions/00000000-0000-0000-0000-000000000001";

/// First word of a short id, and the provider and type it stands for.
const TYPES: &[(&str, &str)] = &[
    ("ws", "Microsoft.MachineLearningServices/workspaces"),
    ("st", "Microsoft.Storage/storageAccounts"),
    ("kv", "Microsoft.KeyVault/vaults"),
    ("acr", "Microsoft.ContainerRegistry/registries"),
    ("appi", "Microsoft.Insights/components"),
    ("id", "Microsoft.ManagedIdentity/userAssignedIdentities"),
];

/// Words inside a short id that start an extension.
const EXTENSIONS: &[(&str, &str)] = &[
    ("diag", "Microsoft.Insights/diagnosticSettings"),
    ("assign", "Microsoft.Authorization/policyAssignments"),
    ("exempt", "Microsoft.Authorization/policyExemptions"),
    ("policy", "Microsoft.Authorization/policyDefinitions"),
    ("policyset", "Microsoft.Authorization/policySetDefinitions"),
    ("role", "Microsoft.Authorization/roleAssignments"),
];

/// The full id of a short one; other texts are left alone.
pub fn expand(text: &str) -> String {
    let mut words = text.split('/');
    let head = words.next().unwrap_or("");
    let mut out = match head {
        "sub" => SUBSCRIPTION.to_owned(),
        "rg" => format!("{SUBSCRIPTION}/resourceGroups/rg-ml"),
        _ => match (TYPES.iter().find(|row| row.0 == head), words.next()) {
            (Some(row), Some(name)) if !name.is_empty() => {
                format!("{SUBSCRIPTION}/resourceGroups/rg-ml/providers/{}/{name}", row.1)
            }
            _ => return text.to_owned(),
        },
    };
    for word in words {
        if let Some(row) = EXTENSIONS.iter().find(|row| row.0 == word) {
            out.extend(["/providers/", row.1]);
        } else {
            out.push('/');
            out.push_str(word);
        }
    }
    out
}

/// Expands every short id in a document, in keys and texts.
pub fn expand_all(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(expand(&text)),
        Value::Array(items) => items.into_iter().map(expand_all).collect(),
        Value::Object(map) => {
            Value::Object(map.into_iter().map(|(k, v)| (expand(&k), expand_all(v))).collect::<Map<_, _>>())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_ids_expand_and_other_texts_do_not() {
        let group = format!("{SUBSCRIPTION}/resourceGroups/rg-ml");
        assert_eq!(
            expand("ws/a/datastores/d"),
            format!("{group}/providers/Microsoft.MachineLearningServices/workspaces/a/datastores/d")
        );
        assert_eq!(expand("rg"), group);
        assert_eq!(
            expand("sub/assign/x"),
            format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/policyAssignments/x")
        );
        for text in ["ws", "id", "subscription", "AccountKey", "a/b", "/subscriptions/x"] {
            assert_eq!(expand(text), text);
        }
    }
}
