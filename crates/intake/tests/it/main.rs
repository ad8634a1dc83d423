//! Documents of every shape, their traps, and broken ones.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod broken;
mod properties;
mod shapes;
mod snapshots;
mod traps;

use dekey_intake::{Keep, read_into};
use dekey_model::{Builder, Inventory};

/// The inventory of some documents, by name and text.
pub(crate) fn inventory(documents: &[(&str, &str)]) -> Inventory {
    inventory_keeping(documents, Keep::Facts)
}

pub(crate) fn inventory_keeping(documents: &[(&str, &str)], keep: Keep) -> Inventory {
    let mut builder = Builder::new();
    for (name, text) in documents {
        read_into(&mut builder, name, &mut text.as_bytes(), keep).unwrap();
    }
    builder.finish()
}

/// An id below one subscription and group.
pub(crate) fn id(rest: &str) -> String {
    format!("/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/{rest}")
}

pub(crate) fn workspace_id(name: &str) -> String {
    id(&format!("Microsoft.MachineLearningServices/workspaces/{name}"))
}

/// A workspace with this text as its other members.
pub(crate) fn workspace(name: &str, members: &str) -> String {
    format!(
        r#"{{"id":"{}","name":"{name}","type":"Microsoft.MachineLearningServices/workspaces",{members}}}"#,
        workspace_id(name)
    )
}
