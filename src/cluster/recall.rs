//! What this node has told the others lately, to be told again to one that was cut off meanwhile.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use super::envelope::Back;
use crate::engine::{
    ApplicationIndex,
    cluster::{Relayed, Topic},
};

/// So much earlier than the other heard nothing any more may be what it has missed: it was on its way.
const TRANSIT: Duration = Duration::from_secs(2);

/// What was forgotten within this time is counted together.
const SPAN: Duration = Duration::from_secs(1);

/// The events and terminations of the last minute, as far as there is room.
///
/// A node that comes back says what it has heard last and how long it was deaf; whatever was said in
/// that time and is later is new to it.
#[derive(Debug, Default)]
pub(super) struct Recall {
    /// By their tickets.
    events: BTreeMap<u64, Event>,
    terminations: VecDeque<Termination>,
    /// What the events take.
    bytes: usize,
    /// How much was forgotten for want of room, by the time when it was said.
    forgotten: VecDeque<(Instant, u64)>,
}

#[derive(Debug)]
struct Event {
    at: Instant,
    topic: Topic,
    event: Relayed,
}

#[derive(Debug)]
struct Termination {
    at: Instant,
    /// The number of the message.
    sequence: u64,
    application: ApplicationIndex,
    user_id: Arc<str>,
}

/// What somebody has missed.
#[derive(Debug, Default)]
pub(super) struct Missed {
    /// In the order of their tickets.
    pub(super) events: Vec<(Topic, Relayed)>,
    pub(super) terminations: Vec<(ApplicationIndex, Arc<str>)>,
    /// How many more there may be at the most, for which there was no room.
    pub(super) forgotten: u64,
}

impl Recall {
    /// How long anything is remembered.
    pub(super) const LONGEST: Duration = Duration::from_secs(60);

    /// Events that are remembered at the most.
    pub(super) const MOST: usize = 10_000;

    /// What the events may take together, in bytes.
    const MOST_BYTES: usize = 16 << 20;

    /// Terminations that are remembered at the most.
    const MOST_TERMINATIONS: usize = 1000;

    /// Notes an event that goes to the others, for the first time or again.
    pub(super) fn note_event(&mut self, topic: &Topic, event: &Relayed, now: Instant) {
        let said = Event {
            at: now,
            topic: topic.clone(),
            event: event.clone(),
        };
        self.bytes += event.message.len();
        if let Some(earlier) = self.events.insert(event.ticket, said) {
            self.bytes -= earlier.event.message.len();
        }
        while let Some(first) = self.events.first_entry() {
            let is_old = now.duration_since(first.get().at) > Self::LONGEST;
            let is_full = self.bytes > Self::MOST_BYTES;
            if !is_old && !is_full && self.events.len() <= Self::MOST {
                return;
            }
            let (_, event) = self.events.pop_first().unzip();
            let Some(event) = event else { return };
            self.bytes -= event.event.message.len();
            if !is_old {
                self.forget(event.at, now);
            }
        }
    }

    /// Notes that a user's connections are to be closed, which the message with this number has said.
    pub(super) fn note_termination(
        &mut self,
        (application, user_id): (ApplicationIndex, &Arc<str>),
        sequence: u64,
        now: Instant,
    ) {
        self.terminations.push_back(Termination {
            at: now,
            sequence,
            application,
            user_id: Arc::clone(user_id),
        });
        while let Some(first) = self.terminations.front() {
            let at = first.at;
            let is_old = now.duration_since(at) > Self::LONGEST;
            if !is_old && self.terminations.len() <= Self::MOST_TERMINATIONS {
                return;
            }
            self.terminations.pop_front();
            if !is_old {
                self.forget(at, now);
            }
        }
    }

    /// Counts something that was said then.
    fn forget(&mut self, at: Instant, now: Instant) {
        match self.forgotten.back_mut() {
            Some((since, count)) if at.saturating_duration_since(*since) < SPAN => *count += 1,
            _ => self.forgotten.push_back((at, 1)),
        }
        let is_old = |at: Instant| now.duration_since(at) > Self::LONGEST + SPAN;
        while self.forgotten.front().is_some_and(|(at, _)| is_old(*at)) {
            self.forgotten.pop_front();
        }
    }

    /// What somebody has missed who is back.
    pub(super) fn missed(&self, back: &Back, now: Instant) -> Missed {
        let earliest = back.deaf.saturating_add(TRANSIT);
        let is_of_then = |at: Instant| now.saturating_duration_since(at) <= earliest;
        let events = self.events.range(back.ticket.saturating_add(1)..);
        let events = events.filter(|(_, event)| is_of_then(event.at));
        let terminations = self.terminations.iter();
        let is_later = |said: &&Termination| said.sequence > back.sequence && is_of_then(said.at);
        let forgotten = self.forgotten.iter();
        let forgotten = forgotten.filter(|(at, _)| is_of_then(*at + SPAN));
        Missed {
            events: events
                .map(|(_, event)| (event.topic.clone(), event.event.clone()))
                .collect(),
            terminations: terminations
                .filter(is_later)
                .map(|said| (said.application, Arc::clone(&said.user_id)))
                .collect(),
            forgotten: forgotten.map(|(_, count)| count).sum(),
        }
    }
}
