//! What a case comes to, and whether that is what was expected.

use crate::format::{Expect, Method};
use dekey_policy::{Effect, Outcome, Part, Reason, Standing, Verdict};

/// What a policy came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Got {
    /// What it is called within the initiative; empty where there is none.
    pub(crate) reference: String,
    /// One of the words that can be expected.
    pub(crate) word: String,
    /// Why, where the word alone does not tell.
    pub(crate) detail: String,
}

/// What is expected, beside effects.
const WORDS: &[&str] = &[
    "compliant",
    "non-compliant",
    "not applicable",
    "error",
    "not judged",
    "exempt",
    "excluded",
    "elsewhere",
];

impl Got {
    pub(crate) fn of(outcome: &Outcome<'_>, method: Option<Method>) -> Got {
        let (word, detail) = match &outcome.standing {
            Standing::Judged(_) if method == Some(Method::Delete) && !acts_on_delete(outcome.part) => {
                ("not applicable".to_owned(), "only denyAction is about deleting".to_owned())
            }
            Standing::Judged(verdict) => of_verdict(verdict),
            Standing::Exempt { verdict, .. } => {
                ("exempt".to_owned(), format!("without the exemption: {verdict}"))
            }
            Standing::Excluded => ("excluded".to_owned(), "the assignment excludes it".to_owned()),
            Standing::Elsewhere => {
                ("elsewhere".to_owned(), "the assignment is about other resources".to_owned())
            }
        };
        Got { reference: outcome.part.reference.clone(), word, detail }
    }

    /// How grave it is: what refuses, what is not known, what is noted, what is fine.
    pub(crate) fn gravity(&self) -> u8 {
        match self.word.as_str() {
            "error" => 7,
            "deny" | "denyAction" => 6,
            "not judged" => 5,
            "compliant" => 3,
            "exempt" => 2,
            "not applicable" | "excluded" | "elsewhere" => 1,
            _ => 4,
        }
    }

    /// Whether it is what was expected.
    pub(crate) fn is(&self, expected: &str) -> bool {
        let known = WORDS.contains(&self.word.as_str());
        self.word.eq_ignore_ascii_case(expected) || (expected == "non-compliant" && !known)
    }
}

fn of_verdict(verdict: &Verdict) -> (String, String) {
    match verdict {
        Verdict::Compliant(_) => ("compliant".to_owned(), String::new()),
        Verdict::NonCompliant(effect) => (effect.name().to_owned(), String::new()),
        Verdict::Failed(why) => ("error".to_owned(), why.clone()),
        Verdict::NotJudged(why) => ("not judged".to_owned(), why.clone()),
        Verdict::NotApplicable(reason) => {
            let detail = match reason {
                Reason::Disabled => "it is disabled".to_owned(),
                Reason::Mode(mode) => format!("mode {mode} does not see it"),
                Reason::Type => "type: it is about other types".to_owned(),
                Reason::Identity => "identity: a policy sets that of virtual machines alone".to_owned(),
                Reason::Rule => "rule: its conditions on what the resource is do not hold".to_owned(),
            };
            ("not applicable".to_owned(), detail)
        }
    }
}

fn acts_on_delete(part: &Part) -> bool {
    part.policy().is_ok_and(|policy| policy.effect().is_none_or(|effect| effect == Effect::DenyAction))
}

/// An expectation as it is compared, or what could be expected.
pub(crate) fn expected(written: &str) -> Result<String, String> {
    let plain = written.trim().to_ascii_lowercase().replace(['-', '_'], " ");
    let word = match plain.as_str() {
        "evaluation error" => "error",
        "non compliant" | "noncompliant" => "non-compliant",
        "notapplicable" => "not applicable",
        "notjudged" => "not judged",
        other => other,
    };
    if WORDS.contains(&word) {
        return Ok(word.to_owned());
    }
    match Effect::parse(written.trim()) {
        Effect::Other(_) | Effect::Disabled => Err(format!(
            "`{written}` cannot be expected: use {} or an effect, such as deny",
            WORDS.join(", ")
        )),
        effect => Ok(effect.name().to_owned()),
    }
}

/// Which policies were expected to come to what.
pub(crate) fn pairs<'g>(expect: &Expect, got: &'g [Got]) -> Result<Vec<(String, &'g Got)>, String> {
    match expect {
        Expect::Whole(word) => {
            let wanted = expected(word)?;
            let gravest = got.iter().max_by_key(|own| own.gravity());
            gravest.map(|own| vec![(wanted, own)]).ok_or_else(|| "the initiative has no policies".to_owned())
        }
        Expect::Parts(parts) => {
            let pair = |(reference, word): (&String, &String)| {
                let own = got.iter().find(|own| own.reference.eq_ignore_ascii_case(reference));
                let own = own.ok_or_else(|| format!("there is no policy `{reference}` in the initiative"))?;
                Ok((expected(word)?, own))
            };
            parts.iter().map(pair).collect()
        }
    }
}
