//! How fast, beside regorus and beside the least that reading the same properties costs.

use crate::corpus::{self, BuiltIn};
use crate::microsoft::{self, Said, Theirs};
use dekey_policy::{Panel, Policy, Semantics, Verdict};
use regorus::Value;
use sonic_rs::{PointerTree, pointer};
use std::path::Path;

/// The processor time that this thread took so far, in seconds.
fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanoseconds = text.split_whitespace().next().and_then(|own| own.parse::<f64>().ok());
    nanoseconds.expect("a number") / 1e9
}

/// Runs something over all documents and gives the microseconds that one took.
fn each<'d>(documents: &[&'d str], mut run: impl FnMut(&'d str)) -> f64 {
    let start = cpu();
    for document in documents {
        run(document);
    }
    (cpu() - start) * 1e6 / documents.len() as f64
}

const COLD: &[(&str, &str, &str)] = &[
    ("438c38d2-3772-465a-a9cc-7a6666a275ce", "public network access", "/properties/publicNetworkAccess"),
    (
        "5f0c7d88-c7de-45b8-ac49-db49e72eaa78",
        "user-assigned identity",
        "/properties/primaryUserAssignedIdentity",
    ),
    (
        "45e05259-1eb5-4f70-9574-baf73e9d219b",
        "private endpoints, counted",
        "/properties/privateEndpointConnections",
    ),
];

pub(crate) fn run(file: &Path, most: usize) -> bool {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| {
        eprintln!("{}: {error}", file.display());
        std::process::exit(2);
    });
    let documents: Vec<&str> = text.lines().take(most).collect();
    let bytes: usize = documents.iter().map(|own| own.len()).sum();
    println!(
        "{} workspaces, {} bytes each; CPU microseconds for one\n",
        documents.len(),
        bytes / documents.len()
    );
    let aliases = corpus::aliases();
    let knowledge = corpus::knowledge(&aliases, Semantics::DOCUMENTED);
    let registry = microsoft::registry(&aliases);
    let built_ins = corpus::built_ins();
    // regorus needs a fraction of them for a figure that does not move.
    let fewer = documents.get(..documents.len().min(20_000)).unwrap_or(&documents);
    let mut same = true;
    println!("one policy, cold            dekey  regorus  ratio   read  sonic-rs  ratio");
    for (id, name, path) in COLD {
        let Some(own) = built_ins.iter().find(|own| own.id == *id) else { continue };
        let policy = own.compile(&knowledge);
        let panel = Panel::new([&policy]);
        let mut sitting = panel.sitting();
        let around = corpus::around();
        let mut hits = 0usize;
        let ours = each(&documents, |json| {
            let seen = sitting.read(json).expect("a workspace");
            seen.judge_all(&around, &mut |_, verdict| hits += usize::from(is_hit(&verdict)));
        });
        let read = each(&documents, |json| {
            std::hint::black_box(sitting.read(json).expect("a workspace").subject());
        });
        let sonic = sonic(&documents, &[path]);
        let mut few = 0usize;
        for json in fewer {
            let seen = sitting.read(json).expect("a workspace");
            seen.judge_all(&around, &mut |_, verdict| few += usize::from(is_hit(&verdict)));
        }
        let mut their = Theirs::compile(&own.text, &registry, true).expect("regorus compiles it");
        let none = Value::new_object();
        let mut theirs_hits = 0usize;
        let theirs = each(fewer, |json| {
            let input = microsoft::input(json, &registry, &none);
            theirs_hits += usize::from(matches!(their.judge(&input), Said::Effect(_)));
        });
        same &= few == theirs_hits;
        println!(
            "{name:<26} {ours:>6.2} {theirs:>8.1} {:>5.0}x {read:>6.2} {sonic:>9.2} {:>5.2}x   {hits} hold{}",
            theirs / ours,
            read / sonic,
            if few == theirs_hits { "" } else { ": regorus finds others" }
        );
    }
    same & all(&documents, fewer, &built_ins, &knowledge, &registry)
}

/// The least: where the same properties are, by path.
fn sonic(documents: &[&str], paths: &[&str]) -> f64 {
    let mut tree = PointerTree::new();
    for root in ["id", "type", "name", "location", "kind"] {
        tree.add_path(&pointer![root]);
    }
    for path in paths {
        let keys: Vec<sonic_rs::PointerNode> =
            path.split('/').skip(1).map(|key| sonic_rs::PointerNode::Key(key.to_owned().into())).collect();
        tree.add_path(&keys);
    }
    each(documents, |json| {
        std::hint::black_box(sonic_rs::get_many(json, &tree).ok());
    })
}

fn is_hit(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::NonCompliant(_) | Verdict::Failed(_))
}

fn all(
    documents: &[&str],
    fewer: &[&str],
    built_ins: &[BuiltIn],
    knowledge: &dekey_policy::Knowledge,
    registry: &regorus::Rc<regorus::languages::azure_policy::aliases::AliasRegistry>,
) -> bool {
    let start = cpu();
    let policies: Vec<Policy> = built_ins.iter().map(|own| own.compile(knowledge)).collect();
    let compiled = cpu() - start;
    let start = cpu();
    let panel = Panel::new(&policies);
    let mut sitting = panel.sitting();
    let around = corpus::around();
    let Some(first) = documents.first() else { return false };
    let live: Vec<usize> = sitting.read(first).expect("a workspace").live().collect();
    println!(
        "\n{} built-ins compiled in {compiled:.2} s and seated in {:.2} s; {} look at workspaces",
        policies.len(),
        cpu() - start,
        live.len()
    );
    // Only what regorus compiles, so that both do the same.
    let mut theirs: Vec<(usize, Theirs)> = Vec::new();
    for index in &live {
        if let Some(own) = built_ins.get(*index)
            && let Ok(compiled) = Theirs::compile(&own.text, registry, true)
        {
            theirs.push((*index, compiled));
        }
    }
    let shared: Vec<&Policy> = theirs.iter().filter_map(|(index, _)| policies.get(*index)).collect();
    let pair = Panel::new(shared.iter().copied());
    let mut both = pair.sitting();
    let mut hits = 0usize;
    let mut ours = 0.0;
    for _ in 0..2 {
        hits = 0;
        ours = each(documents, |json| {
            let seen = both.read(json).expect("a workspace");
            seen.judge_all(&around, &mut |_, verdict| hits += usize::from(is_hit(&verdict)));
        });
    }
    let read = each(documents, |json| {
        std::hint::black_box(both.read(json).expect("a workspace").subject());
    });
    let paths: Vec<String> = both.read(first).expect("a workspace").paths();
    let pointers: Vec<&str> = paths.iter().map(String::as_str).collect();
    let sonic = sonic(documents, &pointers);
    let few = fewer.get(..fewer.len().min(2_000)).unwrap_or(fewer);
    let mut counts = (0usize, 0usize);
    for json in few {
        let seen = both.read(json).expect("a workspace");
        seen.judge_all(&around, &mut |_, verdict| counts.0 += usize::from(is_hit(&verdict)));
    }
    let parameters: Vec<Value> = theirs
        .iter()
        .map(|(index, _)| {
            let own = built_ins.get(*index).map(|own| serde_json::Value::Object(own.parameters.clone()));
            Value::from_json_str(&own.unwrap_or_default().to_string()).expect("parameters")
        })
        .collect();
    let none = Value::new_object();
    let regorus = each(few, |json| {
        let normal = microsoft::input(json, registry, &none);
        for ((_, own), parameters) in theirs.iter_mut().zip(&parameters) {
            let input = microsoft::with_parameters(normal["resource"].clone(), parameters);
            counts.1 += usize::from(matches!(own.judge(&input), Said::Effect(_)));
        }
    });
    println!("\nall that apply              dekey  regorus  ratio   read  sonic-rs  ratio");
    println!(
        "{:<26} {ours:>6.2} {regorus:>8.1} {:>5.0}x {read:>6.2} {sonic:>9.2} {:>5.2}x   {} hold, {} there",
        format!("{} policies", theirs.len()),
        regorus / ours,
        read / sonic,
        counts.0,
        counts.1,
    );
    let read = each(documents, |json| {
        std::hint::black_box(sitting.read(json).expect("a workspace").subject());
    });
    let mut hits_all = 0usize;
    let whole = each(documents, |json| {
        let seen = sitting.read(json).expect("a workspace");
        seen.judge_all(&around, &mut |_, verdict| hits_all += usize::from(is_hit(&verdict)));
    });
    println!(
        "\nall {} built-ins on all {} workspaces: {:.2} CPU s, of which reading {:.2} and judging {:.2}; {hits_all} hold",
        policies.len(),
        documents.len(),
        whole * documents.len() as f64 / 1e6,
        read * documents.len() as f64 / 1e6,
        (whole - read) * documents.len() as f64 / 1e6,
    );
    std::hint::black_box(hits);
    true
}
