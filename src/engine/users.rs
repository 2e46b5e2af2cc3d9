//! Who is signed in, and who wants to know: the part of the shared state that is about users.

use std::{collections::HashMap, fmt, sync::Arc};

use bytes::Bytes;
use parking_lot::MutexGuard;

use super::{
    application::ApplicationIndex,
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
}

type Shard = HashMap<(ApplicationIndex, UserId), Presence>;

/// A user that is signed in or watched: `connections > 0` or a watcher is there.
struct Presence {
    /// Signed-in connections.
    connections: usize,
    /// How many connections of each worker watch the user.
    watchers: Box<[u32]>,
}

impl Users {
    pub(super) fn new(inboxes: Arc<[Inbox]>) -> Self {
        Self {
            shards: Shards::new(inboxes.len()),
            inboxes,
        }
    }

    /// Counts a signed-in connection. `frame` tells the watchers if it is the user's first.
    pub(super) fn sign_in(&self, application: ApplicationIndex, user: &UserId, frame: Bytes) {
        let mut wakes = Wakes::new(&self.inboxes);
        let mut shard = self.shard(application, user);
        let presence = self.presence(&mut shard, application, user);
        presence.connections += 1;
        if presence.connections == 1 {
            tell(presence, &mut wakes, (application, user), &frame);
        }
    }

    /// Counts a signed-in connection out. `frame` tells the watchers if it was the user's last.
    pub(super) fn sign_out(&self, application: ApplicationIndex, user: &UserId, frame: Bytes) {
        let mut wakes = Wakes::new(&self.inboxes);
        let mut shard = self.shard(application, user);
        let presence = self.presence(&mut shard, application, user);
        presence.connections = presence.connections.saturating_sub(1);
        if presence.connections == 0 {
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
        let mut shard = self.shard(application, user);
        let presence = self.presence(&mut shard, application, user);
        presence.watchers[worker] += 1;
        match presence.connections {
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
        let mut shard = self.shard(application, user);
        let presence = self.presence(&mut shard, application, user);
        presence.watchers[worker] = presence.watchers[worker].saturating_sub(1);
        forget_if_idle(&mut shard, application, user);
    }

    /// How often somebody had to wait for a shard.
    pub(super) fn waits(&self) -> u64 {
        self.shards.waits()
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
                watchers: vec![0; self.inboxes.len()].into_boxed_slice(),
            })
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

fn forget_if_idle(shard: &mut Shard, application: ApplicationIndex, user: &UserId) {
    let key = (application, user.clone());
    let is_idle = shard.get(&key).is_some_and(|presence| {
        presence.connections == 0 && presence.watchers.iter().all(|count| *count == 0)
    });
    if is_idle {
        shard.remove(&key);
    }
}

impl fmt::Debug for Users {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Users").finish_non_exhaustive()
    }
}
