//! `access show` and `access who`.

use super::{Page, name};
use crate::access::fill::place;
use crate::access::types::{Effective, Grant, Show, Shown, Who, WhoHolder};
use crate::words::counted;
use std::io;

/// How many actions are listed unless everything is asked for.
const ACTIONS: usize = 25;

impl Page<'_> {
    pub(super) fn show(&mut self, own: &Show) -> io::Result<()> {
        for (at, one) in own.principals.iter().enumerate() {
            if at > 0 {
                self.line("")?;
            }
            self.shown(one, own)?;
        }
        Ok(())
    }

    fn shown(&mut self, own: &Shown, asked: &Show) -> io::Result<()> {
        self.heading(&name(&own.principal))?;
        if let Some(of) = &own.principal.acts_for {
            self.dim("  ", &format!("acts for {}", place(of)))?;
        }
        if let Some(why) = &own.principal.unknown {
            self.plain("  ", why)?;
        }
        if own.principal.object_id.is_none() {
            return Ok(());
        }
        if let (Some(decision), Some(action), Some(on)) = (&own.decision, &asked.action, &asked.on) {
            let word = self.verdict(decision.verdict);
            self.line(&format!("  {word}"))?;
            self.plain("  ", &format!("{action} on {}", place(on)))?;
            self.decision("    ", decision, self.all)?;
            for text in &own.why_not {
                self.plain("    ", text)?;
            }
            if !own.ways.is_empty() {
                self.plain("  ", "and by other ways:")?;
            }
            return self.ways("    ", &own.ways, self.all);
        }
        self.grants(&own.grants, asked)?;
        self.effective(&own.effective, asked)
    }

    fn grants(&mut self, grants: &[Grant], asked: &Show) -> io::Result<()> {
        if grants.is_empty() {
            let what = asked.action.as_ref().map(|own| format!(" that permits {own}")).unwrap_or_default();
            let on = asked.on.as_ref().map(|own| format!(" on or above {}", place(own))).unwrap_or_default();
            return self.plain("  ", &format!("no role assignment{what}{on} was read"));
        }
        for own in grants {
            let standing = match own.standing {
                "eligible" => "eligible: ",
                "ended" => "ended: ",
                "later" => "not yet: ",
                _ => "",
            };
            self.reason(&format!("  {standing}"), &own.reason, self.all)?;
            if own.reason.role_id.is_empty() && !self.all {
                self.dim("    ", &own.reason.pattern)?;
            }
            let worst = own.worst.map(|worst| format!("at worst: {}", harm(worst)));
            self.dim("    ", worst.as_deref().unwrap_or("nothing that matters to a workspace"))?;
        }
        Ok(())
    }

    fn effective(&mut self, all: &[Effective], asked: &Show) -> io::Result<()> {
        let Some(on) = &asked.on else { return Ok(()) };
        if all.is_empty() {
            return self.plain("  ", &format!("can do nothing on {}", place(on)));
        }
        self.plain("  ", &format!("can do {} on {}:", counted(all.len() as u64, "action"), place(on)))?;
        let few = if self.all { usize::MAX } else { ACTIONS };
        for own in all.iter().take(few) {
            let sure = if own.verdict == "allowed" { String::new() } else { format!(" ({})", own.verdict) };
            self.plain(&format!("    {:8}", own.danger), &format!("{}{sure}", own.action))?;
            own.because.iter().try_for_each(|own| self.reason("            by ", own, false))?;
        }
        if all.len() > few {
            self.dim("    ", &format!("and {} more: --all lists them", all.len() - few))?;
        }
        Ok(())
    }

    pub(super) fn who(&mut self, own: &Who) -> io::Result<()> {
        self.heading(&format!("{} on {}", own.action, place(&own.resource)))?;
        let of = |verdict: &str| {
            own.holders.iter().filter(|own| own.decision.verdict == verdict).collect::<Vec<_>>()
        };
        for (verdict, title) in [
            ("allowed", "can"),
            ("conditional", "can, under a condition"),
            ("unknown", "might: not everything was read"),
        ] {
            self.holders(title, &of(verdict))?;
        }
        let (around, eligible): (Vec<_>, Vec<_>) =
            of("denied").into_iter().partition(|own| !own.ways.is_empty());
        self.holders("could, once a role is activated", &eligible)?;
        self.holders("has no permission for it, but a way around", &around)?;
        if own.holders.is_empty() {
            self.plain("  ", "nobody whom the documents name")?;
        }
        if own.others.verdict == "unknown" {
            self.line("")?;
            self.plain("  ", "others may be able to as well:")?;
            self.decision("    ", &own.others, false)?;
        }
        Ok(())
    }

    fn holders(&mut self, title: &str, all: &[&WhoHolder]) -> io::Result<()> {
        if all.is_empty() {
            return Ok(());
        }
        self.line("")?;
        self.line(&format!("  {title}"))?;
        for own in all {
            self.plain("    ", &name(&own.principal))?;
            self.decision("      ", &own.decision, self.all)?;
            self.ways("      ", &own.ways, self.all)?;
        }
        Ok(())
    }
}

/// What the most dangerous action of a role is, in words.
fn harm(worst: &str) -> &'static str {
    match worst {
        "read" => "reads",
        "act" => "starts things",
        "write" => "changes things",
        "delete" => "deletes",
        "secrets" => "hands out keys or secrets",
        _ => "hands out access",
    }
}
