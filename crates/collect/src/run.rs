//! One run: what is asked, in which order, and what becomes of the answers.

use crate::records::Records;
use crate::steps::name_subscription;
use crate::{Done, Earlier, Journal, Known, directory};
use dekey_azure::{Client, Error, ErrorKind, Pages};
use dekey_model::{CoverageEntry, Kind, Outcome};
use futures::StreamExt;
use serde_json::Value;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many lists are read at once; the client decides how many calls really run. Enough that no subscription waits for another:
/// each has a limit of its own.
const AT_ONCE: usize = 256;

/// Somebody who is told how far it is.
pub trait Progress: Send + Sync {
    /// The next phase, with the number of its steps.
    fn phase(&self, name: &str, steps: usize);
    /// A step is over; how many resources were written so far.
    fn step(&self, resources: u64);
}

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// How many resources were written.
    pub resources: u64,
    /// What could not be read, and why.
    pub refused: Vec<(Kind, String, String)>,
    /// How many lists were taken over from an earlier snapshot.
    pub spared: u64,
    /// What was read anew although there is an earlier snapshot, and why.
    pub anew: Vec<(String, String)>,
    /// Subscriptions that were asked for and that the caller cannot see.
    pub unseen: Vec<String>,
    /// The run was stopped before its end.
    pub stopped: bool,
}

/// Why a run ended.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Nothing can be asked.
    #[error("{0}")]
    Azure(#[from] Error),
    /// The journal cannot be written.
    #[error("the journal cannot be written: {0}")]
    Journal(#[from] std::io::Error),
}

/// Reads a tenant into a journal.
pub struct Collector<'c, W> {
    client: &'c Client,
    journal: Mutex<Journal<W>>,
    known: Mutex<Known>,
    done: Done,
    pub(crate) earlier: Option<&'c Earlier>,
    pub(crate) records: Records,
    pub(crate) progress: &'c dyn Progress,
    stop: &'c AtomicBool,
    pub(crate) collected: Mutex<Collected>,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'c, W: Write + Send> Collector<'c, W> {
    /// A run that goes on from what an earlier one read: `known` and `done`, both empty for a new one. It ends early when
    /// `stop` is set.
    pub fn new(
        client: &'c Client,
        journal: Journal<W>,
        (known, done): (Known, Done),
        progress: &'c dyn Progress,
        stop: &'c AtomicBool,
    ) -> Self {
        let collected = Mutex::new(Collected::default());
        Self {
            client,
            journal: Mutex::new(journal),
            known: Mutex::new(known),
            done,
            earlier: None,
            records: Records::default(),
            progress,
            stop,
            collected,
        }
    }

    /// Takes over from an earlier snapshot what did not change since.
    #[must_use]
    pub fn since(self, earlier: Option<&'c Earlier>) -> Self {
        Self { earlier, ..self }
    }

    /// Reads records about resources as well.
    #[must_use]
    pub fn with_records(self, records: Records) -> Self {
        Self { records, ..self }
    }

    /// Reads these subscriptions and those of these management groups, or all that the caller sees when none is named.
    pub async fn run(self, mut wanted: Vec<String>, groups: &[String]) -> Result<Collected, Failure> {
        for group in groups {
            wanted.extend(self.subscriptions_of(group).await?);
        }
        let subscriptions = self.subscriptions(&wanted, groups).await?;
        let spared = self.spared(&subscriptions).await?;
        self.queries(&subscriptions).await?;
        self.lists(&subscriptions, &spared).await?;
        self.identities(&spared).await?;
        drop(spared);
        self.records(&subscriptions).await?;
        directory::read(&self).await?;
        let mut collected = self.collected.into_inner().unwrap_or_else(PoisonError::into_inner);
        collected.resources = lock(&self.journal).written();
        collected.stopped = self.stop.load(Ordering::Relaxed);
        collected.refused.sort();
        Ok(collected)
    }

    pub(crate) fn client(&self) -> &Client {
        self.client
    }

    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        lock(&self.known)
    }

    pub(crate) fn journal(&self) -> MutexGuard<'_, Journal<W>> {
        lock(&self.journal)
    }

    /// Says that an earlier snapshot is of no use for a scope.
    pub(crate) fn anew(&self, scope: &str, why: String) {
        lock(&self.collected).anew.push((scope.to_owned(), why));
    }

    pub(crate) fn is_done(&self, kind: Kind, scope: &str) -> bool {
        self.done.contains(&(kind, scope.trim_end_matches('/').to_ascii_lowercase()))
    }

    pub(crate) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Runs steps of a phase, many at once, until they are over or the run is stopped.
    pub(crate) async fn each<T>(
        &self,
        phase: &str,
        steps: Vec<T>,
        step: impl AsyncFn(T) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.progress.phase(phase, steps.len());
        let step = &step;
        let mut running = futures::stream::iter(steps)
            .map(|own| async move { if self.stopped() { Ok(()) } else { step(own).await } })
            .buffer_unordered(AT_ONCE);
        while let Some(over) = running.next().await {
            over?;
            self.progress.step(lock(&self.journal).written());
        }
        Ok(())
    }

    /// Writes down what was answered.
    pub(crate) fn keep(&self, values: Vec<Value>, api_version: Option<&str>) -> Result<(), Failure> {
        let mut known = lock(&self.known);
        for value in &values {
            known.see(value);
        }
        drop(known);
        let now = jiff::Timestamp::now().to_string();
        Ok(lock(&self.journal).resources(values, api_version, &now)?)
    }

    /// Writes down what came of asking; without a token there is no point in asking on.
    pub(crate) fn settle(&self, asked: &[(Kind, String)], came: Result<(), Error>) -> Result<(), Failure> {
        let outcome = match came {
            Ok(()) => Outcome::Read,
            Err(error) if matches!(error.kind, ErrorKind::SignIn(_)) => return Err(error.into()),
            Err(error) => Outcome::Refused(error.to_string()),
        };
        if let Outcome::Refused(why) = &outcome {
            let rows = asked.iter().map(|(kind, scope)| (*kind, scope.clone(), why.clone()));
            lock(&self.collected).refused.extend(rows);
        }
        let entries = asked.iter().map(|(kind, scope)| CoverageEntry {
            kind: *kind,
            scope: scope.clone(),
            outcome: outcome.clone(),
        });
        Ok(lock(&self.journal).covered(entries.collect())?)
    }

    /// Reads all pages. Those before an error are kept. A run that is stopped in between leaves the rest unsaid.
    pub(crate) async fn pages(
        &self,
        pages: Result<Pages, Error>,
        api_version: Option<&str>,
    ) -> Result<Read, Failure> {
        let mut pages = match pages {
            Ok(pages) => pages,
            Err(error) => return Ok(Read::Failed(error)),
        };
        while let Some(page) = pages.next().await {
            match page {
                Ok(mut items) => {
                    if api_version.is_none() {
                        items.iter_mut().for_each(name_subscription);
                    }
                    self.keep(items, api_version)?;
                }
                Err(error) => return Ok(Read::Failed(error)),
            }
            if self.stopped() {
                return Ok(Read::Stopped);
            }
        }
        Ok(Read::All)
    }
}

/// What came of reading a list.
pub(crate) enum Read {
    All,
    Failed(Error),
    Stopped,
}

impl Read {
    pub(crate) fn result(self) -> Result<(), Error> {
        match self {
            Read::Failed(error) => Err(error),
            Read::All | Read::Stopped => Ok(()),
        }
    }
}
