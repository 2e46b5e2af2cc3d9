//! The directory's side of other nodes: what of a channel they are told, and what they say of it.
//!
//! Only the thread of the cluster changes what is known of others; so it may look at a channel,
//! encode without a lock what its subscribers are to be told, and then change it.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;

use super::{Cached, Change, Channel, Copies, Directory, Frame, Shard, Task, Terms, Wakes};
use crate::{
    engine::{
        application::ApplicationIndex,
        cluster::{self, Kept, NodeId, Part, Phase, Taken, Topic, Version},
        directory::WorkerIndex,
    },
    protocol::{ChannelName, Member, UserId},
    websocket,
};

/// A channel, as the shards know it.
pub(in crate::engine) type Key = (ApplicationIndex, ChannelName);

/// Members, each with the frame that tells of its coming or going.
type Told = Vec<(Arc<Member>, Frame)>;

/// What another node's part becomes.
#[derive(Debug)]
pub(in crate::engine) struct Revision {
    pub(in crate::engine) node: NodeId,
    /// `None` if it has no part any more.
    pub(in crate::engine) state: Option<(Version, usize)>,
    pub(in crate::engine) joined: Told,
    pub(in crate::engine) left: Told,
}

/// Where an event has its place in the order of the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Before this node attached: the snapshot has it, or a later one.
    BeforeAttaching,
    /// After that.
    AfterAttaching,
}

impl Directory {
    /// Whether the others' parts of a channel are known.
    pub(in crate::engine) fn is_followed(&self, (application, name): &Key) -> bool {
        let shard = self.shard(*application, name);
        let channel = shard.channels.get(&(*application, name.clone()));
        let replica = channel.and_then(|channel| channel.replica.as_ref());
        replica.is_some_and(|replica| replica.phase == Phase::Attached)
    }

    /// Whether a subscriber waits until it is known who else subscribes; if so, that is asked for.
    pub(super) fn must_wait(
        &self,
        channel: &mut Channel,
        (application, name): (ApplicationIndex, &ChannelName),
        worker: WorkerIndex,
        terms: &Terms,
    ) -> bool {
        let (Some(outbox), Some(replica)) = (&self.outbox, &mut channel.replica) else {
            return false;
        };
        if !terms.may_wait || replica.phase == Phase::Attached || !outbox.is_reachable() {
            return false;
        }
        replica.wait(worker);
        replica.mark(outbox, || Topic::channel(application, name));
        true
    }

    /// The others are to be told that something of this node's part has changed.
    pub(super) fn mark(
        &self,
        channel: &mut Channel,
        application: ApplicationIndex,
        name: &ChannelName,
    ) {
        if let (Some(outbox), Some(replica)) = (&self.outbox, &mut channel.replica) {
            replica.mark(outbox, || Topic::channel(application, name));
        }
    }

    /// As [`Directory::mark`], for a member that comes or goes.
    pub(super) fn mark_user(&self, channel: &mut Channel, member: &Member) {
        if let Some(replica) = &mut channel.replica {
            replica.mark_user(member.user_id());
        }
    }

    /// Whether an event must go to the broker.
    pub(super) fn is_heard_elsewhere(&self, channel: Option<&Channel>) -> bool {
        let Some(outbox) = &self.outbox else {
            return false;
        };
        let replica = channel.and_then(|channel| channel.replica.as_ref());
        !(replica.is_some_and(|replica| replica.is_exclusive) && outbox.is_reachable())
    }

    /// Whether somebody here needs the channel to be attached. From now on it is queued again.
    pub(in crate::engine) fn is_wanted(&self, key: &Key) -> bool {
        let mut shard = self.shard(key.0, &key.1);
        let Some(channel) = shard.channels.get_mut(key) else {
            return false;
        };
        if let Some(replica) = &mut channel.replica {
            replica.take_changed();
        }
        let is_detached = channel.is_detached();
        if !channel.is_vacant() || !is_detached {
            return true;
        }
        if channel.is_forgettable() {
            shard.channels.remove(key);
        }
        false
    }

    /// This node's whole part, and the event it keeps. From now on changes are counted anew, and who
    /// subscribes waits until the channel is attached. Events up to the ticket have gone to the
    /// broker, which has their numbers.
    pub(in crate::engine) fn part(
        &self,
        key: &Key,
        taken: u64,
        now: Instant,
    ) -> Option<(Part, Option<Kept>)> {
        let mut shard = self.shard(key.0, &key.1);
        let channel = shard.channels.get_mut(key)?;
        let replica = channel.replica.as_mut()?;
        replica.take_changed();
        replica.phase = Phase::Attaching;
        replica.informed = None;
        if let Some(cached) = &mut channel.cached {
            cached.pending = cached.pending.filter(|ticket| *ticket > taken);
        }
        let cached = channel.cached(now);
        let kept = cached.filter(|cached| cached.pending.is_none());
        let kept = kept.map(|cached| Kept {
            message: websocket::payload(cached.frame.plain()),
            version: cached.version,
            remaining: cached.until.saturating_duration_since(now),
        });
        let part = Part {
            subscriptions: channel.own_subscriptions(),
            members: channel.members.own(),
        };
        Some((part, kept))
    }

    /// What has become of this node's part since it was last asked for.
    pub(in crate::engine) fn take_change(&self, key: &Key) -> Option<Taken> {
        let mut shard = self.shard(key.0, &key.1);
        let channel = shard.channels.get_mut(key)?;
        let users = channel.replica.as_mut()?.take_changed();
        let mut change = cluster::Change {
            subscriptions: channel.own_subscriptions(),
            ..cluster::Change::default()
        };
        for user in users {
            match channel.members.own_member(&user) {
                Some(member) => change.joined.push(Arc::clone(member)),
                None => change.left.push(user),
            }
        }
        Some(Taken {
            is_idle: channel.is_vacant(),
            change,
        })
    }

    /// Gives up following a channel, if nobody subscribes here.
    pub(in crate::engine) fn detach(&self, key: &Key) -> bool {
        let mut shard = self.shard(key.0, &key.1);
        let Some(channel) = shard.channels.get_mut(key) else {
            return true;
        };
        let is_waited_for =
            (channel.replica.as_ref()).is_some_and(|replica| replica.phase == Phase::Attaching);
        if !channel.is_vacant() || is_waited_for {
            return false;
        }
        if let Some(replica) = &mut channel.replica {
            replica.detach();
        }
        channel.members.keep_own();
        channel.cached = None;
        if channel.is_forgettable() {
            shard.channels.remove(key);
        }
        true
    }

    /// The members whom another node has now, if the version is newer than what is known of it.
    pub(in crate::engine) fn earlier_members(
        &self,
        key: &Key,
        (node, version): (NodeId, Version),
    ) -> Option<Vec<Arc<Member>>> {
        let mut shard = self.shard(key.0, &key.1);
        let channel = shard.channels.get_mut(key)?;
        let replica = channel.replica.as_mut()?;
        if replica.version(node).is_some_and(|known| known >= version) {
            replica.confirm(node);
            return None;
        }
        Some(channel.members.of(node))
    }

    /// The members among these users whom another node has, if its part is older than the version.
    pub(in crate::engine) fn leaving(
        &self,
        key: &Key,
        (node, version): (NodeId, Version),
        users: &[UserId],
    ) -> Option<Vec<Arc<Member>>> {
        let shard = self.shard(key.0, &key.1);
        let channel = shard.channels.get(key)?;
        let known = channel.replica.as_ref()?.version(node)?;
        if known >= version {
            return None;
        }
        let members = users.iter().filter_map(|user| channel.members.get(user));
        Some(members.cloned().collect())
    }

    /// The members whom another node has, if it has a part, and one from before the version.
    pub(in crate::engine) fn members_of(
        &self,
        key: &Key,
        node: NodeId,
        before: Option<Version>,
    ) -> Option<Vec<Arc<Member>>> {
        let shard = self.shard(key.0, &key.1);
        let channel = shard.channels.get(key)?;
        let known = channel.replica.as_ref()?.version(node)?;
        let is_older = before.is_none_or(|version| known < version);
        is_older.then(|| channel.members.of(node))
    }

    /// Changes what is known of another node's part. Subscribers are told of users who are new to
    /// the channel or gone from it, wherever they have been. Whether no other node has a part now.
    pub(in crate::engine) fn revise(
        &self,
        key: &Key,
        revision: Revision,
        tells_count: bool,
    ) -> bool {
        let mut wakes = self.wakes();
        let mut shard = self.shard(key.0, &key.1);
        let Shard {
            channels,
            sequence,
            changed,
        } = &mut *shard;
        let Some(channel) = channels.get_mut(key) else {
            return false;
        };
        let Some(replica) = &mut channel.replica else {
            return false;
        };
        let node = revision.node;
        match revision.state {
            Some((version, subscriptions)) => {
                replica.set(node, version, subscriptions);
            }
            None => replica.remove(node),
        }
        let is_alone = replica.is_alone();
        for (member, frame) in revision.joined {
            if channel.members.add_remote(node, &member) == Change::User {
                self.deliver(channel, (sequence, &mut wakes), (key.0, &key.1), frame);
            }
        }
        for (member, frame) in revision.left {
            if channel.members.remove_remote(node, member.user_id()) == Change::User {
                self.deliver(channel, (sequence, &mut wakes), (key.0, &key.1), frame);
            }
        }
        if tells_count && !channel.is_vacant() {
            changed.insert(key.clone());
        }
        is_alone
    }

    /// The other nodes that have a part, as far as is known.
    pub(in crate::engine) fn nodes(&self, key: &Key) -> Vec<NodeId> {
        let shard = self.shard(key.0, &key.1);
        let replica = (shard.channels.get(key)).and_then(|channel| channel.replica.as_ref());
        replica.map_or_else(Vec::new, |replica| replica.nodes().collect())
    }

    /// The others' parts are known: whoever waited subscribes now.
    pub(in crate::engine) fn open(&self, key: &Key) {
        let mut wakes = self.wakes();
        let mut shard = self.shard(key.0, &key.1);
        let channel = shard.channels.get_mut(key);
        if let Some(replica) = channel.and_then(|channel| channel.replica.as_mut()) {
            replica.phase = Phase::Attached;
            let waiting = replica.take_waiting();
            tell_waiting(&mut wakes, key, waiting);
        }
    }

    /// From now on events need not go to the broker, unless another node has a part; whether that is
    /// so.
    pub(in crate::engine) fn hold(&self, key: &Key) -> bool {
        let mut shard = self.shard(key.0, &key.1);
        let channel = shard.channels.get_mut(key);
        let Some(replica) = channel.and_then(|channel| channel.replica.as_mut()) else {
            return false;
        };
        replica.is_exclusive = replica.is_alone() && replica.phase == Phase::Attached;
        replica.is_exclusive
    }

    /// From now on events go to the broker; whether they did not.
    pub(in crate::engine) fn share(&self, key: &Key) -> bool {
        let mut shard = self.shard(key.0, &key.1);
        let channel = shard.channels.get_mut(key);
        let replica = channel.and_then(|channel| channel.replica.as_mut());
        replica.is_some_and(|replica| std::mem::replace(&mut replica.is_exclusive, false))
    }

    /// Begins anew with the broker: the channels that are to be attached.
    pub(in crate::engine) fn begin_anew(&self) -> Vec<Key> {
        let mut wanted = Vec::new();
        for shard in self.shards.iter() {
            shard.lock().channels.retain(|key, channel| {
                let is_vacant = channel.is_vacant();
                let Some(replica) = &mut channel.replica else {
                    return true;
                };
                // What is kept here may be all that is left of it.
                let is_keeping = channel.cached.is_some();
                if !is_vacant || is_keeping || replica.phase == Phase::Attaching {
                    replica.doubt();
                    wanted.push(key.clone());
                    return true;
                }
                replica.detach();
                channel.members.keep_own();
                !channel.is_forgettable()
            });
        }
        wanted
    }

    /// The broker is out of reach: nobody waits for it any more.
    pub(in crate::engine) fn stop_waiting(&self) {
        for shard in self.shards.iter() {
            let mut wakes = self.wakes();
            let mut shard = shard.lock();
            for (key, channel) in &mut shard.channels {
                let Some(replica) = &mut channel.replica else {
                    continue;
                };
                replica.is_exclusive = false;
                if replica.phase == Phase::Attaching {
                    replica.phase = Phase::Detached;
                    let waiting = replica.take_waiting();
                    tell_waiting(&mut wakes, key, waiting);
                }
            }
        }
    }

    /// The channels in which a node has a part.
    pub(in crate::engine) fn with_node(&self, node: NodeId) -> Vec<Key> {
        self.keys_if(|channel| {
            let replica = channel.replica.as_ref();
            replica.is_some_and(|replica| replica.version(node).is_some())
        })
    }

    /// The channels in which nodes have parts that were not heard of since this node began anew.
    pub(in crate::engine) fn doubtful(&self) -> Vec<(Key, Vec<NodeId>)> {
        let mut doubtful = Vec::new();
        for shard in self.shards.iter() {
            for (key, channel) in &shard.lock().channels {
                let replica = channel.replica.as_ref();
                let nodes: Vec<_> =
                    replica.map_or_else(Vec::new, |replica| replica.doubtful().collect());
                if !nodes.is_empty() {
                    doubtful.push((key.clone(), nodes));
                }
            }
        }
        doubtful
    }

    /// The snapshot is known: who subscribes from now on sees the event that the broker keeps.
    pub(in crate::engine) fn keep(&self, key: &Key, kept: Option<(&Kept, Bytes)>, now: Instant) {
        let mut shard = self.shard(key.0, &key.1);
        let Shard {
            channels, sequence, ..
        } = &mut *shard;
        let Some(channel) = channels.get_mut(key) else {
            return;
        };
        if let Some(replica) = &mut channel.replica {
            *sequence += 1;
            replica.informed = Some(*sequence);
        }
        let Some((kept, frame)) = kept else {
            return;
        };
        // Of two events without a number the broker's counts.
        if let Some(cached) = &channel.cached
            && (cached.pending, cached.version) == (None, 0)
        {
            channel.cached = None;
        }
        channel.keep_if_newer(kept, &Copies::new(frame, self.compression), now);
    }

    /// Brings an event that the broker keeps to the subscribers here, and keeps it. `place` says
    /// whether it was published before this node attached.
    pub(in crate::engine) fn deliver_kept(
        &self,
        key: &Key,
        (kept, frame): (&Kept, Frame),
        place: Place,
        now: Instant,
    ) {
        let mut wakes = self.wakes();
        let mut shard = self.shard(key.0, &key.1);
        let Shard {
            channels, sequence, ..
        } = &mut *shard;
        let Some(channel) = channels.get_mut(key) else {
            return;
        };
        let copies = Copies::new(frame.bytes, self.compression);
        channel.keep_if_newer(kept, &copies, now);
        *sequence += 1;
        let informed = channel
            .replica
            .as_ref()
            .and_then(|replica| replica.informed);
        let number = match (place, informed) {
            // Whoever has subscribed since has seen this event, or a later one.
            (Place::BeforeAttaching, Some(informed)) => informed,
            _ => *sequence,
        };
        let way = (number, &mut wakes);
        Self::hand_out(channel, way, (key.0, &key.1), &copies, frame.except);
    }

    /// The broker has numbered the event of this node that has this ticket.
    pub(in crate::engine) fn number_kept(
        &self,
        key: &Key,
        (kept, frame): (&Kept, Bytes),
        ticket: u64,
        now: Instant,
    ) {
        let mut shard = self.shard(key.0, &key.1);
        let Some(channel) = shard.channels.get_mut(key) else {
            return;
        };
        match &mut channel.cached {
            Some(cached) if cached.pending == Some(ticket) => {
                cached.pending = None;
                cached.version = kept.version;
            }
            _ => channel.keep_if_newer(kept, &Copies::new(frame, self.compression), now),
        }
    }

    fn keys_if(&self, is_meant: impl Fn(&Channel) -> bool) -> Vec<Key> {
        let mut keys = Vec::new();
        for shard in self.shards.iter() {
            let shard = shard.lock();
            let channels = shard.channels.iter();
            keys.extend(
                channels
                    .filter(|(_, channel)| is_meant(channel))
                    .map(|(key, _)| key.clone()),
            );
        }
        keys
    }
}

fn tell_waiting(wakes: &mut Wakes<'_>, key: &Key, waiting: Vec<WorkerIndex>) {
    for worker in waiting {
        let task = Task::Attached {
            application: key.0,
            channel: key.1.clone(),
        };
        wakes.push(worker, task);
    }
}

impl Channel {
    /// Keeps an event, unless what is kept is later.
    fn keep_if_newer(&mut self, kept: &Kept, copies: &Copies, now: Instant) {
        let is_newer = self.cached(now).is_none_or(|cached| {
            // What this node has published, and the broker not numbered, comes later.
            cached.pending.is_none() && cached.version < kept.version
        });
        if is_newer {
            self.cached = Some(Box::new(Cached {
                frame: copies.clone(),
                until: now + kept.remaining,
                version: kept.version,
                pending: None,
            }));
        }
    }
}
