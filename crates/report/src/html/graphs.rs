//! Pictures of workspaces: who acts, through which role, where, and who gets at the keys.

use crate::access::{Teller, svg};
use crate::{GroupKind, Report};
use dekey_access::{Names, Usage};
use dekey_model::{Inventory, Kind};
use dekey_rbac::{Assume, Engine, catalogue, engine};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// How many are drawn, so that the page of a large tenant still opens.
const GRAPHS: usize = 40;

/// Draws workspaces.
pub(super) struct Graphs<'a> {
    inventory: &'a Inventory,
    engine: Engine,
    names: Names,
    now: Timestamp,
    left: usize,
}

impl<'a> Graphs<'a> {
    /// Nothing when no role assignment was read: every picture would say the same, that nothing is known.
    pub(super) fn of(report: &Report<'a>) -> Option<Self> {
        let inventory = report.inventory;
        if inventory.of_kind(Kind::RoleAssignment).is_empty() {
            return None;
        }
        let day = report.audit.as_of.to_zoned(TimeZone::UTC).map(|own| own.timestamp());
        Some(Self {
            inventory,
            engine: engine(inventory, catalogue::actions(), Assume::unless_told(inventory)),
            names: Names::of(inventory),
            now: day.unwrap_or(Timestamp::UNIX_EPOCH),
            left: GRAPHS,
        })
    }

    /// The picture of a group that is a workspace; nothing for others, and for those after the first few.
    pub(super) fn draw(&mut self, group: GroupKind) -> Option<String> {
        let GroupKind::Workspace(ix) = group else { return None };
        self.left = self.left.checked_sub(1)?;
        let teller =
            Teller { inventory: self.inventory, engine: &self.engine, names: &self.names, now: self.now };
        Some(svg(&teller.graph(self.inventory.get(ix), &Usage::default())))
    }
}
