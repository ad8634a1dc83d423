//! `dekey access`.

mod exits;

use crate::args::{
    AccessCommand, AccessFormat, AccessInput, AssumeArg, GraphArgs, GraphFormat, MinimiseArgs, NeedsArgs,
    ProfileArg, ShowArgs, WhoArgs,
};
use crate::exit::{Error, Exit};
use crate::input;
use crate::output::{self, ColorChoice};
use dekey_access::{Names, Unresolved, Usage, Wishes};
use dekey_intake::Keep;
use dekey_model::{ArmId, Covered, Inventory, Kind, NoteKind, Resource};
use dekey_rbac::{Action, Assume, Engine, Profile, Target, catalogue, is_known_at};
use dekey_report::TerminalOptions;
use dekey_report::access::{Answer, Asking, Document, SCHEMA, Teller};
use dekey_report::terminal::plain;
use std::io::{BufWriter, IsTerminal, Write};

pub(crate) fn run(command: &AccessCommand, color: ColorChoice) -> Result<Exit, Error> {
    match command {
        AccessCommand::Show(args) => show(args, color),
        AccessCommand::Who(args) => who(args, color),
        AccessCommand::Needs(args) => needs(args, color),
        AccessCommand::Minimise(args) => minimise(args, color),
        AccessCommand::Graph(args) => graph(args),
    }
}

/// What was read, and what follows from it.
struct Read {
    inventory: Inventory,
    engine: Engine,
    names: Names,
    now: jiff::Timestamp,
    taken: Vec<String>,
}

impl Read {
    fn new(args: &AccessInput) -> Result<Self, Error> {
        let progress = !args.quiet && std::io::stderr().is_terminal();
        // The folder goes with this value; by then everything in it was read.
        let live =
            args.azure.then(|| super::collect::into_folder(&args.connection, !progress)).transpose()?;
        let file = live.as_ref().map(|folder| folder.path().join(super::collect::LIVE));
        let inventory = input::read_with(&args.from, file, Keep::Facts, progress)?;
        if inventory.is_empty() {
            return Err(Error::Input(
                "nothing was read: no document holds anything that is understood".to_owned(),
            ));
        }
        let assume = assume(&inventory, &args.assume);
        let engine = dekey_rbac::engine(&inventory, catalogue::actions(), assume);
        let names = Names::of(&inventory);
        let now = args.as_of.unwrap_or_else(super::now);
        let taken = taken_for_read(&inventory, assume);
        Ok(Self { inventory, engine, names, now, taken })
    }

    fn teller(&self) -> Teller<'_> {
        Teller { inventory: &self.inventory, engine: &self.engine, names: &self.names, now: self.now }
    }

    fn document(&self, answer: Answer) -> Document {
        Document { dekey: SCHEMA, as_of: self.now.to_string(), taken_for_read: self.taken.clone(), answer }
    }

    /// Says what could not be read; that weighs more than what follows from the rest, unless something was found.
    fn ended(&self, exit: Exit) -> Exit {
        let broken = |kind| matches!(kind, NoteKind::Malformed | NoteKind::Unreadable | NoteKind::TooLarge);
        let notes = self.inventory.coverage().notes.iter().filter(|note| broken(note.kind));
        let mut told = 0;
        for note in notes {
            output::complain(&format!("{}: {}", plain(&note.place()), plain(&note.reason)));
            told += 1;
        }
        if told > 0 && exit != Exit::Findings { Exit::BadInput } else { exit }
    }

    fn workspace(&self, word: &str) -> Result<Resource<'_>, Error> {
        dekey_access::workspaces(&self.inventory, word).map_err(|why| unresolved("workspace", word, why))
    }

    fn target(&self, word: &str) -> Result<Target, Error> {
        dekey_access::target(&self.inventory, word).map_err(|why| unresolved("resource", word, why))
    }
}

/// What is taken for read as audits take it, and what was asked for besides.
fn assume(inventory: &Inventory, asked: &[AssumeArg]) -> Assume {
    if asked.contains(&AssumeArg::None) {
        return Assume { built_in: true, ..Assume::default() };
    }
    let wants = |own: AssumeArg| asked.contains(&own) || asked.contains(&AssumeArg::All);
    let told = Assume::unless_told(inventory);
    Assume {
        assignments: told.assignments || wants(AssumeArg::Assignments),
        denials: told.denials || wants(AssumeArg::Denials),
        groups: told.groups || wants(AssumeArg::Groups),
        ancestors: told.ancestors || wants(AssumeArg::Ancestors),
        built_in: true,
    }
}

/// What no document says of a workspace's surroundings.
fn taken_for_read(inventory: &Inventory, assume: Assume) -> Vec<String> {
    let all = || inventory.of_kind(Kind::Workspace).iter().map(|ix| inventory.get(*ix));
    let is_read = |kind: Kind, scope: &str| inventory.coverage().covers(kind, scope) == Covered::Yes;
    let everywhere = |kind: Kind| is_read(kind, "/") || all().all(|own| is_read(kind, own.id()));
    let rows = [
        (assume.assignments, everywhere(Kind::RoleAssignment), "role assignments"),
        (assume.denials, everywhere(Kind::DenyAssignment), "deny assignments"),
        (assume.groups, is_read(Kind::Group, "/"), "groups and who is in them"),
        (assume.ancestors, false, "management groups above subscriptions that do not tell theirs"),
    ];
    let mut taken: Vec<String> =
        rows.iter().filter(|row| row.0 && !row.1).map(|row| row.2.to_owned()).collect();
    if inventory.of_kind(Kind::RoleDefinition).is_empty() {
        taken.push("definitions of built-in roles, as they come with dekey".to_owned());
    }
    taken
}

fn unresolved(what: &str, word: &str, why: Unresolved) -> Error {
    let word = plain(word);
    match why {
        Unresolved::Unknown => Error::Usage(format!(
            "no {what} called `{word}` in what was read; use its id, its name, or `group/name`"
        )),
        Unresolved::Ambiguous(ids) => {
            let list: Vec<String> = ids.iter().map(|id| format!("\n  {}", plain(id))).collect();
            Error::Usage(format!("`{word}` could be any of these; use the id:{}", list.concat()))
        }
    }
}

/// The action of a name, or of the end of one.
fn action(word: &str, on: Option<&Target>) -> Result<Action, Error> {
    let known = catalogue::actions();
    let wanted = word.trim().to_ascii_lowercase();
    let whole: Vec<&Action> = known.iter().map(|own| own.1).filter(|own| own.folded() == wanted).collect();
    if let [own] = whole[..] {
        return Ok(own.clone());
    }
    if wanted.starts_with("microsoft.") && whole.is_empty() {
        // One that matters to no workspace is asked for as it is.
        return Ok(Action::control(word));
    }
    let ends = |own: &&Action| {
        let name = own
            .folded()
            .strip_suffix("/action")
            .filter(|_| !wanted.ends_with("/action"))
            .unwrap_or(own.folded());
        name == wanted || name.ends_with(&format!("/{wanted}"))
    };
    let here = |own: &&Action| on.is_none_or(|on| is_known_at(own, &on.id));
    let mut found: Vec<&Action> = known.iter().map(|own| own.1).filter(ends).filter(here).collect();
    // What is done to the resource itself comes before what is done to something in or about it.
    let kind = on
        .and_then(|on| ArmId(&on.id).resource_type())
        .map(|own| own.to_ascii_lowercase())
        .unwrap_or_default();
    let is_own = |own: &&Action| {
        let rest = own.folded().strip_prefix(&kind).and_then(|rest| rest.strip_prefix('/'));
        rest.is_some_and(|rest| rest == wanted || rest.strip_suffix("/action") == Some(&wanted))
    };
    if found.iter().any(is_own) {
        found.retain(is_own);
    }
    match found[..] {
        [own] => Ok(own.clone()),
        [] => Err(Error::Usage(format!(
            "no action that ends in `{}` is known there; write it in full, such as Microsoft.Storage/storageAccounts/listKeys/action",
            plain(word)
        ))),
        _ => {
            let list: Vec<String> = found.iter().map(|own| format!("\n  {own}")).collect();
            Err(Error::Usage(format!("`{}` could be any of these:{}", plain(word), list.concat())))
        }
    }
}

impl From<ProfileArg> for Profile {
    fn from(own: ProfileArg) -> Self {
        match own {
            ProfileArg::Default => Profile::ServiceDefault,
            ProfileArg::Documented => Profile::DocumentedUserAssigned,
            ProfileArg::Hardened => Profile::Hardened,
        }
    }
}

fn usage(writes: &[String]) -> Usage {
    Usage { writes: writes.to_vec() }
}

fn write(document: &Document, format: AccessFormat, color: ColorChoice, all: bool) -> Result<(), Error> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    match format {
        AccessFormat::Json => dekey_report::access::json(document, &mut out)?,
        AccessFormat::Terminal => {
            let options = TerminalOptions { width: output::width(), color: color.stdout(), all };
            dekey_report::access::render(document, &options, &mut out)?;
        }
    }
    out.flush()?;
    Ok(())
}

fn show(args: &ShowArgs, color: ColorChoice) -> Result<Exit, Error> {
    let read = Read::new(&args.input)?;
    let found = dekey_access::principals(&read.inventory, &read.engine, &read.names, &args.who)
        .map_err(|why| unresolved("principal or workspace", &args.who, why))?;
    let on = args.on.as_deref().map(|word| read.target(word)).transpose()?;
    let asked = args.action.action.as_deref().map(|word| action(word, on.as_ref())).transpose()?;
    let asking = Asking { on: on.as_ref(), action: asked.as_ref(), why: args.why, why_not: args.why_not };
    let answer = read.teller().show(&found, asking);
    let exit = exits::of_show(&answer);
    write(&read.document(Answer::Show(answer)), args.format, color, args.all || args.why)?;
    Ok(read.ended(exit))
}

fn who(args: &WhoArgs, color: ColorChoice) -> Result<Exit, Error> {
    let read = Read::new(&args.input)?;
    let on = read.target(&args.resource)?;
    let asked = action(&args.action, Some(&on))?;
    let answer = read.teller().who(&on, &asked);
    let exit = exits::of_who(&answer);
    write(&read.document(Answer::Who(answer)), args.format, color, args.why)?;
    Ok(read.ended(exit))
}

fn needs(args: &NeedsArgs, color: ColorChoice) -> Result<Exit, Error> {
    let read = Read::new(&args.input)?;
    let workspaces: Vec<Resource<'_>> = if args.all {
        let mut all: Vec<_> =
            read.inventory.of_kind(Kind::Workspace).iter().map(|ix| read.inventory.get(*ix)).collect();
        all.sort_by_key(|own| (ArmId(own.id()).name().to_ascii_lowercase(), own.id().to_ascii_lowercase()));
        all
    } else {
        args.workspaces.iter().map(|word| read.workspace(word)).collect::<Result<_, _>>()?
    };
    let answer = read.teller().needs(&workspaces, &usage(&args.writes), args.profile.map(ProfileArg::into));
    let exit = exits::of_needs(&answer);
    write(&read.document(Answer::Needs(answer)), args.format, color, args.detail)?;
    Ok(read.ended(exit))
}

fn minimise(args: &MinimiseArgs, color: ColorChoice) -> Result<Exit, Error> {
    let read = Read::new(&args.input)?;
    let workspace = read.workspace(&args.workspace)?;
    let wishes = Wishes { all_roles: args.all_roles };
    let answer = read.teller().least(workspace, &usage(&args.writes), wishes);
    let exit = exits::of_least(&answer);
    write(&read.document(Answer::Minimise(answer)), args.format, color, false)?;
    Ok(read.ended(exit))
}

fn graph(args: &GraphArgs) -> Result<Exit, Error> {
    let read = Read::new(&args.input)?;
    let graph = read.teller().graph(read.workspace(&args.workspace)?, &usage(&args.writes));
    let text = match args.format {
        GraphFormat::Dot => dekey_report::access::dot(&graph),
        GraphFormat::Mermaid => dekey_report::access::mermaid(&graph),
        GraphFormat::Svg => dekey_report::access::svg(&graph),
        GraphFormat::Json => {
            write(&read.document(Answer::Graph(graph)), AccessFormat::Json, ColorChoice::Never, false)?;
            return Ok(read.ended(Exit::Clean));
        }
    };
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(read.ended(Exit::Clean))
}
