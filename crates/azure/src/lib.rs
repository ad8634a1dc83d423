//! The only HTTP client to Azure.
//!
//! A [`Client`] speaks for one identity with one [`Cloud`]. It reads; what writes takes a [`WriteAccess`], which only the
//! executor makes, and no call that gives out a key is sent at all. A token is sent to the service that it is for and to
//! nobody else, not even when an answer says so. How many calls run at once follows what Azure says is left ([`quota`]);
//! what may pass is tried again within bounds ([`retry`]).

mod answer;
mod call;
mod client;
mod cloud;
mod discover;
mod error;
pub mod operation;
mod pages;
mod queries;
pub mod quota;
pub mod retry;
pub mod sign_in;
mod transport;
pub mod versions;
mod write;

pub use azure_core::http::HttpClient;
pub use call::Verb;
pub use client::{Client, Limits, Observer, Tried};
pub use cloud::{Cloud, CloudError, Custom, Service, Suffixes};
pub use error::{Error, ErrorKind};
pub use pages::Pages;
pub use queries::{Column, Logs, Scope, Table};
pub use transport::{network, shared};
pub use write::{If, Write, WriteAccess};
