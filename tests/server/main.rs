//! The server from outside: clients over sockets, callers over HTTP, as in the specification.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may panic, in its helpers too"
)]

#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "the tests of TLS use the rest")]
mod support;

mod admission;
mod caches;
mod channels;
mod compression;
mod crowds;
mod events;
mod frames;
mod http;
mod lifecycle;
mod limits;
mod local;
mod provider;
mod queries;
mod rubbish;
