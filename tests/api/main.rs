//! Pusher's HTTP API as tables: requests and what they mean, answers and what they look like.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod answers;
mod bodies;
mod routes;
mod signatures;

use reverb::{api::Response, protocol::ChannelName};
use serde_json::Value;

fn channel(name: &str) -> ChannelName {
    ChannelName::parse(name).unwrap()
}

fn body_of(response: &Response) -> Value {
    serde_json::from_str(&response.body).unwrap()
}
