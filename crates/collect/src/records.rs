//! Records about resources: what was done lately, and what Policy Insights says. Read only when somebody asks for them: a tenant has
//! many.

use crate::run::Read;
use crate::{Collector, Failure};
use dekey_azure::versions;
use dekey_model::Kind;
use jiff::{SignedDuration, Timestamp};
use std::io::Write;

/// For how many days the activity log is kept.
pub const LONGEST: u16 = 90;

/// Which records are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Records {
    /// The activity log of so many days; nothing for none.
    pub activity_days: u16,
    /// What Policy Insights says.
    pub policy_states: bool,
}

impl<W: Write + Send> Collector<'_, W> {
    pub(crate) async fn records(&self, subscriptions: &[String]) -> Result<(), Failure> {
        let mut asks = Vec::new();
        for id in subscriptions {
            let scope = format!("/subscriptions/{id}");
            for (kind, wanted) in [
                (Kind::ActivityEvent, self.records.activity_days > 0),
                (Kind::PolicyState, self.records.policy_states),
            ] {
                if wanted && !self.is_done(kind, &scope) {
                    asks.push((kind, id.clone(), scope.clone()));
                }
            }
        }
        if asks.is_empty() {
            return Ok(());
        }
        let until = Timestamp::now();
        let days = i64::from(self.records.activity_days.min(LONGEST));
        let from = until.checked_sub(SignedDuration::from_hours(24 * days)).unwrap_or(until);
        self.each("records", asks, async |(kind, id, scope)| {
            let pages = match kind {
                Kind::ActivityEvent => self.client().activity(&id, from, until),
                _ => self.client().policy_states(&id),
            };
            match self.pages(pages, Some(versions::of(kind))).await? {
                Read::Stopped => Ok(()),
                read => self.settle(&[(kind, scope)], read.result()),
            }
        })
        .await
    }
}
