//! The chores of the project: `cargo xtask --help` lists them.

mod bare_parse;
mod generate;
mod roles;
mod tenant;
mod test;

use clap::{Parser, Subcommand};
use std::io::Write;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "xtask", about = "The chores: generate, check, measure")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Write what is generated from the rule files: registration, pages, schemas
    Gen,
    /// The second half of `gen`, once the rules are registered
    #[command(hide = true)]
    GenDocs,
    /// Parse ARM arrays into plain typed structs and do nothing with them: what any audit costs at least
    BareParse(bare_parse::BareParseArgs),
    /// Run every test, after checking that what is generated is fresh
    Test,
    /// Write an invented tenant of any size, one JSON array per kind of resource
    Tenant(tenant::TenantArgs),
    /// Write the facts of built-in roles, and which permits what, from a dump of them
    Roles(roles::RolesArgs),
    /// Write the example tenant that comes with the project
    Example(tenant::ExampleArgs),
}

fn main() -> ExitCode {
    let done = match Cli::parse().chore {
        Chore::Gen => generate::write().map_err(std::io::Error::other),
        Chore::GenDocs => generate::write_docs().map_err(std::io::Error::other),
        Chore::BareParse(args) => bare_parse::run(&args),
        Chore::Test => test::run().map_err(std::io::Error::other),
        Chore::Tenant(args) => tenant::generate(&args),
        Chore::Roles(args) => roles::write(&args),
        Chore::Example(args) => tenant::example(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // When even standard error is closed there is nobody left to tell.
            let _ = writeln!(std::io::stderr().lock(), "xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
