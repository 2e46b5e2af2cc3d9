//! The connection on which this node hears the others.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::{
    broker::Identity,
    coordinator::{Input, Message},
    envelope::{Back, Envelope, Said, Unusable},
    link::{self, Link, LinkError},
    memory::Memory,
    recall::Recall,
};
use crate::engine::{
    ApplicationIndex,
    cluster::{NodeId, Topic},
};

/// Listens to topics, and to what is said to all.
pub(super) struct Ears {
    link: Link,
    is_sharded: bool,
    everybody: Bytes,
    /// What is said to this node alone.
    own: Bytes,
    /// What is listened to, or will be.
    topics: HashMap<Bytes, Topic>,
    /// Channels that were given up, as often as Redis has not confirmed it.
    leaving: HashMap<Bytes, usize>,
    /// Since when a pong is waited for.
    asked: Option<Instant>,
}

/// What was heard.
pub(super) enum News {
    /// Nothing of interest.
    Nothing,
    /// Something for the coordinator.
    Input(Input),
    /// A server has gone: it is time to look who is there.
    Farewell,
    /// A server is back, and asks for what it has missed.
    Back {
        node: NodeId,
        /// One that it knows.
        application: ApplicationIndex,
        back: Back,
    },
}

impl Ears {
    /// Listens to what is said to all, and to this node.
    pub(super) async fn open(
        mut link: Link,
        identity: &Identity,
        is_sharded: bool,
        patience: Duration,
    ) -> Result<Self, LinkError> {
        let everybody = Bytes::from(identity.names.everybody());
        let own = Bytes::from(identity.names.node(identity.node()));
        let command = [subscribe(is_sharded), &everybody, &own];
        link.ask(&command, patience).await?;
        Ok(Self {
            link,
            is_sharded,
            everybody,
            own,
            topics: HashMap::new(),
            leaving: HashMap::new(),
            asked: None,
        })
    }

    /// Writes what is queued and reads what has come.
    pub(super) async fn progress(&mut self) -> Result<(), LinkError> {
        self.link.progress().await
    }

    /// Listens to more topics.
    pub(super) fn subscribe(&mut self, identity: &mut Identity, topics: Vec<Topic>) {
        let channels: Vec<Bytes> = topics
            .iter()
            .map(|topic| identity.channel(topic).into())
            .collect();
        self.command(subscribe(self.is_sharded), &channels);
        self.topics.extend(channels.into_iter().zip(topics));
    }

    /// Listens to some topics no more.
    pub(super) fn unsubscribe(&mut self, identity: &mut Identity, topics: &[Topic]) {
        let command: &[u8] = if self.is_sharded {
            b"SUNSUBSCRIBE"
        } else {
            b"UNSUBSCRIBE"
        };
        let channels: Vec<Bytes> = topics
            .iter()
            .map(|topic| identity.channel(topic).into())
            .collect();
        self.command(command, &channels);
        for channel in channels {
            self.topics.remove(&channel);
            *self.leaving.entry(channel).or_default() += 1;
        }
    }

    /// Asks whether Redis is still there; once at a time.
    pub(super) fn check(&mut self, now: Instant) {
        if self.asked.is_none() {
            self.asked = Some(now);
            self.link.push([b"PING".as_slice()].into_iter());
        }
    }

    /// Since when an answer is waited for.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.asked
    }

    /// The next of what has come.
    pub(super) fn next(
        &mut self,
        identity: &mut Identity,
        memory: &mut Memory,
        now: Instant,
    ) -> Result<Option<News>, LinkError> {
        if let Some(input) = memory.next_ready() {
            return Ok(Some(News::Input(input)));
        }
        let Some(reply) = self.link.next()? else {
            return Ok(None);
        };
        memory.note(now);
        let unknown = || LinkError::Misunderstood("neither message nor confirmation".to_owned());
        let reply = link::array(link::accepted(reply)?).ok_or_else(unknown)?;
        let mut reply = reply.into_iter();
        let mut next = || reply.next().and_then(link::bytes);
        let (kind, channel) = (next().ok_or_else(unknown)?, next().ok_or_else(unknown)?);
        Ok(Some(match &*kind {
            b"message" | b"smessage" => {
                let text = next().ok_or_else(unknown)?;
                self.message(identity, memory, (&channel, &text), now)
            }
            b"subscribe" | b"ssubscribe" => {
                self.topics.get(&channel).map_or(News::Nothing, |topic| {
                    News::Input(Input::Subscribed(topic.clone()))
                })
            }
            b"unsubscribe" | b"sunsubscribe" => {
                self.left(channel)?;
                News::Nothing
            }
            b"pong" => {
                self.asked = None;
                News::Nothing
            }
            _ => return Err(unknown()),
        }))
    }

    /// Redis confirms that a channel was given up; or it gave it up by itself, as its slot moved.
    fn left(&mut self, channel: Bytes) -> Result<(), LinkError> {
        let Some(count) = self.leaving.get_mut(&channel) else {
            return Err(LinkError::Refused(
                "the keys have moved to another node".to_owned(),
            ));
        };
        *count -= 1;
        if *count == 0 {
            self.leaving.remove(&channel);
        }
        Ok(())
    }

    fn message(
        &self,
        identity: &mut Identity,
        memory: &mut Memory,
        (channel, text): (&Bytes, &Bytes),
        now: Instant,
    ) -> News {
        match self.read(identity, memory, (channel, text), now) {
            Ok(news) => news,
            Err(unusable) => {
                let notices = identity.engine.notices();
                memory.complaints.note(unusable, notices, now);
                News::Nothing
            }
        }
    }

    fn read(
        &self,
        identity: &mut Identity,
        memory: &mut Memory,
        (channel, text): (&Bytes, &Bytes),
        now: Instant,
    ) -> Result<News, Unusable> {
        let envelope = Envelope::open(text)?;
        if envelope.is_farewell() {
            return Ok(News::Farewell);
        }
        let head = envelope.head;
        let engine = std::sync::Arc::clone(&identity.engine);
        let application = identity.names.application(&engine, head.tag);
        // Other installations may share what all hear, and what they say is not for us.
        let Some(application) = application else {
            return Ok(News::Nothing);
        };
        let seal = identity.names.seal(&engine, application);
        let said = envelope.read(channel, (application, seal))?;
        let from = (head.node, application);
        memory.remember(from, head.sequence, now)?;
        match said {
            Said::Message(message) => self.take(memory, (channel, head.node), message),
            said if channel == &self.own => Ok(self.listen(identity, memory, (from, said), now)),
            _ => Err(Unusable::Damaged),
        }
    }

    /// Takes in what is said about a topic, or to all.
    fn take(
        &self,
        memory: &mut Memory,
        (channel, from): (&Bytes, NodeId),
        message: Message,
    ) -> Result<News, Unusable> {
        let topic = self.topics.get(channel);
        let is_for_all = matches!(message, Message::Terminate { .. });
        if is_for_all != (channel == &self.everybody || channel == &self.own) {
            return Err(Unusable::Damaged);
        }
        let input = match message {
            Message::Event { ticket, .. } => memory.event(from, ticket, (topic.cloned(), message)),
            // One that was given up a moment ago.
            _ if topic.is_none() && !is_for_all => None,
            message => Some(Input::Message {
                from,
                topic: topic.cloned(),
                message,
            }),
        };
        Ok(input.map_or(News::Nothing, News::Input))
    }

    /// Takes in what is said to this node alone.
    fn listen(
        &self,
        identity: &Identity,
        memory: &mut Memory,
        ((node, application), said): ((NodeId, ApplicationIndex), Said),
        now: Instant,
    ) -> News {
        match said {
            Said::Back(back) => {
                return News::Back {
                    node,
                    application,
                    back,
                };
            }
            Said::Again(name, message) => {
                if let Message::Event { ticket, .. } = message {
                    let topic = Topic::channel(application, &name);
                    memory.event_again(node, ticket, (topic, message), now);
                }
            }
            Said::Told(forgotten) => {
                if forgotten > 0 {
                    identity.engine.notices().warn(format!(
                        "Up to {forgotten} events of another server did not reach the clients of this one: there were more than {} while it had no connection to Redis.",
                        Recall::MOST
                    ));
                }
                memory.release(node);
            }
            _ => {}
        }
        News::Nothing
    }

    fn command(&mut self, command: &[u8], channels: &[Bytes]) {
        let mut parts = vec![command];
        parts.extend(channels.iter().map(|channel| &**channel));
        if parts.len() > 1 {
            self.link.push(parts.into_iter());
        }
    }
}

fn subscribe(is_sharded: bool) -> &'static [u8] {
    if is_sharded {
        b"SSUBSCRIBE"
    } else {
        b"SUBSCRIBE"
    }
}
