//! What goes over the wire, without a wire.

use jiff::Timestamp;
use serde_json::{Value, json};
use std::borrow::Cow;

/// A request, as any transport hands it over.
#[derive(Clone, Copy)]
pub struct Request<'r> {
    /// `GET`, `PUT`, …
    pub method: &'r str,
    /// Scheme, host and port, without a slash at the end: what links in answers start with.
    pub base: &'r str,
    /// The path, still percent-encoded.
    pub path: &'r str,
    /// What follows the question mark.
    pub query: &'r str,
    /// Names in any case.
    pub headers: &'r [(String, String)],
    /// The body.
    pub body: &'r [u8],
    /// The simulated time.
    pub now: Timestamp,
}

// Headers hold tokens, bodies hold secrets.
impl std::fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}{}", self.method, self.base, self.path)
    }
}

impl Request<'_> {
    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// A parameter of the query, decoded.
    pub fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        pairs(self.query).find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Result<Value, Response> {
        serde_json::from_slice(self.body).map_err(|_| {
            Response::error(
                400,
                "InvalidRequestContent",
                "The request content was invalid and could not be deserialized: it is not JSON.",
            )
        })
    }
}

/// The pairs of a query or form, decoded.
pub(crate) fn pairs(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name, true), decode(value, true))
    })
}

/// Undoes percent encoding; in queries a plus is a space.
pub(crate) fn decode(text: &str, plus: bool) -> Cow<'_, str> {
    let encoded = text.contains('%') || (plus && text.contains('+'));
    if !encoded {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            (b'+', _) if plus => bytes.push(b' '),
            _ => bytes.push(*first),
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// What is wrong with how an answer is delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// Nothing.
    #[default]
    Whole,
    /// The connection is closed before a byte is sent.
    Reset,
    /// The connection is closed after half of the body.
    Truncated,
    /// Half of the body comes, and then nothing more.
    Stalled,
    /// The body comes a byte a second: never nothing, and never enough.
    Slow,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Names as Azure spells them.
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How it is delivered.
    pub delivery: Delivery,
}

impl Response {
    /// An answer without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), delivery: Delivery::Whole }
    }

    /// An answer of JSON that is already text.
    pub(crate) fn text(status: u16, body: String) -> Self {
        Self::empty(status).with("Content-Type", "application/json; charset=utf-8").body(body)
    }

    /// An answer of JSON.
    pub(crate) fn json(status: u16, value: &Value) -> Self {
        Self::text(status, value.to_string())
    }

    /// An error in Azure's envelope.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::json(status, &json!({ "error": { "code": code, "message": message } }))
    }

    /// Adds a header.
    #[must_use]
    pub(crate) fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded_and_what_is_not_stays() {
        assert_eq!(decode("a%20b+c", true), "a b c");
        assert_eq!(decode("a%2Fb+c", false), "a/b+c");
        assert_eq!(decode("100%", true), "100%");
        assert_eq!(decode("%zz%4", true), "%zz%4");
        let all: Vec<_> = pairs("a=1&$filter=x%20eq%20'y'&b").collect();
        assert_eq!(all[1], ("$filter".into(), "x eq 'y'".into()));
        assert_eq!(all[2], ("b".into(), "".into()));
    }
}
