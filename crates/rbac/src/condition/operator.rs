//! Operators: one table of names, and what each compares.

use super::Value;
use std::cmp::Ordering;
use std::fmt;

/// What an operator compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Test {
    TextEquals,
    TextStarts,
    TextEnds,
    TextHas,
    TextLike,
    TextMatches,
    Number(Order),
    Moment(Order),
    Time(Order),
    NumberInRange,
    TimeInRange,
    Bool,
    Guid,
    Ip,
    IpInRange,
    ListHas,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Order::Equal => ordering.is_eq(),
            Order::Less => ordering.is_lt(),
            Order::LessOrEqual => ordering.is_le(),
            Order::Greater => ordering.is_gt(),
            Order::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Row {
    name: &'static str,
    test: Test,
    any_case: bool,
    negated: bool,
}

const fn is(name: &'static str, test: Test) -> Row {
    Row { name, test, any_case: false, negated: false }
}

const fn not(name: &'static str, test: Test) -> Row {
    Row { name, test, any_case: false, negated: true }
}

const fn is_any(name: &'static str, test: Test) -> Row {
    Row { name, test, any_case: true, negated: false }
}

const fn not_any(name: &'static str, test: Test) -> Row {
    Row { name, test, any_case: true, negated: true }
}

const TABLE: &[Row] = &[
    is("StringEquals", Test::TextEquals),
    is_any("StringEqualsIgnoreCase", Test::TextEquals),
    not("StringNotEquals", Test::TextEquals),
    not_any("StringNotEqualsIgnoreCase", Test::TextEquals),
    is("StringStartsWith", Test::TextStarts),
    is_any("StringStartsWithIgnoreCase", Test::TextStarts),
    not("StringNotStartsWith", Test::TextStarts),
    not_any("StringNotStartsWithIgnoreCase", Test::TextStarts),
    is("StringLike", Test::TextLike),
    is_any("StringLikeIgnoreCase", Test::TextLike),
    not("StringNotLike", Test::TextLike),
    not_any("StringNotLikeIgnoreCase", Test::TextLike),
    is("StringEndsWith", Test::TextEnds),
    not("StringNotEndsWith", Test::TextEnds),
    is("StringContains", Test::TextHas),
    not("StringNotContains", Test::TextHas),
    is("StringMatches", Test::TextMatches),
    not("StringNotMatches", Test::TextMatches),
    is("NumericEquals", Test::Number(Order::Equal)),
    not("NumericNotEquals", Test::Number(Order::Equal)),
    is("NumericLessThan", Test::Number(Order::Less)),
    is("NumericLessThanEquals", Test::Number(Order::LessOrEqual)),
    is("NumericGreaterThan", Test::Number(Order::Greater)),
    is("NumericGreaterThanEquals", Test::Number(Order::GreaterOrEqual)),
    is("NumericInRange", Test::NumberInRange),
    is("DateTimeEquals", Test::Moment(Order::Equal)),
    not("DateTimeNotEquals", Test::Moment(Order::Equal)),
    is("DateTimeLessThan", Test::Moment(Order::Less)),
    is("DateTimeLessThanEquals", Test::Moment(Order::LessOrEqual)),
    is("DateTimeGreaterThan", Test::Moment(Order::Greater)),
    is("DateTimeGreaterThanEquals", Test::Moment(Order::GreaterOrEqual)),
    is("TimeOfDayEquals", Test::Time(Order::Equal)),
    not("TimeOfDayNotEquals", Test::Time(Order::Equal)),
    is("TimeOfDayLessThan", Test::Time(Order::Less)),
    is("TimeOfDayLessThanEquals", Test::Time(Order::LessOrEqual)),
    is("TimeOfDayGreaterThan", Test::Time(Order::Greater)),
    is("TimeOfDayGreaterThanEquals", Test::Time(Order::GreaterOrEqual)),
    is("TimeOfDayInRange", Test::TimeInRange),
    is("BoolEquals", Test::Bool),
    not("BoolNotEquals", Test::Bool),
    is("GuidEquals", Test::Guid),
    not("GuidNotEquals", Test::Guid),
    is("IpMatch", Test::Ip),
    not("IpNotMatch", Test::Ip),
    is("IpInRange", Test::IpInRange),
    is("ListContains", Test::ListHas),
    not("ListNotContains", Test::ListHas),
];

/// How two values are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Operator(&'static Row);

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

impl Operator {
    /// The operator of a name, in any case: published role definitions say `boolequals`.
    pub fn of(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.name.eq_ignore_ascii_case(name)).map(Operator)
    }

    /// Every operator.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(Operator)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// Whether it is the negation of another.
    pub fn is_negated(self) -> bool {
        self.0.negated
    }

    /// Whether GUIDs are compared; they may stand without quotes.
    pub fn is_guid(self) -> bool {
        self.0.test == Test::Guid
    }

    /// Whether the right side is taken as a whole: a range, or a list to look in.
    pub(crate) fn takes_lists(self) -> bool {
        matches!(self.0.test, Test::NumberInRange | Test::TimeInRange | Test::IpInRange | Test::ListHas)
    }

    /// Compares one value with one other, without regard to negation. Nothing when they are not of the kind that is compared.
    pub(crate) fn test(self, left: &Value, right: &Value) -> Option<bool> {
        let any_case = self.0.any_case;
        match self.0.test {
            Test::TextEquals => texts(left, right, any_case, |a, b| a == b),
            Test::TextStarts => texts(left, right, any_case, |a, b| a.starts_with(b)),
            Test::TextEnds => texts(left, right, any_case, |a, b| a.ends_with(b)),
            Test::TextHas => texts(left, right, any_case, |a, b| a.contains(b)),
            Test::TextLike => texts(left, right, any_case, like),
            Test::TextMatches => {
                let pattern = regex::RegexBuilder::new(right.text()?).size_limit(1 << 20).build().ok()?;
                Some(pattern.is_match(left.text()?))
            }
            Test::Number(order) => Some(order.holds(left.number()?.cmp(&right.number()?))),
            Test::Moment(order) => Some(order.holds(left.moment()?.cmp(&right.moment()?))),
            Test::Time(order) => Some(order.holds(left.time_of_day()?.cmp(&right.time_of_day()?))),
            Test::NumberInRange => in_range(left, right, Value::number),
            Test::TimeInRange => in_range(left, right, Value::time_of_day),
            Test::Bool => Some(left.truth()? == right.truth()?),
            Test::Guid => Some(left.guid()? == right.guid()?),
            Test::Ip => in_network(left, right),
            Test::IpInRange => match right {
                Value::List(_) => in_range(left, right, address),
                _ => in_network(left, right),
            },
            Test::ListHas => Some(left.each().contains(right)),
        }
    }
}

fn texts(left: &Value, right: &Value, any_case: bool, test: impl Fn(&str, &str) -> bool) -> Option<bool> {
    let (left, right) = (left.text()?, right.text()?);
    Some(if any_case { test(&left.to_lowercase(), &right.to_lowercase()) } else { test(left, right) })
}

/// One part of a pattern of `Like`.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Run,
    One,
    Exactly(char),
}

/// `*` is any run of characters, `?` is any one; a backslash before either takes its meaning away.
fn like(text: &str, pattern: &str) -> bool {
    let mut parts = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(own) = chars.next() {
        parts.push(match own {
            '\\' => match chars.next_if(|next| "*?".contains(*next)) {
                Some(escaped) => Part::Exactly(escaped),
                None => Part::Exactly(own),
            },
            '*' => Part::Run,
            '?' => Part::One,
            _ => Part::Exactly(own),
        });
    }
    // Which numbers of parts can have taken the text so far.
    let mut reached = vec![false; parts.len() + 1];
    reached.iter_mut().take(1).for_each(|start| *start = true);
    skip_runs(&parts, &mut reached);
    for own in text.chars() {
        let mut next = vec![false; parts.len() + 1];
        for (at, part) in parts.iter().enumerate().filter(|(at, _)| reached.get(*at) == Some(&true)) {
            let to = match part {
                Part::Run => at,
                Part::Exactly(wanted) if *wanted != own => continue,
                _ => at + 1,
            };
            next.iter_mut().skip(to).take(1).for_each(|slot| *slot = true);
        }
        skip_runs(&parts, &mut next);
        reached = next;
    }
    reached.last() == Some(&true)
}

/// A run may be empty.
fn skip_runs(parts: &[Part], reached: &mut [bool]) {
    let mut before = false;
    for (slot, part) in reached.iter_mut().zip(std::iter::once(&Part::One).chain(parts)) {
        *slot |= before && *part == Part::Run;
        before = *slot;
    }
}

fn in_range<T: PartialOrd>(value: &Value, range: &Value, read: impl Fn(&Value) -> Option<T>) -> Option<bool> {
    let [from, to] = range.each() else { return None };
    let value = read(value)?;
    Some(read(from)? <= value && value <= read(to)?)
}

fn address(value: &Value) -> Option<std::net::IpAddr> {
    value.text()?.trim().parse().ok()
}

/// Whether an address is in a network (`10.0.0.0/24`), or is the one that is named.
fn in_network(value: &Value, network: &Value) -> Option<bool> {
    let value = address(value)?;
    let network = network.text()?.trim();
    let Some((base, length)) = network.split_once('/') else {
        return network.parse().ok().map(|own: std::net::IpAddr| own == value);
    };
    let (base, length): (std::net::IpAddr, u32) = (base.parse().ok()?, length.parse().ok()?);
    let bits = |own: std::net::IpAddr| -> (u128, u32) {
        match own {
            std::net::IpAddr::V4(own) => (u128::from(own.to_bits()), 32),
            std::net::IpAddr::V6(own) => (own.to_bits(), 128),
        }
    };
    let ((value, size), (base, base_size)) = (bits(value), bits(base));
    let beyond = base_size.checked_sub(length)?;
    let same = (value ^ base).checked_shr(beyond).unwrap_or(0) == 0;
    Some(size == base_size && same)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(left: impl Into<Value>, name: &str, right: impl Into<Value>) -> Option<bool> {
        Operator::of(name).unwrap().test(&left.into(), &right.into())
    }

    #[test]
    fn names_are_distinct_and_found_in_any_case() {
        for operator in Operator::all() {
            assert_eq!(Operator::of(&operator.name().to_uppercase()), Some(operator));
        }
        assert_eq!(Operator::of("StringIs"), None);
    }

    #[test]
    fn like_has_two_wildcards_and_an_escape() {
        for (text, pattern, expected) in [
            ("abcd", "a*c?", true),
            ("abcd", "A*C?", false),
            ("abcd", "a*c", false),
            ("readonly/x", "readonly/*", true),
            ("a*c", r"a\*c", true),
            ("abc", r"a\*c", false),
            ("a?", r"a\?", true),
            ("", "*", true),
            ("", "?", false),
            ("aaa", "*a*a*a*", true),
            ("aa", "*a*a*a*", false),
            (r"a\b", r"a\b", true),
        ] {
            assert_eq!(holds(text, "StringLike", pattern), Some(expected), "{text} {pattern}");
        }
        assert_eq!(holds("ABCD", "StringLikeIgnoreCase", "a*c?"), Some(true));
    }

    #[test]
    fn values_of_another_kind_are_not_compared() {
        assert_eq!(holds("x", "NumericEquals", 1), None);
        assert_eq!(holds("1", "NumericEquals", 1), Some(true));
        assert_eq!(holds(1, "StringEquals", "1"), None);
        assert_eq!(holds("yesterday", "DateTimeLessThan", "2026-01-01T00:00:00Z"), None);
        assert_eq!(holds("x", "StringMatches", "("), None);
    }

    #[test]
    fn times_and_guids_and_addresses() {
        assert_eq!(
            holds("2022-06-01T00:00:00.0000000Z", "DateTimeEquals", "2022-06-01T02:00:00+02:00"),
            Some(true)
        );
        assert_eq!(
            holds("2022-06-01T00:00:00.0000001Z", "DateTimeGreaterThan", "2022-06-01T00:00:00.0Z"),
            Some(true)
        );
        let dashed = "08D4C71A-CC63-4CE4-A9C8-5DD251B4D619";
        assert_eq!(holds(dashed, "GuidEquals", "08d4c71acc634ce4a9c85dd251b4d619"), Some(true));
        assert_eq!(holds("10.0.0.8", "IpMatch", "10.0.0.0/24"), Some(true));
        assert_eq!(holds("10.0.1.8", "IpMatch", "10.0.0.0/24"), Some(false));
        assert_eq!(holds("::1", "IpMatch", "0.0.0.0/0"), Some(false));
        assert_eq!(holds("fe80::1", "IpMatch", "fe80::/10"), Some(true));
        assert_eq!(holds("10.0.0.8", "IpMatch", "10.0.0.0/33"), None);
    }
}
