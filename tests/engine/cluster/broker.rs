//! A model of the broker: each command is one step, and whoever listens hears of it in order.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::{Duration, Instant},
};

use reverb::{
    cluster::{Command, Input, Message},
    engine::{
        ApplicationIndex, Occupancy,
        cluster::{
            Answer, Kept, Name, NodeId, Part, Question, RemotePart, Snapshot, Topic, Version,
        },
    },
};

const LEASE: Duration = Duration::from_secs(10);

#[derive(Default)]
pub(crate) struct Broker {
    nodes: BTreeMap<NodeId, (u64, Instant)>,
    parts: HashMap<Topic, BTreeMap<NodeId, (Version, Part)>>,
    holders: HashMap<Topic, NodeId>,
    kept: HashMap<Topic, Kept>,
    /// Grows as the clock of Redis, whose numbers are later than all that it has forgotten.
    numbers: u64,
    counts: HashMap<ApplicationIndex, BTreeMap<NodeId, usize>>,
    /// Commands that published something, and topics: what a run has cost.
    pub(crate) published: usize,
}

/// What a command leads to: a reply for its sender, and messages for whoever listens.
#[derive(Default)]
pub(crate) struct Effects {
    pub(crate) reply: Option<Input>,
    pub(crate) told: Vec<(Option<Topic>, Message)>,
}

impl Effects {
    fn reply(input: Input) -> Self {
        Self {
            reply: Some(input),
            told: Vec::new(),
        }
    }

    fn tell(topic: Topic, message: Message) -> Self {
        Self {
            reply: None,
            told: vec![(Some(topic), message)],
        }
    }
}

impl Broker {
    /// It has lost its memory.
    pub(crate) fn empty(&mut self) {
        let (numbers, published) = (self.numbers + 1_000_000, self.published);
        *self = Self {
            numbers,
            published,
            ..Self::default()
        };
    }

    pub(crate) fn alive(&self, now: Instant) -> BTreeSet<NodeId> {
        let alive = self.nodes.iter().filter(|(_, (_, until))| *until > now);
        alive.map(|(node, _)| *node).collect()
    }

    /// The parts that living nodes have.
    pub(crate) fn parts(&self, topic: &Topic, now: Instant) -> BTreeMap<NodeId, Part> {
        let alive = self.alive(now);
        let parts = self.parts.get(topic).into_iter().flatten();
        parts
            .filter(|(node, _)| alive.contains(node))
            .map(|(node, (_, part))| (*node, part.clone()))
            .collect()
    }

    pub(crate) fn kept(&self, topic: &Topic) -> Option<&Kept> {
        self.kept.get(topic)
    }

    /// Carries out a command of a node that registered under this generation.
    pub(crate) fn carry_out(
        &mut self,
        node: NodeId,
        generation: &mut u64,
        command: Command,
        now: Instant,
    ) -> Effects {
        if let Command::Register { generation: new } = command {
            *generation = new;
            self.clear(node);
            self.nodes.insert(node, (new, now + LEASE));
            return Effects::reply(self.beaten(now));
        }
        let registered = self.nodes.get(&node);
        // Whatever happens to leases, events go out.
        let needs_no_lease = matches!(command, Command::Publish { .. } | Command::Terminate { .. });
        if !needs_no_lease
            && registered.is_none_or(|(known, until)| known != generation || *until <= now)
        {
            return Effects::reply(Input::Expired);
        }
        self.step(node, command, now)
    }

    fn step(&mut self, node: NodeId, command: Command, now: Instant) -> Effects {
        match command {
            Command::Register { .. } | Command::Subscribe(_) | Command::Unsubscribe(_) => {
                Effects::default()
            }
            Command::Beat => {
                self.nodes
                    .entry(node)
                    .and_modify(|(_, until)| *until = now + LEASE);
                let alive = self.alive(now);
                let dead: Vec<_> = self
                    .nodes
                    .keys()
                    .filter(|node| !alive.contains(node))
                    .copied()
                    .collect();
                for node in dead {
                    self.clear(node);
                    self.nodes.remove(&node);
                }
                Effects::reply(self.beaten(now))
            }
            Command::Attach {
                topic,
                version,
                part,
                kept,
            } => self.attach(node, topic, (version, part), kept, now),
            Command::Change {
                topic,
                version,
                change,
            } => {
                if let Some((known, part)) = self
                    .parts
                    .get_mut(&topic)
                    .and_then(|parts| parts.get_mut(&node))
                {
                    *known = version;
                    part.subscriptions = change.subscriptions;
                    let is_changed = |id: &_| {
                        change.left.contains(id)
                            || change.joined.iter().any(|member| member.user_id() == id)
                    };
                    part.members.retain(|member| !is_changed(member.user_id()));
                    part.members.extend(change.joined.iter().cloned());
                }
                Effects::tell(topic, Message::Changed(version, change))
            }
            Command::Detach { topic, version } => {
                self.drop_part(&topic, node);
                Effects::tell(topic, Message::Detached(version))
            }
            Command::Claim { topic, ticket } => {
                let is_alone = self.parts(&topic, now).keys().all(|other| *other == node);
                let holder = self.holder(&topic, now);
                let granted = is_alone && holder.is_none_or(|holder| holder == node);
                if granted {
                    self.holders.insert(topic.clone(), node);
                }
                Effects::reply(Input::Claimed {
                    topic,
                    ticket,
                    granted,
                })
            }
            Command::Share { topic } => {
                if self.holders.get(&topic) == Some(&node) {
                    self.holders.remove(&topic);
                }
                Effects::tell(topic, Message::Shared)
            }
            Command::Publish { topic, event } => {
                self.published += 1;
                let kept = event.kept_for.map(|remaining| {
                    self.numbers += 1;
                    Kept {
                        message: event.message.clone(),
                        version: self.numbers,
                        remaining,
                    }
                });
                if let Some(kept) = &kept {
                    self.kept.insert(topic.clone(), kept.clone());
                }
                let message = Message::Event {
                    message: event.message,
                    except: event.except,
                    ticket: event.ticket,
                    kept,
                };
                Effects::tell(topic, message)
            }
            Command::Terminate {
                application,
                user_id,
            } => Effects {
                reply: None,
                told: vec![(
                    None,
                    Message::Terminate {
                        application,
                        user_id,
                    },
                )],
            },
            Command::Count {
                application,
                connections,
                asking,
                most,
            } => self.count(node, application, (connections, asking, most), now),
            Command::Ask { ticket, question } => {
                let answer = Some(self.answer(node, question, now));
                Effects::reply(Input::Answered { ticket, answer })
            }
        }
    }

    fn attach(
        &mut self,
        node: NodeId,
        topic: Topic,
        (version, part): (Version, Part),
        kept: Option<Kept>,
        now: Instant,
    ) -> Effects {
        let parts = self.parts.entry(topic.clone()).or_default();
        parts.insert(node, (version, part.clone()));
        let known = self.kept.get(&topic).map(|kept| kept.version);
        if let Some(kept) = kept.filter(|kept| known.is_none_or(|known| known < kept.version)) {
            self.kept.insert(topic.clone(), kept);
        }
        let others: Vec<_> = self
            .parts(&topic, now)
            .into_iter()
            .filter(|(other, _)| *other != node)
            .collect();
        let mut holder = self.holder(&topic, now);
        if holder.is_none() && others.is_empty() {
            self.holders.insert(topic.clone(), node);
            holder = Some(node);
        }
        let versions = &self.parts[&topic];
        let remote = |(node, part): (NodeId, Part)| RemotePart {
            node,
            version: versions[&node].0,
            part,
        };
        let snapshot = Snapshot {
            parts: others.into_iter().map(remote).collect(),
            kept: self.kept.get(&topic).cloned(),
        };
        Effects {
            reply: Some(Input::Attached {
                topic: topic.clone(),
                snapshot,
                holder,
            }),
            told: vec![(Some(topic), Message::Attached(version, part))],
        }
    }

    fn count(
        &mut self,
        node: NodeId,
        application: ApplicationIndex,
        (connections, asking, most): (usize, usize, Option<usize>),
        now: Instant,
    ) -> Effects {
        let alive = self.alive(now);
        let counts = self.counts.entry(application).or_default();
        let others = counts
            .iter()
            .filter(|(other, _)| **other != node && alive.contains(other));
        let others: usize = others.map(|(_, count)| count).sum();
        let room = most
            .unwrap_or(usize::MAX)
            .saturating_sub(others + connections);
        let admitted = asking.min(room);
        counts.insert(node, connections + admitted);
        if asking == 0 {
            return Effects::default();
        }
        Effects::reply(Input::Admitted {
            application,
            admitted,
        })
    }

    fn answer(&self, node: NodeId, question: Question, now: Instant) -> Answer {
        let alive = self.alive(now);
        let others = |topic: &Topic| {
            let mut parts = self.parts(topic, now);
            parts.remove(&node);
            parts
        };
        let members = |parts: &BTreeMap<NodeId, Part>| {
            let members = parts.values().flat_map(|part| part.members.iter().cloned());
            let by_id: BTreeMap<_, _> = members
                .map(|member| (member.user_id().clone(), member))
                .collect();
            by_id.into_values().collect::<Vec<_>>()
        };
        match question {
            Question::Members(application, channel) => {
                Answer::Members(members(&others(&Topic::channel(application, &channel))))
            }
            Question::Connections(application) => {
                let counts = self.counts.get(&application).into_iter().flatten();
                let others = counts.filter(|(other, _)| **other != node && alive.contains(other));
                Answer::Connections(others.map(|(_, count)| count).sum())
            }
            Question::Channels(..) | Question::ChannelsLike(..) => {
                let topics = self.parts.keys().filter_map(|topic| match &topic.name {
                    Name::Channel(channel) => Some((channel.clone(), topic)),
                    Name::User(_) => None,
                });
                let occupancies = topics.map(|(channel, topic)| {
                    let parts = others(topic);
                    let occupancy = Occupancy {
                        subscriptions: parts.values().map(|part| part.subscriptions).sum(),
                        users: members(&parts).len(),
                        cached: None,
                    };
                    (channel, occupancy)
                });
                Answer::Channels(occupancies.collect())
            }
        }
    }

    fn beaten(&self, now: Instant) -> Input {
        Input::Beaten {
            alive: self.alive(now).into_iter().collect(),
        }
    }

    fn holder(&self, topic: &Topic, now: Instant) -> Option<NodeId> {
        let holder = self.holders.get(topic).copied();
        holder.filter(|holder| self.alive(now).contains(holder))
    }

    fn clear(&mut self, node: NodeId) {
        let topics: Vec<Topic> = self.parts.keys().cloned().collect();
        for topic in topics {
            self.drop_part(&topic, node);
        }
        for counts in self.counts.values_mut() {
            counts.remove(&node);
        }
    }

    fn drop_part(&mut self, topic: &Topic, node: NodeId) {
        if let Some(parts) = self.parts.get_mut(topic) {
            parts.remove(&node);
        }
        if self.holders.get(topic) == Some(&node) {
            self.holders.remove(topic);
        }
    }
}
