//! Resource Graph: queries over what there was some time ago, in pages of a thousand, of what the caller may read.

mod changes;
mod view;

pub(crate) use changes::Changes;

use crate::azure::{Azure, Call};
use crate::kql::{self, Expr, Op, Query, Relation, Run, Source};
use crate::wire::Response;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{HashSet, VecDeque};
use view::View;

const VERSIONS: &[&str] =
    &["2019-04-01", "2020-04-01-preview", "2021-03-01", "2021-06-01-preview", "2022-10-01", "2024-04-01"];

/// The largest page.
const PAGE: usize = 1000;
/// The page of who does not say.
const PAGE_UNASKED: usize = 100;

/// What is kept between the pages of a query, so that no page costs what all of them cost.
#[derive(Default)]
pub(crate) struct Cache {
    totals: VecDeque<(String, usize)>,
    last: Option<(String, Relation)>,
}

/// How many totals are kept.
const TOTALS: usize = 32;

/// A question.
struct Asked {
    query: String,
    /// In lower case; nothing for all.
    subscriptions: Option<HashSet<String>>,
    above: bool,
    top: usize,
    skip: usize,
    token: Option<Token>,
    table: bool,
    /// What tells it from other questions.
    key: String,
}

/// Where a page starts.
enum Token {
    /// After a resource.
    After(String),
    /// After so many rows.
    Row(usize),
}

impl Azure {
    /// Answers a query.
    pub(crate) fn resource_graph(&mut self, call: &Call<'_>) -> Result<Response, Response> {
        if !VERSIONS.contains(&call.version.as_str()) {
            let message = format!(
                "The api-version '{}' is invalid. The supported versions are '{}'.",
                call.version,
                VERSIONS.join(", ")
            );
            return Err(Response::error(400, "InvalidApiVersionParameter", &message));
        }
        let asked = self.asked(call)?;
        let now = call.r.now;
        let parsed =
            kql::parse(&asked.query, "resources").map_err(|error| self.invalid(&asked.query, &error, now))?;
        let page = match &parsed {
            Query { source: Source::Table(table), ops } if streams(ops) => {
                self.streamed(call, &asked, table, ops)
            }
            _ => self.whole(call, &asked, &parsed),
        };
        let Page { relation, total, next } = page.map_err(|error| self.invalid(&asked.query, &error, now))?;
        let limited = parsed.ops.iter().any(|op| matches!(op, Op::Take(_)));
        let has_id = relation.columns.iter().any(|own| own == "id");
        let token = next.as_ref().filter(|_| has_id && !limited);
        let truncated = next.is_some() && token.is_none();
        let mut body = json!({
            "totalRecords": total,
            "count": relation.rows.len(),
            "data": if asked.table { as_table(&relation) } else { as_objects(relation) },
            "facets": [],
            "resultTruncated": if truncated { "true" } else { "false" },
        });
        if let (Some(token), Value::Object(map)) = (token, &mut body) {
            map.insert("$skipToken".to_owned(), BASE64.encode(token).into());
        }
        Ok(Response::json(200, &body))
    }

    fn asked(&self, call: &Call<'_>) -> Result<Asked, Response> {
        let body = call.r.json()?;
        let bad = |message: &str| Response::error(400, "BadRequest", message);
        let query = body.get("query").and_then(Value::as_str).filter(|own| !own.trim().is_empty());
        let query = query.ok_or_else(|| bad("The query of the request is empty."))?.to_owned();
        let list = |name: &str| {
            let own = body.get(name).and_then(Value::as_array).filter(|own| !own.is_empty())?;
            Some(own.iter().filter_map(Value::as_str).map(str::to_ascii_lowercase).collect::<Vec<_>>())
        };
        let mut subscriptions: Option<HashSet<String>> =
            list("subscriptions").map(|own| own.into_iter().collect());
        if subscriptions.as_ref().is_some_and(|own| own.len() > 1000) {
            return Err(bad("At most 1000 subscriptions may be given."));
        }
        if let Some(groups) = list("managementGroups") {
            subscriptions.get_or_insert_default().extend(self.below_groups(&groups));
        }
        let option = |name: &str| body.pointer(&format!("/options/{name}"));
        let number =
            |name: &str| option(name).and_then(Value::as_u64).and_then(|own| usize::try_from(own).ok());
        let top = number("$top").unwrap_or(PAGE_UNASKED);
        if top == 0 || top > PAGE {
            return Err(bad("The value of '$top' must be between 1 and 1000."));
        }
        let filter = option("authorizationScopeFilter").and_then(Value::as_str).unwrap_or("AtScopeAndBelow");
        let table = option("resultFormat")
            .and_then(Value::as_str)
            .is_some_and(|own| own.eq_ignore_ascii_case("table"));
        let token = option("$skipToken").and_then(Value::as_str).filter(|own| !own.is_empty());
        let token = token
            .map(|own| read_token(own).ok_or_else(|| bad("The value of '$skipToken' is not valid.")))
            .transpose()?;
        let key = format!("{} {query} {:?} {filter}", call.caller.object_id, body.get("subscriptions"));
        let above =
            ["AtScopeAndAbove", "AtScopeAboveAndBelow"].iter().any(|own| filter.eq_ignore_ascii_case(own));
        Ok(Asked { query, subscriptions, above, top, skip: number("$skip").unwrap_or(0), token, table, key })
    }

    /// The subscriptions below management groups, by their ids.
    fn below_groups(&self, groups: &[String]) -> Vec<String> {
        let all = self.store.below(crate::types::SUBSCRIPTION, "", None);
        let here = all.filter(|(own, _)| {
            let over = crate::access::above(&self.store, own);
            over.iter().any(|own| groups.iter().any(|group| crate::id::name(own) == group))
        });
        here.map(|(own, _)| crate::id::name(own).to_owned()).collect()
    }

    fn view<'a>(&'a self, principals: &'a [String], asked: &'a Asked, now: Timestamp) -> View<'a> {
        let lag = self.options.graph_lag;
        let now_there = now.checked_sub(lag).unwrap_or(now);
        let seen = (!lag.is_zero()).then(|| self.store.as_of(now_there));
        View {
            access: self.access(principals, now),
            changes: &self.changes,
            now: now_there,
            tenant: &self.options.tenant,
            subscriptions: asked.subscriptions.as_ref(),
            above: asked.above,
            before: seen.unwrap_or_default(),
            known: std::cell::RefCell::default(),
        }
    }

    /// A query that takes rows one by one in order of id: a page costs what is on it.
    fn streamed(
        &mut self,
        call: &Call<'_>,
        asked: &Asked,
        table: &str,
        ops: &[Op],
    ) -> Result<Page, kql::Error> {
        let principals = self.principals(&call.caller);
        let view = self.view(&principals, asked, call.r.now);
        let run = Run { tables: &view, now: call.r.now };
        let columns = view.table(table)?;
        let apply = |rows: Vec<kql::Row>| {
            let mut relation = Relation { columns: columns.clone(), rows };
            for op in ops.iter().filter(|op| !matches!(op, Op::Sort(_))) {
                relation = run.step(relation, op)?;
            }
            Ok::<_, kql::Error>(relation)
        };
        let types = kql::types_of(ops);
        let known = self.cache.totals.iter().find(|(key, _)| *key == asked.key).map(|(_, total)| *total);
        let total = match known.filter(|_| asked.token.is_some()) {
            Some(total) => total,
            None if is_type_alone(ops) => view.candidates(table, types.as_deref(), None).count(),
            None => apply(
                view.candidates(table, types.as_deref(), None).filter_map(|own| view.row(&own)).collect(),
            )?
            .rows
            .len(),
        };
        let after = match &asked.token {
            Some(Token::After(id)) => Some(id.as_str()),
            _ => None,
        };
        let mut candidates = view.candidates(table, types.as_deref(), after).peekable();
        let mut page = apply(Vec::new())?;
        let mut skip = asked.skip;
        let mut last = None;
        while page.rows.len() < asked.top && candidates.peek().is_some() {
            let some: Vec<_> = candidates.by_ref().take(asked.top - page.rows.len()).collect();
            last = some.last().map(|own| own.id.to_owned());
            let rows = apply(some.iter().filter_map(|own| view.row(own)).collect())?.rows;
            let gone = skip.min(rows.len());
            skip -= gone;
            page.rows.extend(rows.into_iter().skip(gone));
        }
        let next = last.filter(|_| candidates.peek().is_some()).map(|id| format!("after {id}"));
        drop(candidates);
        drop(view);
        self.cache.totals.retain(|(key, _)| *key != asked.key);
        self.cache.totals.push_back((asked.key.clone(), total));
        let over = self.cache.totals.len().saturating_sub(TOTALS);
        self.cache.totals.drain(..over);
        Ok(Page { relation: page, total, next })
    }

    /// Any other query: made as a whole, and kept for its next page.
    fn whole(&mut self, call: &Call<'_>, asked: &Asked, query: &Query) -> Result<Page, kql::Error> {
        let from = match asked.token {
            Some(Token::Row(row)) => row,
            _ => asked.skip,
        };
        let kept = self.cache.last.take().filter(|(key, _)| *key == asked.key && asked.token.is_some());
        let all = if let Some((_, all)) = kept {
            all
        } else {
            let principals = self.principals(&call.caller);
            let view = self.view(&principals, asked, call.r.now);
            Run { tables: &view, now: call.r.now }.query(query)?
        };
        let rows: Vec<_> = all.rows.iter().skip(from).take(asked.top).cloned().collect();
        let (total, end) = (all.rows.len(), from + rows.len());
        let relation = Relation { columns: all.columns.clone(), rows };
        let next = (end < total).then(|| format!("row {end}"));
        self.cache.last = next.is_some().then(|| (asked.key.clone(), all));
        Ok(Page { relation, total, next })
    }

    /// Says what is wrong with a query, as Resource Graph does.
    fn invalid(&self, query: &str, error: &kql::Error, now: Timestamp) -> Response {
        let before = error.at.and_then(|at| query.get(..at));
        let line = before.map_or(-1, |own| i64::try_from(own.matches('\n').count()).unwrap_or(0) + 1);
        let column = before.map_or(-1, |own| {
            i64::try_from(own.rsplit('\n').next().unwrap_or("").chars().count()).unwrap_or(0)
        });
        let correlation = crate::guid(self.options.seed, &format!("correlation {}", self.draw("invalid")));
        let explained = "Query is invalid. Please refer to the documentation for the Azure Resource Graph service and fix the \
                         error before retrying.";
        Response::json(
            400,
            &json!({ "error": {
                "code": "BadRequest",
                "message": format!("Please provide below info when asking for support: timestamp = {now:.7}, correlationId = {correlation}."),
                "details": [
                    { "code": "InvalidQuery", "message": explained },
                    { "code": error.code, "message": error.code, "line": line, "characterPositionInLine": column, "token": error.token },
                ],
            } }),
        )
    }
}

struct Page {
    relation: Relation,
    total: usize,
    /// The token of the next page, not yet encoded.
    next: Option<String>,
}

fn read_token(token: &str) -> Option<Token> {
    let text = String::from_utf8(BASE64.decode(token).ok()?).ok()?;
    match text.split_once(' ')? {
        ("after", id) => Some(Token::After(id.to_owned())),
        ("row", row) => row.parse().ok().map(Token::Row),
        _ => None,
    }
}

/// Whether every step looks at one row at a time, in order of id.
fn streams(ops: &[Op]) -> bool {
    let mut shaped = false;
    ops.iter().all(|op| match op {
        Op::Where(_) => true,
        Op::Project(_) | Op::ProjectAway(_) | Op::ProjectKeep(_) | Op::ProjectRename(_) | Op::Extend(_) => {
            shaped = true;
            true
        }
        // Before the columns are changed, `id` is the id.
        Op::Sort(keys) => !shaped && matches!(keys.as_slice(), [(Expr::Name(name), false)] if name == "id"),
        _ => false,
    })
}

/// Whether rows are narrowed by their type and by nothing else.
fn is_type_alone(ops: &[Op]) -> bool {
    let mut conditions =
        ops.iter().filter_map(|op| if let Op::Where(condition) = op { Some(condition) } else { None });
    let is_type = |of: &Expr| matches!(of, Expr::Name(name) if name == "type");
    let first = conditions.next();
    let alone = match first {
        None => true,
        // Types are in lower case there, so a query that is not finds nothing: that is counted the long way.
        Some(Expr::Binary("=~", of, _) | Expr::In("in~", of, _)) => is_type(of),
        Some(_) => false,
    };
    alone && conditions.next().is_none()
}

fn as_objects(relation: Relation) -> Value {
    let Relation { columns, rows } = relation;
    let filled = rows.into_iter().map(|mut row| {
        columns.iter().map(|own| (own.clone(), row.remove(own).unwrap_or(Value::Null))).collect::<kql::Row>()
    });
    filled.map(Value::Object).collect()
}

fn as_table(relation: &Relation) -> Value {
    let types = relation.column_types();
    let columns: Vec<Value> =
        relation.columns.iter().zip(types).map(|(name, of)| json!({ "name": name, "type": of })).collect();
    let cells = |row: &kql::Row| -> Value {
        relation.columns.iter().map(|own| row.get(own).cloned().unwrap_or(Value::Null)).collect()
    };
    json!({ "columns": columns, "rows": relation.rows.iter().map(cells).collect::<Vec<_>>() })
}
