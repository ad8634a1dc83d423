//! The two edges: a transport for `azure_core`, and a server on loopback.

use azure_core::http::{HttpClient, Method, Request, Url};
use dekey_sim::{Azure, Clock, InProcess, Options, Server, ServerError, ServerOptions};
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn start() -> jiff::Timestamp {
    "2026-11-23T08:00:00Z".parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_hour_passes_when_everybody_sleeps() {
    let transport =
        InProcess::new(Azure::new(Options::new(1)), start()).with_latency(Duration::from_millis(50));
    let ask = async |url: &str, token: &str| {
        let mut request = Request::new(url.parse::<Url>().unwrap(), Method::Get);
        request.insert_header("metadata", "true");
        request.insert_header("authorization", format!("Bearer {token}"));
        let answer =
            transport.execute_request(&request).await.unwrap().try_into_raw_response().await.unwrap();
        let body: Value = serde_json::from_slice(answer.body()).unwrap();
        (u16::from(answer.status()), body)
    };
    let identity =
        "http://169.254.169.254/metadata/identity/oauth2/token?resource=https://management.azure.com";
    let (_, token) = ask(identity, "").await;
    let token = token["access_token"].as_str().unwrap();
    let url = "https://management.azure.com/subscriptions?api-version=2022-12-01";
    assert_eq!(ask(url, token).await.0, 200);
    assert_eq!(transport.now(), start() + jiff::SignedDuration::from_millis(100));
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(ask(url, token).await.0, 401);
}

#[tokio::test]
async fn addresses_that_others_can_reach_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let options = ServerOptions {
            listen: vec![address.parse().unwrap()],
            identity: None,
            ca_file: folder.path().join("ca.pem"),
            latency: Duration::ZERO,
            clock: Clock::default(),
        };
        let refused = Server::bind(Azure::new(Options::new(1)), &options).await;
        assert!(matches!(refused, Err(ServerError::NotLoopback(_))), "{address}");
    }
    assert!(!folder.path().join("ca.pem").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_speaks_https_to_who_trusts_its_authority() {
    use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
    use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    let options = ServerOptions {
        listen: vec!["127.0.0.1:0".parse().unwrap(), "[::1]:0".parse().unwrap()],
        identity: Some("127.0.0.1:0".parse().unwrap()),
        ca_file: ca_file.clone(),
        latency: Duration::ZERO,
        clock: Clock::default(),
    };
    let server = Server::bind(Azure::new(Options::new(1)), &options).await.unwrap();
    let (addresses, identity) = (server.addresses(), server.identity_address().unwrap());
    let running = tokio::spawn(server.run(std::future::pending()));
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&ca_file).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(std::sync::Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
    for address in addresses {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from(address.ip().to_string()).unwrap();
        let mut stream = connector.connect(name, stream).await.unwrap();
        let request = format!(
            "GET /metadata/endpoints?api-version=2022-09-01 HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        // Whoever closes without saying so has still sent everything.
        let _ = stream.read_to_string(&mut answer).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains(&format!("\"resourceManager\":\"https://{address}\"")), "{answer}");
    }
    for (path, status) in [("/msi/token?resource=x", "401"), ("/subscriptions?api-version=2022-12-01", "400")]
    {
        let mut stream = tokio::net::TcpStream::connect(identity).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {identity}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
    running.abort();
}
