//! Applications: who may connect and publish, and under which limits.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::{
    metrics::{ApplicationStats, Messages},
    origin,
};
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
/// Those of events and batches are kept by the HTTP API.
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
    pub fn check(
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ApplicationIndex(pub(super) u32);

/// The applications of this server, with their figures.
#[derive(Debug)]
pub struct Applications {
    list: Vec<Arc<Application>>,
    connections: Vec<AtomicUsize>,
    messages: Vec<Messages>,
    by_key: HashMap<String, ApplicationIndex>,
    by_id: HashMap<String, ApplicationIndex>,
}

impl Applications {
    /// Gathers the applications; of two with the same key or id the first counts.
    #[must_use]
    pub fn new(list: Vec<Application>) -> Self {
        let list: Vec<_> = list.into_iter().map(Arc::new).collect();
        let mut by_key = HashMap::new();
        let mut by_id = HashMap::new();
        for (index, application) in (0..).map(ApplicationIndex).zip(&list) {
            by_key.entry(application.key.clone()).or_insert(index);
            by_id.entry(application.id.clone()).or_insert(index);
        }
        Self {
            connections: list.iter().map(|_| AtomicUsize::new(0)).collect(),
            messages: list.iter().map(|_| Messages::default()).collect(),
            list,
            by_key,
            by_id,
        }
    }

    /// The application that clients name by this key.
    #[must_use]
    pub fn by_key(&self, key: &str) -> Option<ApplicationIndex> {
        self.by_key.get(key).copied()
    }

    /// The application that publishers name by this id.
    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<ApplicationIndex> {
        self.by_id.get(id).copied()
    }

    /// The application itself.
    #[must_use]
    pub fn application(&self, index: ApplicationIndex) -> &Arc<Application> {
        &self.list[index.0 as usize]
    }

    /// All of them.
    pub fn indices(&self) -> impl Iterator<Item = ApplicationIndex> {
        (0..).map(ApplicationIndex).take(self.list.len())
    }

    /// How many connections the application has.
    #[must_use]
    pub fn connections(&self, index: ApplicationIndex) -> usize {
        self.connections[index.0 as usize].load(Ordering::Relaxed)
    }

    /// The figures of every application, by its id. Messages are told of within a second.
    pub fn stats(&self) -> impl Iterator<Item = (&str, ApplicationStats)> {
        (0..)
            .map(ApplicationIndex)
            .zip(&self.list)
            .map(|(index, application)| {
                let messages = self.messages(index);
                let stats = ApplicationStats {
                    connections: self.connections(index),
                    messages_received: messages.received(),
                    messages_sent: messages.sent(),
                };
                (application.id.as_str(), stats)
            })
    }

    pub(super) fn messages(&self, index: ApplicationIndex) -> &Messages {
        &self.messages[index.0 as usize]
    }

    /// Counts a connection in, unless the application has as many as it may.
    pub(super) fn admit(&self, index: ApplicationIndex) -> bool {
        let most = self
            .application(index)
            .max_connections
            .unwrap_or(usize::MAX);
        self.connections[index.0 as usize]
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
                (count < most).then_some(count + 1)
            })
            .is_ok()
    }

    /// Counts a connection in that was admitted elsewhere.
    pub(super) fn count_in(&self, index: ApplicationIndex) {
        self.connections[index.0 as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn release(&self, index: ApplicationIndex) {
        self.connections[index.0 as usize].fetch_sub(1, Ordering::Relaxed);
    }
}
