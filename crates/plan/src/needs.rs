//! What whoever carries out a plan must be allowed to do.

use crate::state::type_of;
use crate::step::{Request, Undo, Verb};
use crate::{Plan, Step};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// An action, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    /// The scope.
    pub scope: String,
    /// The action.
    pub action: String,
}

/// The names of types, as roles spell them.
const NAMES: &[(&str, &str)] = &[
    ("microsoft.authorization/policydefinitions", "Microsoft.Authorization/policyDefinitions"),
    ("microsoft.authorization/policysetdefinitions", "Microsoft.Authorization/policySetDefinitions"),
    ("microsoft.authorization/policyassignments", "Microsoft.Authorization/policyAssignments"),
    ("microsoft.authorization/policyexemptions", "Microsoft.Authorization/policyExemptions"),
];

/// What the steps of a plan take: to make them, to look before and after, and to take them back.
pub(crate) fn of(plan: &Plan) -> Vec<Permission> {
    let mut all = BTreeSet::new();
    for step in plan.stages.iter().flat_map(|stage| &stage.steps) {
        of_step(step, &plan.scope, &mut all);
    }
    all.into_iter().collect()
}

fn of_step(step: &Step, scope: &str, all: &mut BTreeSet<Permission>) {
    let kind = type_of(&step.request.path);
    let name = NAMES.iter().find(|row| row.0 == kind).map_or(kind.as_str(), |row| row.1);
    // Definitions for a resource group are kept in its subscription.
    let scope = match crate::rollout::home(scope).filter(|_| kind.ends_with("definitions")) {
        Some(home) => home,
        None => scope.to_owned(),
    };
    let mut add = |action: String| {
        all.insert(Permission { scope: scope.clone(), action });
    };
    add(format!("{name}/read"));
    let mut of_request = |request: &Request| match request.verb {
        Verb::Put | Verb::Patch => add(format!("{name}/write")),
        Verb::Delete => add(format!("{name}/delete")),
    };
    of_request(&step.request);
    if let Undo::Request(undo) = &step.undo {
        of_request(undo);
    }
    if kind == "microsoft.authorization/policyexemptions" {
        // Whoever excuses from an assignment needs leave at the assignment as well.
        add("Microsoft.Authorization/policyAssignments/exempt/Action".to_owned());
    }
}
