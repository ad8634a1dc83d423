//! Azure Policy over inventories.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

mod activity;
mod example;
mod given;
mod invented;
