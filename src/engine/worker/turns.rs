//! Which channels of a worker have frames to send, and in which order they take turns.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// The channels whose log is not empty, each once, but for the one that is being swept.
#[derive(Debug)]
pub(super) struct Turns {
    /// How long a channel waits for further frames before it is swept; by default not at all.
    patience: Duration,
    due: VecDeque<usize>,
    /// Until when the others wait; in this order, as all wait equally long.
    waiting: VecDeque<(Instant, usize)>,
}

impl Turns {
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            patience,
            due: VecDeque::new(),
            waiting: VecDeque::new(),
        }
    }

    /// A channel without a sweep has frames to send.
    pub(super) fn begin(&mut self, channel: usize, now: Instant) {
        if self.patience.is_zero() {
            self.due.push_back(channel);
        } else {
            self.waiting.push_back((now + self.patience, channel));
        }
    }

    /// A channel is in the middle of a sweep.
    pub(super) fn go_on(&mut self, channel: usize) {
        self.due.push_back(channel);
    }

    /// The channel whose turn it is.
    pub(super) fn next(&mut self, now: Instant) -> Option<usize> {
        while let Some((until, channel)) = self.waiting.front().copied()
            && until <= now
        {
            self.waiting.pop_front();
            self.due.push_back(channel);
        }
        self.due.pop_front()
    }

    /// Nobody waits any longer.
    pub(super) fn hurry(&mut self) {
        let waiting = self.waiting.drain(..);
        self.due.extend(waiting.map(|(_, channel)| channel));
    }

    pub(super) fn forget(&mut self, channel: usize) {
        self.due.retain(|due| *due != channel);
        self.waiting.retain(|(_, waiting)| *waiting != channel);
    }

    /// Whether no channel has frames to send.
    pub(super) fn is_empty(&self) -> bool {
        self.due.is_empty() && self.waiting.is_empty()
    }

    /// Whether it is the turn of a channel, whatever the time.
    pub(super) fn has_due(&self) -> bool {
        !self.due.is_empty()
    }

    /// When it is the turn of the first that waits.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.waiting.front().map(|(until, _)| *until)
    }
}
