//! The only HTTP client to Azure.
//!
//! A [`Client`] speaks for one identity with one [`Cloud`]. It reads: there is no call here that writes, or that returns a key.
//! A token is sent to the service that it is for and to nobody else, not even when an answer says so. How many calls run at
//! once follows what Azure says is left ([`quota`]); what may pass is tried again within bounds ([`retry`]).

mod client;
mod cloud;
mod discover;
mod error;
mod pages;
pub mod quota;
pub mod retry;
pub mod sign_in;
mod transport;
pub mod versions;

pub use client::{Client, Limits, Observer, Tried};
pub use cloud::{Cloud, CloudError, Service};
pub use error::{Error, ErrorKind};
pub use pages::Pages;
pub use transport::network;
