//! What was published over a link and not answered yet.
//!
//! Frames stay here until the server has answered them, so that a new connection can send them again.
//!
//! ```text
//! bytes:  [ answered | written to the connection | not written ]
//!                    ^ start                     ^ written
//! ```

use std::collections::VecDeque;

use crate::{
    client::publisher::Event,
    protocol::local::{ClientFrame, LocalError, Publish, Reason, ServerId},
};

/// How many events may wait for their answers before a publisher waits with them.
const MAX_EVENTS: usize = 4096;

/// How many bytes they may have.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The frames without an answer, oldest first.
pub(in crate::client) struct Window {
    /// The sequence of the last event.
    sequence: u64,
    bytes: Vec<u8>,
    /// Whatever is before it was answered.
    start: usize,
    /// Whatever is before it was handed to the connection; `start <= written`.
    written: usize,
    events: VecDeque<Unanswered>,
    /// The server that got what was written.
    server: Option<ServerId>,
    /// The first event that failed, until somebody is told.
    failure: Option<Failure>,
    failures: u64,
}

struct Unanswered {
    sequence: u64,
    /// The frame's length.
    length: usize,
    name: String,
    size: usize,
}

/// An event that was not published.
#[derive(Debug)]
pub(in crate::client) struct Failure {
    /// The event's name.
    pub(in crate::client) name: String,
    /// The size of its data, in bytes.
    pub(in crate::client) size: usize,
    pub(in crate::client) cause: Cause,
}

/// Why an event was not published.
#[derive(Debug)]
pub(in crate::client) enum Cause {
    /// The server said no.
    Refused(Reason, String),
    /// It is not known what became of it: the connection was lost, or there was no more time.
    Lost(String),
}

impl Window {
    pub(super) fn new() -> Self {
        Self {
            sequence: 0,
            bytes: Vec::new(),
            start: 0,
            written: 0,
            events: VecDeque::new(),
            server: None,
            failure: None,
            failures: 0,
        }
    }

    /// Adds events to what is to be written. One that exceeds a frame takes all of them back.
    pub(super) fn push(&mut self, events: &[Event<'_>]) -> Result<(), Failure> {
        let before = self.sequence;
        for event in events {
            if let Err(error) = self.push_one(event) {
                self.take_back(before);
                return Err(Failure {
                    name: event.name.to_owned(),
                    size: event.data.len(),
                    cause: Cause::Refused(Reason::TOO_LARGE, error.to_string()),
                });
            }
        }
        Ok(())
    }

    fn push_one(&mut self, event: &Event<'_>) -> Result<(), LocalError> {
        let sequence = self.sequence + 1;
        let before = self.bytes.len();
        let frame = ClientFrame::Publish(Publish {
            sequence,
            acknowledge: true,
            socket_id: event.socket_id,
            event: event.name,
            data: event.data,
            channels: event.channels.clone(),
        });
        frame.encode(&mut self.bytes)?;
        self.sequence = sequence;
        self.events.push_back(Unanswered {
            sequence,
            length: self.bytes.len() - before,
            name: event.name.to_owned(),
            size: event.data.len(),
        });
        Ok(())
    }

    /// What is to be written next.
    pub(super) fn unwritten(&self) -> &[u8] {
        self.bytes.get(self.written..).unwrap_or_default()
    }

    /// The connection took this many bytes.
    pub(super) fn wrote(&mut self, count: usize) {
        self.written += count;
    }

    /// Whether all is written, and there is room for more.
    pub(super) fn is_written(&self) -> bool {
        self.written == self.bytes.len()
            && self.events.len() <= MAX_EVENTS
            && self.bytes.len() - self.start <= MAX_BYTES
    }

    /// Whether all is answered.
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Whether a server may have taken something that it has not answered.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.start < self.written
    }

    /// The server took an event; false if it was not the next one's turn.
    pub(super) fn acknowledge(&mut self, sequence: u64) -> bool {
        self.take(sequence).is_some()
    }

    /// The server refused an event; false if it was not the next one's turn.
    pub(super) fn refuse(&mut self, sequence: u64, reason: Reason, message: &str) -> bool {
        let Some(event) = self.take(sequence) else {
            return false;
        };
        self.fail(event, Cause::Refused(reason, message.to_owned()));
        true
    }

    /// A server has welcomed us: what another one got without an answer is lost, everything else is written again.
    ///
    /// The same server knows what it took, and does not take it twice.
    pub(super) fn rewind(&mut self, server: ServerId) {
        if self.server.replace(server) != Some(server) {
            self.give_up_written("the server was replaced before it answered");
        }
        self.written = self.start;
    }

    /// The server stops, and has not taken what it did not answer: nothing is in doubt.
    pub(super) fn closing(&mut self) {
        self.written = self.start;
    }

    /// Gives up everything; nobody will wait for it any more.
    pub(super) fn give_up(&mut self, cause: &str) {
        self.written = self.bytes.len();
        self.give_up_written(cause);
    }

    /// Forgets the events behind this sequence: whoever published them is told by an error.
    pub(super) fn take_back(&mut self, sequence: u64) {
        while self
            .events
            .back()
            .is_some_and(|event| event.sequence > sequence)
        {
            let length = self.events.pop_back().map_or(0, |event| event.length);
            self.bytes.truncate(self.bytes.len() - length);
        }
        self.written = self.written.min(self.bytes.len());
    }

    /// The first failure nobody was told yet.
    pub(super) fn take_failure(&mut self) -> Option<Failure> {
        self.failure.take()
    }

    /// How many events have failed that nobody waited for.
    pub(super) fn failures(&self) -> u64 {
        self.failures
    }

    /// Sets the number back: those who published what failed since then have waited for it.
    pub(super) fn forgive_since(&mut self, failures: u64) {
        self.failures = failures;
    }

    /// The sequence of the last event.
    pub(super) fn sequence(&self) -> u64 {
        self.sequence
    }

    fn give_up_written(&mut self, cause: &str) {
        while self.start < self.written {
            let Some(event) = self.events.pop_front() else {
                break;
            };
            self.start += event.length;
            self.fail(event, Cause::Lost(cause.to_owned()));
        }
        self.forget_answered();
    }

    fn take(&mut self, sequence: u64) -> Option<Unanswered> {
        if self.events.front()?.sequence != sequence {
            return None;
        }
        let event = self.events.pop_front()?;
        self.start += event.length;
        self.forget_answered();
        Some(event)
    }

    fn fail(&mut self, event: Unanswered, cause: Cause) {
        self.failures += 1;
        let Unanswered { name, size, .. } = event;
        self.failure.get_or_insert(Failure { name, size, cause });
    }

    /// Frees the memory of frames that were answered, now and then.
    fn forget_answered(&mut self) {
        if self.start < self.bytes.len() && self.start < MAX_BYTES {
            return;
        }
        self.written = self.written.max(self.start) - self.start;
        self.bytes.drain(..self.start);
        self.start = 0;
    }
}
