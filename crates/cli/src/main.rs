//! Takes the static keys out of Azure Machine Learning.
//!
//! The edge of the program: arguments, files, the terminal and exit codes. Everything that decides is in the pure crates.

mod args;
mod azure;
mod commands;
mod exit;
mod input;
mod output;
mod settings;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; a failure to print them is nobody's concern any more.
            let _ = error.print();
            return if error.use_stderr() { exit::Exit::Usage.into() } else { exit::Exit::Clean.into() };
        }
    };
    // A rule that fails is isolated and reported as such; the default hook would print a trace in between.
    std::panic::set_hook(Box::new(|_| {}));
    let ran = std::panic::catch_unwind(|| commands::run(cli));
    match ran {
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(error)) if error.is_closed_pipe() => exit::Exit::Clean.into(),
        Ok(Err(error)) => {
            output::complain(&error.to_string());
            error.exit().into()
        }
        Err(panic) => {
            let what = panic.downcast_ref::<String>().map(String::as_str);
            let what = what.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
            output::complain(&format!("internal error, please report it: {what}"));
            exit::Exit::Internal.into()
        }
    }
}
