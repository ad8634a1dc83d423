//! Actions, and the ones of interest as bits.

use crate::Pattern;
use smallvec::SmallVec;
use std::fmt;

/// Control plane or data plane. A grant on one says nothing of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Plane {
    /// `actions`: managing the resource.
    Control,
    /// `dataActions`: what is in the resource.
    Data,
}

/// One operation that Azure authorizes.
#[derive(Clone, Debug)]
pub struct Action {
    plane: Plane,
    given: Box<str>,
    folded: Box<str>,
}

impl Action {
    /// An action of the control plane.
    pub fn control(name: &str) -> Self {
        Self::new(Plane::Control, name)
    }

    /// An action of the data plane.
    pub fn data(name: &str) -> Self {
        Self::new(Plane::Data, name)
    }

    /// An action of a plane.
    pub fn new(plane: Plane, name: &str) -> Self {
        let given = name.trim();
        Self { plane, given: given.into(), folded: given.to_ascii_lowercase().into() }
    }

    /// The plane.
    pub fn plane(&self) -> Plane {
        self.plane
    }

    /// The name, as given.
    pub fn name(&self) -> &str {
        &self.given
    }

    /// The name in lower case.
    pub fn folded(&self) -> &str {
        &self.folded
    }

    fn key(&self) -> (Plane, &str) {
        (self.plane, &self.folded)
    }
}

impl PartialEq for Action {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Action {}

impl PartialOrd for Action {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Action {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.given)
    }
}

/// What harm an action can do in the wrong hands, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Danger {
    /// Looking.
    Read,
    /// Starting something: `…/action` that is none of the others.
    Act,
    /// Changing.
    Write,
    /// Deleting.
    Delete,
    /// Handing out keys, tokens or secrets: whoever has them needs no role any more.
    Secrets,
    /// Handing out access.
    Grant,
}

/// Actions that hand out keys or secrets.
const SECRETS: &[&str] = &[
    "*/listkeys/action",
    "*/regeneratekey/action",
    "*/regeneratekeys/action",
    "*/listaccountsas/action",
    "*/listservicesas/action",
    "*/listcredentials/action",
    "*/regeneratecredential/action",
    "*/generatecredentials/action",
    "*/listsecrets/action",
    "*/getsecret/action",
    "*/metadata/secrets/read",
    "*/listadminkeys/action",
    "*/listquerykeys/action",
    "*/listconnectionstrings/action",
];

/// Actions that hand out access.
const GRANT: &[&str] = &[
    "microsoft.authorization/roleassignments/write",
    "microsoft.authorization/roleassignments/delete",
    "microsoft.authorization/roledefinitions/write",
    "microsoft.authorization/elevateaccess/action",
    "microsoft.authorization/roleassignmentschedulerequests/write",
    "microsoft.authorization/roleeligibilityschedulerequests/write",
    "microsoft.keyvault/vaults/accesspolicies/write",
    "microsoft.managedidentity/userassignedidentities/federatedidentitycredentials/write",
    "microsoft.managedidentity/userassignedidentities/*/assign/action",
    "microsoft.managedidentity/userassignedidentities/assign/action",
];

impl Danger {
    /// The danger of an action.
    pub fn of(action: &Action) -> Self {
        let name = action.folded();
        let any = |list: &[&str]| list.iter().any(|text| Pattern::new(text).covers_folded(name));
        if any(GRANT) {
            Danger::Grant
        } else if any(SECRETS) {
            Danger::Secrets
        } else if name.ends_with("/delete") || name.ends_with("/purge/action") {
            Danger::Delete
        } else if name.ends_with("/write") {
            Danger::Write
        } else if name.ends_with("/action") {
            Danger::Act
        } else {
            Danger::Read
        }
    }

    /// What one excess action of this danger counts when choices are weighed. Each step outweighs a handful of the one before:
    /// whoever can hand out access can have all the others.
    pub fn weight(self) -> u64 {
        match self {
            Danger::Read => 1,
            Danger::Act => 3,
            Danger::Write => 5,
            Danger::Delete => 10,
            Danger::Secrets => 50,
            Danger::Grant => 200,
        }
    }
}

/// The position of an action in its [`Actions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionIx(pub u32);

/// The actions that matter, in a fixed order; each is one bit.
#[derive(Clone, Debug, Default)]
pub struct Actions {
    all: Vec<Action>,
}

impl Actions {
    /// The number of actions.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The position of an action.
    pub fn find(&self, action: &Action) -> Option<ActionIx> {
        let at = self.all.binary_search(action).ok()?;
        u32::try_from(at).ok().map(ActionIx)
    }

    /// The action at a position.
    pub fn get(&self, ix: ActionIx) -> Option<&Action> {
        self.all.get(ix.0 as usize)
    }

    /// All actions with their positions.
    pub fn iter(&self) -> impl Iterator<Item = (ActionIx, &Action)> {
        (0..).map(ActionIx).zip(&self.all)
    }

    /// The bits of all actions that a test holds for.
    pub fn bits(&self, mut holds: impl FnMut(&Action) -> bool) -> Bits {
        let mut bits = Bits::default();
        for (ix, action) in self.iter() {
            if holds(action) {
                bits.insert(ix);
            }
        }
        bits
    }
}

impl FromIterator<Action> for Actions {
    fn from_iter<I: IntoIterator<Item = Action>>(actions: I) -> Self {
        let mut all: Vec<Action> = actions.into_iter().collect();
        all.sort();
        all.dedup();
        Self { all }
    }
}

/// A set of actions.
#[derive(Clone, Debug, Default)]
pub struct Bits {
    /// Words at the end may be missing: they are zero.
    words: SmallVec<[u64; 4]>,
}

impl PartialEq for Bits {
    fn eq(&self, other: &Self) -> bool {
        (0..self.words.len().max(other.words.len())).all(|at| self.word(at) == other.word(at))
    }
}

impl Eq for Bits {}

impl Bits {
    fn word(&self, at: usize) -> u64 {
        self.words.get(at).copied().unwrap_or(0)
    }

    /// Adds an action.
    pub fn insert(&mut self, ix: ActionIx) {
        let at = (ix.0 / 64) as usize;
        if self.words.len() <= at {
            self.words.resize(at + 1, 0);
        }
        if let Some(word) = self.words.get_mut(at) {
            *word |= 1 << (ix.0 % 64);
        }
    }

    /// Takes an action away.
    pub fn take(&mut self, ix: ActionIx) {
        if let Some(word) = self.words.get_mut((ix.0 / 64) as usize) {
            *word &= !(1 << (ix.0 % 64));
        }
    }

    /// Whether an action is in the set.
    pub fn contains(&self, ix: ActionIx) -> bool {
        self.word((ix.0 / 64) as usize) >> (ix.0 % 64) & 1 == 1
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// How many actions there are.
    pub fn len(&self) -> u32 {
        self.words.iter().map(|word| word.count_ones()).sum()
    }

    /// Adds every action of another set.
    pub fn add(&mut self, other: &Bits) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        self.words.iter_mut().zip(&other.words).for_each(|(own, more)| *own |= more);
    }

    /// Takes every action of another set away.
    pub fn remove(&mut self, other: &Bits) {
        self.words.iter_mut().zip(&other.words).for_each(|(own, less)| *own &= !less);
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub fn without(&self, other: &Bits) -> Bits {
        let mut left = self.clone();
        left.remove(other);
        left
    }

    /// What is in both.
    #[must_use]
    pub fn and(&self, other: &Bits) -> Bits {
        Bits { words: self.words.iter().zip(&other.words).map(|(a, b)| a & b).collect() }
    }

    /// Every action, in order.
    pub fn iter(&self) -> impl Iterator<Item = ActionIx> {
        (0u32..).zip(self.words.iter().copied()).flat_map(|(at, word)| {
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| ActionIx(at * 64 + bit))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_are_apart_and_case_is_not() {
        let actions: Actions = [Action::data("A/read"), Action::control("a/READ"), Action::control("A/read")]
            .into_iter()
            .collect();
        assert_eq!(actions.len(), 2);
        assert_ne!(actions.find(&Action::data("a/read")), actions.find(&Action::control("a/read")));
    }

    #[test]
    fn bits_of_any_size() {
        let mut bits = Bits::default();
        for at in [0, 63, 64, 700] {
            bits.insert(ActionIx(at));
        }
        assert_eq!(bits.iter().map(|ix| ix.0).collect::<Vec<_>>(), [0, 63, 64, 700]);
        let mut few = Bits::default();
        few.insert(ActionIx(63));
        assert_eq!((bits.len(), bits.and(&few) == few, few.without(&bits).is_empty()), (4, true, true));
        few.add(&bits);
        assert_eq!(few, bits);
        few.take(ActionIx(700));
        few.take(ActionIx(9999));
        assert_eq!(few.len(), 3);
        few.remove(&bits);
        assert_eq!(few, Bits::default());
    }

    #[test]
    fn danger_is_in_the_verb() {
        let danger = |name| Danger::of(&Action::control(name));
        assert_eq!(danger("Microsoft.Storage/storageAccounts/listKeys/action"), Danger::Secrets);
        assert_eq!(danger("Microsoft.Authorization/roleAssignments/write"), Danger::Grant);
        assert_eq!(danger("Microsoft.Storage/storageAccounts/delete"), Danger::Delete);
        assert_eq!(danger("Microsoft.Storage/storageAccounts/write"), Danger::Write);
        assert_eq!(danger("Microsoft.Storage/storageAccounts/failover/action"), Danger::Act);
        assert_eq!(danger("Microsoft.Storage/storageAccounts/read"), Danger::Read);
        assert!(Danger::Read < Danger::Grant);
    }
}
