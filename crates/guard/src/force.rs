//! Another effect in the place of a policy's own: what would be if audit were deny.

use dekey_policy::{Assigned, Effect, Library};

/// For each assignment, for each of its policies: the effect in the place of its own.
#[derive(Clone, Debug, Default)]
pub struct Forces(Vec<Vec<Option<Effect>>>);

impl Forces {
    /// Whether any policy of an assignment has another effect.
    pub(crate) fn any(&self, assignment: usize) -> bool {
        self.0.get(assignment).is_some_and(|row| row.iter().any(Option::is_some))
    }

    /// The effect in the place of a policy's own.
    pub fn get(&self, assignment: usize, part: usize) -> Option<&Effect> {
        self.0.get(assignment)?.get(part)?.as_ref()
    }
}

/// A policy that cannot have the effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unforced {
    /// The assignment, as a position.
    pub assignment: usize,
    /// The policy in it, as a position.
    pub part: usize,
    /// Why.
    pub why: String,
}

/// Puts an effect in the place of that of every policy that can have it, in the assignments that are wanted.
pub fn force(
    library: &dyn Library,
    assigned: &[Assigned],
    effect: &Effect,
    wanted: &dyn Fn(&Assigned) -> bool,
) -> (Forces, Vec<Unforced>) {
    let mut unforced = Vec::new();
    let mut rows = Vec::new();
    for (assignment, own) in assigned.iter().enumerate() {
        let mut row = Vec::new();
        for (part, policy) in own.parts.iter().enumerate() {
            let definition = library.definition(&policy.definition).filter(|_| wanted(own));
            let can = definition.map(|own| can_be(&own.effects(), effect));
            if let Some(Err(why)) = &can {
                unforced.push(Unforced { assignment, part, why: why.clone() });
            }
            row.push(can.and_then(Result::ok).map(|()| effect.clone()));
        }
        rows.push(row);
    }
    (Forces(rows), unforced)
}

/// Whether a definition with these effects can have another. One whose effect is fixed would have to be written anew, which
/// takes a word where it looks at the resource alone.
fn can_be(effects: &[Effect], wanted: &Effect) -> Result<(), String> {
    if effects.contains(wanted) {
        return Ok(());
    }
    let plain = |own: &Effect| matches!(own, Effect::Audit | Effect::Deny | Effect::Disabled);
    if plain(wanted) && !effects.is_empty() && effects.len() == 1 && effects.iter().all(plain) {
        return Ok(());
    }
    let names: Vec<&str> = effects.iter().map(Effect::name).collect();
    Err(match names.as_slice() {
        [] => format!("which effects it may have is not known, so `{wanted}` cannot take their place"),
        names => format!("it can be {}, not {wanted}", names.join(", ")),
    })
}
