//! Whether to try again, and when. Pure: times go in, times come out.

use std::time::Duration;

/// Bounds on trying again.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// The first wait without a hint of Azure's.
    pub first: Duration,
    /// The longest single wait without a hint.
    pub longest: Duration,
    /// The longest wait that Azure may ask for.
    pub patience: Duration,
    /// How long one call may take with all its tries.
    pub budget: Duration,
    /// How often it is tried at most.
    pub tries: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(400),
            longest: Duration::from_secs(30),
            patience: Duration::from_mins(2),
            budget: Duration::from_mins(10),
            tries: 12,
        }
    }
}

/// What came of one try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An answer with this status.
    Status(u16),
    /// No answer: the connection failed, broke off or was too slow.
    NoAnswer,
    /// Nothing that time would mend.
    Hopeless,
}

impl Outcome {
    /// Whether the same call may fare better a little later.
    pub fn may_pass(self) -> bool {
        match self {
            Outcome::Status(status) => matches!(status, 408 | 429 | 500 | 502 | 503 | 504),
            Outcome::NoAnswer => true,
            Outcome::Hopeless => false,
        }
    }
}

impl Retry {
    /// How long to wait before the next try; nothing when there is none. `asked` is what Azure asked for, `spent` what the call
    /// has taken so far, `chance` a number from 0 to 1 that keeps many clients from coming back at once.
    pub fn next(
        &self,
        tried: u32,
        outcome: Outcome,
        asked: Option<Duration>,
        spent: Duration,
        chance: f64,
    ) -> Option<Duration> {
        if !outcome.may_pass() || tried >= self.tries {
            return None;
        }
        let wait = match asked {
            Some(asked) if asked > self.patience => return None,
            // Never before the time that was asked for.
            Some(asked) => asked + self.first.mul_f64(chance.clamp(0.0, 1.0)),
            None => {
                let doubled = self.first.saturating_mul(2u32.saturating_pow(tried.saturating_sub(1)));
                doubled.min(self.longest).mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
            }
        };
        (spent + wait <= self.budget).then_some(wait)
    }
}

/// The wait that an answer asks for: milliseconds in two headers of Azure's own, or seconds or a date in `Retry-After`.
pub fn asked_for(header: impl Fn(&str) -> Option<String>, now: jiff::Timestamp) -> Option<Duration> {
    for name in ["x-ms-retry-after-ms", "retry-after-ms"] {
        if let Some(ms) = header(name).and_then(|text| text.trim().parse().ok()) {
            return Some(Duration::from_millis(ms));
        }
    }
    let text = header("retry-after")?;
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hints_in_every_form() {
        let now: jiff::Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let with = |name: &'static str, value: &'static str| {
            asked_for(move |own| (own == name).then(|| value.to_owned()), now)
        };
        assert_eq!(with("retry-after", "17"), Some(Duration::from_secs(17)));
        assert_eq!(with("x-ms-retry-after-ms", "250"), Some(Duration::from_millis(250)));
        assert_eq!(with("retry-after", "Mon, 23 Nov 2026 10:00:05 GMT"), Some(Duration::from_secs(5)));
        assert_eq!(with("retry-after", "Mon, 23 Nov 2026 09:00:05 GMT"), Some(Duration::ZERO));
        assert_eq!(with("retry-after", "soon"), None);
        assert_eq!(with("retry-after", "-1"), None);
    }

    #[test]
    fn what_will_not_change_is_not_tried_again() {
        let retry = Retry::default();
        for status in [200, 400, 401, 403, 404, 409, 412, 501] {
            assert_eq!(retry.next(1, Outcome::Status(status), None, Duration::ZERO, 0.5), None, "{status}");
        }
        let long = Some(Duration::from_hours(1));
        assert_eq!(retry.next(1, Outcome::Status(429), long, Duration::ZERO, 0.5), None);
    }

    proptest! {
        #[test]
        fn waits_are_bounded_and_never_shorter_than_asked(
            tried in 1u32..40, asked in proptest::option::of(0u64..500), spent in 0u64..700, chance in 0.0f64..=1.0,
        ) {
            let retry = Retry::default();
            let asked = asked.map(Duration::from_secs);
            let spent = Duration::from_secs(spent);
            if let Some(wait) = retry.next(tried, Outcome::Status(429), asked, spent, chance) {
                prop_assert!(tried < retry.tries);
                prop_assert!(spent + wait <= retry.budget);
                prop_assert!(asked.is_none_or(|asked| wait >= asked && asked <= retry.patience));
                prop_assert!(asked.is_some() || wait <= retry.longest);
            }
        }
    }
}
