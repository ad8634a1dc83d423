//! A rule's page on a terminal.

use crate::style::{Style, wrap};
use dekey_rules::{Remedy, Rule};
use std::fmt::Write as _;

/// The page of a rule.
pub fn terminal(rule: &Rule, width: usize, color: bool) -> String {
    let style = Style { color };
    let width = width.clamp(40, 110);
    let page = rule.page();
    let mut out = format!("{}\n{}\n", style.bold(page.title), style.dim(rule.id));
    // Writing to a string does not fail, here and below.
    let _ = writeln!(
        out,
        "{}, confidence {}, {}, since {}\n",
        style.severity(rule.severity, rule.severity.as_str()),
        rule.confidence.as_str(),
        rule.group.as_str(),
        rule.since
    );
    for (heading, text) in page.sections {
        let _ = writeln!(out, "{}", style.bold(heading));
        out.push_str(&paragraphs(text, width));
        out.push('\n');
    }
    let _ = writeln!(out, "{}", style.bold("Remedies"));
    remedy(rule.remedy, style, &mut out);
    for (standard, other) in rule.other_remedies() {
        let under = format!("Remedies under identity_standard = \"{}\"", standard.as_str());
        let _ = writeln!(out, "\n{}", style.bold(&under));
        remedy(other, style, &mut out);
    }
    let _ = writeln!(out, "\n{}", style.bold("Controls (a finding is evidence relevant to them, no proof)"));
    for control in rule.controls {
        let _ = writeln!(
            out,
            "  {} {} {}",
            control.framework,
            control.id,
            style.dim(&format!("({})", control.source.as_str()))
        );
    }
    out
}

fn remedy(remedy: Remedy, style: Style, out: &mut String) {
    let ways = [
        ("Azure CLI", remedy.az),
        ("Bicep", remedy.bicep),
        ("Terraform", remedy.terraform),
        ("Portal", remedy.portal),
    ];
    for (name, text) in ways {
        let _ = writeln!(out, "  {name}");
        for line in text.lines() {
            let _ = writeln!(out, "    {}", style.code(line));
        }
    }
}

/// Markdown as it is written in rule pages: paragraphs and lists, links spelled out.
fn paragraphs(text: &str, width: usize) -> String {
    let mut out = String::new();
    for block in text.split("\n\n") {
        let mut items: Vec<String> = Vec::new();
        for line in block.lines() {
            match items.last_mut() {
                Some(last) if !line.starts_with("- ") => {
                    last.push(' ');
                    last.push_str(line.trim());
                }
                _ => items.push(line.to_owned()),
            }
        }
        for item in items {
            let indent = if item.starts_with("- ") { 4 } else { 2 };
            for (at, line) in wrap(&links(&item), width - indent).iter().enumerate() {
                let lead = if at == 0 { 2 } else { indent };
                let _ = writeln!(out, "{:lead$}{line}", "");
            }
        }
    }
    out
}

/// `[text](address)` becomes `text: address`.
fn links(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        let link = after
            .split_once("](")
            .and_then(|(name, tail)| tail.split_once(')').map(|(url, tail)| (name, url, tail)));
        out.push_str(before);
        match link {
            Some((name, url, tail)) if !name.contains('[') => {
                let _ = write!(out, "{name}: {url}");
                rest = tail;
            }
            _ => {
                out.push('[');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_fits_and_holds_its_sections() {
        for rule in dekey_rules::all() {
            let text = terminal(rule, 80, false);
            for heading in Rule::HEADINGS {
                assert!(text.contains(heading), "{}: {heading}", rule.id);
            }
            assert!(!text.contains("]("), "{}: a link is left as Markdown", rule.id);
        }
    }
}
