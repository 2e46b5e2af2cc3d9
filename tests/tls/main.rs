//! The server with TLS from outside: real handshakes, real certificates, real files that change.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic, in its helpers too"
)]

#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "the tests of the server use the rest")]
mod support;

mod certificates;
mod clients;
mod configuration;
mod conversation;
mod keys;
mod pressure;
mod renewal;
mod rubbish;
mod secure;
