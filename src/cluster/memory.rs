//! What is remembered of the other nodes, whichever connection there is.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    mem,
    time::{Duration, Instant},
};

use super::{
    complaints::Complaints,
    coordinator::{Input, Message},
    envelope::{Back, Unusable},
};
use crate::engine::{
    ApplicationIndex,
    cluster::{NodeId, Topic},
};

/// How long a node may be silent that was asked what it has said meanwhile: as long as its lease.
const PATIENCE: Duration = Duration::from_secs(10);

/// After so long without an answer it is asked again: it may not have been back itself.
const REPEAT: Duration = Duration::from_millis(500);

/// Who was neither heard nor alive in this time before the break had nothing to say in it.
const RECENT: Duration = Duration::from_secs(15);

/// Knows what was heard of each node, so that nothing is heard twice or in another order.
///
/// After a break each node is asked for what it has said meanwhile. Until that has come, what it says
/// besides is kept back; then all of it is handed out in the order of its tickets.
pub(super) struct Memory {
    own: NodeId,
    last: HashMap<NodeId, Last>,
    pub(super) complaints: Complaints,
    /// Events that were kept back and are not any more.
    ready: VecDeque<Input>,
    /// What is kept back takes so many bytes.
    bytes: usize,
    /// When something was last heard.
    heard: Option<Instant>,
    /// Since when what was missed has not been told.
    deaf: Option<Instant>,
    progress: Progress,
    /// Nodes whose answer is not waited for any more, and nobody was told so yet.
    given_up: usize,
}

/// How far this node is back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// Not all topics are heard.
    Away,
    /// It has asked whom it knew.
    Asking,
    /// It knows who is there.
    Back,
}

/// What was heard of a node last.
#[derive(Default)]
struct Last {
    /// When it was last heard, or known to be alive.
    at: Option<Instant>,
    /// Of which application the last message was.
    application: Option<ApplicationIndex>,
    /// The number of the message.
    sequence: u64,
    /// The ticket of the last event: what a node was not sure of it says again.
    ticket: u64,
    awaited: Option<Awaited>,
}

/// What a node has said while this one was deaf, as far as it has come, and since.
#[derive(Default)]
struct Awaited {
    /// The number of the last message before.
    sequence: u64,
    /// When it was asked, or has last answered.
    asked: Option<Instant>,
    /// When patience ends; none as long as it is too early to ask.
    until: Option<Instant>,
    /// By their tickets.
    events: BTreeMap<u64, (Topic, Message)>,
}

/// What a node is to be asked.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) node: NodeId,
    /// An application that it knows, if there is one.
    pub(super) application: Option<ApplicationIndex>,
    pub(super) back: Back,
}

impl Memory {
    /// How many nodes are remembered; a node that was not heard for longest is forgotten first.
    const MOST: usize = 4096;

    /// Events of one node that are kept back at the most; with one more nothing more is waited for.
    const MOST_EVENTS: usize = 20_000;

    /// What all of them may take, in bytes.
    const MOST_BYTES: usize = 64 << 20;

    pub(super) fn new(own: NodeId) -> Self {
        Self {
            own,
            last: HashMap::new(),
            complaints: Complaints::default(),
            ready: VecDeque::new(),
            bytes: 0,
            heard: None,
            deaf: None,
            progress: Progress::Back,
            given_up: 0,
        }
    }

    /// Something was heard, whatever it was.
    pub(super) fn note(&mut self, now: Instant) {
        self.heard = Some(now);
    }

    /// There is a new connection: what comes on it is kept back.
    pub(super) fn begin_anew(&mut self) {
        self.deaf = self.deaf.or(self.heard);
        self.progress = Progress::Away;
        let Some(deaf) = self.deaf else {
            return;
        };
        for (node, last) in &mut self.last {
            let is_recent = last.at.is_some_and(|at| at + RECENT >= deaf);
            let sequence = last.sequence;
            match &mut last.awaited {
                Some(awaited) => (awaited.asked, awaited.until) = (None, None),
                None if is_recent && *node != self.own => {
                    last.awaited = Some(Awaited {
                        sequence,
                        ..Awaited::default()
                    });
                }
                None => {}
            }
        }
    }

    /// All topics are heard again: from now on it is asked for what was missed. How long this node was
    /// deaf, if somebody may have said something.
    pub(super) fn come_back(&mut self, now: Instant) -> Option<Duration> {
        self.progress = Progress::Asking;
        let mut is_anybody_there = false;
        for awaited in self
            .last
            .values_mut()
            .filter_map(|last| last.awaited.as_mut())
        {
            awaited.until = Some(now + PATIENCE);
            is_anybody_there = true;
        }
        let deaf = self.deaf.filter(|_| is_anybody_there);
        deaf.map(|deaf| now.saturating_duration_since(deaf))
    }

    /// These nodes are alive. Who has come meanwhile is asked, too.
    pub(super) fn see(&mut self, alive: &[NodeId], now: Instant) {
        for node in alive {
            self.meet(*node, now).at = Some(now);
        }
        if self.progress == Progress::Asking {
            self.progress = Progress::Back;
        }
    }

    /// Whom to ask now.
    pub(super) fn questions(&mut self, now: Instant) -> Vec<Question> {
        let Some(deaf) = self.deaf else {
            return Vec::new();
        };
        let deaf = now.saturating_duration_since(deaf);
        let is_due = |asked: Option<Instant>| asked.is_none_or(|asked| asked + REPEAT <= now);
        let mut questions = Vec::new();
        for (node, last) in &mut self.last {
            if let Some(awaited) = &mut last.awaited
                && awaited.until.is_some()
                && is_due(awaited.asked)
            {
                awaited.asked = Some(now);
                questions.push(Question {
                    node: *node,
                    application: last.application,
                    back: Back {
                        deaf,
                        ticket: last.ticket,
                        sequence: awaited.sequence,
                    },
                });
            }
        }
        questions
    }

    /// A message of a node; an error if it was heard before.
    pub(super) fn remember(
        &mut self,
        (node, application): (NodeId, ApplicationIndex),
        sequence: u64,
        now: Instant,
    ) -> Result<(), Unusable> {
        let last = self.meet(node, now);
        if sequence <= last.sequence {
            return Err(Unusable::Repeated);
        }
        (last.sequence, last.at, last.application) = (sequence, Some(now), Some(application));
        Ok(())
    }

    /// What is known of a node, of which nothing may be known yet.
    fn meet(&mut self, node: NodeId, now: Instant) -> &mut Last {
        if self.last.len() >= Self::MOST && !self.last.contains_key(&node) {
            let oldest = self.last.iter().min_by_key(|(_, last)| last.at);
            if let Some((oldest, _)) = oldest.map(|(node, last)| (*node, last)) {
                self.release(oldest);
                self.last.remove(&oldest);
            }
        }
        let (own, deaf, progress) = (self.own, self.deaf, self.progress);
        self.last.entry(node).or_insert_with(|| Last {
            awaited: deaf.filter(|_| node != own).map(|_| Awaited {
                until: (progress != Progress::Away).then_some(now + PATIENCE),
                ..Awaited::default()
            }),
            ..Last::default()
        })
    }

    /// An event of a node: nothing comes of it now if it is kept back or was heard before.
    pub(super) fn event(
        &mut self,
        node: NodeId,
        ticket: u64,
        (topic, message): (Option<Topic>, Message),
    ) -> Option<Input> {
        let last = self.last.get_mut(&node)?;
        if last.awaited.is_some() {
            let topic = topic?;
            self.keep_back(node, ticket, (topic, message));
            return None;
        }
        let is_new = ticket > last.ticket;
        last.ticket = last.ticket.max(ticket);
        let input = |topic| Input::Message {
            from: node,
            topic: Some(topic),
            message,
        };
        topic.filter(|_| is_new).map(input)
    }

    /// An event that a node says again.
    pub(super) fn event_again(
        &mut self,
        node: NodeId,
        ticket: u64,
        what: (Topic, Message),
        now: Instant,
    ) {
        let last = self.last.get_mut(&node);
        if let Some(awaited) = last.and_then(|last| last.awaited.as_mut()) {
            awaited.asked = Some(now);
            awaited.until = Some(now + PATIENCE);
            // What was heard of it otherwise says more.
            if !awaited.events.contains_key(&ticket) {
                self.keep_back(node, ticket, what);
            }
        }
    }

    fn keep_back(&mut self, node: NodeId, ticket: u64, what: (Topic, Message)) {
        let last = self.last.get_mut(&node);
        let Some(awaited) = last.and_then(|last| last.awaited.as_mut()) else {
            return;
        };
        self.bytes += size(&what.1);
        if let Some((_, earlier)) = awaited.events.insert(ticket, what) {
            self.bytes -= size(&earlier);
        }
        if awaited.events.len() > Self::MOST_EVENTS || self.bytes > Self::MOST_BYTES {
            self.given_up += 1;
            self.release(node);
        }
    }

    /// A node has said all again. Nothing of it is kept back any more.
    pub(super) fn release(&mut self, node: NodeId) {
        let Some(last) = self.last.get_mut(&node) else {
            return;
        };
        for (ticket, (topic, message)) in last.awaited.take().unwrap_or_default().events {
            self.bytes -= size(&message);
            if ticket > last.ticket {
                last.ticket = ticket;
                self.ready.push_back(Input::Message {
                    from: node,
                    topic: Some(topic),
                    message,
                });
            }
        }
    }

    /// Waits no more for nodes that take too long; so many were not waited for since the last call.
    pub(super) fn end_patience(&mut self, now: Instant) -> usize {
        if self.deaf.is_none() {
            return 0;
        }
        let is_late = |last: &Last| {
            let awaited = last.awaited.as_ref();
            awaited.is_some_and(|awaited| awaited.until.is_some_and(|until| until <= now))
        };
        let late = self.last.iter().filter(|(_, last)| is_late(last));
        let late: Vec<NodeId> = late.map(|(node, _)| *node).collect();
        self.given_up += late.len();
        late.into_iter().for_each(|node| self.release(node));
        let is_awaited = |last: &Last| last.awaited.is_some();
        if self.progress == Progress::Back && !self.last.values().any(is_awaited) {
            self.deaf = None;
        }
        mem::take(&mut self.given_up)
    }

    /// The next of what was kept back.
    pub(super) fn next_ready(&mut self) -> Option<Input> {
        self.ready.pop_front()
    }
}

/// What an event takes, in bytes.
fn size(message: &Message) -> usize {
    match message {
        Message::Event { message, .. } => message.len(),
        _ => 0,
    }
}
