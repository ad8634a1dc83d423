//! What a request would meet, foretold from an inventory.

use crate::around::Around;
use crate::estate::Estate;
use dekey_policy::{Admission, Assigned, Exemption, Rules, Subject, Write};
use jiff::Timestamp;
use serde_json::Value;

/// What is assigned, ready to meet requests.
#[derive(Debug)]
pub struct Gate<'e, 'i> {
    estate: &'e Estate<'i>,
    assigned: &'e [Assigned],
    exemptions: Vec<Exemption>,
    now: Option<Timestamp>,
}

impl<'e, 'i> Gate<'e, 'i> {
    /// With the exemptions and enrollments of the estate.
    pub fn new(estate: &'e Estate<'i>, assigned: &'e [Assigned], now: Option<Timestamp>) -> Self {
        Self { estate, assigned, exemptions: estate.all_exemptions().cloned().collect(), now }
    }

    /// What a request that makes or changes a resource would meet. The subject is the resource as the request wants it; of a `PATCH`,
    /// `patch` is what it sends. `request` is what `requestContext()` returns.
    pub fn meets(
        &self,
        subject: &Subject<'_>,
        patch: Option<&Value>,
        request: Option<&Value>,
    ) -> Admission<'_> {
        let around = Around::new(self.estate, self.now);
        let lookups = around.lookups();
        let mut surroundings = lookups.of(subject.id());
        surroundings.request = request;
        let rules = Rules {
            assigned: self.assigned,
            exemptions: &self.exemptions,
            enrollments: self.estate.enrollments(),
        };
        rules.admit(&Write { subject, patch }, &surroundings)
    }
}
