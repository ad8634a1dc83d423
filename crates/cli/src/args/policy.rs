//! Arguments of `dekey policy`.

use clap::{Args, Subcommand, ValueEnum};
use dekey_rules::IdentityStandard;
use std::path::PathBuf;

/// What to do with Azure Policy.
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// List the policies that dekey brings, or write them as JSON, Bicep or Terraform.
    #[command(after_help = PACK)]
    Pack(Box<PackArgs>),
    /// Bring policies into force ring by ring, behind gates, and take them back.
    #[command(subcommand)]
    Rollout(super::rollout::RolloutCommand),
}

const PACK: &str = "Examples:
  dekey policy pack                                    what there is, and what each looks at
  dekey policy pack --format bicep -o policies/
  dekey policy pack --format terraform --standard both > dekey.tf
  dekey policy pack --format json --scope /providers/Microsoft.Management/managementGroups/mg-ml -o policies/

Nothing is enforced by this: a definition does nothing until it is assigned, and each starts as Audit.
Exit codes: 0 written, 2 the arguments or the settings cannot be used.";

/// Arguments of `dekey policy pack`.
#[derive(Debug, Args)]
pub(crate) struct PackArgs {
    /// Write the policies in this form [default: list them].
    #[arg(long, short = 'f', value_enum, value_name = "FORM")]
    pub(crate) format: Option<PackForm>,
    /// The folder to write [default: the standard output].
    #[arg(long, short = 'o', value_name = "FOLDER", requires = "format")]
    pub(crate) output: Option<PathBuf>,
    /// Where the definitions will live: the id of a management group or subscription.
    #[arg(long, value_name = "ID", value_parser = dekey_pack::Scope::parse)]
    pub(crate) scope: Option<dekey_pack::Scope>,
    /// Which managed identity workspaces need [default: as in dekey.toml, or system].
    #[arg(long, value_enum, value_name = "STANDARD")]
    pub(crate) standard: Option<StandardArg>,
    /// Names of the owner tag, of which a workspace needs one [default: as in dekey.toml].
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) owner_tags: Vec<String>,
    /// Names of the cost-center tag, of which a workspace needs one [default: as in dekey.toml].
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) cost_center_tags: Vec<String>,
    /// The settings file [default: the nearest dekey.toml, here or above].
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
    /// Say of each policy what it looks at and which controls it is evidence for.
    #[arg(long, short = 'a', conflicts_with = "format")]
    pub(crate) all: bool,
}

/// How policies are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PackForm {
    /// ARM resources, a file for each; needs `--scope`.
    Json,
    /// Bicep.
    Bicep,
    /// Terraform, for azurerm 4.39 or later.
    Terraform,
}

/// Which managed identity workspaces need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StandardArg {
    /// A system-assigned one.
    System,
    /// A user-assigned one.
    User,
    /// Any.
    Either,
    /// Both.
    Both,
}

impl From<StandardArg> for IdentityStandard {
    fn from(own: StandardArg) -> Self {
        match own {
            StandardArg::System => IdentityStandard::System,
            StandardArg::User => IdentityStandard::User,
            StandardArg::Either => IdentityStandard::Either,
            StandardArg::Both => IdentityStandard::Both,
        }
    }
}
