//! What a caller wants to know about a channel, and what it is told.

use serde::Serialize;

use crate::protocol::ChannelName;

/// The words of an `info` parameter.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Info {
    occupied: bool,
    user_count: bool,
    subscription_count: bool,
}

/// What the engine knows about a channel.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Occupancy {
    /// The number of subscribed connections.
    pub subscriptions: usize,
    /// The number of different users, of a presence channel.
    pub users: usize,
}

/// What is told about a channel, in Reverb's order.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct ChannelInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    occupied: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription_count: Option<usize>,
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
        }
    }
}
