//! Several servers and a real Redis: together they are one, whatever happens to one of them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may panic, in its helpers too"
)]

#[allow(dead_code, reason = "the tests of the server use the rest")]
#[path = "../support/mod.rs"]
mod support;

mod cost;
mod faults;
mod kinds;
mod missed;
mod node;
mod proxy;
mod questions;
mod redis;
mod truth;
mod versions;
