//! The second way: the server's unix socket.
//!
//! A [`Link`] outlives its connections. It keeps the publisher's id and sequence, so that an event which is sent
//! again over a new connection is recognised by the server and not published twice.

use std::path::Path;

use crate::protocol::local::{ClientFrame, LocalError, Publish, PublisherId, Reason};

use super::{deadline::Deadline, options::Options, publisher::Event};
use connection::Connection;

mod connection;

/// One application's way to one socket.
pub(super) struct Link {
    /// `None` until the first publish.
    publisher: Option<PublisherId>,
    /// The sequence of the last publish.
    sequence: u64,
    connection: Option<Connection>,
}

/// Why the socket did not do.
#[derive(Debug)]
pub(super) enum UnixError {
    /// Nobody listens there; the next way may be tried.
    Unreachable(String),
    /// The connection ended; a new one may do.
    Broken(String),
    /// The deadline has passed.
    TimedOut,
    /// The server said no.
    Refused(Reason, String),
    /// The other side does not speak our protocol.
    Unexpected(String),
    /// The event exceeds a frame.
    TooLarge,
}

impl Link {
    pub(super) fn new() -> Self {
        Self {
            publisher: None,
            sequence: 0,
            connection: None,
        }
    }

    /// Publishes and waits for the answer. A connection that turns out to be dead is remade once.
    pub(super) fn publish(
        &mut self,
        socket: &Path,
        options: &Options,
        event: &Event<'_>,
        deadline: Deadline,
    ) -> Result<(), UnixError> {
        self.sequence += 1;
        let frame = ClientFrame::Publish(Publish {
            sequence: self.sequence,
            acknowledge: true,
            socket_id: event.socket_id,
            event: event.name,
            data: event.data,
            channels: event.channels.clone(),
        });
        match self.attempt(socket, options, &frame, deadline) {
            Err(UnixError::Broken(_)) => self.attempt(socket, options, &frame, deadline),
            result => result,
        }
    }

    /// Only a connection that did its work, or whose server refused this one event, is kept.
    fn attempt(
        &mut self,
        socket: &Path,
        options: &Options,
        frame: &ClientFrame<'_>,
        deadline: Deadline,
    ) -> Result<(), UnixError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(socket, options, self.publisher()?, deadline)?,
        };
        let result = connection.publish(frame, self.sequence, deadline);
        if matches!(
            result,
            Ok(()) | Err(UnixError::Refused(..) | UnixError::TooLarge)
        ) {
            self.connection = Some(connection);
        }
        result
    }

    fn publisher(&mut self) -> Result<PublisherId, UnixError> {
        if let Some(publisher) = self.publisher {
            return Ok(publisher);
        }
        let mut publisher = PublisherId::default();
        getrandom::fill(&mut publisher)
            .map_err(|error| UnixError::Unreachable(error.to_string()))?;
        Ok(*self.publisher.insert(publisher))
    }
}

impl From<LocalError> for UnixError {
    fn from(error: LocalError) -> Self {
        Self::Unexpected(error.to_string())
    }
}
