//! The decisions of a node among others: which topics it is attached to, who is told what, and what
//! follows from what the broker and the other nodes say.
//!
//! Inputs go in, commands come out, time is a parameter. The driver carries out the commands in
//! their order over one connection to the broker, but for [`Command::Subscribe`] and
//! [`Command::Unsubscribe`], which have a connection of their own, and hands in the replies and the
//! messages in the order in which they arrive on either connection.
//!
//! Why no event is lost although a node that is alone with its subscribers tells nobody: who is
//! alone is the topic's *holder* at the broker. Another node that attaches learns of it in the same
//! step, and does not confirm its subscribers before the holder has said that it shares from now on;
//! and the holder has read of the other node before it says so. A holder that is told it is one when
//! it has read of another node already does not take it.

mod command;
mod following;
mod input;
mod nodes;
mod outgoing;
mod topic;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

pub use self::{
    command::{Command, Message},
    input::Input,
};
use self::{
    nodes::Nodes,
    outgoing::Counting,
    topic::{Followed, Stage},
};
use crate::engine::{
    ApplicationIndex, Engine,
    cluster::{Asker, Name, NodeId, Topic, Version},
};

/// How fast a node finds out about the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Between two renewals of the lease.
    pub beat: Duration,
    /// After a connection is back, other nodes may need so long to be back as well: what they had is
    /// not given up before.
    pub grace: Duration,
    /// So long after a node has gone no topic is held that was not held before: if it was cut off and
    /// comes back, what was told to the others meanwhile can be told to it.
    pub mourning: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            beat: Duration::from_secs(3),
            grace: Duration::from_secs(4),
            mourning: Duration::from_secs(60),
        }
    }
}

/// After a connection is back, the others need at least so long to try again: what is owed to them
/// waits for it.
const LULL: Duration = Duration::from_secs(1);

/// How long a holder may take to share.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long a topic stays attached that nobody here needs.
const VACANCY: Duration = Duration::from_secs(5);

/// After so long a command that was sent has been carried out, or the connection is given up.
const CERTAINTY: Duration = Duration::from_secs(30);

/// The state of a node among others.
///
/// What is gone through is ordered, so that the same inputs lead to the same commands.
#[derive(Debug)]
pub struct Coordinator {
    engine: Arc<Engine>,
    node: NodeId,
    pace: Pace,
    commands: Vec<Command>,
    link: Link,
    /// The last state of any part of this node.
    version: Version,
    topics: BTreeMap<Topic, Followed>,
    nodes: Nodes,
    /// Topics that wait for their holder: of all that are followed, the clock concerns these.
    waiting: BTreeSet<Topic>,
    /// Topics with more or fewer connections, which is told with the next tick.
    counted: BTreeSet<Topic>,
    /// Topics in which this node may be alone.
    lonely: BTreeSet<Topic>,
    /// Topics that nobody here needs since the last tick.
    idle: BTreeSet<Topic>,
    /// Topics that nobody here needs, since when.
    vacant: BTreeMap<Topic, Instant>,
    /// Topics that this node has left, when it said so; `None` if it could not say it. The others may
    /// still believe it there.
    left: BTreeMap<Topic, Option<Instant>>,
    /// The last claim or question.
    ticket: u64,
    questions: HashMap<u64, Asker>,
    counting: HashMap<ApplicationIndex, Counting>,
    /// Applications whose connections are told with the next tick.
    recounted: BTreeSet<ApplicationIndex>,
    /// When the lease was last renewed, or meant to be.
    beaten: Option<Instant>,
    /// Who was alive then.
    alive: HashSet<NodeId>,
    /// Who is not alive any more, since when.
    gone: BTreeMap<NodeId, Instant>,
    /// The broker was there at the first attempt: nobody has anything to come back with.
    is_first: bool,
    /// The server stops: there is no time to wait for the others.
    is_leaving: bool,
}

/// ```text
///          connected             all is heard             taken in
///   Down ────────────> Hearing ───────────────> Joining ───────────> Up
///                                                  ^                 │
///                                                  └─────────────────┘
///                                                  not known any more
/// ```
/// From everywhere back to `Down` when the connection is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Down,
    /// So many topics are not heard yet.
    Hearing(usize),
    Joining,
    Up {
        since: Instant,
        /// Whether what is owed may go: the others have had time to be back.
        is_open: bool,
        /// Whether what others had is not waited for any more.
        is_settled: bool,
    },
}

impl Coordinator {
    /// A coordinator that is not connected yet.
    #[must_use]
    pub fn new(engine: Arc<Engine>, node: NodeId, pace: Pace) -> Self {
        Self {
            engine,
            node,
            pace,
            commands: Vec::new(),
            link: Link::Down,
            version: Version::default(),
            topics: BTreeMap::new(),
            nodes: Nodes::default(),
            waiting: BTreeSet::new(),
            counted: BTreeSet::new(),
            lonely: BTreeSet::new(),
            idle: BTreeSet::new(),
            vacant: BTreeMap::new(),
            left: BTreeMap::new(),
            ticket: 0,
            questions: HashMap::new(),
            counting: HashMap::new(),
            recounted: BTreeSet::new(),
            beaten: None,
            alive: HashSet::new(),
            gone: BTreeMap::new(),
            is_first: true,
            is_leaving: false,
        }
    }

    /// The node that this is.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Takes an input in. What follows is to be had from [`Coordinator::take_commands`].
    pub fn handle(&mut self, input: Input, now: Instant) {
        match input {
            Input::Connected => self.begin(),
            Input::Disconnected => self.end(),
            Input::Outbox => self.take_outgoing(),
            Input::Tick => self.tick(now),
            Input::Leaving => self.hurry(),
            Input::Subscribed(topic) => self.heard(&topic, now),
            Input::Attached {
                topic,
                snapshot,
                holder,
            } => self.attached(&topic, &snapshot, holder, now),
            Input::Claimed {
                topic,
                ticket,
                granted,
            } => self.claimed(&topic, ticket, granted),
            Input::Beaten { alive } => {
                self.see(alive, now);
                self.beaten(now);
            }
            Input::Expired => self.expired(),
            Input::Admitted {
                application,
                admitted,
            } => self.admitted(application, admitted),
            Input::Answered { ticket, answer } => {
                if let Some(asker) = self.questions.remove(&ticket) {
                    asker.tell(answer);
                }
            }
            Input::Message {
                from,
                topic,
                message,
            } => self.hear(from, topic, message, now),
        }
    }

    /// The commands that are due, in their order.
    pub fn take_commands(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.commands)
    }

    /// A connection is there: all that this node needs is to be heard before it joins, so that
    /// whoever is alive hears what it needs.
    fn begin(&mut self) {
        self.doubt_all();
        self.forget_all();
        let mut topics = self.engine.begin_anew();
        topics.sort_unstable();
        self.link = Link::Hearing(topics.len());
        for topic in &topics {
            self.topics.insert(topic.clone(), Followed::new());
        }
        if topics.is_empty() {
            self.join();
        } else {
            self.commands.push(Command::Subscribe(topics));
        }
    }

    /// The broker does not know this node any more, but the topics are still heard.
    fn expired(&mut self) {
        if !matches!(self.link, Link::Up { .. }) {
            return;
        }
        self.engine.set_reachable(false);
        self.doubt_all();
        let mut heard = std::mem::take(&mut self.topics);
        self.forget_all();
        let mut unheard = Vec::new();
        for topic in self.engine.begin_anew() {
            let mut followed = Followed::new();
            match heard.remove(&topic) {
                Some(earlier) => followed.unheard = earlier.unheard,
                None => unheard.push(topic.clone()),
            }
            self.topics.insert(topic, followed);
        }
        let mut unneeded = Vec::new();
        for (topic, mut followed) in heard {
            if followed.unheard == 0 {
                unneeded.push(topic);
            } else {
                // It is given up when it is heard.
                followed.stage = Stage::Subscribing;
                self.topics.insert(topic, followed);
            }
        }
        if !unneeded.is_empty() {
            self.commands.push(Command::Unsubscribe(unneeded));
        }
        if !unheard.is_empty() {
            self.commands.push(Command::Subscribe(unheard));
        }
        let missing = self.topics.values().filter(|topic| topic.unheard > 0);
        self.link = Link::Hearing(missing.count());
        if self.link == Link::Hearing(0) {
            self.join();
        }
    }

    fn hurry(&mut self) {
        self.is_leaving = true;
        if let Link::Up { is_open, .. } = &mut self.link {
            *is_open = true;
        }
        self.take_outgoing();
    }

    fn end(&mut self) {
        self.is_first = false;
        self.link = Link::Down;
        self.engine.set_reachable(false);
        self.doubt_all();
        self.forget_all();
    }

    /// What was on its way may be lost: whatever this node has had, the others may believe it there.
    fn doubt_all(&mut self) {
        self.left.values_mut().for_each(|said| *said = None);
        for (topic, followed) in &self.topics {
            if !matches!(followed.stage, Stage::Subscribing) {
                self.left.insert(topic.clone(), None);
            }
        }
    }

    /// Says of topics that it has left them, where that may not have been heard.
    fn take_leave(&mut self, now: Instant) {
        let unsaid = self.left.iter().filter(|(_, said)| said.is_none());
        let unsaid: Vec<Topic> = unsaid.map(|(topic, _)| topic.clone()).collect();
        for topic in unsaid {
            if self.topics.contains_key(&topic) {
                self.left.remove(&topic);
            } else {
                self.detach(topic, now);
            }
        }
    }

    fn detach(&mut self, topic: Topic, now: Instant) {
        let version = self.next_version();
        self.left.insert(topic.clone(), Some(now));
        self.commands.push(Command::Detach { topic, version });
    }

    /// Forgets whatever was on its way.
    fn forget_all(&mut self) {
        self.commands.clear();
        self.topics.clear();
        self.waiting.clear();
        self.counted.clear();
        self.lonely.clear();
        self.idle.clear();
        self.vacant.clear();
        self.counting.clear();
        self.recounted.clear();
        for (_, asker) in self.questions.drain() {
            asker.tell(None);
        }
    }

    fn join(&mut self) {
        self.link = Link::Joining;
        self.version.generation += 1;
        self.commands.push(Command::Register {
            generation: self.version.generation,
        });
    }

    /// The lease runs anew.
    fn beaten(&mut self, now: Instant) {
        match self.link {
            Link::Joining => {
                self.link = Link::Up {
                    since: now,
                    is_open: self.is_first || self.is_leaving,
                    is_settled: self.is_first,
                };
                self.is_first = false;
                self.beaten = Some(now);
                self.engine.set_reachable(true);
                let topics: Vec<Topic> = self.topics.keys().cloned().collect();
                for topic in topics {
                    self.attach(&topic, now);
                }
                self.take_leave(now);
                self.engine.recount();
                self.engine.ring();
            }
            Link::Up { is_settled, .. } => {
                if is_settled {
                    self.forget_the_dead();
                }
            }
            Link::Down | Link::Hearing(_) => {}
        }
    }

    /// Notes who is alive, and who is not any more.
    fn see(&mut self, alive: Vec<NodeId>, now: Instant) {
        let alive = alive.into_iter().collect();
        let gone = self.alive.difference(&alive).map(|node| (*node, now));
        self.gone.extend(gone);
        self.gone.retain(|node, _| !alive.contains(node));
        self.alive = alive;
    }

    fn forget_the_dead(&mut self) {
        for node in self.nodes.keep(&self.alive) {
            for topic in self.engine.topics_of(node) {
                self.lose(&topic, node, None);
            }
            self.stop_waiting_for(node);
        }
    }

    fn stop_waiting_for(&mut self, node: NodeId) {
        self.open_where(|holder, _| holder == node);
    }

    fn tick(&mut self, now: Instant) {
        let Link::Up { since, is_open, .. } = self.link else {
            return;
        };
        let interval = if is_open { self.pace.beat } else { LULL / 2 };
        let is_due = |beaten| now.duration_since(beaten) >= interval;
        if self.beaten.is_none_or(is_due) {
            self.beat(now);
        }
        self.settle(now.duration_since(since), now);
        let is_recent = |said: Instant| now.duration_since(said) < CERTAINTY;
        self.left.retain(|_, said| said.is_none_or(is_recent));
        self.end_patience(now);
        self.tell_counts(now);
        let is_recent = |since: Instant| now.duration_since(since) < self.pace.mourning;
        self.gone.retain(|_, since| is_recent(*since));
        self.claim_lonely();
        self.leave_vacant(now);
        self.take_outgoing();
    }

    /// Looks whether the others have had the time to be back.
    fn settle(&mut self, time: Duration, now: Instant) {
        let Link::Up {
            is_open,
            is_settled,
            ..
        } = self.link
        else {
            return;
        };
        if !is_open && (time >= self.pace.grace || time >= LULL && self.are_all_back()) {
            if let Link::Up { is_open, .. } = &mut self.link {
                *is_open = true;
            }
            self.engine.ring();
        }
        if !is_settled && time >= self.pace.grace {
            if let Link::Up { is_settled, .. } = &mut self.link {
                *is_settled = true;
            }
            for (topic, nodes) in self.engine.doubtful() {
                for node in nodes {
                    self.lose(&topic, node, None);
                }
            }
            self.attach_caches(now);
            self.beat(now);
        }
    }

    /// Asks again for the events that are kept: if the broker had lost them, whoever came back later
    /// may have brought a later one.
    fn attach_caches(&mut self, now: Instant) {
        let caches = self.topics.iter_mut().filter(|(topic, followed)| {
            let is_cache = matches!(&topic.name, Name::Channel(channel) if channel.is_cache());
            is_cache && followed.is_attached()
        });
        let mut topics = Vec::new();
        for (topic, followed) in caches {
            followed.stage = Stage::Subscribing;
            topics.push(topic.clone());
        }
        for topic in topics {
            self.attach(&topic, now);
        }
    }

    fn beat(&mut self, now: Instant) {
        self.beaten = Some(now);
        self.commands.push(Command::Beat);
    }

    /// Whether all are back of whom this node knows, and all that it needs is attached.
    fn are_all_back(&self) -> bool {
        self.nodes.are_all_in(&self.alive)
            && self.topics.values().all(Followed::is_attached)
            && self.engine.doubtful().is_empty()
    }

    fn is_settled(&self) -> bool {
        matches!(
            self.link,
            Link::Up {
                is_settled: true,
                ..
            }
        )
    }

    fn next_version(&mut self) -> Version {
        self.version.number += 1;
        self.version
    }

    fn next_ticket(&mut self) -> u64 {
        self.ticket += 1;
        self.ticket
    }
}
