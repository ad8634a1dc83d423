//! Takes recordings apart: each answer of Azure becomes one document, as `az rest` would have written it.

use serde_json::Value;
use std::path::Path;

/// One answer.
pub(crate) struct Answer {
    /// The method of the request; `example` and `file` where there was none.
    pub(crate) method: String,
    /// The address of the request.
    pub(crate) uri: String,
    /// The status code.
    pub(crate) status: String,
    /// The body.
    pub(crate) body: String,
}

/// The answers in a file: of a cassette (Cloud Custodian, Azure CLI), of an example of the REST specifications, or the
/// file itself. Exports of PSRule nest children and extensions in `resources`; those come as a second answer.
pub(crate) fn answers(path: &Path) -> Vec<Answer> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let text = text.trim_start_matches('\u{feff}');
    let document: Value = match path.extension().and_then(|e| e.to_str()) {
        Some("json") => serde_json::from_str(text).unwrap_or_default(),
        _ => serde_saphyr::from_str(text).unwrap_or_default(),
    };
    if let Some(interactions) = document.get("interactions").and_then(Value::as_array) {
        return interactions.iter().map(interaction).collect();
    }
    match document.get("responses").and_then(Value::as_object) {
        Some(responses) if document.get("parameters").is_some() => responses
            .iter()
            .map(|(status, response)| {
                let body = response.get("body").map(Value::to_string).unwrap_or_default();
                Answer { method: "example".into(), uri: String::new(), status: status.clone(), body }
            })
            .collect(),
        _ => exported(text, &document),
    }
}

fn interaction(recorded: &Value) -> Answer {
    let text = |pointer: &str| recorded.pointer(pointer).and_then(Value::as_str).unwrap_or("").to_owned();
    let status = recorded.pointer("/response/status/code").map(Value::to_string).unwrap_or_default();
    let body = match recorded.pointer("/response/body/data") {
        Some(data) => data.to_string(),
        None => text("/response/body/string"),
    };
    Answer { method: text("/request/method"), uri: text("/request/uri"), status, body }
}

fn exported(text: &str, document: &Value) -> Vec<Answer> {
    let answer =
        |body: String| Answer { method: "file".into(), uri: String::new(), status: String::new(), body };
    let mut answers = vec![answer(text.to_owned())];
    let mut nested = Vec::new();
    for resource in document.as_array().into_iter().flatten() {
        flatten(resource, &mut nested);
    }
    if !nested.is_empty() {
        answers.push(answer(Value::Array(nested).to_string()));
    }
    answers
}

fn flatten(resource: &Value, nested: &mut Vec<Value>) {
    for child in resource.get("resources").and_then(Value::as_array).into_iter().flatten() {
        flatten(child, nested);
        nested.push(child.clone());
    }
}
