//! What a rule is.

use crate::controls::Control;
use crate::{Context, IdentityStandard, Out, Settings};
use dekey_model::{Confidence, Kind, Resource, Severity};
use std::sync::LazyLock;

/// The part of the job a rule belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Managed identities of workspaces, computes and endpoints.
    Identity,
    /// Keys, tokens, passwords and secrets that a workspace stores or accepts.
    StaticCredentials,
    /// Storage accounts, vaults, registries and Application Insights.
    Dependents,
    /// Logs, without which the removal of keys cannot be verified.
    Observability,
    /// Azure Policy.
    Enforcement,
    /// Owner and cost-center tags.
    Ownership,
}

impl Group {
    /// Every group, in the order in which people read them.
    pub const ALL: [Group; 6] = [
        Group::Identity,
        Group::StaticCredentials,
        Group::Dependents,
        Group::Observability,
        Group::Enforcement,
        Group::Ownership,
    ];

    /// The word used in outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Group::Identity => "identity",
            Group::StaticCredentials => "static credentials",
            Group::Dependents => "dependents",
            Group::Observability => "observability",
            Group::Enforcement => "enforcement",
            Group::Ownership => "ownership",
        }
    }
}

/// What to do about a finding, in four ways. `{placeholders}` are filled in for each resource: `{id}`, `{name}`,
/// `{resource_group}`, `{subscription}`, `{workspace}` (the name of the workspace), `{parent}` (the name of the parent),
/// `{parent_id}`, `{location}`, `{identity_type}` (what the workspace has, and a system-assigned identity), and
/// `{identity_type_with_user}` (what it has, and a user-assigned one). What only the reader knows stands in `<..>`, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// Azure CLI.
    pub az: &'static str,
    /// Bicep: the lines to change.
    pub bicep: &'static str,
    /// Terraform: the lines to change.
    pub terraform: &'static str,
    /// The way through the Azure portal.
    pub portal: &'static str,
}

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// Kebab-case; reads well after "allow …"; never changes its meaning.
    pub id: &'static str,
    /// The doc comment: title and page.
    pub docs: LazyLock<String>,
    /// The part of the job.
    pub group: Group,
    /// How bad a finding is unless its context says otherwise.
    pub severity: Severity,
    /// How sure a finding is unless it says otherwise.
    pub confidence: Confidence,
    /// The version that first had the rule.
    pub since: &'static str,
    /// The kinds of resources it judges.
    pub subjects: &'static [Kind],
    /// The kinds it looks at besides its subjects.
    pub needs: &'static [Kind],
    /// Framework controls for which a finding is relevant evidence.
    pub controls: &'static [Control],
    /// What to do, unless the identity standard asks for something else.
    pub remedy: Remedy,
    /// What to do under an identity standard for which [`Rule::remedy`] is wrong.
    pub remedy_under: fn(IdentityStandard) -> Option<Remedy>,
    /// Whether the settings ask for this rule.
    pub applies: fn(&Settings) -> bool,
    /// Judges one resource.
    pub check: fn(&Context<'_>, Resource<'_>, &mut Out<'_>),
}

/// A rule's page, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<'a> {
    /// The first line.
    pub title: &'a str,
    /// Heading and text of each section.
    pub sections: Vec<(&'a str, &'a str)>,
}

impl Rule {
    /// The sections that every page has, in this order.
    pub const HEADINGS: [&'static str; 5] =
        ["What it finds", "Why it matters", "How it is put right", "When it stays silent", "Sources"];

    /// The title: the first line of the doc comment.
    pub fn title(&self) -> &str {
        self.docs.trim().lines().next().unwrap_or("").trim()
    }

    /// The page, taken apart.
    pub fn page(&self) -> Page<'_> {
        let mut parts = self.docs.trim().split("\n## ");
        let title = parts.next().unwrap_or("").trim();
        let sections = parts.map(|part| part.split_once('\n').unwrap_or((part, "")));
        Page { title, sections: sections.map(|(heading, text)| (heading.trim(), text.trim())).collect() }
    }

    /// The text below a heading of the page.
    pub fn section(&self, heading: &str) -> &str {
        self.page().sections.into_iter().find(|s| s.0 == heading).map_or("", |s| s.1)
    }

    /// What to do under these settings.
    pub fn remedy_for(&self, settings: &Settings) -> Remedy {
        (self.remedy_under)(settings.identity_standard).unwrap_or(self.remedy)
    }

    /// The remedies that differ from [`Rule::remedy`], with the identity standard they are for.
    pub fn other_remedies(&self) -> impl Iterator<Item = (IdentityStandard, Remedy)> {
        let under = self.remedy_under;
        IdentityStandard::ALL.into_iter().filter_map(move |standard| Some((standard, under(standard)?)))
    }

    /// Where the page stands in the published documentation.
    pub fn help_path(&self) -> String {
        format!("docs/rules/{}.md", self.id)
    }
}

/// The text of a doc comment, without the space that stands behind its slashes.
pub fn docs_of(lines: &[&str]) -> String {
    let lines: Vec<&str> = lines.iter().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    lines.join("\n")
}

/// Declares a rule. The doc comment in front of it is the rule's page.
#[macro_export]
macro_rules! declare_rule {
    ($(#[doc = $doc:literal])* $id:literal {
        group: $group:ident,
        severity: $severity:ident,
        confidence: $confidence:ident,
        since: $since:literal,
        subjects: [$($subject:ident),+ $(,)?],
        needs: [$($need:ident),* $(,)?],
        controls: $controls:expr,
        $(applies: $applies:expr,)?
        $(remedy_under: $under:expr,)?
        remedy: { az: $az:expr, bicep: $bicep:expr, terraform: $terraform:expr, portal: $portal:expr $(,)? },
    }) => {
        pub(crate) static RULE: $crate::Rule = $crate::Rule {
            id: $id,
            docs: std::sync::LazyLock::new(|| $crate::docs_of(&[$($doc),*])),
            group: $crate::Group::$group,
            severity: dekey_model::Severity::$severity,
            confidence: dekey_model::Confidence::$confidence,
            since: $since,
            subjects: &[$(dekey_model::Kind::$subject),+],
            needs: &[$(dekey_model::Kind::$need),*],
            controls: $controls,
            remedy: $crate::Remedy { az: $az, bicep: $bicep, terraform: $terraform, portal: $portal },
            remedy_under: $crate::declare_rule!(@under $($under)?),
            applies: $crate::declare_rule!(@applies $($applies)?),
            check,
        };
    };
    (@applies $applies:expr) => { $applies };
    (@applies) => { |_| true };
    (@under $under:expr) => { $under };
    (@under) => { |_| None };
}
