//! Invented tenants: one of any size from a seed, and one small one that tells a story.
//!
//! Both are made of the same shapes, so that what is measured on the one and read in the other looks like what Azure
//! answers. No resource, person, identifier or key in them is real.

mod draw;
pub mod example;
mod generate;
mod shape;

pub use shape::TENANT as TENANT_ID;

pub use generate::{Bundle, Children, Part, Tally, Tenant, Truth};
