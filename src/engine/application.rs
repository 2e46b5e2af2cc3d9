//! Applications: who may connect and publish, and under which limits.

use std::{fmt, time::Duration};

use super::origin;
use crate::protocol::ChannelName;

/// An application, as the configuration describes it.
///
/// Its secret has no way into a message or a log.
pub struct Application {
    /// Names the application in the HTTP API.
    pub id: String,
    /// Names the application to clients.
    pub key: String,
    /// Signs what the application allows.
    pub secret: String,
    /// A connection silent for this long is pinged, and closed if it stays silent as long again.
    pub ping_interval: Duration,
    /// Told to clients: after so many seconds of silence they send a ping.
    pub activity_timeout: u32,
    /// Patterns of host names; `*` stands for any characters.
    pub allowed_origins: Vec<String>,
    /// The longest message of a client, in bytes; 0 is unlimited.
    pub max_message_size: usize,
    /// How many connections there may be at a time.
    pub max_connections: Option<usize>,
    /// Whose client events are relayed.
    pub client_events: ClientEvents,
    /// How many messages a connection may send.
    pub rate_limit: Option<RateLimit>,
    /// Limits that Pusher has and Reverb has not.
    pub limits: ApplicationLimits,
    /// Whether subscribers are told how many they are (`pusher_internal:subscription_count`).
    pub subscription_count: bool,
}

/// Limits that Pusher has and Reverb has not; the default is to have none, as Reverb.
///
/// Those of batches are kept by the HTTP API, those of events also by [`super::EventLimits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApplicationLimits {
    /// Bytes of a channel's name; Pusher: 164.
    pub channel_name_length: usize,
    /// Channels that one connection may subscribe to; Pusher: unlimited.
    pub channels_per_connection: usize,
    /// Users in one presence channel; Pusher: 100.
    pub presence_members: usize,
    /// Bytes of a member's `channel_data`; Pusher: 1 KB.
    pub member_data_size: usize,
    /// Client events of one connection per second; Pusher: 10.
    pub client_events_per_second: Option<u32>,
    /// Users in a watchlist; Pusher: 100.
    pub watchlist_size: usize,
    /// Bytes of an event's name; Pusher: 200.
    pub event_name_length: usize,
    /// Bytes of an event's data; Pusher: 10 KB.
    pub event_data_size: usize,
    /// Channels of one event; Pusher: 100.
    pub channels_per_event: usize,
    /// Events of one batch; Pusher: 10.
    pub events_per_batch: usize,
}

impl Default for ApplicationLimits {
    fn default() -> Self {
        Self {
            channel_name_length: ChannelName::MAX_LENGTH,
            channels_per_connection: usize::MAX,
            presence_members: usize::MAX,
            member_data_size: usize::MAX,
            client_events_per_second: None,
            watchlist_size: 100,
            event_name_length: usize::MAX,
            event_data_size: usize::MAX,
            channels_per_event: usize::MAX,
            events_per_batch: usize::MAX,
        }
    }
}

/// The values of `accept_client_events_from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientEvents {
    /// Any connection may send to any channel that needs no signature.
    All,
    /// Only subscribers of the channel.
    Members,
    /// Nobody.
    None,
}

/// A fixed window in which a connection may send so many messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Messages per window.
    pub max_attempts: u32,
    /// The length of the window, which begins with its first message.
    pub decay: Duration,
    /// Whether a connection over the limit is closed.
    pub terminate: bool,
}

/// What a publisher of this machine asked for is more than the application allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OverLimit {
    /// The event's name is longer than `event_name_length`.
    #[error("the event's name is longer than {0} bytes (event_name_length)")]
    EventName(usize),
    /// The event's data is larger than `event_data_size`.
    #[error("the event's data is larger than {0} bytes (event_data_size)")]
    EventData(usize),
    /// The event goes to more channels than `channels_per_event`.
    #[error("the event goes to more than {0} channels (channels_per_event)")]
    Channels(usize),
    /// A channel's name is longer than `channel_name_length`.
    #[error("a channel's name is longer than {0} bytes (channel_name_length)")]
    ChannelName(usize),
}

impl ApplicationLimits {
    /// Checks an event before it is published.
    ///
    /// # Errors
    /// The first limit that it is over.
    pub(super) fn check(
        &self,
        event: &str,
        data: &str,
        channels: &[ChannelName],
    ) -> Result<(), OverLimit> {
        let longest = channels.iter().map(|channel| channel.as_str().len()).max();
        for (size, limit, over) in [
            (
                event.len(),
                self.event_name_length,
                OverLimit::EventName as fn(usize) -> OverLimit,
            ),
            (data.len(), self.event_data_size, OverLimit::EventData),
            (channels.len(), self.channels_per_event, OverLimit::Channels),
            (
                longest.unwrap_or(0),
                self.channel_name_length,
                OverLimit::ChannelName,
            ),
        ] {
            if size > limit {
                return Err(over(limit));
            }
        }
        Ok(())
    }
}

impl Application {
    /// An application with the settings that Reverb's packaged configuration has.
    #[must_use]
    pub fn new(id: &str, key: &str, secret: &str) -> Self {
        Self {
            id: id.to_owned(),
            key: key.to_owned(),
            secret: secret.to_owned(),
            ping_interval: Duration::from_secs(60),
            activity_timeout: 30,
            allowed_origins: vec!["*".to_owned()],
            max_message_size: 10_000,
            max_connections: None,
            client_events: ClientEvents::Members,
            rate_limit: None,
            limits: ApplicationLimits::default(),
            subscription_count: false,
        }
    }

    /// Whether a page of this origin may connect.
    #[must_use]
    pub fn allows_origin(&self, origin: Option<&str>) -> bool {
        origin::is_allowed(&self.allowed_origins, origin)
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Application")
            .field("id", &self.id)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// An application among those of this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ApplicationIndex(pub(super) u32);
