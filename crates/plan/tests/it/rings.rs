//! In which order a policy reaches the tenant.

use dekey_plan::{derive_rings, parse_rings};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[test]
fn rings_are_read_and_the_rest_is_added() {
    let rings =
        parse_rings("[[rings]]\nname = \"dev\"\nlocations = [\"North Europe\", \"uksouth\"]\n").unwrap();
    assert_eq!(rings[0].locations, ["northeurope", "uksouth"]);
    assert!(rings.len() == 2 && rings[1].is_rest(), "what has no location must be reached as well");
    let scopes = parse_rings("[[rings]]\nname = \"dev\"\nscopes = [\"/subscriptions/a/\"]\n").unwrap();
    assert_eq!((scopes.len(), scopes[0].scopes[0].as_str()), (1, "/subscriptions/a"));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (text, expected) in [
        ("[[rings]]\nname = \"a\"\nlocation = [\"x\"]\n", "line 3"),
        (
            "[[rings]]\nname = \"a\"\nlocations = [\"x\"]\n[[rings]]\nname = \"A\"\nlocations = [\"y\"]\n",
            "a name of its own",
        ),
        (
            "[[rings]]\nname = \"a\"\nlocations = [\"x\"]\n[[rings]]\nname = \"b\"\nlocations = [\"X\"]\n",
            "is in a ring before it",
        ),
        (
            "[[rings]]\nname = \"a\"\nlocations = [\"x\"]\nscopes = [\"/s\"]\n",
            "both `locations` and `scopes`",
        ),
        (
            "[[rings]]\nname = \"a\"\nlocations = [\"x\"]\n[[rings]]\nname = \"b\"\nscopes = [\"/s\"]\n",
            "cannot be both",
        ),
        (
            "[[rings]]\nname = \"a\"\n[[rings]]\nname = \"b\"\nlocations = [\"x\"]\n",
            "it has to be the last one",
        ),
        ("rings = 1", "line 1"),
    ] {
        let error = parse_rings(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
    let many = crate::some_rings(11);
    assert!(parse_rings(&many).unwrap_err().to_string().contains("more than 10"));
}

proptest! {
    /// Derived rings reach every location once, the emptiest first, and nothing stands behind all the rest.
    #[test]
    fn derived_rings_reach_everything_once(counts in proptest::collection::btree_map("[a-z]{1,8}", 1u64..10_000, 0..30)) {
        let counts: BTreeMap<String, u64> = counts;
        let rings = derive_rings(&counts);
        let all: Vec<&String> = rings.iter().flat_map(|ring| &ring.locations).collect();
        prop_assert_eq!(all.len(), counts.len());
        prop_assert!(all.windows(2).all(|own| counts[own[0]] <= counts[own[1]]));
        prop_assert!(rings.len() <= 4 && rings.iter().filter(|ring| ring.is_rest()).count() == 1);
        prop_assert!(rings.last().unwrap().is_rest());
        let text = crate::rings_of(rings.iter().map(|ring| (ring.name.as_str(), ring.locations.as_slice())));
        if !counts.is_empty() {
            prop_assert_eq!(parse_rings(&text).unwrap(), rings);
        }
    }
}
