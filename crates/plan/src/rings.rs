//! Rings: in which order a policy reaches the tenant.
//!
//! As Microsoft's guidance on the safe deployment of policies has it, from what matters least to what matters most. A ring is a
//! few locations, which the selectors of one assignment choose; or a few scopes, each with an assignment of its own.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A ring. One without locations and scopes is all the rest: what lies elsewhere, and what has no location of its own, such as
/// datastores and connections.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ring {
    /// Its name.
    pub name: String,
    /// Locations, as `westeurope`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<String>,
    /// Subscriptions, resource groups or management groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
}

impl Ring {
    /// Whether it is all the rest.
    pub fn is_rest(&self) -> bool {
        self.locations.is_empty() && self.scopes.is_empty()
    }

    /// What it reaches, in words.
    pub fn reach(&self) -> String {
        match (self.locations.is_empty(), self.scopes.is_empty()) {
            (false, _) => self.locations.join(", "),
            (true, false) => self.scopes.join(", "),
            (true, true) => "everything else".to_owned(),
        }
    }
}

/// What is wrong with rings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct RingError {
    /// Where: a line of the file, or the name of a ring.
    pub place: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// How many rings there may be: a roll-out that takes longer than its exemptions is never over.
const MOST_RINGS: usize = 10;

/// How many values Azure takes in one selector.
const MOST_VALUES: usize = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rings: Vec<Ring>,
}

/// Reads rings from a file of TOML: `[[rings]]` with a `name`, and `locations` or `scopes`.
pub fn parse(text: &str) -> Result<Vec<Ring>, RingError> {
    let file: File = toml::from_str(text).map_err(|error| {
        let line = error
            .span()
            .and_then(|span| text.get(..span.start))
            .map_or(1, |before| before.matches('\n').count() + 1);
        RingError { place: format!("line {line}"), message: error.message().to_owned() }
    })?;
    complete(file.rings)
}

/// Checks rings, spells locations as Azure does, and adds the ring of all the rest where rings are of locations.
pub fn complete(mut rings: Vec<Ring>) -> Result<Vec<Ring>, RingError> {
    let wrong = |place: &str, message: &str| {
        Err(RingError { place: format!("ring `{place}`"), message: message.to_owned() })
    };
    let (mut names, mut reached) = (BTreeSet::new(), BTreeSet::new());
    for ring in &mut rings {
        ring.locations.iter_mut().for_each(|own| *own = normal_location(own));
        ring.scopes.iter_mut().for_each(|own| own.truncate(own.trim_end_matches('/').len()));
        if !names.insert(ring.name.to_lowercase()) || ring.name.trim().is_empty() {
            return wrong(&ring.name, "needs a name of its own");
        }
        if !ring.locations.is_empty() && !ring.scopes.is_empty() {
            return wrong(&ring.name, "has both `locations` and `scopes`: make two rings of it");
        }
        for own in ring.locations.iter().chain(&ring.scopes) {
            if !reached.insert(own.to_lowercase()) {
                return wrong(&ring.name, &format!("has `{own}`, which is in a ring before it"));
            }
        }
    }
    if rings.iter().map(|ring| ring.locations.len()).sum::<usize>() > MOST_VALUES {
        return wrong("", "all rings together have more locations than Azure takes in one selector (50)");
    }
    let of_locations = rings.iter().filter(|ring| !ring.locations.is_empty()).count();
    let of_scopes = rings.iter().filter(|ring| !ring.scopes.is_empty()).count();
    if of_locations > 0 && of_scopes > 0 {
        return wrong(
            &rings.first().map(|ring| ring.name.clone()).unwrap_or_default(),
            "rings are of locations or of scopes: the selectors of one assignment cannot be both",
        );
    }
    let rest = rings.iter().position(Ring::is_rest);
    match rest {
        Some(at) if at + 1 < rings.len() || of_scopes > 0 => {
            let name = rings.get(at).map(|ring| ring.name.clone()).unwrap_or_default();
            return wrong(
                &name,
                "has neither `locations` nor `scopes`, which is all the rest: it has to be the last one, of locations",
            );
        }
        None if of_scopes == 0 => {
            // What has no location of its own would never be reached by a selector of locations.
            rings.push(Ring { name: "everything-else".to_owned(), ..Ring::default() });
        }
        _ => {}
    }
    if rings.len() > MOST_RINGS {
        return wrong("", "there are more than 10 rings; put some together");
    }
    Ok(rings)
}

/// Rings of the locations in use, the emptiest first: a first ring of about a twentieth of the resources, a second one of a fifth,
/// the rest.
pub fn derive(resources_by_location: &BTreeMap<String, u64>) -> Vec<Ring> {
    let mut all: Vec<(u64, String)> =
        resources_by_location.iter().map(|(own, count)| (*count, normal_location(own))).collect();
    all.sort();
    let total: u64 = all.iter().map(|row| row.0).sum();
    let mut rings = vec![Ring { name: "first".to_owned(), ..Ring::default() }];
    let mut reached = 0;
    for (count, location) in all {
        let (limit, next) = match rings.len() {
            1 => (total / 20, "second"),
            2 => (total / 4, "third"),
            _ => (u64::MAX, ""),
        };
        let is_full = rings.last().is_some_and(|ring| !ring.locations.is_empty() && reached + count > limit);
        if is_full {
            rings.push(Ring { name: next.to_owned(), ..Ring::default() });
        }
        reached += count;
        if let Some(ring) = rings.last_mut() {
            ring.locations.push(location);
        }
    }
    rings.retain(|ring| !ring.locations.is_empty());
    rings.push(Ring { name: "everything-else".to_owned(), ..Ring::default() });
    rings
}

/// A location as Azure compares it: without spaces, in lower case.
pub fn normal_location(written: &str) -> String {
    written.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}
