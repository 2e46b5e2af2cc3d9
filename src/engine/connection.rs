//! A connection as its worker keeps it: plain data, a few hundred bytes when idle.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    application::{ApplicationIndex, RateLimit},
    backlog::Backlog,
    event::Source,
};
use crate::{
    protocol::{Member, SocketId, User},
    websocket::Window,
};

/// In this order and place in memory: what a delivery looks at is in two cache lines, of three.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Connection<O> {
    pub(super) outlet: O,
    /// Every logged frame with an order up to this one has been sent, or waits in the backlog.
    pub(super) cursor: u64,
    pub(super) subscriptions: Vec<Subscription>,
    /// Exists while the socket is full.
    pub(super) backlog: Option<Box<Backlog>>,
    pub(super) socket_id: SocketId,
    /// None only for a connection that is not greeted yet, or was refused; the latter is closing.
    pub(super) application: Option<ApplicationIndex>,
    pub(super) phase: Phase,
    /// Compressed messages to it refer no further back; `None` if it did not agree to any.
    pub(super) window: Option<Window>,
    /// Clients that send ping frames get ping frames, others get `pusher:ping`.
    pub(super) uses_control_frames: bool,
    pub(super) last_seen: Instant,
    /// Where it came from, kept only if somebody in PHP listens to events or reads `--debug`.
    pub(super) source: Option<Arc<Source>>,
    /// Who has signed in.
    pub(super) user: Option<Box<User>>,
    pub(super) rate: Option<Box<RateWindow>>,
    /// The same for client events alone.
    pub(super) client_event_rate: Option<Box<RateWindow>>,
}

/// The life of a connection.
///
/// ```text
///   Awaiting ──> Active or Closing
///
///           silent for ping_interval           still silent
///   Active ─────────────────────────> Pinged ───────────────> Closing ──> removed
///     ^                                 │                        ^
///     └───────── any message ───────────┘      refusal, close, fault, slowness
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Not greeted yet: the other nodes are asked whether there is room for it.
    Awaiting {
        since: Instant,
        application: ApplicationIndex,
    },
    /// Heard of lately.
    Active,
    /// Asked for a sign of life at that time.
    Pinged(Instant),
    /// Told that it is over, at that time; only the other side's end is awaited.
    Closing(Instant),
}

#[derive(Clone, Debug)]
pub(super) struct Subscription {
    /// The worker's channel.
    pub(super) channel: usize,
    /// The place among the channel's subscribers.
    pub(super) position: usize,
    /// Deliveries up to this number are from before the subscription.
    pub(super) since: u64,
    /// Who the application says this is; only in channels that need a signature.
    pub(super) member: Option<Arc<Member>>,
}

impl<O> Connection<O> {
    pub(super) fn is_closing(&self) -> bool {
        matches!(self.phase, Phase::Closing(_))
    }

    /// Notes a sign of life.
    pub(super) fn touch(&mut self, now: Instant) {
        self.last_seen = now;
        if matches!(self.phase, Phase::Pinged(_)) {
            self.phase = Phase::Active;
        }
    }

    pub(super) fn subscription(&self, channel: usize) -> Option<&Subscription> {
        self.subscriptions
            .iter()
            .find(|subscription| subscription.channel == channel)
    }

    /// Counts a message; false if it is one too many.
    pub(super) fn admits_message(&mut self, limit: RateLimit, now: Instant) -> bool {
        let window = self
            .rate
            .get_or_insert_with(|| Box::new(RateWindow::new(now)));
        window.admits(limit.max_attempts, limit.decay, now)
    }

    /// Counts a client event; false if there were so many within a second.
    pub(super) fn admits_client_event(&mut self, per_second: u32, now: Instant) -> bool {
        let window = self
            .client_event_rate
            .get_or_insert_with(|| Box::new(RateWindow::new(now)));
        window.admits(per_second, Duration::from_secs(1), now)
    }
}

/// How many messages came since the window began.
#[derive(Debug)]
pub(super) struct RateWindow {
    began: Instant,
    messages: u32,
}

impl RateWindow {
    fn new(now: Instant) -> Self {
        Self {
            began: now,
            messages: 0,
        }
    }

    /// Rejected messages do not prolong the window.
    fn admits(&mut self, most: u32, length: Duration, now: Instant) -> bool {
        if now.duration_since(self.began) >= length {
            *self = Self::new(now);
        }
        let admitted = self.messages < most;
        self.messages += u32::from(admitted);
        admitted
    }
}
