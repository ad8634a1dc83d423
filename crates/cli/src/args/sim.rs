//! Arguments of `dekey sim`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

pub(super) const EXAMPLES: &str = "Examples:
  dekey sim                                            the example tenant, Contoso
  dekey sim --workspaces 1000 --seed 7                 an invented tenant, the same for each seed
  dekey sim --from export/ --role Reader               somebody's export, seen by a reader
  dekey sim --latency 50ms --listen 127.0.0.1:9443
  dekey sim --lag --speed 60                           a quarter of an hour is over in 15 seconds
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
    /// What time it is there when it starts, RFC 3339 [default: now].
    #[arg(long, value_name = "TIME")]
    pub(crate) clock: Option<jiff::Timestamp>,
    /// Let time pass so many times as fast there: for tokens, operations, limits and lag.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) speed: u32,
    /// Let tokens live for so long, such as 90s [default: an hour].
    #[arg(long, value_name = "TIME", value_parser = milliseconds)]
    pub(crate) token_life: Option<std::time::Duration>,
    /// Limit requests as Azure does, or not at all.
    #[arg(long, value_enum, default_value_t, value_name = "LIMITS")]
    pub(crate) throttle: ThrottleArg,
    /// A plan of faults, a line each: `at request 17: 429 storm of 5`, `every 10 requests of /datastores: reset`.
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
    /// What the caller may do: a built-in role, and where (`Owner@/` when none is given).
    #[arg(long = "role", value_name = "ROLE[@SCOPE]")]
    pub(crate) roles: Vec<String>,
    /// A permission of Microsoft Graph that the caller has, or `none` [default: all that dekey asks for].
    #[arg(long = "graph", value_name = "PERMISSION")]
    pub(crate) graph: Vec<String>,
    /// Let the key of this certificate sign in for the caller, in the place of the printed secret.
    #[arg(long, value_name = "PEM")]
    pub(crate) certificate: Option<PathBuf>,
    /// Answer the requests of a script in place of listening.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["listen", "identity", "ca_file", "latency", "speed"])]
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
