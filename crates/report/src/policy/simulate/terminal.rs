//! For people, on a terminal.

use super::fill::differs;
use super::{Simulated, Trace};
use crate::TerminalOptions;
use crate::policy::Page;
use crate::style::Style;
use crate::words::{counted, percent};
use dekey_guard::{Change, Counts, Judgement};
use dekey_model::{ResourceIx, Severity};
use serde_json::Value;
use std::io::{self, Write};

/// How many resources of one list are named unless all are asked for.
const NAMED: usize = 5;

/// Writes it for people.
pub fn terminal(own: &Simulated<'_>, options: &TerminalOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut told =
        Told { own, page: Page::new(options, out), named: if options.all { usize::MAX } else { NAMED } };
    if let Some((ix, traces)) = &own.traces {
        return told.why(*ix, traces);
    }
    told.summary()?;
    for at in own.shown() {
        told.assignment(at)?;
    }
    told.blast()?;
    told.writes()?;
    told.conflicts()?;
    told.gaps()?;
    told.end(options.all)
}

struct Told<'t, 'p> {
    own: &'t Simulated<'t>,
    page: Page<'p>,
    named: usize,
}

fn high(style: Style, text: &str) -> String {
    style.severity(Severity::High, text)
}

impl<'t> Told<'t, '_> {
    fn summary(&mut self) -> io::Result<()> {
        let own = self.own;
        let effect = own.effect.as_ref().map_or_else(String::new, |effect| format!(", as if {effect}"));
        self.page.heading(&format!(
            "{} on {}{effect}, as of {}",
            counted(own.shown().count() as u64, "assignment"),
            counted(own.inventory().len() as u64, "resource"),
            own.as_of
        ))?;
        self.page.plain("", &rates(&own.counts()))?;
        self.page.dim("", RATES)
    }

    fn assignment(&mut self, at: usize) -> io::Result<()> {
        let own = self.own;
        let (Some(assigned), Some(assessed)) = (own.assignment(at), own.simulation.assessments.get(at))
        else {
            return Ok(());
        };
        self.page.line("")?;
        let name = format!("{} ({})", own.assignment_name(at), own.enforcement(at));
        self.page.heading(&name)?;
        let out = match assessed.excluded {
            0 => String::new(),
            count => format!(", leaves out {}", counted(count, "resource")),
        };
        let covers =
            format!("{}: covers {}{out}", assigned.assignment.scope, counted(assessed.covered, "resource"));
        self.page.dim("  ", &covers)?;
        for (ix, judged) in assessed.parts.iter().enumerate() {
            self.policy(at, ix, judged)?;
        }
        Ok(())
    }

    fn policy(&mut self, at: usize, ix: usize, judged: &'t Judgement) -> io::Result<()> {
        let (name, effect) = (self.own.part_name(at, ix), self.own.effect_of(at, ix));
        self.page.plain("  ", &format!("{name} [{effect}]: {}", words(&judged.counts)))?;
        for (effect, all) in &judged.non_compliant {
            let what = if effect == "deny" { "refused as they are" } else { "not compliant" };
            self.list(what, all, high)?;
        }
        for (why, all) in &judged.failed {
            self.list(&format!("evaluation fails, which denies requests: {why}"), all, high)?;
        }
        for (by, excused) in &judged.exempt {
            let all: Vec<ResourceIx> = excused.all.iter().map(|own| own.0).collect();
            let would = excused.all.iter().filter(|own| own.1).count();
            let by = dekey_model::ArmId(by).name();
            self.list(&format!("exempt by {by}, of which {would} would not comply"), &all, |_, own| {
                own.to_owned()
            })?;
        }
        for (why, all) in &judged.not_judged {
            self.list(&format!("not judged ({why})"), all, Style::unknown)?;
        }
        self.requests(judged)
    }

    fn requests(&mut self, judged: &'t Judgement) -> io::Result<()> {
        for (how, all) in &judged.requests {
            let hangs: Vec<&str> = judged.hangs_on.iter().copied().collect();
            let what = format!("{} ({})", differs(how), hangs.join(", "));
            self.list(&what, all, |_, own| own.to_owned())?;
        }
        if !judged.unknown_requests.is_empty() {
            let types: Vec<&str> = judged.unknown_requests.iter().map(String::as_str).collect();
            let text =
                format!("what a request of {} leaves out is not known: deny may differ", types.join(", "));
            self.page.dim("    ", &text)?;
        }
        Ok(())
    }

    fn list(
        &mut self,
        what: &str,
        all: &[ResourceIx],
        look: impl Fn(Style, &str) -> String,
    ) -> io::Result<()> {
        self.page.text("    ", &format!("{what}: {}", all.len()), look)?;
        for ix in all.iter().take(self.named) {
            let resource = self.own.get(*ix);
            self.page.dim("      ", &format!("{} ({})", resource.name(), self.own.place(*ix)))?;
        }
        self.more(all.len(), "      ")
    }

    fn more(&mut self, count: usize, indent: &str) -> io::Result<()> {
        match count.saturating_sub(self.named) {
            0 => Ok(()),
            more => self.page.dim(indent, &format!("and {more} more (--all)")),
        }
    }

    fn blast(&mut self) -> io::Result<()> {
        let own = self.own;
        self.page.line("")?;
        self.page.heading("Blast radius")?;
        if own.blast.refusing.is_empty() {
            return self
                .page
                .plain("  ", "none of these policies refuses anything; --effect deny asks what would be");
        }
        let count = own.blast.stuck.len();
        let text = format!(
            "{} can no longer be updated as they are; {} refuse or would",
            counted(count as u64, "resource"),
            policies(own.blast.refusing.len())
        );
        if count > 0 {
            self.page.text("  ", &text, high)?;
        } else {
            self.page.plain("  ", &text)?;
        }
        for stuck in own.blast.stuck.iter().take(self.named) {
            let resource = own.get(stuck.resource);
            let owner = owner(own, stuck.resource);
            self.page
                .plain("    ", &format!("{} ({}), {owner}", resource.name(), own.place(stuck.resource)))?;
            let by: Vec<String> = stuck.by.iter().map(|by| own.who(*by)).collect();
            self.page.dim("      by ", &by.join("; "))?;
        }
        self.more(count, "    ")
    }

    fn writes(&mut self) -> io::Result<()> {
        let own = self.own;
        let Some(writes) = &own.blast.writes else { return Ok(()) };
        let (from, to) = own.activity.map_or((None, None), |log| (log.from.as_deref(), log.to.as_deref()));
        let span = from.zip(to).map_or_else(
            || "the log is empty".to_owned(),
            |(from, to)| format!("{} to {}", from.get(..10).unwrap_or(from), to.get(..10).unwrap_or(to)),
        );
        let text = format!(
            "Writes of late ({span}): {} of {} would have been refused, as the resources are now",
            writes.refused.len(),
            writes.looked_at
        );
        if writes.refused.is_empty() {
            self.page.plain("  ", &text)?;
        } else {
            self.page.text("  ", &text, high)?;
        }
        for refused in writes.refused.iter().take(self.named) {
            let caller = refused.event.caller.as_deref().unwrap_or("somebody");
            let name = own.get(refused.resource).name();
            let owner = owner(own, refused.resource);
            self.page.plain("    ", &format!("{} {caller} wrote {name}, {owner}", refused.event.time))?;
            let by: Vec<String> = refused.by.iter().map(|by| own.who(*by)).collect();
            self.page.dim("      by ", &by.join("; "))?;
        }
        self.more(writes.refused.len(), "    ")?;
        if writes.earlier > 0 {
            let text = format!(
                "{} before those are not judged: no log says what they wrote",
                counted(writes.earlier, "write")
            );
            self.page.text("    ", &text, Style::unknown)?;
        }
        for (why, all) in &writes.not_judged {
            let text = format!("{} not judged: {why}", counted(all.len() as u64, "write"));
            self.page.text("    ", &text, Style::unknown)?;
        }
        Ok(())
    }

    fn conflicts(&mut self) -> io::Result<()> {
        let own = self.own;
        if own.conflicts.is_empty() {
            return Ok(());
        }
        self.page.line("")?;
        self.page.heading("Denials that pull in different directions")?;
        for conflict in own.conflicts {
            let (one, other) = (own.who(conflict.one), own.who(conflict.other));
            let what = format!("{one} and {other}, on {}", counted(conflict.resources, "resource"));
            self.page.text("  ", &what, high)?;
            let name = own.get(conflict.example).name();
            for (of, changes) in &conflict.alone {
                let rest = if *of == conflict.one { &other } else { &one };
                let text = format!(
                    "{name}: {} satisfies {}, and {rest} still refuses it",
                    told(changes),
                    own.who(*of)
                );
                self.page.dim("    ", &text)?;
            }
            let text = match &conflict.both {
                Some(changes) => format!("{name}: {} satisfies both (both were asked)", told(changes)),
                None => "no state was found that satisfies both: exempt it from one of them, or change one"
                    .to_owned(),
            };
            self.page.plain("    ", &text)?;
        }
        Ok(())
    }

    fn gaps(&mut self) -> io::Result<()> {
        let gaps = self.own.gaps();
        if gaps.is_empty() {
            return Ok(());
        }
        self.page.line("")?;
        self.page.heading("Not judged")?;
        for gap in gaps.iter().take(self.named.max(20)) {
            self.page.text("  ", gap, Style::unknown)?;
        }
        let more = gaps.len().saturating_sub(self.named.max(20));
        if more > 0 { self.page.dim("  ", &format!("and {more} more (--all)")) } else { Ok(()) }
    }

    fn end(&mut self, all: bool) -> io::Result<()> {
        self.page.line("")?;
        let more = if all { "" } else { "--all names every resource; " };
        self.page.dim("", &format!("Next: {more}--why RESOURCE says how one came to its verdicts"))
    }

    fn why(&mut self, ix: ResourceIx, traces: &[Trace]) -> io::Result<()> {
        let own = self.own;
        self.page.heading(&format!("{} ({})", own.get(ix).name(), own.place(ix)))?;
        if traces.is_empty() {
            return self.page.plain("  ", "no assignment covers it");
        }
        for trace in traces {
            self.page.line("")?;
            self.page.heading(&own.who((trace.assignment, trace.part)))?;
            self.page.plain("  ", &trace.outcome)?;
            for step in &trace.steps {
                let result = match &step.result {
                    Ok(true) => "holds".to_owned(),
                    Ok(false) => "does not hold".to_owned(),
                    Err(fault) => format!("nobody can say: {fault}"),
                };
                let what = if step.expression.is_empty() { step.kind } else { step.expression.as_str() };
                let found = shown(step.found.as_ref());
                let target =
                    step.target.as_ref().map_or_else(String::new, |own| format!(" {}", shown(Some(own))));
                let text = format!("{what} is {found}; {}{target} {result}", step.operator.name());
                self.page.plain("    ", &text)?;
                self.page.dim("      at ", &step.pointer)?;
            }
        }
        Ok(())
    }
}

fn owner(own: &Simulated<'_>, ix: ResourceIx) -> String {
    match own.owner(own.get(ix)) {
        Some(owner) => format!("owner {} ({})", owner.value, owner.source),
        None => "no owner known".to_owned(),
    }
}

pub(super) fn told(changes: &[Change]) -> String {
    let one = |own: &Change| match &own.to {
        Some(_) => format!("{} = {}", own.path, shown(own.to.as_ref())),
        None => format!("no {}", own.path),
    };
    let all: Vec<String> = changes.iter().map(one).collect();
    all.join(", ")
}

/// `1 policy`, `2 policies`.
pub(super) fn policies(count: usize) -> String {
    if count == 1 { "1 policy".to_owned() } else { format!("{count} policies") }
}

/// A value in few words: of ids the end, of maps of ids the names.
fn shown(value: Option<&Value>) -> String {
    const LONGEST: usize = 120;
    let text = match value {
        None => "absent".to_owned(),
        Some(Value::String(own)) => match end_of_id(own) {
            Some(end) => format!("\"{end}\""),
            None => Value::from(own.as_str()).to_string(),
        },
        Some(Value::Object(map)) if !map.is_empty() && map.keys().all(|name| end_of_id(name).is_some()) => {
            let names: Vec<String> = map.keys().filter_map(|name| end_of_id(name)).collect();
            format!("{{{}}}", names.join(", "))
        }
        Some(own) => own.to_string(),
    };
    crate::clean::cut(&text, LONGEST).into_owned()
}

fn end_of_id(text: &str) -> Option<String> {
    let rest = text.strip_prefix("/subscriptions/")?;
    let mut parts = rest.rsplit('/');
    let (name, kind) = (parts.next()?, parts.next()?);
    Some(format!(".../{kind}/{name}"))
}

/// Counts in words, those that are nought left out.
pub(crate) fn words(counts: &Counts) -> String {
    let rows = [
        (counts.non_compliant, "non-compliant"),
        (counts.compliant, "compliant"),
        (counts.exempt, "exempt"),
        (counts.failed, "evaluation errors"),
        (counts.not_judged, "not judged"),
        (counts.not_applicable, "not applicable"),
    ];
    let all: Vec<String> =
        rows.iter().filter(|row| row.0 > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if all.is_empty() { "looks at nothing here".to_owned() } else { all.join(", ") }
}

/// What the two rates count.
pub(crate) const RATES: &str = "Strict counts what is compliant of all pairs of resource and policy; as Azure counts, exempt is compliant \
    too, and what was not judged here is left out.";

/// The strict rate beside Azure's own.
pub(crate) fn rates(counts: &Counts) -> String {
    let all = counts.looked_at();
    let azure = all - counts.not_judged;
    format!(
        "strict {} ({} of {all}), as Azure counts {} ({} of {azure})",
        percent(counts.compliant, all),
        counts.compliant,
        percent(counts.compliant + counts.exempt, azure),
        counts.compliant + counts.exempt,
    )
}
