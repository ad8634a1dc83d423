//! A workspace as a graph: who acts, through which role, where; and who gets at the keys.

use super::fill::{Teller, kind_word, role_word, use_word};
use super::types::{Edge, Graph, Node};
use crate::clean::line;
use dekey_access::{ActorAccess, Usage, WorkspaceAccess, causes};
use dekey_model::{ArmId, Resource};
use dekey_rbac::{Action, Answer, Danger, Door, Lock, PrincipalIx, Reason, Target};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// How many of those who get at keys are drawn.
const HOLDERS: usize = 12;

impl Graph {
    /// The position of a node, which is new if it was not there.
    fn node(&mut self, kind: &'static str, label: &str, detail: &str) -> usize {
        let node = Node { kind, label: label.to_owned(), detail: detail.to_owned() };
        if let Some(at) = self.nodes.iter().position(|own| *own == node) {
            return at;
        }
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn edge(&mut self, from: usize, to: usize, kind: &'static str, label: &str) {
        let edge = Edge { from, to, kind, label: label.to_owned() };
        if !self.edges.contains(&edge) {
            self.edges.push(edge);
        }
    }
}

impl Teller<'_> {
    /// One workspace as a graph.
    pub fn graph(&self, workspace: Resource<'_>, usage: &Usage) -> Graph {
        let access = WorkspaceAccess::used(self.engine, workspace, usage, self.now);
        let mut graph = Graph { workspace: workspace.id().to_owned(), ..Graph::default() };
        let mut targets: Vec<(usize, Target)> = Vec::new();
        for actor in &access.actors {
            self.draw(&mut graph, actor, &mut targets);
        }
        let own = graph.node("dependent", workspace.name(), "workspace");
        targets.push((own, Target::of(workspace)));
        self.holders(&mut graph, &targets);
        graph
    }

    fn draw(&self, graph: &mut Graph, access: &ActorAccess<'_>, targets: &mut Vec<(usize, Target)>) {
        let actor = &access.actor;
        let who = match &actor.acting {
            dekey_access::Acting::As(identity) => identity.describe(),
            dekey_access::Acting::Nobody => "no identity".to_owned(),
            dekey_access::Acting::Unknown(_) => "identity not known".to_owned(),
        };
        let detail = format!("{}, {who}", kind_word(actor.resource));
        let from = graph.node("actor", actor.resource.name(), &detail);
        for (at, dependent) in actor.dependents.iter().enumerate() {
            let word = dependent.parts.first().map_or("", |part| role_word(&part.role));
            let to = graph.node("dependent", ArmId(&dependent.target.id).name(), word);
            if !targets.iter().any(|own| own.0 == to) {
                targets.push((to, dependent.target.clone()));
            }
            let Some(judged) = access.dependents.get(at) else { continue };
            let mut through: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
            let key = |own: &Reason| (own.role_name.clone(), own.scope.clone());
            let (mut missing, mut unknown) = (BTreeSet::new(), BTreeSet::new());
            for held in &judged.held {
                let word = use_word(held.need.purpose).to_owned();
                let all = judged.held.iter().filter(|own| own.need.purpose == held.need.purpose);
                let whole = all.map(|own| own.decision.answer()).all(|own| own == Answer::Allowed);
                let permits = || match held.decision.answer() {
                    Answer::Conditional => format!("{word} under a condition"),
                    _ if whole => word.clone(),
                    _ => format!("part of: {word}"),
                };
                match held.decision.answer() {
                    Answer::Denied => missing.insert(word),
                    Answer::Unknown => unknown.insert(word),
                    Answer::Allowed | Answer::Conditional => {
                        held.decision.because.iter().for_each(|own| {
                            through.entry(key(own)).or_default().insert(permits());
                        });
                        true
                    }
                };
            }
            for cause in causes(self.engine, access, dependent, judged, self.now) {
                let more = format!("and {} more", cause.actions.len());
                through.entry(key(&cause.reason)).or_default().insert(more);
            }
            for ((role, scope), words) in through {
                let grant = graph.node("grant", &role, &format!("on {}", scope_name(&scope)));
                graph.edge(from, grant, "has", "");
                // "and .." comes before the words of uses, and is meant to come last.
                let words: Vec<String> = words.into_iter().rev().collect();
                graph.edge(grant, to, "permits", &words.join(", "));
            }
            for (kind, words) in [("missing", missing), ("unknown", unknown)] {
                if !words.is_empty() {
                    let words: Vec<String> = words.into_iter().collect();
                    graph.edge(from, to, kind, &format!("{kind}: {}", words.join(", ")));
                }
            }
        }
    }

    /// Whoever may get a key of something, or might.
    fn holders(&self, graph: &mut Graph, targets: &[(usize, Target)]) {
        let mut at: BTreeMap<PrincipalIx, Vec<(usize, Answer)>> = BTreeMap::new();
        for (node, target) in targets {
            for who in self.engine.principals_at(self.engine.place(&target.id)) {
                let answer = self.keys(Some(who), target);
                if answer != Answer::Denied {
                    at.entry(who).or_default().push((*node, answer));
                }
            }
        }
        let named = |(who, at): (PrincipalIx, Vec<(usize, Answer)>)| {
            let id = self.engine.principal_id(who);
            let named = self.principal(id);
            let kind = named.kind.unwrap_or_else(|| "principal".to_owned());
            (std::cmp::Reverse(at.len()), named.name.unwrap_or_else(|| id.to_owned()), kind, at)
        };
        let mut found: Vec<_> = at.into_iter().map(named).collect();
        found.sort();
        let rest = found.len().saturating_sub(HOLDERS);
        for (_, name, kind, at) in found.into_iter().take(HOLDERS) {
            let from = graph.node("holder", &name, &kind);
            for (to, answer) in at {
                match answer {
                    Answer::Allowed => graph.edge(from, to, "keys", "gets at keys"),
                    Answer::Conditional => graph.edge(from, to, "keys", "gets at keys under a condition"),
                    _ => graph.edge(from, to, "unknown", "may get at keys: not everything was read"),
                }
            }
        }
        if rest > 0 {
            graph.node("holder", &format!("and {rest} more"), "who get at keys, or may");
        }
        let unread = targets.iter().filter(|own| self.keys(None, &own.1) == Answer::Unknown);
        for (to, _) in unread {
            let from = graph.node("holder", "others", "not everything was read");
            graph.edge(from, *to, "unknown", "may get at keys: not everything was read");
        }
    }

    /// Whether somebody gets at a key of something; the most certain of the answers.
    fn keys(&self, who: Option<PrincipalIx>, target: &Target) -> Answer {
        let rank = |own: &Answer| match own {
            Answer::Allowed => 0,
            Answer::Conditional => 1,
            Answer::Unknown => 2,
            Answer::Denied => 3,
        };
        let doors =
            target.doors().into_iter().filter(|(door, lock)| *lock != Lock::Shut && is_key(door.action));
        let answer = |(door, lock): (Door, Lock)| {
            let decided = self.engine.may(who, &Action::control(door.action), target, self.now).answer();
            if lock == Lock::Unknown && decided != Answer::Denied { Answer::Unknown } else { decided }
        };
        doors.map(answer).min_by_key(rank).unwrap_or(Answer::Denied)
    }
}

/// Whether an action hands out keys or secrets, or a policy to read them.
fn is_key(action: &str) -> bool {
    Danger::of(&Action::control(action)) == Danger::Secrets
        || action.to_ascii_lowercase().contains("accesspolicies")
}

fn scope_name(scope: &str) -> String {
    let id = ArmId(scope);
    match id.name() {
        "" => "/".to_owned(),
        name if id.provider().is_none() && id.resource_group().is_some() => format!("group {name}"),
        name if id.provider().is_none() => format!("subscription {name}"),
        name => name.to_owned(),
    }
}

/// As Graphviz reads it.
pub fn dot(graph: &Graph) -> String {
    let mut out =
        "digraph access {\n  rankdir=LR;\n  node [shape=box, style=filled, fontname=\"sans-serif\"];\n"
            .to_owned();
    for (at, own) in graph.nodes.iter().enumerate() {
        let _ = writeln!(
            out,
            "  n{at} [label=\"{}\\n{}\", fillcolor=\"{}\"];",
            quoted(&own.label),
            quoted(&own.detail),
            fill(own.kind)
        );
    }
    for own in &graph.edges {
        let style = match own.kind {
            "missing" => ", style=dashed, color=\"#b00020\", fontcolor=\"#b00020\"",
            "unknown" => ", style=dotted",
            "keys" => ", color=\"#a05a00\"",
            _ => "",
        };
        let _ = writeln!(out, "  n{} -> n{} [label=\"{}\"{style}];", own.from, own.to, quoted(&own.label));
    }
    out.push_str("}\n");
    out
}

/// The colour of a kind of node.
pub(super) fn fill(kind: &str) -> &'static str {
    match kind {
        "actor" => "#dbe9ff",
        "grant" => "#efe6ff",
        "dependent" => "#e2f4e4",
        _ => "#ffeeda",
    }
}

/// Text inside the quotes of Graphviz.
fn quoted(text: &str) -> String {
    line(text).replace('\\', "\\\\").replace('"', "\\\"")
}

/// As Mermaid reads it.
pub fn mermaid(graph: &Graph) -> String {
    let mut out = "flowchart LR\n".to_owned();
    for (at, own) in graph.nodes.iter().enumerate() {
        let _ = writeln!(
            out,
            "  n{at}[\"{}<br/>{}\"]:::{}",
            entities(&own.label),
            entities(&own.detail),
            own.kind
        );
    }
    for own in &graph.edges {
        let arrow = if matches!(own.kind, "missing" | "unknown") { "-.->" } else { "-->" };
        let label =
            if own.label.is_empty() { String::new() } else { format!("|\"{}\"|", entities(&own.label)) };
        let _ = writeln!(out, "  n{} {arrow}{label} n{}", own.from, own.to);
    }
    for kind in ["actor", "grant", "dependent", "holder"] {
        let _ = writeln!(out, "  classDef {kind} fill:{},stroke:#555,color:#111", fill(kind));
    }
    out
}

/// Text inside the quotes of Mermaid, which knows markup, Markdown and entities of its own: everything but what is surely harmless is
/// spelled as a number.
fn entities(text: &str) -> String {
    let mut out = String::new();
    for c in line(text).chars() {
        if c.is_alphanumeric() || " -.,:/@()+".contains(c) {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", u32::from(c));
        }
    }
    out
}
