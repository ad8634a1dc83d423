//! The whole analysis of a tenant's access, from files to totals; `bench/access` holds it against a script.
//!
//! `access_scan generate N DIR` writes an invented tenant of N identities as exports have it, `access_scan scan N DIR` reads and judges
//! it.

#![expect(clippy::print_stdout, reason = "what it is for")]

#[path = "../benches/tenant/mod.rs"]
mod tenant;

use dekey_intake::{Keep, read_into};
use dekey_model::{Builder, Inventory, Kind};
use dekey_rbac::{Assume, PrincipalType, RoleDefinition, Use, catalogue};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::Path;
use std::time::Instant;
use tenant::{Totals, analyse, assignments, dependents, is_gone, principal};

const FILES: [&str; 4] = ["roles.json", "directory.json", "denials.json", "assignments.json"];

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let wrong = || io::Error::other("expected `generate N DIR` or `scan N DIR`");
    let [chore, of, folder] = arguments.as_slice() else { return Err(wrong()) };
    let (of, folder) = (of.parse().map_err(io::Error::other)?, Path::new(folder));
    match chore.as_str() {
        "generate" => generate(of, folder),
        "scan" => scan(of, folder),
        _ => Err(wrong()),
    }
}

/// Writes resources as one JSON array.
fn write(folder: &Path, name: &str, all: impl Iterator<Item = Value>) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 18, File::create(folder.join(name))?);
    for (at, own) in all.enumerate() {
        write!(out, "{}{own}", if at == 0 { "[" } else { ",\n" })?;
    }
    writeln!(out, "]")?;
    out.flush()
}

fn generate(of: u32, folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    write(folder, "roles.json", catalogue::roles().iter().map(role))?;
    let there = (0..of).filter(|own| !is_gone(*own)).map(principal);
    let principals = there.map(|id| resource("Microsoft.Graph/servicePrincipals", &id, &json!({})));
    let groups = tenant::groups(of)
        .map(|own| resource("Microsoft.Graph/groups", &own.id, &json!({ "transitiveMembers": own.members })));
    let subscriptions = tenant::ancestors(of).map(|(id, above)| {
        let chain: Vec<Value> = above.iter().map(|name| json!({ "name": name })).collect();
        json!({ "id": id, "type": "Microsoft.Resources/subscriptions", "name": "s",
            "properties": { "managementGroupAncestorsChain": chain } })
    });
    write(folder, "directory.json", principals.chain(groups).chain(subscriptions))?;
    write(folder, "denials.json", tenant::denials(of).map(|own| denial(&own)))?;
    write(folder, "assignments.json", (0..of).flat_map(|own| assignments(own, of)).map(|own| grant(&own)))?;
    // What is asked, for the script: the same for every identity.
    let uses = dependents(0).map(|(target, own): (_, Use)| {
        let needs = own.needs(&target).unwrap_or_default();
        needs.iter().map(|own| json!([own.action.plane() as u8, own.action.folded()])).collect::<Vec<_>>()
    });
    let scopes = (0..of).map(|own| dependents(own).map(|(target, _)| target.id));
    let rows = (0..of).map(principal).zip(scopes).map(|(who, scopes)| json!([who, scopes]));
    write(folder, "needs.list", std::iter::once(json!(uses)).chain(rows))
}

fn resource(kind: &str, name: &str, properties: &Value) -> Value {
    json!({ "id": format!("/providers/{kind}/{name}"), "type": kind, "name": name, "properties": properties })
}

fn role(own: &RoleDefinition) -> Value {
    let permissions = |all: &[dekey_rbac::Permission]| -> Vec<Value> {
        let one = |own: &dekey_rbac::Permission| {
            json!({ "actions": own.actions, "notActions": own.not_actions,
                "dataActions": own.data_actions, "notDataActions": own.not_data_actions, "condition": own.condition })
        };
        all.iter().map(one).collect()
    };
    let properties = json!({ "roleName": own.name, "type": "BuiltInRole", "assignableScopes": ["/"],
        "permissions": permissions(&own.permissions) });
    resource("Microsoft.Authorization/roleDefinitions", &own.id, &properties)
}

fn grant(own: &dekey_rbac::Assignment<'_>) -> Value {
    let kind = if own.principal_type == PrincipalType::Group { "Group" } else { "ServicePrincipal" };
    let name = own.id.rsplit('/').next();
    json!({ "id": own.id, "type": "Microsoft.Authorization/roleAssignments", "name": name, "properties": {
        "roleDefinitionId": format!("/providers/Microsoft.Authorization/roleDefinitions/{}", own.role),
        "principalId": own.principal, "principalType": kind, "scope": own.scope,
        "condition": own.condition, "conditionVersion": own.condition.as_ref().map(|_| "2.0"),
        "createdOn": "2025-03-11T09:31:02.5519774Z", "updatedOn": "2025-03-11T09:31:02.5519774Z", "description": null,
    } })
}

fn denial(own: &dekey_rbac::DenyAssignment) -> Value {
    let who = |all: &[String], kind: &str| -> Vec<Value> {
        all.iter().map(|id| json!({ "id": id, "type": kind })).collect()
    };
    let permissions: Vec<Value> = own
        .permissions
        .iter()
        .map(|own| json!({ "actions": own.actions, "notActions": [], "dataActions": own.data_actions, "notDataActions": [] }))
        .collect();
    json!({ "id": own.id, "type": "Microsoft.Authorization/denyAssignments", "name": "keep", "properties": {
        "denyAssignmentName": own.name, "permissions": permissions, "scope": own.scope,
        "doNotApplyToChildScopes": own.this_scope_only,
        "principals": who(&own.principals, "SystemDefined"), "excludePrincipals": who(&own.excluded, "Group") } })
}

fn read(folder: &Path) -> io::Result<Inventory> {
    let mut builder = Builder::new();
    for name in FILES {
        let mut file = BufReader::with_capacity(1 << 18, File::open(folder.join(name))?);
        read_into(&mut builder, name, &mut file, Keep::Facts)
            .map_err(|error| io::Error::other(error.to_string()))?;
    }
    Ok(builder.finish())
}

fn scan(of: u32, folder: &Path) -> io::Result<()> {
    let start = Instant::now();
    let inventory = read(folder)?;
    let read = start.elapsed();
    let engine = dekey_rbac::engine(&inventory, catalogue::actions(), Assume::all());
    let built = start.elapsed();
    let there: HashSet<&str> = [Kind::ServicePrincipal, Kind::Group]
        .iter()
        .flat_map(|kind| inventory.of_kind(*kind))
        .map(|ix| inventory.get(*ix).name())
        .collect();
    let Totals { missing, beyond, conditional, unknown, orphans } =
        analyse(&engine, of, |id| there.contains(id));
    let (read, built, all) = (read.as_secs_f64(), built.as_secs_f64(), start.elapsed().as_secs_f64());
    let found = json!({ "missing": missing, "beyond": beyond, "conditional": conditional, "unknown": unknown,
        "orphans": orphans });
    println!(
        "{}",
        json!({ "assignments": engine.assignments(), "found": found,
            "seconds": { "read": read, "build": built - read, "analyse": all - built } })
    );
    Ok(())
}
