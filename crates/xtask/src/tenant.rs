//! Invented tenants on disk.

use clap::{Args, ValueEnum};
use dekey_tenant::{Children, Tally, Tenant, example};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(crate) struct TenantArgs {
    /// How many workspaces
    workspaces: u64,
    /// The same seed gives the same bytes
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The folder to write to; it is made when it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// What to write besides workspaces, storage accounts, registries and vaults
    #[arg(long, value_enum, default_value_t = ChildrenArg::None)]
    children: ChildrenArg,
}

#[derive(Clone, Copy, ValueEnum)]
enum ChildrenArg {
    /// Nothing
    None,
    /// Everything, for one workspace in ten
    Some,
    /// Everything, for every workspace
    All,
}

#[derive(Args)]
pub(crate) struct ExampleArgs {
    /// The folder to write to
    #[arg(long, value_name = "DIR", default_value = "examples/contoso")]
    out: PathBuf,
    /// Write nothing; fail when a file differs from what would be written
    #[arg(long)]
    check: bool,
}

/// `cargo xtask tenant`.
pub(crate) fn generate(args: &TenantArgs) -> io::Result<()> {
    fs::create_dir_all(&args.out).map_err(|error| named(&args.out, &error))?;
    let children = match args.children {
        ChildrenArg::None => Children::None,
        ChildrenArg::Some => Children::Some,
        ChildrenArg::All => Children::All,
    };
    let tenant = Tenant::generate(args.seed, args.workspaces).with_children(children);
    let tally = tenant.write(|name| {
        let path = args.out.join(format!("{name}.json"));
        let file = File::create(&path).map_err(|error| named(&path, &error))?;
        Ok(BufWriter::with_capacity(1 << 18, file))
    })?;
    report(&tally, &args.out)
}

fn report(tally: &Tally, folder: &Path) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for (part, count) in &tally.resources {
        writeln!(out, "{count:>10} {}", folder.join(format!("{}.json", part.name())).display())?;
    }
    let truth = tally.truth;
    for (count, of, what) in [
        (truth.without_system_assigned, truth.workspaces, "workspaces without a system-assigned identity"),
        (truth.access_key, truth.workspaces, "workspaces whose system datastores use access keys"),
        (truth.shared_key, truth.accounts, "storage accounts that allow shared keys"),
        (truth.admin_user, truth.registries, "registries with the admin user on"),
        (truth.access_policies, truth.vaults, "vaults on access policies"),
    ] {
        writeln!(out, "{count:>10} of {of} {what}")?;
    }
    Ok(())
}

/// `cargo xtask example`.
pub(crate) fn example(args: &ExampleArgs) -> io::Result<()> {
    let files = example::files();
    if args.check {
        let stale = example::differences(&args.out)?;
        return match stale.as_slice() {
            [] => Ok(()),
            stale => Err(io::Error::other(format!(
                "not what `cargo xtask example` writes: {}; run it and look at the difference",
                stale.join(", ")
            ))),
        };
    }
    fs::create_dir_all(&args.out).map_err(|error| named(&args.out, &error))?;
    let mut out = io::stdout().lock();
    for file in &files {
        let path = args.out.join(file.name);
        fs::write(&path, &file.text).map_err(|error| named(&path, &error))?;
        writeln!(out, "{:>10} {}", file.text.len(), path.display())?;
    }
    Ok(())
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
