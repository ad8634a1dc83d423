//! What a document said about one property.

/// What was seen of one property. Azure gives absent, `null` and a value different meanings, and "not read" is none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen<T> {
    /// The document does not say: the property, or the block that holds it, was not part of what was read.
    NotRead,
    /// The resource was read and does not have the property.
    Absent,
    /// The property is an explicit `null`.
    Null,
    /// The property has this value.
    Value(T),
    /// The property holds something of another kind than Azure documents.
    Odd,
}

impl<T> Seen<T> {
    /// The value, if there is one.
    pub fn value(self) -> Option<T> {
        match self {
            Seen::Value(value) => Some(value),
            _ => None,
        }
    }

    /// Whether the property was read and is absent or `null`.
    pub fn is_unset(&self) -> bool {
        matches!(self, Seen::Absent | Seen::Null)
    }

    /// Changes the value and keeps everything else.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Seen<U> {
        match self {
            Seen::NotRead => Seen::NotRead,
            Seen::Absent => Seen::Absent,
            Seen::Null => Seen::Null,
            Seen::Value(value) => Seen::Value(f(value)),
            Seen::Odd => Seen::Odd,
        }
    }
}

impl<T: Default> Seen<T> {
    /// Of a list or map that is absent or `null`: an empty one.
    #[must_use]
    pub fn or_empty(self) -> Self {
        match self {
            Seen::Absent | Seen::Null => Seen::Value(T::default()),
            seen => seen,
        }
    }
}

impl Seen<&str> {
    /// An empty string is how ARM clears a property, so it counts as `null`.
    #[must_use]
    pub fn non_empty(self) -> Self {
        match self {
            Seen::Value(text) if text.trim().is_empty() => Seen::Null,
            seen => seen,
        }
    }
}
