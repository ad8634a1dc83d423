//! What policies make of a request.

use super::read::{hidden_in, remove};
use crate::azure::{Azure, Call};
use crate::id;
use crate::policy::{Around, Policies, disallowed};
use crate::types::{self, Type};
use crate::wire::Response;
use dekey_policy::{Admission, Subject, Write};
use serde_json::{Map, Value, json};

impl Azure {
    /// Lets policies change a write or refuse it. Of a PATCH, `body` is the resource with its changes, and `sent` the changes.
    pub(super) fn admitted(
        &mut self,
        call: &Call<'_>,
        row: &Type,
        id: &str,
        body: Map<String, Value>,
        sent: Option<&Value>,
    ) -> Result<Map<String, Value>, Response> {
        let policies = self.policies.of(&self.store);
        // What lies above subscriptions is not evaluated.
        if policies.is_empty() || id::subscription(id).is_none() {
            return Ok(body);
        }
        let own = id::spelled(id);
        let whole = Value::Object(with_identity(body, row, &own));
        let around = Around::new(&self.store, id, call.r.now, Some(asked_by(call)));
        let subject = Subject::new(&whole).with_id(&own).with_api_version(&call.version);
        let admission =
            policies.rules().admit(&Write { subject: &subject, patch: sent }, &around.surroundings());
        let refused = (!admission.refused_by.is_empty())
            .then(|| disallowed(&self.store, &own, "write", &admission.refused_by, &whole, row.write_only));
        let open = left_open(&policies, &admission);
        let body = admission.body;
        drop(around);
        self.open.extend(open);
        match (refused, body) {
            (Some(refused), _) => Err(refused),
            (None, Value::Object(body)) => Ok(body),
            (None, _) => Ok(Map::new()),
        }
    }

    /// The same of a PATCH: policies see of the resource what the version of the request shows.
    pub(super) fn admitted_patch(
        &mut self,
        call: &Call<'_>,
        row: &Type,
        id: &str,
        body: Map<String, Value>,
        sent: &Value,
    ) -> Result<Map<String, Value>, Response> {
        let mut seen = Value::Object(body);
        let hidden: Vec<(&str, Value)> = hidden_in(row, &call.version)
            .filter_map(|pointer| Some((pointer, remove(&mut seen, pointer)?)))
            .collect();
        let Value::Object(seen) = seen else { return Ok(Map::new()) };
        let mut admitted = Value::Object(self.admitted(call, row, id, seen, Some(sent))?);
        for (pointer, value) in hidden {
            if let Some((parent, name)) = pointer.rsplit_once('/')
                && let Some(Value::Object(map)) = admitted.pointer_mut(parent)
            {
                map.entry(name).or_insert(value);
            }
        }
        let Value::Object(admitted) = admitted else { return Ok(Map::new()) };
        Ok(admitted)
    }

    /// Refuses to delete what policies keep.
    pub(super) fn deletable(
        &mut self,
        call: &Call<'_>,
        row: &Type,
        id: &str,
        old: &Map<String, Value>,
    ) -> Result<(), Response> {
        let policies = self.policies.of(&self.store);
        if policies.is_empty() || id::subscription(id).is_none() {
            return Ok(());
        }
        let own = id::spelled(id);
        let whole = Value::Object(old.clone());
        let mut values = Vec::new();
        if row.name.eq_ignore_ascii_case(types::GROUP) {
            let lower = id.to_ascii_lowercase();
            for kind in self.store.types().filter(|kind| *kind != types::GROUP) {
                let all = self.store.below(kind, &lower, None);
                values
                    .extend(all.filter_map(|(_, own)| serde_json::from_str::<Value>(&own.body.text()).ok()));
            }
        }
        let inside: Vec<Subject<'_>> = values.iter().map(Subject::new).collect();
        let around = Around::new(&self.store, id, call.r.now, Some(asked_by(call)));
        let target = Subject::new(&whole).with_id(&own).with_api_version(&call.version);
        let admission = policies.rules().admit_action("delete", &target, &inside, &around.surroundings());
        let refused = (!admission.refused_by.is_empty())
            .then(|| disallowed(&self.store, &own, "delete", &admission.refused_by, &whole, row.write_only));
        let open = left_open(&policies, &admission);
        drop(around);
        self.open.extend(open);
        refused.map_or(Ok(()), Err)
    }
}

/// A request as policies see it: with what its path says.
fn with_identity(mut body: Map<String, Value>, row: &Type, id: &str) -> Map<String, Value> {
    for (name, value) in [("id", id), ("name", id::name(id)), ("type", row.name)] {
        body.entry(name).or_insert_with(|| value.into());
    }
    body
}

/// What `requestContext()` says: the version, and the claims of whoever asks. Callers of the simulator are applications.
fn asked_by(call: &Call<'_>) -> Value {
    json!({ "apiVersion": call.version, "identity": {
        "appid": call.caller.app_id, "oid": call.caller.object_id, "idtyp": "app", "acrs": "",
    } })
}

/// What could have refused or changed the request and was not judged, and what cannot be read at all.
fn left_open(policies: &Policies, admission: &Admission<'_>) -> Vec<String> {
    let matters = admission.not_judged.iter().filter(|own| own.matters);
    let named = matters.map(|own| {
        let assignment = &own.source.assigned.assignment.id;
        format!("{} of {assignment}: {}", own.source.part.definition, own.why)
    });
    let unreadable = policies.unreadable.iter().map(|(id, why)| format!("{id}: {why}"));
    named.chain(unreadable).collect()
}
