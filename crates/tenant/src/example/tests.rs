use super::{differences, files};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;

fn resources() -> io::Result<Vec<(&'static str, Value)>> {
    let mut all = Vec::new();
    for file in files() {
        let value: Value = serde_json::from_str(&file.text)?;
        let list = match value {
            Value::Array(list) => list,
            mut value => match value.get_mut("value").map(Value::take) {
                Some(Value::Array(list)) => list,
                _ => match value.get_mut("data").map(Value::take) {
                    Some(Value::Array(list)) => list,
                    _ => continue,
                },
            },
        };
        all.extend(list.into_iter().map(|resource| (file.name, resource)));
    }
    Ok(all)
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[test]
fn the_committed_files_are_what_the_tables_say() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/contoso");
    let stale = differences(&folder)?;
    assert!(stale.is_empty(), "run `cargo xtask example` and look at what changed: {stale:?}");
    Ok(())
}

#[test]
fn every_id_occurs_once_and_every_resource_has_one() -> io::Result<()> {
    let mut seen = HashMap::new();
    for (file, resource) in resources()? {
        let id = text(&resource, "/id").to_ascii_lowercase();
        assert!(id.starts_with('/'), "{file}: no id in {resource}");
        assert!(
            !text(&resource, "/name").is_empty() || id.matches('/').count() == 2,
            "{file}: no name in {id}"
        );
        let before = seen.insert(id.clone(), file);
        assert_eq!(before, None, "{id} is in {file} too");
    }
    assert!(seen.len() > 400, "{} resources", seen.len());
    Ok(())
}

#[test]
fn only_what_the_story_leaves_out_is_missing() -> io::Result<()> {
    let all = resources()?;
    let ids: HashSet<String> = all.iter().map(|(_, r)| text(r, "/id").to_ascii_lowercase()).collect();
    let mut missing = HashSet::new();
    for (_, resource) in &all {
        for field in
            ["storageAccount", "keyVault", "containerRegistry", "applicationInsights", "hubResourceId"]
        {
            let id = text(resource, &format!("/properties/{field}")).to_ascii_lowercase();
            if !id.is_empty() && !ids.contains(&id) {
                missing.extend(id.rsplit('/').next().map(str::to_owned));
            }
        }
    }
    let mut missing: Vec<String> = missing.into_iter().collect();
    missing.sort();
    assert_eq!(missing, ["appi-research-gpu", "crlegal", "mlhub-documents", "sthpcscratch"]);
    Ok(())
}

#[test]
fn rows_of_the_tables_name_workspaces_and_groups_that_exist() -> io::Result<()> {
    let all = resources()?;
    let of = |end: &str| all.iter().filter(|(file, _)| file.ends_with(end)).count();
    assert_eq!(of("workspaces.json"), 33);
    assert_eq!(of("datastores.json"), 33 * 4 + super::data::STORES.len());
    assert_eq!(of("connections.json"), super::data::CONNECTIONS.len());
    assert_eq!(of("computes.json"), super::serving::COMPUTES.len());
    assert!(all.iter().all(|(_, resource)| !text(resource, "/id").contains("rg-nowhere")));
    Ok(())
}
