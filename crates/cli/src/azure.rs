//! From arguments to a client that is signed in.

use crate::args::AzureArgs;
use crate::exit::Error;
use dekey_azure::sign_in::{Method, SignIn, VARIABLES, Wishes};
use dekey_azure::{Client, Cloud, HttpClient, Limits, Observer, Tried};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A way to Azure, not used yet.
pub(crate) struct Connection {
    pub(crate) cloud: Cloud,
    pub(crate) sign_in: Arc<SignIn>,
    pub(crate) client: Client,
    pub(crate) calls: Arc<Calls>,
}

/// Runs what waits for Azure.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(work)
}

/// Finds the cloud, and prepares to sign in.
pub(crate) async fn connect(args: &AzureArgs) -> Result<Connection, Error> {
    let authorities = args.ca_file.as_deref().map(read).transpose()?;
    let transport = dekey_azure::network(authorities.as_deref()).map_err(Error::Usage)?;
    let cloud = cloud(&args.cloud, &transport).await?;
    let variables = VARIABLES.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)));
    let mut wishes = Wishes {
        tenant: args.tenant.clone(),
        method: args.sign_in,
        allow_client_secret: args.allow_client_secret,
        variables: variables.collect(),
        certificate: None,
    };
    // Whoever wants to sign in another way does not need the file.
    let by_certificate = args.sign_in.is_none_or(|method| method == Method::Certificate);
    let path = wishes.variables.get("AZURE_CLIENT_CERTIFICATE_PATH").filter(|_| by_certificate);
    if let Some(path) = path {
        wishes.certificate = Some(Arc::from(read(Path::new(path))?));
    }
    let sign_in = Arc::new(SignIn::new(&wishes, &cloud, &transport));
    let calls = Arc::new(Calls { aloud: args.verbose, ..Calls::default() });
    let observer: Arc<dyn Observer> = calls.clone();
    let client =
        Client::new(cloud.clone(), &sign_in.as_credential(), &transport, Limits::default(), Some(observer));
    Ok(Connection { cloud, sign_in, client, calls })
}

/// The cloud by its name, by the address of its Resource Manager, or as a file describes it.
async fn cloud(name: &str, transport: &Arc<dyn HttpClient>) -> Result<Cloud, Error> {
    if Path::new(name).extension().is_none_or(|own| own != "toml") || name.contains("://") {
        let is_known = !name.contains("://");
        let found = Cloud::find(name, transport).await;
        return found.map_err(if is_known { Error::Usage } else { Error::Azure });
    }
    let text = std::fs::read_to_string(name).map_err(Error::file(name))?;
    Cloud::of_toml(&text).map_err(|error| Error::Settings { path: name.into(), error: error.to_string() })
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(Error::file(path))
}

/// Counts the calls; says each, without the values of its query, when asked to.
#[derive(Default)]
pub(crate) struct Calls {
    aloud: bool,
    all: AtomicU64,
    throttled: AtomicU64,
}

impl std::fmt::Display for Calls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (all, throttled) = (self.all.load(Ordering::Relaxed), self.throttled.load(Ordering::Relaxed));
        write!(f, "{all} call{} to Azure", if all == 1 { "" } else { "s" })?;
        if throttled == 0 { Ok(()) } else { write!(f, ", of which it throttled {throttled}") }
    }
}

impl Observer for Calls {
    fn tried(&self, tried: Tried<'_>) {
        self.all.fetch_add(1, Ordering::Relaxed);
        self.throttled.fetch_add(u64::from(tried.status == Some(429)), Ordering::Relaxed);
        if !self.aloud {
            return;
        }
        let status = tried.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        let left = tried.left.map(|left| format!(", {left} left")).unwrap_or_default();
        let host = tried.url.host_str().unwrap_or("?");
        let path = tried.url.path();
        let took = tried.took.as_millis();
        crate::output::tell(&format!(
            "{} {host}{path}: {status} in {took} ms, try {}{left}",
            tried.method, tried.tries
        ));
    }
}

/// A client of an Azure in this process, signed in by the managed identity that it serves.
pub(crate) fn in_process(transport: dekey_sim::InProcess) -> Result<Client, Error> {
    let cloud = Cloud::public().map_err(|error| Error::Usage(error.to_string()))?;
    let wishes = Wishes { method: Some(Method::ManagedIdentity), ..Wishes::default() };
    let transport = dekey_azure::shared(transport);
    let sign_in = Arc::new(SignIn::new(&wishes, &cloud, &transport));
    Ok(Client::new(cloud, &sign_in.as_credential(), &transport, Limits::default(), None))
}
