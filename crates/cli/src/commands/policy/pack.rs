//! `dekey policy pack`.

use crate::args::{PackArgs, PackForm};
use crate::exit::{Error, Exit};
use crate::output::{self, ColorChoice};
use crate::settings;
use dekey_pack::{Choices, File, Form, Scope};
use dekey_report::TerminalOptions;
use std::io::Write;
use std::path::Path;

pub(crate) fn run(args: &PackArgs, color: ColorChoice) -> Result<Exit, Error> {
    let choices = choices(args)?;
    let Some(form) = args.format else {
        let options = TerminalOptions { width: output::width(), color: color.stdout(), all: args.all };
        dekey_report::policy::pack(&choices, &options, &mut std::io::stdout().lock())?;
        return Ok(Exit::Clean);
    };
    let (form, scope) = match (form, &args.scope) {
        (PackForm::Json, None) => {
            return Err(Error::Usage(
                "the initiative names definitions by their ids: say with --scope where they will live, \
                 /providers/Microsoft.Management/managementGroups/NAME or /subscriptions/ID"
                    .to_owned(),
            ));
        }
        (PackForm::Json, Some(scope)) => (Form::Json, scope.clone()),
        // These find ids out themselves; a management group is where most keep their policies.
        (form, scope) => {
            let form = if form == PackForm::Bicep { Form::Bicep } else { Form::Terraform };
            (form, scope.clone().unwrap_or_else(|| Scope::ManagementGroup("mg".to_owned())))
        }
    };
    let files = dekey_pack::files(form, &scope, &choices);
    match &args.output {
        Some(folder) => write(folder, &files, form, &scope),
        None => print(&files, form),
    }
}

/// What the settings say, unless an argument says otherwise.
fn choices(args: &PackArgs) -> Result<Choices, Error> {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let loaded = settings::load(args.settings.as_deref(), today)?;
    let mut choices = Choices::of(&loaded.settings);
    if let Some(standard) = args.standard {
        choices.standard = standard.into();
    }
    for (given, own) in
        [(&args.owner_tags, &mut choices.owner_tags), (&args.cost_center_tags, &mut choices.cost_center_tags)]
    {
        if given.iter().any(|name| name.trim().is_empty()) {
            return Err(Error::Usage("the name of a tag is empty".to_owned()));
        }
        if !given.is_empty() {
            given.clone_into(own);
        }
    }
    Ok(choices)
}

fn write(folder: &Path, files: &[File], form: Form, scope: &Scope) -> Result<Exit, Error> {
    for file in files {
        let path = folder.join(&file.path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(Error::write(parent))?;
        }
        std::fs::write(&path, &file.text).map_err(Error::write(&path))?;
    }
    let count = if files.len() == 1 { "1 file".to_owned() } else { format!("{} files", files.len()) };
    output::tell(&format!(
        "{count} written to {}. Nothing is assigned yet: each policy starts as Audit.",
        folder.display()
    ));
    output::tell(&format!("Next: {}", next(folder, files, form, scope)));
    Ok(Exit::Clean)
}

/// The command that deploys what was written.
fn next(folder: &Path, files: &[File], form: Form, scope: &Scope) -> String {
    let first = files.first().map(|file| folder.join(&file.path).display().to_string()).unwrap_or_default();
    match (form, scope) {
        (Form::Terraform, _) => format!("terraform -chdir={} init, then plan", folder.display()),
        (Form::Bicep, Scope::ManagementGroup(_)) => {
            format!(
                "az deployment mg create --management-group-id <name> --location <region> --template-file {first}"
            )
        }
        (Form::Bicep, Scope::Subscription(_)) => {
            format!("az deployment sub create --location <region> --template-file {first}")
        }
        (Form::Json, _) => format!(
            "az rest --method put --url \"https://management.azure.com<id in the file>?api-version=2023-04-01\" --body @{first}; \
             the initiative comes last"
        ),
    }
}

/// One document on the standard output: of JSON, an array of all resources.
fn print(files: &[File], form: Form) -> Result<Exit, Error> {
    let mut out = std::io::stdout().lock();
    let (open, between, close) = if form == Form::Json { ("[\n", ",\n", "]\n") } else { ("", "", "") };
    write!(out, "{open}")?;
    for (at, file) in files.iter().enumerate() {
        write!(out, "{}{}", if at == 0 { "" } else { between }, file.text)?;
    }
    write!(out, "{close}")?;
    Ok(Exit::Clean)
}
