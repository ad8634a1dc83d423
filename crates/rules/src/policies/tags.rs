//! Tags that switch a policy rule off.

use super::parameters::get;
use serde_json::Value;

/// The conditions on tags that can make the rule's `if` false whatever the rest of the resource is: whoever may write the
/// tag decides whether the policy applies. Each as the rule writes it.
pub fn opt_outs(rule: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    if let Some(condition) = get(rule, "if").filter(|condition| can_be(false, condition)) {
        collect(condition, &mut found);
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Whether tags alone can make a condition come out as wanted.
fn can_be(wanted: bool, condition: &Value) -> bool {
    if let Some(inner) = get(condition, "not") {
        return can_be(!wanted, inner);
    }
    let list = |key| get(condition, key).and_then(Value::as_array);
    match (list("allOf"), list("anyOf")) {
        // One false part is enough to make all of them false; every part has to be true to make it true.
        (Some(parts), _) if wanted => !parts.is_empty() && parts.iter().all(|part| can_be(true, part)),
        (Some(parts), _) => parts.iter().any(|part| can_be(false, part)),
        (None, Some(parts)) if wanted => parts.iter().any(|part| can_be(true, part)),
        (None, Some(parts)) => !parts.is_empty() && parts.iter().all(|part| can_be(false, part)),
        (None, None) => tag(condition).is_some(),
    }
}

/// The tag that a single condition reads.
fn tag(condition: &Value) -> Option<&str> {
    let text = |key| get(condition, key).and_then(Value::as_str);
    if let Some(field) = text("field") {
        let lower = field.to_ascii_lowercase();
        let direct =
            lower.strip_prefix("tags").is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
        return (direct || (lower.starts_with('[') && lower.contains("'tags"))).then_some(field);
    }
    let value = text("value")?;
    let lower = value.to_ascii_lowercase();
    let reads = ["field('tags", "field(concat('tags", "resourcegroup().tags", "subscription().tags"];
    reads.iter().any(|start| lower.contains(start)).then_some(value)
}

fn collect<'v>(condition: &'v Value, found: &mut Vec<&'v str>) {
    match condition {
        Value::Object(map) => match tag(condition) {
            Some(tag) => found.push(tag),
            None => map.values().for_each(|inner| collect(inner, found)),
        },
        Value::Array(parts) => parts.iter().for_each(|part| collect(part, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tags(condition: &Value) -> Vec<String> {
        opt_outs(&json!({ "if": condition })).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_tag_that_every_match_needs_is_an_opt_out() {
        let other = json!({ "field": "identity.type", "notContains": "SystemAssigned" });
        for tag in [
            json!({ "field": "tags['skip']", "notEquals": "true" }),
            json!({ "field": "tags.skip", "exists": false }),
            json!({ "not": { "field": "[concat('tags[', parameters('tagName'), ']')]", "equals": "true" } }),
            json!({ "value": "[resourceGroup().tags['skip']]", "notEquals": "true" }),
            json!({ "field": "tags", "notContainsKey": "skip" }),
            json!({ "anyOf": [{ "field": "tags.a", "exists": false }, { "field": "tags.b", "exists": false }] }),
        ] {
            assert!(!tags(&json!({ "allOf": [other, tag] })).is_empty(), "{tag}");
            assert!(!tags(&json!({ "not": { "anyOf": [{ "not": tag }, other] } })).is_empty(), "{tag}");
        }
    }

    #[test]
    fn a_tag_that_only_adds_matches_is_none() {
        let other = json!({ "field": "identity.type", "notContains": "SystemAssigned" });
        let tag = json!({ "field": "tags['env']", "equals": "prod" });
        for condition in [
            json!({ "anyOf": [other, tag] }),
            json!({ "allOf": [other, { "anyOf": [other, tag] }] }),
            json!({ "not": { "allOf": [other, tag] } }),
            json!({ "allOf": [other, { "field": "Microsoft.Network/publicIPAddresses/ipTags[*]", "exists": true }] }),
            other.clone(),
        ] {
            assert_eq!(tags(&condition), Vec::<String>::new(), "{condition}");
        }
    }
}
