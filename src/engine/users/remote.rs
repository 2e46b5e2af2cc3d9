//! What other nodes are told of users, and what they say of them.

use bytes::Bytes;

use super::{Key, Users, forget_if_idle, tell};
use crate::engine::cluster::{Change, NodeId, Part, Phase, Replica, Taken, Version};

impl Users {
    /// Whether somebody here needs the user to be attached. From now on it is queued again.
    pub(in crate::engine) fn is_wanted(&self, key: &Key) -> bool {
        let mut shard = self.shard(key.0, &key.1);
        let Some(presence) = shard.get_mut(key) else {
            return false;
        };
        if let Some(replica) = &mut presence.replica {
            replica.take_changed();
        }
        if !presence.is_idle() || !presence.is_detached() {
            return true;
        }
        forget_if_idle(&mut shard, key.0, &key.1);
        false
    }

    /// This node's part.
    pub(in crate::engine) fn part(&self, key: &Key) -> Option<Part> {
        let mut shard = self.shard(key.0, &key.1);
        let presence = shard.get_mut(key)?;
        let replica = presence.replica.as_mut()?;
        replica.take_changed();
        replica.phase = Phase::Attaching;
        Some(Part {
            subscriptions: presence.connections,
            members: Vec::new(),
        })
    }

    /// What has become of this node's part.
    pub(in crate::engine) fn take_change(&self, key: &Key) -> Option<Taken> {
        let mut shard = self.shard(key.0, &key.1);
        let presence = shard.get_mut(key)?;
        presence.replica.as_mut()?.take_changed();
        Some(Taken {
            is_idle: presence.is_idle(),
            change: Change {
                subscriptions: presence.connections,
                ..Change::default()
            },
        })
    }

    /// Gives up following a user, if nobody here is it or watches it.
    pub(in crate::engine) fn detach(&self, key: &Key) -> bool {
        let mut shard = self.shard(key.0, &key.1);
        let Some(presence) = shard.get_mut(key) else {
            return true;
        };
        if !presence.is_idle() {
            return false;
        }
        if let Some(replica) = &mut presence.replica {
            replica.detach();
        }
        forget_if_idle(&mut shard, key.0, &key.1);
        true
    }

    /// The user's part on another node becomes this, `None` if there is none any more. The frame of
    /// the two that fits tells the watchers, if it makes a difference.
    pub(in crate::engine) fn revise(
        &self,
        key: &Key,
        node: NodeId,
        state: Option<(Version, usize)>,
        (online, offline): (Bytes, Bytes),
    ) {
        let mut wakes = self.wakes();
        let mut shard = self.shard(key.0, &key.1);
        let Some(presence) = shard.get_mut(key) else {
            return;
        };
        let before = presence.connections + presence.elsewhere();
        let Some(replica) = &mut presence.replica else {
            return;
        };
        let known = replica.version(node);
        match state {
            Some((version, _)) if known.is_some_and(|known| known >= version) => {
                replica.confirm(node);
                return;
            }
            Some((version, connections)) => replica.set(node, version, connections),
            None => replica.remove(node),
        }
        let after = presence.connections + presence.elsewhere();
        match (before, after) {
            (0, 1..) => tell(presence, &mut wakes, (key.0, &key.1), &online),
            (1.., 0) => tell(presence, &mut wakes, (key.0, &key.1), &offline),
            _ => {}
        }
    }

    /// Which state of another node's part is known.
    pub(in crate::engine) fn version(&self, key: &Key, node: NodeId) -> Option<Version> {
        let shard = self.shard(key.0, &key.1);
        shard.get(key)?.replica.as_ref()?.version(node)
    }

    /// The other nodes that have a part, as far as is known.
    pub(in crate::engine) fn nodes(&self, key: &Key) -> Vec<NodeId> {
        let shard = self.shard(key.0, &key.1);
        let replica = shard
            .get(key)
            .and_then(|presence| presence.replica.as_ref());
        replica.map_or_else(Vec::new, |replica| replica.nodes().collect())
    }

    /// The others' parts are known.
    pub(in crate::engine) fn open(&self, key: &Key) {
        let mut shard = self.shard(key.0, &key.1);
        let presence = shard.get_mut(key);
        if let Some(replica) = presence.and_then(|presence| presence.replica.as_mut()) {
            replica.phase = Phase::Attached;
        }
    }

    /// Begins anew with the broker: the users that are to be attached.
    pub(in crate::engine) fn begin_anew(&self) -> Vec<Key> {
        let mut wanted = Vec::new();
        for shard in self.shards.iter() {
            shard.lock().retain(|key, presence| {
                let is_idle = presence.is_idle();
                let Some(replica) = &mut presence.replica else {
                    return true;
                };
                if is_idle {
                    replica.detach();
                    return !replica.is_idle();
                }
                replica.doubt();
                wanted.push(key.clone());
                true
            });
        }
        wanted
    }

    /// The users of whom other nodes, those that are meant, have parts.
    pub(in crate::engine) fn with_nodes(
        &self,
        are_meant: impl Fn(&Replica) -> Vec<NodeId>,
    ) -> Vec<(Key, Vec<NodeId>)> {
        let mut found = Vec::new();
        for shard in self.shards.iter() {
            for (key, presence) in shard.lock().iter() {
                let nodes = presence.replica.as_deref().map(&are_meant);
                if let Some(nodes) = nodes.filter(|nodes| !nodes.is_empty()) {
                    found.push((key.clone(), nodes));
                }
            }
        }
        found
    }
}
