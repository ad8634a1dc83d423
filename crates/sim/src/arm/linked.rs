//! What a write takes beyond the right to write: a resource that names another needs something there as well.

use crate::azure::{Azure, Call};
use crate::types::Type;
use crate::wire::Response;
use serde_json::{Map, Value};

/// The action that attaching a user-assigned identity takes, at the identity.
const ASSIGN: &str = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action";

impl Azure {
    /// Refuses to attach identities that the caller may not assign. Those that are attached already need nothing.
    pub(super) fn assignable(
        &self,
        call: &Call<'_>,
        (row, id): (&Type, &str),
        before: Option<&Value>,
        asked: Option<&Value>,
    ) -> Result<(), Response> {
        let named = |identity: Option<&Value>| -> Map<String, Value> {
            let own = identity.and_then(|own| own.get("userAssignedIdentities")?.as_object());
            own.cloned().unwrap_or_default()
        };
        let had = named(before);
        let is_new = |own: &String| !had.keys().any(|other| other.eq_ignore_ascii_case(own));
        let principals = self.principals(&call.caller);
        let access = self.access(&principals, call.r.now);
        let asked = named(asked).into_iter().filter(|(_, value)| !value.is_null()).map(|(own, _)| own);
        let denied = asked.filter(is_new).find(|own| !access.may(ASSIGN, &own.to_ascii_lowercase()));
        let Some(denied) = denied else { return Ok(()) };
        let (app, object) = (&call.caller.app_id, &call.caller.object_id);
        let message = format!(
            "The client '{app}' with object id '{object}' has permission to perform action '{}/write' on scope '{id}'; however, it \
             does not have permission to perform action(s) '{ASSIGN}' on the linked scope(s) '{denied}' (respectively) or the \
             linked scope(s) are invalid.",
            row.name
        );
        Err(Response::error(403, "LinkedAuthorizationFailed", &message))
    }
}
