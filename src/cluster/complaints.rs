//! What came over Redis and was of no use: counted, and told once in a while.

use std::{
    collections::HashMap,
    mem::{Discriminant, discriminant},
    time::{Duration, Instant},
};

use super::envelope::Unusable;
use crate::engine::Notices;

/// How long one kind of complaint is not repeated.
const PAUSE: Duration = Duration::from_secs(60);

/// Counts what is of no use, by its kind.
#[derive(Default)]
pub(super) struct Complaints(HashMap<Discriminant<Unusable>, Kind>);

#[derive(Default)]
struct Kind {
    count: u64,
    told: Option<Instant>,
}

impl Complaints {
    /// Counts a message, and tells of it if its kind was not told of lately.
    pub(super) fn note(&mut self, unusable: Unusable, notices: &Notices, now: Instant) {
        let kind = self.0.entry(discriminant(&unusable)).or_default();
        kind.count += 1;
        let is_due = |told| now.saturating_duration_since(told) >= PAUSE;
        if kind.told.is_none_or(is_due) {
            kind.told = Some(now);
            let count = kind.count;
            notices.warn(format!(
                "A message on the Redis channels of this server was ignored: {unusable} ({count} of this kind so far)."
            ));
        }
    }
}
