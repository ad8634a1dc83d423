//! Telling static credentials apart from other text, so that they are masked before anything keeps them.
//!
//! The forms are those that Azure and its neighbours issue. This is a safety net for values that stand where none belong
//! (tags, names, environment variables); dekey reads credentials by type, never by value.

use aho_corasick::AhoCorasick;
use aho_corasick::packed::Searcher;
use memchr::{memchr2, memchr3};
use regex::{Regex, RegexSet};
use std::borrow::Cow;
use std::sync::LazyLock;

/// Texts without any of these hold no credential of a known form; nearly all texts end here.
const MARKERS: &[&str] = &[
    "key=",
    "key =",
    "key:",
    "key\"",
    "key'",
    "sig=",
    "private key",
    "eyj",
    "password",
    "passwd",
    "pwd",
    "secret",
    "token",
    "==",
    "ghp_",
    "github_pat_",
    "dapi",
    "sk-",
    "8q~",
    "+acr",
    "+ast",
    "jqqj99",
    "@",
];

/// Label and pattern; what is masked is the group `s`, or the whole match.
const FORMS: &[(&str, &str)] = &[
    ("private key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*)"),
    (
        "connection string key",
        r"(?i)(?:AccountKey|SharedAccessKey|SharedSecretValue)\s?=\s*(?P<s>[A-Za-z0-9+/=%_-]{8,})",
    ),
    ("SAS signature", r"(?i)\bsig=(?P<s>[A-Za-z0-9%+/=_-]{16,})"),
    ("account key", r"(?P<s>[A-Za-z0-9+/]{86}==)"),
    ("JSON Web Token", r"(?P<s>eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)"),
    ("Entra client secret", r"(?P<s>[A-Za-z0-9_~.\-]{3}8Q~[A-Za-z0-9_~.\-]{30,})"),
    ("Azure resource key", r"(?P<s>[A-Za-z0-9+/]{20,}(?:\+ACR|\+ASt|JQQJ99)[A-Za-z0-9+/=]{4,})"),
    ("GitHub token", r"(?P<s>(?:ghp_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}))"),
    ("Databricks token", r"(?P<s>\bdapi[a-f0-9]{32})"),
    ("API key", r"(?P<s>\bsk-[A-Za-z0-9_-]{20,})"),
    ("password in a URL", r"://[^/\s:@]+:(?P<s>[^/\s@]{3,})@"),
    (
        "password",
        r#"(?i)(?:password|passwd|pwd|client_?secret|secret|(?:api|access|account)[_-]?key|token)["']?\s?[=:]\s*["']?(?P<s>[^\s;,&"'\[]{6,})"#,
    ),
];

/// What [`recognise_variable`] says of a value that only its name gives away.
pub const BY_NAME: &str = "value under a name that announces a secret";

/// Words in the name of a variable that announce a secret.
const NAMES: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "secret",
    "apikey",
    "api_key",
    "accountkey",
    "account_key",
    "accesskey",
    "access_key",
    "storagekey",
    "storage_key",
    "connectionstring",
    "connection_string",
    "connstr",
    "sastoken",
    "sas_token",
    "token",
    "private_key",
    "credential",
];

/// Endings of tag names that announce a password, spelled without anything between the words.
const TAG_PASSWORDS: &[&str] = &["password", "passwd", "pwd", "passphrase"];

/// Endings of tag names that announce another secret; its value has a digit.
const TAG_SECRETS: &[&str] = &[
    "secret",
    "token",
    "apikey",
    "accesskey",
    "accountkey",
    "storagekey",
    "privatekey",
    "connectionstring",
    "connstr",
];

/// Signs and words of which every form has one. Ids and plain words have none, and this is found out fastest.
const SIGNS: &[&str] = &["eyJ", "ghp_", "github_pat_", "dapi", "sk-", "JQQJ99", "-----BEGIN"];

struct Forms {
    signs: Option<Searcher>,
    markers: Option<AhoCorasick>,
    any: Option<RegexSet>,
    patterns: Vec<(&'static str, Regex)>,
}

static COMPILED: LazyLock<Forms> = LazyLock::new(|| Forms {
    signs: Searcher::new(SIGNS),
    any: RegexSet::new(FORMS.iter().map(|form| form.1)).ok(),
    markers: AhoCorasick::builder().ascii_case_insensitive(true).build(MARKERS).ok(),
    patterns: FORMS.iter().filter_map(|(label, form)| Some((*label, Regex::new(form).ok()?))).collect(),
});

/// What kind of credential a text holds, if it holds one of a known form.
pub fn recognise(text: &str) -> Option<&'static str> {
    if !may_hold(text) {
        return None;
    }
    COMPILED.patterns.iter().find(|(_, form)| form.is_match(text)).map(|(label, _)| *label)
}

/// The text with every credential of a known form masked.
pub fn mask(text: &str) -> Cow<'_, str> {
    if !may_hold(text) {
        return Cow::Borrowed(text);
    }
    let mut masked = Cow::Borrowed(text);
    for (label, form) in &COMPILED.patterns {
        if form.is_match(&masked) {
            masked = Cow::Owned(mask_form(form, label, &masked));
        }
    }
    masked
}

fn mask_form(form: &Regex, label: &str, text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for found in form.captures_iter(text) {
        let Some(secret) = found.name("s").or_else(|| found.get(0)) else { continue };
        out.push_str(text.get(done..secret.start()).unwrap_or(""));
        out.push_str("[masked ");
        out.push_str(label);
        out.push(']');
        done = secret.end();
    }
    out.push_str(text.get(done..).unwrap_or(""));
    out
}

/// What was masked in a text by [`mask`], if anything was.
pub fn masked(text: &str) -> Option<&'static str> {
    let mut marks = text.split("[masked ").skip(1).filter_map(|rest| rest.split_once(']'));
    let labels = || FORMS.iter().map(|form| form.0).chain([BY_NAME]);
    marks.find_map(|(mark, _)| labels().find(|label| *label == mark))
}

fn may_hold(text: &str) -> bool {
    text.len() >= 12
        && has_sign(text)
        && COMPILED.markers.as_ref().is_none_or(|markers| markers.is_match(text))
        && COMPILED.any.as_ref().is_none_or(|forms| forms.is_match(text))
}

fn has_sign(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr3(b'=', b'@', b':', bytes).is_some()
        || memchr2(b'~', b'+', bytes).is_some()
        || COMPILED.signs.as_ref().is_none_or(|signs| signs.find(bytes).is_some())
}

/// What a named value looks like: a credential of a known form, or any literal under a name that announces one. References
/// (`${{..}}`, `@Microsoft.KeyVault(..)`, vault addresses, secret URIs) are not secrets.
pub fn recognise_variable(name: &str, value: &str) -> Option<&'static str> {
    if let Some(label) = recognise(value).or_else(|| masked(value)) {
        return Some(label);
    }
    let value = value.trim();
    if value.len() < 8 || is_reference(value) || is_setting(value) {
        return None;
    }
    // A tokenizer takes texts apart and holds no token.
    let name = name.to_ascii_lowercase().replace("tokeniz", "");
    // `SECRET_NAME`, `TOKEN_URL`, `KEY_VAULT_ENDPOINT` say where a secret is, not what it is.
    let locator = ["_name", "_url", "_uri", "_endpoint", "_id", "_path", "_file", "_type", "_ttl", "_limit"];
    if locator.iter().any(|end| name.ends_with(end)) {
        return None;
    }
    let public = ["public", "instrumentation"].iter().any(|word| name.contains(word));
    let key = name.ends_with("key") && !public && is_random(value);
    (key || NAMES.iter().any(|word| name.contains(word))).then_some(BY_NAME)
}

/// Whether a tag holds a literal under a name that ends in the word for a secret (`adminPassword`, `db-pwd`). Tags are notes
/// for people: a name that only mentions a secret (`password-policy`) says nothing of its value.
pub fn is_announced_by_tag(name: &str, value: &str) -> bool {
    let value = value.trim();
    if value.len() < 6 || value.contains(char::is_whitespace) || is_reference(value) || is_setting(value) {
        return false;
    }
    let name: String = name.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect();
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let ends = |words: &[&str]| words.iter().any(|word| name.ends_with(word));
    let words_only = !value.bytes().any(|b| b.is_ascii_digit());
    ends(TAG_PASSWORDS) || (ends(TAG_SECRETS) && !name.contains("vault") && !words_only)
}

/// What stands in place of a value that only its name gives away.
pub fn mask_by_name() -> String {
    format!("[masked {BY_NAME}]")
}

/// Values that say where a secret is.
fn is_reference(value: &str) -> bool {
    value.starts_with("${{")
        || value.starts_with("@Microsoft.KeyVault")
        || value.starts_with('[')
        || value.starts_with('/')
        || value.contains(".vault.")
        || value.starts_with("keyvault")
}

/// Switches, numbers and dates.
fn is_setting(value: &str) -> bool {
    ["true", "false", "none"].iter().any(|w| value.eq_ignore_ascii_case(w))
        || value.bytes().all(|b| b.is_ascii_digit() || b"-/.:".contains(&b))
}

/// What a key looks like that has no form of its own: long, of letters and digits, without words apart.
fn is_random(value: &str) -> bool {
    value.len() >= 20
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b))
        && value.bytes().any(|b| b.is_ascii_digit())
        && value.bytes().any(|b| b.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> String {
        "Zm9v".repeat(21) + "Zm==" // 86 characters and padding: the shape of a storage key, the text of none.
    }

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(COMPILED.patterns.len(), FORMS.len());
        assert!(COMPILED.signs.is_some() && COMPILED.markers.is_some() && COMPILED.any.is_some());
    }

    #[test]
    fn secrets_are_masked_and_the_rest_stays() {
        let text = format!("DefaultEndpointsProtocol=https;AccountName=st;AccountKey={};x=y", key());
        let masked = mask(&text);
        assert!(!masked.contains(&key()), "{masked}");
        assert!(
            masked.starts_with("DefaultEndpointsProtocol=https;AccountName=st;AccountKey=[masked"),
            "{masked}"
        );
        assert_eq!(super::masked(&masked), Some("connection string key"));
        assert_eq!(super::masked("[masked by hand], nothing else"), None);
        assert_eq!(recognise(&text), Some("connection string key"));
        assert_eq!(recognise(&key()), Some("account key"));
        for text in ["https://u:hunter22@h/x", "password = hunter22!", "?sv=2024&sig=abcdefghijklmnop%3D"] {
            assert_ne!(mask(text), text);
        }
    }

    #[test]
    fn ordinary_texts_are_left_alone() {
        for text in [
            "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv",
            "ana@contoso.example",
            "AccountKey",
            "accesskey",
            "https://kv.vault.azure.net/secrets/token",
            "2025-01-01T00:00:00Z",
        ] {
            assert_eq!(mask(text), text);
        }
    }

    #[test]
    fn variables_are_judged_by_name_and_value() {
        assert!(recognise_variable("DB_PASSWORD", "correct-horse").is_some());
        assert!(recognise_variable("DB_PASSWORD", "${{secrets.db}}").is_none());
        assert!(recognise_variable("TOKEN_URL", "https://login.example").is_none());
        assert!(recognise_variable("MODEL_NAME", "correct-horse").is_none());
        assert!(recognise_variable("CONN", &format!("AccountKey={}", key())).is_some());
        assert!(recognise_variable("AZURE_OPENAI_KEY", "0a1b2c3d4e5f60718293a4b5c6d7e8f9").is_some());
        assert!(recognise_variable("SSH_PUBLIC_KEY", "0a1b2c3d4e5f60718293a4b5c6d7e8f9").is_none());
        assert!(recognise_variable("CACHE_KEY", "features-of-the-churn-model-2").is_none());
        assert!(recognise_variable("TOKENIZER", "bert-base-uncased").is_none());
    }

    #[test]
    fn tags_are_judged_by_the_end_of_their_name() {
        for (name, value) in [
            ("adminPassword", "hunter2"),
            ("db-pwd", "changeme"),
            ("client_secret2", "abc-123-def"),
            ("Api Key", "0a1b2c3d"),
        ] {
            assert!(is_announced_by_tag(name, value), "{name}");
        }
        for (name, value) in [
            ("password-policy", "strong-2024"),
            ("password", "see the runbook"),
            ("password", "https://kv.vault.azure.net/secrets/sql"),
            ("keyvault-secret", "sql-password-2"),
            ("secret", "managed-by-platform"),
            ("secret", "2026-11-23"),
            ("owner", "ana@contoso.example"),
            ("adminPassword", "[masked value under a name that announces a secret]"),
        ] {
            assert!(!is_announced_by_tag(name, value), "{name}={value}");
        }
        assert_eq!(masked(&mask_by_name()), Some(BY_NAME));
    }
}
