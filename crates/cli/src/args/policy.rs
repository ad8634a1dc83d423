//! Arguments of `dekey policy`.

use super::guard::{SIMULATE, STATUS, SimulateArgs, StatusArgs};
use clap::{Args, Subcommand, ValueEnum};
use dekey_rules::IdentityStandard;
use std::path::PathBuf;

/// What to do with Azure Policy.
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// List the policies that dekey brings, or write them as JSON, Bicep or Terraform.
    #[command(after_help = PACK)]
    Pack(Box<PackArgs>),
    /// Say what policies make of every resource of an inventory, and what they would stop.
    #[command(after_help = SIMULATE)]
    Simulate(Box<SimulateArgs>),
    /// Say which rules are enforced, audited, exempt or left out in which scope, beside what Azure says.
    #[command(after_help = STATUS)]
    Status(Box<StatusArgs>),
    /// Run tests of policies, your own or anybody's, without Azure.
    #[command(after_help = TEST)]
    Test(Box<TestArgs>),
    /// Say in plain words what a definition or initiative looks at, when it fires, and what it does.
    #[command(after_help = EXPLAIN)]
    Explain(Box<ExplainArgs>),
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

const TEST: &str = "Examples:
  dekey policy test policies/                          every file of tests in a folder and below
  dekey policy test policies/ --format junit=report.xml
  dekey policy test policies/keys.test.yaml --watch    again whenever a file changes
  dekey schema policy-test > policy-test.json          the format, for editors

A file of tests is YAML with cases:

  definition: keys.json          # or initiative: .., with the files of its definitions: [..]
  parameters: { effect: Deny }
  cases:
    - name: an account that takes its keys
      resource: { type: Microsoft.Storage/storageAccounts, name: st, location: westeurope,
                  properties: { allowSharedKeyAccess: true } }
      expect: deny
      reason: allowSharedKeyAccess

What a policy asks for and nobody gave (an alias, related resources, a caller) is not judged, and never a pass.
Exit codes: 0 all passed, 10 some failed, 11 none failed but some were not judged, 12 a file cannot be run.";

/// Arguments of `dekey policy test`.
#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// Files of tests, and folders that hold some.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Write a format, to a file or to the standard output: terminal, junit, json.
    #[arg(long = "format", short = 'f', value_name = "FORMAT[=FILE]", value_parser = TestFormat::parse)]
    pub(crate) formats: Vec<TestFormat>,
    /// Run again whenever a file changes, until interrupted.
    #[arg(long)]
    pub(crate) watch: bool,
    /// Show every case and condition.
    #[arg(long, short = 'a')]
    pub(crate) all: bool,
    /// Exit with 0 although something could not be judged.
    #[arg(long)]
    pub(crate) accept_not_judged: bool,
}

/// How results of tests are written, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TestFormat {
    pub(crate) kind: TestKind,
    pub(crate) file: Option<PathBuf>,
}

/// How results of tests are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TestKind {
    /// For people.
    Terminal,
    /// JUnit XML.
    Junit,
    /// JSON, version 1.
    Json,
}

impl TestFormat {
    fn parse(text: &str) -> Result<Self, String> {
        let (name, file) = match text.split_once('=') {
            Some((_, "")) => return Err("the file name after `=` is empty".to_owned()),
            Some((name, file)) => (name, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let kind = match name.to_ascii_lowercase().as_str() {
            "terminal" => TestKind::Terminal,
            "junit" => TestKind::Junit,
            "json" => TestKind::Json,
            _ => return Err("no such format; use terminal, junit, json".to_owned()),
        };
        Ok(Self { kind, file })
    }
}

const EXPLAIN: &str = "Examples:
  dekey policy explain policies/keys.json
  dekey policy explain storage-shared-key-access       a policy that dekey brings, by its rule
  dekey policy explain dekey                           the initiative that dekey brings
  dekey policy explain /subscriptions/<id>/providers/Microsoft.Authorization/policyDefinitions/keys --from export/
  az policy definition show --name 12d4fa5e-1f9f-4c21-97a9-b99b3c6611b5 | dekey policy explain -

Exit codes: 0 told, 2 there is no such policy, 12 it cannot be read.";

/// Arguments of `dekey policy explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// A file (`-` is the standard input), the id of a rule, or with --from the id or name of a definition or initiative.
    #[arg(value_name = "FILE|ID")]
    pub(crate) what: String,
    /// Exports or a snapshot of the tenant to look in.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub(crate) from: Vec<PathBuf>,
    /// How to print it.
    #[arg(long, short = 'f', value_enum, default_value_t)]
    pub(crate) format: super::RulesFormat,
    /// Tell every policy and group of an initiative.
    #[arg(long, short = 'a')]
    pub(crate) all: bool,
}
