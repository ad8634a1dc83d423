//! An Azure on loopback, over HTTPS with a certificate authority of its own.

use crate::azure::Azure;
use crate::clock::Clock;
use crate::transport::drops;
use crate::wire::{Delivery, Request, Response};
use futures::{StreamExt, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// How an Azure is served.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Where to listen: loopback addresses alone.
    pub listen: Vec<SocketAddr>,
    /// Where the identity endpoints are served without TLS, as Azure does on its machines.
    pub identity: Option<SocketAddr>,
    /// The file that the certificate of the authority is written to.
    pub ca_file: PathBuf,
    /// How long every answer takes.
    pub latency: Duration,
    /// What time it is there.
    pub clock: Clock,
}

/// Why an Azure is not served.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// An address that others can reach.
    #[error(
        "{0} is not a loopback address: the simulator takes any token that it made, so it listens on 127.0.0.1 or [::1] alone"
    )]
    NotLoopback(SocketAddr),
    /// No address was given.
    #[error("no address to listen on was given")]
    NoAddress,
    /// An address that cannot be used.
    #[error("{0}: {1}")]
    Bind(SocketAddr, io::Error),
    /// A file that cannot be written.
    #[error("{0} cannot be written: {1}")]
    Write(PathBuf, io::Error),
    /// No certificate.
    #[error("the certificate could not be made: {0}")]
    Certificate(String),
}

/// An Azure that listens.
#[derive(Debug)]
pub struct Server {
    azure: Arc<Mutex<Azure>>,
    listeners: Vec<TcpListener>,
    identity: Option<TcpListener>,
    tls: Arc<ServerConfig>,
    pace: Pace,
}

/// When it is there, and how long an answer takes.
#[derive(Clone, Copy, Debug)]
struct Pace {
    latency: Duration,
    clock: Clock,
}

/// The largest body that is read.
const MAX_BODY: usize = 16 << 20;

/// How long somebody may take to say hello.
const HANDSHAKE: Duration = Duration::from_secs(10);

impl Server {
    /// Binds every address, makes the certificates and writes the one of the authority.
    pub async fn bind(azure: Azure, options: &ServerOptions) -> Result<Self, ServerError> {
        if options.listen.is_empty() {
            return Err(ServerError::NoAddress);
        }
        let mut listeners = Vec::new();
        for address in &options.listen {
            listeners.push(bind(*address).await?);
        }
        let identity = match options.identity {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        let (authority, tls) = certificates().map_err(|error| ServerError::Certificate(error.to_string()))?;
        std::fs::write(&options.ca_file, authority)
            .map_err(|error| ServerError::Write(options.ca_file.clone(), error))?;
        let azure = Arc::new(Mutex::new(azure));
        let pace = Pace { latency: options.latency, clock: options.clock };
        Ok(Self { azure, listeners, identity, tls: Arc::new(tls), pace })
    }

    /// Where it listens.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().filter_map(|own| own.local_addr().ok()).collect()
    }

    /// Where the identity endpoints are.
    pub fn identity_address(&self) -> Option<SocketAddr> {
        self.identity.as_ref().and_then(|own| own.local_addr().ok())
    }

    /// The Azure that is served.
    pub fn azure(&self) -> Arc<Mutex<Azure>> {
        Arc::clone(&self.azure)
    }

    /// Serves until the future is over.
    pub async fn run(self, until: impl Future<Output = ()>) {
        let mut tasks = tokio::task::JoinSet::new();
        for listener in self.listeners {
            let (azure, tls) = (Arc::clone(&self.azure), Arc::clone(&self.tls));
            tasks.spawn(accept(listener, azure, Some(TlsAcceptor::from(tls)), self.pace));
        }
        if let Some(listener) = self.identity {
            tasks.spawn(accept(listener, Arc::clone(&self.azure), None, self.pace));
        }
        until.await;
        tasks.abort_all();
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, ServerError> {
    if !address.ip().is_loopback() {
        return Err(ServerError::NotLoopback(address));
    }
    TcpListener::bind(address).await.map_err(|error| ServerError::Bind(address, error))
}

/// The certificate of an authority, in PEM, and a configuration with a certificate that it signed.
fn certificates() -> Result<(String, ServerConfig), Box<dyn std::error::Error>> {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages =
        vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    authority.distinguished_name.push(DnType::CommonName, "dekey sim, made at start");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &authority)?;
    let secret = PrivateKeyDer::try_from(key.serialize_der())?;
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], secret)?;
    Ok((authority.pem(), config))
}

async fn accept(listener: TcpListener, azure: Arc<Mutex<Azure>>, tls: Option<TlsAcceptor>, pace: Pace) {
    let local = listener.local_addr().ok();
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Too many open files: others have to go first.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        while connections.try_join_next().is_some() {}
        let _ = stream.set_nodelay(true);
        let (azure, tls) = (Arc::clone(&azure), tls.clone());
        connections.spawn(async move {
            match tls {
                Some(tls) => {
                    if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
                        serve(stream, azure, "https", local, pace).await;
                    }
                }
                None => serve(stream, azure, "http", local, pace).await,
            }
        });
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    azure: Arc<Mutex<Azure>>,
    scheme: &'static str,
    local: Option<SocketAddr>,
    pace: Pace,
) {
    let service = service_fn(move |request| answer(request, Arc::clone(&azure), scheme, local, pace));
    // A connection that breaks is the business of whoever broke it.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

type Sent = hyper::Response<UnsyncBoxBody<Bytes, io::Error>>;

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "closed by the simulator")
}

async fn answer(
    request: hyper::Request<Incoming>,
    azure: Arc<Mutex<Azure>>,
    scheme: &'static str,
    local: Option<SocketAddr>,
    pace: Pace,
) -> Result<Sent, io::Error> {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        return sent(Response::error(413, "RequestContentTooLarge", "The request content is too large."));
    };
    let body = body.to_bytes();
    let headers: Vec<(String, String)> = parts
        .headers
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let host = parts.headers.get(hyper::header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
    let host = host
        .filter(|host| is_loopback(host))
        .or_else(|| local.map(|own| own.to_string()))
        .unwrap_or_default();
    let base = format!("{scheme}://{host}");
    let path = parts.uri.path();
    if scheme == "http" && !["/metadata/identity/", "/msi/"].iter().any(|own| path.starts_with(own)) {
        return sent(Response::error(
            400,
            "HttpsRequired",
            "Only the identity endpoints are served without TLS.",
        ));
    }
    if !pace.latency.is_zero() {
        tokio::time::sleep(pace.latency).await;
    }
    let response = tokio::task::block_in_place(|| {
        let request = Request {
            method: parts.method.as_str(),
            base: &base,
            path,
            query: parts.uri.query().unwrap_or(""),
            headers: &headers,
            body: &body,
            now: pace.clock.now(),
        };
        azure.lock().unwrap_or_else(PoisonError::into_inner).handle(&request)
    });
    sent(response)
}

/// Links lead to where the request came in; a host of somebody else's is not repeated.
fn is_loopback(host: &str) -> bool {
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(host, |(name, _)| name);
    ["localhost", "127.0.0.1", "[::1]"].contains(&name)
}

fn sent(response: Response) -> Result<Sent, io::Error> {
    let Response { status, headers, body, delivery } = response;
    let half = Bytes::copy_from_slice(body.get(..body.len() / 2).unwrap_or_default());
    let whole = body.len();
    let body = match delivery {
        Delivery::Whole => Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed_unsync(),
        Delivery::Reset => return Err(closed()),
        Delivery::Truncated => {
            let parts = stream::iter([Ok(Frame::data(half)), Err(closed())]);
            StreamBody::new(parts).boxed_unsync()
        }
        Delivery::Stalled => {
            let parts = stream::iter([Ok(Frame::data(half))]).chain(stream::pending());
            StreamBody::new(parts).boxed_unsync()
        }
        Delivery::Slow => StreamBody::new(drops(body).map(|byte| Ok(Frame::data(byte)))).boxed_unsync(),
    };
    let mut builder = hyper::Response::builder().status(status);
    for (name, value) in &headers {
        builder = builder.header(&**name, value);
    }
    if delivery != Delivery::Whole {
        builder = builder.header("Content-Length", whole);
    }
    builder.body(body).map_err(io::Error::other)
}
