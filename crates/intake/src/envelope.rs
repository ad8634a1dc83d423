//! The names that stand beside `properties`. Two readers need them: the one of plain ARM, which takes an object with other
//! names for something else, and the one that puts lifted properties back.

/// Where a name stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Beside `properties`, in every shape.
    Beside,
    /// Beside `properties` in ARM; a client that lifts properties writes it like one of them.
    Lifted,
    /// Like `id` and `type` where PowerShell writes it; elsewhere it says what a record is about.
    Naming,
    /// Beside `id` in a subscription, which has no `properties`.
    Subscription,
}

use Place::{Beside, Lifted, Naming, Subscription};

/// In lower case.
const NAMES: &[(&str, Place)] = &[
    ("id", Beside),
    ("name", Beside),
    ("type", Beside),
    ("kind", Beside),
    ("location", Beside),
    ("tags", Beside),
    ("identity", Beside),
    ("sku", Beside),
    ("plan", Beside),
    ("zones", Beside),
    ("etag", Beside),
    ("systemdata", Beside),
    ("managedby", Beside),
    ("extendedlocation", Beside),
    ("apiversion", Beside),
    ("resourcegroup", Beside),
    ("resourcegroupname", Beside),
    ("resourcename", Beside),
    ("subscriptionid", Beside),
    ("tenantid", Beside),
    ("dekey", Beside),
    ("scope", Beside),
    ("changedtime", Lifted),
    ("createdtime", Lifted),
    ("provisioningstate", Lifted),
    ("managedbyextended", Lifted),
    ("resourceid", Naming),
    ("resourcetype", Naming),
    ("displayname", Subscription),
    ("state", Subscription),
    ("authorizationsource", Subscription),
    ("subscriptionpolicies", Subscription),
    ("managedbytenants", Subscription),
    ("promotions", Subscription),
    ("spendinglimit", Subscription),
    ("quotaid", Subscription),
];

fn place(name: &str) -> Option<Place> {
    NAMES.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|row| row.1)
}

/// Whether the name may stand at the top of a resource as ARM has it.
pub(crate) fn is_known(name: &str) -> bool {
    place(name).is_some_and(|place| place != Naming)
}

/// Whether the name stays at the top where properties are lifted.
pub(crate) fn stays(name: &str, is_subscription: bool) -> bool {
    matches!(place(name), Some(Beside | Naming)) || is_subscription && name == "displayName"
}

/// Whether the name alone makes no properties: clients that lift nothing else write it like one.
pub(crate) fn is_incidental(name: &str) -> bool {
    place(name) == Some(Lifted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Capture, Envelope};
    use crate::shape::shape;
    use dekey_model::Batch;
    use serde_json::{Value, json};

    const ID: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st";

    fn with(name: &str, more: &[(&str, Value)]) -> Value {
        let mut own = json!({ "id": ID, "type": "Microsoft.Storage/storageAccounts" });
        let map = own.as_object_mut().unwrap();
        map.insert(name.to_owned(), map.get(name).cloned().unwrap_or(json!("x")));
        map.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        own
    }

    /// Both readers agree on every name, so that a document does not become another one on the way through the other reader.
    #[test]
    fn a_name_beside_properties_makes_no_property_and_leaves_a_resource_plain() {
        for &(name, place) in NAMES.iter().filter(|(_, place)| [Beside, Lifted].contains(place)) {
            let (mut batch, mut envelope) = (Batch::default(), Envelope::default());
            assert!(Capture::new(&mut batch, &mut envelope, 0).value(&with(name, &[])));
            assert!(envelope.is_arm(), "{name}");
            // `scope` is envelope in few answers and a property of assignments, so it stands in both places.
            if name == "scope" {
                continue;
            }
            let bare = shape(&with(name, &[]), None, false).unwrap();
            assert_eq!(bare.resources[0].value.get("properties"), None, "{name} alone is no property");
            let lifted = shape(&with(name, &[("allowSharedKeyAccess", json!(false))]), None, false).unwrap();
            let properties = &lifted.resources[0].value["properties"];
            assert_eq!(properties["allowSharedKeyAccess"], false, "{name}");
            assert_eq!(properties.get(name).is_some(), place == Lifted, "{name}");
        }
    }

    #[test]
    fn a_name_of_no_envelope_is_a_lifted_property() {
        let (mut batch, mut envelope) = (Batch::default(), Envelope::default());
        assert!(Capture::new(&mut batch, &mut envelope, 0).value(&with("allowSharedKeyAccess", &[])));
        assert!(!envelope.is_arm() && !is_known("resourceId") && stays("ResourceId", false));
    }
}
