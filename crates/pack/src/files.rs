//! The pack as files.

use crate::definition::Origin;
use crate::{Choices, NAME, Scope, bicep, definitions, initiative, terraform};

/// How the pack is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One ARM resource a file.
    Json,
    /// One Bicep file.
    Bicep,
    /// One Terraform file, for azurerm.
    Terraform,
}

/// A file to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Writes the pack. Bicep and Terraform find out ids themselves; of the scope they take only whether it is a management group.
pub fn files(form: Form, scope: &Scope, choices: &Choices) -> Vec<File> {
    let file = |path: String, text: String| File { path, text };
    match form {
        Form::Bicep => vec![file(format!("{NAME}.bicep"), bicep::write(scope, choices))],
        Form::Terraform => vec![file(format!("{NAME}.tf"), terraform::write(scope, choices))],
        Form::Json => {
            let own = definitions().filter(|own| own.origin == Origin::Own);
            let mut all: Vec<File> = own
                .map(|own| {
                    file(
                        format!("policyDefinitions/{}.json", own.name),
                        format!("{:#}\n", own.resource(scope)),
                    )
                })
                .collect();
            let set = format!("{:#}\n", initiative(scope, choices));
            all.push(file(format!("policySetDefinitions/{NAME}.json"), set));
            all
        }
    }
}
