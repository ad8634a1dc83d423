//! Builders and the case runner, for tests.

pub mod cases;
pub mod ids;
