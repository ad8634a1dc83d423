//! PUT, PATCH and DELETE.

use super::{checks, defaults, identity, row};
use crate::azure::{Azure, Call};
use crate::id::{self, Path};
use crate::types::{self, Lro, Type};
use crate::wire::Response;
use serde_json::{Map, Value, json};

/// The parts of a resource that a caller may write.
const ENVELOPE: &[&str] = &[
    "location",
    "tags",
    "sku",
    "kind",
    "identity",
    "properties",
    "managedBy",
    "plan",
    "zones",
    "extendedLocation",
];

impl Azure {
    /// PUT: makes a resource, or puts another in its place.
    pub(super) fn put(&mut self, call: &Call<'_>, path: &Path) -> Result<Response, Response> {
        let row = row(&path.kind, call)?;
        self.authorize(call, &format!("{}/write", row.name), &path.id)?;
        self.check_scope(path)?;
        let body = self.admitted(call, row, &path.id, object(call)?, None)?;
        let old = self.before_write(call, path)?;
        self.check_new(row, path, &body)?;
        checks::unchanged(row, path, &body, old.as_ref())?;
        if let (None, Some(vault)) = (&old, self.recovered(path, &body)?) {
            return Ok(self.commit(call, row, path, vault, None));
        }
        if let (None, Some(kept)) = (&old, self.recovered_workspace(path, &body)?) {
            let answer = self.commit(call, row, path, kept.workspace, None);
            self.restore(call, kept.children);
            return Ok(answer);
        }
        let mut new: Map<String, Value> =
            body.into_iter().filter(|(name, _)| ENVELOPE.contains(&name.as_str())).collect();
        let tracked = row.table == types::Table::Resources || row.name.eq_ignore_ascii_case(types::GROUP);
        if let (None, Some(old)) = (new.get("location"), &old) {
            new.extend(old.get("location").cloned().map(|own| ("location".to_owned(), own)));
        }
        if tracked && new.get("location").is_none_or(Value::is_null) {
            return Err(Response::error(
                400,
                "LocationRequired",
                "The location property is required for this definition.",
            ));
        }
        let before = old.as_ref().and_then(|old| old.get("identity"));
        let asked = new.remove("identity");
        self.assignable(call, (row, &path.id), before, asked.as_ref())?;
        let principals = |host: &str| self.principal_of(host);
        let own = identity::put(self.options.tenant.as_str(), &path.id, before, asked.as_ref(), &principals)
            .map_err(|reason| bad_identity(&reason))?;
        new.extend(own.map(|own| ("identity".to_owned(), own)));
        let properties = new.entry("properties").or_insert_with(|| json!({}));
        defaults::fill(self, call, row, path, old.as_ref(), properties);
        Ok(self.commit(call, row, path, new, old.as_ref()))
    }

    /// PATCH: changes what is named, and leaves the rest.
    pub(super) fn patch(&mut self, call: &Call<'_>, path: &Path) -> Result<Response, Response> {
        let row = row(&path.kind, call)?;
        if row.writes.patch.is_none() {
            return Err(not_allowed(call, row));
        }
        self.authorize(call, &format!("{}/write", row.name), &path.id)?;
        let body = checks::patchable(row, object(call)?);
        let Some(old) = self.before_write(call, path)? else { return Err(self.not_found(path, "write")) };
        let sent = Value::Object(body.clone());
        let mut new = old.clone();
        for (name, value) in body.into_iter().filter(|(name, _)| ENVELOPE.contains(&name.as_str())) {
            match name.as_str() {
                "identity" => {
                    self.assignable(call, (row, &path.id), old.get("identity"), Some(&value))?;
                    let (tenant, principals) = (&self.options.tenant, |host: &str| self.principal_of(host));
                    let own = identity::patch(tenant, &path.id, old.get("identity"), &value, &principals);
                    new.insert(name, own.map_err(|reason| bad_identity(&reason))?);
                }
                "properties" => merge(new.entry(name).or_insert_with(|| json!({})), value),
                _ => {
                    new.insert(name, value);
                }
            }
        }
        // Policies come before the provider, which refuses what may not change.
        let new = self.admitted_patch(call, row, &path.id, new, &sent)?;
        checks::unchanged(row, path, &new, Some(&old))?;
        self.check_policy(row, path, &new)?;
        Ok(self.commit(call, row, path, new, Some(&old)))
    }

    /// DELETE.
    pub(super) fn delete(&mut self, call: &Call<'_>, path: &Path) -> Result<Response, Response> {
        let row = row(&path.kind, call)?;
        let Some(lro) = row.writes.delete else { return Err(not_allowed(call, row)) };
        self.authorize(call, &format!("{}/delete", row.name), &path.id)?;
        self.check_scope(path)?;
        if row.name.ends_with("/computes") && call.r.param("underlyingResourceAction").is_none() {
            return Err(Response::error(
                400,
                "UserError",
                "The underlyingResourceAction parameter is required: Delete or Detach.",
            ));
        }
        let purge = call.r.param("forceToPurge").is_some_and(|own| own == "true");
        let Some(old) = self.before_write(call, path)? else {
            let is_purged = purge && self.soft_deleted.remove(&path.id.to_ascii_lowercase()).is_some();
            return Ok(if is_purged { Response::empty(200) } else { Response::empty(204) });
        };
        self.deletable(call, row, &path.id, &old)?;
        if lro == Lro::Sync {
            if row.name.eq_ignore_ascii_case(super::vaults::VAULT) {
                self.keep_vault(&path.id, call.r.now);
            }
            self.erase(&path.id, call.r.now);
            return Ok(if shows_what_it_deleted(row) {
                Response::json(200, &Value::Object(old))
            } else {
                Response::empty(200)
            });
        }
        let until = self.after(call, row.writes.takes());
        self.deleting.push((until, path.id.clone(), purge));
        self.store.busy(&path.id, until, "Deleting");
        Ok(self.accepted(call, row, path, lro, until))
    }

    /// What there is, when it may be written now.
    fn before_write(&self, call: &Call<'_>, path: &Path) -> Result<Option<Map<String, Value>>, Response> {
        let old = self.store.get(&path.id);
        let tag = old.map(|own| format!("W/\"{}\"", own.version));
        let unmet = match (call.r.header("if-match"), call.r.header("if-none-match")) {
            (Some("*"), _) => tag.is_none(),
            (Some(wanted), _) => tag.as_deref() != Some(wanted),
            (None, Some("*")) => tag.is_some(),
            _ => false,
        };
        if unmet {
            return Err(Response::error(
                412,
                "PreconditionFailed",
                "The condition of the request is not met: the resource has changed.",
            ));
        }
        if old.is_some_and(|own| own.is_busy(call.r.now)) {
            let message =
                format!("Another operation is in progress on '{}'. Please try again later.", path.id);
            return Err(Response::error(409, "Conflict", &message));
        }
        Ok(self
            .store
            .value(&path.id)
            .and_then(|own| if let Value::Object(map) = own { Some(map) } else { None }))
    }

    /// Stores what was written, with its consequences, and answers.
    pub(super) fn commit(
        &mut self,
        call: &Call<'_>,
        row: &'static Type,
        path: &Path,
        new: Map<String, Value>,
        old: Option<&Map<String, Value>>,
    ) -> Response {
        let is_new = old.is_none();
        let spelled = old.as_ref().and_then(|own| own.get("id")).and_then(Value::as_str);
        let spelled = spelled.map_or_else(|| id::spelled(&path.id), str::to_owned);
        let mut document = Map::new();
        document.insert("id".to_owned(), spelled.into());
        document.insert("name".to_owned(), id::name(&path.id).into());
        let kind = if row.name.eq_ignore_ascii_case(types::GROUP) {
            "Microsoft.Resources/resourceGroups"
        } else {
            row.name
        };
        document.insert("type".to_owned(), kind.into());
        document.extend(new.into_iter().filter(|(name, _)| ENVELOPE.contains(&name.as_str())));
        if ["Microsoft.MachineLearningServices/", "Microsoft.KeyVault/"]
            .iter()
            .any(|own| row.name.starts_with(own))
        {
            document.insert("systemData".to_owned(), system_data(call, old));
        }
        let document = Value::Object(document);
        let had = old.is_some_and(|own| identity::has_principal(&Value::Object(own.clone())));
        if had && !identity::has_principal(&document) {
            self.identity_ends(&path.id);
        }
        self.store.put(&path.id, document.to_string(), Some(call.r.now));
        self.consequences(call, row, path, &document, old);
        let lro = if is_new || call.r.method == "PUT" {
            row.writes.put
        } else {
            row.writes.patch.unwrap_or(Lro::Sync)
        };
        let until = self.after(call, row.writes.takes());
        if lro != Lro::Sync {
            let state = match (super::deployments::is_deployment(row), is_new) {
                (true, _) => "Running",
                (false, true) => "Creating",
                (false, false) => "Updating",
            };
            self.store.busy(&path.id, until, state);
        }
        if lro == Lro::Location {
            return self.accepted(call, row, path, lro, until);
        }
        let status = if is_new { row.writes.created } else { 200 };
        let status =
            if call.r.method == "PUT" && status == 200 && always_created(row) { 201 } else { status };
        let body = self.shown_now(call, row, &path.id).unwrap_or_default();
        let answer = Response::text(status, body);
        if lro == Lro::Operation { self.announced(call, row, path, until, answer) } else { answer }
    }

    /// Takes a resource away, with everything that lies in it.
    pub(crate) fn erase(&mut self, id: &str, now: jiff::Timestamp) {
        let lower = id.to_ascii_lowercase();
        let kinds: Vec<String> = self.store.types().map(str::to_owned).collect();
        let mut gone: Vec<String> = Vec::new();
        for kind in kinds {
            gone.extend(self.store.below(&kind, &lower, None).map(|(own, _)| own.to_owned()));
        }
        gone.push(lower);
        for own in gone {
            if self.store.value(&own).is_some_and(|own| identity::has_principal(&own)) {
                self.identity_ends(&own);
            }
            self.store.remove(&own, now);
        }
    }
}

/// Policies and roles answer a PUT with 201 whether they were there or not; the Azure CLI insists on it.
fn always_created(row: &Type) -> bool {
    row.name.starts_with("Microsoft.Authorization/policy")
        || row.name.eq_ignore_ascii_case(types::ROLE_DEFINITION)
}

/// A DELETE of these answers with what was there.
fn shows_what_it_deleted(row: &Type) -> bool {
    [
        "Microsoft.Authorization/roleAssignments",
        "Microsoft.Authorization/roleDefinitions",
        "Microsoft.Authorization/policyAssignments",
    ]
    .contains(&row.name)
}

fn object(call: &Call<'_>) -> Result<Map<String, Value>, Response> {
    match call.r.json()? {
        Value::Object(map) => Ok(map),
        _ => Err(Response::error(
            400,
            "InvalidRequestContent",
            "The request content was invalid: it is no JSON object.",
        )),
    }
}

fn not_allowed(call: &Call<'_>, row: &Type) -> Response {
    let message =
        format!("The HTTP method '{}' is not supported for the resource type '{}'.", call.r.method, row.name);
    Response::error(405, "HttpMethodNotSupported", &message)
}

fn bad_identity(reason: &str) -> Response {
    Response::error(400, "InvalidIdentityValues", reason)
}

/// JSON merge patch.
pub(crate) fn merge(into: &mut Value, change: Value) {
    match (into, change) {
        (Value::Object(into), Value::Object(change)) => {
            for (name, value) in change {
                if value.is_null() {
                    into.shift_remove(&name);
                } else {
                    merge(into.entry(name).or_insert(Value::Null), value);
                }
            }
        }
        (into, change) => *into = change,
    }
}

fn system_data(call: &Call<'_>, old: Option<&Map<String, Value>>) -> Value {
    let (now, by) = (format!("{:.7}", call.r.now), call.caller.app_id.as_str());
    let created = |name: &str| old.and_then(|old| old.get("systemData")?.get(name).cloned());
    json!({
        "createdAt": created("createdAt").unwrap_or_else(|| now.clone().into()),
        "createdBy": created("createdBy").unwrap_or_else(|| by.into()),
        "createdByType": created("createdByType").unwrap_or_else(|| "Application".into()),
        "lastModifiedAt": now, "lastModifiedBy": by, "lastModifiedByType": "Application",
    })
}
