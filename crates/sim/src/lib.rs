//! An Azure that runs on loopback or in process: Resource Manager, Resource Graph, Microsoft Graph, tokens.
//!
//! [`Azure`] is pure: a request and a time go in, an answer comes out; it opens nothing and knows no clock. Two thin edges
//! carry it: [`InProcess`] is a transport for `azure_core`, and [`Server`] speaks HTTPS on loopback.

mod access;
mod arm;
mod assertion;
mod azure;
mod body;
mod clock;
mod directory;
mod fault;
mod filter;
mod id;
mod kql;
mod login;
mod logs;
mod policy;
mod resource_graph;
mod script;
mod seed;
mod server;
mod sign_in;
mod store;
mod template;
mod throttle;
mod transport;
mod types;
mod wire;

pub use azure::{Azure, Grant, Options};
pub use clock::Clock;
pub use fault::{FaultError, Faults};
pub use login::Caller;
pub use script::{Script, ScriptError};
pub use seed::SeedError;
pub use server::{Server, ServerError, ServerOptions};
pub use throttle::Throttle;
pub use transport::InProcess;
pub use wire::{Delivery, Request, Response};

/// Whether there is a built-in role of a name or GUID.
pub fn is_role(role: &str) -> bool {
    access::role_guid(role).is_some()
}

/// A number that belongs to a seed and a text.
pub(crate) fn seeded(seed: u64, text: &str) -> u64 {
    // FNV-1a, then the finish of SplitMix64, so that every bit depends on every byte.
    let hash = text
        .bytes()
        .fold(seed ^ 0xCBF2_9CE4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3));
    let z = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A GUID that belongs to a seed and a text.
pub(crate) fn guid(seed: u64, text: &str) -> String {
    let (a, b) = (seeded(seed, text), seeded(seed.wrapping_add(1), text));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xFFFF,
        a & 0xFFF,
        8 + (b >> 62),
        (b >> 48) & 0xFFF,
        b & 0xFFFF_FFFF_FFFF
    )
}
