//! The same rule on the same resource, judged here and by regorus.

use crate::classes;
use crate::corpus;
use crate::generate::{self, Random};
use crate::microsoft::{self, Said, Theirs};
use dekey_expr::Value as Json;
use dekey_policy::{
    About, Aliases, Definition, Knowledge, MissingArray, NullLeft, NullOperand, NumberEquality, Order,
    Ordering, Policy, Semantics, Step, Subject, Unlisted, Verdict,
};
use regorus::Rc;
use regorus::Value;
use regorus::languages::azure_policy::aliases::AliasRegistry;
use serde_json::Map;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What comes of a rule, in words that compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Holds,
    HoldsNot,
    Fails,
    NotJudged(String),
}

impl Outcome {
    pub(crate) fn of(verdict: &Verdict) -> Outcome {
        match verdict {
            Verdict::NonCompliant(_) => Outcome::Holds,
            Verdict::Compliant(_) | Verdict::NotApplicable(_) => Outcome::HoldsNot,
            Verdict::Failed(_) => Outcome::Fails,
            Verdict::NotJudged(why) => Outcome::NotJudged(why.clone()),
        }
    }

    pub(crate) fn said(said: &Said) -> Outcome {
        match said {
            Said::Effect(_) => Outcome::Holds,
            Said::Nothing => Outcome::HoldsNot,
            Said::Error(_) => Outcome::Fails,
        }
    }
}

/// The switches, each with the document that the default follows and how regorus reads it.
pub(crate) const SWITCHES: &[(&str, fn(&mut Semantics))] = &[
    ("a missing array under [*] selects nothing (how-to/author-policies-for-arrays, table)", |own| {
        own.missing_array = MissingArray::OneNull;
    }),
    (
        "numbers equal texts as text, 5.0 is not \"5\" (azure-policy-linter, equality-check-on-numeric-field)",
        |own| {
            own.numbers = NumberEquality::Value;
        },
    ),
    ("what cannot be ordered is an error (definition-structure-policy-rule, conditions)", |own| {
        own.ordering = Ordering::Coerces
    }),
    ("null as the value of an operator is an error (azure-policy-linter, tryget-as-operator-value)", |own| {
        own.null_operand = NullOperand::Compares;
    }),
    (
        "null on the left is the empty text for in, like, match, contains too (azure-policy-linter, null-coercing operators)",
        |own| {
            own.null_left = NullLeft::Nothing;
        },
    ),
    ("order has no effect on evaluation (azure-policy-linter, order of conditions)", |own| {
        own.order = Order::AsWritten
    }),
    ("like knows * alone (definition-structure-policy-rule, conditions)", |own| {
        own.like_question_mark = true
    }),
    ("locations are normalised (definition-structure-policy-rule, fields)", |own| {
        own.normalise_location = false
    }),
];

/// All switches set as regorus reads.
fn theirs() -> Semantics {
    let mut own = Semantics::DOCUMENTED;
    SWITCHES.iter().for_each(|(_, set)| set(&mut own));
    // Failures never count there, so that their order does not either.
    own.order = Order::Any;
    own
}

/// One condition, ready for both.
pub(crate) struct Pair {
    documented: Policy,
    switched: Policy,
    regorus: Theirs,
}

/// What both are compiled with.
pub(crate) struct Table {
    pub(crate) knowledge: Knowledge,
    pub(crate) switched: Knowledge,
    pub(crate) registry: Rc<AliasRegistry>,
    /// A definition; conditions stand in the place of its own.
    frame: Json,
    given: Map<String, Json>,
    parameters: Value,
    /// Whether regorus reads names that no table has as paths.
    loose: bool,
}

impl Table {
    /// Everything published, for the conditions of one definition.
    pub(crate) fn published(knowledge: &Knowledge, registry: &Rc<AliasRegistry>) -> Table {
        let knowledge = knowledge.clone();
        let switched = Knowledge { semantics: theirs(), ..knowledge.clone() };
        let (frame, given) = (Json::Null, Map::new());
        Table {
            knowledge,
            switched,
            registry: Rc::clone(registry),
            frame,
            given,
            parameters: Value::new_object(),
            loose: true,
        }
    }

    /// For another definition: its parameters, and what they are given.
    pub(crate) fn frame(&mut self, definition: &Json, given: Map<String, Json>) {
        let text = Json::Object(given.clone()).to_string();
        self.parameters = Value::from_json_str(&text).expect("parameters");
        self.given = given;
        let parameters = &definition["properties"]["parameters"];
        let parameters = if parameters.is_null() { &definition["parameters"] } else { parameters };
        let parameters = if parameters.is_null() { serde_json::json!({}) } else { parameters.clone() };
        self.frame = serde_json::json!({ "properties": { "displayName": "one condition", "policyType": "Custom", "mode": "All",
            "parameters": parameters, "policyRule": { "if": {}, "then": { "effect": "deny" } } } });
    }

    fn definition(&self, condition: &Json) -> Json {
        let mut own = self.frame.clone();
        own["properties"]["policyRule"]["if"] = condition.clone();
        own
    }

    /// A resource as regorus wants it.
    pub(crate) fn input(&self, resource: &Json) -> Value {
        microsoft::input(&resource.to_string(), &self.registry, &self.parameters)
    }

    fn made_up() -> Table {
        let aliases = generate::aliases();
        let lines: Vec<String> = aliases
            .iter()
            .map(|(name, path)| serde_json::json!({ "name": name, "path": path }).to_string())
            .collect();
        let mut table = Aliases::new();
        table.read(&lines.join("\n")).expect("a table of aliases");
        let knowledge = Knowledge {
            aliases: Arc::new(table),
            unlisted: Unlisted::NotJudged,
            semantics: Semantics::DOCUMENTED,
        };
        let switched = Knowledge { semantics: theirs(), ..knowledge.clone() };
        Table {
            knowledge,
            switched,
            registry: microsoft::registry(&aliases),
            frame: generate::definition(&Json::Null),
            given: Map::new(),
            parameters: Value::new_object(),
            loose: false,
        }
    }

    fn with(&self, condition: &Json, semantics: Semantics) -> Result<Policy, String> {
        let definition = Definition::parse(&self.definition(condition)).map_err(|error| error.to_string())?;
        let knowledge = Knowledge { semantics, ..self.knowledge.clone() };
        Policy::compile(&definition, &self.given, &About::default(), &knowledge)
            .map_err(|error| error.to_string())
    }

    /// Both, or who refuses the rule and why.
    pub(crate) fn pair(&self, condition: &Json) -> Result<Pair, (Option<String>, Option<String>)> {
        let documented = self.with(condition, Semantics::DOCUMENTED);
        let switched = self.with(condition, self.switched.semantics);
        let regorus = Theirs::compile(&self.definition(condition).to_string(), &self.registry, self.loose);
        match (documented, switched, regorus) {
            (Ok(documented), Ok(switched), Ok(regorus)) => Ok(Pair { documented, switched, regorus }),
            (documented, _, regorus) => Err((documented.err(), regorus.err())),
        }
    }
}

impl Pair {
    fn ours(policy: &Policy, resource: &Json) -> Outcome {
        Outcome::of(&policy.judge(&Subject::new(resource), &corpus::around()))
    }

    pub(crate) fn switched(&self, resource: &Json) -> Outcome {
        Self::ours(&self.switched, resource)
    }

    pub(crate) fn steps(&self, resource: &Json) -> Vec<Step> {
        self.switched.explain(&Subject::new(resource), &corpus::around()).1
    }

    pub(crate) fn regorus(&mut self, input: &Value) -> Outcome {
        Outcome::said(&self.regorus.judge(input))
    }
}

/// What a run came to.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) pairs: usize,
    pub(crate) same: usize,
    pub(crate) holds: usize,
    pub(crate) refused: BTreeMap<String, usize>,
    pub(crate) classes: BTreeMap<String, usize>,
    pub(crate) unexplained: Vec<String>,
}

pub(crate) fn run(pairs: usize, seed: u64) -> bool {
    let table = Table::made_up();
    let mut random = Random::new(seed);
    let mut tally = Tally::default();
    // Each rule meets so many resources.
    let each = 20;
    while tally.pairs < pairs {
        let condition = generate::condition(&mut random);
        let resources: Vec<Json> = (0..each).map(|_| generate::resource(&mut random)).collect();
        match table.pair(&condition) {
            Ok(pair) => {
                meet(&table, &condition, pair, &resources, &mut tally);
            }
            Err((ours, theirs)) => match classes::refusal(ours.as_deref(), theirs.as_deref()) {
                Some(class) => *tally.refused.entry(class).or_default() += 1,
                None => {
                    tally.unexplained.push(format!("{condition}: refused here {ours:?}, there {theirs:?}"))
                }
            },
        }
        if tally.unexplained.len() > 40 {
            break;
        }
    }
    println!("seed {seed}");
    tell(&tally)
}

pub(crate) fn meet(
    table: &Table,
    condition: &Json,
    mut pair: Pair,
    resources: &[Json],
    tally: &mut Tally,
) -> Pair {
    for resource in resources {
        tally.pairs += 1;
        let input = table.input(resource);
        let ours = Pair::ours(&pair.documented, resource);
        let theirs = pair.regorus(&input);
        tally.holds += usize::from(theirs == Outcome::Holds);
        if ours == theirs {
            tally.same += 1;
            continue;
        }
        match explain(table, condition, &mut pair, resource, &input, &theirs) {
            Ok(classes) => {
                for class in classes {
                    *tally.classes.entry(class).or_default() += 1;
                }
            }
            Err(why) => {
                let small = shrink(table, condition, resource);
                tally.unexplained.push(format!("{why}\n   rule {}\n   resource {}", small.0, small.1));
                return pair;
            }
        }
    }
    pair
}

/// Why the two differ: the switches that make the difference vanish, or else the reason of every condition on which they differ.
fn explain(
    table: &Table,
    condition: &Json,
    pair: &mut Pair,
    resource: &Json,
    input: &Value,
    theirs: &Outcome,
) -> Result<Vec<String>, String> {
    let switched = pair.switched(resource);
    if switched == *theirs {
        for (name, set) in SWITCHES {
            let mut semantics = Semantics::DOCUMENTED;
            set(&mut semantics);
            if table.with(condition, semantics).is_ok_and(|policy| Pair::ours(&policy, resource) == *theirs) {
                return Ok(vec![format!("switch: {name}")]);
            }
        }
        return Ok(vec!["switch: several together".to_owned()]);
    }
    let mut found = Vec::new();
    for leaf in leaves(condition) {
        let Ok(mut own) = table.pair(leaf) else { continue };
        let (ours, theirs) = (own.switched(resource), own.regorus(input));
        if ours == theirs {
            continue;
        }
        let steps = own.steps(resource);
        // As documented it fails, which nothing does there.
        let ours =
            if Pair::ours(&own.documented, resource) == Outcome::Fails { Outcome::Fails } else { ours };
        match classes::of(table, leaf, &ours, &theirs, &steps, resource, input) {
            Some(class) => found.push(class),
            None => return Err(format!("{leaf}: {ours:?} here, {theirs:?} there; {}", seen(&steps))),
        }
    }
    if found.is_empty() && classes::jumps_over_a_loop(condition) {
        return Ok(vec![classes::JUMP.to_owned()]);
    }
    if found.is_empty() && *theirs == Outcome::Fails {
        return Ok(vec![classes::ARITHMETIC.to_owned()]);
    }
    if found.is_empty() {
        let said = pair.regorus.judge(input);
        return Err(format!("{switched:?} here, {said:?} there, though they agree on each condition"));
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn seen(steps: &[Step]) -> String {
    let one =
        |own: &Step| format!("{:?} {} {:?} = {:?}", own.found, own.operator.name(), own.target, own.result);
    steps.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// What stands under a key, whatever its case.
pub(crate) fn part<'j>(condition: &'j Json, name: &str) -> Option<&'j Json> {
    condition.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// The conditions that logic stands upon.
pub(crate) fn leaves(condition: &Json) -> Vec<&Json> {
    for key in ["allOf", "anyOf"] {
        if let Some(Json::Array(parts)) = part(condition, key) {
            return parts.iter().flat_map(leaves).collect();
        }
    }
    match part(condition, "not") {
        Some(inner) => leaves(inner),
        None => vec![condition],
    }
}

/// The same condition with something left out.
fn smaller(condition: &Json) -> Vec<Json> {
    let mut found = Vec::new();
    if let Some(inner) = part(condition, "not") {
        found.push(inner.clone());
        found.extend(smaller(inner).into_iter().map(|own| serde_json::json!({ "not": own })));
    }
    for key in ["allOf", "anyOf"] {
        let Some(Json::Array(parts)) = part(condition, key) else { continue };
        found.extend(parts.iter().cloned());
        for (at, part) in parts.iter().enumerate() {
            if parts.len() > 1 {
                let mut fewer = parts.clone();
                fewer.remove(at);
                found.push(serde_json::json!({ key: fewer }));
            }
            for own in smaller(part) {
                let mut other = parts.clone();
                other[at] = own;
                found.push(serde_json::json!({ key: other }));
            }
        }
    }
    found
}

/// The smallest rule and resource in reach on which the two still differ without a reason.
fn shrink(table: &Table, condition: &Json, resource: &Json) -> (Json, Json) {
    let differ = |condition: &Json, resource: &Json| {
        let Ok(mut pair) = table.pair(condition) else { return false };
        let input = table.input(resource);
        let theirs = pair.regorus(&input);
        Pair::ours(&pair.documented, resource) != theirs
            && explain(table, condition, &mut pair, resource, &input, &theirs).is_err()
    };
    let (mut condition, mut resource) = (condition.clone(), resource.clone());
    while let Some(smaller) = smaller(&condition).into_iter().find(|own| differ(own, &resource)) {
        condition = smaller;
    }
    let names: Vec<String> =
        resource["properties"].as_object().map(|own| own.keys().cloned().collect()).unwrap_or_default();
    for name in names {
        let mut smaller = resource.clone();
        if let Some(own) = smaller["properties"].as_object_mut() {
            own.shift_remove(&name);
        }
        if differ(&condition, &smaller) {
            resource = smaller;
        }
    }
    (condition, resource)
}

pub(crate) fn tell(tally: &Tally) -> bool {
    println!(
        "{} pairs: {} the same ({} hold), {} differ",
        tally.pairs,
        tally.same,
        tally.holds,
        tally.pairs - tally.same
    );
    for (what, all) in
        [("differences", &tally.classes), ("rules that one of the two refuses", &tally.refused)]
    {
        println!("\n{what}:");
        let mut rows: Vec<(&String, &usize)> = all.iter().collect();
        rows.sort_by(|a, b| b.1.cmp(a.1));
        for (class, count) in rows {
            println!("{count:>9}  {class}");
        }
    }
    for own in &tally.unexplained {
        println!("\nunexplained: {own}");
    }
    println!("\n{} unexplained", tally.unexplained.len());
    tally.unexplained.is_empty()
}
