//! A storage account's key is old.

use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Field, Gap, Resource, Seen};

declare_rule! {
    /// Storage account key that is too old
    ///
    /// ## What it finds
    /// Keys of storage accounts whose `keyCreationTime` is longer ago than `thresholds.max_key_age_days` in the settings (90 unless
    /// set). Each of the two keys is a finding of its own.
    ///
    /// ## Why it matters
    /// The longer a key lives, the more copies of it there are: in notebooks, pipelines, exported datastores, chats. Nobody
    /// can tell how many.
    ///
    /// ## How it is put right
    /// Rotate only once nothing uses the key: the storage logs tell which of the two keys signed a request. Azure Machine
    /// Learning picks up new keys of its own storage within an hour, or at once with `az ml workspace sync-keys`. Rotation
    /// cannot be undone. Turning shared key access off first can.
    ///
    /// ## When it stays silent
    /// When both keys are young enough. When shared key access is off the finding is a step less urgent: the key opens nothing
    /// today, but would again if somebody turned it on. Azure records creation times since 2021; for older keys there is
    /// none, and the age is not judged.
    ///
    /// ## Sources
    /// - [Manage storage account access keys](https://learn.microsoft.com/azure/storage/common/storage-account-keys-manage)
    /// - [Regenerate storage account access keys](https://learn.microsoft.com/azure/machine-learning/how-to-change-storage-access-key)
    "stale-storage-key" {
        group: Dependents,
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        subjects: [StorageAccount],
        needs: [],
        controls: controls::KEY_AGE,
        remedy: {
            az: "# once the logs show that nothing signs with this key; it cannot be undone\naz storage account keys renew --account-name {name} --resource-group {resource_group} --key <key1 or key2, the one that is too old>",
            bicep: "// Keys are rotated by an action, not by a property: use the Azure CLI.",
            terraform: "# azurerm has no resource that rotates the keys of a storage account: use the Azure CLI.",
            portal: "Storage account > Security + networking > Access keys > Rotate key",
        },
    }
}

fn check(cx: &Context<'_>, account: Resource<'_>, out: &mut Out<'_>) {
    let locked = account.flag(Field::AllowSharedKeyAccess) == Seen::Value(false);
    let mut gaps = Vec::new();
    for (name, field) in [("key1", Field::Key1CreationTime), ("key2", Field::Key2CreationTime)] {
        let days = match account.text(field).non_empty() {
            Seen::Value(time) => cx.days_since(time).ok_or(Gap::Odd(field)),
            Seen::Absent | Seen::Null => {
                Err(Gap::Other(format!("Azure recorded no creation time for {name}").into()))
            }
            Seen::NotRead => Err(Gap::NotRead(field)),
            Seen::Odd => Err(Gap::Odd(field)),
        };
        match days {
            Ok(days) if days <= i64::from(cx.settings.thresholds.max_key_age_days) => {}
            Ok(days) => report(name, field, days, locked, out),
            Err(gap) => gaps.push(gap),
        }
    }
    // A list that leaves the times out leaves out both, and says so once.
    if matches!(gaps.as_slice(), [Gap::NotRead(_), Gap::NotRead(_)]) {
        gaps.truncate(1);
    }
    for gap in gaps {
        out.not_judged(gap);
    }
    out.pass();
}

fn report(name: &str, field: Field, days: i64, locked: bool, out: &mut Out<'_>) {
    let finding = out.finding(format!("{name} is {days} days old")).on(field).part(name);
    if locked {
        return finding
            .on(Field::AllowSharedKeyAccess)
            .lowered("shared key access is off, so the key opens nothing today")
            .done();
    }
    finding.done();
}
