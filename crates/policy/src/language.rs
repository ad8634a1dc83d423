//! The functions that policies have beyond those of templates.

use dekey_expr::{HostFunction, Language, Limits};

/// Their numbers in [`LANGUAGE`].
pub(crate) const PARAMETERS: usize = 0;
pub(crate) const FIELD: usize = 1;
pub(crate) const CURRENT: usize = 2;
pub(crate) const REQUEST_CONTEXT: usize = 3;
pub(crate) const POLICY: usize = 4;
pub(crate) const RESOURCE_GROUP: usize = 5;
pub(crate) const SUBSCRIPTION: usize = 6;
pub(crate) const CLAIMS: usize = 7;

const fn host(name: &'static str, min: usize, max: usize, constant: bool) -> HostFunction {
    HostFunction { name, min, max, constant }
}

/// The language of policy rules.
pub(crate) const LANGUAGE: Language = Language {
    host: &[
        host("parameters", 1, 1, true),
        host("field", 1, 1, false),
        host("current", 0, 1, false),
        host("requestContext", 0, 0, false),
        host("policy", 0, 0, true),
        host("resourceGroup", 0, 0, false),
        host("subscription", 0, 0, false),
        host("claims", 0, 1, false),
    ],
    limits: Limits::POLICY,
};
