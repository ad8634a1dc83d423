//! Collecting the example tenant from a far side that answers as Azure does, whole and with everything that goes wrong.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod clouds;
mod far;
mod faults;
mod matrix;
mod simulated;
mod whole;

use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::http::HttpClient;
use dekey_azure::{Client, Cloud, Limits};
use dekey_collect::{Collected, Collector, Done, Failure, Journal, Known, Progress};
use dekey_intake::{Keep, read_into};
use dekey_model::{Builder, Inventory};
use far::Far;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

#[derive(Debug)]
struct Token;

#[async_trait::async_trait]
impl TokenCredential for Token {
    async fn get_token(
        &self,
        _: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        Ok(AccessToken::new("token", azure_core::time::OffsetDateTime::now_utc() + Duration::from_hours(8)))
    }
}

pub(crate) struct Quiet;

impl Progress for Quiet {
    fn phase(&self, _: &str, _: usize) {}
    fn step(&self, _: u64) {}
}

pub(crate) fn client(far: &Arc<Far>) -> Client {
    let transport: Arc<dyn HttpClient> = far.clone();
    let credential: Arc<dyn TokenCredential> = Arc::new(Token);
    Client::new(Cloud::public().unwrap(), &credential, &transport, Limits::default(), None)
}

/// What one run came to, and the journal it wrote.
pub(crate) async fn collect(far: &Arc<Far>) -> (Result<Collected, Failure>, Vec<u8>) {
    collect_after(far, (Known::default(), Done::new()), Vec::new(), &AtomicBool::new(false)).await
}

pub(crate) async fn collect_after(
    far: &Arc<Far>,
    before: (Known, Done),
    journal: Vec<u8>,
    stop: &AtomicBool,
) -> (Result<Collected, Failure>, Vec<u8>) {
    let file = SharedFile::default();
    file.0.lock().unwrap().extend(journal);
    let client = client(far);
    let collector = Collector::new(&client, Journal::new(file.clone()), before, &Quiet, stop);
    let collected = collector.run(Vec::new(), &[]).await;
    let bytes = file.0.lock().unwrap().clone();
    (collected, bytes)
}

#[derive(Clone, Default)]
pub(crate) struct SharedFile(pub(crate) Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for SharedFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

pub(crate) fn inventory(journal: &[u8]) -> Inventory {
    let mut builder = Builder::new();
    read_into(&mut builder, "journal", &mut &*journal, Keep::Facts).unwrap();
    builder.finish()
}
