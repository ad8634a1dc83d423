//! Queries as trees.

use super::Error;
use super::lex::{Kind, Token, tokens};

/// A table, or several, and what is done with the rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Query {
    pub(crate) source: Source,
    pub(crate) ops: Vec<Op>,
}

/// Where rows come from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    Table(String),
    Query(Box<Query>),
    Union(Vec<Query>),
}

/// A name and what it stands for.
pub(crate) type Named = (String, Expr);

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Op {
    Where(Expr),
    Project(Vec<Named>),
    ProjectAway(Vec<String>),
    ProjectKeep(Vec<String>),
    ProjectRename(Vec<(String, String)>),
    Extend(Vec<Named>),
    /// Key, and whether it goes down.
    Sort(Vec<(Expr, bool)>),
    Take(usize),
    Count,
    Summarize(Vec<Named>, Vec<Named>),
    Distinct(Vec<String>),
    /// Outer, the right side, pairs of columns.
    Join(bool, Box<Query>, Vec<(Expr, Expr)>),
    Union(Vec<Query>),
    MvExpand(Vec<Named>),
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    Null,
    Bool(bool),
    Number(f64, bool),
    Text(String),
    /// Milliseconds.
    Span(f64),
    Name(String),
    Field(Box<Expr>, String),
    Index(Box<Expr>, Box<Expr>),
    Call(String, Vec<Expr>),
    Not(Box<Expr>),
    Negative(Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    /// Operator and list.
    In(&'static str, Box<Expr>, Vec<Expr>),
    Between(Box<Expr>, Box<Expr>, Box<Expr>),
}

/// How deep expressions and queries may nest.
const DEPTH: usize = 64;

/// Parses a query; without a table it is about `default`.
pub(crate) fn parse(text: &str, default: &str) -> Result<Query, Error> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, default };
    let query = parser.query()?;
    parser.sign(";");
    match parser.kind() {
        Kind::End => Ok(query),
        _ => Err(parser.failure()),
    }
}

struct Parser<'d> {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    default: &'d str,
}

const OPERATORS: &[&str] = &[
    "where",
    "filter",
    "project",
    "project-away",
    "project-keep",
    "project-rename",
    "extend",
    "order",
    "sort",
    "take",
    "limit",
    "top",
    "count",
    "summarize",
    "distinct",
    "join",
    "union",
    "mv-expand",
    "mvexpand",
];
const COMPARISONS: &[&str] = &[
    "has",
    "!has",
    "has_cs",
    "!has_cs",
    "contains",
    "!contains",
    "contains_cs",
    "!contains_cs",
    "startswith",
    "!startswith",
    "endswith",
    "!endswith",
    "has_any",
];
const LISTS: &[&str] = &["in", "!in", "in~", "!in~", "has_any", "has_all"];

impl Parser<'_> {
    fn kind(&self) -> &Kind {
        self.tokens.get(self.at).map_or(&Kind::End, |token| &token.kind)
    }

    fn failure(&self) -> Error {
        let token = self.tokens.get(self.at);
        let text = match token.map(|token| &token.kind) {
            Some(Kind::Name(text) | Kind::Text(text)) => text.clone(),
            Some(Kind::Sign(sign)) => (*sign).to_owned(),
            Some(Kind::Number(number, _) | Kind::Span(number)) => number.to_string(),
            Some(Kind::End) | None => "<EOF>".to_owned(),
        };
        Error { code: "ParserFailure", token: text, at: token.map(|token| token.at) }
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.kind(), Kind::Sign(own) if *own == sign);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), Error> {
        if self.sign(sign) { Ok(()) } else { Err(self.failure()) }
    }

    fn word(&mut self, word: &str) -> bool {
        let found = matches!(self.kind(), Kind::Name(own) if own.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn expect_word(&mut self, word: &str) -> Result<(), Error> {
        if self.word(word) { Ok(()) } else { Err(self.failure()) }
    }

    fn name(&mut self) -> Result<String, Error> {
        if let Kind::Name(name) = self.kind() {
            let name = name.clone();
            self.at += 1;
            return Ok(name);
        }
        if self.sign("[") {
            // A name in brackets: ['a b'].
            let Kind::Text(name) = self.kind().clone() else { return Err(self.failure()) };
            self.at += 1;
            self.expect("]")?;
            return Ok(name);
        }
        Err(self.failure())
    }

    fn deeper(&mut self) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > DEPTH { Err(Error::language("the query nests too deeply")) } else { Ok(()) }
    }

    fn query(&mut self) -> Result<Query, Error> {
        self.deeper()?;
        let source = if self.sign("(") {
            let inner = self.query()?;
            self.expect(")")?;
            Source::Query(Box::new(inner))
        } else if self.word("union") {
            Source::Union(self.queries()?)
        } else {
            match self.kind() {
                Kind::Name(name) if OPERATORS.contains(&name.as_str()) => {
                    // No table, and no pipe before the first operator.
                    let mut query =
                        Query { source: Source::Table(self.default.to_owned()), ops: vec![self.op()?] };
                    self.ops(&mut query.ops)?;
                    self.depth -= 1;
                    return Ok(query);
                }
                _ => Source::Table(self.name()?),
            }
        };
        let mut ops = Vec::new();
        self.ops(&mut ops)?;
        self.depth -= 1;
        Ok(Query { source, ops })
    }

    fn ops(&mut self, ops: &mut Vec<Op>) -> Result<(), Error> {
        while self.sign("|") {
            ops.push(self.op()?);
        }
        Ok(())
    }

    fn op(&mut self) -> Result<Op, Error> {
        let Kind::Name(name) = self.kind().clone() else { return Err(self.failure()) };
        if !OPERATORS.contains(&name.as_str()) {
            return Err(Error { code: "InvalidQueryLanguage", ..self.failure() });
        }
        self.at += 1;
        Ok(match name.as_str() {
            "where" | "filter" => Op::Where(self.expr()?),
            "project" => Op::Project(self.named_list()?),
            "extend" => Op::Extend(self.named_list()?),
            "project-away" => Op::ProjectAway(self.patterns()?),
            "project-keep" => Op::ProjectKeep(self.patterns()?),
            "project-rename" => Op::ProjectRename(self.renames()?),
            "order" | "sort" => {
                self.expect_word("by")?;
                Op::Sort(self.keys()?)
            }
            "take" | "limit" => Op::Take(self.count()?),
            "top" => return self.top(),
            "count" => Op::Count,
            "summarize" => self.summarize()?,
            "distinct" => Op::Distinct(self.patterns()?),
            "join" => self.join()?,
            "union" => Op::Union(self.queries()?),
            _ => Op::MvExpand(self.named_list()?),
        })
    }

    fn count(&mut self) -> Result<usize, Error> {
        match self.kind() {
            Kind::Number(number, true) if *number >= 0.0 && *number < 1e9 => {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "whole, and between 0 and 1e9"
                )]
                let count = *number as usize;
                self.at += 1;
                Ok(count)
            }
            _ => Err(self.failure()),
        }
    }

    /// `top n by key` is a sort and a take: two steps in the place of one.
    fn top(&mut self) -> Result<Op, Error> {
        let count = self.count()?;
        self.expect_word("by")?;
        let keys = self.keys()?;
        // The take is put where the next step is read from.
        let at = self.tokens.get(self.at).map_or(0, |token| token.at);
        #[expect(clippy::cast_precision_loss, reason = "below 1e9")]
        let number = Kind::Number(count as f64, true);
        let step = [Kind::Sign("|"), Kind::Name("take".to_owned()), number];
        self.tokens.splice(self.at..self.at, step.map(|kind| Token { kind, at }));
        Ok(Op::Sort(keys))
    }

    fn keys(&mut self) -> Result<Vec<(Expr, bool)>, Error> {
        let mut keys = Vec::new();
        loop {
            let key = self.expr()?;
            let up = self.word("asc");
            let down = !up;
            self.word("desc");
            if self.word("nulls") && !self.word("first") && !self.word("last") {
                return Err(self.failure());
            }
            keys.push((key, down));
            if !self.sign(",") {
                return Ok(keys);
            }
        }
    }

    fn named_list(&mut self) -> Result<Vec<Named>, Error> {
        let mut all = vec![self.named()?];
        while self.sign(",") {
            all.push(self.named()?);
        }
        Ok(all)
    }

    fn named(&mut self) -> Result<Named, Error> {
        let start = self.at;
        if let Ok(name) = self.name() {
            if self.sign("=") {
                return Ok((name, self.expr()?));
            }
            self.at = start;
        }
        let expr = self.expr()?;
        Ok((name_of(&expr), expr))
    }

    fn patterns(&mut self) -> Result<Vec<String>, Error> {
        let mut all = Vec::new();
        loop {
            let star = self.sign("*");
            let mut name = if star { String::new() } else { self.name()? };
            if star || self.sign("*") {
                name.push('*');
            }
            all.push(name);
            if !self.sign(",") {
                return Ok(all);
            }
        }
    }

    fn renames(&mut self) -> Result<Vec<(String, String)>, Error> {
        let mut all = Vec::new();
        loop {
            let new = self.name()?;
            self.expect("=")?;
            all.push((new, self.name()?));
            if !self.sign(",") {
                return Ok(all);
            }
        }
    }

    fn summarize(&mut self) -> Result<Op, Error> {
        let aggregates = if self.word("by") {
            self.at -= 1;
            Vec::new()
        } else {
            self.named_list()?
        };
        let by = if self.word("by") { self.named_list()? } else { Vec::new() };
        Ok(Op::Summarize(aggregates, by))
    }

    fn join(&mut self) -> Result<Op, Error> {
        if !self.word("kind") {
            // Without a kind, rows of the left side are made unique first; nobody should depend on that by accident.
            return Err(Error::language("join without kind: say kind=inner or kind=leftouter"));
        }
        self.expect("=")?;
        let kind = self.name()?;
        let outer = match kind.as_str() {
            "inner" => false,
            "leftouter" => true,
            _ => return Err(Error::language(format!("join kind={kind}"))),
        };
        self.expect("(")?;
        let right = self.query()?;
        self.expect(")")?;
        self.expect_word("on")?;
        let mut on = vec![self.pair()?];
        while self.sign(",") {
            on.push(self.pair()?);
        }
        Ok(Op::Join(outer, Box::new(right), on))
    }

    fn pair(&mut self) -> Result<(Expr, Expr), Error> {
        if !self.sign("$") {
            let name = self.name()?;
            return Ok((Expr::Name(name.clone()), Expr::Name(name)));
        }
        self.expect_word("left")?;
        self.expect(".")?;
        let left = self.name()?;
        self.expect("==")?;
        self.expect("$")?;
        self.expect_word("right")?;
        self.expect(".")?;
        Ok((Expr::Name(left), Expr::Name(self.name()?)))
    }

    fn queries(&mut self) -> Result<Vec<Query>, Error> {
        let mut all = Vec::new();
        loop {
            if self.sign("(") {
                all.push(self.query()?);
                self.expect(")")?;
            } else {
                all.push(Query { source: Source::Table(self.name()?), ops: Vec::new() });
            }
            if !self.sign(",") {
                return Ok(all);
            }
        }
    }

    fn expr(&mut self) -> Result<Expr, Error> {
        self.deeper()?;
        let mut left = self.and()?;
        while self.word("or") {
            left = binary("or", left, self.and()?);
        }
        self.depth -= 1;
        Ok(left)
    }

    fn and(&mut self) -> Result<Expr, Error> {
        let mut left = self.comparison()?;
        while self.word("and") {
            left = binary("and", left, self.comparison()?);
        }
        Ok(left)
    }

    fn comparison(&mut self) -> Result<Expr, Error> {
        let left = self.sum()?;
        for sign in ["==", "!=", "=~", "!~", "<=", ">=", "<", ">"] {
            if self.sign(sign) {
                return Ok(binary(sign, left, self.sum()?));
            }
        }
        if self.word("between") {
            self.expect("(")?;
            let low = self.sum()?;
            self.expect("..")?;
            let high = self.sum()?;
            self.expect(")")?;
            return Ok(Expr::Between(Box::new(left), Box::new(low), Box::new(high)));
        }
        for list in LISTS {
            if self.word(list) {
                self.expect("(")?;
                return Ok(Expr::In(list, Box::new(left), self.arguments()?));
            }
        }
        for word in COMPARISONS {
            if self.word(word) {
                return Ok(binary(word, left, self.sum()?));
            }
        }
        Ok(left)
    }

    fn sum(&mut self) -> Result<Expr, Error> {
        let mut left = self.product()?;
        while let Some(sign) = ["+", "-"].into_iter().find(|sign| self.sign(sign)) {
            left = binary(sign, left, self.product()?);
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Expr, Error> {
        let mut left = self.path()?;
        while let Some(sign) = ["*", "/", "%"].into_iter().find(|sign| self.sign(sign)) {
            left = binary(sign, left, self.path()?);
        }
        Ok(left)
    }

    fn path(&mut self) -> Result<Expr, Error> {
        if self.sign("-") {
            self.deeper()?;
            let inner = self.path()?;
            self.depth -= 1;
            return Ok(Expr::Negative(Box::new(inner)));
        }
        let mut left = self.primary()?;
        loop {
            if self.sign(".") {
                left = Expr::Field(Box::new(left), self.name()?);
            } else if self.sign("[") {
                let index = self.expr()?;
                self.expect("]")?;
                left = Expr::Index(Box::new(left), Box::new(index));
            } else {
                return Ok(left);
            }
        }
    }

    fn primary(&mut self) -> Result<Expr, Error> {
        if self.sign("(") {
            let inner = self.expr()?;
            self.expect(")")?;
            return Ok(inner);
        }
        let kind = self.kind().clone();
        match kind {
            Kind::Text(text) => {
                self.at += 1;
                Ok(Expr::Text(text))
            }
            Kind::Number(number, whole) => {
                self.at += 1;
                Ok(Expr::Number(number, whole))
            }
            Kind::Span(milliseconds) => {
                self.at += 1;
                Ok(Expr::Span(milliseconds))
            }
            Kind::Name(name) => self.named_primary(&name),
            Kind::Sign(_) | Kind::End => Err(self.failure()),
        }
    }

    fn named_primary(&mut self, name: &str) -> Result<Expr, Error> {
        if name.starts_with('!') {
            return Err(self.failure());
        }
        self.at += 1;
        if !self.sign("(") {
            return Ok(match name {
                "true" => Expr::Bool(true),
                "false" => Expr::Bool(false),
                _ => Expr::Name(name.to_owned()),
            });
        }
        match name {
            "not" => {
                let inner = self.expr()?;
                self.expect(")")?;
                Ok(Expr::Not(Box::new(inner)))
            }
            "datetime" | "dynamic" => self.literal(name),
            _ => Ok(Expr::Call(name.to_owned(), self.arguments()?)),
        }
    }

    /// `datetime(2026-01-01)` and `dynamic(…)`: their insides are not expressions; only what is quoted, and null, is taken.
    fn literal(&mut self, name: &str) -> Result<Expr, Error> {
        if self.word("null") {
            self.expect(")")?;
            return Ok(Expr::Null);
        }
        if let (Kind::Text(text), "datetime") = (self.kind().clone(), name) {
            self.at += 1;
            self.expect(")")?;
            return Ok(Expr::Call("todatetime".to_owned(), vec![Expr::Text(text)]));
        }
        if name == "dynamic" && self.sign("[") {
            let mut items = Vec::new();
            while !self.sign("]") {
                items.push(self.expr()?);
                self.sign(",");
            }
            self.expect(")")?;
            return Ok(Expr::Call("pack_array".to_owned(), items));
        }
        Err(Error { code: "InvalidQueryLanguage", ..self.failure() })
    }

    fn arguments(&mut self) -> Result<Vec<Expr>, Error> {
        let mut all = Vec::new();
        if self.sign(")") {
            return Ok(all);
        }
        loop {
            // `arg_max(time, *)`.
            let star = self.sign("*");
            all.push(if star { Expr::Name("*".to_owned()) } else { self.expr()? });
            if self.sign(")") {
                return Ok(all);
            }
            self.expect(",")?;
        }
    }
}

fn binary(sign: &'static str, left: Expr, right: Expr) -> Expr {
    Expr::Binary(sign, Box::new(left), Box::new(right))
}

/// The name that Kusto gives a column without one.
fn name_of(expr: &Expr) -> String {
    match expr {
        Expr::Name(name) => name.clone(),
        Expr::Field(of, name) => format!("{}_{name}", name_of(of)),
        Expr::Index(of, index) => match &**index {
            Expr::Text(text) => format!("{}_{text}", name_of(of)),
            Expr::Number(number, _) => format!("{}_{number}", name_of(of)),
            _ => "Column1".to_owned(),
        },
        Expr::Call(name, arguments) => match (name.as_str(), arguments.first()) {
            ("bin" | "tostring" | "tolower" | "toupper" | "todynamic" | "todatetime", Some(first)) => {
                name_of(first)
            }
            (_, Some(first)) => format!("{name}_{}", name_of(first)),
            _ => format!("{name}_"),
        },
        _ => "Column1".to_owned(),
    }
}
