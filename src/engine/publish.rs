//! The engine as everybody but a worker sees it: where events come in.

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use super::{
    application::ApplicationIndex,
    applications::Applications,
    cluster::{Admissions, Outbox, Scaling},
    contention::Contention,
    directory::{Directory, Occupancy, WorkerIndex},
    frame::{Frame, encode, encode_sized},
    inbox::{Congestion, Inbox, Task, Wake},
    notice::{Notice, Notices},
    users::Users,
};
use crate::{
    protocol::{ChannelName, Data, Member, SocketId, event, subscription_count},
    websocket::Compression,
};

/// An event for the subscribers of some channels.
#[derive(Debug)]
pub struct Publication<'a> {
    /// The name that clients bind to.
    pub event: &'a str,
    /// Sent as a string; mostly JSON text, which the engine does not look at.
    pub data: &'a str,
    /// Where to.
    pub channels: &'a [ChannelName],
    /// The connection that does not get it.
    pub except: Option<SocketId>,
}

/// What all threads of a server share.
#[derive(Debug)]
pub struct Engine {
    applications: Applications,
    directory: Directory,
    users: Users,
    /// For the other nodes, if there may be any.
    outbox: Option<Arc<Outbox>>,
    admissions: Admissions,
    inboxes: Arc<[Inbox]>,
    congestion: Arc<Congestion>,
    notices: Arc<Notices>,
    limits: Limits,
    counters: Box<[Counters]>,
}

/// The limits of a server, whatever the application.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many bytes a connection may leave unread.
    pub max_backlog: usize,
    /// How large an event of a publisher on this machine may be, in bytes. An HTTP request, too, but that is counted
    /// before the engine hears of it.
    pub max_request_size: usize,
    /// How long a cache channel keeps its last event.
    pub cache_ttl: Duration,
    /// Whether events are compressed for connections that agreed to it.
    pub compression: Compression,
    /// How long a channel's events wait for further ones to be sent with; zero is not at all.
    pub coalesce: Duration,
}

/// One per worker, on cache lines of their own, so that counting costs no traffic between cores.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Counters {
    connections: AtomicUsize,
    received: AtomicU64,
    sent: AtomicU64,
}

/// Figures of a running server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Connections, subscribed or not.
    pub connections: usize,
    /// Channels that have subscribers.
    pub channels: usize,
    /// Messages of clients since the start.
    pub messages_received: u64,
    /// Messages to clients since the start, one per recipient.
    pub messages_sent: u64,
    /// Notices that found their queue full.
    pub notices_dropped: u64,
    /// Worker threads.
    pub workers: usize,
    /// Events that wait to be told to the other nodes.
    pub events_owed: usize,
    /// Events that other nodes were not told, as too many waited already.
    pub events_dropped: u64,
}

impl Engine {
    /// Makes the engine for as many workers as there are wakers.
    #[must_use]
    pub fn new(
        applications: Applications,
        wakers: Vec<Box<dyn Wake>>,
        notices: Arc<Notices>,
        limits: Limits,
    ) -> Self {
        Self::scaled(applications, wakers, notices, limits, None)
    }

    /// As [`Engine::new`]; with `scaling` as one of several nodes.
    #[must_use]
    pub fn scaled(
        applications: Applications,
        wakers: Vec<Box<dyn Wake>>,
        notices: Arc<Notices>,
        limits: Limits,
        scaling: Option<Scaling>,
    ) -> Self {
        let outbox = scaling.map(|scaling| Arc::new(Outbox::new(scaling)));
        let counters = wakers.iter().map(|_| Counters::default()).collect();
        let congestion = Arc::new(Congestion::default());
        let inbox = |waker| Inbox::new(waker, Arc::clone(&congestion));
        let inboxes: Arc<[Inbox]> = wakers.into_iter().map(inbox).collect();
        Self {
            applications,
            directory: Directory::new(
                Arc::clone(&inboxes),
                Arc::clone(&notices),
                limits.compression,
                outbox.clone(),
            ),
            users: Users::new(Arc::clone(&inboxes), outbox.clone()),
            outbox,
            admissions: Admissions::default(),
            inboxes,
            congestion,
            notices,
            limits,
            counters,
        }
    }

    /// Hands an event to the workers, each of which sends it in its own time.
    ///
    /// Whoever calls this first waits until [`Engine::is_congested`] is false; so the inboxes stay
    /// bounded. Events of one caller reach every subscriber in the order of the calls.
    ///
    /// A cache channel keeps the event for those who subscribe within `cache_ttl`.
    pub fn publish(
        &self,
        application: ApplicationIndex,
        publication: &Publication<'_>,
        now: Instant,
    ) {
        /// Room for the keys, the channel's name and some escapes.
        const ENVELOPE_SIZE: usize = 128;
        for channel in publication.channels {
            self.note("Broadcasting To", || channel.to_string());
            // Most events of an application are for a user who is not there: nothing to encode.
            if !channel.is_cache() && !self.directory.is_reached(application, channel) {
                continue;
            }
            let data = Data::Text(Cow::Borrowed(publication.data));
            let message = event(publication.event, channel.as_str(), data, None);
            let size = publication.data.len() + publication.event.len() + ENVELOPE_SIZE;
            let frame = Frame {
                bytes: encode_sized(&message, size),
                except: publication.except,
            };
            if channel.is_cache() {
                let time = (now, self.limits.cache_ttl);
                self.directory
                    .publish_and_keep(application, channel, frame, time);
            } else {
                self.directory.publish(application, channel, frame);
            }
        }
    }

    /// Closes all connections of a user, on whichever worker and node they are.
    pub fn terminate(&self, application: ApplicationIndex, user_id: &str) {
        let user_id: Arc<str> = user_id.into();
        if let Some(outbox) = &self.outbox {
            outbox.push_terminate(application, &user_id);
            outbox.wake();
        }
        self.terminate_here(application, &user_id);
    }

    /// Closes all connections of a user to this node.
    pub fn terminate_here(&self, application: ApplicationIndex, user_id: &Arc<str>) {
        for inbox in self.inboxes.iter() {
            inbox.push(Task::Terminate {
                application,
                user_id: Arc::clone(user_id),
            });
        }
    }

    /// Who and what is in a channel; nobody if it is vacant.
    #[must_use]
    pub fn occupancy(
        &self,
        application: ApplicationIndex,
        channel: &ChannelName,
        now: Instant,
    ) -> Occupancy {
        self.directory.occupancy(application, channel, now)
    }

    /// The members of a presence channel; none if it is vacant.
    #[must_use]
    pub fn members(
        &self,
        application: ApplicationIndex,
        channel: &ChannelName,
    ) -> Option<Vec<Arc<Member>>> {
        let members = self.directory.members(application, channel)?;
        Some(members.iter().cloned().collect())
    }

    /// The occupied channels whose names begin with a prefix, in any order.
    #[must_use]
    pub fn channels(
        &self,
        application: ApplicationIndex,
        prefix: &str,
        now: Instant,
    ) -> Vec<(ChannelName, Occupancy)> {
        self.directory.list(application, prefix, now)
    }

    /// Whether a worker has so much to deliver that nobody should bring more.
    #[must_use]
    pub fn is_congested(&self) -> bool {
        self.congestion.is_there()
    }

    /// Whether all workers sleep.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.inboxes.iter().all(Inbox::is_asleep)
    }

    /// What is to be done once a second; the first worker calls it with its tick.
    ///
    /// Cache channels forget what they kept for long enough. Subscribers are told how many they
    /// are: once a second at the most, so that a crowd that comes does not cost its square.
    pub(super) fn tick(&self, now: Instant) {
        /// More channels than these wait for the next second.
        const MOST_COUNTS: usize = 1000;
        self.notices.tick(now);
        self.directory.expire(now);
        if let Some(outbox) = &self.outbox {
            outbox.report_drops(&self.notices, now);
        }
        if self.is_congested() {
            return;
        }
        for (application, channel, count) in self.directory.take_changed(MOST_COUNTS) {
            let frame = Frame {
                bytes: encode(&subscription_count(channel.as_str(), count)),
                except: None,
            };
            self.directory.publish_here(application, &channel, frame);
        }
    }

    /// The applications of this server.
    #[must_use]
    pub fn applications(&self) -> &Applications {
        &self.applications
    }

    /// What PHP is told.
    #[must_use]
    pub fn notices(&self) -> &Arc<Notices> {
        &self.notices
    }

    /// Figures to show.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let mut stats = Stats {
            channels: self.directory.channels(),
            notices_dropped: self.notices.dropped(),
            workers: self.counters.len(),
            ..Stats::default()
        };
        if let Some(outbox) = &self.outbox {
            stats.events_owed = outbox.owed();
            stats.events_dropped = outbox.dropped();
        }
        for counters in &self.counters {
            stats.connections += counters.connections.load(Ordering::Relaxed);
            stats.messages_received += counters.received.load(Ordering::Relaxed);
            stats.messages_sent += counters.sent.load(Ordering::Relaxed);
        }
        stats
    }

    /// Where the threads have met.
    #[must_use]
    pub fn contention(&self) -> Contention {
        let shared = Contention {
            directory_waits: self.directory.waits(),
            user_waits: self.users.waits(),
            ..Contention::default()
        };
        self.inboxes.iter().fold(shared, Contention::with)
    }

    /// Tells a line of `--debug`.
    pub fn note(&self, title: &'static str, message: impl FnOnce() -> String) {
        self.notices.debug(|| Notice::Info {
            title: title.into(),
            message: message(),
        });
    }

    pub(super) fn directory(&self) -> &Directory {
        &self.directory
    }

    pub(super) fn outbox(&self) -> Option<&Outbox> {
        self.outbox.as_deref()
    }

    pub(super) fn admissions(&self) -> &Admissions {
        &self.admissions
    }

    pub(super) fn users(&self) -> &Users {
        &self.users
    }

    pub(super) fn inbox(&self, worker: WorkerIndex) -> &Inbox {
        &self.inboxes[worker]
    }

    pub(super) fn inboxes(&self) -> &[Inbox] {
        &self.inboxes
    }

    pub(super) fn cache_ttl(&self) -> Duration {
        self.limits.cache_ttl
    }

    pub(super) fn coalesce(&self) -> Duration {
        self.limits.coalesce
    }

    pub(super) fn max_request_size(&self) -> usize {
        self.limits.max_request_size
    }

    pub(super) fn max_backlog(&self) -> usize {
        self.limits.max_backlog
    }

    pub(super) fn note_slow(&self, socket_id: SocketId) {
        self.notices.warn(format!(
            "Connection {socket_id} was closed: it left more than {} bytes unread (max_backlog).",
            self.limits.max_backlog
        ));
    }

    pub(super) fn count_connection_opened(&self, worker: WorkerIndex) {
        self.counters[worker]
            .connections
            .fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_connection_closed(&self, worker: WorkerIndex) {
        self.counters[worker]
            .connections
            .fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn count_received(&self, worker: WorkerIndex) {
        self.counters[worker]
            .received
            .fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_sent(&self, worker: WorkerIndex, count: usize) {
        self.counters[worker]
            .sent
            .fetch_add(count as u64, Ordering::Relaxed);
    }
}
