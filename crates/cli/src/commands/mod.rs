//! The commands, one file each.

mod access;
mod audit;
mod auth;
mod collect;
mod demo;
mod explain;
mod policy;
mod rules;
mod sim;
mod snapshot;

use crate::args::{AuthCommand, Cli, Command, SchemaFormat};
use crate::exit::{Error, Exit};
use clap::CommandFactory;
use std::io::Write;

/// This second: nobody reads fractions of it.
fn now() -> jiff::Timestamp {
    let now = jiff::Timestamp::now();
    jiff::Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// Runs the command that was asked for.
pub(crate) fn run(cli: Cli) -> Result<Exit, Error> {
    match cli.command {
        Command::Audit(args) => audit::run(&args, cli.color),
        Command::Access(command) => access::run(&command, cli.color),
        Command::Policy(command) => policy::run(&command, cli.color),
        Command::Collect(args) => collect::run(&args),
        Command::Auth(AuthCommand::Status { connection, format }) => auth::run(&connection, format),
        Command::Demo(args) => demo::run(&args, cli.color),
        Command::Snapshot(command) => snapshot::run(&command),
        Command::Sim(args) => sim::run(&args),
        Command::Rules(args) => rules::run(args.format),
        Command::Explain { rule } => explain::run(&rule, cli.color),
        Command::Schema { format } => schema(format),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "dekey", &mut std::io::stdout().lock());
            Ok(Exit::Clean)
        }
        Command::Man => {
            clap_mangen::Man::new(Cli::command()).render(&mut std::io::stdout().lock())?;
            Ok(Exit::Clean)
        }
    }
}

fn schema(format: SchemaFormat) -> Result<Exit, Error> {
    let schema = match format {
        SchemaFormat::Audit => dekey_report::json::v1::schema(),
        SchemaFormat::Access => dekey_report::access::schema(),
        SchemaFormat::Policy => dekey_report::policy::schema(),
        SchemaFormat::Settings => dekey_rules::Settings::schema(),
        SchemaFormat::PolicyTest => dekey_suite::schema(),
    };
    writeln!(std::io::stdout().lock(), "{schema:#}")?;
    Ok(Exit::Clean)
}
