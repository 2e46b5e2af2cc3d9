//! The coordinator's commands as commands of Redis, and Redis' replies as inputs.

mod again;
mod questions;
mod replies;

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    coordinator::{Command, Input, Message},
    envelope::{self, Head, Said},
    link::{Link, LinkError},
    names::Names,
    recall::Recall,
    script::{Script, Scripts},
    seal::Tag,
    settings::Dialect,
    value,
};
use crate::{
    engine::{
        ApplicationIndex, Engine, Occupancy,
        cluster::{Change, Kept, NodeId, Outgoing, Part, Relayed, Topic, Version},
    },
    protocol::ChannelName,
};

/// A connection on which commands are carried out in their order.
pub(super) struct Broker {
    link: Link,
    scripts: Scripts,
    engine: Arc<Engine>,
    /// This node.
    name: String,
    generation: u64,
    lease: Duration,
    is_sharded: bool,
    /// What was asked and not answered yet, oldest first.
    pending: VecDeque<Pending>,
    /// Commands that wait until an earlier life of this node is cleared away.
    waiting: VecDeque<Command>,
    /// What nodes are told that were cut off.
    answers: VecDeque<again::Answer>,
    is_registering: bool,
}

struct Pending {
    since: Instant,
    wants: Wants,
}

/// What a reply means.
enum Wants {
    /// Nothing, but that it was done.
    Done,
    /// The same of something that is owed to the other nodes until then.
    Owed(Outgoing),
    Registered,
    Beaten,
    Attached(Topic),
    Claimed(Topic, u64),
    Admitted(ApplicationIndex),
    Channels(u64, ApplicationIndex),
    ChannelsLike(Listing),
    Members(u64, Topic),
    Connections(u64),
    Left,
}

/// A list of channels that is fetched in pieces.
struct Listing {
    ticket: u64,
    application: ApplicationIndex,
    prefix: String,
    found: Vec<(ChannelName, Occupancy)>,
}

/// What a reply led to.
pub(super) enum Outcome {
    Nothing,
    Input(Input),
    /// Nothing of this node is left in Redis.
    Left,
}

/// What is the same whichever connection to Redis there is.
pub(super) struct Identity {
    pub(super) engine: Arc<Engine>,
    node: NodeId,
    pub(super) names: Names,
    dialect: Dialect,
    /// Of the last message.
    sequence: u64,
    recall: Recall,
}

impl Identity {
    pub(super) fn new(
        engine: Arc<Engine>,
        node: NodeId,
        (names, dialect): (Names, Dialect),
    ) -> Self {
        Self {
            engine,
            node,
            names,
            dialect,
            sequence: 0,
            recall: Recall::default(),
        }
    }

    /// This node.
    pub(super) fn node(&self) -> NodeId {
        self.node
    }

    /// The channel of Redis on which a topic is talked about.
    pub(super) fn channel(&mut self, topic: &Topic) -> String {
        let topic = self.names.topic(&self.engine, topic);
        self.names.channel(&topic)
    }

    /// A message of this node for a channel of Redis.
    fn message(
        &mut self,
        channel: &str,
        application: ApplicationIndex,
        message: Message,
    ) -> Vec<u8> {
        self.sealed(channel, application, &Said::Message(message))
    }

    fn sealed(&mut self, channel: &str, application: ApplicationIndex, said: &Said) -> Vec<u8> {
        self.sequence += 1;
        let seal = self.names.seal(&self.engine, application);
        let head = Head {
            node: self.node,
            sequence: self.sequence,
            tag: seal.tag(),
        };
        envelope::encode(self.dialect, head, channel.as_bytes(), (said, Some(seal)))
    }

    fn farewell(&mut self, channel: &str) -> Vec<u8> {
        self.sequence += 1;
        let head = Head {
            node: self.node,
            sequence: self.sequence,
            tag: Tag::NOBODY,
        };
        let said = (&Said::Farewell, None);
        envelope::encode(self.dialect, head, channel.as_bytes(), said)
    }
}

impl Broker {
    pub(super) fn new(
        link: Link,
        scripts: Scripts,
        identity: &Identity,
        (lease, is_sharded): (Duration, bool),
    ) -> Self {
        Self {
            link,
            scripts,
            engine: Arc::clone(&identity.engine),
            name: identity.node.to_string(),
            generation: 0,
            lease,
            is_sharded,
            pending: VecDeque::new(),
            waiting: VecDeque::new(),
            answers: VecDeque::new(),
            is_registering: false,
        }
    }

    /// Writes what is queued and reads what has come.
    pub(super) async fn progress(&mut self) -> Result<(), LinkError> {
        self.link.progress().await
    }

    /// Since when the oldest answer is waited for.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.pending.front().map(|pending| pending.since)
    }

    /// Whether so much is on its way that nothing more should be asked.
    pub(super) fn is_busy(&self) -> bool {
        /// Answers that are waited for.
        const MOST_PENDING: usize = 4096;
        /// Bytes that Redis has not taken.
        const MOST_QUEUED: usize = 16 * 1024 * 1024;
        self.pending.len() >= MOST_PENDING || self.link.queued() >= MOST_QUEUED
    }

    /// What of this connection may not have reached Redis, oldest first.
    pub(super) fn into_owed(self) -> Vec<Outgoing> {
        let pending = self.pending.into_iter().filter_map(|pending| {
            let Wants::Owed(owed) = pending.wants else {
                return None;
            };
            Some(owed)
        });
        let waiting = self.waiting.into_iter().filter_map(owed);
        pending.chain(waiting).collect()
    }

    /// Asks whether Redis is still there.
    pub(super) fn check(&mut self, now: Instant) {
        self.command(&[b"PING"], Wants::Done, now);
    }

    /// Prolongs the lease and asks who is alive, whether or not it is time.
    pub(super) fn beat(&mut self, identity: &Identity, now: Instant) {
        let lease = self.lease.as_millis().to_string();
        self.script(
            identity,
            Script::Beat,
            &[lease.as_bytes()],
            Wants::Beaten,
            now,
        );
    }

    /// Removes all that this node has in Redis, and tells the others that it goes.
    pub(super) fn leave(&mut self, identity: &mut Identity, now: Instant) {
        let message = identity.farewell(&identity.names.everybody());
        let publish = self.publish();
        let arguments: [&[u8]; 2] = [publish, &message];
        self.script(identity, Script::Leave, &arguments, Wants::Left, now);
    }

    /// Queues a command of the coordinator; not those about subscriptions.
    pub(super) fn carry_out(&mut self, identity: &mut Identity, command: Command, now: Instant) {
        if self.is_registering {
            self.waiting.push_back(command);
            return;
        }
        match command {
            Command::Register { generation } => {
                self.generation = generation;
                self.register(identity, now);
            }
            Command::Beat => self.beat(identity, now),
            Command::Subscribe(_) | Command::Unsubscribe(_) => {}
            Command::Attach {
                topic,
                version,
                part,
                kept,
            } => self.attach(identity, topic, (version, part, kept), now),
            Command::Change {
                topic,
                version,
                change,
            } => self.change(identity, &topic, (version, change), now),
            Command::Detach { topic, version } => {
                let message = Message::Detached(version);
                self.tell(identity, Script::Detach, (&topic, message), now);
            }
            Command::Claim { topic, ticket } => {
                let key = identity.names.topic(&self.engine, &topic);
                let wants = Wants::Claimed(topic, ticket);
                self.script(identity, Script::Claim, &[key.as_bytes()], wants, now);
            }
            Command::Share { topic } => {
                self.tell(identity, Script::Share, (&topic, Message::Shared), now);
            }
            Command::Publish { topic, event } => self.event(identity, topic, event, now),
            Command::Terminate {
                application,
                user_id,
            } => self.terminate(identity, application, user_id, now),
            Command::Count {
                application,
                connections,
                asking,
                most,
            } => self.count(identity, application, (connections, asking, most), now),
            Command::Ask { ticket, question } => self.ask(identity, ticket, question, now),
        }
    }

    fn register(&mut self, identity: &Identity, now: Instant) {
        self.is_registering = true;
        let lease = self.lease.as_millis().to_string();
        let wants = Wants::Registered;
        self.script(identity, Script::Register, &[lease.as_bytes()], wants, now);
    }

    fn attach(
        &mut self,
        identity: &mut Identity,
        topic: Topic,
        (version, part, kept): (Version, Part, Option<Kept>),
        now: Instant,
    ) {
        let key = identity.names.topic(&self.engine, &topic);
        let channel = identity.names.channel(&key);
        let mut arguments = vec![key.clone().into_bytes(), self.publish().to_vec()];
        let own = (key.as_str(), self.name.as_str());
        let seal = identity.names.seal(&self.engine, topic.application);
        let value = value::part(identity.dialect, seal, own, (version, part.subscriptions));
        let kept = match kept {
            None => [const { Vec::new() }; 3],
            Some(kept) => [
                kept.version.to_string().into_bytes(),
                value::kept(seal, &key, &kept.message),
                milliseconds(kept.remaining),
            ],
        };
        let mut members = Vec::with_capacity(2 * part.members.len());
        for member in &part.members {
            members.push(member.user_id().as_str().as_bytes().to_vec());
            members.push(value::member(seal, own, member));
        }
        let message = Message::Attached(version, part);
        arguments.push(identity.message(&channel, topic.application, message));
        arguments.push(value);
        arguments.extend(kept);
        arguments.append(&mut members);
        let arguments: Vec<&[u8]> = arguments.iter().map(Vec::as_slice).collect();
        let wants = Wants::Attached(topic);
        self.script(identity, Script::Attach, &arguments, wants, now);
    }

    fn change(
        &mut self,
        identity: &mut Identity,
        topic: &Topic,
        (version, change): (Version, Change),
        now: Instant,
    ) {
        let key = identity.names.topic(&self.engine, topic);
        let channel = identity.names.channel(&key);
        let own = (key.as_str(), self.name.as_str());
        let seal = identity.names.seal(&self.engine, topic.application);
        let value = value::part(identity.dialect, seal, own, (version, change.subscriptions));
        let mut members = Vec::with_capacity(2 * change.joined.len() + change.left.len());
        for member in &change.joined {
            members.push(member.user_id().as_str().as_bytes().to_vec());
            members.push(value::member(seal, own, member));
        }
        let joined = members.len().to_string().into_bytes();
        let left = change.left.iter();
        members.extend(left.map(|user| user.as_str().as_bytes().to_vec()));
        let message = Message::Changed(version, change);
        let message = identity.message(&channel, topic.application, message);
        let publish = self.publish();
        let mut arguments: Vec<&[u8]> = vec![key.as_bytes(), publish, &message, &value, &joined];
        arguments.extend(members.iter().map(Vec::as_slice));
        self.script(identity, Script::Change, &arguments, Wants::Done, now);
    }

    /// Runs a script of which the others are told by a message.
    fn tell(
        &mut self,
        identity: &mut Identity,
        script: Script,
        (topic, message): (&Topic, Message),
        now: Instant,
    ) {
        let key = identity.names.topic(&self.engine, topic);
        let channel = identity.names.channel(&key);
        let message = identity.message(&channel, topic.application, message);
        let arguments = [key.as_bytes(), self.publish(), &message];
        self.script(identity, script, &arguments, Wants::Done, now);
    }

    fn event(&mut self, identity: &mut Identity, topic: Topic, event: Relayed, now: Instant) {
        let key = identity.names.topic(&self.engine, &topic);
        let channel = identity.names.channel(&key);
        let application = topic.application;
        identity.recall.note_event(&topic, &event, now);
        let text = event.message.clone();
        let envelope = identity.message(&channel, application, message(event.clone()));
        let publish = self.publish();
        let kept_for = event.kept_for;
        let owed = Wants::Owed(Outgoing::Event(topic, event));
        let Some(kept_for) = kept_for else {
            self.command(&[publish, channel.as_bytes(), &envelope], owed, now);
            return;
        };
        let seal = identity.names.seal(&self.engine, application);
        let value = value::kept(seal, &key, &text);
        let time = milliseconds(kept_for);
        let arguments: [&[u8]; 5] = [key.as_bytes(), publish, &envelope, &value, &time];
        self.script(identity, Script::Keep, &arguments, owed, now);
    }

    fn terminate(
        &mut self,
        identity: &mut Identity,
        application: ApplicationIndex,
        user_id: Arc<str>,
        now: Instant,
    ) {
        let channel = identity.names.everybody();
        let message = Message::Terminate {
            application,
            user_id: Arc::clone(&user_id),
        };
        let message = identity.message(&channel, application, message);
        let sequence = identity.sequence;
        identity
            .recall
            .note_termination((application, &user_id), sequence, now);
        let command = [self.publish(), channel.as_bytes(), &message];
        let owed = Wants::Owed(Outgoing::Terminate {
            application,
            user_id,
        });
        self.command(&command, owed, now);
    }

    fn count(
        &mut self,
        identity: &mut Identity,
        application: ApplicationIndex,
        (connections, asking, most): (usize, usize, Option<usize>),
        now: Instant,
    ) {
        let tag = identity
            .names
            .seal(&self.engine, application)
            .tag()
            .to_string();
        let most = most.map(|most| most.to_string()).unwrap_or_default();
        let (connections, asked) = (connections.to_string(), asking.to_string());
        let arguments = [&tag, &connections, &asked, &most].map(|text| text.as_bytes());
        let wants = match asking {
            0 => Wants::Done,
            _ => Wants::Admitted(application),
        };
        self.script(identity, Script::Count, &arguments, wants, now);
    }

    fn script(
        &mut self,
        identity: &Identity,
        script: Script,
        arguments: &[&[u8]],
        wants: Wants,
        now: Instant,
    ) {
        let generation = self.generation.to_string();
        let mut command: Vec<&[u8]> = vec![
            b"EVALSHA",
            self.scripts.name(script),
            b"1",
            identity.names.root(),
            self.name.as_bytes(),
            generation.as_bytes(),
        ];
        command.extend(arguments);
        self.link.push(command.into_iter());
        self.pending.push_back(Pending { since: now, wants });
    }

    fn command(&mut self, command: &[&[u8]], wants: Wants, now: Instant) {
        self.link.push(command.iter().copied());
        self.pending.push_back(Pending { since: now, wants });
    }

    fn publish(&self) -> &'static [u8] {
        if self.is_sharded {
            b"SPUBLISH"
        } else {
            b"PUBLISH"
        }
    }
}

/// What a command owes to the other nodes, if anything.
pub(super) fn owed(command: Command) -> Option<Outgoing> {
    match command {
        Command::Publish { topic, event } => Some(Outgoing::Event(topic, event)),
        Command::Terminate {
            application,
            user_id,
        } => Some(Outgoing::Terminate {
            application,
            user_id,
        }),
        _ => None,
    }
}

/// An event as it is told. Redis knows the number of one that it keeps, and appends it.
fn message(event: Relayed) -> Message {
    let kept = event.kept_for.map(|remaining| Kept {
        message: event.message.clone(),
        version: 0,
        remaining,
    });
    Message::Event {
        message: event.message,
        except: event.except,
        ticket: event.ticket,
        kept,
    }
}

fn milliseconds(time: Duration) -> Vec<u8> {
    time.as_millis().max(1).to_string().into_bytes()
}
