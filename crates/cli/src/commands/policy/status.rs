//! `dekey policy status`.

use super::guard::{self, Read};
use crate::args::{PolicyFormat, StatusArgs};
use crate::exit::{Error, Exit};
use crate::output::ColorChoice;
use dekey_guard::{Estate, Options, compare_states, status};
use dekey_report::policy::status::{Rules, Stood, html, json, sarif, terminal};

pub(crate) fn run(args: &StatusArgs, color: ColorChoice) -> Result<Exit, Error> {
    let read = Read::new(&args.input)?;
    let estate = Estate::of(&read.inventory);
    let knowledge = guard::knowledge(&args.input, &estate)?;
    let compiled = estate.compile(&knowledge);
    let options = Options { now: Some(read.now), forces: None, scope: args.input.scope.as_deref() };
    let rules = Rules::new(&knowledge);
    let found = status(&estate, &compiled.assigned, options, &rules.ids, &|part| rules.of(part));
    let compared = compare_states(&estate, &compiled.assigned, options);
    let stood = Stood {
        estate: &estate,
        assigned: &compiled.assigned,
        status: &found,
        compared: compared.as_ref(),
        problems: estate.problems.iter().chain(&compiled.problems).cloned().collect(),
        as_of: read.now.to_string(),
        version: env!("CARGO_PKG_VERSION"),
    };
    guard::write(&args.input, color, &|format, options, out| match format {
        PolicyFormat::Terminal => terminal(&stood, options, out),
        PolicyFormat::Json => json(&stood, out),
        PolicyFormat::Html => html(&stood, out),
        PolicyFormat::Sarif => sarif(&stood, out),
    })?;
    Ok(read.exit(&args.input, stood.has_findings(), stood.has_unknowns()))
}
