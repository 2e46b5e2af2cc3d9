//! The engine without a socket: workers are driven by hand and what they send is recorded.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod applications;
mod cache;
mod client_events;
mod cluster;
mod coalescing;
mod fan_out;
mod limits;
mod listeners;
mod liveness;
mod metrics;
mod presence;
mod stage;
mod subscriptions;
mod users;
mod waking;
