//! Many servers as one: what the engine shares with other nodes goes over Redis.
//!
//! [`Coordinator`] decides who is told what, and when; it knows neither Redis nor bytes, sockets or
//! the clock.

mod broker;
mod complaints;
mod connect;
mod coordinator;
mod driver;
mod ears;
mod envelope;
mod link;
mod memory;
mod names;
mod recall;
mod script;
mod seal;
mod settings;
mod slot;
mod tls;
mod value;
mod wire;

pub use coordinator::{Command, Coordinator, Input, Message, Pace};
pub use driver::{Bell, Driver, UnusableRedis};
pub use settings::{Address, Credentials, Dialect, Settings, Times, TlsSettings, Topology};

#[cfg(test)]
#[path = "../../tests/cluster/inside/mod.rs"]
mod inside;
