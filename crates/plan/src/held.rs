//! Why a stage has to wait.

use crate::step::Approval;
use jiff::Timestamp;
use std::fmt;

/// How many names are spelled out.
const NAMED: usize = 5;

/// Why a stage has to wait. What holds it back is said with what is there and what is needed, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldBack {
    /// Too few comply, in thousandths.
    GateNotMet {
        /// How many do.
        have: u64,
        /// How many must.
        need: u64,
        /// What keeps the rest from counting, with numbers.
        because: Vec<(String, u64)>,
    },
    /// It was not watched for long enough.
    NotEnoughDays {
        /// Since when it is watched; nothing when it is not.
        since: Option<Timestamp>,
        /// For how many days.
        have: i64,
        /// For how many it must be.
        need: i64,
    },
    /// Requests that somebody makes would be refused.
    WouldRefuse {
        /// How many resources are written to and do not comply.
        resources: u64,
        /// Within how many days they were written.
        days: i64,
        /// By whom, or whose they are.
        whose: Vec<String>,
    },
    /// Requests were refused where the policy is in force already.
    Refused {
        /// How many.
        requests: u64,
        /// Within how many days.
        days: i64,
        /// Whose they were.
        whose: Vec<String>,
    },
    /// Something that decides could not be looked at.
    NotJudged {
        /// How many pairs of resource and policy, or nothing when it is not about them.
        pairs: u64,
        /// What was missing, with numbers.
        because: Vec<(String, u64)>,
    },
    /// Somebody has to agree.
    WaitingForApproval(Approval),
    /// A stage before it is not done.
    NotItsTurn {
        /// Its name.
        first: String,
    },
    /// The inventory says nothing about now.
    InventoryTooOld {
        /// When it was read; nothing when no document says so.
        read_at: Option<Timestamp>,
        /// How many hours old it may be.
        hours: i64,
    },
    /// There is no inventory to judge by.
    NoInventory,
}

fn named(all: &[String]) -> String {
    let text = all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(NAMED) {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn because(f: &mut fmt::Formatter<'_>, all: &[(String, u64)]) -> fmt::Result {
    let text: Vec<String> = all.iter().map(|(why, count)| format!("{count} {why}")).collect();
    if text.is_empty() { Ok(()) } else { write!(f, " ({})", named(&text)) }
}

fn percent(permille: u64) -> String {
    format!("{}.{} %", permille / 10, permille % 10)
}

impl fmt::Display for HeldBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeldBack::GateNotMet { have, need, because: own } => {
                write!(f, "{} comply, and {} must", percent(*have), percent(*need))?;
                because(f, own)?;
                f.write_str("; put them right, or exempt them with an end and lower --min-rate")
            }
            HeldBack::NotEnoughDays { .. } | HeldBack::WouldRefuse { .. } | HeldBack::Refused { .. } => {
                self.about_days(f)
            }
            HeldBack::NotJudged { pairs: 0, because: own } => {
                f.write_str("not judged: ")?;
                f.write_str(&own.iter().map(|row| row.0.as_str()).collect::<Vec<_>>().join("; "))
            }
            HeldBack::NotJudged { pairs, because: own } => {
                write!(f, "{} of resource and policy could not be judged", counted(*pairs, "pair"))?;
                because(f, own)?;
                f.write_str("; read what is missing, or say --accept-not-judged")
            }
            HeldBack::WaitingForApproval(who) => {
                write!(f, "{} has to agree: say who did with --approved-by NAME", who.who())
            }
            HeldBack::NotItsTurn { first } => write!(f, "stage `{first}` comes first"),
            HeldBack::InventoryTooOld { read_at: None, hours } => write!(
                f,
                "no document says when the inventory was read, and it must not be older than {hours} hours: \
                 collect it with dekey collect, or pack it with dekey snapshot pack --taken-at"
            ),
            HeldBack::InventoryTooOld { read_at: Some(read_at), hours } => {
                write!(
                    f,
                    "the inventory was read at {read_at:.0}, and must not be older than {hours} hours: read it again"
                )
            }
            HeldBack::NoInventory => f.write_str(
                "what it would refuse depends on what is there now: give a fresh inventory with --from",
            ),
        }
    }
}

impl HeldBack {
    /// The reasons that are about a span of days.
    fn about_days(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeldBack::NotEnoughDays { since: None, need, .. } => {
                write!(f, "it must be audited for {} first, and is not audited yet", days(*need))
            }
            HeldBack::NotEnoughDays { since: Some(since), have, need } => {
                write!(f, "audited for {} (since {since:.0}), and {} are needed", days(*have), days(*need))
            }
            HeldBack::WouldRefuse { resources, days: own, whose } => {
                write!(
                    f,
                    "{} written in the last {}, and the next write would be refused: {}",
                    if *resources == 1 {
                        "1 resource that does not comply was".to_owned()
                    } else {
                        format!("{resources} resources that do not comply were")
                    },
                    days(*own),
                    named(whose)
                )
            }
            HeldBack::Refused { requests, days: own, whose } => {
                write!(
                    f,
                    "{} refused in the last {} where the policy is in force already: {}",
                    if *requests == 1 {
                        "1 request was".to_owned()
                    } else {
                        format!("{requests} requests were")
                    },
                    days(*own),
                    named(whose)
                )
            }
            _ => Ok(()),
        }
    }
}

fn days(count: i64) -> String {
    if count == 1 { "1 day".to_owned() } else { format!("{count} days") }
}
