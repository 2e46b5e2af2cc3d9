//! The Pusher protocol as text and types: what clients and servers say to each other.
//!
//! Pure: no socket, no clock, no lock, nothing of the engine's state.
//! Read on in `engine` for what a message does, in `websocket` for how it travels.

pub mod auth;
mod channel_name;
mod client_message;
pub mod encryption;
mod error;
pub mod json;
pub mod local;
mod member;
mod server_message;
mod socket_id;
mod user;

pub use channel_name::{Access, ChannelName, InvalidChannelName};
pub use client_message::{ClientEvent, ClientMessage, SignIn, Subscribe};
pub use error::PusherError;
pub use member::{Member, UserId};
pub use server_message::{
    Data, ServerMessage, Status, cache_miss, connection_established, error, event, member_added,
    member_removed, ping, pong, presence_succeeded, signin_success, subscription_count,
    subscription_succeeded, watchlist_events,
};
pub use socket_id::SocketId;
pub use user::User;
