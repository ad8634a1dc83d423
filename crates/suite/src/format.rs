//! The format of a file of tests, version 1.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A file of tests.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "dekey policy test")]
pub(crate) struct File {
    /// What is tested, in words.
    #[serde(default)]
    pub(crate) description: Option<String>,
    /// The definition: the path of its file, from this file, or the definition itself.
    #[serde(default)]
    pub(crate) definition: Option<Source>,
    /// The initiative, in the place of a definition.
    #[serde(default)]
    pub(crate) initiative: Option<Source>,
    /// The assignment, in the place of both: what it assigns has to be among `definitions`.
    #[serde(default)]
    pub(crate) assignment: Option<Source>,
    /// Files and folders with the definitions that an initiative or assignment refers to, by id.
    #[serde(default)]
    pub(crate) definitions: OneOrMany<String>,
    /// Exemptions of the assignment.
    #[serde(default)]
    pub(crate) exemptions: Vec<Source>,
    /// Values of parameters, by name.
    #[serde(default)]
    pub(crate) parameters: Map<String, Value>,
    /// Files with aliases, in any public form [default: those that come with dekey].
    #[serde(default)]
    pub(crate) aliases: OneOrMany<String>,
    /// What holds for every case, unless the case says otherwise.
    #[serde(flatten)]
    pub(crate) around: Around,
    /// The cases.
    pub(crate) cases: Vec<Case>,
}

/// What surrounds the resource or request of a case. What is not given is not known: a policy that asks for it is not judged.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Around {
    /// The time of the evaluation, such as `2026-11-23T00:00:00Z`.
    #[serde(default)]
    pub(crate) now: Option<String>,
    /// The resource group, as Azure answers it: `name`, `location`, `tags`.
    #[serde(default)]
    pub(crate) resource_group: Option<Value>,
    /// The subscription, as Azure answers it: `subscriptionId`, `displayName`, `tags`.
    #[serde(default)]
    pub(crate) subscription: Option<Value>,
    /// The management groups above the subscription, by id.
    #[serde(default)]
    pub(crate) management_groups: Option<Vec<String>>,
    /// The other resources. An empty list says that there are none.
    #[serde(default)]
    pub(crate) related: Option<Vec<Source>>,
    /// The API version of requests.
    #[serde(default)]
    pub(crate) api_version: Option<String>,
    /// The caller of requests, as `requestContext().identity` has it.
    #[serde(default)]
    pub(crate) identity: Option<Value>,
}

impl Around {
    /// This, and what another says where this says nothing.
    pub(crate) fn or(&self, other: &Around) -> Around {
        Around {
            now: self.now.clone().or_else(|| other.now.clone()),
            resource_group: self.resource_group.clone().or_else(|| other.resource_group.clone()),
            subscription: self.subscription.clone().or_else(|| other.subscription.clone()),
            management_groups: self.management_groups.clone().or_else(|| other.management_groups.clone()),
            related: self.related.clone().or_else(|| other.related.clone()),
            api_version: self.api_version.clone().or_else(|| other.api_version.clone()),
            identity: self.identity.clone().or_else(|| other.identity.clone()),
        }
    }
}

/// A case.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Case {
    /// What it shows, in words.
    pub(crate) name: String,
    /// A resource as it is. With `type` and `name` it needs no `id`.
    #[serde(default)]
    pub(crate) resource: Option<Source>,
    /// A request, in the place of a resource.
    #[serde(default)]
    pub(crate) request: Option<Request>,
    /// Values of parameters, beside and before those of the file.
    #[serde(default)]
    pub(crate) parameters: Map<String, Value>,
    /// What holds for this case alone.
    #[serde(flatten)]
    pub(crate) around: Around,
    /// What is expected: `compliant`, `not applicable`, `error`, `not judged`, `exempt`, `excluded`, `elsewhere`, or what the policy
    /// does: `deny`, `audit`, `modify`, ... (`non-compliant` for any of these). Of an initiative, one of these for the gravest of its
    /// policies, or for each policy by its reference id.
    pub(crate) expect: Expect,
    /// What has to be among the reasons: a field, a path in the resource, a pointer to a condition, or words of an error.
    #[serde(default)]
    pub(crate) reason: OneOrMany<String>,
    /// What has to be in the message that the assignment has for whoever is refused.
    #[serde(default)]
    pub(crate) message: Option<String>,
}

/// A request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Request {
    /// `PUT`, `PATCH` or `DELETE`.
    #[serde(default)]
    pub(crate) method: Method,
    /// The id of the resource, where its body does not tell.
    #[serde(default)]
    pub(crate) id: Option<String>,
    /// The resource as it is before: what a `PATCH` changes, what a `DELETE` takes away.
    #[serde(default)]
    pub(crate) existing: Option<Source>,
    /// What is sent.
    #[serde(default)]
    pub(crate) body: Option<Source>,
    /// The API version.
    #[serde(default)]
    pub(crate) api_version: Option<String>,
    /// The caller, as `requestContext().identity` has it.
    #[serde(default)]
    pub(crate) identity: Option<Value>,
}

/// The method of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub(crate) enum Method {
    /// Creates or replaces.
    #[default]
    #[serde(rename = "PUT")]
    Put,
    /// Changes.
    #[serde(rename = "PATCH")]
    Patch,
    /// Deletes.
    #[serde(rename = "DELETE")]
    Delete,
}

/// A document: the path of its file, or itself.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Source {
    /// The path, from the file of tests.
    Path(String),
    /// The document.
    Inline(Map<String, Value>),
}

/// What is expected.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Expect {
    /// Of a definition, or of the gravest in an initiative.
    Whole(String),
    /// Of policies of an initiative, by reference id.
    Parts(BTreeMap<String, String>),
}

/// One, or a list.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum OneOrMany<T> {
    /// One.
    One(T),
    /// A list.
    Many(Vec<T>),
}

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        OneOrMany::Many(Vec::new())
    }
}

impl<T> OneOrMany<T> {
    pub(crate) fn as_slice(&self) -> &[T] {
        match self {
            OneOrMany::One(own) => std::slice::from_ref(own),
            OneOrMany::Many(all) => all,
        }
    }
}

/// The JSON schema of the format.
pub fn schema() -> Value {
    schemars::schema_for!(File).to_value()
}

/// Reads a file of tests.
pub(crate) fn parse(text: &str) -> Result<File, String> {
    serde_saphyr::from_str(text).map_err(|error| {
        let place = error.location().map(|at| format!("line {}, column {}: ", at.line(), at.column()));
        format!("{}{}", place.unwrap_or_default(), first_line(&error.to_string()))
    })
}

/// What went wrong, without the excerpt of the document that comes after it.
fn first_line(message: &str) -> &str {
    message.lines().find(|line| !line.trim().is_empty()).unwrap_or("this is not YAML").trim()
}
