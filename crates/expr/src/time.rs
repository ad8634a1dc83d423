//! Times as policies write them: `yyyy-MM-ddTHH:mm:ss.fffffffZ`.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, civil};

/// A point in time.
pub type Instant = Timestamp;

/// Reads an ISO 8601 date and time. Without an offset it is UTC; a date alone is no point in time.
pub fn parse(text: &str) -> Option<Instant> {
    if !text.is_ascii() || text.as_bytes().get(10).is_none_or(|b| !matches!(b, b'T' | b't' | b' ')) {
        return None;
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    let plain = text.parse::<civil::DateTime>().ok()?;
    plain.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// Days later, or earlier.
pub fn add_days(instant: Instant, days: i64) -> Option<Instant> {
    let seconds = days.checked_mul(86_400)?;
    instant.checked_add(SignedDuration::from_secs(seconds)).ok()
}

/// With seven digits of a second, as .NET writes for reading back.
pub fn format(instant: Instant) -> String {
    let at = instant.to_zoned(TimeZone::UTC).datetime();
    let ticks = at.subsec_nanosecond() / 100;
    let (date, hour, minute, second) = (at.date(), at.hour(), at.minute(), at.second());
    format!("{date}T{hour:02}:{minute:02}:{second:02}.{ticks:07}Z")
}
