//! Workspaces that others still speak of and that are not there any more.

use dekey_model::{Field, Inventory, Kind, Resource, ResourceIx};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

const WORKSPACE: &str = "/providers/microsoft.machinelearningservices/workspaces/";

/// Shorter names are words that anybody may use for anything.
const TELLING: usize = 6;

/// The workspace that an id is of, or is in.
pub(crate) fn workspace_in(id: &str) -> Option<&str> {
    let lower = id.to_ascii_lowercase();
    let start = lower.find(WORKSPACE)? + WORKSPACE.len();
    let rest = lower.get(start..)?;
    let name = rest.find('/').unwrap_or(rest.len());
    id.get(..start + name).filter(|_| name > 0)
}

/// Whether a text speaks of a name: as a whole word, in any case.
fn speaks_of(text: &str, name: &str) -> bool {
    let (text, name) = (text.to_ascii_lowercase(), name.to_ascii_lowercase());
    text.match_indices(&name).any(|(at, _)| {
        let before = text.get(..at).and_then(|own| own.chars().next_back());
        let after = text.get(at + name.len()..).and_then(|own| own.chars().next());
        [before, after].into_iter().flatten().all(|c| !c.is_alphanumeric())
    })
}

/// Workspaces that were not read, by what still speaks of them. Whether one is gone is for the coverage to say.
#[derive(Debug, Default)]
pub(crate) struct Deleted {
    /// Ids by name in lower case.
    by_name: BTreeMap<String, String>,
    /// Role assignments on them, or on something in one, by principal in lower case.
    by_principal: HashMap<String, Vec<(String, ResourceIx)>>,
}

impl Deleted {
    pub(crate) fn new(inventory: &Inventory) -> Self {
        let mut own = Self::default();
        let all = |kind: Kind| inventory.of_kind(kind).iter().map(|ix| inventory.get(*ix));
        for principal in all(Kind::ServicePrincipal) {
            if let Some(id) = workspace_of(principal) {
                own.put(inventory, id);
            }
        }
        for assignment in all(Kind::RoleAssignment) {
            let Some(id) = workspace_in(crate::grants::scope_of(assignment)) else { continue };
            if let (true, Some(principal)) =
                (own.put(inventory, id), assignment.text(Field::PrincipalId).non_empty().value())
            {
                let list = own.by_principal.entry(principal.to_ascii_lowercase()).or_default();
                list.push((id.to_owned(), assignment.ix()));
            }
        }
        // A name that a workspace has today tells nothing.
        for workspace in all(Kind::Workspace) {
            own.by_name.remove(&workspace.name().to_ascii_lowercase());
        }
        own
    }

    /// Takes note of a workspace; false when it was read.
    fn put(&mut self, inventory: &Inventory, id: &str) -> bool {
        if inventory.find(id).is_some() {
            return false;
        }
        let name = dekey_model::ArmId(id).name();
        if name.len() >= TELLING {
            self.by_name.entry(name.to_ascii_lowercase()).or_insert_with(|| id.to_owned());
        }
        true
    }

    /// The role assignments of a principal on workspaces that were not read: workspace and assignment.
    pub(crate) fn of_principal(&self, id: &str) -> &[(String, ResourceIx)] {
        self.by_principal.get(&id.to_ascii_lowercase()).map(Vec::as_slice).unwrap_or_default()
    }

    /// A workspace that was not read and that a text speaks of.
    pub(crate) fn spoken_of(&self, text: &str) -> Option<&str> {
        let found = self.by_name.iter().find(|(name, _)| speaks_of(text, name));
        found.map(|(_, id)| id.as_str())
    }
}

/// The workspace that a service principal is the identity of, or of something in it.
pub(crate) fn workspace_of(principal: Resource<'_>) -> Option<&str> {
    let names = principal.json(Field::AlternativeNames).value()?.as_array()?;
    names.iter().filter_map(Value::as_str).find_map(workspace_in)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_is_found_in_what_is_in_it() {
        let own =
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/Workspaces/W";
        assert_eq!(workspace_in(own), Some(own));
        assert_eq!(workspace_in(&format!("{own}/computes/c")), Some(own));
        assert_eq!(workspace_in(own.strip_suffix('W').unwrap()), None);
        assert_eq!(workspace_in("/subscriptions/s/resourceGroups/g"), None);
    }

    #[test]
    fn names_count_as_whole_words() {
        for (text, speaks) in [
            ("mlw-fraud", true),
            ("SP for MLW-Fraud (ci)", true),
            ("mlw-fraud-ci", true),
            ("mlw-fraud2", false),
            ("xmlw-fraud", false),
            ("", false),
        ] {
            assert_eq!(speaks_of(text, "mlw-fraud"), speaks, "{text}");
        }
    }
}
