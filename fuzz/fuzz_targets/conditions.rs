//! Any text as a condition. Nothing may panic; an error has a place in the text; what is printed parses as the same condition; what is
//! left when nothing is known does too; and knowing more never contradicts what was decided without.

#![no_main]

use dekey_rbac::Condition;
use dekey_rbac::condition::{Facts, Known, Outcome, Request, Source};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let condition: Condition = match text.parse() {
        Ok(condition) => condition,
        Err(error) => {
            let error: dekey_rbac::ConditionError = error;
            assert!(error.at <= text.len() && error.line > 0 && error.column > 0);
            return;
        }
    };
    let printed = condition.to_string();
    assert_eq!(printed.parse().as_ref(), Ok(&condition), "{printed}");

    let action = "microsoft.storage/storageaccounts/blobservices/containers/blobs/read";
    let nothing = Request { action, suboperation: Known::Unknown, facts: Facts::nothing() };
    let mut facts = Facts::default();
    for source in [Source::Request, Source::Resource, Source::Principal, Source::Environment, Source::Context] {
        facts.set(source, "a", "10.0.0.8");
        facts.close(source);
    }
    let known = Request { action, suboperation: Known::Value("Blob.List"), facts: &facts };
    match condition.judge(&nothing) {
        Outcome::Open(left) => {
            let left = left.to_string();
            let rest: Condition = left.parse().unwrap_or_else(|error| panic!("{left}: {error}"));
            match (rest.judge(&known), condition.judge(&known)) {
                // Both may leave the same comparison of values that cannot be compared, in different places.
                (Outcome::Open(_), _) | (_, Outcome::Open(_)) => {}
                (one, other) => assert_eq!(one, other, "{printed} and {left}"),
            }
        }
        decided => assert_eq!(decided, condition.judge(&known), "{printed}"),
    }
});
