//! What is known of attributes.

use super::{Attribute, Source, Value};

/// Whether something is known, and what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known<T> {
    /// Nobody told.
    Unknown,
    /// It is known not to exist.
    Absent,
    /// It is this.
    Value(T),
}

/// Attributes of a request. What is not listed is unknown, unless the whole source is.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    known: Vec<(Source, String, Option<Value>)>,
    whole: Vec<Source>,
}

/// Nothing is known.
static NOTHING: Facts = Facts { known: Vec::new(), whole: Vec::new() };

/// What is before the name of a storage account in an id.
const ACCOUNT: &str = "Microsoft.Storage/storageAccounts";

impl Facts {
    /// Nothing is known.
    pub fn nothing() -> &'static Facts {
        &NOTHING
    }

    /// The attributes that follow from where something is done: the names of storage account, container and queue.
    pub fn of_scope(scope: &str) -> Self {
        let mut facts = Self::default();
        let segments: Vec<&str> = scope.split('/').filter(|part| !part.is_empty()).collect();
        let after = |word: &str| {
            let at = segments.iter().position(|own| own.eq_ignore_ascii_case(word))?;
            segments.get(at + 1).copied()
        };
        if after("providers").is_none_or(|own| !own.eq_ignore_ascii_case("Microsoft.Storage")) {
            return facts;
        }
        if let Some(account) = after("storageAccounts") {
            facts.set(Source::Resource, &format!("{ACCOUNT}:name"), account);
        }
        if let Some(container) = after("containers") {
            facts.set(Source::Resource, &format!("{ACCOUNT}/blobServices/containers:name"), container);
        }
        if let Some(queue) = after("queues") {
            facts.set(Source::Resource, &format!("{ACCOUNT}/queueServices/queues:name"), queue);
        }
        facts
    }

    /// Says what an attribute is.
    pub fn set(&mut self, source: Source, name: &str, value: impl Into<Value>) {
        self.put(source, name, Some(value.into()));
    }

    /// Says that an attribute does not exist.
    pub fn set_absent(&mut self, source: Source, name: &str) {
        self.put(source, name, None);
    }

    /// Says that no attributes of a source exist but those that are listed.
    pub fn close(&mut self, source: Source) {
        self.whole.push(source);
    }

    fn put(&mut self, source: Source, name: &str, value: Option<Value>) {
        let attribute = Attribute { source, name: name.to_owned() };
        self.known.retain(|(own, name, _)| !attribute.is(*own, name));
        self.known.push((source, attribute.name, value));
    }

    /// What is known of an attribute.
    pub fn get(&self, attribute: &Attribute) -> Known<&Value> {
        match self.known.iter().find(|(source, name, _)| attribute.is(*source, name)) {
            Some((_, _, Some(value))) => Known::Value(value),
            Some(_) => Known::Absent,
            None if self.whole.contains(&attribute.source) => Known::Absent,
            None => Known::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_the_scope() {
        let scope = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Storage/storageAccounts/st/blobServices/default/containers/c";
        let facts = Facts::of_scope(scope);
        let name = |name: &str| Attribute { source: Source::Resource, name: format!("{ACCOUNT}{name}") };
        assert_eq!(facts.get(&name("/blobServices/containers:name")), Known::Value(&Value::from("c")));
        assert_eq!(facts.get(&name(":NAME")), Known::Value(&Value::from("st")));
        assert_eq!(facts.get(&name(":isHnsEnabled")), Known::Unknown);
        assert_eq!(Facts::of_scope("/subscriptions/s").get(&name(":name")), Known::Unknown);
    }

    #[test]
    fn case_counts_in_keys_that_say_so() {
        let tag =
            |key: &str| format!("{ACCOUNT}/blobServices/containers/blobs/tags:{key}<$key_case_sensitive$>");
        let mut facts = Facts::default();
        facts.set(Source::Resource, &tag("Project"), "x");
        facts.close(Source::Resource);
        let get =
            |key: &str| facts.get(&Attribute { source: Source::Resource, name: tag(key) }) == Known::Absent;
        assert!(get("project") && !get("Project"));
    }
}
