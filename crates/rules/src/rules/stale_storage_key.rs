//! A storage account's key is old.

use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Confidence, Field, Gap, Resource, Seen};

declare_rule! {
    /// Storage account key that is too old
    ///
    /// ## What it finds
    /// Keys of storage accounts whose `keyCreationTime` is longer ago than `thresholds.max_key_age_days` in the settings (90 unless
    /// set), or `null`. Azure records the time since 2021 (api-version 2021-02-01), and sends `null` for a key that was not
    /// rotated since: it is at least as old as that. Nobody wrote down its age, so the confidence is medium. Each of the two
    /// keys is a finding of its own.
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
    /// today, but would again if somebody turned it on. An answer without `keyCreationTime` is of an older api-version, or
    /// leaves it out: the age is not judged.
    ///
    /// ## Sources
    /// - [Manage storage account access keys](https://learn.microsoft.com/azure/storage/common/storage-account-keys-manage)
    /// - [Do I need to rotate the account access keys first?](https://learn.microsoft.com/azure/storage/common/sas-expiration-policy)
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

/// By the end of this year Azure recorded when keys are made.
const RECORDED_SINCE: &str = "2021-12-31";

/// How old a key is.
enum Age {
    /// Days since it was made.
    Days(i64),
    /// Older than what Azure recorded: at least these many days.
    AtLeast(i64),
}

fn check(cx: &Context<'_>, account: Resource<'_>, out: &mut Out<'_>) {
    let locked = account.flag(Field::AllowSharedKeyAccess) == Seen::Value(false);
    let limit = i64::from(cx.settings.thresholds.max_key_age_days);
    let mut gaps = Vec::new();
    for (name, field) in [("key1", Field::Key1CreationTime), ("key2", Field::Key2CreationTime)] {
        match age(cx, account, field) {
            Ok(Age::Days(days)) if days <= limit => {}
            Ok(Age::AtLeast(days)) if days <= limit => gaps.push(Gap::Other(
                format!(
                    "Azure recorded no creation time for {name}, and {limit} days reach back to before it did"
                )
                .into(),
            )),
            Ok(age) => report(name, field, &age, locked, out),
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

fn age(cx: &Context<'_>, account: Resource<'_>, field: Field) -> Result<Age, Gap> {
    match account.text(field).non_empty() {
        Seen::Value(time) => cx.days_since(time).map(Age::Days).ok_or(Gap::Odd(field)),
        Seen::Null => cx.days_since(RECORDED_SINCE).map(Age::AtLeast).ok_or(Gap::Odd(field)),
        // Answers of older api-versions have no times at all.
        Seen::Absent | Seen::NotRead => Err(Gap::NotRead(field)),
        Seen::Odd => Err(Gap::Odd(field)),
    }
}

fn report(name: &str, field: Field, age: &Age, locked: bool, out: &mut Out<'_>) {
    let (message, confidence) = match age {
        Age::Days(days) => (format!("{name} is {days} days old"), Confidence::High),
        Age::AtLeast(_) => (
            format!(
                "{name} has no creation time: it was not rotated since 2021, when Azure began to record them"
            ),
            Confidence::Medium,
        ),
    };
    let finding = out.finding(message).confidence(confidence).on(field).part(name);
    if locked {
        return finding
            .on(Field::AllowSharedKeyAccess)
            .lowered("shared key access is off, so the key opens nothing today")
            .done();
    }
    finding.done();
}
