//! Exemptions: who is excused from an assignment, and until when.

use crate::assignment::{Assignment, lies_in};
use crate::selector::Selectors;
use crate::subject::{Subject, Surroundings, scope_before};
use crate::{LoadError, json};
use dekey_expr::{Value, text, time};

/// Why something is excused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// The risk is taken.
    Waiver,
    /// What the policy is for is done in another way.
    Mitigated,
}

/// An exemption.
#[derive(Clone, Debug)]
pub struct Exemption {
    /// Its resource id.
    pub id: String,
    /// What it excuses, and below.
    pub scope: String,
    /// The assignment.
    pub assignment: String,
    /// The policies of the initiative; all of them when there are none.
    pub references: Vec<String>,
    /// Why.
    pub category: Category,
    /// When it ends.
    pub expires: Option<time::Instant>,
    selectors: Selectors,
}

const SUFFIX: &str = "/providers/Microsoft.Authorization/policyExemptions/";

impl Exemption {
    /// Reads an exemption as ARM answers it.
    pub fn parse(document: &Value) -> Result<Exemption, LoadError> {
        let root = json::object(document, "", "an exemption")?;
        let properties = json::properties(root);
        let id = json::string(root, "id").unwrap_or_default();
        let scope = scope_before(id, SUFFIX);
        let scope = scope.ok_or_else(|| LoadError::new("/id", "the id of an exemption tells its scope"))?;
        let assignment = json::string(properties, "policyAssignmentId");
        let mitigated = json::string(properties, "exemptionCategory")
            .is_some_and(|own| own.eq_ignore_ascii_case("Mitigated"));
        let expires = match json::string(properties, "expiresOn") {
            None => None,
            Some(text) => Some(time::parse(text).ok_or_else(|| {
                LoadError::new("/properties/expiresOn", "is no point in time such as 2026-11-23T00:00:00Z")
            })?),
        };
        Ok(Exemption {
            id: id.to_owned(),
            scope: scope.to_owned(),
            assignment: assignment
                .ok_or_else(|| LoadError::new("/properties", "an exemption needs a `policyAssignmentId`"))?
                .to_owned(),
            references: json::strings(properties, "policyDefinitionReferenceIds"),
            category: if mitigated { Category::Mitigated } else { Category::Waiver },
            expires,
            selectors: Selectors::parse(properties)?,
        })
    }

    /// Whether it looks at more of a resource than where it is.
    pub fn is_selective(&self) -> bool {
        !self.selectors.is_empty()
    }

    /// Whether it is about a policy of its assignment.
    pub fn names(&self, reference: &str) -> bool {
        self.references.is_empty() || self.references.iter().any(|own| text::eq(own, reference))
    }

    /// Whether it excuses a resource from a policy of an assignment; an error says what would have to be known.
    pub fn excuses(
        &self,
        assignment: &Assignment,
        reference: &str,
        subject: &Subject<'_>,
        around: &Surroundings<'_>,
    ) -> Result<bool, String> {
        let is_meant = text::eq(&self.assignment, &assignment.id) && self.names(reference);
        if !is_meant || !lies_in(subject, &self.scope, around)? {
            return Ok(false);
        }
        let ended = match (self.expires, around.now) {
            (None, _) => false,
            (Some(end), Some(now)) => end <= now,
            (Some(_), None) => return Err("the time of evaluation".to_owned()),
        };
        Ok(!ended && self.selectors.select(subject, reference)?)
    }
}
