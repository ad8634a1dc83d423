//! Facts of built-in roles, from a dump of `az role definition list`.

use crate::generate::root;
use clap::Args;
use dekey_rbac::{RoleDefinition, catalogue, json};
use std::io;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct RolesArgs {
    /// What `az role definition list --query "[?roleType=='BuiltInRole']"` wrote
    dump: PathBuf,
}

/// Writes the facts of the roles that `roles.txt` names, and the matrix of all roles.
pub(crate) fn write(args: &RolesArgs) -> io::Result<()> {
    let dump: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&args.dump)?)?;
    let all = dump.as_array().ok_or_else(|| io::Error::other("expected a list of role definitions"))?;
    let read = |own| json::role_definition(own).ok_or_else(|| io::Error::other("not a role definition"));
    let all: Vec<RoleDefinition> = all.iter().map(read).collect::<io::Result<_>>()?;
    let data = root().join("crates/rbac/data");
    let wanted = catalogue::read_roles(&std::fs::read_to_string(data.join("roles.txt"))?);
    let find = |own: &RoleDefinition| {
        let found = all.iter().find(|role| role.id.eq_ignore_ascii_case(&own.id)).cloned();
        found.ok_or_else(|| io::Error::other(format!("the dump has no role `{}` ({})", own.name, own.id)))
    };
    let facts: Vec<RoleDefinition> = wanted.iter().map(find).collect::<io::Result<_>>()?;
    std::fs::write(data.join("roles.txt"), catalogue::write_roles(&facts))?;
    std::fs::write(data.join("matrix.txt"), catalogue::matrix(&all, &catalogue::actions()))
}
