//! `access minimise`.

use super::Page;
use crate::access::fill::place;
use crate::access::types::{ActorLeast, Least, Pick};
use crate::fill::{Dialect, written};
use dekey_model::ArmId;
use std::io;

impl Page<'_> {
    pub(super) fn least(&mut self, own: &Least) -> io::Result<()> {
        let id = ArmId(&own.workspace);
        self.heading(&format!("{} ({})", id.name(), id.resource_group().unwrap_or("?")))?;
        for actor in &own.actors {
            self.line("")?;
            self.least_of(actor)?;
        }
        self.line("")?;
        let caution = "This is what the documented uses take. Microsoft does not say that it supports less than what the service grants by \
            itself: try it where it may break, and keep the way back.";
        self.dim("", caution)
    }

    fn least_of(&mut self, own: &ActorLeast) -> io::Result<()> {
        self.acts(own.kind, &own.resource, own.principal.as_ref())?;
        if let Some(cost) = own.cost {
            self.plain("    ", &format!("the least that suffices, at cost {cost}:"))?;
        }
        own.assignments.iter().try_for_each(|pick| self.pick(pick))?;
        for policy in &own.access_policies {
            self.plain(
                "      ",
                &format!(
                    "access policy in {}: {}",
                    ArmId(&policy.vault).name(),
                    policy.permissions.join(", ")
                ),
            )?;
            self.command("        ", &policy.command)?;
        }
        if let Some(cost) = own.cost_with_custom_roles {
            self.plain(
                "    ",
                &format!("less with custom roles in the place of those for the same, at cost {cost}:"),
            )?;
            let custom = own.with_custom_roles.iter().filter(|pick| pick.definition.is_some());
            custom.into_iter().try_for_each(|pick| self.pick(pick))?;
        }
        if !own.proof.is_empty() {
            let checked = if own.proven {
                "why there is nothing less (checked):"
            } else {
                "why there is nothing less:"
            };
            self.plain("    ", checked)?;
            own.proof.iter().try_for_each(|text| self.dim("      ", text))?;
        }
        let style = self.style;
        for text in &own.open {
            self.text("    ", &format!("open: {text}"), |own| style.unknown(own))?;
        }
        self.unread(&own.unread)
    }

    fn pick(&mut self, own: &Pick) -> io::Result<()> {
        let custom = if own.definition.is_some() { "custom role " } else { "" };
        self.plain(
            "      ",
            &format!("{custom}{} on {}: {}", own.role, place(&own.scope), own.meets.join(", ")),
        )?;
        let excess = match &own.worst {
            None => "permits nothing else".to_owned(),
            Some(worst) => format!("permits {} more, at worst {worst}", own.excess),
        };
        self.dim("        ", &excess)?;
        if let Some(definition) = &own.definition {
            let definition = written(&definition.to_string(), Dialect::Shell, true);
            self.command("        ", &format!("az role definition create --role-definition {definition}"))?;
        }
        self.command("        ", &own.command)
    }
}
