//! What a rule looks at.

use crate::field::Field;
use crate::policy::Policy;
use crate::rule::{Counted, Node, Side};
use std::collections::BTreeSet;

impl Policy {
    /// Where in a resource the properties are that its rule looks at, as far as that does not depend on the resource; `tags` for
    /// any of them.
    pub fn looks_at(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut note = |field: &Field| match field {
            Field::Path(path) => {
                found.insert(path.to_string());
            }
            Field::Alias(alias) => found.extend(alias.aliases.iter().map(|own| own.path.to_string())),
            Field::Tags | Field::Tag(_) => {
                found.insert("tags".to_owned());
            }
            Field::Kind => {
                found.insert("kind".to_owned());
            }
            Field::Location => {
                found.insert("location".to_owned());
            }
            _ => {}
        };
        fields(&self.node, &mut note);
        self.names.values().for_each(&mut note);
        found
    }
}

fn fields(node: &Node, found: &mut dyn FnMut(&Field)) {
    if let Node::All(parts) | Node::Any(parts) = node {
        parts.iter().for_each(|part| fields(part, found));
    } else if let Node::Not(inner) = node {
        fields(inner, found);
    } else if let Node::Test(test) = node {
        match &test.left {
            Side::Field(field) => found(field),
            Side::Count(counting) => {
                if let Counted::Field(_, field) = &counting.of {
                    found(field);
                }
                if let Some(filter) = &counting.filter {
                    fields(filter, found);
                }
            }
            Side::Named(_) | Side::Value(_) => {}
        }
    }
}
