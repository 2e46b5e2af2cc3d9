//! The way of a topic from its first subscriber to its last, and what other nodes say of it.

use std::time::Instant;

use super::{
    Command, Coordinator, Link, Message, PATIENCE, VACANCY,
    topic::{Followed, News, Stage},
};
use crate::engine::cluster::{Kept, Name, NodeId, Place, Snapshot, Topic, Version};

impl Coordinator {
    /// The topic's messages are heard.
    pub(super) fn heard(&mut self, topic: &Topic, now: Instant) {
        let Some(followed) = self.topics.get_mut(topic) else {
            return;
        };
        followed.unheard = followed.unheard.saturating_sub(1);
        if followed.unheard > 0 {
            return;
        }
        match &mut self.link {
            Link::Hearing(missing) => {
                *missing = missing.saturating_sub(1);
                if *missing == 0 {
                    self.join();
                }
            }
            Link::Up { .. } => self.attach(topic, now),
            Link::Down | Link::Joining => {}
        }
    }

    /// Sends this node's part, and asks for those of the others.
    pub(super) fn attach(&mut self, topic: &Topic, now: Instant) {
        let is_heard = |followed: &Followed| {
            followed.unheard == 0 && matches!(followed.stage, Stage::Subscribing)
        };
        if !self.topics.get(topic).is_some_and(is_heard) {
            return;
        }
        let Some((part, kept)) = self.engine.part(topic, now) else {
            self.topics.remove(topic);
            self.commands
                .push(Command::Unsubscribe(vec![topic.clone()]));
            return;
        };
        let version = self.next_version();
        if let Some(followed) = self.topics.get_mut(topic) {
            followed.stage = Stage::Attaching(News::default());
            followed.announced = part.subscriptions;
            followed.version = version;
            followed.is_echoed = false;
        }
        if part.subscriptions == 0 {
            self.vacant.insert(topic.clone(), now);
        }
        self.left.remove(topic);
        self.commands.push(Command::Attach {
            topic: topic.clone(),
            version,
            part,
            kept,
        });
    }

    /// The others' parts are here.
    pub(super) fn attached(
        &mut self,
        topic: &Topic,
        snapshot: &Snapshot,
        holder: Option<NodeId>,
        now: Instant,
    ) {
        if !matches!(self.link, Link::Up { .. }) {
            return;
        }
        let Some(followed) = self.topics.get_mut(topic) else {
            return;
        };
        let Stage::Attaching(news) = &mut followed.stage else {
            return;
        };
        let news = std::mem::take(news);
        if news.has_gaps {
            followed.stage = Stage::Subscribing;
            self.attach(topic, now);
            return;
        }
        // Nobody publishes to users: it does not matter who holds them.
        let is_held = matches!(topic.name, Name::Channel(_));
        followed.stage = match holder {
            Some(holder) if is_held && holder != self.node => Stage::Waiting {
                holder,
                until: now + PATIENCE,
            },
            _ => Stage::Attached,
        };
        let is_waiting = !followed.is_attached();
        if is_waiting {
            self.waiting.insert(topic.clone());
        }
        self.take_snapshot(topic, snapshot, now);
        for (from, message) in news.messages {
            self.follow(topic, from, message);
        }
        if !is_waiting {
            self.engine.open(topic);
        }
        if is_held && holder == Some(self.node) && !news.is_contested {
            self.hold_or_share(topic);
        }
    }

    fn take_snapshot(&mut self, topic: &Topic, snapshot: &Snapshot, now: Instant) {
        for part in &snapshot.parts {
            if part.node != self.node && self.nodes.hear(part.node, part.version) {
                self.engine
                    .set_part(topic, (part.node, part.version), &part.part);
            }
        }
        // Who is not there any more, or not yet again.
        if self.is_settled() {
            for node in self.engine.nodes(topic) {
                if !snapshot.parts.iter().any(|part| part.node == node) {
                    self.gone.insert(node, now);
                    self.lose(topic, node, None);
                }
            }
        }
        self.engine.keep(topic, snapshot.kept.as_ref(), now);
    }

    /// This node may be alone with the topic: if it knows of no other, its events stay here.
    fn hold_or_share(&mut self, topic: &Topic) {
        // Who is not back yet may have subscribers.
        if self.is_settled() && self.gone.is_empty() && self.engine.hold(topic) {
            return;
        }
        self.commands.push(Command::Share {
            topic: topic.clone(),
        });
        self.lonely.insert(topic.clone());
    }

    /// Whoever waited for the holder does not wait any more.
    pub(super) fn open(&mut self, topic: &Topic) {
        self.waiting.remove(topic);
        if let Some(followed) = self.topics.get_mut(topic)
            && matches!(followed.stage, Stage::Waiting { .. })
        {
            followed.stage = Stage::Attached;
            self.engine.open(topic);
        }
    }

    /// A node says something.
    pub(super) fn hear(
        &mut self,
        from: NodeId,
        topic: Option<Topic>,
        message: Message,
        now: Instant,
    ) {
        let Some(topic) = topic else {
            if let Message::Terminate {
                application,
                user_id,
            } = message
                && from != self.node
            {
                self.engine.terminate_here(application, &user_id);
            }
            return;
        };
        if !self.topics.contains_key(&topic) {
            return;
        }
        match message {
            Message::Event {
                message,
                except,
                ticket,
                kept,
            } => match kept {
                Some(kept) if from == self.node => {
                    self.engine.number_kept(&topic, &kept, ticket, now);
                }
                Some(kept) => {
                    let place = self.place(&topic, &kept);
                    self.engine
                        .deliver_kept(&topic, (&kept, except), place, now);
                }
                None if from == self.node => {}
                None => {
                    if let Ok(text) = std::str::from_utf8(&message) {
                        self.engine.deliver(&topic, text, except);
                    }
                }
            },
            Message::Attached(version, _) if from == self.node => self.echo(&topic, version),
            _ if from == self.node => {}
            message => self.hear_of_part(&topic, from, message),
        }
    }

    /// Whether what is heard of a topic has happened after this node attached.
    fn place(&self, topic: &Topic, kept: &Kept) -> Place {
        match self.topics.get(topic) {
            // What is said again has no number any more.
            Some(followed) if followed.is_echoed && kept.version > 0 => Place::AfterAttaching,
            _ => Place::BeforeAttaching,
        }
    }

    /// This node hears itself attach: what it hears from now on has happened after its snapshot.
    fn echo(&mut self, topic: &Topic, version: Version) {
        if let Some(followed) = self.topics.get_mut(topic)
            && followed.version == version
        {
            followed.is_echoed = true;
        }
    }

    fn hear_of_part(&mut self, topic: &Topic, from: NodeId, message: Message) {
        let version = match &message {
            Message::Attached(version, _)
            | Message::Changed(version, _)
            | Message::Detached(version) => Some(*version),
            _ => None,
        };
        if version.is_some_and(|version| !self.nodes.hear(from, version)) {
            return;
        }
        let is_arrival = matches!(message, Message::Attached(..));
        let Some(followed) = self.topics.get_mut(topic) else {
            return;
        };
        match &mut followed.stage {
            // The snapshot has it. But it may be the holder who begins anew.
            _ if !followed.is_echoed => {
                if is_arrival {
                    self.share(topic);
                }
            }
            Stage::Subscribing => {}
            Stage::Attaching(news) => {
                news.keep(from, message);
                if is_arrival && !std::mem::replace(&mut news.is_contested, true) {
                    // The other may have been told that this node is the holder.
                    self.commands.push(Command::Share {
                        topic: topic.clone(),
                    });
                    self.lonely.insert(topic.clone());
                }
            }
            Stage::Waiting { .. } | Stage::Attached => self.follow(topic, from, message),
        }
    }

    fn follow(&mut self, topic: &Topic, from: NodeId, message: Message) {
        let is_over = matches!(
            message,
            Message::Attached(..) | Message::Detached(_) | Message::Shared
        );
        match message {
            Message::Attached(version, part) => {
                self.engine.set_part(topic, (from, version), &part);
                self.share(topic);
            }
            Message::Changed(version, change) => {
                self.engine.change_part(topic, (from, version), &change);
            }
            Message::Detached(version) => self.lose(topic, from, Some(version)),
            _ => {}
        }
        let holder = match self.topics.get(topic).map(|followed| &followed.stage) {
            Some(Stage::Waiting { holder, .. }) => Some(*holder),
            _ => None,
        };
        if is_over && holder == Some(from) {
            self.open(topic);
        }
    }

    /// Another node attached: events go to the broker from now on, and it is told so.
    fn share(&mut self, topic: &Topic) {
        let was_exclusive = self.engine.share(topic);
        let claim = self.topics.get_mut(topic);
        let claim = claim.and_then(|followed| followed.claim.take());
        if was_exclusive || claim.is_some() {
            self.commands.push(Command::Share {
                topic: topic.clone(),
            });
        }
    }

    /// Another node has no part any more.
    pub(super) fn lose(&mut self, topic: &Topic, node: NodeId, version: Option<Version>) {
        self.engine.drop_part(topic, node, version);
        self.lonely.insert(topic.clone());
    }

    /// Where this node knows of no other, it asks to be the holder.
    pub(super) fn claim_lonely(&mut self) {
        if !self.is_settled() || !self.gone.is_empty() {
            return;
        }
        for topic in std::mem::take(&mut self.lonely) {
            let Some(followed) = self.topics.get(&topic) else {
                continue;
            };
            if matches!(topic.name, Name::User(_)) {
                continue; // No events are published to users.
            }
            if !followed.is_attached() {
                self.lonely.insert(topic);
                continue;
            }
            if followed.claim.is_some() || !self.engine.nodes(&topic).is_empty() {
                continue;
            }
            let ticket = self.next_ticket();
            if let Some(followed) = self.topics.get_mut(&topic) {
                followed.claim = Some(ticket);
            }
            self.commands.push(Command::Claim { topic, ticket });
        }
    }

    /// Whether this node is the holder.
    pub(super) fn claimed(&mut self, topic: &Topic, ticket: u64, granted: bool) {
        let Some(followed) = self.topics.get_mut(topic) else {
            return;
        };
        if followed.claim != Some(ticket) {
            return; // Another node came meanwhile, and was told that this one shares.
        }
        followed.claim = None;
        if granted {
            self.hold_or_share(topic);
        }
    }

    pub(super) fn end_patience(&mut self, now: Instant) {
        self.open_where(|_, until| until <= now);
    }

    /// Ends the waiting for those holders of whom it is time, by name or by clock.
    pub(super) fn open_where(&mut self, is_time: impl Fn(NodeId, Instant) -> bool) {
        let topics = &self.topics;
        let is_over = |topic: &&Topic| match topics.get(*topic).map(|followed| &followed.stage) {
            Some(Stage::Waiting { holder, until }) => is_time(*holder, *until),
            _ => true,
        };
        let over: Vec<Topic> = self.waiting.iter().filter(is_over).cloned().collect();
        for topic in over {
            self.open(&topic);
        }
    }

    /// Gives up topics that nobody here has needed for a while.
    pub(super) fn leave_vacant(&mut self, now: Instant) {
        let long = self
            .vacant
            .iter()
            .filter(|(_, since)| now.duration_since(**since) >= VACANCY);
        let long: Vec<Topic> = long.map(|(topic, _)| topic.clone()).collect();
        let mut left = Vec::new();
        for topic in long {
            if !self.topics.get(&topic).is_some_and(Followed::is_attached) {
                continue;
            }
            self.vacant.remove(&topic);
            if !self.engine.detach(&topic) {
                continue;
            }
            self.topics.remove(&topic);
            self.detach(topic.clone(), now);
            left.push(topic);
        }
        if !left.is_empty() {
            self.commands.push(Command::Unsubscribe(left));
        }
    }
}
