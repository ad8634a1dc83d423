//! Conditions, judged while they are read.

use crate::Ask;
use crate::access::{Says, matches};
use dekey_rbac::condition::Known;

/// What is known of attributes, spelled `resource[name]` in lower case. The others are not known.
pub type Facts = Vec<(String, Known<Vec<String>>)>;

/// What a condition amounts to; not known, if it is not understood.
pub(crate) fn judge(text: &str, ask: &Ask<'_>) -> Says {
    let mut reader = Reader { rest: text, ask };
    match reader.expr() {
        Some(says) if reader.rest.trim().is_empty() => says,
        _ => Says::Unknown,
    }
}

struct Reader<'a> {
    rest: &'a str,
    ask: &'a Ask<'a>,
}

fn truth(holds: bool) -> Says {
    if holds { Says::Yes } else { Says::No }
}

impl Reader<'_> {
    fn takes(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start();
        let is_next = rest.get(..word.len()).is_some_and(|own| own.eq_ignore_ascii_case(word));
        if is_next {
            self.rest = rest.get(word.len()..).unwrap_or("");
        }
        is_next
    }

    /// Terms that are linked by one kind of link.
    fn expr(&mut self) -> Option<Says> {
        let mut says = vec![self.term()?];
        let mut is_and = None;
        loop {
            let and = self.takes("AND") || self.takes("&&");
            if !and && !self.takes("OR") && !self.takes("||") {
                break;
            }
            if is_and.is_some_and(|before| before != and) {
                return None;
            }
            is_and = Some(and);
            says.push(self.term()?);
        }
        if is_and == Some(true) { says.into_iter().min() } else { says.into_iter().max() }
    }

    fn term(&mut self) -> Option<Says> {
        if self.takes("NOT ") || self.takes("!") {
            return self.term().map(|says| match says {
                Says::Yes => Says::No,
                Says::No => Says::Yes,
                other => other,
            });
        }
        if self.takes("(") {
            let says = self.expr()?;
            return self.takes(")").then_some(says);
        }
        if self.takes("ActionMatches") {
            let Known::Value(patterns) = self.values()? else { return None };
            return Some(truth(patterns.iter().any(|own| matches(own, self.ask.action.name()))));
        }
        if self.takes("SubOperationMatches") {
            let Known::Value(patterns) = self.values()? else { return None };
            return Some(match self.ask.suboperation {
                Known::Unknown => Says::If,
                Known::Absent => Says::No,
                Known::Value(own) => truth(patterns.iter().any(|pattern| matches(pattern, own))),
            });
        }
        if self.takes("Exists") {
            return Some(match self.values()? {
                Known::Unknown => Says::If,
                Known::Absent => Says::No,
                Known::Value(_) => Says::Yes,
            });
        }
        self.comparison()
    }

    /// The values that stand here, or those of an attribute.
    fn values(&mut self) -> Option<Known<Vec<String>>> {
        if self.takes("@") {
            let end = self.rest.find(']')? + 1;
            let name = self.rest.get(..end)?.to_lowercase();
            self.rest = self.rest.get(end..)?;
            let fact = self.ask.facts.iter().find(|fact| fact.0 == name);
            return Some(fact.map_or(Known::Unknown, |fact| fact.1.clone()));
        }
        let is_list = self.takes("{");
        let mut all = Vec::new();
        loop {
            self.takes("'").then_some(())?;
            let (own, after) = self.rest.split_once('\'')?;
            all.push(own.to_owned());
            self.rest = after;
            if !is_list || self.takes("}") {
                return Some(Known::Value(all));
            }
            self.takes(",").then_some(())?;
        }
    }

    fn comparison(&mut self) -> Option<Says> {
        let left = self.values()?;
        let quantifiers = [("Any", "Any"), ("All", "Any"), ("Any", "All"), ("All", "All")];
        let each = quantifiers.into_iter().find(|(l, r)| self.takes(&format!("For{l}Of{r}Values:")));
        let rest = self.rest.trim_start();
        let (operator, after) = rest.split_at(rest.find([' ', '{', '\'', '@'])?);
        self.rest = after;
        let (left, right) = match (left, self.values()?) {
            (Known::Absent, _) | (_, Known::Absent) => return Some(Says::No),
            (Known::Value(left), Known::Value(right)) => (left, right),
            _ => return Some(Says::If),
        };
        let positive = operator.replace("Not", "");
        let negated = positive != operator;
        // "At least one" or "every", where some comparisons make no sense.
        let joined = |any: bool, all: Vec<Option<bool>>| match all {
            all if all.contains(&Some(any)) => Some(any),
            all if all.contains(&None) => None,
            _ => Some(!any),
        };
        let (l_any, r_any) = each.map_or((true, true), |(l, r)| (l == "Any", r == "Any"));
        // Without a quantifier, the negation is that of the whole.
        let (inside, outside) = (negated && each.is_some(), negated && each.is_none());
        let one = |l: &String, r: &String| test(&positive, l, r).map(|holds| holds != inside);
        let rows = left.iter().map(|l| joined(r_any, right.iter().map(|r| one(l, r)).collect()));
        Some(joined(l_any, rows.collect()).map_or(Says::If, |holds| truth(holds != outside)))
    }
}

/// One comparison; nothing when the values are not of its kind.
fn test(operator: &str, left: &str, right: &str) -> Option<bool> {
    let number = |text: &str| text.parse::<i64>().ok();
    let numbers = |holds: fn(&i64, &i64) -> bool| Some(holds(&number(left)?, &number(right)?));
    let guid = |text: &str| Some(text.replace('-', "")).filter(|own| own.len() == 32);
    let (lower_left, lower_right) = (left.to_lowercase(), right.to_lowercase());
    match operator {
        "StringEquals" => Some(left == right),
        "StringEqualsIgnoreCase" => Some(lower_left == lower_right),
        "StringStartsWith" => Some(left.starts_with(right)),
        "StringStartsWithIgnoreCase" => Some(lower_left.starts_with(&lower_right)),
        "StringLikeIgnoreCase" => Some(matches(right, left)),
        "GuidEquals" => Some(guid(&lower_left)? == guid(&lower_right)?),
        "NumericEquals" => numbers(|a, b| a == b),
        "NumericLessThan" => numbers(|a, b| a < b),
        "NumericGreaterThanEquals" => numbers(|a, b| a >= b),
        _ => None,
    }
}
