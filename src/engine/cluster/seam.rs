//! The engine as the thread of the cluster sees it.

use std::{collections::HashSet, sync::Arc, time::Instant};

use super::{Asker, Change, Kept, Name, NodeId, Outgoing, Part, Question, Replica, Topic, Version};
use crate::{
    engine::{
        application::ApplicationIndex,
        directory::{Place, Revision},
        frame::{Frame, encode},
        publish::Engine,
    },
    protocol::{
        ChannelName, Member, SocketId, Status, UserId, member_added, member_removed,
        watchlist_events,
    },
    websocket::text_frame,
};

/// What has become of this node's part of a topic.
#[derive(Debug)]
pub struct Taken {
    /// Nobody here subscribes to the channel, is the user or watches it.
    pub is_idle: bool,
    /// Since it was last asked for.
    pub change: Change,
}

impl Engine {
    /// Takes up to `most` of what has changed and what is asked, oldest first.
    pub fn take_outgoing(&self, most: usize, taken: &mut Vec<Outgoing>) {
        if let Some(outbox) = self.outbox() {
            outbox.take(most, taken);
        }
    }

    /// Takes up to `most` of the events that are owed to the other nodes, oldest first.
    pub fn take_owed(&self, most: usize, taken: &mut Vec<Outgoing>) {
        if let Some(outbox) = self.outbox() {
            outbox.take_owed(most, taken);
        }
    }

    /// Wakes the thread of the cluster, as it has left something in the outbox.
    pub fn ring(&self) {
        if let Some(outbox) = self.outbox() {
            outbox.ring();
        }
    }

    /// Puts events and terminations back that were taken and may not have reached the broker, oldest
    /// first.
    pub fn give_back(&self, items: Vec<Outgoing>) {
        if let Some(outbox) = self.outbox() {
            outbox.give_back(items);
        }
    }

    /// Begins anew with the broker: the topics that somebody here needs. What is known of others
    /// stays, in doubt, until the topics are attached again.
    pub fn begin_anew(&self) -> Vec<Topic> {
        let channels = self.directory().begin_anew().into_iter();
        let users = self.users().begin_anew().into_iter();
        channels
            .map(|(application, channel)| Topic::channel(application, &channel))
            .chain(users.map(|(application, user)| Topic::user(application, &user)))
            .collect()
    }

    /// Notes whether the broker can be reached. While it cannot, nobody waits for it.
    pub fn set_reachable(&self, is_reachable: bool) {
        let Some(outbox) = self.outbox() else {
            return;
        };
        outbox.set_reachable(is_reachable);
        if !is_reachable {
            self.directory().stop_waiting();
            self.stop_asking();
        }
    }

    /// Whether somebody here needs a topic to be attached. To be asked when it was in the outbox, unless
    /// [`Engine::take_change`] is: from now on it is queued again.
    #[must_use]
    pub fn is_wanted(&self, topic: &Topic) -> bool {
        let application = topic.application;
        match &topic.name {
            Name::Channel(channel) => self.directory().is_wanted(&(application, channel.clone())),
            Name::User(user) => self.users().is_wanted(&(application, user.clone())),
        }
    }

    /// This node's whole part of a topic, and the event it keeps of a cache channel; `None` if it
    /// has nothing to do with the topic any more. To be called when the topic's messages are heard
    /// and the part is about to be sent: subscribers wait from now until [`Engine::open`].
    #[must_use]
    pub fn part(&self, topic: &Topic, now: Instant) -> Option<(Part, Option<Kept>)> {
        let application = topic.application;
        match &topic.name {
            Name::Channel(channel) => {
                let taken = self.outbox()?.last_taken();
                let key = (application, channel.clone());
                self.directory().part(&key, taken, now)
            }
            Name::User(user) => {
                let part = self.users().part(&(application, user.clone()))?;
                Some((part, None))
            }
        }
    }

    /// What has become of this node's part since this or [`Engine::part`] was last called.
    #[must_use]
    pub fn take_change(&self, topic: &Topic) -> Option<Taken> {
        let application = topic.application;
        match &topic.name {
            Name::Channel(channel) => self
                .directory()
                .take_change(&(application, channel.clone())),
            Name::User(user) => self.users().take_change(&(application, user.clone())),
        }
    }

    /// Gives up following a topic, if nobody here needs it; whether that is so.
    #[must_use]
    pub fn detach(&self, topic: &Topic) -> bool {
        let application = topic.application;
        match &topic.name {
            Name::Channel(channel) => self.directory().detach(&(application, channel.clone())),
            Name::User(user) => self.users().detach(&(application, user.clone())),
        }
    }

    /// Another node has this part now, whatever it had before, unless what is known is newer.
    pub fn set_part(&self, topic: &Topic, (node, version): (NodeId, Version), part: &Part) {
        let application = topic.application;
        let state = Some((version, part.subscriptions));
        match &topic.name {
            Name::Channel(channel) => {
                let key = (application, channel.clone());
                let earlier = self.directory().earlier_members(&key, (node, version));
                if let Some(earlier) = earlier {
                    let joined = without(&part.members, &earlier);
                    let left = without(&earlier, &part.members);
                    self.revise(&key, (node, state), joined, left);
                }
            }
            Name::User(user) => self.revise_user(application, user, node, state),
        }
    }

    /// Another node's part has changed, unless what is known is newer, or nothing.
    pub fn change_part(&self, topic: &Topic, (node, version): (NodeId, Version), change: &Change) {
        let application = topic.application;
        let state = Some((version, change.subscriptions));
        match &topic.name {
            Name::Channel(channel) => {
                let key = (application, channel.clone());
                let users = &change.left;
                if let Some(left) = self.directory().leaving(&key, (node, version), users) {
                    self.revise(&key, (node, state), change.joined.clone(), left);
                }
            }
            Name::User(user) => {
                let key = (application, user.clone());
                let known = self.users().version(&key, node);
                if known.is_some_and(|known| known < version) {
                    self.revise_user(application, user, node, state);
                }
            }
        }
    }

    /// Another node has no part any more, unless what is known is newer than the version.
    pub fn drop_part(&self, topic: &Topic, node: NodeId, version: Option<Version>) {
        let application = topic.application;
        match &topic.name {
            Name::Channel(channel) => {
                let key = (application, channel.clone());
                if let Some(left) = self.directory().members_of(&key, node, version) {
                    self.revise(&key, (node, None), Vec::new(), left);
                }
            }
            Name::User(user) => {
                let known = self.users().version(&(application, user.clone()), node);
                if known.is_some_and(|known| version.is_none_or(|version| known < version)) {
                    self.revise_user(application, user, node, None);
                }
            }
        }
    }

    /// The other nodes that have a part of a topic, as far as is known.
    #[must_use]
    pub fn nodes(&self, topic: &Topic) -> Vec<NodeId> {
        let application = topic.application;
        match &topic.name {
            Name::Channel(channel) => self.directory().nodes(&(application, channel.clone())),
            Name::User(user) => self.users().nodes(&(application, user.clone())),
        }
    }

    /// The topics in which a node has a part, as far as is known.
    #[must_use]
    pub fn topics_of(&self, node: NodeId) -> Vec<Topic> {
        let channels = self.directory().with_node(node).into_iter();
        let is_there = |replica: &Replica| replica.nodes().filter(|other| *other == node).collect();
        let users = self.users().with_nodes(is_there).into_iter();
        channels
            .map(|(application, channel)| Topic::channel(application, &channel))
            .chain(users.map(|((application, user), _)| Topic::user(application, &user)))
            .collect()
    }

    /// Parts of others that were not heard of since this node began anew.
    #[must_use]
    pub fn doubtful(&self) -> Vec<(Topic, Vec<NodeId>)> {
        let channels = self.directory().doubtful().into_iter();
        let users = self
            .users()
            .with_nodes(|replica| replica.doubtful().collect());
        channels
            .map(|((application, channel), nodes)| (Topic::channel(application, &channel), nodes))
            .chain(
                users
                    .into_iter()
                    .map(|((application, user), nodes)| (Topic::user(application, &user), nodes)),
            )
            .collect()
    }

    /// The others' parts are known: those who waited subscribe now.
    pub fn open(&self, topic: &Topic) {
        let application = topic.application;
        match &topic.name {
            Name::Channel(channel) => self.directory().open(&(application, channel.clone())),
            Name::User(user) => self.users().open(&(application, user.clone())),
        }
    }

    /// From now on events for a channel need not go to the broker, unless another node has a part;
    /// whether that is so.
    #[must_use]
    pub fn hold(&self, topic: &Topic) -> bool {
        match &topic.name {
            Name::Channel(channel) => self.directory().hold(&(topic.application, channel.clone())),
            Name::User(_) => false,
        }
    }

    /// From now on events for a channel go to the broker; whether they did not.
    pub fn share(&self, topic: &Topic) -> bool {
        match &topic.name {
            Name::Channel(channel) => self
                .directory()
                .share(&(topic.application, channel.clone())),
            Name::User(_) => false,
        }
    }

    /// Brings another node's event to the subscribers here.
    pub fn deliver(&self, topic: &Topic, message: &str, except: Option<SocketId>) {
        if let Name::Channel(channel) = &topic.name {
            let frame = Frame {
                bytes: text_frame(message),
                except,
            };
            self.directory()
                .publish_here(topic.application, channel, frame);
        }
    }

    /// A channel's snapshot is known, with the event that the broker keeps.
    pub fn keep(&self, topic: &Topic, kept: Option<&Kept>, now: Instant) {
        let Name::Channel(channel) = &topic.name else {
            return;
        };
        let key = (topic.application, channel.clone());
        let kept = kept.and_then(|kept| Some((kept, framed(kept)?)));
        self.directory().keep(&key, kept, now);
    }

    /// Keeps another node's event, and brings it to the subscribers here.
    pub fn deliver_kept(
        &self,
        topic: &Topic,
        (kept, except): (&Kept, Option<SocketId>),
        place: Place,
        now: Instant,
    ) {
        if let (Name::Channel(channel), Some(bytes)) = (&topic.name, framed(kept)) {
            let key = (topic.application, channel.clone());
            let frame = Frame { bytes, except };
            self.directory()
                .deliver_kept(&key, (kept, frame), place, now);
        }
    }

    /// An event of this node, the one with that ticket, was numbered by the broker.
    pub fn number_kept(&self, topic: &Topic, kept: &Kept, ticket: u64, now: Instant) {
        if let (Name::Channel(channel), Some(frame)) = (&topic.name, framed(kept)) {
            let key = (topic.application, channel.clone());
            self.directory()
                .number_kept(&key, (kept, frame), ticket, now);
        }
    }

    /// Whether what is known here of a channel is all that there is: always so without other nodes,
    /// and never while the broker cannot be reached.
    #[must_use]
    pub fn is_followed(&self, topic: &Topic) -> bool {
        let Some(outbox) = self.outbox() else {
            return true;
        };
        match &topic.name {
            Name::Channel(channel) if outbox.is_reachable() => {
                let key = (topic.application, channel.clone());
                self.directory().is_followed(&key)
            }
            _ => false,
        }
    }

    /// Asks what the other nodes have. Without other nodes, or without the broker, the answer is
    /// `None`, at once.
    pub fn ask(&self, question: Question, asker: Asker) {
        match self.outbox() {
            Some(outbox) => outbox.ask(question, asker),
            None => asker.tell(None),
        }
    }

    /// Whether the broker can be reached, as far as is known.
    #[must_use]
    pub fn is_reachable(&self) -> bool {
        self.outbox().is_some_and(|outbox| outbox.is_reachable())
    }

    /// The node that this is, if it is one of several.
    #[must_use]
    pub fn node(&self) -> Option<NodeId> {
        self.outbox().map(|outbox| outbox.node())
    }

    fn revise(
        &self,
        key: &(ApplicationIndex, ChannelName),
        (node, state): (NodeId, Option<(Version, usize)>),
        joined: Vec<Arc<Member>>,
        left: Vec<Arc<Member>>,
    ) {
        let name = key.1.as_str();
        let told = |members: Vec<Arc<Member>>, encode_for: fn(&str, &Member) -> bytes::Bytes| {
            let frames = members.into_iter().map(|member| {
                let frame = Frame {
                    bytes: encode_for(name, &member),
                    except: None,
                };
                (member, frame)
            });
            frames.collect()
        };
        let revision = Revision {
            node,
            state,
            joined: told(joined, |name, member| encode(&member_added(name, member))),
            left: told(left, |name, member| encode(&member_removed(name, member))),
        };
        let settings = self.applications().application(key.0);
        let tells_count = settings.subscription_count && !key.1.is_presence();
        self.directory().revise(key, revision, tells_count);
    }

    fn revise_user(
        &self,
        application: ApplicationIndex,
        user: &UserId,
        node: NodeId,
        state: Option<(Version, usize)>,
    ) {
        let told = |status| encode(&watchlist_events(status, &[user]));
        let frames = (told(Status::Online), told(Status::Offline));
        self.users()
            .revise(&(application, user.clone()), node, state, frames);
    }
}

/// The members who are in one list and not in the other.
fn without(members: &[Arc<Member>], others: &[Arc<Member>]) -> Vec<Arc<Member>> {
    let others: HashSet<_> = others.iter().map(|member| member.user_id()).collect();
    let rest = members
        .iter()
        .filter(|member| !others.contains(member.user_id()));
    rest.cloned().collect()
}

/// The frame of a kept event; `None` if the broker has kept no text, which no node of ours publishes.
fn framed(kept: &Kept) -> Option<bytes::Bytes> {
    let text = std::str::from_utf8(&kept.message).ok()?;
    Some(text_frame(text))
}
