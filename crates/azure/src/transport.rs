//! The wire: TLS, proxies and time limits, by `reqwest`.

use azure_core::http::{AsyncRawResponse, HttpClient, Request};
use std::sync::Arc;
use std::time::Duration;
use url::Host;

/// A transport over the network. `authorities` are certificates to trust besides those of the system, as PEM. Redirects are not
/// followed, because a token goes with every request. Proxies are those of `HTTPS_PROXY` and `NO_PROXY`.
pub fn network(authorities: Option<&[u8]>) -> Result<Arc<dyn HttpClient>, String> {
    Ok(Arc::new(Network { far: client(authorities, false)?, near: client(authorities, true)? }))
}

/// Any other transport, such as one to a simulator in the same process.
pub fn shared(transport: impl HttpClient + 'static) -> Arc<dyn HttpClient> {
    Arc::new(transport)
}

/// What is on this machine, or next to it as the endpoint of a managed identity is, is never asked through a proxy.
#[derive(Debug)]
struct Network {
    far: reqwest::Client,
    near: reqwest::Client,
}

#[async_trait::async_trait]
impl HttpClient for Network {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let near = is_near(request.url());
        // The endpoint of a managed identity has no TLS, and is never further away than this machine or its link.
        if request.url().scheme() != "https" && !near {
            let why = "what is sent may be secret, and goes over https only";
            return Err(azure_core::Error::with_message(azure_core::error::ErrorKind::Other, why));
        }
        let client = if near { &self.near } else { &self.far };
        client.execute_request(request).await
    }
}

fn is_near(url: &url::Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_link_local(),
        Some(Host::Ipv6(ip)) => ip.is_loopback() || ip.is_unicast_link_local(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

fn client(authorities: Option<&[u8]>, near: bool) -> Result<reqwest::Client, String> {
    let mut builder = reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(20))
        .read_timeout(Duration::from_mins(1))
        .redirect(reqwest::redirect::Policy::none())
        .gzip(true);
    if near {
        builder = builder.no_proxy();
    }
    if let Some(pem) = authorities {
        let certificates = reqwest::Certificate::from_pem_bundle(pem)
            .ok()
            .filter(|list| !list.is_empty())
            .ok_or("the CA file holds no certificate in PEM: expected -----BEGIN CERTIFICATE-----")?;
        builder = builder.tls_certs_merge(certificates);
    }
    builder.build().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_told_by_its_address() {
        for (url, expected) in [
            ("https://localhost:8443/x", true),
            ("https://sim.localhost/x", true),
            ("https://127.0.0.1/x", true),
            ("https://[::1]:8443/x", true),
            ("http://169.254.169.254/metadata", true),
            ("https://localhost.evil.example/x", false),
            ("https://management.azure.com/x", false),
            ("https://10.0.0.1/x", false),
        ] {
            assert_eq!(is_near(&url::Url::parse(url).unwrap()), expected, "{url}");
        }
    }

    #[test]
    fn a_ca_file_without_certificates_is_refused() {
        assert!(network(Some(b"hello")).unwrap_err().contains("PEM"));
    }
}
