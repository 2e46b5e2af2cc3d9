//! For how long a publisher's next event is watched for before the thread that hears it goes to sleep.
//!
//! Waking a thread on an idle core costs the publisher more than all else about an event. A process that has
//! published a few events one right after another is likely to go on, and finds the thread awake; everybody else is
//! waited for asleep.

use std::time::{Duration, Instant};

/// How soon after an answer an event must come to count as right after it, and how long a watch lasts: Laravel needs
/// half of that from one event to the next.
const SOON: Duration = Duration::from_micros(100);

/// How many events in a row must have come as soon as that.
const STREAK: u32 = 2;

/// The pace of one publisher.
pub(super) struct Attention {
    /// How many cores the server may use. On a single one a watch would only keep the publisher from going on.
    cores: usize,
    /// When it was answered, if it has said nothing since.
    answered: Option<Instant>,
    /// How many times in a row it went on soon after an answer.
    streak: u32,
}

impl Attention {
    pub(super) fn new(cores: usize) -> Self {
        Self {
            cores,
            answered: None,
            streak: 0,
        }
    }

    /// Notes an answer; until when to watch for what comes next, if at all.
    pub(super) fn answered(&mut self, now: Instant) -> Option<Instant> {
        self.answered = Some(now);
        (self.streak >= STREAK && self.cores > 1).then(|| now + SOON)
    }

    /// Notes that the publisher has said something.
    pub(super) fn heard(&mut self, now: Instant) {
        let Some(answered) = self.answered.take() else {
            return;
        };
        self.streak = if now.duration_since(answered) <= SOON {
            self.streak.saturating_add(1)
        } else {
            0
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATE: Duration = Duration::from_micros(101);

    /// One event after another, each heard so long after the answer before; whether each answer begins a watch.
    fn watches(cores: usize, pauses: &[Duration]) -> Vec<bool> {
        let mut attention = Attention::new(cores);
        let mut now = Instant::now();
        let mut hear = |pause: &Duration| {
            now += *pause;
            attention.heard(now);
            attention.answered(now) == Some(now + SOON)
        };
        pauses.iter().map(&mut hear).collect()
    }

    #[test]
    fn who_goes_on_at_once_is_watched_from_the_third_event_on() {
        assert_eq!(watches(2, &[SOON; 4]), [false, false, true, true]);
    }

    #[test]
    fn one_pause_ends_it() {
        assert_eq!(
            watches(2, &[SOON, SOON, SOON, LATE, SOON, SOON]),
            [false, false, true, false, false, true]
        );
    }

    #[test]
    fn who_takes_its_time_is_never_watched() {
        assert!(!watches(2, &[LATE; 10]).contains(&true));
    }

    #[test]
    fn on_a_single_core_nobody_is_watched() {
        assert!(!watches(1, &[SOON; 10]).contains(&true));
    }

    #[test]
    fn what_needs_no_answer_says_nothing_about_the_pace() {
        let mut attention = Attention::new(2);
        let now = Instant::now();
        (0..10).for_each(|_| attention.heard(now));
        assert_eq!(attention.answered(now), None);
    }
}
