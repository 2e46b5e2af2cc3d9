//! Who was not told whether an application exists: counted by cause, and told to the operator.

use std::time::{Duration, Instant};

use super::{Terms, questions::MOST_OPEN};
use crate::engine::Applications;

/// How often it is told how many were refused.
const REPORT_INTERVAL: Duration = Duration::from_secs(60);

/// Why a name was not looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// `lookups_per_second` were asked for within the second.
    Frequent,
    /// So many are open or wait already.
    Crowded,
    /// No answer came within `lookup_timeout`.
    Late,
    /// The server knows as many applications as it may.
    NoRoom,
}

/// How many were refused why, and when it was told.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    frequent: u64,
    crowded: u64,
    late: u64,
    no_room: u64,
    told: Option<Instant>,
}

impl Refusals {
    /// Counts somebody who was refused; now and then there is something to tell about it.
    pub(super) fn count(&mut self, reason: Reason, terms: &Terms, now: Instant) -> Option<String> {
        self.add(reason);
        self.report(terms, now)
    }

    fn add(&mut self, reason: Reason) {
        *match reason {
            Reason::Frequent => &mut self.frequent,
            Reason::Crowded => &mut self.crowded,
            Reason::Late => &mut self.late,
            Reason::NoRoom => &mut self.no_room,
        } += 1;
    }

    fn report(&mut self, terms: &Terms, now: Instant) -> Option<String> {
        if self
            .told
            .is_some_and(|told| now.duration_since(told) < REPORT_INTERVAL)
        {
            return None;
        }
        let rate = terms.lookups_per_second;
        let limit = terms.lookup_timeout.as_secs();
        let most = Applications::MOST;
        let causes = [
            (
                self.frequent,
                format!("the provider is asked {rate} times a second (apps.lookups_per_second)"),
            ),
            (self.crowded, format!("{MOST_OPEN} wait for it already")),
            (
                self.late,
                format!("it did not answer within {limit} s (apps.lookup_timeout)"),
            ),
            (self.no_room, format!("it named {most} already")),
        ];
        let causes: Vec<_> = causes
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, cause)| format!("{count} as {cause}"))
            .collect();
        *self = Self {
            told: Some(now),
            ..Self::default()
        };
        Some(format!(
            "Who named unknown applications was told to come again: {}.",
            causes.join(", ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{REPORT_INTERVAL, Reason, Refusals, Terms};

    #[test]
    fn refusals_are_told_with_their_causes_once_a_minute() {
        let (mut refusals, now) = (Refusals::default(), Instant::now());
        let terms = Terms {
            cache_ttl: Duration::ZERO,
            unknown_ttl: Duration::ZERO,
            lookup_timeout: Duration::from_secs(3),
            lookups_per_second: 200,
        };
        let mut refused = |reason, now| refusals.count(reason, &terms, now);
        let first = refused(Reason::Frequent, now).expect("a warning");
        assert_eq!(
            first,
            "Who named unknown applications was told to come again: 1 as the provider is asked 200 \
             times a second (apps.lookups_per_second)."
        );
        assert_eq!(refused(Reason::Late, now), None);
        assert_eq!(refused(Reason::Crowded, now), None);
        let second = refused(Reason::Late, now + REPORT_INTERVAL);
        assert_eq!(
            second.expect("a warning"),
            "Who named unknown applications was told to come again: 1 as 1000 wait for it already, \
             2 as it did not answer within 3 s (apps.lookup_timeout)."
        );
    }
}
