//! Over real sockets with real TLS, on loopback.

use crate::{Tokens, left_over};
use azure_core::credentials::TokenCredential;
use azure_core::http::{Method, Request};
use dekey_azure::{Client, Cloud, Custom, ErrorKind, Limits, network};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A certificate authority, and a server that it vouches for.
struct Tls {
    authority: String,
    acceptor: TlsAcceptor,
}

fn tls() -> Tls {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).unwrap();
    let issuer = rcgen::Issuer::new(params, key);
    let own = rcgen::KeyPair::generate().unwrap();
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    let leaf = rcgen::CertificateParams::new(names).unwrap().signed_by(&own, &issuer).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.serialize_der()));
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    Tls { authority: authority.pem(), acceptor: TlsAcceptor::from(Arc::new(config)) }
}

/// What the server says to everybody.
const ANSWER: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 13\r\n\r\n{\"value\":[1]}";

/// Serves `answer` to whoever comes; the address.
async fn serve(ip: IpAddr, acceptor: TlsAcceptor, answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind((ip, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // Who does not trust us hangs up.
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut buffer = [0; 4096];
                let mut came = Vec::new();
                while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                    came.extend_from_slice(buffer.get(..read).unwrap());
                    if came.ends_with(b"\r\n\r\n") {
                        came.clear();
                        let _ = stream.write_all(answer.as_bytes()).await;
                        if !answer.ends_with('}') {
                            return;
                        }
                    }
                }
            });
        }
    });
    address
}

fn client(address: &str, authority: Option<&str>) -> Client {
    let transport = network(authority.map(str::as_bytes)).unwrap();
    let own = Custom {
        name: "Loopback".to_owned(),
        authority: address.to_owned(),
        resource_manager: address.to_owned(),
        resource_manager_audience: None,
        microsoft_graph: address.to_owned(),
        log_analytics: None,
        suffixes: None,
    };
    let credential: Arc<dyn TokenCredential> = Arc::new(Tokens::default());
    Client::new(Cloud::custom(&own).unwrap(), &credential, &transport, Limits::default(), None)
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_on_every_loopback() {
    let tls = tls();
    for ip in [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)] {
        let address = serve(ip, tls.acceptor.clone(), ANSWER).await;
        let mut names = vec![format!("https://{address}")];
        if ip.is_ipv4() {
            names.push(format!("https://localhost:{}", address.port()));
        }
        for name in names {
            let client = client(&name, Some(&tls.authority));
            let mut pages = client.list("/subscriptions", "v").unwrap();
            assert_eq!(pages.next().await.unwrap().unwrap().len(), 1, "{name}");
        }
    }
}

#[tokio::test]
async fn an_authority_that_nobody_knows_is_not_trusted_and_not_asked_again() {
    let tls = tls();
    let address = serve(Ipv4Addr::LOCALHOST.into(), tls.acceptor.clone(), ANSWER).await;
    let started = Instant::now();
    let other = self::tls().authority;
    for authority in [None, Some(other.as_str())] {
        let error =
            client(&format!("https://{address}"), authority).get("/subscriptions", "v").await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Transport(_)), "{error}");
        assert!(error.to_string().contains("--ca-file"), "{error}");
    }
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_body_that_breaks_off_on_the_wire_is_noticed() {
    const SHORT: &str = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"value\":[1]";
    let tls = tls();
    let address = serve(Ipv4Addr::LOCALHOST.into(), tls.acceptor.clone(), SHORT).await;
    let error = client(&format!("https://{address}"), Some(&tls.authority)).get("/x", "v").await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Protocol(_)), "{error}");
}

#[tokio::test]
async fn nothing_is_sent_in_the_clear_beyond_this_machine() {
    let transport = network(None).unwrap();
    let request =
        Request::new("http://management.azure.com/metadata/endpoints".parse().unwrap(), Method::Get);
    let error = transport.execute_request(&request).await.unwrap_err();
    assert!(error.to_string().contains("https only"), "{error}");
}

/// Tells a child of this test what to do.
const CHILD: &str = "DEKEY_TEST_OF_PROXIES";

/// Proxies are read from the environment, which a test cannot change for itself: it starts itself again.
#[tokio::test]
async fn proxies_are_asked_for_what_is_far_and_never_for_loopback() {
    if let Ok(far) = std::env::var(CHILD) {
        return as_child(&far).await;
    }
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    for (far, no_proxy, expected) in
        [("no", "", false), ("yes", "", true), ("yes", "other.example,.invalid", false)]
    {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "wire::proxies_are_asked_for_what_is_far_and_never_for_loopback"])
            .env(CHILD, far)
            .envs([("HTTPS_PROXY", address.as_str()), ("ALL_PROXY", &address), ("NO_PROXY", no_proxy)])
            .env_remove("https_proxy")
            .env_remove("no_proxy")
            .output()
            .unwrap();
        assert!(child.status.success(), "{}", left_over(&child));
        assert_eq!(proxy.accept().is_ok(), expected, "far: {far}, NO_PROXY={no_proxy}");
        while proxy.accept().is_ok() {}
    }
}

async fn as_child(far: &str) {
    if far == "yes" {
        // The proxy says nothing, so nothing comes of it; what counts is that it is asked.
        let transport = network(None).unwrap();
        let request = Request::new("https://management.invalid/".parse().unwrap(), Method::Get);
        let _ = tokio::time::timeout(Duration::from_secs(1), transport.execute_request(&request)).await;
        return;
    }
    let tls = tls();
    for ip in [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)] {
        let address = serve(ip, tls.acceptor.clone(), ANSWER).await;
        client(&format!("https://{address}"), Some(&tls.authority)).get("/subscriptions", "v").await.unwrap();
    }
}
