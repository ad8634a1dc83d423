//! `dekey policy simulate`.

use super::guard::{self, Read};
use crate::args::{EffectArg, PolicyFormat, SimulateArgs};
use crate::exit::{Error, Exit};
use crate::output::ColorChoice;
use dekey_access::Unresolved;
use dekey_guard::{
    Activity, Added, Around, Body, Estate, Forces, Options, blast, conflicts, force, not_read, simulate,
};
use dekey_model::Resource;
use dekey_pack::{Choices, Scope};
use dekey_policy::{Assigned, Coverage, Definition, Effect, Library, Standing, Step};
use dekey_report::policy::simulate::{Simulated, Trace, html, json, sarif, terminal};
use dekey_report::terminal::plain;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::Path;

pub(crate) fn run(args: &SimulateArgs, color: ColorChoice) -> Result<Exit, Error> {
    let read = Read::new(&args.input)?;
    let mut estate = Estate::of(&read.inventory);
    let new = add(args, &read, &mut estate)?;
    let knowledge = read.knowledge(&args.input, &estate)?;
    let compiled = estate.compile(&knowledge);
    let assigned = &compiled.assigned;
    let is_new = |own: &Assigned| new.contains(&own.assignment.id.to_ascii_lowercase());
    let wanted: Vec<bool> = assigned.iter().map(|own| new.is_empty() || is_new(own)).collect();
    refuse_unusable(&compiled.problems, &new)?;
    let effect = args.effect.map(|own| match own {
        EffectArg::Deny => Effect::Deny,
        EffectArg::Audit => Effect::Audit,
        EffectArg::Disabled => Effect::Disabled,
    });
    let forced =
        effect.as_ref().map(|effect| force(&estate, assigned, effect, &|own| new.is_empty() || is_new(own)));
    let (forces, unforced) = forced.unzip();
    let options =
        Options { now: Some(read.now), forces: forces.as_ref(), scope: args.input.scope.as_deref() };
    let simulation = simulate(&estate, assigned, options);
    let activity = Activity::of(&estate);
    let is_wanted = |at: usize| wanted.get(at).copied().unwrap_or(false);
    let blast = blast(&estate, assigned, forces.as_ref(), &simulation, activity.as_ref(), &is_wanted);
    let conflicts = conflicts(&estate, assigned, options, &simulation, &is_wanted);
    let unforced = unforced.unwrap_or_default();
    let traces = args.why.as_deref().map(|word| why(word, &read, &estate, assigned, options, &is_wanted));
    let simulated = Simulated {
        estate: &estate,
        assigned,
        new: assigned.iter().map(is_new).collect(),
        effect,
        simulation: &simulation,
        blast: &blast,
        conflicts: &conflicts,
        unforced: &unforced,
        problems: estate.problems.iter().chain(&compiled.problems).cloned().collect(),
        activity: activity.as_ref(),
        not_read: if new.is_empty() { not_read(&estate) } else { Vec::new() },
        traces: traces.transpose()?,
        owners: dekey_rules::Context::new(&read.inventory, &read.settings, read.as_of),
        as_of: read.now.to_string(),
        version: env!("CARGO_PKG_VERSION"),
    };
    guard::write(&args.input, color, &|format, options, out| match format {
        PolicyFormat::Terminal => terminal(&simulated, options, out),
        PolicyFormat::Json => json(&simulated, out),
        PolicyFormat::Html => html(&simulated, out),
        PolicyFormat::Sarif => sarif(&simulated, out),
    })?;
    Ok(read.exit(&args.input, simulated.has_findings(), simulated.has_unknowns()))
}

/// What somebody wants to assign has to be taken by Azure.
fn refuse_unusable(problems: &[dekey_guard::Problem], new: &BTreeSet<String>) -> Result<(), Error> {
    match problems.iter().find(|own| new.contains(&own.id.to_ascii_lowercase())) {
        Some(own) => {
            let at =
                if own.pointer.is_empty() { String::new() } else { format!(" {}:", plain(&own.pointer)) };
            Err(Error::Input(format!(
                "{}:{at} {}; -p NAME=VALUE gives a parameter",
                plain(&own.id),
                plain(&own.message)
            )))
        }
        None => Ok(()),
    }
}

/// Adds what is not assigned yet, and gives the ids of the new assignments, in lower case.
fn add(args: &SimulateArgs, read: &Read, estate: &mut Estate<'_>) -> Result<BTreeSet<String>, Error> {
    let mut assigned = BTreeSet::new();
    let mut targets = Vec::new();
    for path in &args.definition {
        for document in documents(path)? {
            let id =
                format!("/providers/Microsoft.Authorization/policyDefinitions/{}", name(&document, path));
            if let Added::Definition(id) = add_one(estate, &document, &id, path)? {
                targets.push(id);
            } else {
                return Err(Error::Input(format!("{} holds no definition", path.display())));
            }
        }
    }
    if !args.initiative.is_empty() {
        // Definitions beside an initiative are its members.
        targets.clear();
    }
    for path in &args.initiative {
        for document in documents(path)? {
            let id =
                format!("/providers/Microsoft.Authorization/policySetDefinitions/{}", name(&document, path));
            match add_one(estate, &document, &id, path)? {
                Added::Initiative(id) => targets.push(id),
                Added::Definition(_) => {}
                _ => return Err(Error::Input(format!("{} holds no initiative", path.display()))),
            }
        }
    }
    if args.pack {
        targets.push(add_pack(args, read, estate)?);
    }
    if !args.assignment.is_empty() && !args.pack {
        targets.clear();
    }
    let parameters = parameters(args)?;
    for path in &args.assignment {
        for mut document in documents(path)? {
            let scope = args.input.scope.as_deref().unwrap_or_default().trim_end_matches('/');
            let own = name(&document, path);
            let id = format!("{scope}/providers/Microsoft.Authorization/policyAssignments/{own}");
            merge(&mut document, &parameters);
            match add_one(estate, &document, &id, path)? {
                Added::Assignment(id) => assigned.insert(id.to_ascii_lowercase()),
                _ => return Err(Error::Input(format!("{} holds no assignment", path.display()))),
            };
        }
    }
    for target in targets {
        let scope = args.input.scope.as_deref().unwrap_or("/");
        let own = dekey_model::ArmId(&target).name();
        let at = scope.trim_end_matches('/');
        let id = format!("{at}/providers/Microsoft.Authorization/policyAssignments/new-{own}");
        let called = estate.definition(&target).map(|own| own.name.clone());
        let called = called.or_else(|| estate.initiative(&target).map(|own| own.name.clone()));
        let document = json!({ "id": id, "name": format!("new-{own}"),
            "properties": { "displayName": called.unwrap_or_default(), "scope": scope, "policyDefinitionId": target, "parameters": parameters } });
        add_one(estate, &document, &id, Path::new(own))?;
        assigned.insert(id.to_ascii_lowercase());
    }
    Ok(assigned)
}

/// The policies that dekey brings. Those of Microsoft's that the tenant has stay as they are.
fn add_pack(args: &SimulateArgs, read: &Read, estate: &mut Estate<'_>) -> Result<String, Error> {
    let scope = args.input.scope.as_deref().and_then(|own| Scope::parse(own).ok());
    let scope = scope.unwrap_or_else(|| Scope::ManagementGroup(dekey_pack::NAME.to_owned()));
    let broken = |error: dekey_policy::LoadError| Error::Input(format!("the pack: {error}"));
    for own in dekey_pack::definitions() {
        let id = own.id(&scope);
        if estate.definition(&id).is_none() {
            let mut definition = Definition::parse(&own.resource(&scope)).map_err(broken)?;
            definition.id = id;
            estate.define(definition);
        }
    }
    let initiative = dekey_pack::initiative(&scope, &Choices::of(&read.settings));
    match estate.add(&initiative, &scope.initiative(dekey_pack::NAME)).map_err(broken)? {
        Added::Initiative(id) => Ok(id),
        _ => Err(Error::Input("the pack holds no initiative".to_owned())),
    }
}

fn add_one(estate: &mut Estate<'_>, document: &Value, id: &str, path: &Path) -> Result<Added, Error> {
    let unreadable = |error: dekey_policy::LoadError| {
        Error::Input(format!("{}: {}", path.display(), plain(&error.to_string())))
    };
    estate.add(document, id).map_err(unreadable)
}

/// The documents of a file: one, or a list of them.
fn documents(path: &Path) -> Result<Vec<Value>, Error> {
    let text = std::fs::read_to_string(path).map_err(Error::file(path))?;
    let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
        let place = format!("{}:{}:{}", path.display(), error.line(), error.column());
        Error::Input(format!("{place}: this is not JSON"))
    })?;
    Ok(match value {
        Value::Array(all) => all,
        Value::Object(ref map)
            if map.get("value").is_some_and(Value::is_array) && map.get("properties").is_none() =>
        {
            map.get("value").and_then(Value::as_array).cloned().unwrap_or_default()
        }
        own => vec![own],
    })
}

/// What a document is called: by itself, or like its file.
fn name(document: &Value, path: &Path) -> String {
    let own = document.get("name").and_then(Value::as_str).filter(|own| !own.is_empty());
    let stem = || path.file_stem().map_or_else(|| "new".to_owned(), |own| own.to_string_lossy().into_owned());
    own.map_or_else(stem, str::to_owned)
}

fn parameters(args: &SimulateArgs) -> Result<Map<String, Value>, Error> {
    let mut all = Map::new();
    if let Some(path) = &args.parameters {
        let wrong = || Error::Input(format!("{} holds no object of parameters", path.display()));
        let document = documents(path)?.into_iter().next().ok_or_else(wrong)?;
        let own = document.get("parameters").unwrap_or(&document).as_object().ok_or_else(wrong)?;
        all.extend(dekey_policy::values(own));
    }
    all.extend(args.parameter.iter().cloned());
    Ok(all.into_iter().map(|(name, value)| (name, json!({ "value": value }))).collect())
}

/// Puts values into the parameters of an assignment.
fn merge(document: &mut Value, parameters: &Map<String, Value>) {
    if parameters.is_empty() {
        return;
    }
    let Value::Object(map) = document else { return };
    let has_properties = map.get("properties").is_some_and(Value::is_object);
    let own = if has_properties { map.get_mut("properties") } else { Some(document) };
    if let Some(Value::Object(own)) = own {
        let into = own.entry("parameters").or_insert_with(|| json!({}));
        if let Value::Object(into) = into {
            into.extend(parameters.clone());
        }
    }
}

/// How one resource came to its verdicts.
fn why(
    word: &str,
    read: &Read,
    estate: &Estate<'_>,
    assigned: &[Assigned],
    options: Options<'_>,
    is_wanted: &dyn Fn(usize) -> bool,
) -> Result<(dekey_model::ResourceIx, Vec<Trace>), Error> {
    let resource = dekey_access::resource(&read.inventory, word).map_err(|why| match why {
        Unresolved::Unknown => {
            Error::Usage(format!("no resource called `{}` in what was read; use its id", plain(word)))
        }
        Unresolved::Ambiguous(ids) => {
            let list: Vec<String> = ids.iter().map(|id| format!("\n  {}", plain(id))).collect();
            Error::Usage(format!("`{}` could be any of these; use the id:{}", plain(word), list.concat()))
        }
    })?;
    let kept = || Error::Input(format!("the document of {} was not kept", plain(resource.id())));
    let body = Body::of(resource).ok_or_else(kept)?;
    let mut traces = Vec::new();
    for (at, own) in assigned.iter().enumerate().filter(|own| is_wanted(own.0)) {
        traces.extend(traces_of(resource, &body, estate, (at, own), options));
    }
    Ok((resource.ix(), traces))
}

fn traces_of(
    resource: Resource<'_>,
    body: &Body,
    estate: &Estate<'_>,
    (at, own): (usize, &Assigned),
    options: Options<'_>,
) -> Vec<Trace> {
    let around = Around::new(estate, options.now);
    let lookups = around.lookups();
    let surroundings = lookups.of(resource.id());
    let subject = body.subject(resource);
    let bare = |outcome: String| vec![Trace { assignment: at, part: 0, outcome, steps: Vec::new() }];
    match own.assignment.covers(&subject, &surroundings) {
        Coverage::Elsewhere => return Vec::new(),
        Coverage::Unselected => return bare("left out by the selectors of the assignment".to_owned()),
        Coverage::Excluded => return bare("excluded by the assignment".to_owned()),
        Coverage::Unknown(why) => return bare(format!("not judged: {why}")),
        Coverage::Covered => {}
    }
    let trace = |(ix, part): PartOf<'_>| {
        let effect = options.forces.and_then(|forces: &Forces| forces.get(at, ix));
        let exemptions = estate.exemptions(&own.assignment.id);
        let standing = own.standing(part, &subject, &surroundings, exemptions, effect);
        let outcome = match &standing {
            Standing::Judged(verdict) => verdict.to_string(),
            Standing::Exempt { by, verdict, .. } => format!("exempt by {by}; it would be: {verdict}"),
            Standing::Excluded => "excluded by the assignment".to_owned(),
            Standing::Elsewhere => "the assignment is about other resources".to_owned(),
        };
        let mut steps: Vec<Step> = Vec::new();
        for step in part.policy().map(|own| own.explain(&subject, &surroundings).1).unwrap_or_default() {
            // Whether it applies is asked by some of the same conditions again.
            let known = |own: &Step| own.pointer == step.pointer && own.elements == step.elements;
            if !steps.iter().any(known) {
                steps.push(step);
            }
        }
        Trace { assignment: at, part: ix, outcome, steps }
    };
    own.parts.iter().enumerate().map(trace).collect()
}

type PartOf<'p> = (usize, &'p dekey_policy::Part);
