//! The figures of each application: how many connections it has, how many messages came and went.
//!
//! A worker counts in a [`Tally`] of its own, which takes no atomic operation, and adds what it has counted to
//! the figures that all see before it waits and once a second.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{application::ApplicationIndex, applications::Applications};

/// The figures of one application.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ApplicationStats {
    /// Connections, subscribed or not.
    pub connections: usize,
    /// Messages of clients since the start.
    pub messages_received: u64,
    /// Messages to clients since the start, one per recipient.
    pub messages_sent: u64,
}

/// The messages of one application since the start, on all workers.
#[derive(Debug, Default)]
pub(super) struct Messages {
    received: AtomicU64,
    sent: AtomicU64,
}

/// The messages that one worker has counted since it last told of them.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// By index of the application.
    counts: Vec<Count>,
    /// The applications whose count is not zero, each once.
    touched: Vec<ApplicationIndex>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    received: u64,
    sent: u64,
}

impl Messages {
    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    fn add(&self, count: Count) {
        self.received.fetch_add(count.received, Ordering::Relaxed);
        self.sent.fetch_add(count.sent, Ordering::Relaxed);
    }
}

impl Tally {
    pub(super) fn receive(&mut self, application: ApplicationIndex) {
        self.count(application).received += 1;
    }

    pub(super) fn send(&mut self, application: ApplicationIndex, count: usize) {
        if count > 0 {
            self.count(application).sent += count as u64;
        }
    }

    /// Adds what was counted to the figures of the applications, and begins anew.
    pub(super) fn settle(&mut self, applications: &Applications) {
        for application in self.touched.drain(..) {
            let count = &mut self.counts[application.0 as usize];
            applications.messages(application).add(*count);
            *count = Count::default();
        }
    }

    /// The count of an application, which is about to be raised.
    fn count(&mut self, application: ApplicationIndex) -> &mut Count {
        let place = application.0 as usize;
        if place >= self.counts.len() {
            self.counts.resize(place + 1, Count::default());
        }
        let count = &mut self.counts[place];
        if *count == Count::default() {
            self.touched.push(application);
        }
        count
    }
}
