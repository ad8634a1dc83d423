//! Arguments of `dekey access`.

use super::AzureArgs;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// What is asked about access.
#[derive(Debug, Subcommand)]
pub(crate) enum AccessCommand {
    /// Show what a principal, or what a workspace acts as, can do, and through what.
    #[command(after_help = SHOW)]
    Show(Box<ShowArgs>),
    /// Show everyone who can do something to a resource, through groups and through keys as well.
    #[command(after_help = WHO)]
    Who(Box<WhoArgs>),
    /// Hold what workspaces need of their dependents against what their identities have: missing, held, excess.
    #[command(after_help = NEEDS)]
    Needs(Box<NeedsArgs>),
    /// Find the least assignments that suffice for a workspace and what runs in it, and say why there is nothing less.
    #[command(after_help = MINIMISE)]
    Minimise(Box<MinimiseArgs>),
    /// Draw a workspace: who acts, through which role, where; and who gets at the keys.
    #[command(after_help = GRAPH)]
    Graph(Box<GraphArgs>),
}

const SHOW: &str = "Examples:
  dekey access show mlw-fraud-prod --from export/
  dekey access show mlw-fraud-prod --on stfraudprod --from export/ --all
  dekey access show mlw-fraud-prod --on stfraudprod --action blobs/write --why-not --from export/
  dekey access show 68f7c167-429c-4f1a-8b5e-d586a76ca744 --azure

Exit codes with --action: 0 allowed, 10 denied, 11 not known or under a condition; 12 the input cannot be read.";

const WHO: &str = "Examples:
  dekey access who stfraudprod --action listKeys --from export/
  dekey access who kv-fraud-prod --action getSecret --from export/ --format json
  dekey access who stfraudprod --action Microsoft.Storage/storageAccounts/listKeys/action --azure

Exit codes: 0 everyone is told, 11 others may be able to, or some only might; 12 the input cannot be read.";

const NEEDS: &str = "Examples:
  dekey access needs mlw-fraud-prod --from export/
  dekey access needs --all --from export/ --format json > needs.json
  dekey access needs mlw-fraud-prod --writes claims_photos --from export/ --assume all
  dekey access needs mlw-fraud-prod --profile hardened --from export/

What the service grants by itself is told and does not count as excess, nor does the documented role for what is needed.
Exit codes: 0 nothing is missing or too much, 10 something is, 11 something is not known; 12 the input cannot be read.";

const MINIMISE: &str = "Examples:
  dekey access minimise mlw-fraud-prod --from export/
  dekey access minimise mlw-fraud-prod --writes claims_photos --from export/ --format json

Exit codes: 0 proven, 11 something that decides was not read; 12 the input cannot be read.";

const GRAPH: &str = "Examples:
  dekey access graph mlw-fraud-prod --from export/ --format svg > fraud.svg
  dekey access graph mlw-fraud-prod --from export/ --format dot | dot -Tpng > fraud.png";

/// What is read, and how it is taken.
#[derive(Debug, Args)]
pub(crate) struct AccessInput {
    /// Read a file, folder or snapshot; `-` is the standard input. May be given several times.
    #[arg(long, required_unless_present = "azure", value_name = "PATH")]
    pub(crate) from: Vec<PathBuf>,
    /// Read the tenant itself.
    #[arg(long)]
    pub(crate) azure: bool,
    /// What is taken for read although no document says so; separate several by commas. Unless `none` is said, deny assignments
    /// are, and so are management groups where no role assignment of one was read: as in `dekey audit`.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "LIST")]
    pub(crate) assume: Vec<AssumeArg>,
    /// The moment for which the answer holds, RFC 3339 or a day [default: now].
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) as_of: Option<jiff::Timestamp>,
    /// Print no progress.
    #[arg(long, short = 'q')]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) connection: AzureArgs,
}

/// A list that may be taken for read. What was refused, or read in part, is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AssumeArg {
    /// Role assignments.
    Assignments,
    /// Deny assignments, which Azure makes for a few services only.
    Denials,
    /// Groups and who is in them.
    Groups,
    /// The management groups above subscriptions.
    Ancestors,
    /// All of these.
    All,
    /// Nothing.
    None,
}

pub(super) fn moment(text: &str) -> Result<jiff::Timestamp, String> {
    let day = || text.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    let parsed = text.parse().ok().or_else(|| day().map(|own| own.timestamp()));
    parsed.ok_or_else(|| "write it as 2026-11-23 or 2026-11-23T08:00:00Z".to_owned())
}

/// How answers are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum AccessFormat {
    /// For people, on a terminal.
    #[default]
    Terminal,
    /// JSON, version 1: `dekey schema access`.
    Json,
}

/// How graphs are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// Graphviz.
    #[default]
    Dot,
    /// Mermaid.
    Mermaid,
    /// An image.
    Svg,
    /// JSON, version 1.
    Json,
}

/// An action.
#[derive(Debug, Args)]
pub(crate) struct ActionArgs {
    /// The action, or the end of its name: `listKeys`, `blobs/write`.
    #[arg(long, value_name = "ACTION")]
    pub(crate) action: Option<String>,
}

/// Arguments of `dekey access show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// A workspace, compute, endpoint, identity, person or group: id, name, or object id.
    #[arg(value_name = "PRINCIPAL|WORKSPACE")]
    pub(crate) who: String,
    /// Only what reaches this resource, group or subscription: id or name.
    #[arg(long, value_name = "RESOURCE")]
    pub(crate) on: Option<String>,
    #[command(flatten)]
    pub(crate) action: ActionArgs,
    /// With every assignment's id and pattern.
    #[arg(long, requires = "on")]
    pub(crate) why: bool,
    /// Why the action is not permitted, and which roles would permit it.
    #[arg(long, requires_all = ["on", "action"])]
    pub(crate) why_not: bool,
    /// List every action.
    #[arg(long, short = 'a')]
    pub(crate) all: bool,
    /// How to print the answer.
    #[arg(long, short = 'f', value_enum, default_value_t)]
    pub(crate) format: AccessFormat,
    #[command(flatten)]
    pub(crate) input: AccessInput,
}

/// Arguments of `dekey access who`.
#[derive(Debug, Args)]
pub(crate) struct WhoArgs {
    /// The resource, group or subscription: id or name.
    pub(crate) resource: String,
    /// The action, or the end of its name: `listKeys`, `blobs/write`.
    #[arg(long, value_name = "ACTION")]
    pub(crate) action: String,
    /// With every assignment's id and pattern.
    #[arg(long)]
    pub(crate) why: bool,
    /// How to print the answer.
    #[arg(long, short = 'f', value_enum, default_value_t)]
    pub(crate) format: AccessFormat,
    #[command(flatten)]
    pub(crate) input: AccessInput,
}

/// Arguments of `dekey access needs`.
#[derive(Debug, Args)]
pub(crate) struct NeedsArgs {
    /// Workspaces: id or name.
    #[arg(value_name = "WORKSPACE", required_unless_present = "all")]
    pub(crate) workspaces: Vec<String>,
    /// Every workspace.
    #[arg(long, short = 'a', conflicts_with = "workspaces")]
    pub(crate) all: bool,
    /// A datastore that is written; the others are taken for read only. May be given several times.
    #[arg(long, value_name = "DATASTORE")]
    pub(crate) writes: Vec<String>,
    /// Put the identity of each workspace beside a profile as well.
    #[arg(long, value_enum, value_name = "PROFILE")]
    pub(crate) profile: Option<ProfileArg>,
    /// With every action that is too much, what is of the documented role's own making, and the sources of profiles.
    #[arg(long)]
    pub(crate) detail: bool,
    /// How to print the answer.
    #[arg(long, short = 'f', value_enum, default_value_t)]
    pub(crate) format: AccessFormat,
    #[command(flatten)]
    pub(crate) input: AccessInput,
}

/// Which roles an identity has, or should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProfileArg {
    /// What the service grants to a system-assigned identity by itself.
    Default,
    /// What Microsoft documents for a user-assigned identity.
    Documented,
    /// The least that the documented uses take.
    Hardened,
}

/// Arguments of `dekey access minimise`.
#[derive(Debug, Args)]
pub(crate) struct MinimiseArgs {
    /// The workspace: id or name.
    pub(crate) workspace: String,
    /// A datastore that is written; the others are taken for read only. May be given several times.
    #[arg(long, value_name = "DATASTORE")]
    pub(crate) writes: Vec<String>,
    /// Choose among every role of the tenant, those made for other services included.
    #[arg(long)]
    pub(crate) all_roles: bool,
    /// How to print the answer.
    #[arg(long, short = 'f', value_enum, default_value_t)]
    pub(crate) format: AccessFormat,
    #[command(flatten)]
    pub(crate) input: AccessInput,
}

/// Arguments of `dekey access graph`.
#[derive(Debug, Args)]
pub(crate) struct GraphArgs {
    /// The workspace: id or name.
    pub(crate) workspace: String,
    /// A datastore that is written; the others are taken for read only. May be given several times.
    #[arg(long, value_name = "DATASTORE")]
    pub(crate) writes: Vec<String>,
    /// How to print the graph.
    #[arg(long, short = 'f', value_enum, default_value_t)]
    pub(crate) format: GraphFormat,
    #[command(flatten)]
    pub(crate) input: AccessInput,
}
