//! The clouds that Microsoft runs: each is asked at its own addresses alone, with tokens for its own services.

use crate::simulated::told;
use crate::{Quiet, SharedFile};
use azure_core::http::{AsyncRawResponse, HttpClient, Request};
use dekey_azure::sign_in::{Method, SignIn, Wishes};
use dekey_azure::{Client, Cloud, Limits};
use dekey_collect::{Collector, Done, Journal, Known};
use dekey_sim::{Azure, InProcess, Options};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

/// Remembers which hosts were asked, and for whom tokens are.
#[derive(Debug)]
struct Watched {
    far: InProcess,
    hosts: Mutex<BTreeSet<String>>,
    audiences: Mutex<BTreeSet<String>>,
}

#[async_trait::async_trait]
impl HttpClient for Watched {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let url = request.url();
        let audience = url.query_pairs().find(|pair| pair.0 == "resource").map(|pair| pair.1.into_owned());
        match audience {
            Some(own) => self.audiences.lock().unwrap().insert(own),
            None => self.hosts.lock().unwrap().insert(url.host_str().unwrap().to_owned()),
        };
        self.far.execute_request(request).await
    }
}

async fn read(name: &str) -> (Vec<u8>, Vec<String>, Vec<String>) {
    let mut azure = Azure::new(Options::with_roles(5, &[("Reader", "/")]));
    azure.seed_workspaces(3, 5);
    let far = InProcess::new(azure, Timestamp::now());
    let watched = Arc::new(Watched { far, hosts: Mutex::default(), audiences: Mutex::default() });
    let transport: Arc<dyn HttpClient> = watched.clone();
    let cloud = Cloud::named(name).unwrap();
    let wishes = Wishes { method: Some(Method::ManagedIdentity), ..Wishes::default() };
    let sign_in = Arc::new(SignIn::new(&wishes, &cloud, &transport));
    let client = Client::new(cloud, &sign_in.as_credential(), &transport, Limits::default(), None);
    let (file, stop) = (SharedFile::default(), AtomicBool::new(false));
    let fresh = (Known::default(), Done::new());
    let collector = Collector::new(&client, Journal::new(file.clone()), fresh, &Quiet, &stop);
    let collected = collector.run(Vec::new(), &[]).await.unwrap();
    assert_eq!(collected.refused, Vec::new(), "{name}");
    let all = |set: &Mutex<BTreeSet<String>>| set.lock().unwrap().iter().cloned().collect();
    let journal = file.0.lock().unwrap().clone();
    (journal, all(&watched.hosts), all(&watched.audiences))
}

#[tokio::test(start_paused = true)]
async fn each_is_read_at_its_own_addresses() {
    let (public, ..) = read("AzureCloud").await;
    for (name, arm, graph) in [
        ("AzureCloud", "management.azure.com", "graph.microsoft.com"),
        ("AzureUSGovernment", "management.usgovcloudapi.net", "graph.microsoft.us"),
        ("AzureChinaCloud", "management.chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn"),
    ] {
        let (journal, mut hosts, mut audiences) = read(name).await;
        let own = [arm.to_owned(), graph.to_owned()];
        for all in [&mut hosts, &mut audiences] {
            all.sort_by_key(|own| own.trim_start_matches("https://") != arm);
        }
        assert_eq!(hosts, own, "{name}");
        assert_eq!(audiences, own.map(|own| format!("https://{own}")), "{name}");
        assert_eq!(told(&journal), told(&public), "{name}");
    }
}
