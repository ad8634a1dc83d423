//! Calls that change something. They take a [`WriteAccess`], which only the executor makes.

use crate::call::{Call, Verb};
use crate::client::Client;
use crate::cloud::Service;
use crate::error::{Error, ErrorKind};
use crate::operation::{self, Operation};
use serde_json::Value;

/// Leave to change Azure. Nobody but the executor makes one; a test of the architecture sees to that.
#[derive(Debug)]
pub struct WriteAccess(());

impl WriteAccess {
    /// For the executor alone.
    pub fn of_the_executor() -> Self {
        Self(())
    }
}

/// Under which condition a change is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum If<'w> {
    /// Whatever is there.
    #[default]
    Always,
    /// The resource still has this `ETag`.
    Unchanged(&'w str),
    /// There is no such resource yet.
    Absent,
}

/// A change.
#[derive(Clone, Copy, Debug)]
pub struct Write<'w> {
    /// Put, patch, delete or act.
    pub verb: Verb,
    /// The path of the resource, or of the action.
    pub path: &'w str,
    /// The version of the API.
    pub api_version: &'w str,
    /// What else is in the query, such as `skipValidation`.
    pub query: &'w [(&'w str, &'w str)],
    /// What is sent.
    pub body: Option<&'w Value>,
    /// Under which condition.
    pub only_if: If<'w>,
}

impl Client {
    /// Makes a change. It may not be over when this returns: see [`Client::wait`].
    pub async fn write(&self, _: &WriteAccess, write: &Write<'_>) -> Result<Operation, Error> {
        let query: Vec<_> = [("api-version", write.api_version)].iter().chain(write.query).copied().collect();
        let url = self.address(Service::Arm, write.path, &query)?;
        let only_if = match write.only_if {
            If::Always => None,
            If::Unchanged(etag) => Some(("if-match", etag.to_owned())),
            If::Absent => Some(("if-none-match", "*".to_owned())),
        };
        let call = Call { service: Service::Arm, verb: write.verb, url, body: write.body.cloned(), only_if };
        if matches!(write.verb, Verb::Get | Verb::Ask) {
            return Err(call.failed(ErrorKind::NotSent("that is no change".to_owned())));
        }
        let seen = self.exchange(&call, operation::see).await?;
        Operation::begun(write.verb, &call.url, seen).map_err(|kind| call.failed(kind))
    }
}
