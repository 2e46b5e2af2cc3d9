//! The connection on which this node hears the others.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::{
    broker::Identity,
    complaints::Complaints,
    coordinator::{Input, Message},
    envelope::{Envelope, Unusable},
    link::{self, Link, LinkError},
};
use crate::engine::cluster::{NodeId, Topic};

/// Listens to topics, and to what is said to all.
pub(super) struct Ears {
    link: Link,
    is_sharded: bool,
    everybody: Bytes,
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
}

/// What is remembered of the others, whichever connection there is.
#[derive(Default)]
pub(super) struct Memory {
    last: HashMap<NodeId, Last>,
    complaints: Complaints,
}

/// What was heard of a node last.
struct Last {
    at: Instant,
    /// The number of the message.
    sequence: u64,
    /// The ticket of the last event: what a node was not sure of it says again.
    ticket: u64,
}

impl Ears {
    /// Listens to what is said to all.
    pub(super) async fn open(
        mut link: Link,
        identity: &Identity,
        is_sharded: bool,
        patience: Duration,
    ) -> Result<Self, LinkError> {
        let everybody = Bytes::from(identity.names.everybody());
        let command = [subscribe(is_sharded), &everybody];
        link.ask(&command, patience).await?;
        Ok(Self {
            link,
            is_sharded,
            everybody,
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
        let Some(reply) = self.link.next()? else {
            return Ok(None);
        };
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
        let topic = self.topics.get(channel);
        let seal = identity.names.seal(&engine, application);
        let message = envelope.read(channel, (application, seal))?;
        let last = memory.remember(head.node, head.sequence, now)?;
        if let Message::Event { ticket, .. } = &message {
            if *ticket <= last.ticket {
                return Ok(News::Nothing);
            }
            last.ticket = *ticket;
        }
        let is_for_all = matches!(message, Message::Terminate { .. });
        if is_for_all != (channel == &self.everybody) {
            return Err(Unusable::Damaged);
        }
        // One that was given up a moment ago.
        if topic.is_none() && !is_for_all {
            return Ok(News::Nothing);
        }
        Ok(News::Input(Input::Message {
            from: head.node,
            topic: topic.cloned(),
            message,
        }))
    }

    fn command(&mut self, command: &[u8], channels: &[Bytes]) {
        let mut parts = vec![command];
        parts.extend(channels.iter().map(|channel| &**channel));
        if parts.len() > 1 {
            self.link.push(parts.into_iter());
        }
    }
}

impl Memory {
    /// How many nodes are remembered; a node that was not heard for longest is forgotten first.
    const MOST: usize = 4096;

    fn remember(
        &mut self,
        node: NodeId,
        sequence: u64,
        now: Instant,
    ) -> Result<&mut Last, Unusable> {
        if self.last.len() >= Self::MOST && !self.last.contains_key(&node) {
            let oldest = self.last.iter().min_by_key(|(_, last)| last.at);
            let oldest = oldest.map(|(node, _)| *node);
            oldest.and_then(|oldest| self.last.remove(&oldest));
        }
        let last = self.last.entry(node).or_insert(Last {
            at: now,
            sequence: 0,
            ticket: 0,
        });
        if sequence <= last.sequence {
            return Err(Unusable::Repeated);
        }
        (last.sequence, last.at) = (sequence, now);
        Ok(last)
    }
}

fn subscribe(is_sharded: bool) -> &'static [u8] {
    if is_sharded {
        b"SSUBSCRIBE"
    } else {
        b"SUBSCRIBE"
    }
}
