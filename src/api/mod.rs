//! Pusher's HTTP API: from a request to a [`Command`], from an answer to a [`Response`].
//!
//! Pure: knows no socket, no HTTP library, no clock and nothing of the engine's state.
//! The order of checks is Reverb's: [`Route`], application, [`signature`], body.
//! Pusher: <https://pusher.com/docs/channels/library_auth_reference/rest-api/>.
//! Read on in `server` for who carries a command out; `tests/api.rs` holds the tables.

mod body;
mod command;
mod error;
mod fields;
mod info;
mod limits;
mod percent;
mod query;
mod response;
mod route;
pub mod signature;

pub use command::{Command, Event};
pub use error::{ApiError, FieldErrors};
pub use info::{ChannelInfo, Info, Occupancy};
pub use limits::Limits;
pub use query::Query;
pub use response::{INCOMPLETE, Response};
pub use route::{Endpoint, Route, methods};
