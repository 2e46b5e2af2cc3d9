//! What a coordinator is told.

use crate::engine::{
    ApplicationIndex,
    cluster::{Answer, NodeId, Snapshot, Topic},
};

use super::Message;

/// Something that happened.
#[derive(Debug)]
pub enum Input {
    /// Both connections to the broker are there, for the first time or again. The commands of
    /// before are forgotten; their replies, if any are left, must not be handed in any more.
    Connected,
    /// A connection to the broker is gone, or takes too long. The driver gives up both, and drops
    /// the commands that it has not carried out.
    Disconnected,
    /// The engine's outbox has something.
    Outbox,
    /// Time has passed; to be told several times a second.
    Tick,
    /// The server stops: what is owed to the others goes now, whether or not they are back.
    Leaving,
    /// The messages of a topic are heard from now on.
    Subscribed(Topic),
    /// The part is set.
    Attached {
        /// Where.
        topic: Topic,
        /// The parts of all other nodes that are alive, and the event that is kept.
        snapshot: Snapshot,
        /// Who is the topic's holder now: this node, another one that is alive, or nobody.
        holder: Option<NodeId>,
    },
    /// Whether this node is the topic's holder now.
    Claimed {
        /// Where.
        topic: Topic,
        /// That of the claim.
        ticket: u64,
        /// Whether it is.
        granted: bool,
    },
    /// The lease runs anew, and these nodes are alive, this one among them.
    Beaten {
        /// All that are alive.
        alive: Vec<NodeId>,
    },
    /// The broker does not know this node under its generation.
    Expired,
    /// So many of those who asked are admitted and counted.
    Admitted {
        /// To which application.
        application: ApplicationIndex,
        /// How many.
        admitted: usize,
    },
    /// What was asked; `None` if it could not be found out.
    Answered {
        /// That of the question.
        ticket: u64,
        /// What the other nodes have.
        answer: Option<Answer>,
    },
    /// A node says something, possibly this one: its own messages come back as they went.
    Message {
        /// Who.
        from: NodeId,
        /// Where; `None` for what is told to all nodes.
        topic: Option<Topic>,
        /// What.
        message: Message,
    },
}
