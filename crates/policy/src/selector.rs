//! Which resources, and which policies of an initiative, something is for.

use crate::subject::Subject;
use crate::{LoadError, json};
use dekey_expr::{Value, text};
use serde_json::Map;

/// What a selector looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Location,
    Type,
    WithoutLocation,
    Reference,
    /// One that nobody documents.
    Other(String),
}

#[derive(Clone, Debug)]
struct Selector {
    kind: Kind,
    within: Option<Vec<String>>,
    without: Option<Vec<String>>,
}

/// Any of these is enough; all selectors in one have to hold. None at all select everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selectors(Vec<Vec<Selector>>);

fn selectors(map: &Map<String, Value>, pointer: &str) -> Result<Vec<Selector>, LoadError> {
    let all = json::get(map, "selectors").and_then(Value::as_array);
    let one = |(at, own): (usize, &Value)| {
        let own = json::object(own, &format!("{pointer}/selectors/{at}"), "a selector")?;
        let kind = json::string(own, "kind").unwrap_or_default();
        let kinds = [
            ("resourceLocation", Kind::Location),
            ("resourceType", Kind::Type),
            ("resourceWithoutLocation", Kind::WithoutLocation),
            ("policyDefinitionReferenceId", Kind::Reference),
        ];
        let known = kinds.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(kind)).map(|own| own.1);
        let list = |name: &str| json::get(own, name).is_some().then(|| json::strings(own, name));
        Ok(Selector {
            kind: known.unwrap_or_else(|| Kind::Other(kind.to_owned())),
            within: list("in"),
            without: list("notIn"),
        })
    };
    all.into_iter().flatten().enumerate().map(one).collect()
}

impl Selectors {
    /// The `resourceSelectors` of an assignment or exemption.
    pub(crate) fn parse(properties: &Map<String, Value>) -> Result<Self, LoadError> {
        let all = json::get(properties, "resourceSelectors").and_then(Value::as_array);
        let one = |(at, own): (usize, &Value)| {
            let pointer = format!("/properties/resourceSelectors/{at}");
            selectors(json::object(own, &pointer, "a resource selector")?, &pointer)
        };
        Ok(Self(all.into_iter().flatten().enumerate().map(one).collect::<Result<_, _>>()?))
    }

    /// The `selectors` of an override.
    pub(crate) fn of_override(map: &Map<String, Value>, pointer: &str) -> Result<Self, LoadError> {
        let own = selectors(map, pointer)?;
        Ok(Self(if own.is_empty() { Vec::new() } else { vec![own] }))
    }

    /// Whether everything is selected.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a resource, and a policy of an initiative, is selected; an error says what is not understood.
    pub(crate) fn select(&self, subject: &Subject<'_>, reference: &str) -> Result<bool, String> {
        if self.0.is_empty() {
            return Ok(true);
        }
        for all in &self.0 {
            let mut holds = true;
            for own in all {
                holds &= own.holds(subject, reference)?;
            }
            if holds {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Selector {
    fn holds(&self, subject: &Subject<'_>, reference: &str) -> Result<bool, String> {
        let found = match &self.kind {
            Kind::Location => subject.location(),
            Kind::Type => Some(subject.resource_type()),
            Kind::Reference => Some(reference),
            Kind::WithoutLocation => return Ok(subject.location().is_none()),
            Kind::Other(kind) => return Err(format!("what a selector of the kind `{kind}` selects")),
        };
        let is_location = self.kind == Kind::Location;
        let found_here = found.unwrap_or_default();
        let same = |own: &String| {
            if is_location {
                crate::subject::normal_location(own) == found_here
            } else {
                text::eq(own, found_here)
            }
        };
        let within = self.within.as_ref().is_none_or(|all| found.is_some() && all.iter().any(same));
        // Where it is in is not one of those it must not be in: a resource without a location is in none.
        let without = self.without.as_ref().is_none_or(|all| found.is_some() && !all.iter().any(same));
        Ok(within && without)
    }
}
