//! The cases that Microsoft publishes with regorus 0.14.1, run in place: `DEKEY_REGORUS` names the unpacked source of that crate.

use dekey_expr::Value;
use dekey_policy::{
    About, Aliases, Definition, Estate, Knowledge, Mode, Policy, Query, Related, Semantics, Subject,
    Surroundings, Unlisted, Verdict,
};
use serde_json::{Map, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Cases that state something else than the documents, and which document.
const EXPLAINED: &[(&[&str], &str)] = &[
    (
        &[
            "equals_null_explicit",
            "equals_null_missing_field",
            "notEquals_null_with_string_value",
            "equals_null",
            "null_field_equals_null",
            "value_null_literal",
        ],
        "null as the value of an operator fails: the linter's page on tryGet as operator value",
    ),
    (
        &[
            "coercion_greaterOrEquals_string_number",
            "coercion_lessOrEquals_string_number",
            "coercion_string_number_greater",
            "coercion_string_number_less",
        ],
        "what cannot be ordered is an error: the article on policy rules",
    ),
    (
        &["current_zero_arg_nested_innermost"],
        "a count within a count needs names: the article on policy rules",
    ),
    (
        &[
            "pass_tag_already_exists",
            "pass_tag_matches_value",
            "pass_tag_matches",
            "dine_linux_vm_canonical_ubuntu",
        ],
        "tags stand at the root of a resource; these put them below its properties",
    ),
    (
        &[
            "pass_no_public_ip",
            "pass_multiple_configs_no_public_ip",
            "allof_missing_array_is_false",
            "allof_doubly_nested_inner_missing",
            "literal_unquoted_wildcard_ignores_literal_key",
        ],
        "a missing array is an empty one: the table of the article on arrays",
    ),
    (
        &["dynamic_if_field_nested_wildcard_under_bound_prefix_collects"],
        "a field with [*] is compared element by element: the article on arrays",
    ),
    (
        &["field_fn_quoted_wildcard_legacy_prefix_under_count_binding"],
        "what is counted is named with its [*] inside the count: the article on arrays",
    ),
    (
        &[
            "dynamic_concat_tags_unclosed_bracket_is_undefined",
            "field_overflowing_digit_subscript_is_not_a_key",
        ],
        "what is no name of a field is refused when the definition is written",
    ),
    (&["allof_contains"], "tags are an object: they have no elements"),
    (
        &["skip_wrong_type", "skip_wrong_resource_type"],
        "an assignment without a value for a parameter is refused: the article on parameters",
    ),
    (
        &[
            "pass_sql_db_throughput_within_max",
            "deny_mongodb_throughput_settings",
            "deny_table_autoscale",
            "pass_container_no_throughput",
        ],
        "nobody says the version of the request, so that what depends on it is not judged",
    ),
    (
        &[
            "compliant_all_regions_present",
            "compliant_resource_found_and_condition_passes",
            "pass_output_eventhub_allowed",
            "pass_output_sql_allowed",
            "audit_output_blob_disallowed",
        ],
        "names that no table has are read as paths in another way there: at the first dot, not after the type",
    ),
    (&["pass_old_api_version"], "the type of a resource follows from its id"),
    (&["like_question_mark"], "`like` knows `*` alone: the article on policy rules"),
    (
        &[
            "dateTimeAdd_P1D",
            "dateTimeAdd_PT2H",
            "dateTimeAdd_negative_duration",
            "dateTimeAdd_complex_P1DT2H30M",
            "dateTimeFromEpoch_basic",
            "dateTimeFromEpoch_zero",
            "dateTimeToEpoch_basic",
            "dateTimeToEpoch_zero",
            "dateTimeToEpoch_roundtrip",
            "dateTimeToEpoch_with_dateTimeAdd",
        ],
        "not among the functions of policies: the list in the article on policy rules",
    ),
    (
        &[
            "addDays_positive",
            "addDays_negative",
            "addDays_cross_month",
            "addDays_with_utcNow",
            "utcNow_returns_context_timestamp",
        ],
        "seven digits of a second: the round-trip format in the linter's functions",
    ),
    (
        &["fn_float_from_int"],
        "numbers equal as text, and 42.0 is not 42: the linter's page on numeric fields",
    ),
    (
        &[
            "fn_int_from_float_string",
            "fn_bool_from_1_string",
            "expr_unary_minus_float",
            "concat_zero_args_is_valid",
            "fn_string_from_bool",
        ],
        "the functions of templates take no such arguments: their reference, and the linter's functions",
    ),
    (
        &["guid_compile_error", "uniquestring_compile_error"],
        "policies may use them: the list in the article on policy rules",
    ),
];

/// What a case says is related.
struct Said(Vec<Value>);

impl Estate for Said {
    fn related<'e>(&'e self, query: &Query<'_>) -> Related<'e> {
        let kind = |own: &'e Value| match own.get("type") {
            Some(_) => Subject::new(own),
            None => Subject::new(own).with_type(query.resource_type.to_owned()),
        };
        Related::Known(self.0.iter().map(kind).collect())
    }
}

/// The policy of a case, or what is wrong with it.
fn policy(case: &Value, file: &Value, knowledge: &Knowledge) -> Result<Policy, String> {
    let text = |name: &str| case[name].as_str();
    let of_file = |name: &str| file[name].as_str();
    let is_rule = text("policy_definition").is_none()
        && (text("policy_rule").is_some() || of_file("policy_definition").is_none());
    let written = text("policy_definition").or(text("policy_rule"));
    let written = written.or(of_file("policy_definition")).or(of_file("policy_rule")).unwrap_or_default();
    let document: Value = serde_json::from_str(written).map_err(|error| format!("parse: {error}"))?;
    let document = if is_rule { json!({ "policyRule": document }) } else { document };
    let mut definition = Definition::parse(&document).map_err(|error| format!("parse: {error}"))?;
    // Modes are not looked at there.
    definition.mode = Mode::All;
    let given: Map<String, Value> = case["parameters"].as_object().cloned().unwrap_or_default();
    let said = |name: &str| case["context"]["policy"][name].as_str().unwrap_or_default().to_owned();
    let about = About {
        assignment: said("assignmentId"),
        definition: said("definitionId"),
        initiative: said("setDefinitionId"),
        reference: said("definitionReferenceId"),
    };
    Policy::compile(&definition, &given, &about, knowledge).map_err(|error| format!("compile: {error}"))
}

/// What comes of a case, in words that compare.
fn outcome(case: &Value, file: &Value, knowledge: &Knowledge) -> Result<String, String> {
    let text = |name: &str| case[name].as_str();
    let policy = policy(case, file, knowledge)?;
    let mut resource = match &case["resource"] {
        Value::Null => json!({}),
        own => own.clone(),
    };
    // Where it is said, it is a field of the resource; and what has no id lies in the group of the context.
    if let (Some(version), Some(map)) = (text("api_version"), resource.as_object_mut()) {
        map.insert("apiVersion".to_owned(), version.into());
    }
    let (kind, name) = (resource["type"].as_str(), resource["name"].as_str());
    let made = {
        let kind = kind.unwrap_or("Contoso.Test/things");
        let name = name.unwrap_or("unnamed").replace('/', "-");
        format!(
            "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/myResourceGroup/providers/{kind}/{name}"
        )
    };
    let mut subject = Subject::new(&resource);
    let said = resource["id"].as_str().filter(|own| own.contains("/subscriptions/"));
    if said.is_none() {
        subject = subject.with_id(&made).with_type(kind.unwrap_or_default());
    }
    if let Some(version) = text("api_version") {
        subject = subject.with_api_version(version);
    }
    let request = match (&case["request_context"], text("api_version")) {
        (Value::Null, None) => None,
        (Value::Null, Some(version)) => Some(json!({ "apiVersion": version })),
        (own, _) => Some(own.clone()),
    };
    let context = match &case["context"] {
        Value::Null => json!({
            "resourceGroup": { "name": "myResourceGroup", "location": "eastus" },
            "subscription": { "subscriptionId": "00000000-0000-0000-0000-000000000000" },
        }),
        own => own.clone(),
    };
    let request = context.get("requestContext").cloned().or(request);
    let awaited = case["host_await"].as_array().cloned().unwrap_or_default();
    let related = awaited.into_iter().map(|own| own["response"].clone()).filter(|own| !own.is_null());
    let estate = Said(related.collect());
    let around = Surroundings {
        now: context["utcNow"].as_str().unwrap_or("2026-11-23T00:00:00Z").parse().ok(),
        resource_group: context.get("resourceGroup"),
        subscription: context.get("subscription"),
        request: request.as_ref(),
        estate: &estate,
        ..Surroundings::UNKNOWN
    };
    Ok(match policy.judge(&subject, &around) {
        Verdict::NonCompliant(effect) => effect.name().to_ascii_lowercase(),
        Verdict::Compliant(_) | Verdict::NotApplicable(_) => "undefined".to_owned(),
        Verdict::NotJudged(why) if why.contains("by hand") => "manual".to_owned(),
        other => other.to_string(),
    })
}

fn expected(case: &Value) -> Option<String> {
    let is = |name: &str| case[name] == Value::Bool(true);
    if is("want_parse_error") || is("want_compile_error") {
        return Some("refused".to_owned());
    }
    if is("want_undefined") {
        return Some("undefined".to_owned());
    }
    case["want_effect"].as_str().map(str::to_ascii_lowercase)
}

pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|own| own.unwrap().path()).collect();
    all.retain(|own| own.extension().is_some_and(|own| own == "yaml"));
    all.sort();
    all
}

#[test]
fn published_cases_come_out_as_stated_or_as_documented() {
    let Some(source) = std::env::var_os("DEKEY_REGORUS").map(PathBuf::from) else {
        eprintln!("skipped: DEKEY_REGORUS does not name the source of regorus");
        return;
    };
    let (mut same, mut explained, mut skipped, mut differ) = (0, 0, 0, Vec::new());
    let mut used = BTreeSet::new();
    for path in files(&source.join("tests/azure_policy/cases")) {
        let file: Value = serde_saphyr::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let mut aliases = Aliases::new();
        if let Some(name) = file["aliases"].as_str() {
            let table = source.join("tests/azure_policy/aliases").join(name);
            aliases.read(&std::fs::read_to_string(table).unwrap()).unwrap();
        }
        let knowledge = Knowledge {
            aliases: Arc::new(aliases),
            unlisted: Unlisted::AsPath,
            semantics: Semantics::DOCUMENTED,
        };
        for case in file["cases"].as_array().unwrap() {
            let note = case["note"].as_str().unwrap();
            let Some(wanted) = expected(case).filter(|_| case["skip"] != Value::Bool(true)) else {
                skipped += 1;
                continue;
            };
            let got = outcome(case, &file, &knowledge);
            let is_same = match &got {
                Err(_) => wanted == "refused",
                Ok(got) => *got == wanted,
            };
            let why = EXPLAINED.iter().find(|(notes, _)| notes.contains(&note));
            if is_same {
                same += 1;
            } else if why.is_some() {
                explained += 1;
                used.insert(note.to_owned());
            } else {
                let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
                differ.push(format!("{stem} {note}: stated {wanted}, here {got:?}"));
            }
        }
    }
    eprintln!(
        "{same} as stated, {explained} as documented, {} otherwise, {skipped} without a verdict",
        differ.len()
    );
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    let listed: BTreeSet<String> =
        EXPLAINED.iter().flat_map(|(notes, _)| *notes).map(|note| (*note).to_owned()).collect();
    assert_eq!(used, listed, "some come out as stated now: take them off the list");
}
