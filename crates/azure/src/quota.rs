//! How many calls may run at once, and how fast: learned from what Azure says is left. Pure: times go in, decisions come out.
//!
//! Two kinds of limit are told apart by what answers say. Resource Manager has buckets that fill all the time: the less is
//! left, the slower calls start, so that whatever the bucket fills with is used and no more. Resource Graph counts calls in
//! a window of time: what is left is used, and then the window is waited for. Calls that still run are taken off first.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// What calls share a limit: a subscription's reads, or the queries of Resource Graph.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bucket {
    /// Reads below one subscription.
    Subscription(String),
    /// Writes below one subscription.
    Writes(String),
    /// Calls of Resource Manager outside of subscriptions.
    Tenant,
    /// Queries of Resource Graph.
    ResourceGraph,
    /// Microsoft Graph.
    Graph,
    /// Log Analytics.
    Logs,
}

/// What an answer says about a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Said {
    /// How many calls are left.
    pub left: Option<u64>,
    /// When there will be more, from now.
    pub resets: Option<Duration>,
    /// How long to wait, when the limit was reached.
    pub refused: Option<Duration>,
    /// How much of its limit Microsoft Graph says is used; it says so from 0.8 on.
    pub used: Option<f64>,
}

/// With so many calls left, nothing is held back.
const ENOUGH: u64 = 60;

/// The pace for each call that is left, in calls a second: twenty left is the pace at which Resource Manager fills a
/// subscription's reads again (25 a second), and a bucket that fills more slowly comes to rest with fewer left.
const PACE: f64 = 25.0 / 20.0;

/// How many calls run at once before anything is known.
const START: u32 = 8;

/// From here on, Microsoft Graph is asked less.
const STRAINED: f64 = 0.8;

/// The limits of all buckets.
#[derive(Debug)]
pub struct Quota {
    most: u32,
    buckets: BTreeMap<Bucket, State>,
}

#[derive(Debug)]
struct State {
    running: u32,
    /// How many may run: doubles with each round of good answers until the first refusal, then grows by one for each round.
    window: f64,
    /// When the window was cut last. What started before is no news.
    cut: Option<Instant>,
    /// No call starts before.
    not_before: Option<Instant>,
    left: Option<Left>,
    /// The most that was left right after a window of time began.
    whole: u64,
    /// When the last call started, or should have.
    last: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Left {
    calls: u64,
    resets: Option<Instant>,
}

/// Whether a call may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Now. Whoever gets this must say when the call is over.
    Go,
    /// Not before this much time is over.
    Wait(Duration),
    /// When another call of the bucket is over.
    Full,
}

impl Quota {
    /// Limits with at most so many calls at once in each bucket.
    pub fn new(most: u32) -> Self {
        Self { most: most.max(1), buckets: BTreeMap::new() }
    }

    fn state(&mut self, bucket: &Bucket) -> &mut State {
        let window = f64::from(self.most.min(START));
        self.buckets.entry(bucket.clone()).or_insert(State {
            running: 0,
            window,
            cut: None,
            not_before: None,
            left: None,
            whole: 0,
            last: None,
        })
    }

    /// Asks for a turn.
    pub fn turn(&mut self, bucket: &Bucket, now: Instant) -> Turn {
        let state = self.state(bucket);
        let held = state.not_before.and_then(|at| at.checked_duration_since(now));
        if let Some(wait) = held.filter(|wait| !wait.is_zero()) {
            return Turn::Wait(wait);
        }
        if f64::from(state.running) >= state.window.floor().max(1.0) {
            return Turn::Full;
        }
        let due = match state.paced(now) {
            Ok(due) => due,
            Err(turn) => return turn,
        };
        state.running += 1;
        state.last = Some(due);
        Turn::Go
    }

    /// Takes what the answer to a call said into account; `said` is nothing when there was none.
    pub fn over(&mut self, bucket: &Bucket, started: Instant, said: Option<Said>, now: Instant) {
        let most = f64::from(self.most);
        let state = self.state(bucket);
        state.running = state.running.saturating_sub(1);
        let Some(said) = said else { return state.cut(started, now) };
        if let Some(wait) = said.refused {
            state.cut(started, now);
            state.not_before = state.not_before.max(now.checked_add(wait));
        } else if said.used.is_some_and(|used| used >= STRAINED) {
            state.cut(started, now);
        } else {
            let more = if state.cut.is_none() { 1.0 } else { 1.0 / state.window };
            state.window = (state.window + more).min(most);
        }
        if let Some(calls) = said.left {
            state.learn(calls, said.resets, now);
        }
    }
}

impl State {
    fn cut(&mut self, started: Instant, now: Instant) {
        if self.cut.is_none_or(|cut| started > cut) {
            self.window = (self.window / 2.0).max(1.0);
            self.cut = Some(now);
        }
    }

    fn learn(&mut self, calls: u64, resets: Option<Duration>, now: Instant) {
        let Some(resets) = resets.and_then(|resets| now.checked_add(resets)) else {
            self.left = Some(Left { calls, resets: None });
            return;
        };
        // The call itself was one.
        self.whole = self.whole.max(calls.saturating_add(1));
        self.left = Some(match self.left {
            // Answers overtake each other: within a window of time, the fewest is the newest.
            Some(Left { calls: known, resets: Some(until) }) if now < until => {
                Left { calls: calls.min(known), resets: Some(until.max(resets)) }
            }
            _ => Left { calls, resets: Some(resets) },
        });
    }

    /// When the next call is due, if that is not later than now.
    fn paced(&mut self, now: Instant) -> Result<Instant, Turn> {
        let Some(left) = self.left else { return Ok(now) };
        if let Some(resets) = left.resets {
            let wait = resets.checked_duration_since(now).filter(|wait| !wait.is_zero());
            if wait.is_none() {
                self.left = Some(Left { calls: self.whole, resets: Some(now) });
            }
            let calls = if wait.is_none() { self.whole } else { left.calls };
            return if calls > u64::from(self.running) {
                Ok(now)
            } else {
                Err(wait.map_or(Turn::Full, Turn::Wait))
            };
        }
        let rest = left.calls.saturating_sub(u64::from(self.running));
        let Some(last) = self.last.filter(|_| rest < ENOUGH) else { return Ok(now) };
        let rest = u32::try_from(rest).unwrap_or(u32::MAX).max(1);
        let between = Duration::from_secs_f64(1.0 / (PACE * f64::from(rest)));
        let due = last.checked_add(between).unwrap_or(now);
        match due.checked_duration_since(now).filter(|wait| !wait.is_zero()) {
            Some(wait) => Err(Turn::Wait(wait)),
            // A timer that rings late must not slow the pace down; a pause must not be made up for.
            None => Ok(now.checked_sub(between).map_or(due, |earliest| due.max(earliest))),
        }
    }
}

/// Reads what an answer says, from its headers.
pub fn said(header: impl Fn(&str) -> Option<String>) -> Said {
    let number = |name: &str| header(name).and_then(|text| text.trim().parse::<u64>().ok());
    let least = [
        "x-ms-ratelimit-remaining-subscription-reads",
        "x-ms-ratelimit-remaining-subscription-global-reads",
        "x-ms-ratelimit-remaining-subscription-writes",
        "x-ms-ratelimit-remaining-subscription-global-writes",
        "x-ms-ratelimit-remaining-subscription-deletes",
        "x-ms-ratelimit-remaining-subscription-global-deletes",
        "x-ms-ratelimit-remaining-tenant-reads",
        "x-ms-ratelimit-remaining-tenant-writes",
        "x-ms-user-quota-remaining",
    ];
    let used = header("x-ms-throttle-limit-percentage").and_then(|text| text.trim().parse::<f64>().ok());
    Said {
        left: least.into_iter().filter_map(number).min(),
        resets: header("x-ms-user-quota-resets-after").and_then(|text| clock(&text)),
        refused: None,
        used,
    }
}

/// `hh:mm:ss`, with parts of a second or not.
fn clock(text: &str) -> Option<Duration> {
    let mut parts = text.trim().splitn(3, ':');
    let mut next = || {
        parts.next().and_then(|part| part.parse::<f64>().ok()).filter(|own| own.is_finite() && *own >= 0.0)
    };
    let (hours, minutes, seconds) = (next()?, next()?, next()?);
    Duration::try_from_secs_f64(hours * 3600.0 + minutes * 60.0 + seconds).ok()
}

#[cfg(test)]
mod tests;
