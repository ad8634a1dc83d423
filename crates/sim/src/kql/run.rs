//! Steps over rows.

use super::aggregate::aggregate;
use super::eval::{Datum, Scope, order};
use super::functions::is_time;
use super::{Error, Expr, Op, Query, Row, Source};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::cmp::Ordering;
use std::collections::HashMap;

/// Where tables come from.
pub(crate) trait Tables {
    /// The columns of a table; nothing when there is none of the name.
    fn columns(&self, table: &str) -> Option<Vec<String>>;
    /// Every row; of the types in `types` only, where that is known.
    fn rows(&self, table: &str, types: Option<&[String]>) -> Vec<Row>;
}

/// Rows under columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Relation {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

/// How a query is run.
#[derive(Clone, Copy)]
pub(crate) struct Run<'r> {
    pub(crate) tables: &'r dyn Tables,
    pub(crate) now: Timestamp,
}

/// The most rows that a step may make.
const MOST: usize = 20_000_000;

impl Run<'_> {
    /// Runs a query.
    pub(crate) fn query(&self, query: &Query) -> Result<Relation, Error> {
        let mut relation = match &query.source {
            Source::Table(name) => {
                let columns = self.tables.columns(name).ok_or_else(|| Error {
                    code: "DisallowedLogicalTableName",
                    token: name.clone(),
                    at: None,
                })?;
                let types = types_of(&query.ops);
                Relation { columns, rows: self.tables.rows(name, types.as_deref()) }
            }
            Source::Query(inner) => self.query(inner)?,
            Source::Union(all) => self.union(Relation::default(), all)?,
        };
        for op in &query.ops {
            relation = self.step(relation, op)?;
            if relation.rows.len() > MOST {
                return Err(Error::language("the query makes too many rows"));
            }
        }
        Ok(relation)
    }

    /// Takes one step.
    pub(crate) fn step(&self, mut from: Relation, op: &Op) -> Result<Relation, Error> {
        match op {
            Op::Where(condition) => {
                let mut kept = Vec::new();
                for row in from.rows {
                    let scope = Scope { row: &row, columns: &from.columns, now: self.now };
                    if scope.truth(condition)? == Some(true) {
                        kept.push(row);
                    }
                }
                self.check(&from.columns, condition)?;
                Ok(Relation { columns: from.columns, rows: kept })
            }
            Op::Project(named) => self.map(&from, named, false),
            Op::Extend(named) => self.map(&from, named, true),
            Op::ProjectAway(patterns) => {
                let gone = named_by(&from.columns, patterns)?;
                from.keep(|column| !gone.contains(column));
                Ok(from)
            }
            Op::ProjectKeep(patterns) | Op::Distinct(patterns) => {
                let kept = named_by(&from.columns, patterns)?;
                if let Op::Distinct(_) = op {
                    return Ok(from.distinct(kept));
                }
                from.keep(|column| kept.contains(column));
                Ok(from)
            }
            Op::ProjectRename(pairs) => rename(from, pairs),
            Op::Sort(keys) => self.sort(from, keys),
            Op::Take(count) => {
                from.rows.truncate(*count);
                Ok(from)
            }
            Op::Count => {
                let row = Row::from_iter([("Count".to_owned(), json!(from.rows.len()))]);
                Ok(Relation { columns: vec!["Count".to_owned()], rows: vec![row] })
            }
            Op::Summarize(aggregates, by) => self.summarize(from, aggregates, by),
            Op::Join(outer, right, on) => self.join(&from, *outer, &self.query(right)?, on),
            Op::Union(all) => self.union(from, all),
            Op::MvExpand(named) => self.expand(from, named),
        }
    }

    /// Finds columns that are not there, even where there is no row.
    fn check(&self, columns: &[String], expr: &Expr) -> Result<(), Error> {
        let row = Row::new();
        Scope { row: &row, columns, now: self.now }.eval(expr).map(|_| ())
    }

    fn map(&self, from: &Relation, named: &[(String, Expr)], extend: bool) -> Result<Relation, Error> {
        let mut columns = if extend { from.columns.clone() } else { Vec::new() };
        for (name, expr) in named {
            self.check(&from.columns, expr)?;
            if !columns.contains(name) {
                columns.push(name.clone());
            }
        }
        let mut rows = Vec::with_capacity(from.rows.len());
        for row in &from.rows {
            let scope = Scope { row, columns: &from.columns, now: self.now };
            let mut new = if extend { row.clone() } else { Row::new() };
            for (name, expr) in named {
                new.insert(name.clone(), scope.eval(expr)?.json());
            }
            rows.push(new);
        }
        Ok(Relation { columns, rows })
    }

    fn sort(&self, from: Relation, keys: &[(Expr, bool)]) -> Result<Relation, Error> {
        for (expr, _) in keys {
            self.check(&from.columns, expr)?;
        }
        let mut all = Vec::with_capacity(from.rows.len());
        for row in from.rows {
            let scope = Scope { row: &row, columns: &from.columns, now: self.now };
            let values = keys.iter().map(|(expr, _)| scope.eval(expr)).collect::<Result<Vec<Datum>, _>>()?;
            all.push((values, row));
        }
        all.sort_by(|(a, _), (b, _)| {
            let each = a.iter().zip(b).zip(keys).map(|((a, b), (_, down))| by_key(a, b, *down));
            each.fold(Ordering::Equal, Ordering::then)
        });
        Ok(Relation { columns: from.columns, rows: all.into_iter().map(|(_, row)| row).collect() })
    }

    fn summarize(
        &self,
        from: Relation,
        aggregates: &[(String, Expr)],
        by: &[(String, Expr)],
    ) -> Result<Relation, Error> {
        let mut order: Vec<(String, Row)> = Vec::new();
        let mut groups: HashMap<String, Vec<Row>> = HashMap::new();
        for row in from.rows {
            let scope = Scope { row: &row, columns: &from.columns, now: self.now };
            let mut key = Row::new();
            for (name, expr) in by {
                key.insert(name.clone(), scope.eval(expr)?.json());
            }
            let text = Value::Object(key.clone()).to_string();
            let own = groups.entry(text.clone()).or_default();
            if own.is_empty() {
                order.push((text, key));
            }
            own.push(row);
        }
        if by.is_empty() && order.is_empty() {
            order.push((String::new(), Row::new()));
        }
        let mut columns: Vec<String> = by.iter().map(|(name, _)| name.clone()).collect();
        let mut rows = Vec::new();
        let none = Row::new();
        let scope = Scope { row: &none, columns: &from.columns, now: self.now };
        for (text, mut row) in order {
            let group = groups.remove(&text).unwrap_or_default();
            for (name, expr) in aggregates {
                for (name, value) in aggregate(name, expr, &group, scope)? {
                    if !columns.contains(&name) {
                        columns.push(name.clone());
                    }
                    row.insert(name, value);
                }
            }
            rows.push(row);
        }
        for (name, expr) in aggregates {
            for (name, _) in aggregate(name, expr, &[], scope)? {
                if !columns.contains(&name) {
                    columns.push(name);
                }
            }
        }
        Ok(Relation { columns, rows })
    }

    fn join(
        &self,
        left: &Relation,
        outer: bool,
        right: &Relation,
        on: &[(Expr, Expr)],
    ) -> Result<Relation, Error> {
        let key = |relation: &Relation, row: &Row, exprs: &mut dyn Iterator<Item = &Expr>| {
            let scope = Scope { row, columns: &relation.columns, now: self.now };
            let values = exprs.map(|expr| scope.eval(expr).map(Datum::json)).collect::<Result<Vec<_>, _>>();
            values.map(|values| (!values.contains(&Value::Null)).then(|| Value::from(values).to_string()))
        };
        let mut index: HashMap<String, Vec<&Row>> = HashMap::new();
        for row in &right.rows {
            if let Some(own) = key(right, row, &mut on.iter().map(|pair| &pair.1))? {
                index.entry(own).or_default().push(row);
            }
        }
        // A column that is on both sides gets a number on the right.
        let names: Vec<(String, String)> = right
            .columns
            .iter()
            .map(|own| {
                (own.clone(), if left.columns.contains(own) { format!("{own}1") } else { own.clone() })
            })
            .collect();
        let mut rows = Vec::new();
        for row in &left.rows {
            let own = key(left, row, &mut on.iter().map(|pair| &pair.0))?;
            let found = own.and_then(|own| index.get(&own)).map(Vec::as_slice).unwrap_or_default();
            for other in found {
                let mut both = row.clone();
                both.extend(
                    names
                        .iter()
                        .map(|(own, new)| (new.clone(), other.get(own).cloned().unwrap_or(Value::Null))),
                );
                rows.push(both);
            }
            if found.is_empty() && outer {
                let mut both = row.clone();
                both.extend(names.iter().map(|(_, new)| (new.clone(), Value::Null)));
                rows.push(both);
            }
            if rows.len() > MOST {
                return Err(Error::language("the join makes too many rows"));
            }
        }
        let columns = left.columns.iter().cloned().chain(names.into_iter().map(|(_, new)| new)).collect();
        Ok(Relation { columns, rows })
    }

    fn union(&self, mut from: Relation, all: &[Query]) -> Result<Relation, Error> {
        for query in all {
            let other = self.query(query)?;
            for column in other.columns {
                if !from.columns.contains(&column) {
                    from.columns.push(column);
                }
            }
            from.rows.extend(other.rows);
        }
        Ok(from)
    }

    fn expand(&self, from: Relation, named: &[(String, Expr)]) -> Result<Relation, Error> {
        let mut from = from;
        for (name, expr) in named {
            self.check(&from.columns, expr)?;
            let mut rows = Vec::new();
            for row in from.rows {
                let scope = Scope { row: &row, columns: &from.columns, now: self.now };
                let items = match scope.eval(expr)?.json() {
                    Value::Array(items) if !items.is_empty() => items,
                    Value::Array(_) => vec![Value::Null],
                    Value::Object(map) => map.into_iter().map(|(key, value)| json!({ key: value })).collect(),
                    other => vec![other],
                };
                for item in items {
                    let mut new = row.clone();
                    new.insert(name.clone(), item);
                    rows.push(new);
                }
            }
            if !from.columns.contains(name) {
                from.columns.push(name.clone());
            }
            from.rows = rows;
        }
        Ok(from)
    }
}

fn by_key(a: &Datum, b: &Datum, down: bool) -> Ordering {
    // Nulls are the least: first going up, last going down.
    let own = match (a.is_null(), b.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        _ => order(a, b).unwrap_or(Ordering::Equal),
    };
    if down { own.reverse() } else { own }
}

fn named_by(columns: &[String], patterns: &[String]) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    for pattern in patterns {
        match pattern.strip_suffix('*') {
            Some(prefix) => found.extend(columns.iter().filter(|own| own.starts_with(prefix)).cloned()),
            None if columns.contains(pattern) => found.push(pattern.clone()),
            None => return Err(Error::column(pattern)),
        }
    }
    Ok(found)
}

fn rename(mut from: Relation, pairs: &[(String, String)]) -> Result<Relation, Error> {
    for (new, old) in pairs {
        let Some(own) = from.columns.iter_mut().find(|own| *own == old) else {
            return Err(Error::column(old));
        };
        own.clone_from(new);
        for row in &mut from.rows {
            let value = row.remove(old).unwrap_or(Value::Null);
            row.insert(new.clone(), value);
        }
    }
    Ok(from)
}

impl Relation {
    fn keep(&mut self, keep: impl Fn(&String) -> bool) {
        self.columns.retain(|own| keep(own));
        for row in &mut self.rows {
            row.retain(|own, _| keep(own));
        }
    }

    fn distinct(mut self, kept: Vec<String>) -> Self {
        self.columns = kept;
        let mut seen = std::collections::HashSet::new();
        let columns = &self.columns;
        let own = |row: &Row| -> Row {
            columns.iter().map(|name| (name.clone(), row.get(name).cloned().unwrap_or(Value::Null))).collect()
        };
        let rows = self
            .rows
            .iter()
            .map(own)
            .filter(|row| seen.insert(Value::Object(row.clone()).to_string()))
            .collect();
        self.rows = rows;
        self
    }

    /// The types of the columns, by what is in them.
    pub(crate) fn column_types(&self) -> Vec<&'static str> {
        let of = |name: &String| {
            let mut values =
                self.rows.iter().filter_map(|row| row.get(name)).filter(|value| !value.is_null());
            match values.next() {
                Some(Value::Bool(_)) => "boolean",
                Some(Value::Number(number)) if number.is_f64() => "number",
                Some(Value::Number(_)) => "integer",
                Some(Value::String(text)) if is_time(text) => "datetime",
                Some(Value::Array(_) | Value::Object(_)) => "object",
                _ => "string",
            }
        };
        self.columns.iter().map(of).collect()
    }
}

/// The types that the first steps narrow to, in lower case: what a table need not show is not looked at.
pub(crate) fn types_of(ops: &[Op]) -> Option<Vec<String>> {
    ops.iter()
        .map_while(|op| if let Op::Where(condition) = op { Some(condition) } else { None })
        .find_map(types_in)
}

fn types_in(condition: &Expr) -> Option<Vec<String>> {
    let is_type = |expr: &Expr| match expr {
        Expr::Name(name) => name == "type",
        Expr::Call(function, arguments) => {
            function == "tolower" && matches!(arguments.as_slice(), [Expr::Name(name)] if name == "type")
        }
        _ => false,
    };
    let text = |expr: &Expr| match expr {
        Expr::Text(text) => Some(text.to_ascii_lowercase()),
        _ => None,
    };
    match condition {
        Expr::Binary("==" | "=~", left, right) if is_type(left) => Some(vec![text(right)?]),
        Expr::In("in" | "in~", of, list) if is_type(of) => list.iter().map(text).collect(),
        Expr::Binary("and", left, right) => types_in(left).or_else(|| types_in(right)),
        Expr::Binary("or", left, right) => {
            let mut all = types_in(left)?;
            all.extend(types_in(right)?);
            Some(all)
        }
        _ => None,
    }
}
