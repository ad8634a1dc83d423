//! What `summarize` counts.

use super::eval::{Datum, NULL, Scope, order};
use super::{Error, Expr, Row};
use serde_json::Value;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// An aggregate of a group: the columns it gives.
pub(super) fn aggregate(
    name: &str,
    expr: &Expr,
    rows: &[Row],
    scope: Scope<'_>,
) -> Result<Vec<(String, Value)>, Error> {
    let Expr::Call(function, arguments) = expr else { return Err(Error::language(name)) };
    let each = |argument: &Expr| {
        rows.iter().map(|row| Scope { row, ..scope }.eval(argument)).collect::<Result<Vec<Datum>, Error>>()
    };
    let value = match (function.as_str(), arguments.as_slice()) {
        ("count", []) => number(rows.len()),
        ("countif", [condition]) => number(holding(rows, condition, scope)?.len()),
        ("dcount", [of] | [of, _]) => {
            let distinct: BTreeSet<String> = known(each(of)?).map(|own| own.to_text().into_owned()).collect();
            number(distinct.len())
        }
        ("sum", [of]) => Datum::number(known(each(of)?).filter_map(|own| own.to_number()).sum()),
        ("avg", [of]) => {
            let all: Vec<f64> = known(each(of)?).filter_map(|own| own.to_number()).collect();
            #[expect(clippy::cast_precision_loss, reason = "fewer rows than that")]
            let count = all.len() as f64;
            if all.is_empty() { NULL } else { Datum::number(all.iter().sum::<f64>() / count) }
        }
        ("min", [of]) => best(each(of)?, Ordering::Less),
        ("max", [of]) => best(each(of)?, Ordering::Greater),
        ("make_list", [of]) => Datum::Json(known(each(of)?).map(Datum::json).collect()),
        ("make_set", [of]) => {
            let mut set: Vec<Value> = Vec::new();
            for own in known(each(of)?).map(Datum::json) {
                if !set.contains(&own) {
                    set.push(own);
                }
            }
            Datum::Json(Value::Array(set))
        }
        ("any" | "take_any", [of]) => each(of)?.into_iter().next().unwrap_or(NULL),
        ("arg_max" | "arg_min", [by, rest @ ..]) => {
            let wanted = if function == "arg_max" { Ordering::Greater } else { Ordering::Less };
            return extreme(name, by, rest, &each(by)?, wanted, rows, scope);
        }
        _ => return Err(Error::language(function.clone())),
    };
    Ok(vec![(name.to_owned(), value.json())])
}

#[expect(clippy::cast_precision_loss, reason = "fewer rows than that")]
fn number(of: usize) -> Datum {
    Datum::number(of as f64)
}

fn holding<'r>(rows: &'r [Row], condition: &Expr, scope: Scope<'_>) -> Result<Vec<&'r Row>, Error> {
    let mut found = Vec::new();
    for row in rows {
        if (Scope { row, ..scope }).truth(condition)? == Some(true) {
            found.push(row);
        }
    }
    Ok(found)
}

fn known(all: Vec<Datum>) -> impl Iterator<Item = Datum> {
    all.into_iter().filter(|own| !own.is_null())
}

fn best(all: Vec<Datum>, wanted: Ordering) -> Datum {
    known(all).reduce(|best, own| if order(&own, &best) == Some(wanted) { own } else { best }).unwrap_or(NULL)
}

fn extreme(
    name: &str,
    by: &Expr,
    rest: &[Expr],
    keys: &[Datum],
    wanted: Ordering,
    rows: &[Row],
    scope: Scope<'_>,
) -> Result<Vec<(String, Value)>, Error> {
    let pairs = keys.iter().zip(rows).filter(|(key, _)| !key.is_null());
    let best = pairs.reduce(|best, own| if order(own.0, best.0) == Some(wanted) { own } else { best });
    let key_name = match by {
        Expr::Name(own) => own.clone(),
        _ => name.to_owned(),
    };
    let mut out = vec![(key_name, best.map_or(Value::Null, |(key, _)| key.clone().json()))];
    for expr in rest {
        match expr {
            Expr::Name(star) if star == "*" => {
                for column in scope.columns {
                    if out.iter().all(|(own, _)| own != column) {
                        out.push((
                            column.clone(),
                            best.and_then(|(_, row)| row.get(column)).cloned().unwrap_or(Value::Null),
                        ));
                    }
                }
            }
            Expr::Name(column) => {
                let value = match best {
                    Some((_, row)) => Scope { row, ..scope }.eval(expr)?.json(),
                    None => Value::Null,
                };
                out.push((column.clone(), value));
            }
            _ => return Err(Error::language("arg_max: name columns after the first")),
        }
    }
    Ok(out)
}
