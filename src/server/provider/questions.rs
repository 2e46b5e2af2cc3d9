//! What is asked of the application provider, and what it did not find lately. It knows neither threads nor a clock.
//!
//! ```text
//!        ask (some a second)           next                settle
//!   ───────────────────────────> open ──────> with PHP ─────────────> found: the engine knows it
//!     unknown for `unknown_ttl`,                              └─────> not found: remembered here
//!     or failed a second ago: told at once
//! ```

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{Missing, Terms};
use crate::engine::{Application, ApplicationIndex};

/// Questions for unknown names that are open at a time.
const MOST_OPEN: usize = 1_000;

/// Questions for known applications find room when those for unknown ones do not: so many more.
const RESERVE: usize = 1_000;

/// Names that were not found; the oldest is forgotten for a further one.
const MOST_MISSING: usize = 10_000;

/// How long a failure keeps from asking for the same name.
const FAILURE_TIME: Duration = Duration::from_secs(1);

/// When a question that PHP took and never answered may be asked again.
const LOST_AFTER: Duration = Duration::from_secs(60);

/// How often it is told how many were refused.
const REPORT_INTERVAL: Duration = Duration::from_secs(60);

/// The application, or why there is none.
pub(in crate::server) type Verdict = Result<ApplicationIndex, Missing>;

/// A question for the application provider.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Question {
    /// Which application has this key?
    Key(String),
    /// Which application has this id?
    Id(String),
}

impl Question {
    /// The question by the name of what is asked for, `key` or `id`.
    #[must_use]
    pub fn parse(by: &str, name: &str) -> Option<Self> {
        match by {
            "key" => Some(Self::Key(name.to_owned())),
            "id" => Some(Self::Id(name.to_owned())),
            _ => None,
        }
    }

    /// What is asked for: `key` or `id`.
    #[must_use]
    pub fn by(&self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::Id(_) => "id",
        }
    }

    /// The key or id.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Key(name) | Self::Id(name) => name,
        }
    }

    /// Whether this is what was asked for: a database may compare without case.
    pub(super) fn fits(&self, application: &Application) -> bool {
        match self {
            Self::Key(key) => *key == application.key,
            Self::Id(id) => *id == application.id,
        }
    }
}

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

/// What becomes of a question.
#[derive(Debug)]
pub(super) enum Asked {
    /// It was answered lately.
    Missing(Missing),
    /// It is not asked.
    Refused(Reason),
    /// It is asked, now or already.
    Waiting {
        answer: watch::Receiver<Option<Verdict>>,
        is_new: bool,
    },
}

#[derive(Debug)]
pub(super) struct Questions {
    terms: Terms,
    /// At most `MOST_OPEN` and the reserve.
    open: HashMap<Question, Open>,
    /// Those of `open` that PHP has not taken, oldest first.
    queue: VecDeque<Question>,
    missing: MissingNames,
    /// When the second began in which so many unknown names were asked for.
    budget: (Option<Instant>, u32),
    refusals: Refusals,
}

#[derive(Debug)]
struct Open {
    since: Instant,
    answer: watch::Sender<Option<Verdict>>,
    /// It is asked even though nobody waits.
    is_refresh: bool,
}

impl Questions {
    pub(super) fn new(terms: Terms) -> Self {
        Self {
            terms,
            open: HashMap::new(),
            queue: VecDeque::new(),
            missing: MissingNames::default(),
            budget: (None, 0),
            refusals: Refusals::default(),
        }
    }

    /// Asks for an unknown name, unless the answer is known or it is asked for already.
    pub(super) fn ask(&mut self, question: Question, now: Instant) -> Asked {
        if let Some(missing) = self.missing.get(&question, now) {
            return Asked::Missing(missing);
        }
        if let Some(open) = self.open.get(&question)
            && now.duration_since(open.since) < LOST_AFTER
        {
            let answer = open.answer.subscribe();
            return Asked::Waiting {
                answer,
                is_new: false,
            };
        }
        if !self.has_budget(now) {
            return Asked::Refused(Reason::Frequent);
        }
        if !self.has_room(MOST_OPEN, now) {
            return Asked::Refused(Reason::Crowded);
        }
        let answer = self.open(question, false, now);
        Asked::Waiting {
            answer,
            is_new: true,
        }
    }

    /// Asks again for a known application; false if that is not possible now.
    pub(super) fn refresh(&mut self, id: String, now: Instant) -> bool {
        let question = Question::Id(id);
        let may_ask = !self.open.contains_key(&question) && self.has_room(MOST_OPEN + RESERVE, now);
        if may_ask {
            self.open(question, true, now);
        }
        may_ask
    }

    /// The next question for PHP. Those that nobody waits for any more are dropped.
    pub(super) fn next(&mut self) -> Option<Question> {
        loop {
            let question = self.queue.pop_front()?;
            let open = self.open.get(&question)?;
            if open.is_refresh || open.answer.receiver_count() > 0 {
                return Some(question);
            }
            self.open.remove(&question);
        }
    }

    /// Tells all who wait for it, and remembers what was not found.
    pub(super) fn settle(&mut self, question: &Question, verdict: Verdict, now: Instant) {
        let open = self.open.remove(question);
        if let Err(missing) = verdict {
            let time = match missing {
                Missing::Unknown => self.terms.unknown_ttl,
                Missing::Unavailable => FAILURE_TIME,
            };
            self.missing
                .insert(question.clone(), missing, (now, now + time));
        }
        if let Some(open) = open {
            open.answer.send_replace(Some(verdict));
        }
    }

    /// Counts somebody who was refused; now and then there is something to tell about it.
    pub(super) fn refused(&mut self, reason: Reason, now: Instant) -> Option<String> {
        self.refusals.count(reason);
        self.refusals.report(&self.terms, now)
    }

    fn open(
        &mut self,
        question: Question,
        is_refresh: bool,
        now: Instant,
    ) -> watch::Receiver<Option<Verdict>> {
        let (sender, answer) = watch::channel(None);
        let open = Open {
            since: now,
            answer: sender,
            is_refresh,
        };
        self.open.insert(question.clone(), open);
        self.queue.push_back(question);
        answer
    }

    fn has_budget(&mut self, now: Instant) -> bool {
        let (began, asked) = &mut self.budget;
        let is_over = began.is_none_or(|began| now.duration_since(began) >= Duration::from_secs(1));
        if is_over {
            (*began, *asked) = (Some(now), 0);
        }
        let has_budget = *asked < self.terms.lookups_per_second;
        *asked += u32::from(has_budget);
        has_budget
    }

    fn has_room(&mut self, most: usize, now: Instant) -> bool {
        if self.open.len() >= most {
            let queue = &self.queue;
            self.open.retain(|question, open| {
                now.duration_since(open.since) < LOST_AFTER || queue.contains(question)
            });
        }
        self.open.len() < most
    }
}

/// Names that were not found, for a while.
#[derive(Debug, Default)]
struct MissingNames {
    names: HashMap<Question, (Missing, Instant)>,
    /// The names with the ends of their times, in the order in which they came; at most `MOST_MISSING`.
    order: VecDeque<(Question, Instant)>,
}

impl MissingNames {
    fn get(&self, question: &Question, now: Instant) -> Option<Missing> {
        let (missing, until) = self.names.get(question)?;
        (now < *until).then_some(*missing)
    }

    fn insert(&mut self, question: Question, missing: Missing, (now, until): (Instant, Instant)) {
        while let Some((_, end)) = self.order.front()
            && (*end <= now || self.order.len() >= MOST_MISSING)
        {
            self.forget_first();
        }
        self.names.insert(question.clone(), (missing, until));
        self.order.push_back((question, until));
    }

    fn forget_first(&mut self) {
        let Some((question, until)) = self.order.pop_front() else {
            return;
        };
        // A name that came again has a later entry, too.
        if self
            .names
            .get(&question)
            .is_some_and(|(_, end)| *end == until)
        {
            self.names.remove(&question);
        }
    }
}

/// How many were refused why, and when it was told.
#[derive(Debug, Default)]
struct Refusals {
    frequent: u64,
    crowded: u64,
    late: u64,
    no_room: u64,
    told: Option<Instant>,
}

impl Refusals {
    fn count(&mut self, reason: Reason) {
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
        let most = crate::engine::Applications::MOST;
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
