//! The language of conditions: the examples of Microsoft's text, what is left when attributes are not known, errors and where they are.

use dekey_rbac::Condition;
use dekey_rbac::condition::{Facts, Known, Outcome, Request, Source, Value};
use proptest::prelude::*;

const READ: &str = "microsoft.storage/storageaccounts/blobservices/containers/blobs/read";
const NAME: &str = "Microsoft.Storage/storageAccounts/blobServices/containers:name";

fn parsed(text: &str) -> Condition {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn judged(text: &str, action: &str, suboperation: Known<&str>, facts: &Facts) -> Outcome {
    parsed(text).judge(&Request { action, suboperation, facts })
}

/// With nothing known but what stands in the condition.
fn holds(text: &str) -> bool {
    match judged(text, READ, Known::Absent, Facts::nothing()) {
        Outcome::Holds => true,
        Outcome::Fails => false,
        Outcome::Open(open) => panic!("{text}: {open}"),
    }
}

fn left(text: &str, action: &str, suboperation: Known<&str>, facts: &Facts) -> String {
    match judged(text, action, suboperation, facts) {
        Outcome::Holds => "holds".to_owned(),
        Outcome::Fails => "fails".to_owned(),
        Outcome::Open(open) => open.to_string(),
    }
}

#[test]
fn examples_of_the_text() {
    for (text, expected) in [
        ("{'red', 'blue'} ForAnyOfAnyValues:StringEquals {'blue', 'green'}", true),
        ("{'red', 'blue'} ForAnyOfAnyValues:StringEquals {'orange', 'green'}", false),
        ("{'red', 'blue'} ForAllOfAnyValues:StringEquals {'orange', 'red', 'blue'}", true),
        ("{'red', 'blue'} ForAllOfAnyValues:StringEquals {'red', 'green'}", false),
        ("{10, 20} ForAnyOfAllValues:NumericLessThan {15, 18}", true),
        ("{10, 20} ForAllOfAllValues:NumericLessThan {5, 15, 18}", false),
        ("{10, 20} ForAllOfAllValues:NumericLessThan {25, 30}", true),
        ("{10, 20} ForAllOfAllValues:NumericLessThan {15, 25, 30}", false),
        ("'abcd' StringLike 'a*c?'", true),
        ("'abcd' StringLike 'A*C?'", false),
        ("'abcd' StringLike 'a*c'", false),
        ("'abcd' StringNotLike 'a*c'", true),
        ("'2022-06-01T00:00:00.0Z' DateTimeEquals '2022-06-01T00:00:00.0000000Z'", true),
        ("'a' StringNotEquals {'b', 'c'}", true),
        ("'b' StringNotEquals {'b', 'c'}", false),
        ("{'b', 'c'} ForAnyOfAnyValues:StringNotEquals {'b'}", true),
        ("true AND !false && NOT false", true),
    ] {
        assert_eq!(holds(text), expected, "{text}");
    }
}

#[test]
fn actions_are_matched_as_in_roles() {
    let write = "microsoft.authorization/roleassignments/write";
    let is = |text: &str| left(text, write, Known::Absent, Facts::nothing());
    assert_eq!(is("ActionMatches{'Microsoft.Authorization/roleAssignments/*'}"), "holds");
    assert_eq!(is("ActionMatches{'Microsoft.Authorization/roleDefinitions/*'}"), "fails");
    assert_eq!(is("ActionMatches{'Microsoft.Authorization/*'}"), "holds");
    assert_eq!(is("!(ActionMatches{'Microsoft.Authorization/roleDefinitions/*', '*/write'})"), "fails");
}

fn container() -> String {
    format!(
        "(\n (\n  !(ActionMatches{{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'}} AND NOT SubOperationMatches{{'Blob.List'}})\n )\n OR \n (\n  @Resource[{NAME}] StringEquals 'mine'\n )\n)"
    )
}

#[test]
fn what_is_not_known_is_left() {
    let text = container();
    let mut facts = Facts::default();
    assert_eq!(left(&text, "microsoft.storage/x", Known::Unknown, &facts), "holds");
    assert_eq!(left(&text, READ, Known::Value("blob.LIST"), &facts), "holds");
    let name = format!("@Resource[{NAME}] StringEquals 'mine'");
    assert_eq!(left(&text, READ, Known::Absent, &facts), name);
    let both = format!("SubOperationMatches{{'Blob.List'}} OR {name}");
    assert_eq!(left(&text, READ, Known::Unknown, &facts), both);
    facts.set(Source::Resource, NAME, "mine");
    assert_eq!(left(&text, READ, Known::Unknown, &facts), "holds");
    facts.set(Source::Resource, NAME, "other");
    assert_eq!(left(&text, READ, Known::Unknown, &facts), "SubOperationMatches{'Blob.List'}");
    assert_eq!(left(&text, READ, Known::Absent, &facts), "fails");
}

#[test]
fn attributes_that_do_not_exist_satisfy_nothing() {
    let mut facts = Facts::default();
    facts.set_absent(Source::Resource, "a");
    let is = |text: &str| left(text, READ, Known::Absent, &facts);
    assert_eq!(is("@Resource[a] StringEquals 'x'"), "fails");
    assert_eq!(is("@Resource[a] StringNotEquals 'x'"), "fails");
    assert_eq!(is("NOT Exists @Resource[A] OR @Resource[a] StringNotEquals 'x'"), "holds");
    assert_eq!(is("NotExists @Resource[a]"), "holds");
    assert_eq!(is("Exists @Request[a]"), "Exists @Request[a]");
}

#[test]
fn values_of_another_kind_leave_the_comparison_open() {
    let mut facts = Facts::default();
    facts.set(Source::Resource, "a", Value::Bool(true));
    let text = "@Resource[a] NumericEquals 1";
    assert_eq!(left(text, READ, Known::Absent, &facts), text);
}

#[test]
fn the_old_spelling_of_suboperations() {
    let text = "@Request[subOperation] ForAnyOfAnyValues:StringEqualsIgnoreCase {'Blob.List'}";
    assert_eq!(left(text, READ, Known::Value("blob.list"), Facts::nothing()), "holds");
    assert_eq!(left(text, READ, Known::Unknown, Facts::nothing()), text);
}

#[test]
fn errors_say_where_and_what_was_expected() {
    for (text, line, column, part) in [
        ("", 1, 1, "expected an attribute"),
        ("@", 1, 2, "expected `[`"),
        ("@Request", 1, 9, "expected `[`"),
        ("@Request[", 1, 1, "no closing bracket"),
        ("@Request[]", 1, 10, "attribute's name"),
        ("@Nobody[attr] StringEquals 'x'", 1, 1, "@Request, @Resource"),
        ("@Request[attr] Is 'x'", 1, 16, "not known"),
        ("@Request[attr] ForSome:StringEquals 'x'", 1, 16, "ForAnyOfAnyValues"),
        ("@Request[attr] StringEquals", 1, 28, "expected an attribute"),
        ("StringEquals 'x'", 1, 1, "expected an attribute"),
        ("@Request[attr] 'x'", 1, 16, "an operator"),
        ("@Request[attr] StringEquals 'x' AND", 1, 36, "expected an attribute"),
        ("OR @Request[attr] StringEquals 'x'", 1, 1, "expected an attribute"),
        ("NOT", 1, 4, "expected an attribute"),
        ("Exists", 1, 7, "expected an attribute"),
        ("(@Request[attr] StringEquals 'x'", 1, 33, "expected `)`"),
        ("@Request[attr] StringEquals 'x", 1, 29, "no closing quote"),
        ("@Request[attr] StringEquals 'x')", 1, 32, "closes nothing"),
        ("@Request[attr] StringEquals \"x\"", 1, 29, "single quote"),
        ("@Request[attr] StringEquals 'x'\nAND @Request[attr] StringEquals 'é' # no", 2, 37, "no meaning"),
        ("ActionMatches 'x'", 1, 15, "`{'..'}`"),
        ("ActionMatches{x}", 1, 15, "pattern"),
        ("ActionMatches{'x' 'y'}", 1, 19, "`,`"),
        ("true AND false OR true", 1, 16, "ambiguous"),
        ("true OR false AND true", 1, 15, "ambiguous"),
        ("ToLower('x', 'y') StringEquals 'x'", 1, 19, "1 arguments"),
        ("@Resource[a] StringEquals {'x' 'y'}", 1, 32, "end of the list"),
    ] {
        let error = text.parse::<Condition>().expect_err(text);
        assert_eq!((error.line, error.column), (line, column), "{text:?}: {error}");
        assert!(error.message.contains(part), "{text:?}: {error}");
    }
}

#[test]
fn depth_and_length_have_bounds() {
    for deep in ["(".repeat(100_000), "!".repeat(60_000), "ToLower(".repeat(7000), "{".repeat(60_000)] {
        assert!(deep.parse::<Condition>().is_err());
    }
    let wide = vec!["true"; 5000].join(" AND ");
    assert!(wide.parse::<Condition>().is_ok());
}

/// As deep as can be, and what is printed is no deeper.
#[test]
fn what_is_printed_of_the_deepest_parses() {
    let leaf = "'a' StringEquals 'b'";
    for (open, close) in [("!", ""), ("NOT (", ")"), ("(true AND ", ")"), ("!(true OR ", ")")] {
        let nested = |depth: usize| format!("{}{leaf}{}", open.repeat(depth), close.repeat(depth));
        let deepest = parsed(&nested(64));
        assert_eq!(parsed(&deepest.to_string()), deepest);
        assert!(nested(65).parse::<Condition>().is_err(), "{open}");
    }
    let exists = |depth: usize| format!("{}NotExists @Resource[a]", "!".repeat(depth));
    assert_eq!(parsed(&parsed(&exists(63)).to_string()), parsed(&exists(63)));
    assert!(exists(64).parse::<Condition>().is_err());
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        r"'[a-z*?\\\\ ]{0,6}'".prop_filter("a quote must close", Quoted::parse_quoted),
        (-9i64..99).prop_map(|number| number.to_string()),
        Just("08d4c71a-cc63-4ce4-a9c8-5dd251b4d619".to_owned()),
        Just("'it\\'s'".to_owned()),
        Just("true".to_owned()),
    ]
}

trait Quoted {
    fn parse_quoted(&self) -> bool;
}

impl Quoted for String {
    fn parse_quoted(&self) -> bool {
        format!("@Resource[a] StringEquals {self}").parse::<Condition>().is_ok()
    }
}

fn operand() -> impl Strategy<Value = String> {
    prop_oneof![
        "@(Resource|Request|Principal|Environment)\\[[A-Za-z./:<$>_]{1,8}\\]",
        value(),
        prop::collection::vec(value(), 0..3).prop_map(|all| format!("{{{}}}", all.join(", "))),
        "@Resource\\[x\\]".prop_map(|inner| format!("ToLower(Trim({inner}))")),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    let operator = prop::sample::select(dekey_rbac::condition::Operator::all().collect::<Vec<_>>());
    let each = prop::sample::select(vec!["", "", "ForAnyOfAnyValues:", "ForAllOfAllValues:"]);
    let leaf = prop_oneof![
        (operand(), each, operator, operand())
            .prop_map(|(left, each, operator, right)| format!("{left} {each}{} {right}", operator.name())),
        Just("ActionMatches{'a/*', 'b'}".to_owned()),
        Just("SubOperationMatches{'Blob.List'}".to_owned()),
        Just("Exists @Resource[a]".to_owned()),
        Just("false".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            (
                prop::collection::vec(inner.clone(), 2..4),
                prop::sample::select(vec![" AND ", " OR ", " && ", "||"])
            )
                .prop_map(|(all, link)| all
                    .iter()
                    .map(|one| format!("({one})"))
                    .collect::<Vec<_>>()
                    .join(link)),
            inner.prop_map(|one| format!("NOT ({one})")),
        ]
    })
}

proptest! {
    /// What is printed parses as the same condition; what is left of it does too, and knowing more never contradicts it.
    #[test]
    fn printing_and_parsing_agree(text in condition(), list in any::<bool>()) {
        let condition = parsed(&text);
        prop_assert_eq!(&parsed(&condition.to_string()), &condition);
        let open = condition.judge(&Request { action: "a/b", suboperation: Known::Unknown, facts: Facts::nothing() });
        let mut facts = Facts::default();
        for source in [Source::Request, Source::Resource, Source::Principal, Source::Environment] {
            facts.close(source);
        }
        let suboperation = if list { Known::Value("blob.list") } else { Known::Absent };
        let known = Request { action: "a/b", suboperation, facts: &facts };
        let all = condition.judge(&known);
        match open {
            Outcome::Open(expr) => {
                let rest = parsed(&expr.to_string());
                prop_assert_eq!(rest.expr(), &expr);
                prop_assert_eq!(rest.judge(&known), all);
            }
            decided => prop_assert_eq!(decided, all),
        }
    }

    #[test]
    fn any_text_is_a_condition_or_an_error_with_a_place(text in "\\PC{0,40}") {
        if let Err(error) = text.parse::<Condition>() {
            prop_assert!(error.at <= text.len());
        }
    }
}
