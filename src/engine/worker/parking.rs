//! Whoever waits for other nodes: subscribers, until it is known who else subscribes to the channel,
//! and newcomers, until it is known how many connections their application has.
//!
//! Nobody waits for long: after [`PATIENCE`] what is known here decides.

use std::{
    borrow::Cow,
    collections::HashMap,
    mem,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{ConnectionKey, Worker};
use crate::{
    engine::{
        application::ApplicationIndex, backlog::Outlet, cluster::Verdict, connection::Phase,
        event::EventKind,
    },
    protocol::{ChannelName, PusherError, SocketId, Subscribe, connection_established, error},
};

/// How long anybody waits for other nodes at the least; the clock is looked at once a second.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// The subscribers of a worker that wait.
///
/// There is a bound to them: whoever finds no room does not wait, as if its time were over.
#[derive(Debug, Default)]
pub(super) struct Parked {
    requests: HashMap<(ApplicationIndex, ChannelName), Vec<Request>>,
    /// The channels for which a connection waits, each once.
    channels: HashMap<ConnectionKey, Vec<ChannelName>>,
    /// How many requests there are, and what they take in bytes.
    count: usize,
    bytes: usize,
}

#[derive(Debug)]
struct Request {
    connection: ConnectionKey,
    since: Instant,
    subscribe: Subscribe<'static>,
}

impl Request {
    /// About what it takes, in bytes.
    fn size(&self) -> usize {
        size_of::<Self>() + length(&self.subscribe)
    }
}

/// What a client has sent with a request, in bytes.
fn length(subscribe: &Subscribe<'_>) -> usize {
    let of = |text: &Option<Cow<'_, str>>| text.as_ref().map_or(0, |text| text.len());
    subscribe.channel.as_str().len() + of(&subscribe.auth) + of(&subscribe.channel_data)
}

impl Parked {
    /// Channels for which one connection may wait at a time.
    const MOST_OF_ONE: usize = 1000;

    /// Requests that may wait, all in all.
    const MOST: usize = 10_000;

    /// What they may take together, in bytes.
    const MOST_BYTES: usize = 16 << 20;

    /// Whether a request of a connection may wait.
    pub(super) fn has_room(&self, key: ConnectionKey, request: &Subscribe<'_>) -> bool {
        self.count(key) < Self::MOST_OF_ONE
            && self.count < Self::MOST
            && self.bytes + length(request) < Self::MOST_BYTES
    }

    /// For how many channels a connection waits.
    pub(super) fn count(&self, key: ConnectionKey) -> usize {
        self.channels.get(&key).map_or(0, Vec::len)
    }

    pub(super) fn contains(&self, key: ConnectionKey, channel: &ChannelName) -> bool {
        let channels = self.channels.get(&key);
        channels.is_some_and(|channels| channels.contains(channel))
    }

    /// Has a connection wait, in place of an earlier request of its for the channel.
    fn add(&mut self, application: ApplicationIndex, request: Request) {
        let channel = request.subscribe.channel.clone();
        self.remove(request.connection, application, &channel);
        self.channels
            .entry(request.connection)
            .or_default()
            .push(channel.clone());
        self.count += 1;
        self.bytes += request.size();
        self.requests
            .entry((application, channel))
            .or_default()
            .push(request);
    }

    /// A connection does not wait for the channel any more.
    pub(super) fn remove(
        &mut self,
        key: ConnectionKey,
        application: ApplicationIndex,
        channel: &ChannelName,
    ) {
        if !self.contains(key, channel) {
            return;
        }
        let place = (application, channel.clone());
        let requests = self.requests.get_mut(&place);
        let requests = requests.map_or_else(Vec::new, |requests| {
            let is_its = |request: &mut Request| request.connection == key;
            requests.extract_if(.., is_its).collect()
        });
        if self.requests.get(&place).is_some_and(Vec::is_empty) {
            self.requests.remove(&place);
        }
        self.forget_all(&requests);
    }

    /// A connection does not wait for anything any more.
    pub(super) fn remove_all(&mut self, key: ConnectionKey, application: ApplicationIndex) {
        for channel in self.channels.get(&key).cloned().unwrap_or_default() {
            self.remove(key, application, &channel);
        }
    }

    /// Those who wait for a channel do not wait any more.
    fn take(&mut self, place: &(ApplicationIndex, ChannelName)) -> Vec<Request> {
        let requests = self.requests.remove(place).unwrap_or_default();
        self.forget_all(&requests);
        requests
    }

    /// These do not wait any more.
    fn forget_all(&mut self, requests: &[Request]) {
        for request in requests {
            self.count -= 1;
            self.bytes -= request.size();
            self.forget(request.connection, &request.subscribe.channel);
        }
    }

    fn forget(&mut self, key: ConnectionKey, channel: &ChannelName) {
        if let Some(channels) = self.channels.get_mut(&key) {
            channels.retain(|other| other != channel);
            if channels.is_empty() {
                self.channels.remove(&key);
            }
        }
    }

    /// The channels for which somebody has waited long enough.
    fn overdue(&self, now: Instant) -> Vec<(ApplicationIndex, ChannelName)> {
        let is_overdue = |request: &Request| now.duration_since(request.since) >= PATIENCE;
        let requests = self.requests.iter();
        requests
            .filter(|(_, requests)| requests.iter().any(is_overdue))
            .map(|(place, _)| place.clone())
            .collect()
    }
}

impl<O: Outlet> Worker<O> {
    /// Has a request wait until its channel is attached.
    pub(super) fn park(
        &mut self,
        key: ConnectionKey,
        application: ApplicationIndex,
        request: &Subscribe<'_>,
        now: Instant,
    ) {
        let owned = |text: &Option<Cow<'_, str>>| {
            let text = text.as_ref();
            text.map(|text| Cow::Owned(text.clone().into_owned()))
        };
        let subscribe = Subscribe {
            channel: request.channel.clone(),
            auth: owned(&request.auth),
            channel_data: owned(&request.channel_data),
        };
        self.parked.add(
            application,
            Request {
                connection: key,
                since: now,
                subscribe,
            },
        );
    }

    /// Subscribes those who wait for a channel, in the order in which they came.
    pub(super) fn unpark(&mut self, place: &(ApplicationIndex, ChannelName), now: Instant) {
        let engine = Arc::clone(&self.engine);
        let settings = engine.applications().application(place.0);
        let application = (place.0, settings.as_ref());
        for request in self.parked.take(place) {
            let key = request.connection;
            let subscribe = &request.subscribe;
            if let Err(fault) = self.subscribe_now(key, application, subscribe, now) {
                self.reply(&error(fault));
            }
            self.flush(key, now);
        }
    }

    /// Those who have waited long enough go on with what is known here.
    pub(super) fn end_waiting(&mut self, now: Instant) {
        for place in self.parked.overdue(now) {
            self.unpark(&place, now);
        }
    }

    /// Whether a connection waits for its greeting, so that nothing should be read from it.
    #[must_use]
    pub fn is_awaiting(&self, key: ConnectionKey) -> bool {
        let connection = self.connections.get(key);
        connection.is_some_and(|connection| matches!(connection.phase, Phase::Awaiting { .. }))
    }

    /// Connections that have waited for their greeting, and do not any more; the driver looks for
    /// what they said meanwhile.
    pub fn take_greeted(&mut self) -> Vec<ConnectionKey> {
        mem::take(&mut self.greeted)
    }

    /// Goes on with a connection that waited for admission.
    pub(super) fn decide(
        &mut self,
        application: ApplicationIndex,
        (key, socket_id): (ConnectionKey, SocketId),
        verdict: Verdict,
        now: Instant,
    ) {
        let connection = self.connections.get(key);
        let is_it = connection.is_some_and(|connection| connection.socket_id == socket_id);
        if !is_it || !self.is_awaiting(key) {
            if verdict == Verdict::Admitted {
                // It has gone or lost patience, and was counted in for nothing.
                self.engine.release(application);
            }
            return;
        }
        let is_admitted = match verdict {
            Verdict::Admitted => true,
            Verdict::Refused => false,
            Verdict::Unknown => self.engine.admit_here(application),
        };
        if is_admitted {
            self.greet(key, application);
        } else {
            self.refuse(key, PusherError::OverConnectionQuota, now);
        }
        self.greeted.push(key);
        self.flush(key, now);
    }

    /// Takes a connection in that was counted in.
    pub(super) fn greet(&mut self, key: ConnectionKey, application: ApplicationIndex) {
        let connection = &mut self.connections[key];
        connection.application = Some(application);
        connection.phase = Phase::Active;
        let socket_id = connection.socket_id;
        let applications = self.engine.applications();
        let timeout = applications.application(application).activity_timeout;
        self.reply(&connection_established(socket_id, timeout));
        self.engine
            .note("Connection Established", || socket_id.to_string());
        if let Some(source) = &self.connections[key].source {
            let address = &source.address;
            self.engine
                .note("Client Address", || format!("{socket_id} {address}"));
        }
        self.engine.count_connection_opened(self.index);
        self.tell(EventKind::ConnectionOpened, application, key);
    }
}
