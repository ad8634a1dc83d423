//! Verdicts: findings with evidence, and what could not be judged.

use crate::{Field, Kind, ResourceIx, Sym};
use smallvec::SmallVec;
use std::borrow::Cow;
use std::fmt;

/// The position of a rule in the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleIx(pub u16);

/// How bad a finding is, worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing has to be done.
    Info,
    /// Housekeeping.
    Low,
    /// Weakens a control that others rely on.
    Medium,
    /// A static credential gives access today, or the means to take it away are missing.
    High,
    /// A credential lies open.
    Critical,
}

impl Severity {
    /// Every severity, worst first.
    pub const ALL: [Severity; 5] =
        [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];

    /// The lower-case word used in every output and setting.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    /// The severity that a word names.
    pub fn parse(text: &str) -> Option<Severity> {
        Severity::ALL.into_iter().find(|s| s.as_str().eq_ignore_ascii_case(text))
    }

    /// One step less urgent; info stays.
    #[must_use]
    pub fn lowered(self) -> Severity {
        match self {
            Severity::Critical => Severity::High,
            Severity::High => Severity::Medium,
            Severity::Medium => Severity::Low,
            Severity::Low | Severity::Info => Severity::Info,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// A heuristic: look before you act.
    Low,
    /// Follows from documented defaults rather than from a value that was read.
    Medium,
    /// Read from the resource itself.
    High,
}

impl Confidence {
    /// The lower-case word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

/// What a finding rests on. Values of fields are looked up when they are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The value of a field, or its absence.
    Field(ResourceIx, Field),
    /// Something inside a list or map: JSON pointer and value as text (never a secret).
    Item(Box<(ResourceIx, String, String)>),
}

/// A rule that fired on a resource.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: RuleIx,
    /// The resource it is about.
    pub resource: ResourceIx,
    /// How bad it is here.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// Why it matters here, in one sentence.
    pub message: Cow<'static, str>,
    /// What moved the severity away from the rule's own, in one sentence.
    pub context: Option<Cow<'static, str>>,
    /// What it rests on.
    pub evidence: SmallVec<[Evidence; 2]>,
    /// Tells several findings of one rule on one resource apart, in a way that stays the same over time.
    pub part: Option<Box<str>>,
}

/// Why a rule could not judge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gap {
    /// No document says whether there are resources of this kind here.
    NotExported(Kind),
    /// Only some of the resources of this kind were read.
    InPart(Kind),
    /// Asking for this kind was refused; the reason is in the coverage.
    Refused(Kind, Box<str>),
    /// A resource that this one names is not part of what was read.
    Missing(Kind, Sym),
    /// The documents list the resource without this property.
    NotRead(Field),
    /// The property holds something Azure does not document.
    Odd(Field),
    /// Anything else, in words; says what to do.
    Other(Cow<'static, str>),
}

/// A set of rules, a bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleSet(pub u128);

impl RuleSet {
    /// One rule.
    pub fn of(rule: RuleIx) -> Self {
        Self(1u128.checked_shl(u32::from(rule.0)).unwrap_or(0))
    }

    /// The rules of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a rule is in it.
    pub fn contains(self, rule: RuleIx) -> bool {
        self.0 & Self::of(rule).0 != 0
    }

    /// How many rules are in it.
    pub fn len(self) -> u64 {
        u64::from(self.0.count_ones())
    }

    /// Whether no rule is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its rules, in order.
    pub fn rules(self) -> impl Iterator<Item = RuleIx> {
        (0..128).map(RuleIx).filter(move |rule| self.contains(*rule))
    }
}

/// Rules that could not judge a resource, for one reason. This is its own result, never a pass. A resource has at most one
/// entry for each reason: a single export that is missing leaves many rules without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotJudged {
    /// The rules.
    pub rules: RuleSet,
    /// The resource.
    pub resource: ResourceIx,
    /// Why.
    pub gap: Gap,
}

impl Gap {
    /// Why children of a resource that were not read, or not all of them, cannot be judged.
    pub fn unseen(parent: crate::Resource<'_>, kind: Kind) -> Self {
        let in_part = parent.inventory().coverage().in_part(kind, parent.id());
        if in_part { Gap::InPart(kind) } else { Gap::NotExported(kind) }
    }

    /// Why, and what to do, in words.
    pub fn explain(&self, inventory: &crate::Inventory) -> String {
        match self {
            Gap::NotExported(kind) => format!(
                "no {0} in what was read: export them ({1}), or say in a manifest that there are none",
                kind.plural(),
                kind.export_command()
            ),
            Gap::InPart(kind) => format!(
                "only some of the {0} were read (one by itself, or a list that breaks off or names a next page): export them \
                 all ({1})",
                kind.plural(),
                kind.export_command()
            ),
            Gap::Refused(kind, why) => format!("{} could not be read: {why}", kind.plural()),
            Gap::Missing(kind, id) => format!(
                "`{}` is named but was not read: export {} ({})",
                inventory.text(*id),
                kind.plural(),
                kind.export_command()
            ),
            Gap::NotRead(field) => format!(
                "`{}` was not read: this export leaves it out, read the resource itself (az resource show --ids ID)",
                field.pointer()
            ),
            Gap::Odd(field) => format!("`{}` holds something Azure does not document", field.pointer()),
            Gap::Other(why) => why.clone().into_owned(),
        }
    }
}
