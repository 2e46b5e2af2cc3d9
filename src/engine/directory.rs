//! The only state that the workers share: which channel has subscribers where, and who is present.
//!
//! A shard's lock is held for a look-up and for pushes into inboxes, never while encoding, waiting
//! or writing. As the pushes happen under it, all workers see what concerns a channel in one order.

mod remote;
mod upkeep;

pub use remote::Place;
pub(super) use remote::Revision;
use upkeep::Upkeep;

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;

use parking_lot::MutexGuard;
use smallvec::{SmallVec, smallvec};

use super::{
    application::ApplicationIndex,
    cluster::{Outbox, Phase, Replica, Topic},
    copies::Copies,
    event::{EventKind, Subject},
    frame::Frame,
    inbox::{Delivery, Inbox, Task, Wakes},
    notice::Notices,
    presence::{Change, MemberList, Members},
    shards::{Shards, Watched},
};
use crate::{
    protocol::{ChannelName, Member, SocketId},
    websocket::{self, Compression},
};

/// Which worker holds a connection.
pub(super) type WorkerIndex = usize;

pub(super) struct Directory {
    /// Each guards the channels whose names hash to it. Rank 1: inboxes (rank 2) are locked under
    /// it, one at a time; never two shards at once.
    shards: Shards<Shard>,
    inboxes: Arc<[Inbox]>,
    /// Told (rank 3) under a shard's lock, so that events of a channel are in order.
    notices: Arc<Notices>,
    compression: Compression,
    /// For the other nodes, if there may be any.
    outbox: Option<Arc<Outbox>>,
    upkeep: Upkeep,
}

type Channels = HashMap<(ApplicationIndex, ChannelName), Channel>;

#[derive(Default)]
struct Shard {
    channels: Channels,
    /// Channels with more or fewer subscribers than they were told.
    changed: HashSet<(ApplicationIndex, ChannelName)>,
    /// The number of the last delivery. One for all channels of the shard, so that a channel that
    /// vanishes and comes back does not start anew.
    sequence: u64,
}

/// An event finds it among all others, mostly in a cache line that nobody has looked at lately. So
/// it is small, and what an event asks of it is in it.
struct Channel {
    /// What each worker has of it; `shares.len()` is the number of workers.
    shares: SmallVec<[Share; NEAR_WORKERS]>,
    /// What concerns the other nodes, if there may be any.
    replica: Option<Box<Replica>>,
    members: Members,
    /// The last event of a cache channel. While it is there, the channel stays, vacant or not.
    cached: Option<Box<Cached>>,
}

/// A worker's part of a channel.
#[derive(Clone, Copy, Default)]
struct Share {
    subscribers: u32,
    /// Where the worker had the channel when it last subscribed somebody.
    place: u32,
}

/// So many workers have their shares within the channel; those of more are elsewhere.
const NEAR_WORKERS: usize = 4;

/// An event that is kept for those who subscribe later, until its time is over.
#[derive(Clone, Debug)]
struct Cached {
    frame: Copies,
    until: Instant,
    /// The broker's number; 0 while it is not known.
    version: u64,
    /// An event of this node whose number will come: the broker's order has it behind all that
    /// comes earlier.
    pending: Option<u64>,
}

/// What a subscription is subject to.
#[derive(Debug)]
pub(super) struct Terms {
    /// How many users a presence channel may have.
    pub(super) most_members: usize,
    /// Whether subscribers are told how many they are.
    pub(super) tells_count: bool,
    /// Whether the subscriber may wait until it is known who subscribes on other nodes.
    pub(super) may_wait: bool,
    /// Where the worker has the channel, or will have it.
    pub(super) place: u32,
    pub(super) now: Instant,
}

/// Why a subscription is not counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hindrance {
    /// The channel has no room for a new user.
    Full,
    /// The worker will find [`Task::Attached`] in its inbox, and is to ask again then.
    Detached,
}

/// Who and what is in a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Occupancy {
    /// Subscribed connections.
    pub subscriptions: usize,
    /// Different users, of a presence channel.
    pub users: usize,
    /// The message with the last event of a cache channel.
    pub cached: Option<Bytes>,
}

/// What a worker learns when it subscribes a connection.
#[derive(Debug)]
pub(super) struct Subscribed {
    /// Deliveries up to this number are from before the subscription.
    pub(super) sequence: u64,
    /// The members of a presence channel, the newcomer included.
    pub(super) members: MemberList,
    /// The frame with the last event of a cache channel.
    pub(super) cached: Option<Copies>,
}

impl Directory {
    pub(super) fn new(
        inboxes: Arc<[Inbox]>,
        notices: Arc<Notices>,
        compression: Compression,
        outbox: Option<Arc<Outbox>>,
    ) -> Self {
        Self {
            shards: Shards::new(inboxes.len()),
            inboxes,
            notices,
            compression,
            outbox,
            upkeep: Upkeep::default(),
        }
    }

    /// Counts a subscriber in. `joined` is the member it shows, with the frame that tells the
    /// others if the user is new to the channel.
    pub(super) fn subscribe(
        &self,
        application: ApplicationIndex,
        name: &ChannelName,
        worker: WorkerIndex,
        joined: Option<(&Arc<Member>, Frame)>,
        terms: &Terms,
    ) -> Result<Subscribed, Hindrance> {
        let mut wakes = self.wakes();
        let mut shard = self.shard(application, name);
        let Shard {
            channels,
            sequence,
            changed,
        } = &mut *shard;
        let channel = self.channel(channels, application, name);
        if self.must_wait(channel, (application, name), worker, terms) {
            return Err(Hindrance::Detached);
        }
        if joined
            .as_ref()
            .is_some_and(|(member, _)| !channel.has_room(member, terms))
        {
            return Err(Hindrance::Full);
        }
        if channel.is_vacant() {
            self.tell_channel(EventKind::ChannelCreated, application, name);
            self.tell_channel(EventKind::ChannelOccupied, application, name);
        }
        let members = match joined {
            Some((member, frame)) => {
                self.mark_user(channel, member);
                if channel.members.add(member) == Change::User {
                    self.tell_member(EventKind::MemberAdded, (application, name), member);
                    self.deliver(channel, (sequence, &mut wakes), (application, name), frame);
                }
                channel.members.list()
            }
            None => MemberList::default(),
        };
        let share = &mut channel.shares[worker];
        share.subscribers += 1;
        share.place = terms.place;
        self.mark(channel, application, name);
        if terms.tells_count {
            changed.insert((application, name.clone()));
        }
        Ok(Subscribed {
            sequence: *sequence,
            members,
            cached: channel.cached(terms.now).map(|cached| cached.frame.clone()),
        })
    }

    /// Counts a subscriber out. `left` is the member it showed, with the frame that tells the
    /// others if it was the user's last connection.
    pub(super) fn unsubscribe(
        &self,
        application: ApplicationIndex,
        name: &ChannelName,
        worker: WorkerIndex,
        left: Option<(&Arc<Member>, Frame)>,
        tells_count: bool,
    ) {
        let mut wakes = self.wakes();
        let mut shard = self.shard(application, name);
        let Shard {
            channels,
            sequence,
            changed,
        } = &mut *shard;
        let key = (application, name.clone());
        let Some(channel) = channels.get_mut(&key) else {
            return;
        };
        let share = &mut channel.shares[worker];
        share.subscribers = share.subscribers.saturating_sub(1);
        if let Some((member, frame)) = left {
            let change = channel.members.remove(member.user_id());
            self.mark_user(channel, member);
            if change == Change::User {
                self.tell_member(EventKind::MemberRemoved, (application, name), member);
                self.deliver(channel, (sequence, &mut wakes), (application, name), frame);
            }
        }
        self.mark(channel, application, name);
        if !channel.is_vacant() {
            if tells_count {
                changed.insert(key);
            }
            return;
        }
        self.tell_channel(EventKind::ChannelRemoved, application, name);
        self.tell_channel(EventKind::ChannelVacated, application, name);
        if channel.is_forgettable() {
            channels.remove(&key);
        }
        changed.remove(&key);
    }

    /// Whether an event for the channel reaches anybody, as far as is known at this moment.
    pub(super) fn is_reached(&self, application: ApplicationIndex, name: &ChannelName) -> bool {
        let shard = self.shard(application, name);
        let channel = shard.channels.get(&(application, name.clone()));
        channel.is_some_and(|channel| !channel.is_vacant()) || self.is_heard_elsewhere(channel)
    }

    /// Hands a frame to every worker that has subscribers in the channel, and to the other nodes.
    pub(super) fn publish(&self, application: ApplicationIndex, name: &ChannelName, frame: Frame) {
        self.pass_on((application, name), frame, || {});
    }

    /// As [`Directory::publish`] for what concerns the subscribers of this node alone.
    pub(super) fn publish_here(
        &self,
        application: ApplicationIndex,
        name: &ChannelName,
        frame: Frame,
    ) {
        let mut wakes = self.wakes();
        let mut shard = self.shard(application, name);
        let Shard {
            channels, sequence, ..
        } = &mut *shard;
        if let Some(channel) = channels.get(&(application, name.clone())) {
            self.deliver(channel, (sequence, &mut wakes), (application, name), frame);
        }
    }

    /// As [`Directory::publish`] for the event of a client, which PHP is told of.
    pub(super) fn relay(
        &self,
        application: ApplicationIndex,
        name: &ChannelName,
        frame: Frame,
        subject: impl FnOnce() -> Subject,
    ) {
        self.pass_on((application, name), frame, || {
            let kind = EventKind::ClientEventReceived;
            self.notices.event(application, kind, subject);
        });
    }

    /// Hands a frame on, after it was told that there is somebody to hand it to.
    fn pass_on(
        &self,
        (application, name): (ApplicationIndex, &ChannelName),
        frame: Frame,
        tell: impl FnOnce(),
    ) {
        let mut wakes = self.wakes();
        let mut shard = self.shard(application, name);
        let Shard {
            channels, sequence, ..
        } = &mut *shard;
        let channel = channels.get(&(application, name.clone()));
        let is_heard_elsewhere = self.is_heard_elsewhere(channel);
        if channel.is_some() || is_heard_elsewhere {
            tell();
        }
        if is_heard_elsewhere && let Some(outbox) = &self.outbox {
            let topic = Topic::channel(application, name);
            outbox.push_event(topic, websocket::payload(&frame.bytes), frame.except, None);
        }
        if let Some(channel) = channel {
            self.deliver(channel, (sequence, &mut wakes), (application, name), frame);
        }
    }

    /// Keeps a frame for those who subscribe later, and hands it to those who are there, here and on
    /// other nodes.
    pub(super) fn publish_and_keep(
        &self,
        application: ApplicationIndex,
        name: &ChannelName,
        frame: Frame,
        (now, kept_for): (Instant, Duration),
    ) {
        let mut wakes = self.wakes();
        let mut shard = self.shard(application, name);
        let Shard {
            channels, sequence, ..
        } = &mut *shard;
        let mut pending = None;
        if let Some(outbox) = &self.outbox {
            let topic = Topic::channel(application, name);
            let message = websocket::payload(&frame.bytes);
            pending = outbox.push_event(topic, message, frame.except, Some(kept_for));
            let channel = channels.get(&(application, name.clone()));
            let is_unused = |channel: &Channel| channel.is_detached() && channel.is_vacant();
            if outbox.is_reachable() && channel.is_none_or(is_unused) {
                return; // The broker keeps it, and whoever subscribes asks the broker.
            }
        }
        let channel = self.channel(channels, application, name);
        let copies = Copies::new(frame.bytes, self.compression);
        channel.cached = Some(Box::new(Cached {
            frame: copies.clone(),
            until: now + kept_for,
            version: 0,
            pending,
        }));
        Self::deliver_copies(
            channel,
            (sequence, &mut wakes),
            (application, name),
            &copies,
            frame.except,
        );
    }

    /// Who and what is in a channel; nobody if it is vacant.
    pub(super) fn occupancy(
        &self,
        application: ApplicationIndex,
        name: &ChannelName,
        now: Instant,
    ) -> Occupancy {
        let shard = self.shard(application, name);
        let channel = shard.channels.get(&(application, name.clone()));
        channel
            .map(|channel| channel.occupancy(now))
            .unwrap_or_default()
    }

    /// The members of a channel; none if it is vacant.
    pub(super) fn members(
        &self,
        application: ApplicationIndex,
        name: &ChannelName,
    ) -> Option<MemberList> {
        let shard = self.shard(application, name);
        let channel = shard.channels.get(&(application, name.clone()))?;
        channel.is_occupied().then(|| channel.members.list())
    }

    /// The occupied channels of an application whose names begin with a prefix, in any order.
    pub(super) fn list(
        &self,
        application: ApplicationIndex,
        prefix: &str,
        now: Instant,
    ) -> Vec<(ChannelName, Occupancy)> {
        let mut list = Vec::new();
        for shard in self.shards.iter() {
            let shard = shard.lock();
            let channels = shard.channels.iter().filter(|((owner, name), channel)| {
                *owner == application && name.as_str().starts_with(prefix) && channel.is_occupied()
            });
            list.extend(
                channels.map(|((_, name), channel)| (name.clone(), channel.occupancy(now))),
            );
        }
        list
    }

    /// How often somebody had to wait for a shard.
    pub(super) fn waits(&self) -> u64 {
        self.shards.waits()
    }

    /// How many channels have subscribers.
    pub(super) fn channels(&self) -> usize {
        let occupied = |shard: &Watched<Shard>| {
            shard
                .lock()
                .channels
                .values()
                .filter(|channel| !channel.is_vacant())
                .count()
        };
        self.shards.iter().map(occupied).sum()
    }

    fn deliver(
        &self,
        channel: &Channel,
        way: (&mut u64, &mut Wakes<'_>),
        key: (ApplicationIndex, &ChannelName),
        frame: Frame,
    ) {
        let copies = Copies::new(frame.bytes, self.compression);
        Self::deliver_copies(channel, way, key, &copies, frame.except);
    }

    fn deliver_copies(
        channel: &Channel,
        (sequence, wakes): (&mut u64, &mut Wakes<'_>),
        (application, name): (ApplicationIndex, &ChannelName),
        copies: &Copies,
        except: Option<SocketId>,
    ) {
        *sequence += 1;
        let way = (*sequence, wakes);
        Self::hand_out(channel, way, (application, name), copies, except);
    }

    fn hand_out(
        channel: &Channel,
        (sequence, wakes): (u64, &mut Wakes<'_>),
        (application, name): (ApplicationIndex, &ChannelName),
        copies: &Copies,
        except: Option<SocketId>,
    ) {
        for (worker, share) in channel.shares.iter().enumerate() {
            if share.subscribers > 0 {
                let delivery = Delivery {
                    application,
                    channel: name.clone(),
                    place: share.place,
                    sequence,
                    copies: copies.clone(),
                    except,
                };
                wakes.push(worker, Task::Deliver(delivery));
            }
        }
    }

    fn tell_channel(&self, kind: EventKind, application: ApplicationIndex, name: &ChannelName) {
        let subject = || Subject::Channel(name.clone());
        self.notices.event(application, kind, subject);
    }

    fn tell_member(
        &self,
        kind: EventKind,
        (application, name): (ApplicationIndex, &ChannelName),
        member: &Arc<Member>,
    ) {
        self.notices.event(application, kind, || Subject::Member {
            channel: name.clone(),
            member: Arc::clone(member),
        });
    }

    /// Whom to wake once the shard is let go: to be made before [`Directory::shard`] is called.
    fn wakes(&self) -> Wakes<'_> {
        Wakes::new(&self.inboxes, self.outbox.as_deref())
    }

    fn channel<'s>(
        &self,
        channels: &'s mut Channels,
        application: ApplicationIndex,
        name: &ChannelName,
    ) -> &'s mut Channel {
        channels
            .entry((application, name.clone()))
            .or_insert_with(|| Channel::new(self.inboxes.len(), self.outbox.is_some()))
    }

    fn shard(&self, application: ApplicationIndex, name: &ChannelName) -> MutexGuard<'_, Shard> {
        self.shards.lock((application, name))
    }
}

impl Channel {
    fn new(workers: usize, is_shared: bool) -> Self {
        Self {
            replica: is_shared.then(Box::default),
            shares: smallvec![Share::default(); workers],
            members: Members::default(),
            cached: None,
        }
    }

    fn cached(&self, now: Instant) -> Option<&Cached> {
        self.cached.as_deref().filter(|cached| cached.until > now)
    }

    fn occupancy(&self, now: Instant) -> Occupancy {
        Occupancy {
            subscriptions: self.subscriptions(),
            users: self.members.count(),
            cached: self
                .cached(now)
                .map(|cached| websocket::payload(cached.frame.plain())),
        }
    }

    /// Subscribed connections, those on other nodes included.
    fn subscriptions(&self) -> usize {
        let replica = self.replica.as_ref();
        self.own_subscriptions() + replica.map_or(0, |replica| replica.subscriptions())
    }

    fn own_subscriptions(&self) -> usize {
        let counts = self.shares.iter().map(|share| share.subscribers as usize);
        counts.sum()
    }

    fn has_room(&self, member: &Member, terms: &Terms) -> bool {
        self.members.count() < terms.most_members || self.members.contains(member.user_id())
    }

    /// Whether nobody subscribes here.
    fn is_vacant(&self) -> bool {
        self.shares.iter().all(|share| share.subscribers == 0)
    }

    /// Whether anybody subscribes, here or elsewhere.
    fn is_occupied(&self) -> bool {
        self.subscriptions() > 0
    }

    /// Whether a vacant channel need not be kept.
    fn is_forgettable(&self) -> bool {
        let replica = self.replica.as_ref();
        self.cached.is_none() && replica.is_none_or(|replica| replica.is_idle())
    }

    fn is_detached(&self) -> bool {
        let replica = self.replica.as_ref();
        replica.is_none_or(|replica| replica.phase == Phase::Detached)
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Directory").finish_non_exhaustive()
    }
}
