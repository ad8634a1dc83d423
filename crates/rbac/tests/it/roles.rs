//! The built-in roles of Azure, read in place, against a script that was written apart from the crate.

use crate::folder;
use dekey_rbac::{Plane, Role, RoleDefinition, catalogue};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The dump of built-in roles among the corpora.
pub(crate) fn dump() -> Option<(PathBuf, Vec<RoleDefinition>)> {
    let file = folder("DEKEY_CORPORA")?.join("ref/built-in-roles.json");
    let all: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let all = all.as_array().unwrap();
    let roles: Vec<_> = all.iter().map(|own| dekey_rbac::json::role_definition(own).unwrap()).collect();
    assert_eq!(roles.len(), 928);
    Some((file, roles))
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_role_permits_what_the_script_says() {
    let Some((file, roles)) = dump() else { return };
    let mut script = Command::new("python3");
    script.arg(here().join("tests/roles.py")).arg(file).arg(here().join("data/actions.txt"));
    let said = match script.output() {
        Ok(output) if output.status.success() => String::from_utf8(output.stdout).unwrap(),
        Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => return eprintln!("skipped: python3: {error}"),
    };
    let actions = catalogue::actions();
    let (mut own, mut counts) = (Vec::new(), BTreeMap::<&str, u32>::new());
    for role in &roles {
        let compiled = Role::new(role, &actions);
        for (ix, action) in actions.iter() {
            let mark = match (compiled.always().contains(ix), compiled.sometimes().contains(ix)) {
                (true, _) => "x",
                (false, true) => "?",
                _ => continue,
            };
            let plane = if action.plane() == Plane::Control { "A" } else { "D" };
            *counts.entry(action.name()).or_default() += 1;
            own.push(format!("{} {plane} {} {mark}", role.id, action.name()));
        }
    }
    own.sort();
    let mut said: Vec<&str> = said.lines().collect();
    said.sort_unstable();
    let differ = own.iter().map(String::as_str).zip(said.iter().copied()).find(|(a, b)| a != b);
    assert_eq!((differ, own.len()), (None, said.len()));
    eprintln!("{} roles, {} actions, {} pairs of role and action", roles.len(), actions.len(), own.len());
    for action in [
        "Microsoft.Storage/storageAccounts/listKeys/action",
        "Microsoft.MachineLearningServices/workspaces/datastores/listsecrets/action",
    ] {
        eprintln!("{action}: {} roles", counts[action]);
    }
}

#[test]
fn what_comes_with_the_project_is_what_azure_says() {
    let Some((_, roles)) = dump() else { return };
    let actions = catalogue::actions();
    let shipped = catalogue::roles();
    for own in &shipped {
        let real = roles.iter().find(|role| role.id == own.id).unwrap();
        let (own, real) = (Role::new(own, &actions), Role::new(real, &actions));
        assert_eq!(
            (own.name(), own.always(), own.sometimes()),
            (real.name(), real.always(), real.sometimes())
        );
    }
    let committed = std::fs::read_to_string(here().join("data/matrix.txt")).unwrap();
    assert!(committed == catalogue::matrix(&roles, &actions), "run `cargo xtask roles DUMP`");
}

/// Without the dump of all roles: the committed matrix says of the roles that come with the project what their facts say.
#[test]
fn the_matrix_says_what_the_facts_say() {
    let committed = std::fs::read_to_string(here().join("data/matrix.txt")).unwrap();
    let own = catalogue::matrix(&catalogue::roles(), &catalogue::actions());
    let (mut columns, mut rows) = (0, 0);
    for line in own.lines() {
        assert!(committed.lines().any(|other| other == line), "run `cargo xtask roles DUMP`: {line}");
        *(if line.starts_with('#') { &mut columns } else { &mut rows }) += 1;
    }
    assert!(columns > 200 && rows > 40);
}

#[test]
fn every_condition_of_a_role_is_understood() {
    let Some((_, roles)) = dump() else { return };
    let with = |role: &&RoleDefinition| role.permissions.iter().any(|own| own.condition.is_some());
    assert_eq!(roles.iter().filter(with).count(), 29);
    for role in &roles {
        for text in role.permissions.iter().filter_map(|own| own.condition.as_ref()) {
            let condition: dekey_rbac::Condition =
                text.parse().unwrap_or_else(|error| panic!("{}: {error}", role.name));
            assert_eq!(condition.to_string().parse(), Ok(condition), "{}", role.name);
        }
    }
}

/// What descriptions of built-in roles say, and their patterns do only if the slashes around a wildcard may be one.
#[test]
fn descriptions_hold() {
    let Some((_, roles)) = dump() else { return };
    let permits = |name: &str, action: &str| {
        let role = roles.iter().find(|own| own.name == name).unwrap();
        Role::new(role, &dekey_rbac::Actions::default()).covers(&dekey_rbac::Action::control(action))
    };
    assert!(permits("Virtual Machine User Login", "Microsoft.Compute/virtualMachines/read"));
    assert!(permits("Key Vault Reader", "Microsoft.KeyVault/vaults/read"));
    assert!(permits(
        "Managed Identity Operator",
        "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"
    ));
    let scientist = |action: &str| {
        permits("AzureML Data Scientist", &format!("Microsoft.MachineLearningServices/workspaces/{action}"))
    };
    assert!(scientist("read") && scientist("jobs/write") && scientist("datastores/listsecrets/action"));
    assert!(
        !scientist("write")
            && !scientist("delete")
            && !scientist("computes/write")
            && !scientist("computes/delete")
    );
    assert!(!scientist("listKeys/action"));
}
