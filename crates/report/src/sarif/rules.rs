//! Rules as SARIF describes them.

use super::types::{Configuration, Control, Descriptor, Help, Message, RuleProperties};
use super::{level, security_severity};
use dekey_model::Confidence;
use dekey_rules::{Remedy, Rule, Settings};

pub(super) fn descriptor(rule: &'static Rule, settings: &Settings) -> Descriptor {
    let severity = settings.severity_of(rule);
    let control = |c: &dekey_rules::controls::Control| Control {
        framework: c.framework,
        id: c.id,
        source: c.source.as_str(),
    };
    Descriptor {
        id: rule.id,
        name: pascal(rule.id),
        short_description: Message { text: sentence(rule.title()) },
        full_description: Message { text: sentence(rule.section("What it finds")) },
        help: help(rule, rule.remedy_for(settings)),
        help_uri: first_link(rule.section("Sources")),
        default_configuration: Some(Configuration { level: level(severity) }),
        properties: Some(RuleProperties {
            tags: vec!["security", "azure", "azure-machine-learning", rule.group.as_str()],
            precision: precision(rule.confidence),
            security_severity: security_severity(severity),
            severity: severity.as_str(),
            controls: rule.controls.iter().map(control).collect(),
        }),
    }
}

/// The first page on the web that a rule's page names: the rule's own page is part of its help.
fn first_link(sources: &'static str) -> Option<&'static str> {
    let (_, rest) = sources.split_once("](")?;
    rest.split_once(')').map(|(link, _)| link)
}

/// The rule's page, then the ways to put it right, with placeholders where the resource's own values go.
fn help(rule: &Rule, remedy: Remedy) -> Help {
    let mut text = rule.title().to_owned();
    let mut markdown = format!("# {}\n", rule.title());
    for (heading, body) in rule.page().sections {
        text += &["\n\n", heading, "\n", body].concat();
        markdown += &["\n## ", heading, "\n\n", body, "\n"].concat();
    }
    let ways = [
        ("Azure CLI", "sh", remedy.az),
        ("Bicep", "bicep", remedy.bicep),
        ("Terraform", "hcl", remedy.terraform),
        ("Azure portal", "text", remedy.portal),
    ];
    for (way, language, body) in ways.into_iter().filter(|way| !way.2.is_empty()) {
        text += &["\n\n", way, "\n", body].concat();
        markdown += &["\n## ", way, "\n\n```", language, "\n", body, "\n```\n"].concat();
    }
    Help { text, markdown }
}

fn precision(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "very-high",
        Confidence::Medium => "high",
        Confidence::Low => "low",
    }
}

/// SARIF names are Pascal case.
fn pascal(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    for word in id.split('-') {
        let mut chars = word.chars();
        out.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        out.push_str(chars.as_str());
    }
    out
}

pub(super) fn sentence(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() || text.ends_with(['.', '!', '?']) { text } else { text + "." }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_sentences_have_the_form_that_sarif_asks_for() {
        assert_eq!(pascal("registry-admin-user"), "RegistryAdminUser");
        assert_eq!(sentence("a\n b"), "a b.");
        assert_eq!(sentence("A b."), "A b.");
    }
}
