//! Which rule is enforced, audited, excused or left out in which scope.

use crate::estate::{Estate, key};
use crate::simulation::Counts;
use crate::stand::{Reach, Stand, reach, stand_of};
use crate::walk::{Judged, Options, Visitor, walk};
use dekey_model::{ArmId, Kind, Resource, ResourceIx};
use dekey_policy::{Assigned, Part, Standing, Verdict};
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};

/// How one rule stands in a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleStatus {
    /// What is done about it.
    pub stand: Stand,
    /// By which policies: positions of assignments and of policies in them.
    pub by: Vec<(usize, usize)>,
    /// Selectors, locations or enrollments leave some of the scope out.
    pub in_part: bool,
    /// How the resources in the scope stand; each counts once, with the worst that any policy says.
    pub counts: Counts,
}

/// A scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeStatus {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Management group, subscription or resource group.
    pub kind: Kind,
    /// How deep in the tree.
    pub depth: usize,
    /// The rules, in the order in which they were asked for.
    pub rules: Vec<RuleStatus>,
    /// How the resources in it stand, over all rules.
    pub counts: Counts,
}

/// Which rule stands how in which scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The rules that were asked for.
    pub rules: Vec<String>,
    /// The scopes, each before those below it. Resource groups are there where they differ from their subscription.
    pub scopes: Vec<ScopeStatus>,
    /// Policies that stand for none of the rules: positions of assignments and of policies in them.
    pub others: Vec<(usize, usize)>,
    /// Policies that cannot be used, so that nobody can say which rules they stand for: as above.
    pub unclear: Vec<(usize, usize)>,
    /// Scopes of which the assignments or exemptions were not read.
    pub not_read: Vec<(String, Kind)>,
}

/// A rule that a policy stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandsFor {
    /// The rule, as a position.
    pub rule: usize,
    /// No other rule that it stands for asks for more, so that its verdicts are those of the rule.
    pub closest: bool,
}

/// A place in the tree of scopes.
struct Node {
    id: String,
    name: String,
    kind: Kind,
    parent: Option<usize>,
}

struct Tree {
    nodes: Vec<Node>,
    by_id: HashMap<String, usize, foldhash::fast::FixedState>,
}

/// Works out how rules stand. `rule_of` says which of them a policy stands for.
pub fn status(
    estate: &Estate<'_>,
    assigned: &[Assigned],
    options: Options<'_>,
    rules: &[String],
    rule_of: &dyn Fn(&Part) -> Vec<StandsFor>,
) -> Status {
    let mapped: Vec<Vec<Vec<StandsFor>>> =
        assigned.iter().map(|own| own.parts.iter().map(rule_of).collect()).collect();
    let tree = Tree::of(estate, assigned);
    let counts = count(estate, assigned, options, &mapped, &tree);
    let mut scopes = Vec::new();
    let mut order: Vec<usize> = Vec::new();
    tree.below(None, &mut order);
    for at in order {
        let Some(node) = tree.nodes.get(at) else { continue };
        let is_there = options.lies_in(estate, &node.id);
        if is_there == Some(false) {
            continue;
        }
        let mut all = Counts::default();
        let own = (0..rules.len()).map(|rule| {
            let counts = counts.get(&(at, rule)).copied().unwrap_or_default();
            all.add(&counts);
            if is_there.is_none() {
                return RuleStatus { stand: Stand::Unknown, by: Vec::new(), in_part: false, counts };
            }
            stand(estate, assigned, options, &mapped, node, rule, counts)
        });
        let rules: Vec<RuleStatus> = own.collect();
        let (id, name) = (node.id.clone(), node.name.clone());
        scopes.push(ScopeStatus { id, name, kind: node.kind, depth: tree.depth(at), rules, counts: all });
    }
    let (unclear, others) = without_rule(assigned, &mapped);
    Status { rules: rules.to_vec(), scopes, others, unclear, not_read: not_read(estate) }
}

/// A policy of an assignment, as positions.
type At = (usize, usize);

/// The policies that no rule is known for: those that cannot be used, and those that were looked at.
fn without_rule(assigned: &[Assigned], mapped: &[Vec<Vec<StandsFor>>]) -> (Vec<At>, Vec<At>) {
    let (mut unclear, mut others) = (Vec::new(), Vec::new());
    for (at, (own, rules)) in assigned.iter().zip(mapped).enumerate() {
        for (ix, (part, rules)) in own.parts.iter().zip(rules).enumerate() {
            if is_unclear(part, rules) {
                unclear.push((at, ix));
            } else if rules.is_empty() {
                others.push((at, ix));
            }
        }
    }
    (unclear, others)
}

/// Whether a policy may stand for any rule, because it was not read. Some are known by their names alone.
fn is_unclear(part: &Part, rules: &[StandsFor]) -> bool {
    rules.is_empty() && part.policy().is_err()
}

/// The subscriptions of which no document says which policies they have.
pub fn not_read(estate: &Estate<'_>) -> Vec<(String, Kind)> {
    let mut ids: BTreeSet<String> = estate.subscriptions.keys().cloned().collect();
    let of = |ix: &ResourceIx| estate.inventory.get(*ix).arm_id().subscription().map(str::to_ascii_lowercase);
    ids.extend(estate.in_order().iter().filter_map(of));
    let mut all = Vec::new();
    for id in ids {
        let scope = format!("/subscriptions/{id}");
        for kind in [Kind::PolicyAssignment, Kind::PolicyExemption] {
            if !estate.has_read(kind, &scope) {
                all.push((scope.clone(), kind));
            }
        }
    }
    all
}

fn stand(
    estate: &Estate<'_>,
    assigned: &[Assigned],
    options: Options<'_>,
    mapped: &[Vec<Vec<StandsFor>>],
    node: &Node,
    rule: usize,
    counts: Counts,
) -> RuleStatus {
    let (mut best, mut by, mut in_part) = (Stand::Bare, Vec::new(), false);
    for (at, own) in assigned.iter().enumerate() {
        let parts = mapped.get(at).into_iter().flatten().enumerate();
        let stands = |rules: &[StandsFor]| rules.iter().any(|own| own.rule == rule);
        let parts: Vec<usize> = parts.filter(|(_, rules)| stands(rules)).map(|own| own.0).collect();
        if parts.is_empty() {
            continue;
        }
        let reach = reach(estate, own, &node.id);
        if reach == Reach::Elsewhere {
            continue;
        }
        for ix in parts {
            let Some(part) = own.parts.get(ix) else { continue };
            let (stand, partly) = match reach {
                Reach::Unknown => (Stand::Unknown, false),
                _ => stand_of(estate, own, part, &node.id, options.now),
            };
            if stand == Stand::Bare {
                continue;
            }
            if stand > best {
                (best, in_part) = (stand, partly);
                by.clear();
            }
            if stand == best {
                in_part &= partly;
                by.push((at, ix));
            }
        }
    }
    let read = estate.has_read(Kind::PolicyAssignment, &node.id) || node.kind == Kind::ManagementGroup;
    if best == Stand::Bare && (!read || may_be_more(estate, assigned, mapped, node)) {
        best = Stand::Unknown;
    }
    RuleStatus { stand: best, by, in_part, counts }
}

/// Whether a policy that counts in a scope, or may, was not read: it may stand for any rule.
fn may_be_more(
    estate: &Estate<'_>,
    assigned: &[Assigned],
    mapped: &[Vec<Vec<StandsFor>>],
    node: &Node,
) -> bool {
    assigned.iter().zip(mapped).any(|(own, rules)| {
        own.parts.iter().zip(rules).any(|(part, rules)| is_unclear(part, rules))
            && reach(estate, own, &node.id) != Reach::Elsewhere
    })
}

impl Tree {
    fn of(estate: &Estate<'_>, assigned: &[Assigned]) -> Self {
        let mut tree = Self { nodes: Vec::new(), by_id: HashMap::default() };
        let mut subscriptions: BTreeSet<String> = estate.subscriptions.keys().cloned().collect();
        for ix in estate.in_order() {
            if let Some(own) = estate.inventory.get(*ix).arm_id().subscription()
                && !subscriptions.contains(own)
            {
                subscriptions.insert(own.to_ascii_lowercase());
            }
        }
        for own in subscriptions {
            let mut parent = None;
            for group in estate.management_groups(&own).into_iter().flatten().rev() {
                parent = Some(tree.add(estate, group, Kind::ManagementGroup, parent));
            }
            tree.add(estate, &format!("/subscriptions/{own}"), Kind::Subscription, parent);
        }
        for own in assigned {
            let scope = &own.assignment.scope;
            if key(scope).contains("/managementgroups/") {
                tree.add(estate, scope, Kind::ManagementGroup, None);
            }
            tree.add_group(estate, scope);
            own.assignment.not_scopes.iter().for_each(|scope| tree.add_group(estate, scope));
        }
        for own in estate.all_exemptions() {
            tree.add_group(estate, &own.scope);
        }
        tree
    }

    /// A resource group that differs from its subscription, because a policy names it.
    fn add_group(&mut self, estate: &Estate<'_>, scope: &str) {
        let id = ArmId(scope);
        let (Some(subscription), Some(_)) = (id.subscription(), id.resource_group()) else { return };
        if id.resource_type().as_deref().map(Kind::of_type) != Some(Kind::ResourceGroup) {
            return;
        }
        let above = format!("/subscriptions/{}", subscription.to_ascii_lowercase());
        let parent = self.add(estate, &above, Kind::Subscription, None);
        self.add(estate, scope, Kind::ResourceGroup, Some(parent));
    }

    fn add(&mut self, estate: &Estate<'_>, id: &str, kind: Kind, parent: Option<usize>) -> usize {
        if let Some(known) = self.by_id.get(&key(id)) {
            return *known;
        }
        let at = self.nodes.len();
        let found = estate.inventory.find(id);
        let named = found.and_then(called);
        let name = named.unwrap_or_else(|| ArmId(id).name().to_owned());
        self.nodes.push(Node { id: id.to_owned(), name, kind, parent });
        self.by_id.insert(key(id), at);
        at
    }

    /// Everything below a node, each before what is below it, in order of name.
    fn below(&self, parent: Option<usize>, into: &mut Vec<usize>) {
        let mut own: Vec<usize> = (0..self.nodes.len())
            .filter(|at| self.nodes.get(*at).is_some_and(|node| node.parent == parent))
            .collect();
        let name =
            |at: &usize| self.nodes.get(*at).map(|node| (node.kind, node.name.to_lowercase(), key(&node.id)));
        own.sort_by_key(name);
        for at in own {
            into.push(at);
            self.below(Some(at), into);
        }
    }

    fn depth(&self, at: usize) -> usize {
        let parent = |at: &usize| self.nodes.get(*at).and_then(|node| node.parent);
        std::iter::successors(parent(&at), parent).count()
    }

    /// The lowest node that a resource lies in.
    fn of_resource(&self, resource: Resource<'_>) -> Option<usize> {
        let id = resource.arm_id();
        let above = format!("/subscriptions/{}", id.subscription()?.to_ascii_lowercase());
        let group = id.resource_group().and_then(|group| {
            self.by_id.get(&format!("{above}/resourcegroups/{}", group.to_ascii_lowercase()))
        });
        group.or_else(|| self.by_id.get(&above)).copied()
    }
}

/// What people call a scope.
fn called(own: Resource<'_>) -> Option<String> {
    let raw: serde_json::Value = serde_json::from_str(own.raw()?).ok()?;
    let name = match own.kind() {
        Kind::Subscription => raw.get("displayName").or_else(|| raw.get("name")),
        Kind::ManagementGroup => raw.pointer("/properties/displayName"),
        _ => None,
    };
    name.and_then(serde_json::Value::as_str).map(str::to_owned)
}

/// How resources stand to rules, by lowest node and rule.
struct Tally<'t> {
    tree: &'t Tree,
    mapped: &'t [Vec<Vec<StandsFor>>],
    counts: BTreeMap<(usize, usize), Counts>,
    at: Option<ResourceIx>,
    node: Option<usize>,
    /// The worst word for each rule of the resource at hand.
    words: BTreeMap<usize, Word>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Word {
    Compliant,
    Exempt,
    NotJudged,
    Failed,
    NonCompliant,
}

impl Tally<'_> {
    fn flush(&mut self) {
        let words = std::mem::take(&mut self.words);
        let Some(node) = self.node else { return };
        for (rule, word) in words {
            let counts = self.counts.entry((node, rule)).or_default();
            match word {
                Word::Compliant => counts.compliant += 1,
                Word::Exempt => counts.exempt += 1,
                Word::NotJudged => counts.not_judged += 1,
                Word::Failed => counts.failed += 1,
                Word::NonCompliant => counts.non_compliant += 1,
            }
        }
    }
}

impl Visitor for Tally<'_> {
    fn excluded(&mut self, _: usize, _: Resource<'_>) {}

    fn covered(&mut self, _: usize, _: Resource<'_>) {}

    fn judged(&mut self, judged: &Judged<'_>) {
        let rules = self.mapped.get(judged.assignment).and_then(|own| own.get(judged.part));
        let Some(rules) = rules.filter(|own| !own.is_empty()) else { return };
        let word = match judged.standing {
            Standing::Exempt { verdict: Verdict::NotApplicable(_), .. }
            | Standing::Judged(Verdict::NotApplicable(_))
            | Standing::Excluded
            | Standing::Elsewhere => return,
            Standing::Judged(Verdict::Compliant(_)) => Word::Compliant,
            Standing::Judged(Verdict::NonCompliant(_)) => Word::NonCompliant,
            Standing::Judged(Verdict::Failed(_)) => Word::Failed,
            Standing::Judged(Verdict::NotJudged(_)) => Word::NotJudged,
            Standing::Exempt { .. } => Word::Exempt,
        };
        if self.at != Some(judged.resource.ix()) {
            self.flush();
            self.at = Some(judged.resource.ix());
            self.node = self.tree.of_resource(judged.resource);
        }
        for own in rules.iter().filter(|own| own.closest) {
            let known = self.words.entry(own.rule).or_insert(word);
            *known = word.max(*known);
        }
    }
}

/// Counts by node and rule, those above included.
fn count(
    estate: &Estate<'_>,
    assigned: &[Assigned],
    options: Options<'_>,
    mapped: &[Vec<Vec<StandsFor>>],
    tree: &Tree,
) -> BTreeMap<(usize, usize), Counts> {
    let fresh =
        || Tally { tree, mapped, counts: BTreeMap::new(), at: None, node: None, words: BTreeMap::new() };
    let mut all: BTreeMap<(usize, usize), Counts> = BTreeMap::new();
    for mut own in walk(estate, assigned, options, &fresh) {
        own.flush();
        for ((at, rule), counts) in own.counts {
            let parent = |at: &usize| tree.nodes.get(*at).and_then(|node| node.parent);
            for at in std::iter::successors(Some(at), parent) {
                all.entry((at, rule)).or_default().add(&counts);
            }
        }
    }
    all
}
