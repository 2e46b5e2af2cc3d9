//! The defects of Laravel Reverb 1.10, D1 to D42, each with a test that shows its opposite.
//!
//! The numbers are those of the analysis of Reverb that this server was written after; what is wrong
//! there stands above each test. `registry.rs` fails when a number has no test.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic, in its helpers too"
)]

#[path = "../engine/stage.rs"]
#[allow(dead_code, reason = "the tests of the engine use the rest")]
mod stage;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "the tests of the server use the rest")]
mod support;

mod admission;
mod api;
mod caches;
mod events;
mod framing;
mod identity;
mod load;
mod registry;
mod resources;
mod signatures;
