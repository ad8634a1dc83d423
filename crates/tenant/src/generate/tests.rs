use super::{Children, Part, Tenant, Truth};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

type Files = BTreeMap<String, Vec<u8>>;

#[derive(Clone)]
struct Sink(Arc<Mutex<Files>>, String);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut files = self.0.lock().map_err(|_| io::Error::other("poisoned"))?;
        files.entry(self.1.clone()).or_default().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn written(seed: u64, workspaces: u64, children: Children) -> io::Result<(Files, super::Tally)> {
    let files = Arc::new(Mutex::new(Files::new()));
    let tenant = Tenant::generate(seed, workspaces).with_children(children);
    let tally = tenant.write(|name| Ok(Sink(Arc::clone(&files), name.to_owned())))?;
    let files = std::mem::take(&mut *files.lock().map_err(|_| io::Error::other("poisoned"))?);
    Ok((files, tally))
}

fn array(files: &Files, name: &str) -> io::Result<Vec<Value>> {
    Ok(serde_json::from_slice(files.get(name).ok_or_else(|| io::Error::other(name.to_owned()))?)?)
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_gives_others() -> io::Result<()> {
    let (first, tally) = written(7, 200, Children::All)?;
    let (second, again) = written(7, 200, Children::All)?;
    assert_eq!((&first, &tally), (&second, &again));
    let (other, _) = written(8, 200, Children::All)?;
    assert_ne!(first.get("workspaces"), other.get("workspaces"));
    assert_eq!(first.len(), Part::ALL.len());
    Ok(())
}

#[test]
fn children_do_not_change_the_four_files() -> io::Result<()> {
    let (four, _) = written(3, 100, Children::None)?;
    assert_eq!(four.keys().collect::<Vec<_>>(), ["registries", "storage", "vaults", "workspaces"]);
    for children in [Children::Some, Children::All] {
        let (more, _) = written(3, 100, children)?;
        assert!(four.iter().all(|(name, bytes)| more.get(name) == Some(bytes)));
    }
    Ok(())
}

#[test]
fn every_id_occurs_once_and_every_dependent_is_there() -> io::Result<()> {
    let (files, tally) = written(1, 1_200, Children::All)?;
    let mut all = HashSet::new();
    for (part, count) in &tally.resources {
        let items = array(&files, part.name())?;
        assert_eq!(items.len() as u64, *count);
        for item in &items {
            assert!(all.insert(text(item, "/id").to_ascii_lowercase()), "twice: {}", text(item, "/id"));
        }
    }
    for workspace in array(&files, "workspaces")? {
        for field in
            ["storageAccount", "keyVault", "containerRegistry", "applicationInsights", "hubResourceId"]
        {
            let id = text(&workspace, &format!("/properties/{field}")).to_ascii_lowercase();
            assert!(id.is_empty() || all.contains(&id), "missing: {id}");
        }
        let project = text(&workspace, "/kind") == "Project";
        assert_eq!(project, !text(&workspace, "/properties/hubResourceId").is_empty());
    }
    Ok(())
}

/// Counts from the files alone what [`Truth`] says was drawn.
fn counted(files: &Files) -> io::Result<Truth> {
    let mut truth = Truth::default();
    for workspace in array(files, "workspaces")? {
        let identity = text(&workspace, "/identity/type").to_ascii_lowercase().replace(' ', "");
        let words: HashSet<&str> = identity.split(',').collect();
        truth.workspaces += 1;
        truth.without_system_assigned += u64::from(!words.contains("systemassigned"));
        truth.user_assigned_only += u64::from(identity == "userassigned");
        truth.hubs += u64::from(text(&workspace, "/kind") == "Hub");
        truth.projects += u64::from(text(&workspace, "/kind") == "Project");
        let mode = text(&workspace, "/properties/systemDatastoresAuthMode");
        truth.access_key += u64::from(mode.eq_ignore_ascii_case("accesskey"));
    }
    for account in array(files, "storage")? {
        let allow = account.pointer("/properties/allowSharedKeyAccess").and_then(Value::as_bool);
        truth.accounts += 1;
        truth.shared_key += u64::from(allow != Some(false));
        truth.shared_key_unsaid += u64::from(allow.is_none());
    }
    for registry in array(files, "registries")? {
        truth.registries += 1;
        truth.admin_user +=
            u64::from(registry.pointer("/properties/adminUserEnabled") == Some(&Value::Bool(true)));
    }
    for vault in array(files, "vaults")? {
        truth.vaults += 1;
        let rbac = vault.pointer("/properties/enableRbacAuthorization") == Some(&Value::Bool(true));
        truth.access_policies += u64::from(!rbac);
    }
    Ok(truth)
}

#[test]
fn the_truth_is_in_the_files_and_the_distribution_is_as_documented() -> io::Result<()> {
    let (files, tally) = written(1, 5_000, Children::None)?;
    let truth = tally.truth;
    assert_eq!(counted(&files)?, truth);
    let percent = |part: u64, whole: u64| part * 100 / whole.max(1);
    assert!((28..=32).contains(&percent(truth.without_system_assigned, truth.workspaces)), "{truth:?}");
    assert!((13..=17).contains(&percent(truth.user_assigned_only, truth.workspaces)), "{truth:?}");
    assert!((48..=52).contains(&percent(truth.access_key, truth.workspaces)), "{truth:?}");
    assert!((57..=63).contains(&percent(truth.shared_key, truth.accounts)), "{truth:?}");
    assert!((30..=36).contains(&percent(truth.shared_key_unsaid, truth.shared_key)), "{truth:?}");
    assert!((37..=43).contains(&percent(truth.admin_user, truth.registries)), "{truth:?}");
    assert!((47..=53).contains(&percent(truth.access_policies, truth.vaults)), "{truth:?}");
    assert!(truth.hubs > 50 && truth.projects > 200 && truth.accounts < truth.workspaces, "{truth:?}");
    Ok(())
}

#[test]
fn resources_are_as_full_as_real_ones() -> io::Result<()> {
    let (files, tally) = written(2, 500, Children::None)?;
    for ((part, count), expected) in tally.resources.iter().zip([1_900, 1_500, 900, 700]) {
        let bytes = files.get(part.name()).map_or(0, Vec::len) as u64;
        assert!(bytes / count.max(&1) > expected, "{part:?}: {} bytes each", bytes / count.max(&1));
    }
    Ok(())
}
