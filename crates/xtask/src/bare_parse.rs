//! The yardstick of the speed benchmark: ARM arrays into typed structs with the fields that rules look at, and nothing else.
//! Two parsers, on the same structs and bytes.

use clap::{Args, ValueEnum};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Instant;

#[derive(Args)]
pub(crate) struct BareParseArgs {
    /// Files that hold one JSON array of ARM resources each
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The parser
    #[arg(long, value_enum, default_value_t = Parser::Sonic)]
    with: Parser,
}

#[derive(Clone, Copy, ValueEnum)]
enum Parser {
    /// sonic-rs
    Sonic,
    /// simd-json
    Simd,
}

/// A resource with what rules look at. Texts are borrowed where they hold no escape, so that the yardstick is a hard one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    resource_type: Cow<'a, str>,
    #[serde(borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    location: Option<Cow<'a, str>>,
    #[serde(borrow)]
    tags: Option<BTreeMap<Cow<'a, str>, Cow<'a, str>>>,
    #[serde(borrow)]
    identity: Option<Identity<'a>>,
    #[serde(borrow)]
    system_data: Option<SystemData<'a>>,
    #[serde(borrow)]
    properties: Properties<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    principal_id: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SystemData<'a> {
    #[serde(borrow)]
    created_by: Option<Cow<'a, str>>,
    #[serde(borrow)]
    last_modified_at: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties<'a> {
    #[serde(borrow)]
    storage_account: Option<Cow<'a, str>>,
    #[serde(borrow)]
    key_vault: Option<Cow<'a, str>>,
    #[serde(borrow)]
    container_registry: Option<Cow<'a, str>>,
    #[serde(borrow)]
    application_insights: Option<Cow<'a, str>>,
    #[serde(borrow)]
    hub_resource_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    primary_user_assigned_identity: Option<Cow<'a, str>>,
    #[serde(borrow)]
    system_datastores_auth_mode: Option<Cow<'a, str>>,
    allow_shared_key_access: Option<bool>,
    default_to_o_auth_authentication: Option<bool>,
    admin_user_enabled: Option<bool>,
    anonymous_pull_enabled: Option<bool>,
    #[serde(borrow)]
    role_assignment_mode: Option<Cow<'a, str>>,
    enable_rbac_authorization: Option<bool>,
}

/// `cargo xtask bare-parse`.
pub(crate) fn run(args: &BareParseArgs) -> io::Result<()> {
    let (mut bytes, mut resources, mut seconds, mut kept) = (0, 0, 0.0, 0);
    for path in &args.files {
        // Reading the file is part of the work, as it is for an audit.
        let start = Instant::now();
        let mut text = fs::read(path)?;
        bytes += text.len();
        let parsed: Vec<Item<'_>> = match args.with {
            Parser::Sonic => sonic_rs::from_slice(&text).map_err(io::Error::other)?,
            Parser::Simd => simd_json::from_slice(&mut text).map_err(io::Error::other)?,
        };
        resources += parsed.len();
        kept += parsed.iter().map(Item::weight).sum::<usize>();
        seconds += start.elapsed().as_secs_f64();
    }
    let mut out = io::stdout().lock();
    writeln!(out, "{{\"resources\":{resources},\"bytes\":{bytes},\"seconds\":{seconds:.4},\"kept\":{kept}}}")
}

impl Item<'_> {
    /// Uses every field, so that none is optimised away.
    fn weight(&self) -> usize {
        let length = |text: &Option<Cow<'_, str>>| text.as_ref().map_or(0, |t| t.len());
        let own = &self.properties;
        let texts = [
            &own.storage_account,
            &own.key_vault,
            &own.container_registry,
            &own.application_insights,
            &own.hub_resource_id,
            &own.primary_user_assigned_identity,
            &own.system_datastores_auth_mode,
            &own.role_assignment_mode,
            &self.kind,
            &self.location,
        ];
        let flags = [
            own.allow_shared_key_access,
            own.default_to_o_auth_authentication,
            own.admin_user_enabled,
            own.anonymous_pull_enabled,
            own.enable_rbac_authorization,
        ];
        let identity = self.identity.as_ref().map_or(0, |i| length(&i.kind) + length(&i.principal_id));
        let system =
            self.system_data.as_ref().map_or(0, |s| length(&s.created_by) + length(&s.last_modified_at));
        texts.into_iter().map(length).sum::<usize>()
            + flags.into_iter().flatten().filter(|flag| *flag).count()
            + self.tags.as_ref().map_or(0, BTreeMap::len)
            + self.id.len()
            + self.resource_type.len()
            + identity
            + system
    }
}
