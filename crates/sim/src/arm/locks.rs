//! Locks: who may do something may still not, while one holds.

use crate::azure::Azure;
use crate::id;
use crate::wire::Response;
use serde_json::Value;

const LOCKS: &str = "microsoft.authorization/locks";
const MARK: &str = "/providers/microsoft.authorization/locks/";

impl Azure {
    /// Refuses what a lock at a scope, above it or, for deletions, below it forbids.
    pub(crate) fn unlocked(&self, action: &str, scope: &str) -> Result<(), Response> {
        let lower = action.to_ascii_lowercase();
        let Some((_, verb)) = lower.rsplit_once('/').filter(|_| !lower.starts_with(LOCKS)) else {
            return Ok(());
        };
        let is_delete = verb == "delete";
        // A read-only lock holds back every POST as well, listing keys among them.
        if !is_delete && !["write", "action"].contains(&verb) {
            return Ok(());
        }
        let own = scope.trim_end_matches('/').to_ascii_lowercase();
        let above =
            std::iter::successors(Some(own.clone()), |id| id::parent(id).filter(|own| !own.is_empty()));
        let attached = above.flat_map(|at| self.store.within(LOCKS, &format!("{at}{MARK}")));
        let mut holding: Vec<String> =
            attached.filter_map(|(_, lock)| locked(&lock.body.text(), is_delete)).collect();
        if is_delete {
            let below = self.store.below(LOCKS, &own, None);
            holding.extend(below.filter_map(|(_, lock)| locked(&lock.body.text(), true)));
        }
        holding.sort();
        holding.dedup();
        if holding.is_empty() {
            return Ok(());
        }
        let operation = if is_delete { "delete" } else { "write" };
        let scopes: Vec<String> = holding.iter().map(|own| format!("'{own}'")).collect();
        let message = format!(
            "The scope '{scope}' cannot perform {operation} operation because following scope(s) are locked: {}. Please remove the \
             lock and try again.",
            scopes.join(",")
        );
        Err(Response::error(409, "ScopeLocked", &message))
    }
}

/// The scope of a lock that forbids this, as it was spelled.
fn locked(body: &str, is_delete: bool) -> Option<String> {
    let value: Value = serde_json::from_str(body).ok()?;
    let level = value.pointer("/properties/level")?.as_str()?;
    let forbids =
        level.eq_ignore_ascii_case("ReadOnly") || (is_delete && level.eq_ignore_ascii_case("CanNotDelete"));
    let id = value.get("id")?.as_str()?;
    let end = id.to_ascii_lowercase().rfind(MARK)?;
    id.get(..end).filter(|_| forbids).map(str::to_owned)
}
