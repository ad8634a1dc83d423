//! The policies that dekey brings, for people.

use super::Page;
use crate::TerminalOptions;
use dekey_pack::{Choices, Origin, PackDefinition, definitions};
use dekey_rules::{Group, IdentityStandard};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Writes what there is; of each policy, when everything is asked for, what it looks at and what it is evidence for.
pub fn pack(choices: &Choices, options: &TerminalOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(options, out);
    let built_in = definitions().filter(|own| own.origin == Origin::BuiltIn).count();
    let own = definitions().count() - built_in;
    page.plain(
        "",
        &format!(
            "{own} definitions of dekey and {built_in} built-in ones in one initiative, version {}. Each has an effect of its own \
             (Audit, Deny, Disabled) and starts as Audit.",
            dekey_pack::VERSION
        ),
    )?;
    let longest = definitions().map(|own| own.rule.len()).max().unwrap_or(0);
    for group in Group::ALL {
        let of_group =
            |own: &&PackDefinition| dekey_rules::by_id(own.rule).is_some_and(|rule| rule.group == group);
        let all: Vec<&PackDefinition> = definitions().filter(of_group).collect();
        if all.is_empty() {
            continue;
        }
        page.line("")?;
        page.heading(group.as_str())?;
        for own in all {
            one(&mut page, own, longest, choices, options.all)?;
        }
    }
    page.line("")?;
    page.dim("", &standing(choices))?;
    let more = if options.all { "" } else { "--all says what each looks at; " };
    page.plain(
        "",
        &format!("Next: {more}dekey policy explain RULE; dekey policy pack --format bicep -o policies/"),
    )
}

fn one(
    page: &mut Page<'_>,
    own: &PackDefinition,
    longest: usize,
    choices: &Choices,
    all: bool,
) -> io::Result<()> {
    let origin = match own.origin {
        Origin::Own => "own",
        Origin::BuiltIn => "built-in",
    };
    let note = if asked(own.rule, choices.standard) { "" } else { " (asks for nothing under this standard)" };
    let mark = format!("  {:longest$}  {origin:8}  {:7}  ", own.rule, own.mode());
    if page.width < mark.len() + 30 {
        page.line(&mark)?;
        page.plain("    ", &format!("{}{note}", own.title()))?;
    } else {
        page.plain(&mark, &format!("{}{note}", own.title()))?;
    }
    if !all {
        return Ok(());
    }
    let described = match own.origin {
        Origin::Own => own.description().to_owned(),
        Origin::BuiltIn => format!("Built-in {}: referenced, and in every tenant already.", own.name),
    };
    page.dim("      ", &described)?;
    let mut controls: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for control in own.controls() {
        controls.entry(control.framework).or_default().push(control.id);
    }
    let controls: Vec<String> =
        controls.iter().map(|(name, ids)| format!("{name} {}", ids.join(", "))).collect();
    page.dim("      evidence for ", &controls.join("; "))
}

/// Whether a definition asks for anything under a standard.
fn asked(rule: &str, standard: IdentityStandard) -> bool {
    match rule {
        "workspace-without-system-assigned-identity" => standard.requires_system(),
        "workspace-without-user-assigned-identity" => standard.requires_user(),
        "workspace-without-managed-identity" => standard == IdentityStandard::Either,
        _ => true,
    }
}

fn standing(choices: &Choices) -> String {
    format!(
        "Identity standard: {}. Owner tags: {}. Cost-center tags: {}. An assignment can say otherwise.",
        choices.standard.as_str(),
        choices.owner_tags.join(", "),
        choices.cost_center_tags.join(", ")
    )
}
