//! What a node keeps of one topic for the sake of the others: how far it is attached, what of its own
//! part they were not told yet, and their parts.

use std::collections::HashSet;

use super::{NodeId, Version, outbox::Outbox, topic::Topic};
use crate::{engine::directory::WorkerIndex, protocol::UserId};

/// How far a topic is attached.
///
/// ```text
///             somebody comes             the others' parts are here
///   Detached ────────────────> Attaching ──────────────────────────> Attached
///     ^ ^                       │    ^                                │   │
///     │ └── broker unreachable ─┘    └────────── begin anew ──────────┘   │
///     └───────────────────────────── vacant for a while ──────────────────┘
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) enum Phase {
    /// What others have is not known, or not any more.
    #[default]
    Detached,
    /// It is being asked for: whoever subscribes now waits.
    Attaching,
    /// It is known and followed.
    Attached,
}

#[derive(Debug, Default)]
pub(in crate::engine) struct Replica {
    pub(in crate::engine) phase: Phase,
    /// The number of the delivery at which the last snapshot came: who subscribed at it or later has
    /// the event that was kept then. `None` while a snapshot is awaited.
    pub(in crate::engine) informed: Option<u64>,
    /// No other node has a part or gets one before this node has heard of it, so that events need not
    /// go to the broker. Only while `phase == Attached`.
    pub(in crate::engine) is_exclusive: bool,
    /// The topic is in the outbox.
    is_marked: bool,
    /// Users who came to this node or left it since the others were told.
    changed: HashSet<UserId>,
    /// Workers where somebody waits for the topic to be attached.
    waiting: Vec<WorkerIndex>,
    parts: Vec<Known>,
}

/// A part of another node, but for its members, who are among those of the channel.
#[derive(Debug)]
struct Known {
    node: NodeId,
    version: Version,
    subscriptions: usize,
    /// Heard of since this node began anew.
    is_confirmed: bool,
}

impl Replica {
    /// Has the others told that the part has changed.
    pub(in crate::engine) fn mark(&mut self, outbox: &Outbox, topic: impl FnOnce() -> Topic) {
        if !std::mem::replace(&mut self.is_marked, true) {
            outbox.push_topic(topic());
        }
    }

    /// As [`Replica::mark`] for a user who came or left.
    pub(in crate::engine) fn mark_user(&mut self, user: &UserId) {
        if self.phase != Phase::Detached {
            self.changed.insert(user.clone());
        }
    }

    /// Has somebody wait until the topic is attached.
    pub(in crate::engine) fn wait(&mut self, worker: WorkerIndex) {
        self.phase = Phase::Attaching;
        if !self.waiting.contains(&worker) {
            self.waiting.push(worker);
        }
    }

    /// The workers where somebody waited.
    pub(in crate::engine) fn take_waiting(&mut self) -> Vec<WorkerIndex> {
        std::mem::take(&mut self.waiting)
    }

    /// The users who came or left since the last call; from now on the topic is queued again.
    pub(in crate::engine) fn take_changed(&mut self) -> HashSet<UserId> {
        self.is_marked = false;
        std::mem::take(&mut self.changed)
    }

    /// Begins anew: nothing is known for sure.
    pub(in crate::engine) fn doubt(&mut self) {
        self.phase = Phase::Attaching;
        self.informed = None;
        self.is_exclusive = false;
        self.parts
            .iter_mut()
            .for_each(|known| known.is_confirmed = false);
    }

    /// Forgets whatever is known of others.
    pub(in crate::engine) fn detach(&mut self) {
        let is_marked = self.is_marked;
        *self = Self {
            is_marked,
            ..Self::default()
        };
    }

    /// Whether no other node has a part, as far as is known.
    pub(in crate::engine) fn is_alone(&self) -> bool {
        self.parts.is_empty()
    }

    /// Connections on other nodes.
    pub(in crate::engine) fn subscriptions(&self) -> usize {
        self.parts.iter().map(|known| known.subscriptions).sum()
    }

    pub(in crate::engine) fn version(&self, node: NodeId) -> Option<Version> {
        let mut parts = self.parts.iter();
        let known = parts.find(|known| known.node == node);
        known.map(|known| known.version)
    }

    pub(in crate::engine) fn nodes(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.parts.iter().map(|known| known.node)
    }

    /// The nodes that were not heard of since this node began anew.
    pub(in crate::engine) fn doubtful(&self) -> impl Iterator<Item = NodeId> + '_ {
        let doubtful = self.parts.iter().filter(|known| !known.is_confirmed);
        doubtful.map(|known| known.node)
    }

    pub(in crate::engine) fn set(&mut self, node: NodeId, version: Version, subscriptions: usize) {
        let known = Known {
            node,
            version,
            subscriptions,
            is_confirmed: true,
        };
        match self.parts.iter_mut().find(|known| known.node == node) {
            Some(earlier) => *earlier = known,
            None => self.parts.push(known),
        }
    }

    /// What is known of a node is known for sure.
    pub(in crate::engine) fn confirm(&mut self, node: NodeId) {
        let mut parts = self.parts.iter_mut();
        if let Some(known) = parts.find(|known| known.node == node) {
            known.is_confirmed = true;
        }
    }

    pub(in crate::engine) fn remove(&mut self, node: NodeId) {
        self.parts.retain(|known| known.node != node);
    }

    /// Whether nothing is lost with it.
    pub(in crate::engine) fn is_idle(&self) -> bool {
        self.phase == Phase::Detached && !self.is_marked
    }
}
