//! Many servers as one: what the engine shares with other nodes goes over Redis.
//!
//! [`Coordinator`] decides who is told what, and when; it knows neither Redis nor bytes, sockets or
//! the clock.

mod coordinator;

pub use coordinator::{Command, Coordinator, Input, Message};
