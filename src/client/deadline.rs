//! The end of a publish's time.

use std::time::{Duration, Instant};

/// The moment at which a publish gives up, whatever it is waiting for.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    at: Instant,
}

impl Deadline {
    pub(super) fn after(limit: Duration) -> Self {
        Self {
            at: Instant::now() + limit,
        }
    }

    /// The earlier one of this deadline and another limit that starts now.
    pub(super) fn within(self, limit: Duration) -> Self {
        Self {
            at: self.at.min(Instant::now() + limit),
        }
    }

    /// The time that is left; `None` when there is none.
    pub(super) fn remaining(self) -> Option<Duration> {
        self.at
            .checked_duration_since(Instant::now())
            .filter(|remaining| !remaining.is_zero())
    }
}
