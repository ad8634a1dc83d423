//! Values of attributes.

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A text, and everything that is written as one: times, GUIDs, addresses.
    Text(String),
    /// A whole number; Azure supports no others.
    Number(i64),
    /// True or false.
    Bool(bool),
    /// Several values.
    List(Vec<Value>),
}

impl Value {
    /// The value or, of several, each of them.
    pub fn each(&self) -> &[Value] {
        match self {
            Value::List(values) => values,
            one => std::slice::from_ref(one),
        }
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, also when it is written as text.
    pub fn number(&self) -> Option<i64> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// The truth, also when it is written as text.
    pub fn truth(&self) -> Option<bool> {
        match self {
            Value::Bool(truth) => Some(*truth),
            Value::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    /// The digits of a GUID, with or without dashes and braces.
    pub fn guid(&self) -> Option<String> {
        let digits: String = self
            .text()?
            .trim()
            .chars()
            .filter(|c| !"-{}()".contains(*c))
            .map(|c| c.to_ascii_lowercase())
            .collect();
        (digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit())).then_some(digits)
    }

    /// The moment, down to the hundred nanoseconds that Azure writes.
    pub fn moment(&self) -> Option<jiff::Timestamp> {
        self.text()?.trim().parse().ok()
    }

    /// The time of day.
    pub fn time_of_day(&self) -> Option<jiff::civil::Time> {
        let text = self.text()?.trim();
        // A moment has a time of day as well.
        text.parse().ok().or_else(|| self.moment().map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).time()))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Value::Bool(truth)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Number(number)
    }
}

impl<V: Into<Value>> From<Vec<V>> for Value {
    fn from(values: Vec<V>) -> Self {
        Value::List(values.into_iter().map(Into::into).collect())
    }
}
