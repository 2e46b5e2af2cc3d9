//! What the broker is to do, and what nodes tell each other through it.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    engine::{
        ApplicationIndex,
        cluster::{Change, Kept, Part, Question, Relayed, Topic, Version},
    },
    protocol::SocketId,
};

/// What the driver is to carry out.
///
/// Each is one step of the broker, which nothing comes between. All but [`Command::Register`] fail
/// if the node is not registered under its generation any more, because its lease ran out or the
/// broker lost its memory: then [`super::Input::Expired`] is the reply.
#[derive(Debug)]
pub enum Command {
    /// Take the node in under a new generation, with a new lease, and clear away all that it had
    /// under an earlier one. The first command on a connection, but for [`Command::Subscribe`]. Reply: [`super::Input::Beaten`].
    Register {
        /// The new generation.
        generation: u64,
    },
    /// Prolong the lease, and clear away what dead nodes have left, a limited number of topics.
    /// Reply: [`super::Input::Beaten`].
    Beat,
    /// Hear the messages of topics from now on. Reply, once for each command and topic, when it is in effect:
    /// [`super::Input::Subscribed`].
    Subscribe(Vec<Topic>),
    /// Hear the messages of topics no more. No reply.
    Unsubscribe(Vec<Topic>),
    /// Set this node's part, tell the topic's other nodes [`Message::Attached`], and make this node
    /// the topic's holder if there is none that lives, and no living node but this one has a part.
    /// Reply: [`super::Input::Attached`].
    Attach {
        /// Where.
        topic: Topic,
        /// Of the part.
        version: Version,
        /// This node's part.
        part: Part,
        /// The event that this node has of a cache channel; kept if the broker has none, or an earlier
        /// one.
        kept: Option<Kept>,
    },
    /// Change this node's part, and tell the topic's other nodes [`Message::Changed`]. No reply.
    Change {
        /// Where.
        topic: Topic,
        /// Of the part, after it.
        version: Version,
        /// What has become of it.
        change: Change,
    },
    /// Remove this node's part, stop being the topic's holder if it is, and tell the topic's other
    /// nodes [`Message::Detached`]. No reply.
    Detach {
        /// Where.
        topic: Topic,
        /// After it.
        version: Version,
    },
    /// Make this node the topic's holder if there is none that lives, and no living node but this
    /// one has a part. Reply: [`super::Input::Claimed`].
    Claim {
        /// Where.
        topic: Topic,
        /// Names the claim in the reply.
        ticket: u64,
    },
    /// Stop being the topic's holder, if this node is, and tell the others [`Message::Shared`].
    /// No reply.
    Share {
        /// Where.
        topic: Topic,
    },
    /// Tell an event to the topic's other nodes, as [`Message::Event`]. If it is kept
    /// ([`Relayed::kept_for`]), the broker numbers and keeps it in the same step. No reply.
    Publish {
        /// Where.
        topic: Topic,
        /// The event.
        event: Relayed,
    },
    /// Close the connections of a user on all nodes: [`Message::Terminate`], not bound to a topic. No reply.
    Terminate {
        /// Of which application.
        application: ApplicationIndex,
        /// The user's id.
        user_id: Arc<str>,
    },
    /// Note how many connections of an application this node has, then admit as many more of those
    /// that ask as there is room for in `most`, over all living nodes, and note these as well.
    /// Reply, only if `asking > 0`: [`super::Input::Admitted`].
    Count {
        /// Of which application.
        application: ApplicationIndex,
        /// Connections that are there.
        connections: usize,
        /// Connections that wait.
        asking: usize,
        /// How many there may be, over all nodes.
        most: Option<usize>,
    },
    /// Look something up among the parts of the other living nodes. Reply: [`super::Input::Answered`].
    Ask {
        /// Names the question in the reply.
        ticket: u64,
        /// What.
        question: Question,
    },
}

/// What a node tells others. It names its sender and, but for [`Message::Terminate`], its topic
/// beside it; see [`super::Input::Message`].
#[derive(Clone, Debug)]
pub enum Message {
    /// The sender has this part now, whatever it had before.
    Attached(Version, Part),
    /// The sender's part has changed.
    Changed(Version, Change),
    /// The sender has no part any more.
    Detached(Version),
    /// The sender was the topic's holder, and is not any more.
    Shared,
    /// An event.
    Event {
        /// The Pusher message, JSON text.
        message: Bytes,
        /// The connection that does not get it.
        except: Option<SocketId>,
        /// The sender's [`Relayed::ticket`].
        ticket: u64,
        /// For an event that the broker keeps: the same message with its number and time.
        kept: Option<Kept>,
    },
    /// A user's connections are to be closed.
    Terminate {
        /// Of which application.
        application: ApplicationIndex,
        /// The user's id.
        user_id: Arc<str>,
    },
}
