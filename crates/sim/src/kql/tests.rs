use super::*;
use jiff::Timestamp;
use serde_json::json;

struct Two;

impl Tables for Two {
    fn columns(&self, table: &str) -> Option<Vec<String>> {
        let columns = ["id", "type", "n", "properties", "tags", "at"];
        matches!(table, "resources" | "other").then(|| columns.map(str::to_owned).to_vec())
    }

    fn rows(&self, table: &str, types: Option<&[String]>) -> Vec<Row> {
        let rows = match table {
            "resources" => json!([
                { "id": "/A", "type": "a.b/c", "n": 1, "properties": { "x": true, "y": { "z": "deep" }, "list": [1, 2] },
                  "tags": { "cost-center": "7" }, "at": "2026-01-01T00:00:00.5Z" },
                { "id": "/b", "type": "a.b/c", "n": 2, "properties": { "x": false, "list": [] }, "at": "2026-01-01T00:00:00Z" },
                { "id": "/c", "type": "a.b/d", "n": 3, "properties": { "text": "{\"k\":5}" }, "at": "2026-01-02T00:00:00Z" },
            ]),
            _ => json!([{ "id": "/o1", "n": 1, "type": "left" }, { "id": "/o2", "n": 1, "type": "right" }]),
        };
        let Value::Array(rows) = rows else { return Vec::new() };
        let rows = rows.into_iter().filter_map(|row| row.as_object().cloned());
        let narrow = |row: &Row| {
            table == "other" || types.is_none_or(|all| all.iter().any(|own| row["type"] == own.as_str()))
        };
        rows.filter(narrow).collect()
    }
}

fn run(query: &str) -> Result<Relation, Error> {
    let now: Timestamp = "2026-01-03T00:00:00Z".parse().unwrap();
    Run { tables: &Two, now }.query(&parse(query, "resources")?)
}

/// One column of the answer, joined.
fn column(query: &str, name: &str) -> String {
    let relation = run(query).unwrap_or_else(|error| panic!("{query}: {error:?}"));
    assert!(relation.columns.iter().any(|own| own == name), "{query}: {:?}", relation.columns);
    let text = |row: &Row| {
        row.get(name).map_or("-".to_owned(), |value| value.as_str().map_or(value.to_string(), str::to_owned))
    };
    relation.rows.iter().map(text).collect::<Vec<_>>().join(" ")
}

#[test]
fn rows_are_narrowed() {
    for (query, ids) in [
        ("resources | where type =~ 'A.B/C'", "/A /b"),
        ("where type == 'a.b/d'", "/c"),
        ("resources | where type == 'A.B/C'", ""),
        ("resources | where type in~ ('A.B/D', 'x')", "/c"),
        ("resources | where type !in ('a.b/d')", "/A /b"),
        ("resources | where properties.x == true", "/A"),
        // What is missing differs from true, and is not false.
        ("resources | where properties.x != true", "/b /c"),
        ("resources | where properties.x == false", "/b"),
        ("resources | where isnull(properties.x)", "/c"),
        ("resources | where isempty(tags['cost-center'])", "/b /c"),
        ("resources | where properties.y.z has 'DEEP' and not(n > 1)", "/A"),
        ("resources | where id contains 'a' or n >= 3", "/A /c"),
        ("resources | where type endswith '/d' // a comment\n | where n between (2 .. 3)", "/c"),
        ("resources | where at > datetime(2026-01-01)", "/A /c"),
        ("resources | where at > ago(1d)", ""),
        ("resources | where at >= ago(1d) and 1 == 1", "/c"),
        ("resources | order by at desc", "/c /A /b"),
        ("resources | sort by n desc | take 2", "/c /b"),
        ("resources | top 1 by n desc | where n > 0", "/c"),
        ("resources | where properties['y']['z'] startswith 'de'", "/A"),
        ("resources | where todynamic(properties.text).k == 5", "/c"),
    ] {
        assert_eq!(column(query, "id"), ids, "{query}");
    }
}

#[test]
fn columns_are_shaped() {
    assert_eq!(column("resources | project other = strcat(type, '!'), n", "other"), "a.b/c! a.b/c! a.b/d!");
    assert_eq!(column("resources | project properties.y.z", "properties_y_z"), "deep null null");
    assert_eq!(run("resources | project-away t*, at, properties").unwrap().columns, ["id", "n"]);
    assert_eq!(column("resources | extend m = n * 2 + 1 | project-rename k = m", "k"), "3 5 7");
    assert_eq!(column("resources | extend s = iff(n > 1, 'many', 'one')", "s"), "one many many");
    assert_eq!(column("resources | extend p = split(type, '/')[1]", "p"), "c c d");
    assert_eq!(
        column("resources | mv-expand item = properties.list | project item", "item"),
        "1 2 null null"
    );
    assert_eq!(column("resources | extend d = bin(at, 1d) | distinct d", "d").matches("2026").count(), 2);
    assert_eq!(
        column("resources | extend age = datetime(2026-01-02) - todatetime(at)", "age"),
        "23:59:59 1.00:00:00 00:00:00"
    );
}

#[test]
fn rows_are_counted_and_joined() {
    assert_eq!(column("resources | count", "Count"), "3");
    assert_eq!(column("resources | summarize count() by type", "count_"), "2 1");
    assert_eq!(
        column("resources | summarize most = max(n), of = dcount(type), s = make_set(type)", "most"),
        "3"
    );
    assert_eq!(column("resources | where n > 9 | summarize count()", "count_"), "0");
    assert_eq!(column("resources | summarize arg_max(n, id) by type", "id"), "/b /c");
    let inner = "resources | join kind=inner (other | project n, of = type) on n | project id, of";
    assert_eq!((column(inner, "id"), column(inner, "of")), ("/A /A".to_owned(), "left right".to_owned()));
    let outer = "resources | join kind=leftouter (other | where id == '/o1') on $left.n == $right.n";
    assert_eq!(column(outer, "id1"), "/o1 null null");
    assert_eq!(column("resources | union (other | where id == '/o1') | project id", "id"), "/A /b /c /o1");
    assert_eq!(column("union other, (resources | where n == 3)", "id"), "/o1 /o2 /c");
}

#[test]
fn what_is_not_known_is_an_error() {
    for (query, token) in [
        ("resources | where nope == 1", "nope"),
        ("resources | where type == 'none' | project nope", "nope"),
        ("resources | parse id with * '/' x", "parse"),
        ("resources | evaluate bag_unpack(properties)", "evaluate"),
        ("resources | extend x = levenshtein(id, id)", "levenshtein"),
        ("resources | join (other) on n", "join without kind: say kind=inner or kind=leftouter"),
        ("resources | join kind=fullouter (other) on n", "join kind=fullouter"),
        ("nowhere | count", "nowhere"),
        ("resources | where", "<EOF>"),
        ("resources | where id == 'open", "'"),
        ("resources where x", "where"),
        ("resources | project-away missing", "missing"),
        ("resources | take -1", "-"),
    ] {
        assert_eq!(run(query).map_err(|error| error.token), Err(token.to_owned()), "{query}");
    }
    for bad in ["(".repeat(10_000), format!("resources | where {}1", "-".repeat(10_000)), "not(".repeat(5000)]
    {
        assert!(run(&bad).is_err());
    }
}

proptest::proptest! {
    #[test]
    fn no_query_is_fatal(query in "[a-z |()\\[\\]'\"=!<>.,0-9~*-]{0,80}") {
        let _ = run(&query);
        let _ = run(&format!("resources | where {query}"));
    }
}
