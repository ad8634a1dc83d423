//! Arguments. Help, man page and completions are made from here alone.

mod access;
mod guard;
mod policy;

pub(crate) use access::{
    AccessCommand, AccessFormat, AccessInput, AssumeArg, GraphArgs, GraphFormat, MinimiseArgs, NeedsArgs,
    ProfileArg, ShowArgs, WhoArgs,
};
pub(crate) use guard::{EffectArg, GuardInput, PolicyFormat, PolicyFormatArg, SimulateArgs, StatusArgs};

pub(crate) use policy::{ExplainArgs, PackArgs, PackForm, PolicyCommand, TestArgs, TestFormat, TestKind};

use crate::exit::EXIT_CODES;
use crate::output::ColorChoice;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Takes the static keys out of Azure Machine Learning: finds every workspace that lives on keys, and says what to do.
#[derive(Debug, Parser)]
#[command(name = "dekey", version, max_term_width = 110, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Colour the output.
    #[arg(long, value_enum, default_value_t, global = true, value_name = "WHEN")]
    pub(crate) color: ColorChoice,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Audit exports of a tenant and report what still lives on static keys.
    #[command(after_help = AUDIT_EXAMPLES)]
    Audit(Box<AuditArgs>),
    /// Say who can do what, what workspaces lack, and what is too much.
    #[command(subcommand)]
    Access(AccessCommand),
    /// Enforce it with Azure Policy.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Read a tenant and save it as a snapshot.
    #[command(after_help = COLLECT_EXAMPLES)]
    Collect(Box<CollectArgs>),
    /// Collect and audit an invented tenant, without any access to Azure, and leave a report.
    #[command(after_help = "Example:\n  dekey demo --workspaces 500 --output demo/")]
    Demo(DemoArgs),
    /// Say who dekey is to Azure, and how it signs in.
    #[command(subcommand)]
    Auth(AuthCommand),
    /// Make, unpack, compare and check snapshots of a tenant.
    #[command(subcommand)]
    Snapshot(SnapshotCommand),
    /// Run an Azure on loopback to try things on: Resource Manager with the policies that are assigned, Resource Graph, sign-in.
    #[command(after_help = SIM_EXAMPLES)]
    Sim(Box<SimArgs>),
    /// List the rules.
    Rules(RulesArgs),
    /// Print a rule's page: what it finds, why it matters, how it is put right.
    #[command(after_help = "Example:\n  dekey explain storage-shared-key-access")]
    Explain {
        /// The rule's id.
        rule: String,
    },
    /// Print the JSON schema of a format.
    Schema {
        /// Which format.
        #[arg(value_enum)]
        format: SchemaFormat,
    },
    /// Print completions for a shell.
    #[command(after_help = "Example:\n  dekey completions bash > /etc/bash_completion.d/dekey")]
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the man page.
    #[command(hide = true)]
    Man,
}

const AUDIT_EXAMPLES: &str = "Examples:
  dekey audit export/                                  every JSON and YAML file of a folder
  az graph query -q \"resources\" --first 1000 | dekey audit -
  dekey audit tenant.tar.zst --format html=report.html --format sarif=dekey.sarif
  dekey audit export/ --fail-on high --baseline known.json

  dekey audit --azure                                  the tenant you are signed in to

Reads ARM resources and list pages, Resource Graph answers, az and az ml output (JSON or YAML), and
dekey snapshots; whatever a document is, it is recognised by its content.";

const SIM_EXAMPLES: &str = "Examples:
  dekey sim                                            the example tenant, Contoso
  dekey sim --workspaces 1000 --seed 7                 an invented tenant, the same for each seed
  dekey sim --from export/ --role Reader               somebody's export, seen by a reader
  dekey sim --latency 50ms --listen 127.0.0.1:9443
  dekey sim --script requests.txt                      answer these requests, print the answers, and end

A script is plain text: `GET /subscriptions?api-version=2022-12-01`, a body below a request, `advance 10m` to let time pass,
`follow` for the operation or page that the last answer names, `at 2026-11-23T08:00:00Z` to set the time, # for remarks.

Azure Policy is enforced: what an assignment denies is refused with Azure's own error, what it modifies is changed.

It listens on loopback alone, signs its certificate itself, and prints how to point az at it.";

/// Arguments of `dekey sim`.
#[derive(Debug, Args)]
pub(crate) struct SimArgs {
    /// What everything random depends on.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Invent a tenant of so many workspaces, with all that belongs to them, in the place of the example.
    #[arg(long, value_name = "N", conflicts_with = "from")]
    pub(crate) workspaces: Option<u64>,
    /// Take the tenant from exports: files, folders, snapshots.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub(crate) from: Vec<PathBuf>,
    /// Where to listen; a loopback address. May be given several times.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8443")]
    pub(crate) listen: Vec<std::net::SocketAddr>,
    /// Where to serve the endpoint for managed identities, which has no TLS.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) identity: Option<std::net::SocketAddr>,
    /// Where to write the certificate of the authority.
    #[arg(long, value_name = "FILE", default_value = "dekey-sim-ca.pem")]
    pub(crate) ca_file: PathBuf,
    /// How long every answer takes, such as 50ms.
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = milliseconds)]
    pub(crate) latency: std::time::Duration,
    /// Let no operation take longer than this, such as 2s; Azure's take up to a minute.
    #[arg(long, value_name = "TIME", value_parser = milliseconds)]
    pub(crate) operation_time: Option<std::time::Duration>,
    /// Limit requests as Azure does, or not at all.
    #[arg(long, value_enum, default_value_t, value_name = "LIMITS")]
    pub(crate) throttle: ThrottleArg,
    /// A plan of faults, a line each: `at request 17: 429 storm of 5`, `every 10 requests of /datastores: reset`.
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
    /// What the caller may do: a built-in role, and where (`Owner@/` when none is given).
    #[arg(long = "role", value_name = "ROLE[@SCOPE]")]
    pub(crate) roles: Vec<String>,
    /// Let the key of this certificate sign in for the caller, in the place of the printed secret.
    #[arg(long, value_name = "PEM")]
    pub(crate) certificate: Option<PathBuf>,
    /// Answer the requests of a script in place of listening.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["listen", "identity", "ca_file", "latency"])]
    pub(crate) script: Option<PathBuf>,
    /// Let role assignments take up to 15 minutes and Resource Graph a minute, as Azure does.
    #[arg(long)]
    pub(crate) lag: bool,
}

/// How requests are limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ThrottleArg {
    /// As Azure does.
    Azure,
    /// Not at all.
    #[default]
    Off,
}

fn milliseconds(text: &str) -> Result<std::time::Duration, String> {
    let wrong = || "write it as 50ms or 2s".to_owned();
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1),
        None => (text.strip_suffix('s').ok_or_else(wrong)?, 1000),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    Ok(std::time::Duration::from_millis(number.checked_mul(unit).ok_or_else(wrong)?))
}

const AUTH_EXAMPLES: &str = "Tries, in this order, and stays with the first that works:
  workload-identity     AZURE_FEDERATED_TOKEN_FILE, AZURE_CLIENT_ID and AZURE_TENANT_ID are set
  azure-pipelines       SYSTEM_OIDCREQUESTURI, SYSTEM_ACCESSTOKEN and AZURESUBSCRIPTION_* are set
  certificate           AZURE_CLIENT_CERTIFICATE_PATH (PEM, with its RSA key), AZURE_CLIENT_ID and AZURE_TENANT_ID are set
  managed-identity      the machine, app or container has one; AZURE_CLIENT_ID chooses among several
  azure-cli             az login
  azure-developer-cli   azd auth login
  client-secret         AZURE_CLIENT_SECRET, and only with --allow-client-secret
A place that is set up for one of the first three, or for a managed identity by IDENTITY_ENDPOINT, uses that or nothing.

Exit codes:
  0   signed in
  2   the arguments cannot be used
  12  not signed in, or a file or the cloud cannot be read

Examples:
  dekey auth status --cloud AzureUSGovernment
  dekey auth status --cloud https://localhost:8443 --ca-file sim-ca.pem --sign-in managed-identity";

/// Arguments of `dekey audit`.
#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// Files, folders, snapshots; `-` is the standard input.
    #[arg(required_unless_present = "azure", value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Read the tenant itself. `dekey collect` does the same and keeps what it read.
    #[arg(long)]
    pub(crate) azure: bool,
    #[command(flatten)]
    pub(crate) connection: AzureArgs,
    /// Write a format, to a file or to the standard output; may be given several times.
    #[arg(long = "format", short = 'f', value_name = "FORMAT[=FILE]", value_parser = FormatArg::parse)]
    pub(crate) formats: Vec<FormatArg>,
    /// The settings file [default: the nearest dekey.toml, here or above].
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
    /// Report only findings that are not in this baseline.
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write the findings as a baseline.
    #[arg(long, value_name = "FILE")]
    pub(crate) write_baseline: Option<PathBuf>,
    /// The least severity that counts as failure: critical, high, medium, low, info, or none.
    #[arg(long, default_value = "low", value_name = "SEVERITY")]
    pub(crate) fail_on: FailOn,
    /// Exit with 0 although something could not be judged.
    #[arg(long)]
    pub(crate) accept_not_judged: bool,
    /// Show every workspace and finding on the terminal.
    #[arg(long, short = 'a')]
    pub(crate) all: bool,
    /// Print nothing but errors and the formats that go to the standard output.
    #[arg(long, short = 'q')]
    pub(crate) quiet: bool,
    /// The day of the audit, for ages and expiries [default: today, UTC].
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) as_of: Option<jiff::civil::Date>,
}

/// Arguments of `dekey demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// The folder for the snapshot and the report.
    #[arg(long, short = 'o', value_name = "FOLDER", default_value = "dekey-demo")]
    pub(crate) output: PathBuf,
    /// Invent a tenant of so many workspaces in the place of the example.
    #[arg(long, value_name = "N")]
    pub(crate) workspaces: Option<u64>,
    /// What everything random depends on.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
}

const COLLECT_EXAMPLES: &str = "Examples:
  dekey collect --preflight                            what is missing, before anything is read
  dekey collect -o november.tar.zst                    every subscription you can see
  dekey collect -o prod.tar.zst --subscription 85c204e5-9355-4eb0-b260-a78d8ab373f9
  dekey collect -o november.tar.zst --resume           go on after an interruption
  dekey collect -o today.tar.zst --since november.tar.zst   read again only what changed, for up to 14 days
  dekey collect --print-permissions az                 the least role that collects everything

Reads only, and asks for nothing that returns a key. Signs in like dekey auth status says.
Exit codes: 0 everything was read, 11 something could not be read, 12 nothing could.";

/// Arguments of `dekey collect`.
#[derive(Debug, Args)]
pub(crate) struct CollectArgs {
    /// The snapshot to write: an archive (`.tar.zst`), or lines (`.jsonl.zst`, `.jsonl`).
    #[arg(long, short = 'o', value_name = "FILE", required_unless_present_any = ["preflight", "print_permissions"])]
    pub(crate) output: Option<PathBuf>,
    /// Go on where an earlier run into the same file ended.
    #[arg(long)]
    pub(crate) resume: bool,
    /// Ask what changed since this snapshot, take over what did not, and read the rest.
    #[arg(long, value_name = "SNAPSHOT")]
    pub(crate) since: Option<PathBuf>,
    /// Read the activity log of so many days as well, up to 90: who wrote what, for `dekey policy simulate`.
    #[arg(long, value_name = "DAYS", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=90))]
    pub(crate) activity_days: u16,
    /// Read what Policy Insights says as well, for `dekey policy status`.
    #[arg(long)]
    pub(crate) policy_states: bool,
    /// Say which permissions are missing and what will stay unjudged without them, and read nothing else.
    #[arg(long, conflicts_with = "print_permissions")]
    pub(crate) preflight: bool,
    /// Print the permissions that collecting needs: a custom role, and permissions of Microsoft Graph.
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) print_permissions: Option<PermissionsFormat>,
    /// Print nothing but errors.
    #[arg(long, short = 'q')]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) connection: AzureArgs,
}

/// How permissions are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PermissionsFormat {
    /// A role definition.
    Json,
    /// A Bicep file for a management group.
    Bicep,
    /// Commands of the Azure CLI.
    Az,
}

/// Which Azure, as whom, and how much of it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Azure")]
pub(crate) struct AzureArgs {
    /// A subscription to read; may be given several times [default: all you can see].
    #[arg(long = "subscription", value_name = "ID")]
    pub(crate) subscriptions: Vec<String>,
    /// A management group to read with all its subscriptions; may be given several times.
    #[arg(long = "management-group", value_name = "ID")]
    pub(crate) management_groups: Vec<String>,
    /// `AzureCloud`, `AzureUSGovernment`, `AzureChinaCloud`, the https address of a Resource Manager, or a `.toml` file with a `[cloud]`.
    #[arg(long, default_value = "AzureCloud", value_name = "CLOUD", env = "DEKEY_CLOUD")]
    pub(crate) cloud: String,
    /// The tenant, when you have several.
    #[arg(long, value_name = "ID")]
    pub(crate) tenant: Option<String>,
    /// The one way to sign in [default: the first that works, see dekey auth status].
    #[arg(long, value_name = "METHOD", value_parser = sign_in_method)]
    pub(crate) sign_in: Option<dekey_azure::sign_in::Method>,
    /// Let AZURE_CLIENT_SECRET sign in, although it is a static key.
    #[arg(long)]
    pub(crate) allow_client_secret: bool,
    /// Certificates to trust besides those of the system, as PEM.
    #[arg(long, value_name = "FILE", env = "DEKEY_CA_FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Say every call to Azure on the standard error.
    #[arg(long, short = 'v')]
    pub(crate) verbose: bool,
}

fn sign_in_method(text: &str) -> Result<dekey_azure::sign_in::Method, String> {
    let methods = dekey_azure::sign_in::METHODS;
    let found = methods.iter().find(|row| row.1.eq_ignore_ascii_case(text));
    found.map(|row| row.0).ok_or_else(|| {
        let known: Vec<&str> = methods.iter().map(|row| row.1).collect();
        format!("no such way to sign in; use {}", known.join(", "))
    })
}

/// What to do with the sign-in.
#[derive(Debug, Subcommand)]
pub(crate) enum AuthCommand {
    /// Sign in, and say who that is, how, and until when.
    #[command(after_help = AUTH_EXAMPLES)]
    Status {
        #[command(flatten)]
        connection: AzureArgs,
        /// How to print it.
        #[arg(long, short = 'f', value_enum, default_value_t)]
        format: RulesFormat,
    },
}

/// A severity, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FailOn(pub(crate) Option<dekey_model::Severity>);

impl std::str::FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("none") {
            return Ok(FailOn(None));
        }
        let severity = dekey_model::Severity::parse(text);
        severity
            .map(|s| FailOn(Some(s)))
            .ok_or_else(|| "use critical, high, medium, low, info or none".to_owned())
    }
}

/// An output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people, on a terminal.
    Terminal,
    /// JSON, version 1.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// JUnit XML.
    Junit,
    /// CSV.
    Csv,
    /// Markdown.
    Markdown,
    /// GitHub annotations.
    Github,
    /// One self-contained HTML page.
    Html,
}

/// A format and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FormatArg {
    pub(crate) format: Format,
    pub(crate) file: Option<PathBuf>,
}

impl FormatArg {
    fn parse(text: &str) -> Result<Self, String> {
        let (name, file) = match text.split_once('=') {
            Some((name, file)) if !file.is_empty() => (name, Some(PathBuf::from(file))),
            Some((_, _)) => return Err("the file name after `=` is empty".to_owned()),
            None => (text, None),
        };
        let format = Format::from_str(name, true).map_err(|_| {
            let known: Vec<String> = Format::value_variants()
                .iter()
                .filter_map(ValueEnum::to_possible_value)
                .map(|v| v.get_name().to_owned())
                .collect();
            format!("no such format; use {}", known.join(", "))
        })?;
        Ok(Self { format, file })
    }
}

/// Arguments of `dekey rules`.
#[derive(Debug, Args)]
pub(crate) struct RulesArgs {
    /// How to list them.
    #[arg(long, short = 'f', value_enum, default_value_t)]
    pub(crate) format: RulesFormat,
}

/// How rules are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum RulesFormat {
    /// A table for people.
    #[default]
    Text,
    /// JSON.
    Json,
}

/// A format with a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaFormat {
    /// The JSON output of `dekey audit`.
    Audit,
    /// The JSON output of `dekey access`.
    Access,
    /// The JSON output of `dekey policy simulate` and `dekey policy status`.
    Policy,
    /// `dekey.toml`.
    Settings,
    /// Files of tests, as `dekey policy test` reads them.
    PolicyTest,
}

/// What to do with snapshots.
#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotCommand {
    /// Make a snapshot of exports: one resource a line, secrets masked, with a manifest.
    #[command(after_help = "Example:\n  dekey snapshot pack export/ --output tenant.tar.zst")]
    Pack {
        /// Files, folders, snapshots; `-` is the standard input.
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// The snapshot to write: an archive (`.tar.zst`), or lines (`.jsonl.zst`, `.jsonl`).
        #[arg(long, short = 'o', value_name = "FILE")]
        output: PathBuf,
        /// When the exports were made, RFC 3339; the newest of several snapshots of a resource wins.
        #[arg(long, value_name = "TIME")]
        taken_at: Option<jiff::Timestamp>,
    },
    /// Unpack a snapshot into a folder: `manifest.json` and `resources.jsonl`.
    Unpack {
        /// The snapshot.
        archive: PathBuf,
        /// The folder to write.
        #[arg(long, short = 'o', value_name = "FOLDER")]
        output: PathBuf,
    },
    /// Say in words what changed between two snapshots or exports. Exits with 10 when something did.
    Diff {
        /// The older one.
        old: PathBuf,
        /// The newer one.
        new: PathBuf,
        /// How to print the changes.
        #[arg(long, short = 'f', value_enum, default_value_t)]
        format: RulesFormat,
    },
    /// Check a snapshot against its manifest: hash, number of resources, readability.
    Verify {
        /// The archive or folder.
        snapshot: PathBuf,
    },
}
