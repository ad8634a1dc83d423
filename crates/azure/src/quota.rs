//! How many calls may run at once, and how fast: learned from what Azure says is left. Pure: times go in, decisions come out.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// What calls share a limit: a subscription's reads, or the queries of Resource Graph.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bucket {
    /// Reads below one subscription.
    Subscription(String),
    /// Reads of Resource Manager outside of subscriptions.
    Tenant,
    /// Queries of Resource Graph.
    ResourceGraph,
    /// Microsoft Graph.
    Graph,
    /// Log Analytics.
    Logs,
}

/// What an answer says about a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// How many calls are left.
    pub left: Option<u64>,
    /// When there will be more, from now.
    pub resets: Option<Duration>,
    /// How long to wait, when the limit was reached.
    pub refused: Option<Duration>,
}

/// A bucket is paced when so few calls are left in it.
const LOW: u32 = 40;

/// How fast Resource Manager fills a bucket of reads again, in calls a second.
const REFILL: f64 = 25.0;

/// The limits of all buckets.
#[derive(Debug)]
pub struct Quota {
    most: u32,
    buckets: BTreeMap<Bucket, State>,
}

#[derive(Debug)]
struct State {
    running: u32,
    /// How many may run; grows by one for each round of good answers, halves with a refusal.
    window: f64,
    /// No call starts before.
    not_before: Option<Instant>,
    /// Between two calls, while little is left.
    pace: Duration,
    last: Option<Instant>,
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
        let start = f64::from(self.most.min(8));
        self.buckets.entry(bucket.clone()).or_insert(State {
            running: 0,
            window: start,
            not_before: None,
            pace: Duration::ZERO,
            last: None,
        })
    }

    /// Asks for a turn.
    pub fn turn(&mut self, bucket: &Bucket, now: Instant) -> Turn {
        let state = self.state(bucket);
        let paced = state.last.and_then(|last| last.checked_add(state.pace));
        let earliest = [state.not_before, paced].into_iter().flatten().max();
        if let Some(wait) =
            earliest.and_then(|at| at.checked_duration_since(now)).filter(|wait| !wait.is_zero())
        {
            return Turn::Wait(wait);
        }
        if f64::from(state.running) >= state.window.floor().max(1.0) {
            return Turn::Full;
        }
        state.running += 1;
        state.last = Some(now);
        Turn::Go
    }

    /// Takes what the answer said into account; `said` is nothing when there was none.
    pub fn over(&mut self, bucket: &Bucket, said: Option<Said>, now: Instant) {
        let most = f64::from(self.most);
        let state = self.state(bucket);
        state.running = state.running.saturating_sub(1);
        let Some(said) = said else {
            state.window = (state.window / 2.0).max(1.0);
            return;
        };
        if let Some(wait) = said.refused {
            state.window = (state.window / 2.0).max(1.0);
            state.hold(now, wait);
            return;
        }
        state.window = (state.window + 1.0 / state.window).min(most);
        match (said.left, said.resets) {
            (Some(0), Some(resets)) => state.hold(now, resets),
            (Some(left), None) if left < u64::from(LOW) => {
                // As fast as the bucket fills, and slower the less is left.
                let lacking = LOW.saturating_sub(u32::try_from(left).unwrap_or(LOW));
                let scarce = 1.0 + f64::from(lacking) / f64::from(LOW);
                state.pace = Duration::from_secs_f64(scarce / REFILL);
            }
            (Some(_), _) => state.pace = Duration::ZERO,
            (None, _) => {}
        }
    }
}

impl State {
    fn hold(&mut self, now: Instant, wait: Duration) {
        let until = now.checked_add(wait);
        self.not_before = self.not_before.max(until);
    }
}

/// Reads what an answer says, from its headers.
pub fn said(header: impl Fn(&str) -> Option<String>) -> Said {
    let number = |name: &str| header(name).and_then(|text| text.trim().parse::<u64>().ok());
    let least = [
        "x-ms-ratelimit-remaining-subscription-reads",
        "x-ms-ratelimit-remaining-subscription-global-reads",
        "x-ms-ratelimit-remaining-tenant-reads",
        "x-ms-user-quota-remaining",
    ];
    Said {
        left: least.into_iter().filter_map(number).min(),
        resets: header("x-ms-user-quota-resets-after").and_then(|text| clock(&text)),
        refused: None,
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn left(left: u64) -> Said {
        Said { left: Some(left), ..Said::default() }
    }

    #[test]
    fn headers_are_read() {
        let with = |pairs: &'static [(&'static str, &'static str)]| {
            said(move |name| pairs.iter().find(|own| own.0 == name).map(|own| own.1.to_owned()))
        };
        assert_eq!(
            with(&[
                ("x-ms-ratelimit-remaining-subscription-reads", "249"),
                ("x-ms-ratelimit-remaining-subscription-global-reads", "3749")
            ])
            .left,
            Some(249)
        );
        let graph = with(&[("x-ms-user-quota-remaining", "0"), ("x-ms-user-quota-resets-after", "00:00:05")]);
        assert_eq!((graph.left, graph.resets), (Some(0), Some(Duration::from_secs(5))));
        assert_eq!(with(&[("x-ms-user-quota-resets-after", "soon")]).resets, None);
        assert_eq!(with(&[("x-ms-user-quota-resets-after", "-1:0:0")]).resets, None);
    }

    #[test]
    fn it_slows_down_before_it_is_told_to() {
        let mut quota = Quota::new(64);
        let bucket = Bucket::Subscription("s".to_owned());
        let now = Instant::now();
        assert_eq!(quota.turn(&bucket, now), Turn::Go);
        quota.over(&bucket, Some(left(20)), now);
        assert!(matches!(quota.turn(&bucket, now), Turn::Wait(wait) if wait > Duration::from_millis(40)));
        let later = now + Duration::from_secs(1);
        assert_eq!(quota.turn(&bucket, later), Turn::Go);
        quota.over(&bucket, Some(left(200)), later);
        assert_eq!(quota.turn(&bucket, later), Turn::Go, "there is enough again");
        // Another bucket has nothing to do with it.
        assert_eq!(quota.turn(&Bucket::Graph, now), Turn::Go);
    }

    #[test]
    fn a_refusal_holds_the_bucket_and_halves_its_window() {
        let mut quota = Quota::new(64);
        let now = Instant::now();
        for _ in 0..8 {
            assert_eq!(quota.turn(&Bucket::Tenant, now), Turn::Go);
        }
        assert_eq!(quota.turn(&Bucket::Tenant, now), Turn::Full);
        let refused = Said { refused: Some(Duration::from_secs(7)), ..Said::default() };
        for _ in 0..8 {
            quota.over(&Bucket::Tenant, Some(refused), now);
        }
        assert_eq!(quota.turn(&Bucket::Tenant, now), Turn::Wait(Duration::from_secs(7)));
        let later = now + Duration::from_secs(8);
        assert_eq!(quota.turn(&Bucket::Tenant, later), Turn::Go);
        assert_eq!(quota.turn(&Bucket::Tenant, later), Turn::Full);
    }

    proptest! {
        /// Whatever Azure says, no more than allowed run at once, and a bucket never stays shut.
        #[test]
        fn it_never_runs_too_many_and_never_starves(
            steps in proptest::collection::vec((0u8..4, 0u64..300, 0u64..20), 1..200), most in 1u32..100,
        ) {
            let (mut quota, mut now, mut running) = (Quota::new(most), Instant::now(), 0u32);
            for (step, number, seconds) in steps {
                now += Duration::from_millis(number);
                if step == 0 || running == 0 {
                    if quota.turn(&Bucket::Tenant, now) == Turn::Go { running += 1; }
                } else {
                    let said = match step {
                        1 => Some(left(number)),
                        2 => Some(Said { refused: Some(Duration::from_secs(seconds)), ..Said::default() }),
                        _ => None,
                    };
                    quota.over(&Bucket::Tenant, said, now);
                    running -= 1;
                }
                prop_assert!(running <= most.max(1));
            }
            for _ in 0..running { quota.over(&Bucket::Tenant, Some(left(300)), now); }
            prop_assert_eq!(quota.turn(&Bucket::Tenant, now + Duration::from_mins(1)), Turn::Go);
        }
    }
}
