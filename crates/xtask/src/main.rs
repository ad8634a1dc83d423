//! The chores of the project: `cargo xtask --help` lists them.

mod tenant;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "xtask", about = "The chores: generate, check, measure")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Write an invented tenant of any size, one JSON array per kind of resource
    Tenant(tenant::TenantArgs),
    /// Write the example tenant that comes with the project
    Example(tenant::ExampleArgs),
}

fn main() -> ExitCode {
    let done = match Cli::parse().chore {
        Chore::Tenant(args) => tenant::generate(&args),
        Chore::Example(args) => tenant::example(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => tenant::fail(&error),
    }
}
