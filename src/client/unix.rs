//! The second way: the server's unix socket.
//!
//! A [`Link`] outlives its connections. It keeps the publisher's id, its sequence and the events without an answer,
//! so that an event which is sent again over a new connection is recognised by the server and not published twice.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use crate::protocol::local::{ClientFrame, LocalError, PublisherId, Reason};

use super::{deadline::Deadline, inquiry::Reply, options::Options, publisher::Event};
use connection::{Connection, Goal};
use window::Window;
pub(super) use window::{Cause, Failure};

mod connection;
mod window;

/// How many servers in a row may stop before a publish is given up: they restart, and each is met as it leaves.
const MOST_STOPS: u32 = 16;

/// How many events of a batch may wait to be written with the next one.
const GATHERED_EVENTS: usize = 64;

/// How many bytes they may have.
const GATHERED_BYTES: usize = 64 * 1024;

/// How long they wait, if there is a next one.
const GATHERED_TIME: Duration = Duration::from_millis(1);

/// One application's way to one socket.
pub(super) struct Link {
    /// `None` until the first publish.
    publisher: Option<PublisherId>,
    window: Window,
    connection: Option<Connection>,
    /// Since when events wait to be written together, and how many; `None` if none do.
    gathered: Option<(Instant, usize)>,
    /// A connection on which the server did not answer in time. Before it has, nobody waits for it again.
    silent: Option<Connection>,
}

/// Where a link leads, and for how long it may be tried.
#[derive(Clone, Copy)]
pub(super) struct Way<'a> {
    pub(super) socket: &'a Path,
    pub(super) options: &'a Options,
    pub(super) deadline: Deadline,
}

/// Whether a publisher waits for the server's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    Wait,
    WriteOnly,
    /// Not even for the writing: the next event may come along, and somebody waits at the end.
    Gather,
}

impl Patience {
    /// The patience of a publisher with this option.
    pub(super) fn of(acknowledge: bool) -> Self {
        if acknowledge {
            Self::Wait
        } else {
            Self::WriteOnly
        }
    }
}

/// Why the socket did not do.
#[derive(Debug)]
pub(super) enum UnixError {
    /// Nobody listens there; the next way may be tried.
    Unreachable(String),
    /// The connection ended; a new one may do.
    Broken(String),
    /// The same, and what the server did not answer it has not taken: it said so, or had not welcomed us.
    Stopped(String),
    /// The deadline has passed.
    TimedOut,
    /// A deadline has passed before, and the server has not said anything since; nothing was sent.
    Silent,
    /// The server does not let us publish.
    Refused(Reason, String),
    /// An event was not published.
    Failed(Failure),
    /// An event that nobody waited for was not published, and therefore this one was not sent.
    FailedEarlier(Failure),
    /// The other side speaks our protocol, but does not know the secret.
    Impostor,
    /// The other side does not speak our protocol.
    Unexpected(String),
}

impl Link {
    pub(super) fn new() -> Self {
        Self {
            publisher: None,
            window: Window::new(),
            connection: None,
            gathered: None,
            silent: None,
        }
    }

    /// Publishes events in their order. A connection that turns out to be dead is remade once, and also as servers stop.
    ///
    /// After an error none of them is tried any further. Of several events that are waited for, the first failure is
    /// told; the others may have been published.
    pub(super) fn publish(
        &mut self,
        way: Way<'_>,
        events: &[Event<'_>],
        patience: Patience,
    ) -> Result<(), UnixError> {
        if patience == Patience::Gather && self.may_gather() {
            return self.gather(events);
        }
        self.hear_of_earlier_events(way, patience)?;
        let (before, failures) = (self.window.sequence(), self.window.failures());
        self.window.push(events).map_err(UnixError::Failed)?;
        match patience {
            Patience::WriteOnly | Patience::Gather => self.pursue(way, Goal::Written, before),
            Patience::Wait => {
                let result = self.pursue(way, Goal::Answered, before);
                if result.is_ok() {
                    self.window.forgive_since(failures);
                }
                result?;
                self.told(UnixError::Failed)
            }
        }
    }

    /// Waits until everything is answered.
    pub(super) fn settle(&mut self, way: Way<'_>) -> Result<(), UnixError> {
        if !self.window.is_empty() {
            self.pursue(way, Goal::Answered, self.window.sequence())?;
        }
        self.told(UnixError::Failed)
    }

    /// Asks for something that may be asked twice.
    ///
    /// What was published before is answered before.
    pub(super) fn ask(&mut self, way: Way<'_>, call: &ClientFrame<'_>) -> Result<Reply, UnixError> {
        if !self.window.is_empty() {
            self.pursue(way, Goal::Answered, self.window.sequence())?;
        }
        self.persist(|link| link.attempt_ask(way, call))
    }

    /// Writes what was gathered, for one who will not come back to wait for it.
    pub(super) fn flush(&mut self, way: Way<'_>) {
        if self.gathered.is_some() {
            // What fails is counted.
            let _ = self.pursue(way, Goal::Written, self.window.sequence());
        }
    }

    /// How many events have failed that nobody waited for.
    pub(super) fn failures(&self) -> u64 {
        self.window.failures()
    }

    /// Whether an event may wait: others are on their way, and those that wait are few and have not waited long.
    fn may_gather(&self) -> bool {
        let is_early = |(since, events): (Instant, usize)| {
            events < GATHERED_EVENTS && since.elapsed() < GATHERED_TIME
        };
        self.connection.is_some()
            && !self.window.is_empty()
            && self.window.unwritten().len() < GATHERED_BYTES
            && self.gathered.is_none_or(is_early)
    }

    fn gather(&mut self, events: &[Event<'_>]) -> Result<(), UnixError> {
        self.window.push(events).map_err(UnixError::Failed)?;
        let (_, count) = self.gathered.get_or_insert_with(|| (Instant::now(), 0));
        *count += events.len();
        Ok(())
    }

    /// Tells what has become known of events that nobody waited for; one who waits, waits for them first.
    fn hear_of_earlier_events(
        &mut self,
        way: Way<'_>,
        patience: Patience,
    ) -> Result<(), UnixError> {
        if patience == Patience::Wait {
            if !self.window.is_empty() {
                // Without a connection they have failed now, which is told below.
                let _ = self.pursue(way, Goal::Answered, self.window.sequence());
            }
        } else if let Some(connection) = &mut self.connection
            && connection.listen(&mut self.window).is_err()
        {
            self.connection = None;
        }
        self.told(UnixError::FailedEarlier)
    }

    fn told(&mut self, error: fn(Failure) -> UnixError) -> Result<(), UnixError> {
        self.window
            .take_failure()
            .map_or(Ok(()), |failure| Err(error(failure)))
    }

    /// Reaches the goal, or gives up: what is behind the sequence by this error, what is before it as failures.
    fn pursue(&mut self, way: Way<'_>, goal: Goal, sequence: u64) -> Result<(), UnixError> {
        self.gathered = None;
        let result = self.persist(|link| link.attempt(way, goal));
        result.map_err(|error| {
            let error = match error {
                // The next way must not be tried with what this server may have taken.
                UnixError::Unreachable(cause) if self.window.is_in_doubt() => {
                    UnixError::Broken(cause)
                }
                error => error,
            };
            self.window.take_back(sequence);
            self.window.give_up(error.cause());
            error
        })
    }

    /// Tries until that leads to something: once more after a loss, and with the next server when one stops.
    fn persist<R>(
        &mut self,
        mut attempt: impl FnMut(&mut Self) -> Result<R, UnixError>,
    ) -> Result<R, UnixError> {
        let mut has_lost = false;
        let mut stops = 0;
        loop {
            match attempt(self) {
                Err(UnixError::Broken(_)) if !has_lost => has_lost = true,
                Err(UnixError::Stopped(_)) if stops < MOST_STOPS => stops += 1,
                Err(UnixError::Stopped(cause)) => return Err(UnixError::Broken(cause)),
                result => return result,
            }
        }
    }

    /// Only a connection that did its work is kept.
    fn attempt(&mut self, way: Way<'_>, goal: Goal) -> Result<(), UnixError> {
        let mut connection = self.connect(way)?;
        match connection.exchange(&mut self.window, goal, way.deadline) {
            Ok(()) => self.connection = Some(connection),
            Err(error) => {
                let error = self.part(connection, error);
                // What it said before it left may have been all that was waited for.
                if !(error.is_loss() && goal.is_reached(&self.window)) {
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn attempt_ask(&mut self, way: Way<'_>, call: &ClientFrame<'_>) -> Result<Reply, UnixError> {
        let mut connection = self.connect(way)?;
        match connection.ask(call, way.deadline) {
            Ok(answer) => {
                self.connection = Some(connection);
                Ok(answer)
            }
            Err(error) => Err(self.part(connection, error)),
        }
    }

    /// Takes the connection there is, or makes one.
    fn connect(&mut self, way: Way<'_>) -> Result<Connection, UnixError> {
        if let Some(connection) = self.connection.take() {
            return Ok(connection);
        }
        if self.silent.as_ref().is_some_and(Connection::is_silent) {
            return Err(UnixError::Silent);
        }
        self.silent = None;
        let publisher = self.publisher()?;
        let mut connection = Connection::open(way)?;
        match connection.greet(way, publisher) {
            Ok(server) => {
                self.window.rewind(server);
                Ok(connection)
            }
            Err(error) => Err(match self.part(connection, error) {
                UnixError::Broken(cause) => UnixError::Stopped(cause),
                error => error,
            }),
        }
    }

    /// Gives a connection up; one that was waited for in vain is kept, to see when the server speaks again, and what
    /// a lost one said before it was lost still counts.
    fn part(&mut self, mut connection: Connection, error: UnixError) -> UnixError {
        if matches!(error, UnixError::TimedOut) {
            self.silent = Some(connection);
        } else if error.is_loss()
            && let Err(stopped @ UnixError::Stopped(_)) = connection.listen(&mut self.window)
        {
            return stopped;
        }
        error
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

impl UnixError {
    /// Whether the connection has ended.
    fn is_loss(&self) -> bool {
        matches!(self, Self::Broken(_) | Self::Stopped(_))
    }

    /// What is said about events that were lost with it.
    fn cause(&self) -> &str {
        match self {
            Self::Unreachable(cause)
            | Self::Broken(cause)
            | Self::Stopped(cause)
            | Self::Unexpected(cause) => cause,
            Self::Refused(_, message) => message,
            Self::TimedOut | Self::Silent => "no answer in time",
            Self::Impostor => "another program is in the server's place",
            Self::Failed(_) | Self::FailedEarlier(_) => "another event failed",
        }
    }
}

impl From<LocalError> for UnixError {
    fn from(error: LocalError) -> Self {
        Self::Unexpected(error.to_string())
    }
}
