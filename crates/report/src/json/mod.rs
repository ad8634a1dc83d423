//! JSON for programs. A version's module never changes the meaning of what it writes; it may only add properties.

pub mod v1;
