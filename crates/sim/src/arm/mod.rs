//! Resource Manager.

mod actions;
mod activity;
mod admission;
mod catalogue;
mod checks;
mod defaults;
mod deployments;
mod effects;
mod identity;
mod linked;
mod lists;
mod locks;
mod lro;
mod policy_checks;
mod policy_scan;
mod policy_states;
mod read;
mod soft_delete;
mod special;
mod tags;
mod vaults;
mod write;

pub(crate) use activity::Activity;
pub(crate) use deployments::DeploymentOperations;
pub(crate) use lro::Operation;
pub(crate) use soft_delete::SoftDeleted;
pub(crate) use vaults::DeletedVaults;

use crate::azure::{Azure, Call};
use crate::id::{self, Path};
use crate::types::{self, Type};
use crate::wire::Response;

impl Azure {
    /// Answers a request to Resource Manager.
    pub(crate) fn arm(&mut self, call: &Call<'_>) -> Result<Response, Response> {
        self.settle(call.r.now);
        self.last_action = None;
        self.open.clear();
        let answer = match self.arm_answer(call) {
            Ok(response) => Ok(self.tell_open(response)),
            Err(response) => Err(self.tell_open(response)),
        };
        self.note(call, &answer);
        self.note_changes(call);
        answer
    }

    fn arm_answer(&mut self, call: &Call<'_>) -> Result<Response, Response> {
        if let Some(answer) = self.operation(call) {
            return answer;
        }
        if let Some(answer) = self.deployments(call).or_else(|| self.special(call)) {
            return answer;
        }
        let path = id::parse(&call.path);
        match (call.r.method, &path.tail) {
            ("GET", None) => self.get(call, &path),
            ("GET", Some(tail)) => self.list(call, &path, tail),
            ("HEAD", None) => self.get(call, &path).map(|_| Response::empty(204)),
            ("PUT", None) => self.put(call, &path),
            ("PATCH", None) => self.patch(call, &path),
            ("DELETE", None) => self.delete(call, &path),
            ("POST", Some(tail)) => self.act(call, &path, tail),
            _ => Err(Response::error(
                405,
                "HttpMethodNotSupported",
                &format!("The simulator does not know '{}' of this path.", call.r.method),
            )),
        }
    }
}

/// The row of a type, when the api-version is one that it has.
fn row(kind: &str, call: &Call<'_>) -> Result<&'static Type, Response> {
    let Some(row) = types::find(kind) else {
        let (namespace, rest) = kind.split_once('/').unwrap_or((kind, ""));
        let prefix = format!("{namespace}/").to_ascii_lowercase();
        let known = types::TYPES.iter().any(|row| row.name.to_ascii_lowercase().starts_with(&prefix));
        return Err(if known {
            Response::error(
                404,
                "InvalidResourceType",
                &format!(
                    "The resource type '{rest}' could not be found in the namespace '{namespace}' for api version '{}'.",
                    call.version
                ),
            )
        } else {
            Response::error(
                404,
                "InvalidResourceNamespace",
                &format!("The resource namespace '{namespace}' is invalid."),
            )
        });
    };
    let supported = row.known_in();
    if supported.contains(&call.version.as_str()) {
        return Ok(row);
    }
    let supported = supported.join(", ");
    if row.name.starts_with("Microsoft.Resources/") || row.name.starts_with("Microsoft.Management/") {
        let message = format!(
            "The api-version '{}' is invalid. The supported versions are '{supported}'.",
            call.version
        );
        return Err(Response::error(400, "InvalidApiVersionParameter", &message));
    }
    let message = format!(
        "No registered resource provider found for location 'westeurope' and API version '{}' for type '{}'. The supported \
         api-versions are '{supported}'. The supported locations are 'westeurope, northeurope, swedencentral'.",
        call.version,
        row.path()
    );
    Err(Response::error(400, "NoRegisteredProviderFound", &message))
}

impl Azure {
    /// Says in Azure's words what is not there: the resource, or what it would lie in.
    fn not_found(&self, path: &Path, verb: &str) -> Response {
        let id = &path.id;
        let subscription = id::segment(id, "subscriptions");
        if !subscription.is_empty() && self.store.get(&format!("/subscriptions/{subscription}")).is_none() {
            let message = format!("The subscription '{subscription}' could not be found.");
            return Response::error(404, "SubscriptionNotFound", &message);
        }
        let group = id::segment(id, "resourceGroups");
        if !group.is_empty()
            && self.store.get(&format!("/subscriptions/{subscription}/resourceGroups/{group}")).is_none()
        {
            let message = format!("Resource group '{group}' could not be found.");
            return Response::error(404, "ResourceGroupNotFound", &message);
        }
        let rest = path.kind.split_once('/').map_or("", |(_, rest)| rest);
        let parent = id::parent(id).filter(|_| rest.contains('/'));
        if let Some(parent) = parent.filter(|own| self.store.get(own).is_none()) {
            let message = format!(
                "Failed to perform '{verb}' on resource(s) of type '{rest}', because the parent resource '{parent}' could not be found."
            );
            return Response::error(404, "ParentResourceNotFound", &message);
        }
        let short = id.rsplit_once("/providers/").map_or(id.as_str(), |(_, rest)| rest);
        let message = if path.kind.eq_ignore_ascii_case(types::ROLE_ASSIGNMENT) {
            return Response::error(
                404,
                "RoleAssignmentNotFound",
                &format!("The role assignment '{}' is not found.", id::name(id)),
            );
        } else if group.is_empty() {
            format!("The resource '{short}' was not found.")
        } else {
            format!(
                "The Resource '{short}' under resource group '{group}' was not found. For more details please go to \
                 https://aka.ms/ARMResourceNotFoundFix"
            )
        };
        Response::error(404, "ResourceNotFound", &message)
    }
}

/// What a filter was not understood for.
fn bad_filter(reason: &str) -> Response {
    Response::error(
        400,
        "InvalidFilterInQueryString",
        &format!("Invalid $filter in the query string: {reason}."),
    )
}
