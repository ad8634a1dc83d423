//! `access who`.

use super::fill::{Teller, plane};
use super::types::{Who, WhoHolder};
use dekey_access::who_can;
use dekey_rbac::{Action, Target};

impl Teller<'_> {
    /// Everyone who can do something, or might.
    pub fn who(&self, on: &Target, action: &Action) -> Who {
        let found = who_can(self.engine, self.inventory, on, action, self.now);
        let holder = |own: &dekey_access::Holder| WhoHolder {
            principal: self.principal(self.engine.principal_id(own.who)),
            decision: self.decision(&own.decision),
            ways: own.ways.iter().map(|own| self.way(own)).collect(),
        };
        Who {
            resource: on.id.clone(),
            action: action.name().to_owned(),
            plane: plane(action),
            holders: found.holders.iter().map(holder).collect(),
            others: self.decision(&found.others),
        }
    }
}
