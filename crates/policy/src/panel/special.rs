//! A policy for one type of resource: what the type decides is decided, and fields are slots.

use super::slot::InSlot;
use super::tree::Tree;
use crate::Path;
use crate::evaluate::{Cx, path_of};
use crate::field::Field;
use crate::language::{CURRENT, FIELD, PARAMETERS, POLICY};
use crate::policy::Policy;
use crate::rule::{self, Counted, Counting, Names, Node, Right, Side, Test};
use crate::semantics::{Order, Semantics};
use crate::subject::{Subject, Surroundings};
use dekey_expr::{Template, text};

/// The rule of a policy for one type.
#[derive(Clone, Debug)]
pub(crate) struct Special {
    pub(crate) node: Node,
    pub(crate) names: Names,
    /// What a resource of the type itself must fulfil, where the policy looks for such.
    pub(crate) existence: Option<Node>,
}

impl Special {
    /// The policy for a type; nothing where only the whole resource will do.
    pub(crate) fn new(policy: &Policy, kind: &str, tree: &mut Tree) -> Option<Special> {
        if policy.is_dynamic() {
            return None;
        }
        let subject = Subject::of_type(kind);
        let mut maker = Maker { policy, subject, tree };
        let node = maker.node(&policy.node)?;
        let mut existence = None;
        if let Some(looked_for) = &policy.existence {
            let (wanted, condition) = looked_for.looks_for()?;
            if text::eq(wanted, kind)
                && let Some(condition) = condition
            {
                existence = Some(maker.node(condition)?);
            }
        }
        let mut names = Names::default();
        for (name, field) in &policy.names {
            names.insert(name.clone(), maker.field(field, false)?);
        }
        Some(Special { node, names, existence })
    }
}

struct Maker<'a> {
    policy: &'a Policy,
    subject: Subject<'a>,
    tree: &'a mut Tree,
}

impl Maker<'_> {
    fn node(&mut self, node: &Node) -> Option<Node> {
        Some(match node {
            Node::All(parts) => self.parts(parts, false)?,
            Node::Any(parts) => self.parts(parts, true)?,
            Node::Not(inner) => match self.node(inner)? {
                Node::Known(yes) => Node::Known(!yes),
                other => Node::Not(Box::new(other)),
            },
            Node::Test(test) => match rule::by_type(node, self.subject.resource_type(), self.semantics()) {
                Some(yes) => Node::Known(yes),
                None => match self.fixed(node) {
                    Some(yes) => Node::Fixed(yes),
                    None => Node::Test(Box::new(self.test(test)?)),
                },
            },
            Node::Known(yes) => Node::Known(*yes),
            Node::Fixed(yes) => Node::Fixed(*yes),
        })
    }

    fn semantics(&self) -> Semantics {
        self.policy.knowledge.semantics
    }

    /// What a condition comes to that asks for nothing but parameters and the type.
    fn fixed(&self, node: &Node) -> Option<bool> {
        if !is_closed(node) {
            return None;
        }
        let env = self.policy.env(&self.subject, None, &Surroundings::UNKNOWN, None);
        Cx { env: &env, frame: None }.truth(node).ok()
    }

    /// What is known decides, or says nothing, unless a failure before it would count.
    fn parts(&mut self, parts: &[Node], deciding: bool) -> Option<Node> {
        let folds = self.semantics().order == Order::Any;
        let mut left = Vec::new();
        for part in parts {
            match self.node(part)? {
                Node::Known(yes) if folds && yes == deciding => return Some(Node::Known(deciding)),
                Node::Known(_) if folds => {}
                other => left.push(other),
            }
        }
        if folds {
            // They cost nothing, and may decide.
            left.sort_by_key(|own| !matches!(own, Node::Fixed(_)));
        }
        if left.is_empty() {
            return Some(Node::Known(!deciding));
        }
        if left.len() == 1 {
            return left.pop();
        }
        Some(if deciding { Node::Any(left.into()) } else { Node::All(left.into()) })
    }

    fn test(&mut self, test: &Test) -> Option<Test> {
        let left = match &test.left {
            Side::Field(field) => Side::Field(self.field(field, false)?),
            Side::Named(_) => return None,
            Side::Value(template) => Side::Value(template.clone()),
            Side::Count(counting) => Side::Count(Box::new(self.counting(counting)?)),
        };
        let (operator, right, pointer) = (test.operator, test.right.clone(), test.pointer.clone());
        Some(Test { left, operator, right, pointer })
    }

    fn counting(&mut self, counting: &Counting) -> Option<Counting> {
        let of = match &counting.of {
            Counted::Field(name, field) => {
                // An expression may ask for the element that the count is at.
                let asks = counting.filter.as_ref().is_some_and(asks_for_elements);
                Counted::Field(name.clone(), self.field(field, !asks)?)
            }
            Counted::Named(_) => return None,
            Counted::Value(template, name) => Counted::Value(template.clone(), name.clone()),
        };
        let filter = match &counting.filter {
            Some(filter) => Some(self.node(filter)?),
            None => None,
        };
        Some(Counting { of, filter })
    }

    fn field(&mut self, field: &Field, counted: bool) -> Option<Field> {
        let path = match field {
            Field::Tags => Path::of_keys(&["tags"]),
            Field::Tag(name) => Path::of_keys(&["tags", name]),
            Field::Alias(_) | Field::Path(_) => match path_of(field, &self.subject) {
                Ok(Some(path)) => path.clone(),
                _ => return None,
            },
            own => return Some(own.clone()),
        };
        let (slot, from) = self.tree.add(&path, counted)?;
        Some(Field::Slot(Box::new(InSlot { slot, path, from })))
    }
}

/// Whether a condition looks at nothing of a resource but its type.
fn is_closed(node: &Node) -> bool {
    match node {
        Node::All(parts) | Node::Any(parts) => parts.iter().all(is_closed),
        Node::Not(inner) => is_closed(inner),
        Node::Known(_) | Node::Fixed(_) => true,
        Node::Test(test) => {
            let right = match &test.right {
                Right::Known(_) | Right::Texts(..) => true,
                Right::Later(template) => closed_template(template),
            };
            let left = match &test.left {
                Side::Field(field) => *field == Field::Type,
                Side::Named(_) => false,
                Side::Value(template) => closed_template(template),
                Side::Count(counting) => {
                    let of = matches!(&counting.of, Counted::Value(template, _) if closed_template(template));
                    of && counting.filter.as_ref().is_none_or(is_closed)
                }
            };
            left && right
        }
    }
}

fn closed_template(template: &Template) -> bool {
    let mut closed = true;
    template.exprs(&mut |expr| {
        expr.host_calls(&mut |which, args, _| {
            let name = args.first().and_then(|arg| arg.as_literal()?.as_str());
            closed &= match which {
                PARAMETERS | POLICY | CURRENT => true,
                FIELD => name.is_some_and(|name| name.trim().eq_ignore_ascii_case("type")),
                _ => false,
            };
        });
    });
    closed
}

/// Whether some expression asks for what a count is at.
fn asks_for_elements(node: &Node) -> bool {
    let in_template = |template: &Template| {
        let mut asks = false;
        template.exprs(&mut |expr| expr.host_calls(&mut |which, _, _| asks |= which == CURRENT));
        asks
    };
    match node {
        Node::All(parts) | Node::Any(parts) => parts.iter().any(asks_for_elements),
        Node::Not(inner) => asks_for_elements(inner),
        Node::Known(_) | Node::Fixed(_) => false,
        Node::Test(test) => {
            let right = matches!(&test.right, Right::Later(template) if in_template(template));
            right
                || match &test.left {
                    Side::Field(_) => false,
                    Side::Named(template) | Side::Value(template) => in_template(template),
                    Side::Count(counting) => {
                        let of = match &counting.of {
                            Counted::Field(..) => false,
                            Counted::Named(template) | Counted::Value(template, _) => in_template(template),
                        };
                        of || counting.filter.as_ref().is_some_and(asks_for_elements)
                    }
                }
        }
    }
}
