//! Truncated, malformed and hostile documents: an error with its place, and everything else is still read.

use crate::{inventory, workspace};
use dekey_intake::{Buffers, Keep, Limits, Piece, read_document};
use dekey_model::{Batch, Kind, NoteKind};

#[test]
fn a_truncated_list_keeps_what_was_whole() {
    let text = format!(
        "[\n{},\n{},\n{{\"id\":\"/subs",
        workspace("a", r#""properties":{}"#),
        workspace("b", r#""properties":{}"#)
    );
    let inventory = inventory(&[("cut.json", &text)]);
    assert_eq!(inventory.len(), 2);
    let [note] = inventory.coverage().notes.as_slice() else { panic!("{:?}", inventory.coverage().notes) };
    assert_eq!((note.kind, note.line), (NoteKind::Malformed, 4));
    assert!(note.reason.contains("breaks off") && note.reason.contains("expected"), "{note:?}");
}

#[test]
fn a_malformed_resource_loses_no_neighbour() {
    let mut items: Vec<String> =
        (0..10_000).map(|n| workspace(&format!("w{n}"), r#""properties":{}"#)).collect();
    items[4_321] = r#"{"id": oops, "properties": {}}"#.to_owned();
    let inventory = inventory(&[("odd.json", &format!("[\n{}\n]", items.join(",\n")))]);
    assert_eq!(inventory.len(), 9_999);
    let [note] = inventory.coverage().notes.as_slice() else { panic!("{:?}", inventory.coverage().notes) };
    assert_eq!((note.kind, note.line, note.column), (NoteKind::Malformed, 4_323, 8));
}

#[test]
fn positions_count_lines_and_columns_from_one() {
    for (text, line, column) in
        [("{\"a\" 1}", 1, 6), ("\n\n  [{]", 3, 5), ("[\n  {\"id\": \"x\" \"y\"}\n]", 2, 14), ("[1] x", 1, 5)]
    {
        let inventory = inventory(&[("x.json", text)]);
        let notes = &inventory.coverage().notes;
        assert!(
            notes.iter().any(|n| n.kind == NoteKind::Malformed && (n.line, n.column) == (line, column)),
            "{text}: {notes:?}"
        );
    }
}

#[test]
fn deep_nesting_and_large_values_are_bounded() {
    let deep = format!("[{}{}]", "[".repeat(10_000), "]".repeat(10_000));
    let inventory = inventory(&[("deep.json", &deep)]);
    assert_eq!(inventory.coverage().notes[0].kind, NoteKind::TooLarge);
    let large = format!(r#"[{{"id":"{}"}}]"#, "x".repeat(100_000));
    let limits = Limits { value: 10_000, piece: 1_000 };
    let outcome =
        read_document("large.json", &mut large.as_bytes(), limits, &Buffers::default(), &mut |_: Piece| true)
            .unwrap();
    assert_eq!(outcome.note.unwrap().kind, NoteKind::TooLarge);
}

#[test]
fn an_empty_document_is_named() {
    let inventory = inventory(&[("a.json", ""), ("b.json", " \n")]);
    assert!(inventory.coverage().notes.iter().all(|note| note.reason.contains("nothing is in it")));
    assert_eq!(inventory.coverage().notes.len(), 2);
}

#[test]
fn notes_are_bounded_and_the_rest_is_counted() {
    let inventory = inventory(&[("a.json", &format!("[\n{}1]", "1,\n".repeat(5_000))), ("b.json", "[2]")]);
    let notes = &inventory.coverage().notes;
    assert_eq!(notes.len(), 102);
    assert!(notes[0].reason.starts_with("4901 more"), "{:?}", notes[0]);
    assert_eq!((notes[0].kind, notes[1].line), (NoteKind::NotUnderstood, 2));
}

#[test]
fn an_id_of_endless_length_costs_little() {
    let setting = "Microsoft.Insights/diagnosticSettings";
    let id = format!("/subscriptions/s{}/providers/{setting}/d", "/a/b".repeat(200_000));
    let text = format!(r#"{{"id":"{id}","type":"{setting}","properties":{{}}}}"#);
    let manifest =
        r#"{"dekey":"manifest/1","coverage":[{"kind":"datastores","scope":"/x","outcome":"read"}]}"#;
    let inventory = inventory(&[("x.json", &text), ("manifest.json", manifest)]);
    let found = inventory.find(&id).unwrap();
    assert!(found.parent().is_none());
    assert_eq!(found.children_covered(Kind::Datastore), dekey_model::Covered::Unknown);
}

#[test]
fn text_that_is_not_utf8_is_named() {
    let mut bytes = br#"[{"id":"/subscriptions/s","name":""#.to_vec();
    bytes.extend([0xff, 0xfe]);
    bytes.extend(br#""}]"#);
    let mut builder = dekey_model::Builder::new();
    dekey_intake::read_into(&mut builder, "x.json", &mut bytes.as_slice(), Keep::Facts).unwrap();
    let inventory = builder.finish();
    assert!(inventory.coverage().notes[0].reason.contains("UTF-8"), "{:?}", inventory.coverage().notes);
}

#[test]
fn a_deeply_nested_property_that_is_kept_is_cut_not_lost() {
    let nested = format!("{}1{}", "[".repeat(60), "]".repeat(60));
    let text = format!(
        r#"{{"id":"/subscriptions/s/providers/Microsoft.Authorization/policyDefinitions/p","type":"Microsoft.Authorization/policyDefinitions","properties":{{"policyRule":{nested},"displayName":"kept"}}}}"#
    );
    let inventory = inventory(&[("p.json", &text)]);
    assert_eq!(inventory.len(), 1);
}

#[test]
fn errors_never_quote_the_document() {
    let inventory = inventory(&[
        ("x.json", r#"[{"id": "/s", "password": hunter22}, {"password" "hunter22"}]"#),
        ("y.yaml", "a: [hunter22"),
    ]);
    assert!(!inventory.coverage().notes.is_empty());
    assert!(!format!("{:?}", inventory.coverage().notes).contains("hunter22"));
}

#[test]
fn small_windows_cut_the_same_resources() {
    let items: Vec<String> = (0..50)
        .map(|n| workspace(&format!("w{n}"), r#""tags":{"a":"é\"}]{"},"properties":{"x":[1,{}]}"#))
        .collect();
    let text = format!("{{\"value\":[{}],\"nextLink\":null}}\n{}", items.join(", \n"), items[0]);
    let count = |piece: usize| {
        let mut drafts = 0;
        let limits = Limits { value: 1 << 20, piece };
        let outcome =
            read_document("x", &mut text.as_bytes(), limits, &Buffers::default(), &mut |piece: Piece| {
                let mut batch = Batch::default();
                piece.parse(Keep::Facts, &mut batch);
                drafts += batch.drafts.len();
                true
            });
        assert!(outcome.unwrap().note.is_none());
        drafts
    };
    for piece in [1, 7, 64, 1000, 1 << 20] {
        assert_eq!(count(piece), 51, "{piece}");
    }
}
