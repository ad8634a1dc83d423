//! What is read of the tenant for a roll-out.

use crate::args::Evidence;
use crate::exit::{Error, Exit};
use crate::{input, output, settings};
use dekey_guard::Estate;
use dekey_intake::Keep;
use dekey_model::{Inventory, NoteKind, Resource};
use dekey_pack::{Choices, Origin, Scope, Shelf};
use dekey_plan::observe::{Observed, Question, bound, observe};
use dekey_plan::{Bound, Plan};
use dekey_policy::{Aliases, Knowledge, Library, Semantics, Unlisted};
use dekey_report::terminal::plain;
use dekey_rules::{Context, Settings};
use jiff::Timestamp;
use serde_json::Value;
use std::io::IsTerminal;
use std::sync::Arc;

/// What was read.
pub(super) struct Read {
    pub(super) inventory: Inventory,
    pub(super) settings: Settings,
}

impl Read {
    /// What was named; nothing when nothing was.
    pub(super) fn maybe(args: &Evidence) -> Result<Option<Self>, Error> {
        if args.from.is_empty() && !args.azure { Ok(None) } else { Self::new(args).map(Some) }
    }

    pub(super) fn new(args: &Evidence) -> Result<Self, Error> {
        let progress = !args.quiet && std::io::stderr().is_terminal();
        let today = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let settings = settings::load(args.settings.as_deref(), today)?.settings;
        // The folder goes with this value; by then everything in it was read.
        let live = args
            .azure
            .then(|| super::super::super::collect::into_folder(&args.connection, !progress))
            .transpose()?;
        let file = live.as_ref().map(|folder| folder.path().join(super::super::super::collect::LIVE));
        let inventory = input::read_with(&args.from, file, Keep::Raw, progress)?;
        if inventory.is_empty() {
            return Err(Error::Input(
                "nothing was read: no document holds anything that is understood".to_owned(),
            ));
        }
        Ok(Self { inventory, settings })
    }

    /// Says what could not be read; whether anything could not.
    pub(super) fn complain(&self) -> bool {
        let broken = |kind| matches!(kind, NoteKind::Malformed | NoteKind::Unreadable | NoteKind::TooLarge);
        let mut any = false;
        for note in self.inventory.coverage().notes.iter().filter(|note| broken(note.kind)) {
            output::complain(&format!("{}: {}", plain(&note.place()), plain(&note.reason)));
            any = true;
        }
        any
    }

    /// The exit code, unless something could not be read and nothing weighs more.
    pub(super) fn ended(&self, exit: Exit) -> Exit {
        if self.complain() && exit != Exit::Findings { Exit::BadInput } else { exit }
    }

    pub(super) fn bound(&self) -> Bound {
        bound(&self.inventory)
    }

    /// The document of a resource, by its id.
    pub(super) fn document(&self, id: &str) -> Option<Value> {
        serde_json::from_str(self.inventory.find(id)?.raw()?).ok()
    }

    /// What a definition can do: as it was read, or as dekey knows it of built-in ones.
    pub(super) fn look_up(&self, id: &str) -> Option<Value> {
        let built_in = || {
            let name = id.rsplit('/').next()?;
            let all = dekey_pack::definitions().filter(|own| own.origin == Origin::BuiltIn);
            let mut all = all.filter(|own| own.name.eq_ignore_ascii_case(name));
            all.next().map(|own| own.document.clone())
        };
        self.document(id).filter(|own| own.pointer("/properties/policyRule").is_some()).or_else(built_in)
    }

    /// Holds assignments against what was read, with what a plan lays ready for them.
    pub(super) fn observe(&self, ready: &[Value], question: &Question<'_>) -> Result<Observed, Error> {
        let mut estate = Estate::of(&self.inventory);
        for own in ready {
            estate.add(own, "").map_err(|error| Error::Usage(format!("a policy cannot be used: {error}")))?;
        }
        self.know_built_ins(&mut estate)?;
        let knowledge = Knowledge {
            aliases: Arc::new(Aliases::built_in()),
            unlisted: Unlisted::NotJudged,
            semantics: Semantics::default(),
        };
        let today = question.now.to_zoned(jiff::tz::TimeZone::UTC).date();
        let context = Context::new(&self.inventory, &self.settings, today);
        let owner = |own: Resource<'_>| {
            let own = self.inventory.get(own.ix());
            context.owner(own).value().map(str::to_owned)
        };
        Ok(observe(&estate, &knowledge, question, &owner))
    }

    /// Built-in definitions of which nobody gave the document are judged by what dekey knows of them.
    fn know_built_ins(&self, estate: &mut Estate<'_>) -> Result<(), Error> {
        let wrong =
            |error: dekey_policy::LoadError| Error::Usage(format!("the pack cannot be used: {error}"));
        let scope = Scope::Subscription("0".to_owned());
        let shelf = Shelf::new(&scope, &Choices::of(&self.settings)).map_err(wrong)?;
        for own in dekey_pack::definitions().filter(|own| own.origin == Origin::BuiltIn) {
            let id = own.id(&scope);
            let known = estate.definition(&id).is_some();
            if let (false, Some(own)) = (known, shelf.equivalent(&id)) {
                estate.define(own.clone());
            }
        }
        Ok(())
    }

    /// The same for a plan.
    pub(super) fn of_plan(&self, plan: &Plan, now: Timestamp) -> Result<Observed, Error> {
        let (assignments, ready) = dekey_plan::observe::outcome(plan, &|id| self.document(id));
        self.observe(&ready, &Question::of(plan, &assignments, now))
    }
}
