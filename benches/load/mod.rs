//! The load generator: many clients in one event loop, and those who publish.

mod crowd;
mod event;
pub(crate) mod fastcgi;
mod link;
mod publisher;
pub(crate) mod wire;

pub(crate) use crowd::{Channel, Crowd, OPENING, PATIENCE, ended, is_confirmation};
pub(crate) use event::{Ledger, Text};
pub(crate) use link::{Incoming, Links, said};
pub(crate) use publisher::{Publisher, Way};
