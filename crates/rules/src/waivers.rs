//! Waivers: findings that somebody has accepted until a date. They are counted and shown, never hidden.

use crate::{Settings, Waiver};
use globset::{GlobBuilder, GlobMatcher};
use jiff::civil::Date;

/// Whether a waiver still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaiverState {
    /// Holds; the number of days that are left.
    Active(i32),
    /// Past its last day: its findings count again.
    Expired,
}

/// A waiver and what it did in this audit.
#[derive(Clone, Debug)]
pub struct WaiverUse {
    /// The waiver.
    pub waiver: Waiver,
    /// Whether it holds.
    pub state: WaiverState,
    /// How many findings it covers, or would cover had it not expired.
    pub findings: usize,
}

pub(crate) struct Matcher {
    entries: Vec<(GlobMatcher, WaiverUse)>,
}

impl Matcher {
    pub(crate) fn new(settings: &Settings, as_of: Date) -> Self {
        let entries = settings.waivers.iter().filter_map(|waiver| {
            let glob = GlobBuilder::new(&waiver.resource).case_insensitive(true).build().ok()?;
            let days = as_of.until(waiver.expires).map_or(0, |span| span.get_days());
            let state = if waiver.expires < as_of { WaiverState::Expired } else { WaiverState::Active(days) };
            Some((glob.compile_matcher(), WaiverUse { waiver: waiver.clone(), state, findings: 0 }))
        });
        Self { entries: entries.collect() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The active waiver that covers a finding. Counts every waiver that matches.
    pub(crate) fn cover(&mut self, rule: &str, resource: &str) -> Option<usize> {
        let mut covered = None;
        for (at, (glob, entry)) in self.entries.iter_mut().enumerate() {
            if entry.waiver.rule == rule && glob.is_match(resource) {
                entry.findings += 1;
                if covered.is_none() && entry.state != WaiverState::Expired {
                    covered = Some(at);
                }
            }
        }
        covered
    }

    pub(crate) fn into_uses(self) -> Vec<WaiverUse> {
        self.entries.into_iter().map(|entry| entry.1).collect()
    }
}
