//! The identity block, in every spelling.

use crate::{Field, Resource, Seen};

/// Which managed identities a resource has. Spellings differ by provider and client: `SystemAssigned,UserAssigned` with and
/// without a space, `systemassigned`, `system_assigned,user_assigned`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IdentityType {
    /// Includes a system-assigned identity.
    pub system: bool,
    /// Includes user-assigned identities.
    pub user: bool,
}

impl IdentityType {
    /// Reads `identity.type`; `None` when it holds a word that is no identity type.
    pub fn parse(text: &str) -> Option<Self> {
        let mut found = Self::default();
        for word in text.split(',').map(str::trim) {
            if ["systemassigned", "system_assigned"].iter().any(|w| word.eq_ignore_ascii_case(w)) {
                found.system = true;
            } else if ["userassigned", "user_assigned"].iter().any(|w| word.eq_ignore_ascii_case(w)) {
                found.user = true;
            } else if !word.eq_ignore_ascii_case("none") {
                return None;
            }
        }
        Some(found)
    }

    /// Neither kind of identity.
    pub fn is_none(self) -> bool {
        !self.system && !self.user
    }

    /// As Azure Machine Learning spells it.
    pub fn as_str(self) -> &'static str {
        match (self.system, self.user) {
            (true, true) => "SystemAssigned,UserAssigned",
            (true, false) => "SystemAssigned",
            (false, true) => "UserAssigned",
            (false, false) => "None",
        }
    }
}

/// What was seen of a resource's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityState {
    /// The document does not tell.
    NotRead,
    /// The block is absent, `null`, or says `None`: all three mean no identity.
    Known(IdentityType),
    /// The block holds a type that nobody knows.
    Odd,
}

impl Resource<'_> {
    /// The identity of the resource.
    pub fn identity(self) -> IdentityState {
        match self.flag(Field::Identity) {
            Seen::NotRead => IdentityState::NotRead,
            Seen::Absent | Seen::Null => IdentityState::Known(IdentityType::default()),
            Seen::Odd => IdentityState::Odd,
            // A block without a type is none that Azure documents.
            Seen::Value(_) => match self.text(Field::IdentityType) {
                Seen::Value(text) => {
                    IdentityType::parse(text).map_or(IdentityState::Odd, IdentityState::Known)
                }
                Seen::Null => IdentityState::Known(IdentityType::default()),
                _ => IdentityState::Odd,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::IdentityType;

    #[test]
    fn every_spelling_is_read() {
        for (text, system, user) in [
            ("SystemAssigned", true, false),
            ("systemassigned", true, false),
            ("system_assigned", true, false),
            ("UserAssigned", false, true),
            ("SystemAssigned,UserAssigned", true, true),
            ("SystemAssigned, UserAssigned", true, true),
            ("systemAssigned, userAssigned", true, true),
            ("system_assigned,user_assigned", true, true),
            ("None", false, false),
        ] {
            assert_eq!(IdentityType::parse(text), Some(IdentityType { system, user }), "{text}");
        }
        assert_eq!(IdentityType::parse("Delegated"), None);
        assert_eq!(IdentityType::parse("NotSystemAssigned"), None);
    }
}
