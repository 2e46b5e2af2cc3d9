//! A worker: the connections of one thread, their channels, and what is to be done for them.
//!
//! It knows no socket: whoever drives it hands in what was read and gives it an [`Outlet`] to
//! write to. Nothing here waits, and time is a parameter.

mod conversation;
mod events;
mod fan_out;
mod liveness;
mod parking;
mod subscriptions;
mod turns;
mod users;

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use indexmap::IndexSet;
use slab::Slab;

use self::{parking::Parked, turns::Turns};
use super::{
    application::ApplicationIndex,
    backlog::{Outlet, send},
    channel::{Channel, Spares},
    connection::{Connection, Phase},
    directory::WorkerIndex,
    event::{EventKind, EventKinds, Source},
    frame::{encode, farewell},
    inbox::Task,
    metrics::Tally,
    notice::Notice,
    publish::Engine,
};
use crate::{
    protocol::{ChannelName, PusherError, ServerMessage, SocketId, UserId},
    websocket::{Deflater, Window},
};

/// How long a closing connection may take to end its side.
const CLOSING_TIME: Duration = Duration::from_secs(5);

/// The connections of one thread.
#[derive(Debug)]
pub struct Worker<O> {
    index: WorkerIndex,
    engine: Arc<Engine>,
    /// What somebody in PHP listens to, at hand for the hot path.
    events: EventKinds,
    connections: Slab<Connection<O>>,
    channels: Slab<Channel>,
    names: HashMap<(ApplicationIndex, ChannelName), usize>,
    /// Which connections have a user in their watchlist.
    watchers: HashMap<(ApplicationIndex, UserId), IndexSet<ConnectionKey>>,
    turns: Turns,
    spares: Spares,
    /// Who waits for other nodes to subscribe.
    parked: Parked,
    /// Who has waited for its greeting.
    greeted: Vec<ConnectionKey>,
    /// How many frames the logs hold.
    logged: usize,
    /// The order of the last frame that was logged.
    order: u64,
    /// What the connection being heard is to be told at the end of its turn.
    replies: Vec<Bytes>,
    /// PHP was told of so many of the replies: `told <= replies.len()`.
    told: usize,
    /// Connections that could not be reached, to be removed by the driver.
    gone: Vec<usize>,
    /// Connections whose backlog passed `max_backlog`; empty in between.
    slow: Vec<usize>,
    /// Room for [`Worker::drain_inbox`]; empty in between.
    taken: Vec<Task>,
    /// Room for what a connection has not had of several channels: orders and channels.
    pending: Vec<(u64, usize)>,
    /// Compresses for all connections of this worker.
    deflater: Deflater,
    /// What the figures of the applications do not have yet.
    tally: Tally,
}

/// A connection among those of a worker. A key is used again after its connection was removed.
pub type ConnectionKey = usize;

/// The opening of a connection, after a valid WebSocket handshake.
#[derive(Debug)]
pub struct Opening<'a> {
    /// The answer to the handshake, sent in one piece with the greeting.
    pub head: Bytes,
    /// The application that the address names, or why it cannot be entered.
    pub application: Result<ApplicationIndex, PusherError>,
    /// The `Origin` header.
    pub origin: Option<&'a str>,
    /// The client's address, to be shown.
    pub address: &'a str,
    /// A fresh random socket id.
    pub socket_id: SocketId,
    /// How compressed messages may be, if the handshake agreed on them.
    pub window: Option<Window>,
}

impl<O> Drop for Worker<O> {
    fn drop(&mut self) {
        self.settle_figures();
    }
}

impl<O> Worker<O> {
    /// Adds what was counted since the last time to the figures of the applications.
    fn settle_figures(&mut self) {
        self.tally.settle(self.engine.applications());
    }
}

impl<O: Outlet> Worker<O> {
    /// The worker with this index, `0 <= index < workers` of the engine.
    #[must_use]
    pub fn new(engine: Arc<Engine>, index: WorkerIndex) -> Self {
        Self {
            index,
            events: engine.notices().events(),
            turns: Turns::new(engine.coalesce()),
            spares: Spares::default(),
            engine,
            connections: Slab::new(),
            channels: Slab::new(),
            names: HashMap::new(),
            watchers: HashMap::new(),
            parked: Parked::default(),
            greeted: Vec::new(),
            logged: 0,
            order: 0,
            replies: Vec::new(),
            told: 0,
            gone: Vec::new(),
            slow: Vec::new(),
            taken: Vec::new(),
            pending: Vec::new(),
            deflater: Deflater::default(),
            tally: Tally::default(),
        }
    }

    /// Takes a connection in and greets it, or tells it why not and begins to close it.
    pub fn open(&mut self, outlet: O, opening: Opening<'_>, now: Instant) -> ConnectionKey {
        let found = self.find(&opening);
        let key = self.connections.insert(Connection {
            outlet,
            socket_id: opening.socket_id,
            source: self.kept_source(&opening),
            application: None,
            phase: Phase::Active,
            cursor: self.order,
            subscriptions: Vec::new(),
            user: None,
            backlog: None,
            last_seen: now,
            window: opening.window,
            uses_control_frames: false,
            rate: None,
            client_event_rate: None,
        });
        self.replies.push(opening.head);
        match found {
            Ok(application) => self.admit(key, application, now),
            Err(error) => self.refuse(key, error, now),
        }
        self.flush(key, now);
        key
    }

    /// Gives a connection up: it leaves its channels, and its outlet is handed back.
    pub fn remove(&mut self, key: ConnectionKey) -> Option<O> {
        self.leave(key);
        let connection = self.connections.try_remove(key)?;
        Some(connection.outlet)
    }

    /// The outlet of a connection, for reading from its socket.
    pub fn outlet(&mut self, key: ConnectionKey) -> Option<&mut O> {
        self.connections
            .get_mut(key)
            .map(|connection| &mut connection.outlet)
    }

    /// Whether nobody is connected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    /// Whether a connection is at its end, so that what it says is not heard any more.
    #[must_use]
    pub fn is_closing(&self, key: ConnectionKey) -> bool {
        self.connections
            .get(key)
            .is_none_or(|connection| connection.is_closing())
    }

    /// The keys of all connections.
    pub fn keys(&self) -> Vec<ConnectionKey> {
        self.connections.iter().map(|(key, _)| key).collect()
    }

    /// Connections that proved unreachable since the last call; the driver removes them.
    pub fn take_gone(&mut self) -> Vec<ConnectionKey> {
        std::mem::take(&mut self.gone)
    }

    /// The longest message that this connection may send, in bytes; 0 is unlimited.
    #[must_use]
    pub fn max_message_size(&self, key: ConnectionKey) -> usize {
        self.connections
            .get(key)
            .and_then(|connection| connection.application)
            .map_or(0, |index| {
                self.engine
                    .applications()
                    .application(index)
                    .max_message_size
            })
    }

    /// Tells a connection that it is over, and why. It leaves its channels at once.
    pub fn terminate(&mut self, key: ConnectionKey, error: PusherError, now: Instant) {
        self.end(key, error, now);
        self.flush(key, now);
    }

    /// Where a connection came from, if anybody may ask for it.
    fn kept_source(&self, opening: &Opening<'_>) -> Option<Arc<Source>> {
        let source = || Source {
            address: opening.address.into(),
            origin: opening.origin.map(Box::from),
        };
        let is_kept = !self.events.is_empty() || self.engine.notices().wants_debug();
        is_kept.then(|| Arc::new(source()))
    }

    /// The application that a connection is for.
    fn find(&self, opening: &Opening<'_>) -> Result<ApplicationIndex, PusherError> {
        let applications = self.engine.applications();
        let index = opening.application?;
        if !applications
            .application(index)
            .allows_origin(opening.origin)
        {
            return Err(PusherError::OriginNotAllowed);
        }
        Ok(index)
    }

    /// Greets a connection, has it wait until it is known whether there is room, or ends it.
    fn admit(&mut self, key: ConnectionKey, application: ApplicationIndex, now: Instant) {
        let settings = self.engine.applications().application(application);
        let caller = (key, self.connections[key].socket_id);
        if settings.max_connections.is_some()
            && self.engine.ask_admission(application, self.index, caller)
        {
            self.connections[key].phase = Phase::Awaiting {
                since: now,
                application,
            };
        } else if self.engine.admit_here(application) {
            self.greet(key, application);
        } else {
            self.refuse(key, PusherError::OverConnectionQuota, now);
        }
    }

    /// Leaves all channels and gives the application its place back, once.
    fn leave(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connections.get_mut(key) else {
            return;
        };
        let Some(application) = connection.application.take() else {
            return;
        };
        let socket_id = connection.socket_id;
        self.parked.remove_all(key, application);
        while let Some(subscription) = self.connections[key].subscriptions.len().checked_sub(1) {
            self.drop_subscription(application, key, subscription);
        }
        self.sign_out(key, application);
        self.engine.release(application);
        self.engine.count_connection_closed(self.index);
        self.engine
            .note("Connection Closed", || socket_id.to_string());
        self.tell(EventKind::ConnectionClosed, application, key);
    }

    /// Ends a connection for what it wants or did.
    fn refuse(&mut self, key: ConnectionKey, error: PusherError, now: Instant) {
        self.note_fault(key, error);
        self.end(key, error, now);
    }

    /// Tells `--debug` what is wrong, in Reverb's two lines; what has no code of its own is unknown there.
    fn note_fault(&self, key: ConnectionKey, error: PusherError) {
        let Some(socket_id) = self.connections.get(key).map(|it| it.socket_id) else {
            return;
        };
        let is_unknown = error.code() == PusherError::InvalidMessageFormat.code();
        let kind = if is_unknown { "an unknown" } else { "a pusher" };
        let notices = self.engine.notices();
        notices
            .debug(|| Notice::Error(format!("Message from {socket_id} resulted in {kind} error")));
        notices.debug(|| Notice::Info {
            title: error.to_string().into(),
            message: String::new(),
        });
    }

    fn end(&mut self, key: ConnectionKey, error: PusherError, now: Instant) {
        self.replies.extend(farewell(error));
        self.tell_replies(key);
        self.begin_closing(key, now);
    }

    fn begin_closing(&mut self, key: ConnectionKey, now: Instant) {
        self.leave(key);
        if let Some(connection) = self.connections.get_mut(key)
            && !connection.is_closing()
        {
            connection.phase = Phase::Closing(now);
        }
    }

    fn reply(&mut self, message: &ServerMessage<'_>) {
        self.replies.push(encode(message));
    }

    /// Ends the turn of a connection: sends what it is to be told, in one system call.
    pub fn flush(&mut self, key: ConnectionKey, now: Instant) {
        self.tell_replies(key);
        self.told = 0;
        let Some(connection) = self.connections.get_mut(key) else {
            self.replies.clear();
            return;
        };
        if self.replies.is_empty() {
            return;
        }
        // Every frame of ours begins with its FIN bit; the answer to the handshake does not, and is no message.
        let is_frame = |reply: &&Bytes| reply.first().is_some_and(|byte| byte & 0x80 != 0);
        let count = self.replies.iter().filter(is_frame).count();
        self.engine.count_sent(self.index, count);
        if let Some(application) = connection.application {
            self.tally.send(application, count);
        }
        if let Some(window) = connection.window {
            for reply in &mut self.replies {
                if let Some(deflated) = self.deflater.frame(reply, window) {
                    *reply = deflated;
                }
            }
        }
        let outcome = match &mut connection.backlog {
            Some(backlog) => {
                self.replies.drain(..).for_each(|reply| backlog.push(reply));
                Ok(None)
            }
            None => send(&mut connection.outlet, self.replies.iter()),
        };
        self.replies.clear();
        match outcome {
            Ok(rest) => {
                if rest.is_some() {
                    connection.backlog = rest;
                }
                self.after_send(key);
                self.end_slow(now);
            }
            Err(_) => self.gone.push(key),
        }
    }
}
