//! What PHP is told of connections, and what it asks for in turn.
//!
//! Messages are announced in Reverb's order: an answer before the message that it answers.

use std::{sync::mpsc, time::Instant};

use bytes::Bytes;

use super::{ConnectionKey, Worker, fan_out::find_pending};
use crate::{
    engine::{
        application::ApplicationIndex,
        backlog::Outlet,
        connection::Connection,
        event::{Caller, EventKind, Place, Subject},
        reach::Subscriber,
    },
    protocol::{ChannelName, SocketId},
    websocket,
};

impl<O: Outlet> Worker<O> {
    pub(super) fn listens_to(&self, kind: EventKind) -> bool {
        self.events.contains(kind)
    }

    /// Tells that something happened to a connection of the application.
    pub(super) fn tell(&self, kind: EventKind, application: ApplicationIndex, key: ConnectionKey) {
        let subject = || Subject::Connection(self.caller(key));
        self.engine.notices().event(application, kind, subject);
    }

    /// Tells that a message of a connection was handled.
    pub(super) fn tell_received(
        &mut self,
        application: ApplicationIndex,
        key: ConnectionKey,
        text: &str,
    ) {
        self.tell_replies(key);
        let kind = EventKind::MessageReceived;
        self.engine
            .notices()
            .event(application, kind, || Subject::Message {
                connection: self.caller(key),
                text: Bytes::copy_from_slice(text.as_bytes()),
            });
    }

    /// Tells of the replies to a connection that were not told of yet.
    pub(super) fn tell_replies(&mut self, key: ConnectionKey) {
        if !self.listens_to(EventKind::MessageSent) {
            return;
        }
        let told = std::mem::replace(&mut self.told, self.replies.len());
        self.tell_sent(key, self.replies[told..].iter());
    }

    /// Tells of the events that a connection is about to get.
    #[cold]
    pub(super) fn tell_pending(&self, key: ConnectionKey) {
        let (channels, mut pending) = (&self.channels, Vec::new());
        find_pending(channels, &self.connections[key], &mut pending);
        let frames = pending.iter();
        let frames = frames.filter_map(|(order, channel)| channels[*channel].frame(*order));
        self.tell_sent(key, frames.map(|logged| logged.copies.plain()));
    }

    pub(super) fn caller(&self, key: ConnectionKey) -> Caller {
        let connection = &self.connections[key];
        Caller {
            socket_id: connection.socket_id,
            place: Place {
                worker: part(self.index),
                key: part(key),
            },
            source: connection.source.clone(),
        }
    }

    /// Sends a frame to a connection after all that was for it before, unless that has gone.
    pub(super) fn send_to(
        &mut self,
        (key, socket_id): (ConnectionKey, SocketId),
        frame: Bytes,
        now: Instant,
    ) {
        if self.is_there(key, socket_id) {
            self.catch_up(key);
            self.replies.push(frame);
            self.flush(key, now);
        }
    }

    /// Closes a connection after all that was for it before, unless that has gone.
    pub(super) fn close(&mut self, (key, socket_id): (ConnectionKey, SocketId), now: Instant) {
        /// The purpose for which the connection was made is fulfilled (RFC 6455, section 7.4.1).
        const NORMAL: u16 = 1000;
        if self.is_there(key, socket_id) {
            self.catch_up(key);
            self.replies.push(websocket::close_frame(NORMAL, ""));
            self.begin_closing(key, now);
            self.flush(key, now);
        }
    }

    /// Tells who subscribes to a channel here.
    pub(super) fn list(
        &self,
        (application, channel): (ApplicationIndex, ChannelName),
        answer: &mpsc::Sender<Vec<Subscriber>>,
    ) {
        let channel = self.names.get(&(application, channel));
        let list = channel.map(|channel| {
            let subscribers = self.channels[*channel].subscribers.iter();
            subscribers
                .map(|subscriber| Subscriber {
                    connection: self.caller(subscriber.connection()),
                    member: self.connections[subscriber.connection()].subscriptions
                        [subscriber.subscription()]
                    .member
                    .clone(),
                })
                .collect()
        });
        // Whoever asked may have lost patience.
        let _ = answer.send(list.unwrap_or_default());
    }

    fn tell_sent<'f>(&self, key: ConnectionKey, frames: impl Iterator<Item = &'f Bytes>) {
        let connection = self.connections.get(key);
        let Some(application) = connection.and_then(|connection| connection.application) else {
            return;
        };
        for text in frames.filter_map(websocket::text) {
            let kind = EventKind::MessageSent;
            self.engine
                .notices()
                .event(application, kind, || Subject::Message {
                    connection: self.caller(key),
                    text,
                });
        }
    }

    fn is_there(&self, key: ConnectionKey, socket_id: SocketId) -> bool {
        let is_it = |connection: &Connection<O>| {
            connection.socket_id == socket_id && !connection.is_closing()
        };
        self.connections.get(key).is_some_and(is_it)
    }
}

/// Half of a place. There are neither so many workers nor so many connections.
fn part(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
