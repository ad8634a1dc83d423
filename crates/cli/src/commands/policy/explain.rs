//! `dekey policy explain`.

use crate::args::{ExplainArgs, RulesFormat};
use crate::exit::{Error, Exit};
use crate::input;
use crate::output::{self, ColorChoice};
use dekey_intake::Keep;
use dekey_model::{Inventory, Kind, Resource};
use dekey_pack::{Choices, NAME, Scope};
use dekey_report::TerminalOptions;
use dekey_report::terminal::plain;
use serde_json::Value;
use std::io::{IsTerminal, Read, Write};
use std::path::Path;

pub(crate) fn run(args: &ExplainArgs, color: ColorChoice) -> Result<Exit, Error> {
    let read = if args.from.is_empty() {
        None
    } else {
        Some(input::read(&args.from, Keep::Raw, std::io::stderr().is_terminal())?)
    };
    let document = find(&args.what, read.as_ref())?;
    let unreadable = |why: String| Error::Input(format!("{}: {}", plain(&args.what), plain(&why)));
    let words = dekey_policy::words::explain(&document).map_err(|error| unreadable(error.to_string()))?;
    let mut out = std::io::stdout().lock();
    match args.format {
        RulesFormat::Json => writeln!(out, "{:#}", dekey_report::policy::explain_json(&words))?,
        RulesFormat::Text => {
            let options = TerminalOptions { width: output::width(), color: color.stdout(), all: args.all };
            let title = |id: &str| title(id, read.as_ref());
            dekey_report::policy::explain(&words, &title, &options, &mut out)?;
        }
    }
    Ok(Exit::Clean)
}

/// Where the pack would live does not matter for its words.
fn nowhere() -> Scope {
    Scope::ManagementGroup(NAME.to_owned())
}

/// What is to be explained: in what was read, in the pack, or in a file.
fn find(what: &str, read: Option<&Inventory>) -> Result<Value, Error> {
    if let Some(inventory) = read {
        return in_tenant(what, inventory);
    }
    if let Some(own) = dekey_pack::definition(what) {
        return Ok(own.document.clone());
    }
    if what == NAME {
        let mut own = dekey_pack::initiative(&nowhere(), &Choices::default());
        // Its id says where it lives, and it lives nowhere yet.
        own.as_object_mut().and_then(|own| own.remove("id"));
        return Ok(own);
    }
    let path = Path::new(what);
    let mut text = String::new();
    if what == "-" {
        let mut input = std::io::stdin().lock();
        input
            .read_to_string(&mut text)
            .map_err(|error| Error::Input(format!("the standard input: {error}")))?;
    } else if path.is_file() {
        text = std::fs::read_to_string(path).map_err(Error::file(path))?;
    } else {
        let hint = match dekey_rules::by_id(what) {
            Some(_) => {
                "; it is the id of a rule for which Azure Policy can do nothing (`dekey policy pack` lists those for which it can)"
            }
            None => "; `dekey policy pack` lists what dekey brings, and --from looks in a tenant",
        };
        return Err(Error::Usage(format!("{} is no file and no policy of dekey's{hint}", plain(what))));
    }
    let text = text.trim_start_matches('\u{feff}');
    serde_json::from_str(text).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        Error::Input(format!("{}: {place}: this is not JSON", plain(what)))
    })
}

fn in_tenant(what: &str, inventory: &Inventory) -> Result<Value, Error> {
    let all = || {
        [Kind::PolicyDefinition, Kind::PolicySetDefinition]
            .into_iter()
            .flat_map(|kind| inventory.of_kind(kind))
            .map(|ix| inventory.get(*ix))
    };
    let is_id = |own: &Resource<'_>| own.id().eq_ignore_ascii_case(what.trim_end_matches('/'));
    let is_name = |own: &Resource<'_>| own.arm_id().name().eq_ignore_ascii_case(what);
    let mut found: Vec<Resource<'_>> = all().filter(is_id).collect();
    if found.is_empty() {
        found = all().filter(is_name).collect();
    }
    match found.as_slice() {
        [] => Err(Error::Usage(format!(
            "what was read holds no definition or initiative {} (it holds {})",
            plain(what),
            all().count()
        ))),
        [one] => {
            let raw = one.raw().unwrap_or_default();
            serde_json::from_str(raw)
                .map_err(|_| Error::Input(format!("{}: only a part of it was read", plain(what))))
        }
        many => {
            let ids: Vec<String> = many.iter().map(|own| plain(own.id())).collect();
            Err(Error::Usage(format!("{} is the name of several: {}", plain(what), ids.join(", "))))
        }
    }
}

/// The display name of a definition, if the pack or what was read has it.
fn title(id: &str, read: Option<&Inventory>) -> Option<String> {
    let own = dekey_pack::definitions().find(|own| own.id(&nowhere()).eq_ignore_ascii_case(id));
    if let Some(own) = own {
        return Some(own.title().to_owned());
    }
    let raw: Value = serde_json::from_str(read?.find(id)?.raw()?).ok()?;
    raw.get("properties")?.get("displayName")?.as_str().map(str::to_owned)
}
