//! What holds a stage back, and in which words.

use crate::at;
use dekey_plan::{Approval, Denial, Facts, Gate, HeldBack, NotKnown, Recent, Refusal};

const NOW: &str = "2026-11-23T08:00:00Z";

fn gate() -> Gate {
    Gate { rate: 950, days: 7, accept_not_judged: false }
}

fn quiet(facts: Facts) -> Facts {
    Facts { writes: Some(Ok(Vec::new())), denials: Some(Ok(Vec::new())), ..facts }
}

fn refusal(name: &str) -> Refusal {
    Refusal { resource: format!("/s/{name}"), policy: "p".to_owned(), owner: None }
}

fn write(name: &str, time: &str) -> Recent {
    Recent { resource: format!("/S/{name}"), caller: Some("mara".to_owned()), at: at(time) }
}

fn held(gate: &Gate, facts: &Facts, since: Option<&str>) -> Vec<String> {
    gate.check(facts, since.map(at), at(NOW)).iter().map(ToString::to_string).collect()
}

#[test]
fn a_ring_that_complies_and_was_watched_may_go_on() {
    let facts = quiet(Facts { compliant: 95, non_compliant: 5, ..Facts::default() });
    assert_eq!(held(&gate(), &facts, Some("2026-11-16T08:00:00Z")), Vec::<String>::new());
    // Nothing there may be nothing that was read: somebody has to say that there is nothing.
    let nothing = quiet(Facts::default());
    let said = held(&gate(), &nothing, Some("2026-11-01T00:00:00Z"));
    assert!(
        matches!(said.as_slice(), [one] if one.contains("holds nothing that the policies are about")),
        "{said:?}"
    );
    let accepted = Gate { accept_not_judged: true, ..gate() };
    assert_eq!(held(&accepted, &nothing, Some("2026-11-01T00:00:00Z")), Vec::<String>::new());
}

#[test]
fn exempt_and_not_judged_do_not_count_as_compliant() {
    let since = Some("2026-11-01T00:00:00Z");
    let exempt = quiet(Facts { compliant: 90, exempt: 10, ..Facts::default() });
    assert_eq!(
        held(&gate(), &exempt, since),
        [
            "90.0 % comply, and 95.0 % must (10 are exempt, which is not compliant); put them right, or exempt them with an end and lower --min-rate"
        ]
    );
    let unknown =
        quiet(Facts { compliant: 999, not_judged: vec![("alias x".to_owned(), 1)], ..Facts::default() });
    assert_eq!(
        held(&gate(), &unknown, since),
        [
            "1 pair of resource and policy could not be judged (1 alias x); read what is missing, or say --accept-not-judged"
        ]
    );
    let accepted = Gate { accept_not_judged: true, ..gate() };
    assert_eq!(held(&accepted, &unknown, since), Vec::<String>::new());
    // 99.97 % is not 100 %.
    let nearly = quiet(Facts { compliant: 9997, failed: 3, ..Facts::default() });
    assert_eq!(nearly.rate(), 999);
    assert!(
        held(&Gate { rate: 1000, ..gate() }, &nearly, since)[0]
            .starts_with("99.9 % comply, and 100.0 % must (3 fail")
    );
}

#[test]
fn days_are_whole_days_since_the_ring_was_audited() {
    let facts = quiet(Facts { compliant: 1, ..Facts::default() });
    for (since, expected) in [
        (None, "it must be audited for 7 days first, and is not audited yet"),
        (
            Some("2026-11-22T07:00:00Z"),
            "audited for 1 day (since 2026-11-22T07:00:00Z), and 7 days are needed",
        ),
        (
            Some("2026-11-16T08:00:01Z"),
            "audited for 6 days (since 2026-11-16T08:00:01Z), and 7 days are needed",
        ),
    ] {
        assert_eq!(held(&gate(), &facts, since), [expected]);
    }
    assert_eq!(held(&Gate { days: 0, ..gate() }, &facts, None), Vec::<String>::new());
}

#[test]
fn what_is_written_and_would_be_refused_holds_back() {
    let since = Some("2026-11-01T00:00:00Z");
    let facts = |writes| Facts {
        compliant: 99,
        non_compliant: 1,
        refusals: vec![refusal("a")],
        ..quiet(Facts { writes: Some(Ok(writes)), ..Facts::default() })
    };
    let writes = vec![
        write("a", "2026-11-20T00:00:00Z"),
        write("a", "2026-11-21T00:00:00Z"),
        write("b", "2026-11-20T00:00:00Z"),
    ];
    let mut own = facts(Vec::new());
    own.writes = Some(Ok(writes));
    assert_eq!(
        held(&gate(), &own, since),
        [
            "1 resource that does not comply was written in the last 7 days, and the next write would be refused: mara on a"
        ]
    );
    own.writes = Some(Ok(vec![write("a", "2026-11-15T00:00:00Z"), write("b", "2026-11-22T00:00:00Z")]));
    assert_eq!(held(&gate(), &own, since), Vec::<String>::new());
    own.writes = Some(Err(NotKnown("the activity log was not read".to_owned())));
    assert_eq!(held(&gate(), &own, since), ["not judged: the activity log was not read"]);
    let denied = Denial { resource: "/s/c".to_owned(), caller: None, at: at("2026-11-22T00:00:00Z") };
    own.writes = Some(Ok(Vec::new()));
    own.denials = Some(Ok(vec![denied]));
    assert_eq!(
        held(&gate(), &own, since),
        ["1 request was refused in the last 7 days where the policy is in force already: c"]
    );
}

#[test]
fn every_reason_says_what_to_do() {
    for (own, expected) in [
        (HeldBack::WaitingForApproval(Approval::PolicyOwner), "--approved-by NAME"),
        (HeldBack::NotItsTurn { first: "audit-first".to_owned() }, "stage `audit-first` comes first"),
        (HeldBack::InventoryTooOld { read_at: None, hours: 24 }, "dekey collect"),
        (HeldBack::InventoryTooOld { read_at: Some(at(NOW)), hours: 24 }, "read it again"),
        (HeldBack::NoInventory, "--from"),
    ] {
        assert!(own.to_string().contains(expected), "{own}");
    }
}
