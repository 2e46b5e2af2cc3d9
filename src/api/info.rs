//! What a caller wants to know about a channel, and what it is told.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::protocol::ChannelName;

/// The words of an `info` parameter.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Info {
    occupied: bool,
    user_count: bool,
    subscription_count: bool,
    cache: bool,
}

/// What the engine knows about a channel.
#[derive(Clone, Debug, Default)]
pub struct Occupancy {
    /// The number of subscribed connections.
    pub subscriptions: usize,
    /// The number of different users, of a presence channel.
    pub users: usize,
    /// The last event of a cache channel, as its subscribers got it.
    pub cached: Option<Box<RawValue>>,
}

/// What is told about a channel, in Reverb's order.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ChannelInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    occupied: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription_count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache: Option<Box<RawValue>>,
}

impl Info {
    /// Reads a list separated by commas; words that nobody knows are left out.
    #[must_use]
    pub fn parse(words: &str) -> Self {
        let mut info = Self::default();
        for word in words.split(',') {
            match word {
                "occupied" => info.occupied = true,
                "user_count" => info.user_count = true,
                "subscription_count" => info.subscription_count = true,
                "cache" => info.cache = true,
                _ => {}
            }
        }
        info
    }

    /// The same and `occupied`, as `GET /channels/{channel}` always tells it.
    #[must_use]
    pub fn with_occupied(self) -> Self {
        Self {
            occupied: true,
            ..self
        }
    }

    /// What to tell: users of presence channels only, subscriptions of the others only.
    #[must_use]
    pub fn of(self, channel: &ChannelName, occupancy: Occupancy) -> ChannelInfo {
        let is_occupied = occupancy.subscriptions > 0;
        let is_presence = channel.is_presence();
        ChannelInfo {
            occupied: self.occupied.then_some(is_occupied),
            user_count: (self.user_count && is_occupied && is_presence).then_some(occupancy.users),
            subscription_count: (self.subscription_count && is_occupied && !is_presence)
                .then_some(occupancy.subscriptions),
            cache: occupancy.cached.filter(|_| self.cache && is_occupied),
        }
    }
}
