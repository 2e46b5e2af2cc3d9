//! How far this node is with one topic.

use std::time::Instant;

use super::Message;
use crate::engine::cluster::{NodeId, Version};

/// ```text
///                heard            attached, held by another
///   Subscribing ──────> Attaching ─────────────────────────> Waiting
///                           │                                   │ the holder shares, goes,
///                           │ attached                          │ or takes too long
///                           └────────────────> Attached <───────┘
/// ```
#[derive(Debug)]
pub(super) enum Stage {
    /// The topic's messages are not heard yet.
    Subscribing,
    /// This node's part is sent, and the snapshot awaited.
    Attaching(News),
    /// Another node may still keep its events to itself.
    Waiting { holder: NodeId, until: Instant },
    /// All is known.
    Attached,
}

/// What was said while a snapshot was awaited, and since it was made: it is gone through after it.
#[derive(Debug, Default)]
pub(super) struct News {
    pub(super) messages: Vec<(NodeId, Message)>,
    /// Another node attached meanwhile: this one is not the only one, whatever the snapshot says.
    pub(super) is_contested: bool,
    /// There was more than is kept: the snapshot must be asked for again.
    pub(super) has_gaps: bool,
}

impl News {
    /// So much is kept for one topic.
    const MOST: usize = 1000;

    pub(super) fn keep(&mut self, from: NodeId, message: Message) {
        if self.messages.len() < Self::MOST {
            self.messages.push((from, message));
        } else {
            self.has_gaps = true;
        }
    }
}

#[derive(Debug)]
pub(super) struct Followed {
    pub(super) stage: Stage,
    /// Of this node's part when it was last sent as a whole.
    pub(super) version: Version,
    /// This node has heard itself attach with that version. Messages come in the order of the broker's
    /// steps: those before are of an earlier time than the snapshot, those after of a later one.
    pub(super) is_echoed: bool,
    /// Subscriptions that were asked for and are not in effect.
    pub(super) unheard: u32,
    /// The claim that was made to be the only one, while it is not answered.
    pub(super) claim: Option<u64>,
    /// The connections that the others know of.
    pub(super) announced: usize,
}

impl Followed {
    pub(super) fn new() -> Self {
        Self {
            stage: Stage::Subscribing,
            version: Version::default(),
            is_echoed: false,
            unheard: 1,
            claim: None,
            announced: 0,
        }
    }

    pub(super) fn is_attached(&self) -> bool {
        matches!(self.stage, Stage::Attached)
    }
}
