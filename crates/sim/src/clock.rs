//! What time it is in an Azure that is served.

use jiff::{SignedDuration, Timestamp};
use std::time::Instant;

/// A clock that starts at some time and may run faster than this machine's: an hour of lag or of a token's life is then over
/// in a minute.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
    start: Timestamp,
    speed: u32,
}

impl Default for Clock {
    /// This machine's.
    fn default() -> Self {
        Self::new(Timestamp::now(), 1)
    }
}

impl Clock {
    /// A clock that starts now, at a time of its own, and runs so many times as fast as this machine's.
    pub fn new(start: Timestamp, speed: u32) -> Self {
        Self { started: Instant::now(), start, speed }
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        let passed = self.started.elapsed().saturating_mul(self.speed);
        let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
        self.start.checked_add(passed).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn it_starts_where_it_is_told_and_runs_as_fast() {
        let start: Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
        let clock = Clock::new(start, 3600);
        std::thread::sleep(Duration::from_millis(20));
        let passed = clock.now().duration_since(start);
        assert!(passed >= SignedDuration::from_secs(72), "{passed:?}");
        assert_eq!(Clock::new(Timestamp::MAX, u32::MAX).now(), Timestamp::MAX);
    }
}
