//! Workspaces that were deleted: they are kept for two weeks, with their name, until they are recovered or purged.

use super::identity;
use crate::azure::{Azure, Call};
use crate::id::{self, Path};
use crate::types;
use crate::wire::Response;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// How long one is kept that does not say.
const DAYS: i64 = 14;
/// What is kept with a workspace; computes and endpoints are deleted for good.
const KEPT: &[&str] = &[
    "microsoft.machinelearningservices/workspaces/datastores",
    "microsoft.machinelearningservices/workspaces/connections",
];

/// Deleted workspaces, by id in lower case.
pub(crate) type SoftDeleted = BTreeMap<String, Kept>;

/// A workspace that was deleted, and what lay in it.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    until: Timestamp,
    pub(super) workspace: Map<String, Value>,
    pub(super) children: Vec<(String, Value)>,
}

impl Azure {
    /// Keeps a workspace that is being deleted, unless it has a user-assigned identity alone: those are deleted for good.
    pub(super) fn keep_workspace(&mut self, id: &str, now: Timestamp) {
        let Some(Value::Object(workspace)) = self.store.value(id) else { return };
        let kind = workspace.get("identity").and_then(|own| own.get("type")).and_then(Value::as_str);
        if kind.is_some_and(|own| own.eq_ignore_ascii_case("UserAssigned")) {
            return;
        }
        let days = workspace.get("properties").and_then(|own| own.get("softDeleteRetentionInDays"));
        let days = days.and_then(Value::as_i64).unwrap_or(DAYS).clamp(1, DAYS);
        let lower = id.to_ascii_lowercase();
        let children = KEPT.iter().flat_map(|kind| self.store.below(kind, &lower, None));
        let children = children.filter_map(|(id, _)| Some((id.to_owned(), self.store.value(id)?))).collect();
        let until = now.checked_add(SignedDuration::from_hours(days * 24)).unwrap_or(now);
        self.soft_deleted.insert(lower, Kept { until, workspace, children });
    }

    /// Lets go of what was kept long enough.
    pub(super) fn forget_workspaces(&mut self, now: Timestamp) {
        self.soft_deleted.retain(|_, own| now < own.until);
    }

    /// What a PUT of a workspace puts in its place when one of that name was deleted: it has to say that it recovers it.
    pub(super) fn recovered_workspace(
        &mut self,
        path: &Path,
        body: &Map<String, Value>,
    ) -> Result<Option<Kept>, Response> {
        let lower = path.id.to_ascii_lowercase();
        if id::type_of(&path.id) != types::WORKSPACE || !self.soft_deleted.contains_key(&lower) {
            return Ok(None);
        }
        let recovers = body.get("properties").and_then(|own| own.get("allowRecoverSoftDeletedWorkspace"));
        // Templates send it as a text.
        if !recovers.is_some_and(|own| *own == Value::Bool(true) || own.as_str() == Some("true")) {
            let message =
                "Soft-deleted workspace exists. Please purge or recover it. https://aka.ms/wsoftdelete";
            return Err(Response::error(400, "BadRequest", message));
        }
        let Some(mut kept) = self.soft_deleted.remove(&lower) else { return Ok(None) };
        for name in ["storageAccount", "keyVault"] {
            let own = kept.workspace.get("properties").and_then(|own| own.get(name)).and_then(Value::as_str);
            let gone = own.filter(|own| !own.is_empty() && self.store.get(own).is_none()).map(str::to_owned);
            if let Some(gone) = gone {
                self.soft_deleted.insert(lower, kept);
                let message =
                    format!("The workspace cannot be recovered: its {name} '{gone}' does not exist.");
                return Err(Response::error(400, "BadRequest", &message));
            }
        }
        // Its service principal went with it: this is another one.
        if let Some(own) = kept.workspace.get_mut("identity").and_then(Value::as_object_mut)
            && identity::has_principal(&serde_json::json!({ "identity": own.clone() }))
        {
            own.insert("principalId".to_owned(), self.principal_of(&path.id).into());
        }
        Ok(Some(kept))
    }

    /// Puts back what lay in a workspace.
    pub(super) fn restore(&mut self, call: &Call<'_>, children: Vec<(String, Value)>) {
        for (id, value) in children {
            self.store.put(&id, value.to_string(), Some(call.r.now));
        }
    }
}
