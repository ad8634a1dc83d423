//! A secret planted in every field of an input appears in no output, snapshot or error.

use crate::{Run, example};
use serde_json::Value;

const FORMATS: [&str; 8] = ["terminal", "json", "sarif", "junit", "csv", "markdown", "github", "html"];

/// Secrets of several forms, none of which opens anything.
fn canaries() -> Vec<String> {
    let key = "Q0FOQVJZ".repeat(10) + "Q0FOQV==";
    vec![
        format!(
            "DefaultEndpointsProtocol=https;AccountName=canary;AccountKey={key};EndpointSuffix=core.windows.net"
        ),
        "https://canary.blob.core.windows.net/c?sv=2024-11-04&sig=CANARYcanaryCANARYcanaryCANARYcanary%3D"
            .to_owned(),
        key,
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnkifQ.CANARYcanaryCANARY".to_owned(),
        "password=CANARY-hunter22".to_owned(),
    ]
}

/// What must not be seen of a canary: its secret part.
fn secret_parts() -> [&'static str; 4] {
    ["Q0FOQVJZQ0FOQVJZ", "CANARYcanaryCANARY", "eyJzdWIiOiJjYW5hcnkifQ", "hunter22"]
}

/// Puts the canary into every text of a document, in values and behind names, and keeps it readable as a document.
fn plant(value: &mut Value, canary: &str, structural: bool) {
    match value {
        Value::String(text) if !structural => text.extend([" ", canary]),
        Value::Array(items) => items.iter_mut().for_each(|item| plant(item, canary, false)),
        Value::Object(map) => {
            for (name, inner) in map.iter_mut() {
                // Without a type nothing would be judged; everything else may hold anything.
                plant(inner, canary, ["type", "dekey", "kind", "outcome", "scope"].contains(&name.as_str()));
            }
            if map.contains_key("tags") || map.contains_key("properties") {
                map.insert("canary".to_owned(), canary.into());
            }
        }
        _ => {}
    }
}

#[test]
fn no_output_shows_a_planted_secret() {
    let run = Run::new();
    let planted = run.folder.path().join("in");
    std::fs::create_dir_all(&planted).unwrap();
    for (n, canary) in canaries().iter().enumerate() {
        for entry in std::fs::read_dir(example()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|e| e != "json") {
                continue;
            }
            let mut value: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            plant(&mut value, canary, false);
            let name = format!("{n}-{}", path.file_name().unwrap().to_str().unwrap());
            std::fs::write(planted.join(name), value.to_string()).unwrap();
        }
    }
    run.write("in/broken.json", &format!("[{{\"id\": \"/x\", \"{0}\": {0}", canaries()[4]));
    let check = |what: &str, text: &str| {
        for secret in secret_parts() {
            if let Some(at) = text.find(secret) {
                let from = text[..at].char_indices().rev().nth(120).map_or(0, |c| c.0);
                panic!("{what} shows a secret: …{}", &text[from..at]);
            }
        }
    };
    for format in FORMATS {
        let done = run.dekey(&["audit", "in", "--all", "--format", format]);
        assert!(!done.out().is_empty(), "{format}");
        check(format, &done.out());
        check(format, &done.err());
    }
    for format in ["terminal", "json", "sarif", "html"] {
        for task in [&["simulate", "--pack", "--effect", "deny"][..], &["simulate"], &["status"]] {
            let done = run.dekey(&[&["policy"], task, &["in", "--all", "--format", format]].concat());
            assert!(!done.out().is_empty(), "{format} {}", done.err());
            check(format, &done.out());
            check(format, &done.err());
        }
    }
    let done = run.dekey(&["snapshot", "pack", "in", "-o", "s.tar.zst"]);
    check("pack", &done.err());
    run.dekey(&["snapshot", "unpack", "s.tar.zst", "-o", "s"]);
    check("snapshot", &run.read("s/resources.jsonl"));
    check("manifest", &run.read("s/manifest.json"));
}
