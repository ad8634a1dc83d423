//! From condition to text that parses as the same condition.

use super::expr::{Compare, Condition, Each, Expr, Function, Operand, Source};
use super::{Operator, Value};
use crate::Pattern;
use std::fmt::{Display, Formatter, Result, Write};

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.expr.fmt(f)
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Expr::Always(truth) => write!(f, "{truth}"),
            Expr::And(all) => chain(f, all, " AND "),
            Expr::Or(all) => chain(f, all, " OR "),
            Expr::Not(inner) if matches!(**inner, Expr::Not(_)) => write!(f, "!{inner}"),
            Expr::Not(inner) => write!(f, "!({inner})"),
            Expr::ActionMatches(patterns) => matches(f, "ActionMatches", patterns),
            Expr::SubOperationMatches(patterns) => matches(f, "SubOperationMatches", patterns),
            Expr::Exists(operand) => {
                f.write_str("Exists ")?;
                print(f, operand, None)
            }
            Expr::Compare(compare) => compare.fmt(f),
        }
    }
}

fn chain(f: &mut Formatter<'_>, all: &[Expr], link: &str) -> Result {
    for (at, one) in all.iter().enumerate() {
        if at > 0 {
            f.write_str(link)?;
        }
        match one {
            Expr::And(_) | Expr::Or(_) => write!(f, "({one})")?,
            _ => one.fmt(f)?,
        }
    }
    Ok(())
}

fn matches(f: &mut Formatter<'_>, name: &str, patterns: &[Pattern]) -> Result {
    f.write_str(name)?;
    separated(f, ('{', '}'), patterns, |f, pattern| quoted(f, pattern.as_str()))
}

fn separated<T>(
    f: &mut Formatter<'_>,
    (open, close): (char, char),
    all: &[T],
    mut one: impl FnMut(&mut Formatter<'_>, &T) -> Result,
) -> Result {
    f.write_char(open)?;
    for (at, own) in all.iter().enumerate() {
        if at > 0 {
            f.write_str(", ")?;
        }
        one(f, own)?;
    }
    f.write_char(close)
}

fn quoted(f: &mut Formatter<'_>, text: &str) -> Result {
    write!(f, "'{}'", text.replace('\'', "\\'"))
}

impl Display for Compare {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        print(f, &self.left, Some(self.operator))?;
        f.write_char(' ')?;
        if let Some(row) = self.each.and_then(|each| Each::TABLE.iter().find(|row| row.1 == each)) {
            write!(f, "{}:", row.0)?;
        }
        write!(f, "{} ", self.operator.name())?;
        print(f, &self.right, Some(self.operator))
    }
}

fn print(f: &mut Formatter<'_>, operand: &Operand, operator: Option<Operator>) -> Result {
    match operand {
        Operand::Attribute(attribute) => {
            let row = Source::TABLE.iter().find(|row| row.1 == attribute.source);
            write!(f, "@{}[{}]", row.map_or("", |row| row.0), attribute.name)
        }
        Operand::Literal(value) => literal(f, value, operator),
        Operand::Call(function, arguments) => {
            let row = Function::TABLE.iter().find(|row| row.1 == *function);
            f.write_str(row.map_or("", |row| row.0))?;
            separated(f, ('(', ')'), arguments, |f, own| print(f, own, operator))
        }
    }
}

fn literal(f: &mut Formatter<'_>, value: &Value, operator: Option<Operator>) -> Result {
    match value {
        Value::Null => f.write_str("null"),
        Value::Bool(truth) => write!(f, "{truth}"),
        Value::Number(number) => write!(f, "{number}"),
        // Azure writes GUIDs without quotes.
        Value::Text(text)
            if operator.is_some_and(Operator::is_guid)
                && value.guid().is_some()
                && text.chars().all(|own| own.is_ascii_hexdigit() || own == '-') =>
        {
            f.write_str(text)
        }
        Value::Text(text) => quoted(f, text),
        Value::List(values) => separated(f, ('{', '}'), values, |f, own| literal(f, own, operator)),
    }
}
