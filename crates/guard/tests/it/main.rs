//! Azure Policy over inventories.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod activity;
mod example;
mod given;
mod invented;
