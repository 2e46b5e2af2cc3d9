//! What happens on a server that PHP may listen to, one kind for each of the package's event classes.
//!
//! Nobody is told of a kind that nobody listens to; see [`super::Notices`] for the way to PHP.

use std::sync::Arc;

use bytes::Bytes;

use super::application::ApplicationIndex;
use crate::protocol::{ChannelName, Member, SocketId};

/// Kinds of events, under the names that PHP gives and gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A client's message was handled.
    MessageReceived,
    /// A message went to one connection.
    MessageSent,
    /// A channel has its first subscriber.
    ChannelCreated,
    /// A channel has lost its last subscriber.
    ChannelRemoved,
    /// A silent connection was closed.
    ConnectionPruned,
    /// A connection was greeted.
    ConnectionOpened,
    /// A connection that was greeted has left its channels and is over.
    ConnectionClosed,
    /// The same as [`EventKind::ChannelCreated`], in Pusher's words.
    ChannelOccupied,
    /// The same as [`EventKind::ChannelRemoved`], in Pusher's words.
    ChannelVacated,
    /// A user came to a presence channel with its first connection.
    MemberAdded,
    /// A user left a presence channel with its last connection.
    MemberRemoved,
    /// A client's event was relayed.
    ClientEventReceived,
}

impl EventKind {
    /// Each kind with its name.
    pub const ALL: [(Self, &'static str); 12] = [
        (Self::MessageReceived, "message_received"),
        (Self::MessageSent, "message_sent"),
        (Self::ChannelCreated, "channel_created"),
        (Self::ChannelRemoved, "channel_removed"),
        (Self::ConnectionPruned, "connection_pruned"),
        (Self::ConnectionOpened, "connection_opened"),
        (Self::ConnectionClosed, "connection_closed"),
        (Self::ChannelOccupied, "channel_occupied"),
        (Self::ChannelVacated, "channel_vacated"),
        (Self::MemberAdded, "member_added"),
        (Self::MemberRemoved, "member_removed"),
        (Self::ClientEventReceived, "client_event_received"),
    ];

    /// The kind with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let mut kinds = Self::ALL.into_iter();
        kinds
            .find(|(_, other)| *other == name)
            .map(|(kind, _)| kind)
    }

    /// The name of the kind.
    #[must_use]
    pub fn name(self) -> &'static str {
        let mut kinds = Self::ALL.into_iter();
        let entry = kinds.find(|(kind, _)| *kind == self);
        entry.map_or("", |(_, name)| name)
    }

    fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// The kinds that somebody listens to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventKinds(u16);

impl EventKinds {
    /// Whether somebody listens to this kind.
    #[must_use]
    pub fn contains(self, kind: EventKind) -> bool {
        self.0 & kind.bit() != 0
    }

    /// Whether nobody listens to anything.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<EventKind> for EventKinds {
    fn from_iter<I: IntoIterator<Item = EventKind>>(kinds: I) -> Self {
        Self(kinds.into_iter().fold(0, |bits, kind| bits | kind.bit()))
    }
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event {
    /// To which application.
    pub application: ApplicationIndex,
    /// What.
    pub kind: EventKind,
    /// To whom or to what.
    pub subject: Subject,
}

/// Who or what an event is about.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A connection.
    Connection(Caller),
    /// A channel.
    Channel(ChannelName),
    /// A message, and the connection that sent or received it.
    Message {
        /// Who sent or received it.
        connection: Caller,
        /// The message's text.
        text: Bytes,
    },
    /// A user in a presence channel.
    Member {
        /// Where.
        channel: ChannelName,
        /// Who.
        member: Arc<Member>,
    },
    /// An event of a client.
    ClientEvent {
        /// Who sent it.
        connection: Caller,
        /// Where to.
        channel: ChannelName,
        /// Its name, data as JSON text, and the signed user id of the sender.
        said: Box<Said>,
    },
}

/// What a client event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The name of the event.
    pub event: String,
    /// JSON text.
    pub data: String,
    /// The user that the sender is in the channel.
    pub user_id: Option<String>,
}

/// A connection as PHP knows it: enough to speak to it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Its public name.
    pub socket_id: SocketId,
    /// Where it is.
    pub place: Place,
    /// Where it came from.
    pub source: Option<Arc<Source>>,
}

/// Where a connection came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The client's address.
    pub address: Box<str>,
    /// The `Origin` of the page.
    pub origin: Option<Box<str>>,
}

/// Which worker has a connection, and under which key. Together with the socket id it names one
/// connection for ever, as keys are used again and socket ids are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub(super) worker: u32,
    pub(super) key: u32,
}

impl Place {
    /// The place as one number, for PHP to keep.
    #[must_use]
    pub fn number(self) -> i64 {
        i64::from(self.worker) << 32 | i64::from(self.key)
    }

    /// The place behind a number; of a wrong number it is one where nobody is.
    #[must_use]
    pub fn from_number(number: i64) -> Self {
        let part = |part: i64| u32::try_from(part & i64::from(u32::MAX)).unwrap_or(u32::MAX);
        Self {
            worker: part(number >> 32),
            key: part(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{EventKind, EventKinds, Place};

    #[test]
    fn each_kind_has_a_name_and_a_bit_of_its_own() {
        for (kind, name) in EventKind::ALL {
            assert_eq!(EventKind::parse(name), Some(kind));
            assert_eq!(kind.name(), name);
            let alone: EventKinds = [kind].into_iter().collect();
            let others = EventKind::ALL
                .into_iter()
                .filter(|(other, _)| *other != kind);
            assert!(
                alone.contains(kind) && others.into_iter().all(|(other, _)| !alone.contains(other))
            );
        }
        assert_eq!(EventKind::parse("everything"), None);
    }

    #[test]
    fn a_place_reads_back_as_written() {
        for (worker, key) in [(0, 0), (3, 70_000), (1023, u32::MAX)] {
            let place = Place { worker, key };
            assert_eq!(Place::from_number(place.number()), place);
        }
    }
}
