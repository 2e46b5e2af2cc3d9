//! Reverb for PHP: a WebSocket server for Laravel that speaks the Pusher protocol.
//!
//! `src/README.md` is the map of the layers below; `tests/architecture.rs` keeps their order.

pub mod api;
pub mod client;
pub mod cluster;
pub mod engine;
pub mod inquiry;
#[cfg(feature = "php")]
mod php;
pub mod protocol;
pub mod server;
mod trust;
pub mod websocket;
