//! Enrollments: where an assignment in the mode `Enroll` is enforced.

use crate::assignment::{Assignment, Enforcement, lies_in};
use crate::selector::Selectors;
use crate::subject::{Subject, Surroundings, scope_before};
use crate::{LoadError, json};
use dekey_expr::{Value, text};

/// An enrollment.
#[derive(Clone, Debug)]
pub struct Enrollment {
    /// Its resource id.
    pub id: String,
    /// What it enrolls, and below.
    pub scope: String,
    /// The assignment.
    pub assignment: String,
    /// The policies of the initiative; all of them when there are none.
    pub references: Vec<String>,
    selectors: Selectors,
}

const SUFFIX: &str = "/providers/Microsoft.Authorization/policyEnrollments/";

impl Enrollment {
    /// Reads an enrollment as ARM answers it.
    pub fn parse(document: &Value) -> Result<Enrollment, LoadError> {
        let root = json::object(document, "", "an enrollment")?;
        let properties = json::properties(root);
        let id = json::string(root, "id").unwrap_or_default();
        let scope = scope_before(id, SUFFIX);
        let scope = scope.ok_or_else(|| LoadError::new("/id", "the id of an enrollment tells its scope"))?;
        let assignment = json::string(properties, "policyAssignmentId");
        Ok(Enrollment {
            id: id.to_owned(),
            scope: scope.to_owned(),
            assignment: assignment
                .ok_or_else(|| LoadError::new("/properties", "an enrollment needs a `policyAssignmentId`"))?
                .to_owned(),
            references: json::strings(properties, "policyDefinitionReferenceIds"),
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

    /// Whether it enrolls a resource in a policy of an assignment; an error says what would have to be known.
    pub fn enrolls(
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
        self.selectors.select(subject, reference)
    }
}

/// Whether a policy of an assignment is enforced on a resource; an error says what would have to be known. One enrollment is enough,
/// whatever is known of the others.
pub(crate) fn enforces(
    assignment: &Assignment,
    reference: &str,
    enrollments: &[Enrollment],
    subject: &Subject<'_>,
    around: &Surroundings<'_>,
) -> Result<bool, String> {
    match assignment.enforcement {
        Enforcement::Default => return Ok(true),
        Enforcement::DoNotEnforce => return Ok(false),
        Enforcement::Enroll => {}
    }
    let mut unknown = None;
    for own in enrollments {
        match own.enrolls(assignment, reference, subject, around) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(why) => unknown = unknown.or(Some(why)),
        }
    }
    unknown.map_or(Ok(false), Err)
}
