//! What comes of judging.

use crate::Effect;
use std::fmt;

/// What a policy says of a resource or request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does not look at this resource.
    NotApplicable(Reason),
    /// It looks at it and has nothing to say, with the effect that it would have.
    Compliant(Effect),
    /// It holds, and this is what it does.
    NonCompliant(Effect),
    /// Azure's evaluation fails: a request is denied, whatever the effect, and a resource is not compliant.
    Failed(String),
    /// What would have to be known was not given.
    NotJudged(String),
}

/// Why a policy does not look at a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Its effect is `disabled`.
    Disabled,
    /// Its mode looks at other things.
    Mode(String),
    /// It is about other types.
    Type,
    /// It would set the kind of identity of something that is no virtual machine.
    Identity,
    /// Its conditions on type, name and kind do not hold; for effects that look for something related, its rule does not.
    Rule,
}

impl Verdict {
    /// One word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::NotApplicable(_) => "not applicable",
            Verdict::Compliant(_) => "compliant",
            Verdict::NonCompliant(_) => "non-compliant",
            Verdict::Failed(_) => "evaluation error",
            Verdict::NotJudged(_) => "not judged",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::NotApplicable(_) => f.write_str(self.word()),
            Verdict::Compliant(effect) | Verdict::NonCompliant(effect) => {
                write!(f, "{} ({effect})", self.word())
            }
            Verdict::Failed(why) | Verdict::NotJudged(why) => write!(f, "{}: {why}", self.word()),
        }
    }
}
