//! `dekey policy rollout plan`.

use super::evidence::Read;
use super::gates;
use crate::args::{AimArg, PlanArgs};
use crate::exit::{Error, Exit};
use crate::output::{self, ColorChoice};
use dekey_execute::Past;
use dekey_pack::{Choices, Origin, Scope};
use dekey_plan::observe::{Observed, Question};
use dekey_plan::rollout::{Excuses, Target, Wish, home, plan};
use dekey_plan::{Gate, Plan, Ring, complete_rings, derive_rings, diff, parse_rings};
use dekey_report::terminal::plain;
use jiff::Timestamp;
use serde_json::Value;
use std::path::Path;

pub(super) fn run(args: &PlanArgs, color: ColorChoice) -> Result<Exit, Error> {
    if args.evidence.from.is_empty() && !args.evidence.azure {
        return Err(Error::Usage(
            "a plan is made from what is there: say --from what was read, or --azure".to_owned(),
        ));
    }
    let read = Read::new(&args.evidence)?;
    // Nobody reads fractions of a second in a plan.
    let now = args.as_of.unwrap_or_else(Timestamp::now);
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let mut wish = wish(args, &read, now)?;
    wish.rings = rings(args, &read, &wish)?;
    let observed = observed(&read, &wish)?;
    wish.excuses = excuses(args, now, &observed)?;
    let made = plan(&wish, &|id| read.document(id)).map_err(|error| Error::Usage(error.to_string()))?;
    super::checked(&made, "planned")?;
    if let Some(path) = &args.parent {
        tell_parent(path, &made)?;
    }
    let past = Past::default();
    let judged = gates::judge(&made, &past, (None, Some(&read)), args.accept_not_judged)?;
    let exit = exit(&observed);
    judged.print((&made, &past), past.next(&made), &super::options(color, args.evidence.all))?;
    match &args.output {
        Some(path) => {
            std::fs::write(path, made.text()).map_err(Error::write(path))?;
            if !args.evidence.quiet {
                output::tell(&format!("wrote {}; nothing was sent", path.display()));
                output::tell(&format!("Next: dekey policy rollout apply {} --dry-run", path.display()));
            }
        }
        None => output::tell("this plan was not kept: -o FILE keeps it"),
    }
    Ok(read.ended(exit))
}

/// What stands in the way of a policy in force, and what nobody knows.
fn exit(observed: &Observed) -> Exit {
    if observed.rings.iter().any(|own| !own.refusals.is_empty()) {
        Exit::Findings
    } else if observed.rings.iter().any(|own| own.unknown() > 0) {
        Exit::NotJudged
    } else {
        Exit::Clean
    }
}

fn wish(args: &PlanArgs, read: &Read, now: Timestamp) -> Result<Wish, Error> {
    let scope = args.scope.trim_end_matches('/').to_owned();
    let target = target(args, read, &scope)?;
    let title = args.title.clone().unwrap_or_else(|| target.name.clone());
    let message = args.message.clone().unwrap_or_else(|| {
        format!("{title}: this is not as the policy wants it. Ask whoever answers for policies here.")
    });
    let parent = args.parent.as_deref().map(super::read_plan).transpose()?.map(|own| own.id);
    Ok(Wish {
        name: args.name.clone(),
        title,
        message,
        scope,
        target,
        rings: vec![Ring { name: "everything-else".to_owned(), ..Ring::default() }],
        deny: args.effect == AimArg::Deny,
        gate: Gate { rate: args.min_rate, days: args.days, accept_not_judged: args.accept_not_judged },
        parameters: args.parameters.iter().cloned().collect(),
        excuses: None,
        made_at: now,
        parent,
        inventory: read.bound(),
    })
}

/// What is rolled out.
fn target(args: &PlanArgs, read: &Read, scope: &str) -> Result<Target, Error> {
    let look_up = |id: &str| read.look_up(id);
    let told = |error: dekey_plan::rollout::RolloutError| Error::Usage(error.to_string());
    if let Some(id) = &args.assign {
        let document = read.document(id).ok_or_else(|| {
            Error::Usage(format!(
                "{} is not in what was read: give its file with --initiative or --definition",
                plain(id)
            ))
        })?;
        return Target::existing(id, &document, &look_up).map_err(told);
    }
    let documents = if args.pack { pack(args, read, scope)? } else { files(args)? };
    Target::read(&documents, scope, &look_up).map_err(told)
}

/// The policies that dekey brings, but for those that every tenant has.
fn pack(args: &PlanArgs, read: &Read, scope: &str) -> Result<Vec<Value>, Error> {
    let place = home(scope).unwrap_or_default();
    let place = Scope::parse(&place).map_err(|error| Error::Usage(format!("--scope: {error}")))?;
    let mut choices = Choices::of(&read.settings);
    if let Some(standard) = args.standard {
        choices.standard = standard.into();
    }
    let own = dekey_pack::definitions().filter(|own| own.origin == Origin::Own);
    let mut all: Vec<Value> = own.map(|own| own.resource(&place)).collect();
    all.push(dekey_pack::initiative(&place, &choices));
    Ok(all)
}

fn files(args: &PlanArgs) -> Result<Vec<Value>, Error> {
    let mut all = Vec::new();
    for path in args.initiative.iter().chain(&args.definition) {
        let text = std::fs::read_to_string(path).map_err(Error::file(path))?;
        let value: Value = serde_json::from_str(&text).map_err(|error| {
            let place = format!("line {} column {}", error.line(), error.column());
            Error::Input(format!("{}: not JSON, at {place}", path.display()))
        })?;
        match value {
            Value::Array(own) => all.extend(own),
            other => all.push(other),
        }
    }
    Ok(all)
}

/// The rings that were given, or those of the locations in use.
fn rings(args: &PlanArgs, read: &Read, wish: &Wish) -> Result<Vec<Ring>, Error> {
    if let Some(path) = &args.rings {
        let text = std::fs::read_to_string(path).map_err(Error::file(path))?;
        let named =
            |error: dekey_plan::RingError| Error::Settings { path: path.clone(), error: error.to_string() };
        return parse_rings(&text).map_err(named);
    }
    if !args.ring.is_empty() {
        return complete_rings(args.ring.clone()).map_err(|error| Error::Usage(error.to_string()));
    }
    let mut found = observed(read, wish)?.locations;
    found.remove("");
    found.remove("global");
    Ok(derive_rings(&found))
}

fn observed(read: &Read, wish: &Wish) -> Result<Observed, Error> {
    let assignments = wish.assignments();
    let question = Question {
        assignments: &assignments,
        references: &wish.target.references,
        rings: &wish.rings,
        now: wish.made_at,
    };
    let observed = read.observe(&wish.ready(), &question)?;
    match observed.problems.first() {
        // Azure would not take such an assignment either.
        Some(problem) => Err(Error::Usage(plain(problem))),
        None => Ok(observed),
    }
}

fn excuses(args: &PlanArgs, now: Timestamp, observed: &Observed) -> Result<Option<Excuses>, Error> {
    let (Some(days), Some(why)) = (args.exempt_for, &args.because) else { return Ok(None) };
    if why.trim().is_empty() {
        return Err(Error::Usage("--because says nothing: an exemption has a reason".to_owned()));
    }
    let until = now + jiff::SignedDuration::from_hours(24 * days);
    let refusals = observed.rings.iter().map(|own| own.refusals.clone()).collect();
    Ok(Some(Excuses { until, why: why.clone(), refusals }))
}

fn tell_parent(path: &Path, made: &Plan) -> Result<(), Error> {
    let old = super::read_plan(path)?;
    for line in diff(&old, made) {
        output::tell(&format!("differs: {}", plain(&line)));
    }
    Ok(())
}
