//! Arguments of `dekey policy simulate` and `dekey policy status`.

use super::AzureArgs;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

pub(super) const SIMULATE: &str = "Examples:
  dekey policy simulate export/                        what the tenant has assigned
  dekey policy simulate --effect deny export/          if everything that audits denied
  dekey policy simulate --pack --effect deny export/   if the policies that dekey brings were assigned, as deny
  dekey policy simulate --definition mine.json -p effect=Deny export/ --format html=mine.html
  dekey policy simulate export/ --why mlw-fraud-prod   how one resource came to its verdicts

Recent writes are judged where the export holds an activity log: az monitor activity-log list --offset 14d > export/log.json
Exit codes: 0 nothing is refused or not compliant, 10 something is, 11 something was not judged, 12 input cannot be read.";

pub(super) const STATUS: &str = "Examples:
  dekey policy status export/
  dekey policy status export/ --all --format html=policies.html
  dekey policy status --azure

Azure's own verdicts are compared where the export holds them: az policy state list --all > export/states.json
Exit codes: 0 everything is enforced, 10 something is not, or Azure says otherwise, 11 something was not judged, 12 input cannot be
read.";

/// What is read, and how the answer is printed.
#[derive(Debug, Args)]
pub(crate) struct GuardInput {
    /// Files, folders, snapshots; `-` is the standard input.
    #[arg(required_unless_present = "azure", value_name = "INVENTORY")]
    pub(crate) paths: Vec<PathBuf>,
    /// Read the tenant itself.
    #[arg(long)]
    pub(crate) azure: bool,
    /// Only what lies at or below this management group, subscription, group or resource.
    #[arg(long, value_name = "ID")]
    pub(crate) scope: Option<String>,
    /// A table of aliases: an answer to providers?$expand=resourceTypes/aliases, or any public list; may be given several times.
    /// Those of the types that dekey deals with are built in.
    #[arg(long, value_name = "FILE")]
    pub(crate) aliases: Vec<PathBuf>,
    /// The moment for which the answer holds, RFC 3339 or a day [default: now].
    #[arg(long, value_name = "TIME", value_parser = super::access::moment)]
    pub(crate) as_of: Option<jiff::Timestamp>,
    /// Write a format, to a file or to the standard output; may be given several times.
    #[arg(long = "format", short = 'f', value_name = "FORMAT[=FILE]", value_parser = PolicyFormatArg::parse)]
    pub(crate) formats: Vec<PolicyFormatArg>,
    /// Name every resource on the terminal.
    #[arg(long, short = 'a')]
    pub(crate) all: bool,
    /// The settings file [default: the nearest dekey.toml, here or above].
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
    /// Exit with 0 although something could not be judged.
    #[arg(long)]
    pub(crate) accept_not_judged: bool,
    /// Print nothing but errors and the formats that go to the standard output.
    #[arg(long, short = 'q')]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) connection: AzureArgs,
}

/// Arguments of `dekey policy simulate`.
#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// A definition that is not assigned yet: as it would be everywhere, or in --scope. May be given several times.
    #[arg(long, value_name = "FILE")]
    pub(crate) definition: Vec<PathBuf>,
    /// An initiative that is not assigned yet; its definitions are those of the tenant and of --definition.
    #[arg(long, value_name = "FILE")]
    pub(crate) initiative: Vec<PathBuf>,
    /// An assignment that is not there yet, or in the place of the one with its id.
    #[arg(long, value_name = "FILE")]
    pub(crate) assignment: Vec<PathBuf>,
    /// The policies that dekey brings (dekey policy pack), as if assigned.
    #[arg(long)]
    pub(crate) pack: bool,
    /// Values of parameters: a file as assignments have them, or of plain values.
    #[arg(long, value_name = "FILE")]
    pub(crate) parameters: Option<PathBuf>,
    /// The value of a parameter, as JSON or as text; may be given several times.
    #[arg(short = 'p', value_name = "NAME=VALUE", value_parser = parameter)]
    pub(crate) parameter: Vec<(String, serde_json::Value)>,
    /// The effect in the place of that of policies which can have it: of the new ones, or else of all.
    #[arg(long, value_enum, value_name = "EFFECT")]
    pub(crate) effect: Option<EffectArg>,
    /// Say how a resource came to its verdicts: id or name.
    #[arg(long, value_name = "RESOURCE")]
    pub(crate) why: Option<String>,
    #[command(flatten)]
    pub(crate) input: GuardInput,
}

/// Arguments of `dekey policy status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) input: GuardInput,
}

/// An effect to ask about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EffectArg {
    /// Refuse.
    Deny,
    /// Only tell.
    Audit,
    /// Do nothing.
    Disabled,
}

/// How an answer about policies is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyFormat {
    /// For people, on a terminal.
    Terminal,
    /// JSON, version 1: `dekey schema policy`.
    Json,
    /// A page.
    Html,
    /// SARIF 2.1.0.
    Sarif,
}

/// A format, and the file to write it to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PolicyFormatArg {
    pub(crate) format: PolicyFormat,
    pub(crate) file: Option<PathBuf>,
}

impl PolicyFormatArg {
    fn parse(text: &str) -> Result<Self, String> {
        let (name, file) = match text.split_once('=') {
            Some((_, "")) => return Err("say which file: FORMAT=FILE".to_owned()),
            Some((name, file)) => (name, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let format = PolicyFormat::from_str(name, true)
            .map_err(|_| "no such format; use terminal, json, html, sarif".to_owned())?;
        Ok(Self { format, file })
    }
}

fn parameter(text: &str) -> Result<(String, serde_json::Value), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
    Ok((name.to_owned(), value))
}
