//! Who is signed in, and who wants to know: the part of the shared state that is about users.

mod remote;

use std::{collections::HashMap, fmt, sync::Arc};

use bytes::Bytes;
use parking_lot::MutexGuard;

use super::{
    application::ApplicationIndex,
    cluster::{Outbox, Phase, Replica, Topic},
    directory::WorkerIndex,
    inbox::{Inbox, Task, Wakes},
    shards::Shards,
};
use crate::protocol::{Status, UserId};

pub(super) struct Users {
    /// Each guards the users whose ids hash to it. Rank 1, as the directory's shards: inboxes
    /// (rank 2) are locked under it; never two shards at once.
    shards: Shards<Shard>,
    inboxes: Arc<[Inbox]>,
    /// For the other nodes, if there may be any.
    outbox: Option<Arc<Outbox>>,
}

/// A user, as the shards know it.
pub(super) type Key = (ApplicationIndex, UserId);

type Shard = HashMap<Key, Presence>;

/// A user that is signed in or watched: `connections > 0` or a watcher is there, or the other nodes
/// are still to be told that neither is.
struct Presence {
    /// Signed-in connections.
    connections: usize,
    /// What concerns the other nodes, if there may be any.
    replica: Option<Box<Replica>>,
    /// How many connections of each worker watch the user.
    watchers: Box<[u32]>,
}

impl Users {
    pub(super) fn new(inboxes: Arc<[Inbox]>, outbox: Option<Arc<Outbox>>) -> Self {
        Self {
            shards: Shards::new(inboxes.len()),
            inboxes,
            outbox,
        }
    }

    /// Counts a signed-in connection. `frame` tells the watchers if it is the user's first.
    pub(super) fn sign_in(&self, application: ApplicationIndex, user: &UserId, frame: Bytes) {
        let mut wakes = self.wakes();
        let mut shard = self.shard(application, user);
        let presence = self.presence(&mut shard, application, user);
        presence.connections += 1;
        self.mark(presence, application, user);
        if presence.connections == 1 && presence.elsewhere() == 0 {
            tell(presence, &mut wakes, (application, user), &frame);
        }
    }

    /// Counts a signed-in connection out. `frame` tells the watchers if it was the user's last.
    pub(super) fn sign_out(&self, application: ApplicationIndex, user: &UserId, frame: Bytes) {
        let mut wakes = self.wakes();
        let mut shard = self.shard(application, user);
        let presence = self.presence(&mut shard, application, user);
        presence.connections = presence.connections.saturating_sub(1);
        self.mark(presence, application, user);
        if presence.connections + presence.elsewhere() == 0 {
            tell(presence, &mut wakes, (application, user), &frame);
        }
        forget_if_idle(&mut shard, application, user);
    }

    /// A connection of a worker wants to know of a user; how the user is now.
    pub(super) fn watch(
        &self,
        application: ApplicationIndex,
        user: &UserId,
        worker: WorkerIndex,
    ) -> Status {
        let _wakes = self.wakes();
        let mut shard = self.shard(application, user);
        let presence = self.presence(&mut shard, application, user);
        presence.watchers[worker] += 1;
        self.mark(presence, application, user);
        match presence.connections + presence.elsewhere() {
            0 => Status::Offline,
            _ => Status::Online,
        }
    }

    /// A connection of a worker does not want to know any more.
    pub(super) fn unwatch(
        &self,
        application: ApplicationIndex,
        user: &UserId,
        worker: WorkerIndex,
    ) {
        let _wakes = self.wakes();
        let mut shard = self.shard(application, user);
        let presence = self.presence(&mut shard, application, user);
        presence.watchers[worker] = presence.watchers[worker].saturating_sub(1);
        self.mark(presence, application, user);
        forget_if_idle(&mut shard, application, user);
    }

    /// How often somebody had to wait for a shard.
    pub(super) fn waits(&self) -> u64 {
        self.shards.waits()
    }

    /// The others are to be told that something of this node's part has changed.
    fn mark(&self, presence: &mut Presence, application: ApplicationIndex, user: &UserId) {
        if let (Some(outbox), Some(replica)) = (&self.outbox, &mut presence.replica) {
            replica.mark(outbox, || Topic::user(application, user));
        }
    }

    fn presence<'s>(
        &self,
        shard: &'s mut Shard,
        application: ApplicationIndex,
        user: &UserId,
    ) -> &'s mut Presence {
        shard
            .entry((application, user.clone()))
            .or_insert_with(|| Presence {
                connections: 0,
                replica: self.outbox.is_some().then(Box::default),
                watchers: vec![0; self.inboxes.len()].into_boxed_slice(),
            })
    }

    /// Whom to wake once the shard is let go: to be made before [`Users::shard`] is called.
    fn wakes(&self) -> Wakes<'_> {
        Wakes::new(&self.inboxes, self.outbox.as_deref())
    }

    fn shard(&self, application: ApplicationIndex, user: &UserId) -> MutexGuard<'_, Shard> {
        self.shards.lock((application, user))
    }
}

fn tell(
    presence: &Presence,
    wakes: &mut Wakes<'_>,
    (application, user): (ApplicationIndex, &UserId),
    frame: &Bytes,
) {
    for (worker, watchers) in presence.watchers.iter().enumerate() {
        if *watchers > 0 {
            let task = Task::TellWatchers {
                application,
                user: user.clone(),
                frame: frame.clone(),
            };
            wakes.push(worker, task);
        }
    }
}

impl Presence {
    /// Nobody here is the user or watches it.
    fn is_idle(&self) -> bool {
        self.connections == 0 && self.watchers.iter().all(|count| *count == 0)
    }

    fn is_detached(&self) -> bool {
        let replica = self.replica.as_ref();
        replica.is_none_or(|replica| replica.phase == Phase::Detached)
    }

    /// Signed-in connections on other nodes.
    fn elsewhere(&self) -> usize {
        let replica = self.replica.as_ref();
        replica.map_or(0, |replica| replica.subscriptions())
    }
}

fn forget_if_idle(shard: &mut Shard, application: ApplicationIndex, user: &UserId) {
    let key = (application, user.clone());
    let is_forgettable = shard.get(&key).is_some_and(|presence| {
        let replica = presence.replica.as_ref();
        presence.is_idle() && replica.is_none_or(|replica| replica.is_idle())
    });
    if is_forgettable {
        shard.remove(&key);
    }
}

impl fmt::Debug for Users {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Users").finish_non_exhaustive()
    }
}
