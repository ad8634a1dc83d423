//! One step: a request to the letter, and everything around it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verb {
    /// Makes or replaces.
    Put,
    /// Changes in part.
    Patch,
    /// Removes.
    Delete,
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verb::Put => "PUT",
            Verb::Patch => "PATCH",
            Verb::Delete => "DELETE",
        })
    }
}

/// A request, as it is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What it does.
    pub verb: Verb,
    /// The id of the resource.
    pub path: String,
    /// The version of the API.
    pub api_version: String,
    /// What else is in the query.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, String>,
    /// What is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}

/// What must be there before a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Before {
    /// No such resource.
    Absent,
    /// The resource, and of what the step is about exactly this. See [`crate::state::of`].
    Present(Value),
}

/// How a step is taken back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Undo {
    /// By this request.
    Request(Request),
    /// Not at all, and why.
    Impossible(String),
}

/// What a `GET` must show after a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Verify {
    /// The resource, with at least these members. See [`crate::state::holds`].
    Shows(Value),
    /// Nothing.
    Gone,
}

/// Who has to agree before a step is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// Whoever runs dekey: it refuses nothing to anybody, and can be taken back.
    Operator,
    /// Whoever answers for policies at the scope: from here on requests of others are refused, or excused from a policy.
    PolicyOwner,
    /// Whoever answers for the workspace: what runs in it is changed.
    WorkspaceOwner,
}

impl Approval {
    /// Who that is.
    pub fn who(self) -> &'static str {
        match self {
            Approval::Operator => "whoever runs dekey",
            Approval::PolicyOwner => "whoever answers for policies at the scope",
            Approval::WorkspaceOwner => "the owner of the workspace",
        }
    }
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its name within the plan.
    pub id: String,
    /// What it does, in words.
    pub what: String,
    /// Why.
    pub why: String,
    /// Who has to agree.
    pub approval: Approval,
    /// The request.
    pub request: Request,
    /// JSON pointers to what the step is about; none for all that can be written of the resource.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<String>,
    /// What must be there before.
    pub before: Before,
    /// How it is taken back.
    pub undo: Undo,
    /// What a `GET` must show afterwards.
    pub verify: Verify,
}

impl Step {
    /// A step that puts a resource in its place. What is there before decides how it is taken back.
    pub fn put(id: String, (what, why): (String, String), approval: Approval, put: Put<'_>) -> Self {
        let Put { path, api_version, body, before } = put;
        let request = |verb, body: Option<Value>| Request {
            verb,
            path: path.to_owned(),
            api_version: api_version.to_owned(),
            query: BTreeMap::new(),
            body,
        };
        let undo = match &before {
            Before::Absent => request(Verb::Delete, None),
            Before::Present(state) => request(Verb::Put, Some(state.clone())),
        };
        Self {
            id,
            what,
            why,
            approval,
            verify: Verify::Shows(body.clone()),
            request: request(Verb::Put, Some(body)),
            about: Vec::new(),
            before,
            undo: Undo::Request(undo),
        }
    }
}

/// A resource to be put in its place.
pub struct Put<'p> {
    /// Its id.
    pub path: &'p str,
    /// The version of the API.
    pub api_version: &'p str,
    /// What is sent.
    pub body: Value,
    /// What is there before.
    pub before: Before,
}
