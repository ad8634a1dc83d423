//! What a policy does.

use std::fmt;

/// An effect.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is named as Azure names it")]
pub enum Effect {
    Disabled,
    Append,
    Modify,
    Deny,
    Audit,
    Manual,
    AuditIfNotExists,
    DeployIfNotExists,
    DenyAction,
    AuditAction,
    Mutate,
    AddToNetworkGroup,
    EnforceRegoPolicy,
    EnforceOpaConstraint,
    EnforceSetting,
    /// One that nobody documents.
    Other(String),
}

const NAMES: &[(&str, Effect)] = &[
    ("disabled", Effect::Disabled),
    ("append", Effect::Append),
    ("modify", Effect::Modify),
    ("deny", Effect::Deny),
    ("audit", Effect::Audit),
    ("manual", Effect::Manual),
    ("auditIfNotExists", Effect::AuditIfNotExists),
    ("deployIfNotExists", Effect::DeployIfNotExists),
    ("denyAction", Effect::DenyAction),
    ("auditAction", Effect::AuditAction),
    ("mutate", Effect::Mutate),
    ("addToNetworkGroup", Effect::AddToNetworkGroup),
    ("enforceRegoPolicy", Effect::EnforceRegoPolicy),
    ("enforceOPAConstraint", Effect::EnforceOpaConstraint),
    ("enforceSetting", Effect::EnforceSetting),
];

impl Effect {
    /// The effect with a name, whatever its case.
    pub fn parse(name: &str) -> Effect {
        let known = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map_or_else(|| Effect::Other(name.to_owned()), |(_, effect)| effect.clone())
    }

    /// As Azure writes it.
    pub fn name(&self) -> &str {
        if let Effect::Other(name) = self {
            return name;
        }
        NAMES.iter().find(|(_, effect)| effect == self).map_or("", |(name, _)| name)
    }

    /// Whether it looks for related resources once the rule holds.
    pub fn needs_existence(&self) -> bool {
        matches!(self, Effect::AuditIfNotExists | Effect::DeployIfNotExists)
    }

    /// Whether it changes a request before anything refuses it.
    pub fn changes(&self) -> bool {
        matches!(self, Effect::Append | Effect::Modify)
    }

    /// Whether it is about actions, and not about what a resource is like.
    pub fn is_of_actions(&self) -> bool {
        matches!(self, Effect::DenyAction | Effect::AuditAction)
    }

    /// Whether it can keep a request from going on as it is.
    pub fn could_refuse(&self) -> bool {
        matches!(self, Effect::Append | Effect::Modify | Effect::Deny | Effect::DenyAction | Effect::Other(_))
    }

    /// The order in which Azure evaluates a request: what changes it, what refuses it, what notes it, what follows it.
    pub fn rank(&self) -> u8 {
        match self {
            Effect::Disabled => 0,
            Effect::Append | Effect::Modify | Effect::Mutate => 1,
            Effect::Deny => 2,
            Effect::Audit | Effect::AuditAction => 3,
            Effect::Manual => 4,
            Effect::AuditIfNotExists => 5,
            Effect::DeployIfNotExists => 6,
            Effect::DenyAction => 7,
            _ => 8,
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
