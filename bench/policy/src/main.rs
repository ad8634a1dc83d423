//! dekey's evaluator of Azure Policy beside regorus, Microsoft's own.
//!
//! `differential [N] [SEED]`: random rules on random resources, N pairs. `builtins [SEED]`: every condition of every public built-in on
//! resources made for it. `speed FILE [N]`: how fast both are, on the workspaces in a file, one a line. Exits with 1 where a difference
//! has no reason, with 2 where something could not be run.

mod builtins;
mod classes;
mod corpus;
mod differential;
mod generate;
mod microsoft;
mod speed;
mod words;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).and_then(|own| own.parse::<usize>().ok());
    let fine = match (arguments.first().map(String::as_str), arguments.get(1)) {
        (Some("builtins"), _) => builtins::run(number(1).unwrap_or(1) as u64),
        (Some("differential"), _) => {
            differential::run(number(1).unwrap_or(100_000), number(2).unwrap_or(1) as u64)
        }
        (Some("speed"), Some(file)) => speed::run(Path::new(file), number(2).unwrap_or(100_000)),
        _ => {
            eprintln!("usage: dekey-bench-policy differential [N] [SEED] | builtins [SEED] | speed FILE [N]");
            return ExitCode::from(2);
        }
    };
    if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
