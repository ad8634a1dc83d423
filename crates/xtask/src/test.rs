//! `cargo xtask test`: every test there is.

use crate::generate::root;
use std::process::Command;

pub(crate) fn run() -> Result<(), String> {
    let stale = crate::generate::stale()?;
    if !stale.is_empty() {
        let list: Vec<String> = stale.iter().map(|path| path.display().to_string()).collect();
        return Err(format!("stale, run `cargo xtask gen`:\n  {}", list.join("\n  ")));
    }
    // Nextest where it is installed: it runs each test in a process of its own, and in parallel across crates.
    let nextest =
        Command::new(env!("CARGO")).args(["nextest", "--version"]).output().is_ok_and(|o| o.status.success());
    if nextest {
        let profile = if std::env::var_os("CI").is_some() { "ci" } else { "default" };
        cargo(&["nextest", "run", "--workspace", "--profile", profile])?;
        return cargo(&["test", "--workspace", "--doc", "--quiet"]);
    }
    cargo(&["test", "--workspace", "--quiet"])
}

fn cargo(args: &[&str]) -> Result<(), String> {
    let status = Command::new(env!("CARGO")).args(args).current_dir(root()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("cargo {} ended with {status}", args.join(" "))),
        Err(error) => Err(format!("cargo: {error}")),
    }
}
