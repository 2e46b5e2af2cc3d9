//! What a server shares with the other servers of an installation, and what it is told by them.
//!
//! Each server (*node*) owns its *part* of every topic: how many of its connections subscribe, and
//! who of its users is there. Only the owner changes a part. The truth about a topic is the union of
//! all parts; a node that has subscribers is *attached* to the topic and holds a replica of the
//! others' parts. Members are announced to the subscribers of a node exactly when a user comes into,
//! or goes out of, the union as this node sees it: so nobody hears of a user twice or never,
//! whatever the order in which parts change, nodes die and connections to the broker break.
//!
//! This folder knows neither broker nor bytes; `crate::cluster` moves what is said here.

mod admissions;
mod outbox;
mod replica;
mod seam;
mod topic;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

pub use self::{
    admissions::Connections,
    outbox::Scaling,
    seam::Taken,
    topic::{Name, NodeId, Topic, Version},
};
pub(super) use self::{
    admissions::{Admissions, Verdict},
    outbox::Outbox,
    replica::{Phase, Replica},
};
pub use super::directory::Place;
use super::{application::ApplicationIndex, directory::Occupancy};
use crate::protocol::{ChannelName, Member, SocketId, UserId};

/// What one node has of a topic.
///
/// Of a channel: its subscribed connections, and the members of a presence channel. Of a user: the
/// connections that are signed in as it, and no members.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// Connections.
    pub subscriptions: usize,
    /// Each user once.
    pub members: Vec<Arc<Member>>,
}

/// What has become of a part. Repeating it does no harm.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Connections, all in all.
    pub subscriptions: usize,
    /// Users who are there now.
    pub joined: Vec<Arc<Member>>,
    /// Users who are not there now.
    pub left: Vec<UserId>,
}

/// The part of another node.
#[derive(Clone, Debug)]
pub struct RemotePart {
    /// Its owner.
    pub node: NodeId,
    /// Which of its states this is.
    pub version: Version,
    /// The part.
    pub part: Part,
}

/// The last event of a cache channel, as the broker keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The Pusher message, JSON text.
    pub message: Bytes,
    /// Grows with each event that the channel keeps, whoever published it.
    pub version: u64,
    /// How much longer it is kept.
    pub remaining: Duration,
}

/// What the broker knows of a topic at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The parts of all other nodes that are alive.
    pub parts: Vec<RemotePart>,
    /// The last event of a cache channel.
    pub kept: Option<Kept>,
}

/// An event for the subscribers on other nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relayed {
    /// The Pusher message, JSON text, ready to be framed.
    pub message: Bytes,
    /// The connection that does not get it.
    pub except: Option<SocketId>,
    /// For a cache channel: how long those who subscribe later are to see it.
    pub kept_for: Option<Duration>,
    /// Names the event among those that this node has relayed; it grows.
    pub ticket: u64,
}

/// What a node has for the others.
#[derive(Debug)]
pub enum Outgoing {
    /// This node's part has changed, or somebody waits for the topic to be attached. Each topic is
    /// queued once; [`super::Engine::part`] and [`super::Engine::take_change`] tell what there is.
    Topic(Topic),
    /// An event.
    Event(Topic, Relayed),
    /// A user's connections are to be closed everywhere.
    Terminate {
        /// Of which application.
        application: ApplicationIndex,
        /// The user's id.
        user_id: Arc<str>,
    },
    /// The application has more or fewer connections, or some wait for admission. Queued once.
    Connections(ApplicationIndex),
    /// Somebody asks what the other nodes have.
    Question(Question, Asker),
}

/// What this node cannot know by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// The occupancy of some channels.
    Channels(ApplicationIndex, Vec<ChannelName>),
    /// The occupied channels whose names begin with a prefix.
    ChannelsLike(ApplicationIndex, String),
    /// The members of a presence channel.
    Members(ApplicationIndex, ChannelName),
    /// How many connections there are.
    Connections(ApplicationIndex),
}

/// What the *other* nodes have, those that are alive; parts of this node are left out.
#[derive(Clone, Debug)]
pub enum Answer {
    /// To [`Question::Channels`] and [`Question::ChannelsLike`]: channels in any order, vacant ones
    /// left out unless they keep an event. A user on several nodes counts once.
    Channels(Vec<(ChannelName, Occupancy)>),
    /// To [`Question::Members`]: each user once.
    Members(Vec<Arc<Member>>),
    /// To [`Question::Connections`].
    Connections(usize),
}

/// Gets an answer, once; `None` if the broker cannot be asked. Dropping it is the same as `None` to
/// whoever waits.
pub struct Asker(Box<dyn FnOnce(Option<Answer>) + Send>);

impl Asker {
    /// Calls this with the answer. It is called on the thread of the cluster and must not wait.
    pub fn new(answer: impl FnOnce(Option<Answer>) + Send + 'static) -> Self {
        Self(Box::new(answer))
    }

    /// Tells the answer.
    pub fn tell(self, answer: Option<Answer>) {
        (self.0)(answer);
    }
}

impl std::fmt::Debug for Asker {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Asker").finish_non_exhaustive()
    }
}
