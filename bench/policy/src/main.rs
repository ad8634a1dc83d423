//! dekey's evaluator of Azure Policy beside regorus, Microsoft's own.
//!
//! `speed FILE [N]`: how fast both are, on the workspaces in a file, one a line.

mod builtins;
mod classes;
mod corpus;
mod differential;
mod generate;
mod microsoft;
mod speed;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).and_then(|own| own.parse::<usize>().ok());
    let fine = match (arguments.first().map(String::as_str), arguments.get(1)) {
        (Some("spin"), Some(file)) => speed::spin(Path::new(file)),
        (Some("builtins"), _) => builtins::run(number(1).unwrap_or(1) as u64),
        (Some("differential"), _) => {
            differential::run(number(1).unwrap_or(100_000), number(2).unwrap_or(1) as u64)
        }
        (Some("speed"), Some(file)) => speed::run(Path::new(file), number(2).unwrap_or(100_000)),
        _ => {
            eprintln!("usage: dekey-bench-policy speed FILE [N]");
            return ExitCode::from(2);
        }
    };
    if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
