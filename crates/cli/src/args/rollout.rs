//! Arguments of `dekey policy rollout`.

use super::{AzureArgs, StandardArg};
use clap::{Args, Subcommand, ValueEnum};
use dekey_plan::Ring;
use std::path::PathBuf;

/// What to do with a roll-out.
#[derive(Debug, Subcommand)]
pub(crate) enum RolloutCommand {
    /// Plan how policies come into force ring by ring: first to audit, then to deny. Sends nothing.
    #[command(after_help = PLAN)]
    Plan(Box<PlanArgs>),
    /// Carry out the next stage of a plan. The one command of dekey that changes Azure, with `undo`.
    #[command(after_help = APPLY)]
    Apply(Box<ApplyArgs>),
    /// Say where a roll-out is, and what holds it back.
    #[command(after_help = STATUS)]
    Status(Box<RolloutStatusArgs>),
    /// Take back what a roll-out did, in the opposite order.
    #[command(after_help = UNDO)]
    Undo(Box<UndoArgs>),
    /// Say in words what a plan does differently from another.
    #[command(after_help = DIFF)]
    Diff(DiffArgs),
}

const PLAN: &str = "Examples:
  dekey policy rollout plan --pack --scope /subscriptions/ID --from today.tar.zst -o plan.json
  dekey policy rollout plan --initiative set.json --definition a.json --scope /subscriptions/ID --from export/ --rings rings.toml
  dekey policy rollout plan --pack --scope /subscriptions/ID --azure --ring dev=northeurope --ring prod=westeurope,uksouth
  dekey policy rollout plan --pack --scope ID --from today.tar.zst --exempt-for 90d --because 'Moves with release 24.' -o plan.json

A file of rings is TOML: [[rings]] with name = \"dev\" and locations = [\"northeurope\"], or scopes = [\"/subscriptions/ID\"].
Without one, rings are made of the locations in use, the emptiest first.

Exit codes:
  0   planned, and nothing that is there would be refused
  2   the arguments, the policies or the rings cannot be used
  10  planned; once it denies, something that is there could no longer be written as it is
  11  planned, but something could not be judged
  12  the input cannot be read";

const APPLY: &str = "Examples:
  dekey policy rollout apply plan.json --dry-run
  dekey policy rollout apply plan.json                 the next stage, after asking
  dekey policy rollout apply plan.json --from today.tar.zst --approved-by 'Sofia Novak' --yes
  dekey policy rollout apply plan.json --print-permissions

Shows what it is about to send and asks; --yes does not ask. Before each request it looks whether what is there is what
the plan was made for, writes down in the journal what it is about to do, and looks again afterwards. Run it again after
an interruption. A stage that denies needs a fresh inventory (--from or --azure), the plan's gate, and somebody who agreed.
It needs the role Resource Policy Contributor at the scope; --print-permissions says what is just enough.

Exit codes:
  0   the stage is done, or all are
  2   the arguments cannot be used, or nobody could be asked
  10  held back: the gate is not met, or somebody has to agree; nothing was sent
  11  held back: something that decides is not known; or stopped on the way
  12  the plan, the journal or the inventory cannot be used, or Azure refused; what was done is in the journal";

const STATUS: &str = "Examples:
  dekey policy rollout status plan.json
  dekey policy rollout status plan.json --from today.tar.zst     and what holds the next stage back

Exit codes: 0 all stages are done, 10 some are left, 11 the next one is held back by what is not known, 12 the input cannot be read.";

const UNDO: &str = "Examples:
  dekey policy rollout undo plan.json                  everything
  dekey policy rollout undo plan.json --stage deny-prod    that stage and those after it

What was there before comes back, what was made is removed. What others changed since is left alone, and told.
Exit codes: as of apply.";

const DIFF: &str = "Example:
  dekey policy rollout diff plan.json plan-2.json

Exit codes: 0 both do the same, 10 they differ, 12 one of them is no plan.";

/// What is read of the tenant.
#[derive(Debug, Args)]
pub(crate) struct Evidence {
    /// Read a file, folder or snapshot; `-` is the standard input. May be given several times.
    #[arg(long, value_name = "PATH")]
    pub(crate) from: Vec<PathBuf>,
    /// Read the tenant itself.
    #[arg(long)]
    pub(crate) azure: bool,
    /// Where owners are looked up: the settings file [default: the nearest dekey.toml, here or above].
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
    /// Name every resource and request.
    #[arg(long, short = 'a')]
    pub(crate) all: bool,
    /// Print no progress.
    #[arg(long, short = 'q')]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) connection: AzureArgs,
}

/// Arguments of `dekey policy rollout plan`.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// Roll out the policies that dekey brings.
    #[arg(long, required_unless_present_any = ["initiative", "definition", "assign"], conflicts_with_all = ["initiative", "definition", "assign"])]
    pub(crate) pack: bool,
    /// An initiative, as ARM JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) initiative: Option<PathBuf>,
    /// A definition, as ARM JSON; also those that the initiative brings along. May be given several times.
    #[arg(long, value_name = "FILE")]
    pub(crate) definition: Vec<PathBuf>,
    /// The id of a definition or initiative that is there already, and was read.
    #[arg(long, value_name = "ID", conflicts_with_all = ["initiative", "definition"])]
    pub(crate) assign: Option<String>,
    /// Where it is to be in force: a management group, subscription or resource group.
    #[arg(long, value_name = "ID")]
    pub(crate) scope: String,
    /// A file of rings.
    #[arg(long, value_name = "FILE", conflicts_with = "ring")]
    pub(crate) rings: Option<PathBuf>,
    /// A ring, by its name and locations; in order.
    #[arg(long, value_name = "NAME=LOCATION,..", value_parser = ring)]
    pub(crate) ring: Vec<Ring>,
    /// What it is to do in the end.
    #[arg(long, value_enum, default_value_t, value_name = "EFFECT")]
    pub(crate) effect: AimArg,
    /// The value of a parameter, as text or JSON; may be given several times.
    #[arg(long = "parameter", short = 'p', value_name = "NAME=VALUE", value_parser = parameter)]
    pub(crate) parameters: Vec<(String, serde_json::Value)>,
    /// The name of the assignments: letters, digits and `-`, at most 24.
    #[arg(long, value_name = "NAME", default_value = "dekey")]
    pub(crate) name: String,
    /// Their display name [default: that of the policy].
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
    /// What whoever is refused is told.
    #[arg(long, value_name = "TEXT")]
    pub(crate) message: Option<String>,
    /// How many percent of a ring must comply before it is denied there.
    #[arg(long, value_name = "PERCENT", default_value = "95", value_parser = permille)]
    pub(crate) min_rate: u64,
    /// For how many days a ring must have been audited, with no write that would be refused.
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(i64).range(0..=90))]
    pub(crate) days: i64,
    /// Let gates pass although something could not be judged.
    #[arg(long)]
    pub(crate) accept_not_judged: bool,
    /// Excuse for so long what does not comply and has an owner, before it is denied there; such as 90d.
    #[arg(long, value_name = "DAYS", value_parser = days, requires = "because")]
    pub(crate) exempt_for: Option<i64>,
    /// Why it is excused.
    #[arg(long, value_name = "TEXT", requires = "exempt_for")]
    pub(crate) because: Option<String>,
    /// With `--pack`: which managed identity workspaces need [default: as in dekey.toml, or system].
    #[arg(long, value_enum, value_name = "STANDARD", requires = "pack")]
    pub(crate) standard: Option<StandardArg>,
    /// The plan that this one takes the place of.
    #[arg(long, value_name = "FILE")]
    pub(crate) parent: Option<PathBuf>,
    /// The moment for which the plan is made, RFC 3339 or a day [default: now].
    #[arg(long, value_name = "TIME", value_parser = super::access::moment)]
    pub(crate) as_of: Option<jiff::Timestamp>,
    /// The plan to write.
    #[arg(long, short = 'o', value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) evidence: Evidence,
}

/// What policies are to do in the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum AimArg {
    /// Tell, and refuse nothing.
    Audit,
    /// Refuse.
    #[default]
    Deny,
}

/// Arguments of `dekey policy rollout apply`.
#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// The plan.
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,
    /// The stage, by number or name [default: the next one].
    #[arg(long, value_name = "STAGE")]
    pub(crate) stage: Option<String>,
    /// The journal [default: beside the plan].
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
    /// Who agreed to it; kept in the journal.
    #[arg(long, value_name = "NAME")]
    pub(crate) approved_by: Option<String>,
    /// Let the gate pass although something could not be judged.
    #[arg(long)]
    pub(crate) accept_not_judged: bool,
    /// Do not ask.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Show what would be sent, and send nothing.
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Print what whoever carries out the plan must be allowed to do.
    #[arg(long)]
    pub(crate) print_permissions: bool,
    #[command(flatten)]
    pub(crate) evidence: Evidence,
}

/// Arguments of `dekey policy rollout status`.
#[derive(Debug, Args)]
pub(crate) struct RolloutStatusArgs {
    /// The plan.
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,
    /// The journal [default: beside the plan].
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
    /// Let the gate pass although something could not be judged.
    #[arg(long)]
    pub(crate) accept_not_judged: bool,
    #[command(flatten)]
    pub(crate) evidence: Evidence,
}

/// Arguments of `dekey policy rollout undo`.
#[derive(Debug, Args)]
pub(crate) struct UndoArgs {
    /// The plan.
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,
    /// Down to and with this stage, by number or name [default: all stages].
    #[arg(long, value_name = "STAGE")]
    pub(crate) stage: Option<String>,
    /// The journal [default: beside the plan].
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
    /// Do not ask.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Show what would be sent, and send nothing.
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Name every request.
    #[arg(long, short = 'a')]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) connection: AzureArgs,
}

/// Arguments of `dekey policy rollout diff`.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The older plan.
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,
    /// The newer one.
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
}

fn ring(text: &str) -> Result<Ring, String> {
    let (name, list) = text.split_once('=').ok_or("write it as dev=northeurope,uksouth")?;
    let locations: Vec<String> = list.split(',').map(|own| own.trim().to_owned()).collect();
    if name.trim().is_empty() || locations.iter().any(String::is_empty) {
        return Err("write it as dev=northeurope,uksouth".to_owned());
    }
    Ok(Ring { name: name.trim().to_owned(), locations, scopes: Vec::new() })
}

/// A value is JSON where it is some, and a text where it is none.
fn parameter(text: &str) -> Result<(String, serde_json::Value), String> {
    let (name, value) =
        text.split_once('=').filter(|own| !own.0.is_empty()).ok_or("write it as name=value")?;
    Ok((name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| value.into())))
}

fn days(text: &str) -> Result<i64, String> {
    let number = text.strip_suffix('d').unwrap_or(text).parse().ok();
    number
        .filter(|own| (1..=dekey_plan::lint::MOST_DAYS).contains(own))
        .ok_or_else(|| format!("write it as 90d; at most {} days", dekey_plan::lint::MOST_DAYS))
}

/// Percent with at most one place, in thousandths.
fn permille(text: &str) -> Result<u64, String> {
    let wrong = || "write it as 95 or 99.5".to_owned();
    let (whole, tenth) = text.split_once('.').unwrap_or((text, "0"));
    let (whole, tenth): (u64, u64) =
        (whole.parse().map_err(|_| wrong())?, tenth.parse().map_err(|_| wrong())?);
    if tenth > 9 || whole * 10 + tenth > 1000 {
        return Err(wrong());
    }
    Ok(whole * 10 + tenth)
}
