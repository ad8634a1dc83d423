//! `dekey sim`.

use crate::args::{SimArgs, ThrottleArg};
use crate::exit::{Error, Exit};
use crate::{input, output};
use dekey_intake::Keep;
use dekey_sim::{Azure, Clock, Faults, Options, Script, Server, ServerOptions, Throttle};
use std::io::{IsTerminal, Write};
use std::net::SocketAddr;

/// How far Resource Graph is behind when it is asked to be.
const GRAPH_LAG: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

pub(crate) fn run(args: &SimArgs) -> Result<Exit, Error> {
    let options = options(args)?;
    let mut azure = filled(args, options.clone())?;
    if let Some(path) = &args.script {
        let text = std::fs::read_to_string(path).map_err(Error::file(path))?;
        let script: Script =
            text.parse().map_err(|error| Error::Usage(format!("{}: {error}", path.display())))?;
        let start = args.clock.unwrap_or_else(jiff::Timestamp::now);
        std::io::stdout().lock().write_all(script.run(&mut azure, start).as_bytes())?;
        return Ok(Exit::Clean);
    }
    let resources = azure.resources();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let server = ServerOptions {
            listen: args.listen.clone(),
            identity: args.identity,
            ca_file: args.ca_file.clone(),
            latency: args.latency,
            clock: Clock::new(args.clock.unwrap_or_else(jiff::Timestamp::now), args.speed),
        };
        let server = Server::bind(azure, &server).await.map_err(|error| Error::Usage(error.to_string()))?;
        explain(args, &options, resources, &server)?;
        let azure = server.azure();
        server
            .run(async {
                // Without a way to be told to stop, it runs until it is killed.
                if tokio::signal::ctrl_c().await.is_err() {
                    std::future::pending::<()>().await;
                }
            })
            .await;
        let azure = azure.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        output::tell(&format!("answered {} requests", azure.requests()));
        for (why, times) in azure.not_judged() {
            let why = dekey_report::terminal::plain(why);
            output::tell(&format!("a policy was not judged, {times} times: {why}"));
        }
        Ok(Exit::Clean)
    })
}

fn options(args: &SimArgs) -> Result<Options, Error> {
    let mut grants: Vec<(&str, &str)> =
        args.roles.iter().map(|own| own.split_once('@').unwrap_or((own, "/"))).collect();
    if grants.is_empty() {
        grants.push(("Owner", "/"));
    }
    for (role, scope) in &grants {
        if !scope.starts_with('/') {
            return Err(Error::Usage(format!(
                "{role}@{scope}: a scope starts with a slash, such as /subscriptions/ID"
            )));
        }
        if !dekey_sim::is_role(role) {
            return Err(Error::Usage(format!(
                "{role}: the simulator has no such built-in role; Reader and Owner are two"
            )));
        }
    }
    let mut options = Options::with_roles(args.seed, &grants);
    if let (Some(path), Some((caller, _))) = (&args.certificate, options.callers.first_mut()) {
        let pem = std::fs::read(path).map_err(Error::file(path))?;
        caller.trust(&pem).map_err(|why| Error::Usage(format!("{}: {why}", path.display())))?;
    }
    if !args.graph.is_empty() {
        options.graph = args.graph.iter().filter(|own| !own.eq_ignore_ascii_case("none")).cloned().collect();
    }
    let graph_lag = if args.lag { GRAPH_LAG } else { jiff::SignedDuration::ZERO };
    let throttle = match args.throttle {
        ThrottleArg::Azure => Throttle::Azure,
        ThrottleArg::Off => Throttle::Off,
    };
    let faults = match &args.faults {
        Some(path) => {
            let plan = std::fs::read_to_string(path).map_err(Error::file(path))?;
            plan.parse().map_err(|error| Error::Usage(format!("{}: {error}", path.display())))?
        }
        None => Faults::default(),
    };
    let operation_time = args.operation_time.and_then(|own| jiff::SignedDuration::try_from(own).ok());
    let life = args.token_life.map(|own| own.as_secs()).and_then(|own| i64::try_from(own).ok());
    let token_life = match life {
        Some(0) => return Err(Error::Usage("--token-life: a token lives for a second at least".to_owned())),
        Some(seconds) => seconds,
        None => options.token_life,
    };
    Ok(Options { lag: args.lag, graph_lag, operation_time, token_life, throttle, faults, ..options })
}

fn filled(args: &SimArgs, options: Options) -> Result<Azure, Error> {
    let mut azure = Azure::new(options);
    let filled = match args.workspaces {
        Some(workspaces) => Ok(azure.seed_workspaces(args.seed, workspaces)),
        None if args.from.is_empty() => azure.seed_example(),
        None => azure.seed_inventory(&input::read(&args.from, Keep::Raw, std::io::stderr().is_terminal())?),
    };
    filled.map_err(|error| Error::Input(error.to_string()))?;
    Ok(azure)
}

/// Says where it is and how programs are pointed at it. What it prints is invented; nothing of it opens anything else.
fn explain(args: &SimArgs, options: &Options, resources: usize, server: &Server) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    let addresses = server.addresses();
    let base = addresses.first().map(|own| base_of(*own)).unwrap_or_default();
    let ca = std::path::absolute(&args.ca_file).unwrap_or_else(|_| args.ca_file.clone());
    writeln!(out, "{resources} resources at {base}; Ctrl-C ends it\n")?;
    if let Some((caller, _)) = options.callers.first() {
        writeln!(out, "With the Azure CLI:")?;
        writeln!(out, "  export REQUESTS_CA_BUNDLE={} AZURE_CORE_INSTANCE_DISCOVERY=false", ca.display())?;
        writeln!(out, "  az cloud register -n DekeySim --endpoint-resource-manager {base}")?;
        writeln!(out, "  az cloud set -n DekeySim")?;
        let (app, tenant) = (&caller.app_id, &options.tenant);
        writeln!(out, "  az login --service-principal -u {app} -p {} --tenant {tenant}", caller.secret)?;
    }
    if let Some(identity) = server.identity_address() {
        writeln!(out, "\nAs a managed identity:")?;
        let header = Azure::identity_header();
        writeln!(out, "  export IDENTITY_ENDPOINT=http://{identity}/msi/token IDENTITY_HEADER={header}")?;
    }
    out.flush()?;
    output::tell("listening");
    Ok(())
}

fn base_of(address: SocketAddr) -> String {
    format!("https://{address}")
}
