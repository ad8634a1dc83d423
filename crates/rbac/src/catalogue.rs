//! What comes with the project: the actions that matter, and the facts of the built-in roles that rules and plans mention.
//!
//! Both are text (`data/`). Roles of a tenant come from the tenant; these are for templates, and for exports without role
//! definitions. `cargo xtask roles DUMP` writes them anew from `az role definition list`.

use crate::{Action, Actions, Permission, Plane, Role, RoleDefinition};
use std::fmt::Write;

const ACTIONS: &str = include_str!("../data/actions.txt");
const ROLES: &str = include_str!("../data/roles.txt");

/// The actions that matter to a workspace and its dependents.
pub fn actions() -> Actions {
    let lines = ACTIONS.lines().filter_map(|line| line.split_once(' '));
    lines
        .filter_map(|(mark, name)| match mark {
            "A" => Some(Action::new(Plane::Control, name)),
            "D" => Some(Action::new(Plane::Data, name)),
            _ => None,
        })
        .collect()
}

/// The built-in roles that come with the project.
pub fn roles() -> Vec<RoleDefinition> {
    read_roles(ROLES)
}

/// Reads roles as [`write_roles`] writes them. Lines that it would not write are skipped.
pub fn read_roles(text: &str) -> Vec<RoleDefinition> {
    let mut roles: Vec<RoleDefinition> = Vec::new();
    for line in text.lines().map(str::trim) {
        let (mark, rest) = line.split_once(' ').unwrap_or((line, ""));
        if let ("role", Some((id, name))) = (mark, rest.split_once(' ')) {
            let (id, name) = (id.to_owned(), name.to_owned());
            let assignable_scopes = vec!["/".to_owned()];
            roles.push(RoleDefinition { id, name, assignable_scopes, ..RoleDefinition::default() });
            continue;
        }
        let Some(role) = roles.last_mut() else { continue };
        if mark == "permission" {
            role.permissions.push(Permission::default());
        }
        let Some(own) = role.permissions.last_mut() else { continue };
        match mark {
            "A" => own.actions.push(rest.to_owned()),
            "!A" => own.not_actions.push(rest.to_owned()),
            "D" => own.data_actions.push(rest.to_owned()),
            "!D" => own.not_data_actions.push(rest.to_owned()),
            "if" => own.condition = Some(rest.to_owned()),
            _ => {}
        }
    }
    roles
}

/// Roles as text: one line for each fact, in order of name.
pub fn write_roles(roles: &[RoleDefinition]) -> String {
    let mut text = "# Facts of built-in roles, written by `cargo xtask roles DUMP`. To have one more, add its `role` line and run it again.\n\
        # A: actions, !A: not actions, D and !D: of data, if: a condition.\n"
        .to_owned();
    let mut roles: Vec<&RoleDefinition> = roles.iter().collect();
    roles.sort_by_key(|role| (&role.name, &role.id));
    for role in roles {
        let _ = writeln!(text, "role {} {}", crate::role::role_key(&role.id), role.name);
        for own in &role.permissions {
            text.push_str(" permission\n");
            let lists = [
                ("A", &own.actions),
                ("!A", &own.not_actions),
                ("D", &own.data_actions),
                ("!D", &own.not_data_actions),
            ];
            for (mark, list) in lists {
                for pattern in list {
                    let _ = writeln!(text, "  {mark} {}", pattern.trim());
                }
            }
            if let Some(condition) = &own.condition {
                let words: Vec<&str> = condition.split_whitespace().collect();
                let _ = writeln!(text, "  if {}", words.join(" "));
            }
        }
    }
    text
}

/// Which role permits which action, as text: a line for each role that permits any, a column for each action.
pub fn matrix(roles: &[RoleDefinition], actions: &Actions) -> String {
    let mut text = "# Which built-in role permits which of the actions that matter: `x` always, `?` under a condition of the role. Columns:\n"
        .to_owned();
    for (ix, action) in actions.iter() {
        let plane = if action.plane() == Plane::Control { "A" } else { "D" };
        let _ = writeln!(text, "# {:>3} {plane} {}", ix.0 + 1, action.name());
    }
    let mut roles: Vec<Role> = roles.iter().map(|own| Role::new(own, actions)).collect();
    roles.retain(|own| !own.always().is_empty() || !own.sometimes().is_empty());
    roles.sort_by(|a, b| (a.name(), a.id()).cmp(&(b.name(), b.id())));
    for role in roles {
        let cells = actions.iter().map(|(ix, _)| {
            if role.always().contains(ix) {
                'x'
            } else if role.sometimes().contains(ix) {
                '?'
            } else {
                '.'
            }
        });
        let _ = writeln!(text, "{} {}", cells.collect::<String>(), role.name());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_with_the_project_is_whole() {
        assert!(actions().len() > 200);
        let roles = roles();
        assert!(roles.len() > 40);
        assert!(roles.iter().all(|role| !role.permissions.is_empty()), "run `cargo xtask roles DUMP`");
        assert_eq!(read_roles(&write_roles(&roles)), roles);
        for condition in
            roles.iter().flat_map(|role| &role.permissions).filter_map(|own| own.condition.as_ref())
        {
            assert!(condition.parse::<crate::Condition>().is_ok(), "{condition}");
        }
    }

    #[test]
    fn a_matrix_has_a_line_for_each_role_that_permits_anything() {
        let role = |name: &str, action: &str, condition: Option<&str>| RoleDefinition {
            name: name.to_owned(),
            permissions: vec![Permission {
                actions: vec![action.to_owned()],
                condition: condition.map(str::to_owned),
                ..Permission::default()
            }],
            ..RoleDefinition::default()
        };
        let actions = [Action::control("a/read"), Action::data("a/read")].into_iter().collect();
        let roles = [role("Z", "*", None), role("B", "a/*", Some("true")), role("None", "b/*", None)];
        let text = matrix(&roles, &actions);
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(lines, ["?. B", "x. Z"]);
    }
}
